//! What changes keys that are there.

use crate::{
    api::{
        ApiError,
        key::{Lint, LintKeys, RenewKeys, RenewedKeys, RevokeKeys, RevokedKeys},
    },
    daemon::{context::Context, route::Handle},
    ops::key,
};

impl Handle for RenewKeys {
    async fn handle(self, cx: &Context) -> Result<RenewedKeys, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        let renewed = key::renew(&cx.env(), open.session(), &self).await?;
        cx.publish_change(&open, "renew-keys");
        Ok(renewed)
    }
}

impl Handle for RevokeKeys {
    async fn handle(self, cx: &Context) -> Result<RevokedKeys, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        let revoked = key::revoke(&cx.env(), open.session(), &self).await?;
        cx.publish_change(&open, "revoke-subkey");
        Ok(revoked)
    }
}

impl Handle for LintKeys {
    async fn handle(self, cx: &Context) -> Result<Lint, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        let lint = key::lint(&cx.env(), open.session(), &self).await?;
        if !lint.fixed.is_empty() {
            cx.publish_change(&open, "sign-anew");
        }
        Ok(lint)
    }
}
