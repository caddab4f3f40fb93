//! What can go wrong with a cluster, in words for a person.
//!
//! Every failure of a request, a watch or a login ends as one [`ClusterError`]: what the server said where it said
//! something, and where it could not be reached, why.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use kube::client::AuthError;
use prost::Message;
use serde::Deserialize;

use crate::kinds::{DecodeError, envelope};

/// Why the cluster did not do what it was asked. `Display` is one line for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterError {
    /// No connection, with the reason: `connection refused by 127.0.0.1:6443`.
    Unreachable(String),
    /// Connected, and no answer within this time.
    Timeout(Duration),
    /// 401, with the server's message. Credentials are wrong, or ran out.
    Unauthorized(String),
    /// No credentials: a plugin of the kubeconfig failed.
    Plugin {
        /// The plugin's command, without its arguments.
        command: String,
        /// What it wrote on stderr, trimmed; or why it could not run.
        words: String,
    },
    /// 403, with the server's message.
    Forbidden(String),
    /// 404, with the server's message.
    NotFound(String),
    /// 410: the version asked for is too old, or the continue token ran out. List again.
    Expired(String),
    /// 409, with the server's message.
    Conflict(String),
    /// 400 and 422, with the server's message.
    Invalid(String),
    /// 429, or a server that says that it is too busy; try again after this time.
    TooManyRequests {
        /// What the server asks for.
        retry_after: Option<Duration>,
        /// Its own words: which budget does not allow an eviction. Empty where it has none.
        message: String,
    },
    /// 406: the server has none of the representations asked for.
    NotAcceptable(String),
    /// Any other answer that is no success.
    Server {
        /// HTTP status.
        code: u16,
        /// The server's message.
        message: String,
    },
    /// An answer that cannot be read.
    Decode(String),
}

impl ClusterError {
    /// Asking again, later, may help: the network, a busy or a restarting server.
    pub fn is_transient(&self) -> bool {
        match self {
            ClusterError::Unreachable(_) | ClusterError::Timeout(_) | ClusterError::TooManyRequests { .. } => true,
            ClusterError::Server { code, .. } => *code >= 500,
            _ => false,
        }
    }

    /// Logging in again may help.
    pub fn is_login(&self) -> bool {
        matches!(self, ClusterError::Unauthorized(_) | ClusterError::Plugin { .. })
    }
}

impl std::fmt::Display for ClusterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ClusterError::Unreachable(why) => f.write_str(&one_line(why)),
            ClusterError::Timeout(after) => write!(f, "no answer within {}", seconds(*after)),
            ClusterError::Unauthorized(words) => write!(f, "not logged in: {}", one_line(words)),
            ClusterError::Plugin { command, words } => write!(f, "{command}: {}", one_line(words)),
            // The API server's own messages have the word in them: `pods is forbidden: User "x" cannot list …`.
            ClusterError::Forbidden(words) if !words.to_lowercase().contains("forbidden") => write!(f, "forbidden: {}", one_line(words)),
            ClusterError::Forbidden(words)
            | ClusterError::NotFound(words)
            | ClusterError::Expired(words)
            | ClusterError::Conflict(words)
            | ClusterError::Invalid(words)
            | ClusterError::NotAcceptable(words)
            | ClusterError::Decode(words) => f.write_str(&one_line(words)),
            ClusterError::TooManyRequests { retry_after: None, .. } => f.write_str("the server is too busy"),
            ClusterError::TooManyRequests { retry_after: Some(after), .. } => {
                write!(f, "the server is too busy, and asks to wait {}", seconds(*after))
            }
            ClusterError::Server { code, message } => write!(f, "the server answers {code}: {}", one_line(message)),
        }
    }
}

impl StdError for ClusterError {}

impl From<DecodeError> for ClusterError {
    fn from(error: DecodeError) -> ClusterError {
        ClusterError::Decode(error.to_string())
    }
}

impl From<prost::DecodeError> for ClusterError {
    fn from(error: prost::DecodeError) -> ClusterError {
        DecodeError::Protobuf(error).into()
    }
}

impl From<serde_json::Error> for ClusterError {
    fn from(error: serde_json::Error) -> ClusterError {
        DecodeError::Json(error).into()
    }
}

