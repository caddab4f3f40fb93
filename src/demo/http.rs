//! What the server hands to the API, and what it gets back: HTTP without sockets.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use futures::Stream;
use http::{HeaderMap, Method, StatusCode};

/// Who calls, as authentication found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `admin`, `system:anonymous`, …
    pub name: String,
    /// `system:masters`, `system:authenticated`, …
    pub groups: Vec<String>,
}

/// One call, read whole.
#[derive(Clone, Debug)]
pub struct Request {
    /// GET, POST, …
    pub method: Method,
    /// Decoded segments of the path, without empty ones.
    pub path: Vec<String>,
    /// Decoded pairs of the query, in order.
    pub query: Vec<(String, String)>,
    /// As they came.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// Who calls.
    pub user: User,
}

impl Request {
    /// The first value of a parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the query that is a flag: `true`, `1` and an empty value are yes.
    pub fn flag(&self, name: &str) -> bool {
        self.parameter(name).is_some_and(|value| matches!(value, "true" | "1" | ""))
    }

    /// A header as text; empty when there is none or it is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// It asks for a websocket.
    pub fn upgrades(&self) -> bool {
        self.header("upgrade").eq_ignore_ascii_case("websocket")
    }
}

/// Pieces of a body that come as they are made. A client that does not read holds the stream up, and nothing else.
pub type Pieces = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// A websocket, when the answer has been sent.
pub type Socket = tokio_tungstenite::WebSocketStream<hyper_util::rt::TokioIo<hyper::upgrade::Upgraded>>;

/// What goes on after an upgrade.
pub type Conversation = Box<dyn FnOnce(Socket) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// What a call is answered with.
pub struct Answer {
    /// The status line.
    pub status: StatusCode,
    /// The Content-Type.
    pub content_type: &'static str,
    /// More headers (`Warning`, …).
    pub headers: Vec<(&'static str, String)>,
    /// What follows.
    pub body: Body,
}

/// The body of an [`Answer`].
pub enum Body {
    /// All of it at once.
    Whole(Bytes),
    /// Piece by piece, in chunks.
    Pieces(Pieces),
    /// 101, this subprotocol, and the conversation.
    Upgrade(&'static str, Conversation),
}

/// What answers calls.
pub trait Service: Send + Sync + 'static {
    /// Answers one call. It does not wait for the cluster: a stream is answered with a stream.
    fn call(&self, request: Request) -> Answer;
}
