//! One call: from hyper's request to the service, and from its answer to hyper's response.

use std::convert::Infallible;
use std::io::Write;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body as _, Frame, Incoming};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::barred::Barred;
use super::{Connection, end};
use crate::demo::http::{Answer, Body, Conversation, Pieces, Request};

/// The longest body of a call in bytes: apiserver's `MaxRequestBodyBytes`.
pub(super) const LIMIT: usize = 3 * 1024 * 1024;
/// What is read and thrown away of a longer one, so that a client that writes before it reads gets the answer.
const DRAIN: usize = 32 * 1024 * 1024;
/// How long a body may take: apiserver's `RequestTimeout`.
const BODY: Duration = Duration::from_secs(60);
/// Answers up to this many bytes are not compressed: apiserver's `defaultGzipThresholdBytes`.
const GZIP: usize = 128 * 1024;
/// The longest message of a websocket. kubectl sends 32 KB at a time.
const MESSAGE: usize = 4 * 1024 * 1024;

/// What hyper sends.
type Response = hyper::Response<UnsyncBoxBody<Bytes, Infallible>>;

/// Answers one call.
pub(super) async fn answer(connection: Connection, mut call: hyper::Request<Incoming>) -> Result<Response, Infallible> {
    let upgrade = wants_websocket(call.headers()).then(|| Upgrade {
        on: hyper::upgrade::on(&mut call),
        key: call.headers().get(header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes())),
        connection: connection.clone(),
    });
    let gzip = takes_gzip(call.headers());
    let answer = match request(&connection, call).await {
        Ok(request) => {
            let service = connection.shared.service.clone();
            // The API may be busy with another call, or have much to write: not at the cost of the other connections.
            let called = tokio::task::spawn_blocking(move || compressed(service.call(request), gzip)).await;
            called.unwrap_or_else(|error| {
                tracing::error!(%error, "the demo's API panicked");
                Barred::Panic.answer()
            })
        }
        Err(refusal) => refusal.answer(),
    };
    Ok(respond(answer, upgrade, connection))
}

/// Reads a call whole, after it is known who calls.
async fn request(connection: &Connection, call: hyper::Request<Incoming>) -> Result<Request, Barred> {
    let (mut head, body) = call.into_parts();
    let user = connection.shared.tokens.who(&head.headers, head.uri.path()).ok_or(Barred::Unauthorized)?;
    // So that nothing can come of it behind this line.
    head.headers.remove(header::AUTHORIZATION);
    let path = decoded(head.uri.path(), false).ok_or(Barred::Path)?;
    // As Go has it, a decoded slash divides too.
    let path = path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    let query = query(head.uri.query().unwrap_or_default());
    let body = tokio::time::timeout(BODY, whole(body)).await.unwrap_or(Err(Barred::Timeout))?;
    Ok(Request { method: head.method, path, query, headers: head.headers, body, user })
}

async fn whole(mut body: Incoming) -> Result<Bytes, Barred> {
    if body.size_hint().lower() > DRAIN as u64 {
        return Err(Barred::TooLarge);
    }
    let (mut kept, mut seen) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Barred::Broken)?.into_data() else { continue };
        seen += data.len();
        match seen {
            _ if seen <= LIMIT => kept.extend_from_slice(&data),
            _ if seen <= DRAIN => kept = BytesMut::new(),
            _ => break,
        }
    }
    if seen > LIMIT { Err(Barred::TooLarge) } else { Ok(kept.freeze()) }
}

/// Percent-decoded text; `None` where it is none.
fn decoded(text: &str, plus: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            b'+' if plus => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The pairs of a query. What cannot be decoded is left out, as by Go's `URL.Query`.
fn query(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
    pairs
        .filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(key, true)?, decoded(value, true)?))
        })
        .collect()
}

/// One of the words of a header that holds a list.
fn lists(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let words = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    words.map(|word| word.split(';').next().unwrap_or_default().trim()).any(|found| found.eq_ignore_ascii_case(word))
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    lists(headers, header::ACCEPT_ENCODING, "gzip")
}

fn wants_websocket(headers: &HeaderMap) -> bool {
    lists(headers, header::UPGRADE, "websocket")
        && lists(headers, header::CONNECTION, "upgrade")
        && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13")
}

/// Long answers are compressed as apiserver's `deferredResponseWriter` does it.
fn compressed(mut answer: Answer, accepted: bool) -> Answer {
    if let Body::Whole(bytes) = &answer.body
        && accepted
        && bytes.len() > GZIP
        && answer.content_type.starts_with("application/")
    {
        let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::new(1));
        if let Ok(packed) = encoder.write_all(bytes).and_then(|()| encoder.finish()) {
            answer.headers.extend([("content-encoding", "gzip".to_owned()), ("vary", "Accept-Encoding".to_owned())]);
            answer.body = Body::Whole(packed.into());
        }
    }
    answer
}

