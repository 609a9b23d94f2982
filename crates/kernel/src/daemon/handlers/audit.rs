use crate::{
    api::{
        ApiError,
        audit::{AuditLog, AuditReport, ShowAudit, VerifyAudit},
    },
    daemon::{context::Context, route::Handle},
    ops::audit,
};

impl Handle for ShowAudit {
    async fn handle(self, cx: &Context) -> Result<AuditLog, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        audit::show(open.session(), self.last).await
    }
}

impl Handle for VerifyAudit {
    async fn handle(self, cx: &Context) -> Result<AuditReport, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        audit::verify(open.session()).await
    }
}
