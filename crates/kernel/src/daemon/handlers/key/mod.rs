mod change;
mod export;
mod master;

use crate::{
    api::{
        ApiError,
        event::What,
        key::{
            CreateKeys, CreatedKeys, GenerateKeys, Keys, KeysPlan, KeysStatus, ListKeys, PlanKeys,
        },
        vault::Sealed,
    },
    daemon::{context::Context, entry::Entry, route::Handle},
    ops::key,
};

impl Context {
    /// Tells that a step was done, and that its checkpoint was sealed.
    pub(super) fn publish_change(&self, open: &Entry, action: &str) {
        let vault = open.session().vault_name().to_owned();
        let generation = open.session().generation();
        self.publish(What::Changed { vault, action: action.to_owned(), generation });
    }

    fn publish_keys(&self, open: &Entry, action: &str, keys: &CreatedKeys) {
        self.publish_change(open, action);
        self.publish_checkpoint(keys.checkpoint.as_ref());
    }

    fn publish_checkpoint(&self, checkpoint: Option<&Sealed>) {
        if let Some(sealed) = checkpoint {
            let snapshot = sealed.snapshot.file_name.clone();
            self.publish(What::Sealed { vault: sealed.vault.clone(), snapshot });
        }
    }
}

impl Handle for CreateKeys {
    async fn handle(self, cx: &Context) -> Result<CreatedKeys, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        let keys = key::create(&cx.env(), open.session(), &self).await?;
        cx.publish_keys(&open, "create-key", &keys);
        Ok(keys)
    }
}

impl Handle for PlanKeys {
    async fn handle(self, _: &Context) -> Result<KeysPlan, ApiError> {
        key::plan(&self.keys)
    }
}

impl Handle for GenerateKeys {
    async fn handle(self, cx: &Context) -> Result<CreatedKeys, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        let keys = key::generate(&cx.env(), open.session(), &self).await?;
        cx.publish_keys(&open, "generate-subkeys", &keys);
        Ok(keys)
    }
}

impl Handle for ListKeys {
    async fn handle(self, cx: &Context) -> Result<Keys, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        key::list(open.session()).await
    }
}

impl Handle for KeysStatus {
    async fn handle(self, cx: &Context) -> Result<Keys, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        key::list(open.session()).await
    }
}
