//! What the server answers by itself, before and beside the API: apiserver's filters in their words.

use bytes::Bytes;
use http::StatusCode;

use super::exchange::LIMIT;
use crate::demo::http::{Answer, Body};
use crate::demo::refusal::{Cause, Details, Refusal};

/// Why a call does not reach the API, or gets no answer from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Barred {
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

impl Barred {
    /// The answer.
    pub(super) fn answer(self) -> Answer {
        let mut refusal = match self {
            Barred::Path => {
                let body = Body::Whole(Bytes::from_static(b"400 Bad Request"));
                let headers = vec![("connection", "close".to_owned())];
                return Answer { status: StatusCode::BAD_REQUEST, content_type: "text/plain; charset=utf-8", headers, body };
            }
            Barred::Unauthorized => Refusal::new(401, "Unauthorized", "Unauthorized"),
            Barred::TooLarge => Refusal::new(413, "RequestEntityTooLarge", format!("Request entity too large: limit is {LIMIT}")),
            Barred::Broken => Refusal::bad_request("unexpected EOF"),
            Barred::Timeout => Refusal::new(504, "Timeout", "Timeout: request did not complete within the allotted timeout"),
            Barred::NoUpgrade => Refusal::bad_request("Upgrade request required"),
            Barred::Panic => Refusal::new(500, "InternalError", "Internal error occurred: this request caused the demo to panic"),
        };
        // `NewTimeoutError` and `NewInternalError` have details, with nothing else in them.
        refusal.details = match self {
            Barred::Timeout => Some(Box::default()),
            Barred::Panic => {
                let message = refusal.message.trim_start_matches("Internal error occurred: ").to_owned();
                let causes = vec![Cause { reason: "", message, field: String::new() }];
                Some(Box::new(Details { causes, ..Details::default() }))
            }
            _ => refusal.details,
        };
        refusal.answer()
    }
}
