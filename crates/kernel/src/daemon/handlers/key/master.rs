//! What the master key alone does.

use crate::{
    api::{
        ApiError,
        key::{CertifiedKey, CertifyKey, RevokeMaster, RevokedMaster},
    },
    daemon::{context::Context, route::Handle},
    ops::key,
};

impl Handle for CertifyKey {
    async fn handle(self, cx: &Context) -> Result<CertifiedKey, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        let certified = key::certify(&cx.env(), open.session(), &self).await?;
        cx.publish_change(&open, "certify-key");
        Ok(certified)
    }
}

impl Handle for RevokeMaster {
    async fn handle(self, cx: &Context) -> Result<RevokedMaster, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        let revoked = key::revoke_master(&cx.env(), open.session(), &self).await?;
        cx.publish_change(&open, "revoke-master");
        cx.publish_checkpoint(revoked.checkpoint.as_ref());
        Ok(revoked)
    }
}
