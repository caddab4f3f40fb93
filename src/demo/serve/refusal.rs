//! What the server answers by itself, before and beside the API: apiserver's filters and its `Status` in their words.

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use super::exchange::LIMIT;
use crate::demo::http::{Answer, Body};

/// Why a call does not reach the API, or gets no answer from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No token, or a wrong one.
    Unauthorized,
    /// A path that cannot be decoded. Go's HTTP server answers it, before any of Kubernetes does.
    Path,
    /// A body of more than [`LIMIT`].
    TooLarge,
    /// A body that broke off.
    Broken,
    /// A body that did not come in time.
    Timeout,
    /// A websocket that the client did not ask for, or not rightly.
    NoUpgrade,
    /// The API panicked.
    Panic,
}

impl Refusal {
    /// The answer.
    pub(super) fn answer(self) -> Answer {
        let (status, reason, message) = match self {
            Refusal::Path => {
                let body = Body::Whole(Bytes::from_static(b"400 Bad Request"));
                let headers = vec![("connection", "close".to_owned())];
                return Answer { status: StatusCode::BAD_REQUEST, content_type: "text/plain; charset=utf-8", headers, body };
            }
            Refusal::Unauthorized => (StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized".to_owned()),
            Refusal::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", format!("Request entity too large: limit is {LIMIT}"))
            }
            Refusal::Broken => (StatusCode::BAD_REQUEST, "BadRequest", "unexpected EOF".to_owned()),
            Refusal::Timeout => {
                (StatusCode::GATEWAY_TIMEOUT, "Timeout", "Timeout: request did not complete within the allotted timeout".to_owned())
            }
            Refusal::NoUpgrade => (StatusCode::BAD_REQUEST, "BadRequest", "Upgrade request required".to_owned()),
            Refusal::Panic => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalError",
                "Internal error occurred: this request caused the demo to panic; the log says more".to_owned(),
            ),
        };
        let status_object = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": status.as_u16(),
        });
        let body = Body::Whole(status_object.to_string().into());
        Answer { status, content_type: "application/json", headers: Vec::new(), body }
    }
}
