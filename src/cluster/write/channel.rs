//! Several streams over one websocket, each message led by the number of its stream: the client's side of exec, attach and
//! port-forward (`k8s.io/apimachinery/pkg/util/remotecommand`, KEP-4006).

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{Request, StatusCode};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::request;

/// What goes in.
pub(super) const STDIN: u8 = 0;
/// What comes out.
pub(super) const STDOUT: u8 = 1;
/// What comes out as errors; nothing with a terminal.
pub(super) const STDERR: u8 = 2;
/// The outcome: a `Status` in JSON.
pub(super) const ERROR: u8 = 3;
/// The terminal's size: `{"Width":80,"Height":24}`.
pub(super) const RESIZE: u8 = 4;
/// v5: the stream whose number follows ends.
const CLOSE: u8 = 255;
/// Bytes of one message: what the kubelet's own buffers hold.
const FRAME: usize = 32 << 10;
/// How often the other side is asked for a sign of life; client-go does it as often.
const PING: Duration = Duration::from_secs(5);
/// A connection that says nothing for so long after it was asked, pongs neither, is broken: with [`PING`], 20 s at most.
const SILENCE: Duration = Duration::from_secs(15);

/// What can be agreed on for exec and attach, the best first. With the first one, the end of a stream can be said.
pub(super) const REMOTE_COMMAND: &str = "v5.channel.k8s.io, v4.channel.k8s.io";
/// What is spoken for port-forward: two streams a port, data and error.
pub(super) const PORT_FORWARD: &str = "v4.channel.k8s.io";

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The two halves of an open connection.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) to: Sender,
    pub(super) from: Receiver,
}

/// Where messages are sent.
#[derive(Debug)]
pub(super) struct Sender {
    sink: SplitSink<Socket, Message>,
    /// The end of a stream can be said.
    closes: bool,
}

/// Where messages come from.
#[derive(Debug)]
pub(super) struct Receiver {
    stream: SplitStream<Socket>,
    /// The last sign of life, or the last time that one was asked for.
    quiet: Instant,
    /// Since when a sign of life is owed. Not since when nothing was heard: whoever does not listen for a while, because the
    /// bytes cannot be put anywhere, hears nothing either.
    owed: Option<Instant>,
}

/// What came.
#[derive(Debug)]
pub(super) enum Came {
    /// Bytes of a stream; none where the other side only says that it is there.
    Bytes(u8, Bytes),
    /// Nothing for a while: send a [`Sender::ping`].
    Quiet,
    /// The end, in good order, or with what broke it.
    End(Option<String>),
}

/// Asks for a path with an upgrade to a websocket in one of these protocols.
///
/// # Errors
/// The server's refusal: no such pod, no right, no such container.
pub(super) async fn open(session: &Session, path: &str, protocols: &str) -> Result<Channel, ClusterError> {
    request::limited(session, upgrade(session, path, protocols)).await
}

async fn upgrade(session: &Session, path: &str, protocols: &str) -> Result<Channel, ClusterError> {
    // What is said of it has no query: a command stands there, and may have a password in it.
    let bare = path.split('?').next().unwrap_or_default();
    let key = generate_key();
    let request = Request::get(path)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, &key)
        .header(SEC_WEBSOCKET_PROTOCOL, protocols)
        .body(Body::empty());
    let request = request.map_err(|why| ClusterError::Invalid(format!("{bare} cannot be asked for: {why}")))?;
    let mut response = session.client().send(request).await.map_err(|error| session.error(&error))?;
    tracing::debug!(path = bare, status = response.status().as_u16(), "upgrade");
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        if response.status().is_success() {
            return Err(ClusterError::Invalid("the server, or a proxy before it, did not open a websocket".into()));
        }
        return Err(request::refusal(response).await);
    }
    // Of the head alone: the body of an answer cannot be looked at by several threads, and a task may go on on another one.
    let headers = response.headers().clone();
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header(SEC_WEBSOCKET_ACCEPT) != derive_accept_key(key.as_bytes()) {
        return Err(ClusterError::Invalid("what answered is no websocket: its key is wrong".into()));
    }
    let agreed = header(SEC_WEBSOCKET_PROTOCOL).to_owned();
    if !protocols.split(", ").any(|known| known == agreed) {
        return Err(ClusterError::Invalid(format!("the server speaks {agreed:?} and not {protocols}")));
    }
    let upgraded = hyper::upgrade::on(&mut response).await.map_err(|why| ClusterError::Unreachable(why.to_string()))?;
    // What is not sent yet waits in the kernel and at whoever sends, not here.
    let config = WebSocketConfig::default().write_buffer_size(0).max_message_size(Some(64 << 20));
    let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, Some(config)).await;
    let (sink, stream) = socket.split();
    let from = Receiver { stream, quiet: Instant::now(), owed: None };
    Ok(Channel { to: Sender { sink, closes: agreed.starts_with("v5.") }, from })
}