/// Words of others on one line, without control characters.
pub fn one_line(words: &str) -> String {
    words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `3 s`, `1.5 s`.
fn seconds(duration: Duration) -> String {
    format!("{} s", (duration.as_secs_f64() * 10.0).round() / 10.0)
}

/// `meta.v1.Status`: what the server says when it says no, in JSON and in protobuf.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status {
    /// For a person.
    #[prost(string, tag = 3)]
    pub message: String,
    /// One word for a program: `AlreadyExists`, `Expired`, …
    #[prost(string, tag = 4)]
    pub reason: String,
    /// More of it.
    #[prost(message, optional, tag = 5)]
    pub details: Option<StatusDetails>,
    /// HTTP status; 0 where it was not said.
    #[prost(int32, tag = 6)]
    pub code: i32,
}

/// `meta.v1.StatusDetails`: what a person can use of it.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatusDetails {
    /// Each thing that is wrong.
    #[prost(message, repeated, tag = 4)]
    pub causes: Vec<StatusCause>,
    /// Seconds after which to ask again.
    #[prost(int32, tag = 5)]
    pub retry_after_seconds: i32,
}

/// `meta.v1.StatusCause`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatusCause {
    /// For a person.
    #[prost(string, tag = 2)]
    pub message: String,
    /// The field that it is about, as `spec.replicas`.
    #[prost(string, tag = 3)]
    pub field: String,
}

impl StatusCause {
    fn words(&self) -> String {
        if self.field.is_empty() { self.message.clone() } else { format!("{}: {}", self.field, self.message) }
    }
}

/// The message, and those of the causes that it does not have in it already: some servers and webhooks say nothing of use
/// outside of them.
fn with_causes(mut message: String, causes: &[StatusCause]) -> String {
    for (at, cause) in causes.iter().filter(|cause| !cause.message.is_empty()).enumerate() {
        if !message.contains(&cause.message) {
            message.push_str(if at == 0 { ": " } else { "; " });
            message.push_str(&cause.words());
        }
    }
    message
}

impl Status {
    /// Reads a Status document: protobuf in its envelope, or JSON. `None` when it is neither.
    pub fn parse(document: &Bytes) -> Option<Status> {
        match envelope::open(document) {
            Some(Ok(unknown)) if unknown.kind() == "Status" => Status::decode(unknown.raw).ok(),
            Some(_) => None,
            None => {
                #[derive(Deserialize)]
                struct Kind {
                    kind: String,
                }
                serde_json::from_slice::<Kind>(document).ok().filter(|k| k.kind == "Status")?;
                serde_json::from_slice(document).ok()
            }
        }
    }

    /// The error that it says. `code` is the HTTP status, for servers that leave it out of the document.
    pub fn into_error(self, code: u16) -> ClusterError {
        let code = u16::try_from(self.code).ok().filter(|&c| c != 0).unwrap_or(code);
        let details = self.details.unwrap_or_default();
        let seconds = Some(details.retry_after_seconds).filter(|&s| s > 0);
        let retry_after = seconds.map(|s| Duration::from_secs(s.unsigned_abs().into()));
        let own = with_causes(self.message, &details.causes);
        if code == 429 {
            return ClusterError::TooManyRequests { retry_after, message: own };
        }
        let message = if own.is_empty() { reason_phrase(code, &self.reason) } else { own };
        match (code, self.reason.as_str()) {
            (401, _) => ClusterError::Unauthorized(message),
            (403, _) => ClusterError::Forbidden(message),
            (404, _) => ClusterError::NotFound(message),
            (406, _) => ClusterError::NotAcceptable(message),
            (409, _) => ClusterError::Conflict(message),
            (410, _) | (_, "Expired" | "Gone") => ClusterError::Expired(message),
            (400 | 422, _) => ClusterError::Invalid(message),
            _ => ClusterError::Server { code, message },
        }
    }
}

fn reason_phrase(code: u16, reason: &str) -> String {
    let phrase = StatusCode::from_u16(code).ok().and_then(|c| c.canonical_reason()).unwrap_or("no reason given");
    if reason.is_empty() { phrase.to_owned() } else { reason.to_owned() }
}

/// The longest text that is taken from a body which is no Status (a proxy's page), in bytes.
const PAGE: usize = 300;

/// The causes that an answer without success names, each with its field.
pub fn causes(body: &Bytes) -> Vec<StatusCause> {
    Status::parse(body).and_then(|status| status.details).map(|details| details.causes).unwrap_or_default()
}

