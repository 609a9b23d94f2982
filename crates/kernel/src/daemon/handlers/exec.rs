use crate::{
    api::{
        ApiError,
        exec::{ExecCommand, Ran},
    },
    daemon::{context::Context, route::Handle},
    ops::exec,
};

impl Handle for ExecCommand {
    async fn handle(self, cx: &Context) -> Result<Ran, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        let ran = exec::exec(&cx.env(), open.session(), &self.argv).await?;
        cx.publish_change(&open, "exec");
        Ok(ran)
    }
}
