use crate::{
    api::{
        ApiError, Code, Done,
        event::{AnswerJob, CancelJob},
    },
    daemon::{context::Context, route::Handle},
};

impl Handle for AnswerJob {
    async fn handle(self, cx: &Context) -> Result<Done, ApiError> {
        let job = cx.daemon.jobs.find(self.job)?;
        job.answer(self.question, self.answer).map(|()| Done {})
    }
}

impl Handle for CancelJob {
    async fn handle(self, cx: &Context) -> Result<Done, ApiError> {
        cx.daemon.jobs.find(self.job)?.cancel(Code::Cancelled);
        Ok(Done {})
    }
}
