use std::sync::Mutex;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_tungstenite::tungstenite::protocol::Role;

use super::*;
use crate::demo::http::User;

const NOW: i64 = 1_795_255_260_000;

fn pod(state: Value) -> Tree {
    json!({
        "metadata": {"name": "web-1", "namespace": "shop", "uid": "u-1"},
        "spec": {"nodeName": "node-1", "containers": [{"name": "app", "image": "orders:1", "ports": [
            {"containerPort": 8080, "name": "http"}, {"containerPort": 7}]}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "app", "restartCount": 0, "state": state}]}
    })
    .into()
}

fn running() -> Tree {
    pod(json!({"running": {"startedAt": "2026-11-21T10:00:00Z"}}))
}

fn request(query: &[(&str, &str)], protocol: &str) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert("upgrade", HeaderValue::from_static("websocket"));
    headers.insert("sec-websocket-protocol", HeaderValue::from_str(protocol).unwrap());
    Request {
        method: Method::GET,
        path: Vec::new(),
        query: query.iter().map(|(k, v)| (String::from(*k), String::from(*v))).collect(),
        headers,
        body: Bytes::new(),
        user: User { name: "admin".into(), groups: Vec::new() },
    }
}

/// A cluster of one pod, whose clock goes on by a second each time somebody looks.
struct Still(Mutex<(i64, Option<Tree>)>);

impl Follows for Still {
    fn look(&self, _: &str, _: &str) -> (i64, Option<Tree>) {
        let mut it = self.0.lock().unwrap();
        it.0 += 1000;
        (it.0, it.1.clone())
    }
}

fn world(pod: Option<Tree>) -> Arc<Still> {
    Arc::new(Still(Mutex::new((NOW, pod))))
}

type Client = WebSocketStream<DuplexStream>;

async fn sockets() -> (Client, Client) {
    let (a, b) = tokio::io::duplex(1 << 16);
    (WebSocketStream::from_raw_socket(a, Role::Client, None).await, WebSocketStream::from_raw_socket(b, Role::Server, None).await)
}

fn options(protocol: Protocol, tty: bool) -> Options {
    Options { protocol, stdin: true, stdout: true, stderr: !tty, tty }
}

/// Starts a command; the client's end.
async fn start(command: &[&str], options: Options, world: Arc<Still>) -> Client {
    let (client, server) = sockets().await;
    let container = Container::of(&running(), "app", false).unwrap();
    let command: Vec<String> = command.iter().map(|w| String::from(*w)).collect();
    let shell = Shell::start(&container, &command, options.stdin, options.tty, NOW).unwrap();
    let talk = Talk { options, container, command, world, attached: false };
    tokio::spawn(talk.go_on(server, Behind::Shell(Box::new(shell))));
    client
}

/// All messages up to the close, those of one stream joined.
async fn rest(client: &mut Client) -> Vec<(u8, String)> {
    let mut all: Vec<(u8, String)> = Vec::new();
    while let Some(Ok(message)) = client.next().await {
        let Message::Binary(bytes) = message else { continue };
        let text = String::from_utf8_lossy(&bytes[1..]).into_owned();
        match all.last_mut() {
            Some((stream, said)) if *stream == bytes[0] => said.push_str(&text),
            _ => all.push((bytes[0], text)),
        }
    }
    all
}

#[tokio::test(start_paused = true)]
async fn a_command_ends_with_its_status() {
    let mut client = start(&["sh", "-c", "cat; echo bad >&2; exit 3"], options(V5, false), world(Some(running()))).await;
    assert_eq!(client.next().await.unwrap().unwrap(), Message::binary(vec![STDOUT]), "the connection stands");
    client.send(Message::binary(b"\0hello".to_vec())).await.unwrap();
    client.send(Message::binary(vec![CLOSE, STDIN])).await.unwrap();
    let said = rest(&mut client).await;
    assert_eq!(said[..2], [(STDOUT, "hello".into()), (STDERR, "bad\n".into())]);
    let status: Value = serde_json::from_str(&said[2].1).unwrap();
    assert_eq!((said[2].0, said.len()), (ERROR, 3));
    assert_eq!(status["reason"], "NonZeroExitCode");
    assert_eq!(status["details"]["causes"], json!([{"reason": "ExitCode", "message": "3"}]));
    assert_eq!(status["message"], "command terminated with non-zero exit code: command terminated with exit code 3");
    let mut good = start(&["true"], options(V4, false), world(Some(running()))).await;
    let said = rest(&mut good).await;
    assert_eq!(serde_json::from_str::<Value>(&said.last().unwrap().1).unwrap(), json!({"metadata": {}, "status": "Success"}));
}