/// The error that an answer without success says.
pub fn from_answer(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> ClusterError {
    let waits = || headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs);
    let error = Status::parse(body).unwrap_or_else(|| Status { message: page(body), ..Status::default() }).into_error(status.as_u16());
    match error {
        ClusterError::TooManyRequests { retry_after: None, message } => ClusterError::TooManyRequests { retry_after: waits(), message },
        other => other,
    }
}

/// What a body says that is no Status: its text, or nothing when it is a page of HTML or no text at all.
fn page(body: &Bytes) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(PAGE)]);
    if text.trim_start().starts_with('<') { String::new() } else { one_line(&text) }
}

/// The error of a request that got no answer from `server` (`host:port`), `connect` being the time that a connection may take.
pub fn from_kube(error: &kube::Error, server: &str, connect: Duration) -> ClusterError {
    if let kube::Error::Auth(auth) = error {
        return from_auth(auth);
    }
    from_chain(error, server, connect)
}

/// Digs through an error and what it comes from.
pub fn from_chain(error: &(dyn StdError + 'static), server: &str, connect: Duration) -> ClusterError {
    let chain: Vec<&(dyn StdError + 'static)> = std::iter::successors(Some(error), |e| beneath(*e)).collect();
    for cause in &chain {
        if let Some(own) = cause.downcast_ref::<ClusterError>() {
            return own.clone();
        }
        if let Some(auth) = cause.downcast_ref::<AuthError>() {
            return from_auth(auth);
        }
        if cause.is::<tower::timeout::error::Elapsed>() {
            return ClusterError::Unreachable(format!("{server} does not answer (timed out after {})", seconds(connect)));
        }
    }
    let words: Vec<String> = chain.iter().map(|e| e.to_string()).collect();
    if let Some(why) = words.iter().find_map(|w| tls(w)) {
        return ClusterError::Unreachable(format!("{server}: {why}"));
    }
    if words.iter().any(|w| w.starts_with("dns error") || w.contains("failed to lookup address")) {
        let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
        return ClusterError::Unreachable(format!("no such host {host}"));
    }
    if let Some(why) = words.iter().find_map(|w| w.strip_prefix("tunnel error: ").or(w.strip_prefix("SOCKS error: "))) {
        let why = if why == "unsuccessful" { "it refuses" } else { why };
        // What lies beneath, where the proxy itself cannot be reached.
        let deepest = words.last().filter(|w| !w.contains(" error: ")).map_or(why, String::as_str);
        return ClusterError::Unreachable(format!("{server}: the proxy gives no connection: {deepest}"));
    }
    let kind = chain.iter().rev().find_map(|e| e.downcast_ref::<io::Error>()).map(io::Error::kind);
    let last = words.last().map_or("", String::as_str);
    ClusterError::Unreachable(match kind {
        Some(io::ErrorKind::ConnectionRefused) => format!("connection refused by {server}"),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof) => {
            format!("{server} closed the connection")
        }
        Some(io::ErrorKind::TimedOut) => format!("{server} does not answer (timed out)"),
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => format!("no route to {server}"),
        Some(io::ErrorKind::NetworkDown) => format!("the network is down, {server} cannot be reached"),
        _ if last.contains("connection closed") || last.contains("end of file") => format!("{server} closed the connection"),
        _ => format!("{server}: {last}"),
    })
}

/// What an error comes from. An `io::Error` made from another error shows that one's words but skips it as its source.
fn beneath<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// rustls' words for what is wrong with a certificate, in ours. It has no type that can be reached from here.
fn tls(words: &str) -> Option<String> {
    if let Some(what) = words.strip_prefix("invalid peer certificate: ") {
        return Some(if what.starts_with("UnknownIssuer") {
            "its certificate is signed by an authority that the kubeconfig does not name".into()
        } else if what.starts_with("certificate expired") || what.starts_with("Expired") {
            "its certificate has expired".into()
        } else if what.starts_with("certificate not valid yet") || what.starts_with("NotValidYet") {
            "its certificate is not valid yet (is this machine's clock right?)".into()
        } else if what.starts_with("certificate not valid for name") || what.starts_with("NotValidForName") {
            // What follows are all the names that it is for: they can be many.
            let wanted = what.split(';').next().unwrap_or(what).trim_start_matches("certificate not valid for name ");
            format!("its certificate is not for the name {wanted}")
        } else if what.contains("CaUsedAsEndEntity") {
            "its certificate is that of an authority, which cannot stand for a server itself".into()
        } else {
            format!("its certificate is not valid ({what})")
        });
    }
    if words.starts_with("received corrupt message of type InvalidContentType") {
        return Some("it does not speak TLS (is it http:// rather than https://?)".into());
    }
    let alert = words.strip_prefix("received fatal alert: ")?;
    Some(match alert {
        "BadCertificate" | "UnknownCA" | "CertificateUnknown" | "CertificateRequired" | "CertificateExpired" | "CertificateRevoked" => {
            format!("it does not accept the client certificate of the kubeconfig ({alert})")
        }
        other => format!("it ended the TLS handshake ({other})"),
    })
}

/// kube's errors of credentials. Exec plugins are run by [`super::plugin`]; these are the older providers and what is wrong with a token.
fn from_auth(error: &AuthError) -> ClusterError {
    match error {
        AuthError::AuthExecRun { cmd, out } => {
            let command = cmd.split_whitespace().next().unwrap_or(cmd).trim_matches('"').to_owned();
            let words = String::from_utf8_lossy(&out.stderr).trim().to_owned();
            ClusterError::Plugin { command, words: if words.is_empty() { format!("failed with {}", out.status) } else { words } }
        }
        AuthError::OAuth(_) => ClusterError::Plugin { command: "gcp".into(), words: one_line(&error.to_string()) },
        AuthError::Oidc(_) => ClusterError::Plugin { command: "oidc".into(), words: one_line(&error.to_string()) },
        other => ClusterError::Unauthorized(one_line(&other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u16, body: impl Into<Bytes>) -> ClusterError {
        from_answer(StatusCode::from_u16(code).expect("a status"), &HeaderMap::new(), &body.into())
    }

    #[test]
    fn a_status_says_the_same_in_json_and_in_protobuf() {
        let json = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden: User \"nobody\"","reason":"Forbidden","details":{"kind":"pods"},"code":403}"#;
        let status = Status { message: "pods is forbidden: User \"nobody\"".into(), reason: "Forbidden".into(), details: None, code: 403 };
        let forbidden = ClusterError::Forbidden("pods is forbidden: User \"nobody\"".into());
        assert_eq!(answer(403, json), forbidden);
        assert_eq!(answer(403, envelope::seal("v1", "Status", &status)), forbidden);
        assert_eq!(forbidden.to_string(), "pods is forbidden: User \"nobody\"");
        assert_eq!(ClusterError::Forbidden("no".into()).to_string(), "forbidden: no");
    }

    #[test]
    fn a_status_of_the_real_server_in_protobuf() {
        // GET /api/v1/namespaces/no-such, Accept: application/vnd.kubernetes.protobuf
        let document = Bytes::from_static(
            b"k8s\0\n\x0c\n\x02v1\x12\x06Status\x12[\n\x06\n\0\x12\0\x1a\0\x12\x07Failure\x1a\x1enamespaces \"no-such\" not found\"\x08NotFound*\x1b\n\x07no-such\x12\0\x1a\nnamespaces(\x002\x000\x94\x03\x1a\0\"\0",
        );
        assert_eq!(answer(404, document), ClusterError::NotFound("namespaces \"no-such\" not found".into()));
    }

    #[test]
    fn codes_become_kinds_of_errors() {
        let status =
            |code: u16, reason: &str| answer(code, format!(r#"{{"kind":"Status","message":"m","reason":"{reason}","code":{code}}}"#));
        assert_eq!(status(401, "Unauthorized"), ClusterError::Unauthorized("m".into()));
        assert_eq!(status(404, "NotFound"), ClusterError::NotFound("m".into()));
        assert_eq!(status(406, "NotAcceptable"), ClusterError::NotAcceptable("m".into()));
        assert_eq!(status(409, "Conflict"), ClusterError::Conflict("m".into()));
        assert_eq!(status(410, "Expired"), ClusterError::Expired("m".into()));
        assert_eq!(status(422, "Invalid"), ClusterError::Invalid("m".into()));
        assert_eq!(status(500, "InternalError"), ClusterError::Server { code: 500, message: "m".into() });
        assert!(status(503, "ServiceUnavailable").is_transient());
        assert!(!status(403, "Forbidden").is_transient());
    }

    #[test]
    fn waiting_times_come_from_the_status_or_the_header() {
        let body = r#"{"kind":"Status","code":429,"details":{"retryAfterSeconds":7}}"#;
        assert_eq!(answer(429, body), ClusterError::TooManyRequests { retry_after: Some(Duration::from_secs(7)), message: String::new() });
        let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, http::HeaderValue::from_static("2"))]);
        let error = from_answer(StatusCode::TOO_MANY_REQUESTS, &headers, &Bytes::from_static(b"Too many requests"));
        let expected = ClusterError::TooManyRequests { retry_after: Some(Duration::from_secs(2)), message: "Too many requests".into() };
        assert_eq!(error, expected);
    }

    #[test]
    fn causes_are_said_where_the_message_does_not_have_them() {
        let body = |message: &str, causes: &str| {
            format!(r#"{{"kind":"Status","message":"{message}","code":422,"details":{{"causes":[{causes}]}}}}"#)
        };
        let causes = r#"{"reason":"FieldValueInvalid","message":"must be small","field":"spec.a"},{"message":"no"}"#;
        assert_eq!(answer(422, body("it is invalid", causes)).to_string(), "it is invalid: spec.a: must be small; no");
        assert_eq!(answer(422, body("spec.a: must be small, and no", causes)).to_string(), "spec.a: must be small, and no");
        let budget = r#"{"kind":"Status","code":429,"message":"Cannot evict","details":{"causes":[{"reason":"DisruptionBudget","message":"web needs 2"}]}}"#;
        let expected = ClusterError::TooManyRequests { retry_after: None, message: "Cannot evict: web needs 2".into() };
        assert_eq!(answer(429, budget), expected);
    }

    #[test]
    fn a_body_that_is_no_status_is_taken_as_words_and_html_is_not() {
        assert_eq!(
            answer(400, "Client sent an HTTP request\nto an HTTPS server.\n").to_string(),
            "Client sent an HTTP request to an HTTPS server."
        );
        assert_eq!(answer(502, "<html><body>no</body></html>").to_string(), "the server answers 502: Bad Gateway");
        assert_eq!(answer(401, "").to_string(), "not logged in: Unauthorized");
    }

    #[test]
    fn io_errors_are_found_in_the_chain() {
        let why = |e: io::Error| {
            from_kube(&kube::Error::Service(Box::new(io::Error::other(e))), "127.0.0.1:1", Duration::from_secs(3)).to_string()
        };
        assert_eq!(why(io::ErrorKind::ConnectionRefused.into()), "connection refused by 127.0.0.1:1");
        assert_eq!(why(io::ErrorKind::ConnectionReset.into()), "127.0.0.1:1 closed the connection");
        assert_eq!(why(io::ErrorKind::HostUnreachable.into()), "no route to 127.0.0.1:1");
        assert_eq!(why(io::Error::other("failed to lookup address information: Name or service not known")), "no such host 127.0.0.1");
        assert_eq!(
            why(io::Error::other("invalid peer certificate: UnknownIssuer")),
            "127.0.0.1:1: its certificate is signed by an authority that the kubeconfig does not name"
        );
        assert_eq!(
            why(io::Error::other(
                "invalid peer certificate: certificate not valid for name \"a\"; certificate is only valid for DnsName(\"b\")"
            )),
            "127.0.0.1:1: its certificate is not for the name \"a\""
        );
        assert_eq!(why(io::Error::other("tunnel error: unsuccessful")), "127.0.0.1:1: the proxy gives no connection: it refuses");
        assert_eq!(why(io::Error::other("odd")), "127.0.0.1:1: odd");
    }

    #[test]
    fn our_own_errors_survive_the_way_through_the_layers() {
        let own = ClusterError::Plugin { command: "aws".into(), words: "token has expired\nrun `aws sso login`".into() };
        let error = from_kube(&kube::Error::Service(Box::new(own.clone())), "x:1", Duration::from_secs(3));
        assert_eq!(error, own);
        assert_eq!(error.to_string(), "aws: token has expired run `aws sso login`");
        assert!(error.is_login());
    }

    #[test]
    fn a_time_out_of_the_connection_is_said_in_seconds() {
        let error =
            from_kube(&kube::Error::Service(Box::new(tower::timeout::error::Elapsed::new())), "10.0.0.1:443", Duration::from_secs(3));
        assert_eq!(error.to_string(), "10.0.0.1:443 does not answer (timed out after 3 s)");
    }
}
