//! A cluster with nothing in it: health and version, which callers without a token may ask for, and 404 beside them.

use http::StatusCode;
use serde_json::json;

use super::http::{Answer, Body, Request, Service};

/// Knows no objects.
pub(super) struct Bare;

impl Service for Bare {
    fn call(&self, request: Request) -> Answer {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        let (status, content_type, text) = match path[..] {
            ["livez" | "readyz" | "healthz"] => (StatusCode::OK, "text/plain; charset=utf-8", "ok".to_owned()),
            ["version"] => (StatusCode::OK, "application/json", json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3"}).to_string()),
            _ => (StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "404 page not found\n".to_owned()),
        };
        Answer { status, content_type, headers: Vec::new(), body: Body::Whole(text.into()) }
    }
}