#[tokio::test(start_paused = true)]
async fn a_terminal_has_a_size_and_ends_with_its_container() {
    let world = world(Some(running()));
    let mut client = start(&["sh"], options(V5, true), world.clone()).await;
    let mut resize = vec![RESIZE];
    resize.extend_from_slice(br#"{"Width":132,"Height":50}"#);
    client.send(Message::binary(resize)).await.unwrap();
    client.send(Message::binary(b"\0stty size\r".to_vec())).await.unwrap();
    let mut seen = String::new();
    while !seen.contains("50 132\r\n/ # ") {
        let Message::Binary(bytes) = client.next().await.unwrap().unwrap() else { panic!("it ended: {seen}") };
        assert_eq!(bytes[0], STDOUT);
        seen.push_str(&String::from_utf8_lossy(&bytes[1..]));
    }
    world.0.lock().unwrap().1 = None;
    let said = rest(&mut client).await;
    assert!(said.last().unwrap().1.contains(r#""message":"137""#), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn attached_terminals_say_what_the_container_says() {
    let (mut client, server) = sockets().await;
    let world = world(Some(running()));
    let container = Container::of(&running(), "app", false).unwrap();
    let talk =
        Talk { options: options(V5, false), container: container.clone(), command: Vec::new(), world: world.clone(), attached: true };
    let done = tokio::spawn(talk.go_on(server, Behind::Log(NOW)));
    let mut said = 0;
    while said < 5 {
        if let Message::Binary(bytes) = client.next().await.unwrap().unwrap() {
            said += usize::from(bytes.len() > 1);
            assert!(matches!(bytes[0], STDOUT | STDERR));
        }
    }
    world.0.lock().unwrap().1 = Some(pod(json!({"terminated": {"startedAt": "2026-11-21T10:00:00Z", "finishedAt": "2026-11-21T10:09:00Z",
        "exitCode": 1}})));
    let end = rest(&mut client).await;
    assert!(end.iter().any(|(stream, text)| *stream == STDERR && text.contains("exit status 1")), "{end:?}");
    assert!(end.last().unwrap().1.contains("Success"), "{end:?}");
    done.await.unwrap();
}

#[tokio::test]
async fn what_is_refused_and_what_is_negotiated() {
    let ask = |query: &[(&str, &str)], protocol: &str| {
        let answered = exec(&request(query, protocol), &running(), NOW, world(None));
        answered.map(|a| if let Body::Upgrade(protocol, _) = a.body { protocol } else { "" }).map_err(|r| (r.code, r.message))
    };
    let all = [("command", "ls"), ("stdout", "true")];
    assert_eq!(ask(&all, "v5.channel.k8s.io, v4.channel.k8s.io"), Ok("v5.channel.k8s.io"));
    assert_eq!(ask(&all, "v9.channel.k8s.io,v4.channel.k8s.io"), Ok("v4.channel.k8s.io"));
    assert_eq!(ask(&all, "v9").map_err(|e| e.0), Err(403));
    assert_eq!(ask(&[("command", "ls")], "v4.channel.k8s.io"), Err((400, "you must specify at least 1 of stdin, stdout, stderr".into())));
    assert_eq!(ask(&[("stderr", "1"), ("tty", "1"), ("command", "ls")], "v4.channel.k8s.io").map_err(|e| e.0), Err(400));
    assert_eq!(ask(&[("stdout", "1")], "v4.channel.k8s.io"), Err((400, "you must specify at least one command for the container".into())));
    assert_eq!(
        ask(&[("container", "x"), ("stdout", "1")], "v4.channel.k8s.io"),
        Err((400, "container x is not valid for pod web-1".into()))
    );
    let mut plain = request(&all, "");
    plain.headers.remove("upgrade");
    let refused = exec(&plain, &running(), NOW, world(None)).err().unwrap();
    assert_eq!((refused.code, refused.message.as_str()), (400, "Upgrade request required"));
    let waiting = pod(json!({"waiting": {"reason": "CrashLoopBackOff"}}));
    let refused = exec(&request(&all, "v4.channel.k8s.io"), &waiting, NOW, world(None)).err().unwrap();
    assert_eq!((refused.code, refused.message.as_str()), (500, "container not found (\"app\")"));
    let forwarded =
        |query: &[(&str, &str)]| forward(&request(query, "v4.channel.k8s.io"), &running(), world(None)).map(|_| ()).map_err(|r| r.message);
    assert_eq!(forwarded(&[("ports", "8080,7")]), Ok(()));
    assert_eq!(forwarded(&[]), Err("query parameter \"port\" is required".into()));
    assert_eq!(forwarded(&[("ports", "0")]), Err("port \"0\" must be > 0".into()));
    assert!(forwarded(&[("ports", "x")]).is_err());
}

/// A port-forward to these ports; the client's end.
async fn forwarded(ports: &[u16]) -> Client {
    let (client, server) = sockets().await;
    let place = service::Place {
        namespace: "shop".into(),
        pod: "web-1".into(),
        uid: "u-1".into(),
        node: "node-1".into(),
        ports: vec![(8080, "http".into()), (7, String::new())],
    };
    tokio::spawn(forward::talk(server, ports.to_vec(), Arc::new(place)));
    client
}

async fn binary(client: &mut Client) -> Bytes {
    loop {
        match client.next().await.unwrap().unwrap() {
            Message::Binary(bytes) => return bytes,
            Message::Close(_) => return Bytes::new(),
            _ => {}
        }
    }
}

#[tokio::test]
async fn ports_answer_echo_or_refuse() {
    let mut client = forwarded(&[8080, 7, 9999]).await;
    let mut opened = Vec::new();
    let mut refused = String::new();
    while opened.len() < 6 || refused.is_empty() {
        let bytes = binary(&mut client).await;
        if bytes.len() == 3 {
            opened.push((bytes[0], u16::from_le_bytes([bytes[1], bytes[2]])))
        } else {
            refused = String::from_utf8_lossy(&bytes).into()
        }
    }
    opened.sort_unstable();
    assert_eq!(opened, [(0, 8080), (1, 8080), (2, 7), (3, 7), (4, 9999), (5, 9999)]);
    assert!(refused.starts_with("\u{5}error forwarding port 9999 to pod u1, uid :") && refused.contains("connection refused"), "{refused}");
    client.send(Message::binary(b"\x02ping".to_vec())).await.unwrap();
    assert_eq!(binary(&mut client).await.as_ref(), b"\x02ping");
    client.send(Message::binary(b"\x00GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_vec())).await.unwrap();
    let answer = binary(&mut client).await;
    assert!(answer.starts_with(b"\x00HTTP/1.1 200 OK\r\n") && answer.ends_with(b"ok\n"), "{answer:?}");
    client.send(Message::binary(b"\x00POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nback".to_vec())).await.unwrap();
    assert!(binary(&mut client).await.ends_with(b"\r\n\r\nback"));
}

#[tokio::test]
async fn a_large_download_arrives_whole_and_then_the_connection_ends() {
    let mut client = forwarded(&[8080]).await;
    client.send(Message::binary(b"\x00GET /bytes/3000000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec())).await.unwrap();
    let mut all = Vec::new();
    loop {
        let bytes = tokio::time::timeout(Duration::from_secs(20), binary(&mut client)).await.unwrap();
        match bytes.split_first() {
            None => break,
            Some((0, data)) => all.extend_from_slice(data),
            Some(_) => {}
        }
    }
    let at = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(all.len() - at, 3_000_000);
    assert!(all[at..].iter().enumerate().all(|(n, byte)| usize::from(*byte) == n % 251));
}

/// A service on a port, without the websocket.
#[tokio::test]
async fn the_index_names_the_pod() {
    let place = service::Place {
        namespace: "shop".into(),
        pod: "web-1".into(),
        uid: "u".into(),
        node: "n".into(),
        ports: vec![(80, String::new())],
    };
    let (mut ours, theirs) = tokio::io::duplex(1 << 16);
    tokio::spawn(service::answer(Arc::new(place), 80, theirs));
    ours.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    ours.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("<h1>web-1</h1>"), "{answer}");
}
