//! exec, attach and port-forward: several streams over one websocket, each message led by the number of its stream. Server's side
//! of `wsstream` and of the kubelet's `remotecommand` and `portforward`.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use futures::{SinkExt, StreamExt};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::container::Container;
use super::http::{Answer, Body, Conversation, Request};
use super::logs::{self, Follows, LOOK};
use super::refusal::Refusal;
use super::shell::{Out, Shell};
use super::traffic::{self, Stream};
use super::tree::Tree;

mod forward;
mod service;

pub use forward::forward;

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const RESIZE: u8 = 4;
/// v5: the stream whose number follows has ended.
const CLOSE: u8 = 255;
/// Bytes of one message.
const FRAME: usize = 32 << 10;

/// How the two sides talk, in the order of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Protocol(&'static str);

const V5: Protocol = Protocol("v5.channel.k8s.io");
const V4: Protocol = Protocol("v4.channel.k8s.io");
/// Before v4 an error was text, and success was nothing.
const V1: Protocol = Protocol("channel.k8s.io");
/// No protocol was asked for: as V1, and none is named in the answer.
const NONE: Protocol = Protocol("");

/// The protocol that the client likes best among these (`negotiateProtocol` of `wsstream`).
fn negotiate(request: &Request, known: &[Protocol]) -> Result<Protocol, Refusal> {
    if !request.upgrades() {
        let other = request.header("upgrade");
        return Err(Refusal::bad_request(match other {
            "" => "Upgrade request required".to_owned(),
            other => format!("unable to upgrade: {other} is not spoken here, websockets are"),
        }));
    }
    let asked = request.header("sec-websocket-protocol");
    if asked.trim().is_empty() {
        return Ok(NONE);
    }
    let found = asked.split(',').find_map(|name| known.iter().find(|p| p.0 == name.trim()));
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|p| p.0).collect();
        Refusal::new(
            403,
            "Forbidden",
            format!("unable to upgrade websocket connection: client wants {asked}, known are {}", known.join(", ")),
        )
    })
}

fn upgrade(protocol: Protocol, conversation: Conversation) -> Answer {
    Answer { status: StatusCode::SWITCHING_PROTOCOLS, content_type: "", headers: Vec::new(), body: Body::Upgrade(protocol.0, conversation) }
}

/// Which streams are wanted (`remotecommand.Options`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Options {
    protocol: Protocol,
    stdin: bool,
    stdout: bool,
    stderr: bool,
    tty: bool,
}

impl Options {
    fn of(request: &Request) -> Result<Options, Refusal> {
        let tty = request.flag("tty");
        let [stdin, stdout, stderr] = ["stdin", "stdout", "stderr"].map(|name| request.flag(name));
        // With a terminal there is one output.
        let stderr = stderr && !tty;
        if !stdin && !stdout && !stderr {
            return Err(Refusal::bad_request("you must specify at least 1 of stdin, stdout, stderr"));
        }
        Ok(Options { protocol: negotiate(request, &[V5, V4, V1])?, stdin, stdout, stderr, tty })
    }
}

/// The container that is meant and runs; `Ok(Err(…))` when it does not run, in the kubelet's words.
fn running(request: &Request, pod: &Tree) -> Result<Result<Container, String>, Refusal> {
    let name = logs::choose(request.parameter("container").unwrap_or(""), pod)?;
    on_a_node(pod)?;
    let found = Container::of(pod, name, false).filter(Container::runs);
    // A waiting container has a life that ended, and one that ended has no terminal.
    Ok(found.ok_or_else(|| format!("container not found ({name:?})")))
}

fn on_a_node(pod: &Tree) -> Result<(), Refusal> {
    match pod.text("spec.nodeName") {
        "" => Err(Refusal::bad_request(format!("pod {} does not have a host assigned", pod.text("metadata.name")))),
        _ => Ok(()),
    }
}

/// What is behind the streams.
enum Behind {
    Shell(Box<Shell>),
    /// The container's output, said up to this millisecond.
    Log(i64),
    /// Nothing: it could not be started, and why.
    Nothing(String),
}

/// Answers `exec`: a command of the request runs in a container, at `now_ms`.
pub fn exec(request: &Request, pod: &Tree, now_ms: i64, world: Arc<dyn Follows>) -> Result<Answer, Refusal> {
    let options = Options::of(request)?;
    let container = match running(request, pod)? {
        Ok(container) => container,
        Err(why) => return not_running(options, why),
    };
    let command: Vec<String> = request.query.iter().filter(|(k, _)| k == "command").map(|(_, v)| v.clone()).collect();
    if command.is_empty() {
        return Err(Refusal::bad_request("you must specify at least one command for the container"));
    }
    let behind = match Shell::start(&container, &command, options.stdin, options.tty, now_ms) {
        Ok(shell) => Behind::Shell(Box::new(shell)),
        Err(why) => {
            let id: String = container.uid.chars().filter(char::is_ascii_alphanumeric).collect();
            Behind::Nothing(format!(
                "error executing command in container: failed to exec in container: failed to start exec \"{id}\": OCI runtime exec failed: \
                 exec failed: unable to start container process: {why}: unknown"
            ))
        }
    };
    let talk = Talk { options, container, command, world, attached: false };
    Ok(upgrade(options.protocol, Box::new(move |socket| Box::pin(talk.go_on(socket, behind)))))
}