fn respond(answer: Answer, upgrade: Option<Upgrade>, connection: Connection) -> Response {
    let Answer { status, content_type, headers, body } = answer;
    let mut response = Response::default();
    *response.status_mut() = status;
    let into = response.headers_mut();
    into.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    if let Ok(value) = HeaderValue::from_str(content_type)
        && !content_type.is_empty()
    {
        into.insert(header::CONTENT_TYPE, value);
    }
    for (name, value) in headers {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => drop(into.append(name, value)),
            // What a client sent may come back in a warning; it does not break the answer.
            _ => tracing::debug!(name, "the demo: a header that cannot be sent"),
        }
    }
    match body {
        Body::Whole(bytes) => *response.body_mut() = Full::new(bytes).boxed_unsync(),
        Body::Pieces(pieces) => *response.body_mut() = stream(pieces, connection),
        Body::Upgrade(protocol, conversation) => {
            let begun = upgrade.and_then(|upgrade| upgrade.begin(protocol, conversation));
            return begun.unwrap_or_else(|| respond(Barred::NoUpgrade.answer(), None, connection));
        }
    }
    response
}

/// Hyper asks for the next piece when there is room for it, and drops the stream when the client is gone.
fn stream(pieces: Pieces, connection: Connection) -> UnsyncBoxBody<Bytes, Infallible> {
    let mut stopping = connection.stopping.clone();
    let pieces = pieces.take_until(Box::pin(async move { end(&mut stopping).await }));
    StreamBody::new(pieces.map(|piece| Ok(Frame::data(piece)))).boxed_unsync()
}

/// A websocket that a client asked for.
struct Upgrade {
    on: OnUpgrade,
    /// The answer to the client's key.
    key: Option<String>,
    connection: Connection,
}

impl Upgrade {
    /// Answers with 101 and starts the conversation. `None` when the handshake lacks something.
    fn begin(self, protocol: &'static str, conversation: Conversation) -> Option<Response> {
        let Upgrade { on, key, connection } = self;
        let mut response = Response::default();
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, HeaderValue::try_from(key?).ok()?);
        if !protocol.is_empty() {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_str(protocol).ok()?);
        }
        tokio::spawn(async move {
            let mut stopping = connection.stopping.clone();
            let talk = async {
                let Ok(upgraded) = on.await else { return };
                let config = WebSocketConfig::default().max_message_size(Some(MESSAGE)).max_frame_size(Some(MESSAGE));
                let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
                conversation(socket).await;
            };
            tokio::select! {
                () = talk => {}
                () = end(&mut stopping) => {}
            }
        });
        Some(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_or_refused() {
        assert_eq!(decoded("/a%2Fb%20c+d", false).as_deref(), Some("/a/b c+d"));
        assert_eq!(decoded("a+b%2b", true).as_deref(), Some("a b+"));
        for bad in ["%", "%4", "%zz", "%+1", "%ff", "a%e4b"] {
            assert_eq!(decoded(bad, false), None, "{bad}");
        }
    }

    #[test]
    fn a_query_is_read_as_go_reads_it() {
        let pairs = query("labelSelector=a%3Db%2Cc&watch&&x=%zz&y=1;z=2&limit=5=6");
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("labelSelector", "a=b,c"), ("watch", ""), ("limit", "5=6")]);
    }

    #[test]
    fn lists_in_headers_are_words() {
        let headers = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().expect("a value"));
            headers
        };
        assert!(takes_gzip(&headers("deflate, gzip;q=1.0, *")) && takes_gzip(&headers("GZIP")));
        assert!(!takes_gzip(&headers("gzipped, br")) && !takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn only_long_json_is_compressed() {
        let answer = |content_type, length| Answer {
            status: StatusCode::OK,
            content_type,
            headers: Vec::new(),
            body: Body::Whole(vec![b'a'; length].into()),
        };
        for (content_type, length, accepted, packed) in [
            ("application/json", GZIP + 1, true, true),
            ("application/json", GZIP, true, false),
            ("application/json", GZIP + 1, false, false),
            ("text/plain", GZIP + 1, true, false),
        ] {
            let answer = compressed(answer(content_type, length), accepted);
            assert_eq!(!answer.headers.is_empty(), packed, "{content_type} {length}");
            let Body::Whole(bytes) = answer.body else { panic!("whole") };
            assert_eq!(bytes.len() < length, packed);
        }
    }
}
