//! What leaves a vault.

use crate::{
    api::{
        ApiError,
        key::{
            ExportKeys, ExportSecretSubkeys, ExportedKeys, ExportedSubkeys, RevocationCert,
            RevocationPaper, SshLine, SshPublicKey,
        },
    },
    daemon::{context::Context, route::Handle},
    ops::key,
};

impl Handle for ExportKeys {
    async fn handle(self, cx: &Context) -> Result<ExportedKeys, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        key::export(open.session(), self).await
    }
}

impl Handle for ExportSecretSubkeys {
    async fn handle(self, cx: &Context) -> Result<ExportedSubkeys, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        key::export_secret_subkeys(&cx.env(), open.session(), self.file).await
    }
}

impl Handle for RevocationCert {
    async fn handle(self, cx: &Context) -> Result<RevocationPaper, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        let paper = key::revocation_cert(&cx.env(), open.session()).await?;
        if paper.made {
            cx.publish_change(&open, "make-revocation-cert");
        }
        Ok(paper)
    }
}

impl Handle for SshPublicKey {
    async fn handle(self, cx: &Context) -> Result<SshLine, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        key::ssh_public_key(open.session(), self.key.as_deref()).await
    }
}