/// Answers `attach`: what a container says from now on; where it takes standard input, its shell.
pub fn attach(request: &Request, pod: &Tree, now_ms: i64, world: Arc<dyn Follows>) -> Result<Answer, Refusal> {
    let mut options = Options::of(request)?;
    let container = match running(request, pod)? {
        Ok(container) => container,
        Err(why) => return not_running(options, why),
    };
    // The kubelet takes the terminal from the container, not from the call.
    options.tty = container.tty;
    let behind = if options.stdin && container.stdin {
        let given = Shell::start(&container, &container.command, true, options.tty, now_ms);
        let shell = given.or_else(|_| Shell::start(&container, &["sh".into()], true, options.tty, now_ms));
        shell.map_or_else(Behind::Nothing, |shell| Behind::Shell(Box::new(shell)))
    } else {
        Behind::Log(now_ms)
    };
    let talk = Talk { options, container, command: Vec::new(), world, attached: true };
    Ok(upgrade(options.protocol, Box::new(move |socket| Box::pin(talk.go_on(socket, behind)))))
}

/// With v5 the API server upgrades first and tells of errors on the stream for them; before, the kubelet's answer is passed on.
fn not_running(options: Options, why: String) -> Result<Answer, Refusal> {
    if options.protocol != V5 {
        return Err(Refusal::new(500, "InternalError", why));
    }
    let status = internal(&format!("unable to upgrade connection: {why}"));
    let conversation: Conversation = Box::new(move |socket| {
        Box::pin(async move {
            let mut socket = socket;
            if send(&mut socket, ERROR, status.to_string().as_bytes()).await.is_ok() {
                part(socket).await;
            }
        })
    });
    Ok(upgrade(options.protocol, conversation))
}

fn internal(why: &str) -> Value {
    json!({"metadata": {}, "status": "Failure", "message": format!("Internal error occurred: {why}"), "reason": "InternalError",
        "details": {"causes": [{"message": why}]}, "code": 500})
}

/// Sends bytes on a stream, in messages that are not too large. No bytes are an empty message.
async fn send<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, stream: u8, bytes: &[u8]) -> Result<(), Error> {
    if bytes.is_empty() {
        return socket.send(Message::binary(vec![stream])).await;
    }
    for piece in bytes.chunks(FRAME) {
        socket.send(frame(stream, piece)).await?;
    }
    Ok(())
}

fn frame(stream: u8, bytes: &[u8]) -> Message {
    let mut message = BytesMut::with_capacity(bytes.len() + 1);
    message.put_u8(stream);
    message.extend_from_slice(bytes);
    Message::Binary(message.freeze())
}

/// Says good-bye, and waits for the other side to have heard it, but not long. client-go takes any code but that of a normal
/// end for a broken connection.
async fn part<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>) {
    let normal = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    if socket.close(Some(normal)).await.is_ok() {
        let heard = async { while let Some(Ok(_)) = socket.next().await {} };
        // Whether it was heard makes no difference any more.
        let _ = tokio::time::timeout(10 * LOOK, heard).await;
    }
}

/// One exec or attach, while it lasts.
struct Talk {
    options: Options,
    container: Container,
    command: Vec<String>,
    world: Arc<dyn Follows>,
    attached: bool,
}

/// What came from the client.
enum Came {
    Stdin(Bytes),
    StdinEnded,
    Size(u16, u16),
    Nothing,
    Gone,
}

impl Talk {
    async fn go_on<S: AsyncRead + AsyncWrite + Unpin>(self, mut socket: WebSocketStream<S>, behind: Behind) {
        if let Ok(Some(status)) = self.until_the_end(&mut socket, behind).await {
            let text = if matches!(self.options.protocol, V5 | V4) {
                status.to_string()
            } else {
                status["message"].as_str().unwrap_or_default().to_owned()
            };
            if text.is_empty() || send(&mut socket, ERROR, text.as_bytes()).await.is_ok() {
                part(socket).await;
            }
        }
    }

