use crate::{
    api::{
        ApiError, Target,
        identity::{
            AddIdentity, ChangedIdentity, Identities, ListIdentities, RevokeIdentity,
            SetPrimaryIdentity,
        },
    },
    daemon::{context::Context, route::Handle},
    ops::identity::{self, Verb},
};

async fn change(
    cx: &Context,
    target: &Target,
    verb: Verb,
    text: &str,
) -> Result<ChangedIdentity, ApiError> {
    let open = cx.sessions().resolve(target)?;
    let _work = open.work();
    let changed = identity::change(&cx.env(), open.session(), verb, text).await?;
    cx.publish_change(&open, verb.action());
    Ok(changed)
}

impl Handle for ListIdentities {
    async fn handle(self, cx: &Context) -> Result<Identities, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        identity::list(open.session()).await
    }
}

impl Handle for AddIdentity {
    async fn handle(self, cx: &Context) -> Result<ChangedIdentity, ApiError> {
        change(cx, &self.target, Verb::Add, &self.identity).await
    }
}

impl Handle for RevokeIdentity {
    async fn handle(self, cx: &Context) -> Result<ChangedIdentity, ApiError> {
        change(cx, &self.target, Verb::Revoke, &self.identity).await
    }
}

impl Handle for SetPrimaryIdentity {
    async fn handle(self, cx: &Context) -> Result<ChangedIdentity, ApiError> {
        change(cx, &self.target, Verb::Primary, &self.identity).await
    }
}
