//! A cluster with nothing in it: health and version, which callers without a token may ask for, and 404 beside them.

use http::StatusCode;
use serde_json::json;

use super::http::{Answer, Body, Request, Service};
use super::refusal::Refusal;

/// Knows no objects.
pub(super) struct Bare;

impl Service for Bare {
    fn call(&self, request: Request) -> Answer {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        let (content_type, text) = match path[..] {
            ["livez" | "readyz" | "healthz"] => ("text/plain; charset=utf-8", "ok".to_owned()),
            ["version"] => ("application/json", json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3"}).to_string()),
            _ => return Refusal::no_such_path().answer(),
        };
        Answer { status: StatusCode::OK, content_type, headers: Vec::new(), body: Body::Whole(text.into()) }
    }
}