    /// Talks until the command, the container or the client ends. What ended is told, but to a client that has gone.
    async fn until_the_end<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        socket: &mut WebSocketStream<S>,
        behind: Behind,
    ) -> Result<Option<Value>, Error> {
        // The lowest stream that is written to says with an empty message that the connection stands.
        let first = if self.options.stdout {
            STDOUT
        } else if self.options.stderr {
            STDERR
        } else {
            ERROR
        };
        send(socket, first, &[]).await?;
        let (mut shell, mut told_ms) = match behind {
            Behind::Shell(shell) => (Some(shell), 0),
            Behind::Log(from) => (None, from),
            Behind::Nothing(why) => return Ok(Some(internal(&why))),
        };
        if let Some(code) = self.say(socket, shell.as_mut().map(|s| s.take()).unwrap_or_default()).await? {
            return Ok(Some(self.ended(code)));
        }
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let out = tokio::select! {
                message = socket.next() => match (came(message, self.options.protocol), shell.as_mut()) {
                    (Came::Gone, _) => return Ok(None),
                    (Came::Stdin(bytes), Some(shell)) if self.options.stdin => shell.input(&bytes),
                    (Came::StdinEnded, Some(shell)) if self.options.stdin => shell.eof(),
                    (Came::Size(columns, rows), Some(shell)) => shell.resize(columns, rows),
                    _ => Vec::new(),
                },
                _ = looks.tick() => {
                    let (now_ms, pod) = self.world.look(&self.container.namespace, &self.container.pod);
                    let pod = pod.filter(|p| p.text("metadata.uid") == self.container.uid);
                    let life = pod.and_then(|p| Container::life(&p, &self.container.name, self.container.restart));
                    let runs = life.as_ref().is_some_and(Container::runs);
                    let mut out = match shell.as_mut() {
                        Some(shell) => shell.tick(now_ms),
                        None => self.log(life.as_ref(), &mut told_ms, now_ms),
                    };
                    if !runs && !matches!(out.last(), Some(Out::Exit(_))) {
                        // With the first process of a container, all others are killed.
                        out.push(Out::Exit(137));
                    }
                    out
                }
            };
            let by_itself = matches!(out.last(), Some(Out::Exit(_))) && shell.as_ref().is_some_and(|shell| shell.exit_code().is_some());
            if let Some(code) = self.say(socket, out).await? {
                if self.attached && by_itself {
                    // What one is attached to is the container's first process.
                    self.world.exited(&self.container.namespace, &self.container.pod, &self.container.name, code);
                }
                return Ok(Some(self.ended(code)));
            }
        }
    }

    /// What the container's log has to say since `told_ms`.
    fn log(&self, life: Option<&Container>, told_ms: &mut i64, now_ms: i64) -> Vec<Out> {
        let life = life.unwrap_or(&self.container);
        let to = life.finished_ms.map_or(now_ms, |end| end + 1);
        let end = if self.options.tty { "\r\n" } else { "\n" };
        let said = traffic::lines(life, *told_ms, to).map(|line| {
            let bytes = (line.text + end).into_bytes();
            if line.stream == Stream::Stderr && !self.options.tty { Out::Stderr(bytes) } else { Out::Stdout(bytes) }
        });
        let said = said.collect();
        *told_ms = to.max(*told_ms);
        said
    }

    /// Sends what was said; the code of an exit.
    async fn say<S: AsyncRead + AsyncWrite + Unpin>(&self, socket: &mut WebSocketStream<S>, out: Vec<Out>) -> Result<Option<i32>, Error> {
        for said in out {
            match said {
                Out::Stdout(bytes) if self.options.stdout => send(socket, STDOUT, &bytes).await?,
                Out::Stderr(bytes) if self.options.stderr => send(socket, STDERR, &bytes).await?,
                Out::Exit(code) => return Ok(Some(code)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// The status of an end (`ServeExec`; with v5 the API server has put it into its own words).
    fn ended(&self, code: i32) -> Value {
        if code == 0 || self.attached {
            return json!({"metadata": {}, "status": "Success"});
        }
        let how = if self.options.protocol == V5 {
            format!("command terminated with exit code {code}")
        } else {
            format!("error executing command [{}], exit code {code}", self.command.join(" "))
        };
        json!({"metadata": {}, "status": "Failure", "message": format!("command terminated with non-zero exit code: {how}"),
            "reason": "NonZeroExitCode", "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]}})
    }
}

fn came(message: Option<Result<Message, Error>>, protocol: Protocol) -> Came {
    let bytes = match message {
        None | Some(Err(_) | Ok(Message::Close(_))) => return Came::Gone,
        Some(Ok(Message::Binary(bytes))) => bytes,
        Some(Ok(Message::Text(text))) => text.into(),
        Some(Ok(_)) => return Came::Nothing,
    };
    match bytes.first() {
        Some(&STDIN) => Came::Stdin(bytes.slice(1..)),
        Some(&RESIZE) => match serde_json::from_slice::<Value>(&bytes[1..]) {
            Ok(size) => {
                let side = |name: &str| size[name].as_u64().and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0);
                side("Width").zip(side("Height")).map_or(Came::Nothing, |(columns, rows)| Came::Size(columns, rows))
            }
            Err(_) => Came::Nothing,
        },
        Some(&CLOSE) if protocol == V5 && bytes.as_ref() == [CLOSE, STDIN] => Came::StdinEnded,
        _ => Came::Nothing,
    }
}

#[cfg(test)]
mod tests;
