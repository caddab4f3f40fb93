//! Plain requests: GET with a time limit, and GET of a stream.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use serde::de::DeserializeOwned;

use super::connect::Session;
use super::error::{self, ClusterError, StatusCause};
use crate::model::kind::Kind;

/// The `Accept` of plain JSON.
pub const JSON: &str = "application/json";

/// The longest body of an error that is read, in bytes: a Status, or a proxy's page.
const ERROR_BODY: usize = 64 * 1024;

/// What reading the body of an error may take: the error itself is known by then.
const ERROR_TIME: Duration = Duration::from_secs(5);

/// `?a=b&c=d` from names and values, percent-encoded; empty when there are none.
pub fn query(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        out.push(if out.is_empty() { '?' } else { '&' });
        encode(&mut out, name);
        out.push('=');
        encode(&mut out, value);
    }
    out
}

/// One segment of a path, percent-encoded. Names of some kinds (RBAC) hold colons, others might hold anything.
pub fn segment(text: &str) -> String {
    let mut out = String::new();
    encode(&mut out, text);
    out
}

/// RFC 3986's unreserved letters stay.
fn encode(out: &mut String, text: &str) {
    use std::fmt::Write;
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// The path of one object; its namespace is without meaning for a kind of cluster scope.
pub fn object(kind: &Kind, namespace: &str, name: &str) -> String {
    format!("{}/{}", kind.path(Some(namespace)), segment(name))
}

/// GETs a whole document: its content type and its bytes. The session's time limit covers all of it.
pub async fn get_bytes(session: &Session, path: &str, accept: &str) -> Result<(String, Bytes), ClusterError> {
    limited(session, async {
        let response = send(session, path, accept).await?;
        let content_type = content_type(response.headers());
        let body = response.into_body().collect().await.map_err(|e| session.error(&e))?.to_bytes();
        Ok((content_type, body))
    })
    .await
}

/// GETs a whole document in JSON.
pub async fn get_json<T: DeserializeOwned>(session: &Session, path: &str) -> Result<T, ClusterError> {
    let (_, body) = get_bytes(session, path, JSON).await?;
    Ok(serde_json::from_slice(&body)?)
}

/// A document that comes in pieces, for as long as the server likes.
#[derive(Debug)]
pub struct Stream {
    /// What the server chose to send: `application/vnd.kubernetes.protobuf;stream=watch`.
    pub content_type: String,
    session: Session,
    body: Body,
}

impl Stream {
    /// The next piece, of any length; `None` at the end. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Bytes, ClusterError>> {
        loop {
            match self.body.frame().await? {
                // Trailers are no data.
                Ok(frame) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Some(Ok(data)),
                    _ => {}
                },
                Err(e) => return Some(Err(self.session.error(&e))),
            }
        }
    }
}

/// GETs a stream. The session's time limit covers only the way to the first byte of the answer's head.
pub async fn open_stream(session: &Session, path: &str, accept: &str) -> Result<Stream, ClusterError> {
    let response = limited(session, send(session, path, accept)).await?;
    Ok(Stream { content_type: content_type(response.headers()), session: session.clone(), body: response.into_body() })
}

/// The server's version (`v1.36.3`); `None` when it does not say it to this user. That it answers is known either way.
pub async fn version(session: &Session) -> Result<Option<String>, ClusterError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        git_version: String,
    }
    match get_json::<Version>(session, "/version").await {
        Ok(version) => Ok(Some(version.git_version)),
        Err(ClusterError::Forbidden(_) | ClusterError::NotFound(_)) => Ok(None),
        Err(e) => Err(e),
    }
}

pub(super) async fn limited<T>(session: &Session, work: impl Future<Output = Result<T, ClusterError>>) -> Result<T, ClusterError> {
    match session.timeout() {
        Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or(Err(ClusterError::Timeout(limit))),
        None => work.await,
    }
}

async fn send(session: &Session, path: &str, accept: &str) -> Result<Response<Body>, ClusterError> {
    let request = Request::get(path).header(ACCEPT, accept).body(Body::empty());
    let request = request.map_err(|e| ClusterError::Invalid(format!("{path} cannot be asked for: {e}")))?;
    let response = session.client().send(request).await.map_err(|e| session.error(&e))?;
    tracing::debug!(path, status = response.status().as_u16(), "GET");
    if response.status().is_success() { Ok(response) } else { Err(refusal(response).await) }
}

/// The error that an answer says. Its body is read as far as it makes sense.
pub async fn refusal(response: Response<Body>) -> ClusterError {
    refusal_and_causes(response).await.0
}

/// The error that an answer says, and what it says of single fields.
pub async fn refusal_and_causes(response: Response<Body>) -> (ClusterError, Vec<StatusCause>) {
    let (head, mut body) = response.into_parts();
    let mut read = BytesMut::new();
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            if let Ok(data) = frame.into_data() {
                read.extend_from_slice(&data);
            }
            if read.len() > ERROR_BODY {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(ERROR_TIME, reading).await;
    // A redirect or any other answer that is neither a success nor an error is not followed: no API server sends it.
    let status = if head.status.is_client_error() || head.status.is_server_error() { head.status } else { StatusCode::BAD_GATEWAY };
    let read = read.freeze();
    (error::from_answer(status, &head.headers, &read), error::causes(&read))
}

fn content_type(headers: &HeaderMap) -> String {
    headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded() {
        assert_eq!(query(&[]), "");
        assert_eq!(query(&[("watch", "1"), ("fieldSelector", "a=b,c!=d e")]), "?watch=1&fieldSelector=a%3Db%2Cc%21%3Dd%20e");
        assert_eq!(query(&[("continue", "é+/=")]), "?continue=%C3%A9%2B%2F%3D");
        assert_eq!(segment("system:node/x"), "system%3Anode%2Fx");
    }
}
