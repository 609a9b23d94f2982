use crate::{
    api::{
        ApiError,
        event::What,
        transfer::{ExportVault, Exported, ImportVault, Imported, RestoreVault},
    },
    daemon::{context::Context, route::Handle},
    ops::{export, import, unlock, vault},
};

impl Handle for ImportVault {
    async fn handle(self, cx: &Context) -> Result<Imported, ApiError> {
        let env = cx.env();
        let to = import::destination(&env, &self)?;
        let given = unlock::unlock(&env, &to.entry, &self.unlock).await?;
        let imported = match cx.held(&to.entry, &given).await? {
            Some(open) => {
                let _work = open.work();
                let imported = import::import_into(&env, &self, open.session()).await?;
                cx.publish_change(&open, "import-keys");
                imported
            }
            None => import::import(&env, &self, (&to, &given)).await?,
        };
        let snapshot = imported.snapshot.file_name.clone();
        cx.publish(What::Sealed { vault: imported.vault.clone(), snapshot });
        Ok(imported)
    }
}

impl Handle for ExportVault {
    async fn handle(self, cx: &Context) -> Result<Exported, ApiError> {
        let env = cx.env();
        let entry = vault::resolve(&env, Some(&self.name))?;
        let given = unlock::unlock(&env, &entry, &self.unlock).await?;
        export::export(&env, (&entry, &given), None, &self.target).await
    }
}

impl Handle for RestoreVault {
    async fn handle(self, cx: &Context) -> Result<Exported, ApiError> {
        let env = cx.env();
        let entry = vault::resolve(&env, self.name.as_deref())?;
        let given = unlock::unlock(&env, &entry, &self.unlock).await?;
        export::export(&env, (&entry, &given), Some(&self.snapshot), &self.target).await
    }
}