impl Sender {
    /// Sends bytes on a stream.
    ///
    /// # Errors
    /// The connection is broken: why.
    pub(super) async fn send(&mut self, stream: u8, bytes: &[u8]) -> Result<(), String> {
        for piece in bytes.chunks(FRAME) {
            let mut message = BytesMut::with_capacity(piece.len() + 1);
            message.put_u8(stream);
            message.extend_from_slice(piece);
            self.sink.send(Message::Binary(message.freeze())).await.map_err(words)?;
        }
        Ok(())
    }

    /// Says that a stream ends. `Ok(false)`: the protocol has no word for it.
    ///
    /// # Errors
    /// The connection is broken: why.
    pub(super) async fn end(&mut self, stream: u8) -> Result<bool, String> {
        if self.closes {
            self.sink.send(Message::binary(vec![CLOSE, stream])).await.map_err(words)?;
        }
        Ok(self.closes)
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// The connection is broken: why.
    pub(super) async fn ping(&mut self) -> Result<(), String> {
        self.sink.send(Message::Ping(Bytes::new())).await.map_err(words)
    }

    /// Ends the connection in good order, as far as it still can be.
    pub(super) async fn close(&mut self) {
        // Whoever does not take it any more is gone already.
        let _ = tokio::time::timeout(Duration::from_millis(500), self.sink.close()).await;
    }
}

impl Receiver {
    /// No sign of life is owed: the other side could not be asked for one, because it takes nothing now.
    pub(super) fn pardon(&mut self) {
        self.quiet = Instant::now();
        self.owed = None;
    }

    /// What comes next. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Came {
        loop {
            let message = tokio::select! {
                // What is there already is a sign of life, however long nobody looked.
                biased;
                message = self.stream.next() => message,
                () = tokio::time::sleep_until(self.quiet + PING) => {
                    self.quiet = Instant::now();
                    if self.owed.get_or_insert(self.quiet).elapsed() >= SILENCE {
                        return Came::End(Some(format!("nothing was heard for {} s", (PING + SILENCE).as_secs())));
                    }
                    return Came::Quiet;
                }
            };
            self.quiet = Instant::now();
            self.owed = None;
            let bytes = match message {
                Some(Ok(Message::Close(Some(said)))) if said.code != CloseCode::Normal && said.code != CloseCode::Away => {
                    return Came::End(Some(format!("the server closed the connection: {} ({})", said.reason, said.code)));
                }
                None | Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed)) => return Came::End(None),
                Some(Err(error)) => return Came::End(Some(words(error))),
                Some(Ok(Message::Binary(bytes))) => bytes,
                Some(Ok(Message::Text(text))) => text.into(),
                Some(Ok(_)) => continue,
            };
            // The end of a stream is told by the status that follows.
            match bytes.first() {
                None | Some(&CLOSE) => {}
                Some(&stream) => return Came::Bytes(stream, bytes.slice(1..)),
            }
        }
    }
}

/// Why a connection broke, as a person would say it.
fn words(error: Error) -> String {
    match error {
        // TLS says it with a link to its manual.
        Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => "the connection was cut".to_owned(),
        Error::Io(error) => format!("the connection broke: {error}"),
        Error::ConnectionClosed | Error::AlreadyClosed => "the connection was closed".to_owned(),
        Error::Protocol(error) => format!("the connection broke: {error}"),
        error => error.to_string(),
    }
}
