//! Port-forward over a websocket (`handleWebSocketStreams` of the kubelet): two streams for each port, data and errors, which
//! begin with the port's number.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt, future};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::service::{self, Place};
use super::{FRAME, V4, frame, negotiate, on_a_node, upgrade};
use crate::demo::container;
use crate::demo::http::{Answer, Conversation, Request};
use crate::demo::logs::{Follows, LOOK};
use crate::demo::refusal::Refusal;
use crate::demo::tree::Tree;

/// Bytes that wait on the way to or from a port.
const PIPE: usize = 64 << 10;

/// Answers `portforward` to ports of a pod; it ends with the pod.
pub fn forward(request: &Request, pod: &Tree, world: Arc<dyn Follows>) -> Result<Answer, Refusal> {
    let protocol = negotiate(request, &[V4, super::Protocol("portforward.k8s.io")])?;
    let ports = ports(request)?;
    on_a_node(pod)?;
    let (name, namespace) = (pod.text("metadata.name"), pod.text("metadata.namespace"));
    if pod.text("status.phase") != "Running" {
        return Err(Refusal::new(500, "InternalError", format!("pod not found ({:?})", format!("{name}_{namespace}"))));
    }
    let place = Arc::new(Place {
        namespace: namespace.into(),
        pod: name.into(),
        uid: pod.text("metadata.uid").into(),
        node: pod.text("spec.nodeName").into(),
        ports: container::ports(pod).map(|(port, name)| (port, name.to_owned())).collect(),
    });
    let conversation: Conversation = Box::new(move |socket| {
        Box::pin(async move {
            let ends = gone(place.clone(), world);
            tokio::select! {
                () = talk(socket, ports, place) => {}
                // With its processes go their connections.
                () = ends => {}
            }
        })
    });
    Ok(upgrade(protocol, conversation))
}

/// Ends when the pod does not run any more.
async fn gone(place: Arc<Place>, world: Arc<dyn Follows>) {
    let runs = |pod: &Tree| pod.text("metadata.uid") == place.uid && pod.text("status.phase") == "Running";
    while world.look(&place.namespace, &place.pod).1.as_ref().is_some_and(runs) {
        tokio::time::sleep(LOOK).await;
    }
}

/// `ports=80,443` and `ports=80&ports=443` (`NewV4Options`).
fn ports(request: &Request) -> Result<Vec<u16>, Refusal> {
    let given: Vec<&str> = request.query.iter().filter(|(k, _)| k == "ports").map(|(_, v)| v.as_str()).collect();
    if given.is_empty() {
        return Err(Refusal::bad_request("query parameter \"port\" is required"));
    }
    let mut ports = Vec::new();
    for text in given {
        for one in text.split(',') {
            match one.parse::<u16>() {
                Ok(0) => return Err(Refusal::bad_request(format!("port {one:?} must be > 0"))),
                Ok(port) => ports.push(port),
                Err(_) => {
                    return Err(Refusal::bad_request(format!(
                        "unable to parse {text:?} as a port: strconv.ParseUint: parsing {one:?}: invalid syntax"
                    )));
                }
            }
        }
    }
    // Two streams for each, and their numbers are bytes.
    if ports.len() > 127 { Err(Refusal::bad_request("too many ports")) } else { Ok(ports) }
}

/// Carries bytes between a websocket and what answers on the ports, until all of them have ended or the client has gone.
pub(super) async fn talk<S: AsyncRead + AsyncWrite + Unpin>(socket: WebSocketStream<S>, ports: Vec<u16>, place: Arc<Place>) {
    let (to_client, from_client) = socket.split();
    let (messages, said) = mpsc::channel::<Message>(8);
    let (mut inputs, mut services, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
    for (n, port) in ports.into_iter().enumerate() {
        let data = 2 * n as u8;
        let (ours, theirs) = tokio::io::duplex(PIPE);
        let (read, write) = tokio::io::split(ours);
        let listens = place.listens(port);
        inputs.push(listens.then_some(write));
        if listens {
            services.push(service::answer(place.clone(), port, theirs));
        }
        outputs.push(carry(data, port, listens.then_some(read), place.clone(), messages.clone()));
    }
    drop(messages);
    let ports = future::join(future::join_all(services), future::join_all(outputs));
    let all = async { future::join(ports, write(to_client, said)).await };
    tokio::select! {
        () = read(from_client, inputs) => {}
        _ = all => {}
    }
}

/// From a port to the client: its number on both streams, then what it says, or why it does not.
async fn carry(data: u8, port: u16, from: Option<ReadHalf<DuplexStream>>, place: Arc<Place>, to: mpsc::Sender<Message>) {
    for stream in [data, data + 1] {
        if to.send(frame(stream, &port.to_le_bytes())).await.is_err() {
            return;
        }
    }
    let Some(mut from) = from else {
        // Nobody waits for more when this cannot be sent.
        let _ = to.send(frame(data + 1, place.refused(port).as_bytes())).await;
        return;
    };
    let mut buffer = vec![0; FRAME];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if to.send(frame(data, &buffer[..count])).await.is_err() {
            return;
        }
    }
}

async fn write<S: AsyncRead + AsyncWrite + Unpin>(mut sink: SplitSink<WebSocketStream<S>, Message>, mut said: mpsc::Receiver<Message>) {
    while let Some(message) = said.recv().await {
        if sink.send(message).await.is_err() {
            return;
        }
    }
    // All has been said; a client that has gone does not hear it.
    let _ = sink.close().await;
}

async fn read<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: SplitStream<WebSocketStream<S>>,
    mut inputs: Vec<Option<WriteHalf<DuplexStream>>>,
) {
    while let Some(Ok(message)) = stream.next().await {
        let bytes: Bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Close(_) => return,
            _ => continue,
        };
        let Some((&channel, data)) = bytes.split_first() else { continue };
        let place = inputs.get_mut(usize::from(channel / 2)).filter(|_| channel % 2 == 0);
        if let Some(input) = place
            && let Some(port) = input.as_mut()
            && port.write_all(data).await.is_err()
        {
            // The service has hung up.
            *input = None;
        }
    }
}
