use serde_json::Value;
use zeroize::Zeroizing;

use super::context::Context;
use crate::{
    api::{ApiError, Call, Code, Kind},
    ops::LocalFuture,
};

/// The daemon's side of a call: find the session, call `ops`, publish the event.
pub(crate) trait Handle: Call {
    /// Does what is asked.
    async fn handle(self, cx: &Context) -> Result<Self::Reply, ApiError>;
}

/// The body of a request; it may hold a passphrase.
pub(super) type Body = Zeroizing<Vec<u8>>;

/// A call that was understood and waits for its context.
pub(super) type Work = Box<dyn FnOnce(Context) -> LocalFuture<'static, Result<Value, ApiError>>>;

/// How requests of one type are read and handled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    /// [`Call::VERB`].
    pub(super) verb: &'static str,
    /// [`Call::KIND`].
    pub(super) kind: Kind,
    /// Reads the body; the error is the caller's.
    pub(super) read: fn(&[u8]) -> Result<Work, ApiError>,
}

/// The route of the request type `C`.
pub(super) fn route<C: Handle + 'static>() -> Route {
    Route { verb: C::VERB, kind: C::KIND, read: read::<C> }
}

fn read<C: Handle + 'static>(body: &[u8]) -> Result<Work, ApiError> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    let call: C = serde_json::from_slice(body).map_err(|error| {
        let text = format!("the body is not a request for {:?}", C::VERB);
        let mut refusal = ApiError::new(Code::BadRequest, text);
        refusal.causes.push(error.to_string());
        refusal
    })?;
    Ok(Box::new(|cx| {
        Box::pin(async move {
            let reply = call.handle(&cx).await?;
            serde_json::to_value(reply).map_err(|error| ApiError::chain(Code::Internal, &error))
        })
    }))
}
