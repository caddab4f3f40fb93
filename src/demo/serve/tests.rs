//! The server as clients find it: over TLS, well-behaved and not.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::{SinkExt, StreamExt, stream};
use http::StatusCode;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::*;
use crate::demo::http::{Answer, Body, Request};

/// Bytes of one piece of `/long`, and how many there are.
const PIECE: usize = 64 * 1024;
const PIECES: usize = 1024;

/// Answers what each test needs.
#[derive(Default)]
struct Probe {
    /// Pieces of `/long` that were asked for.
    pulled: Arc<AtomicUsize>,
    /// How many streams of `/quiet` are held.
    quiet: watch::Sender<usize>,
}

/// Counts one off at its end.
struct Held(watch::Sender<usize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.send_modify(|held| *held -= 1);
    }
}

impl Service for Probe {
    fn call(&self, request: Request) -> Answer {
        let whole = |content_type, text: String| (content_type, Body::Whole(text.into()));
        let (content_type, body) = match request.path.first().map(String::as_str) {
            Some("panic") => panic!("as asked"),
            Some("big") => whole("application/json", json!("a".repeat(200_000)).to_string()),
            Some("long") => {
                let pulled = self.pulled.clone();
                let piece = Bytes::from(vec![b'x'; PIECE]);
                let pieces = stream::iter(0..PIECES).map(move |_| {
                    pulled.fetch_add(1, Ordering::SeqCst);
                    piece.clone()
                });
                ("text/plain", Body::Pieces(Box::pin(pieces)))
            }
            Some("quiet") => {
                self.quiet.send_modify(|held| *held += 1);
                let held = Held(self.quiet.clone());
                let first = stream::once(async { Bytes::from_static(b"first") });
                let rest = stream::pending().map(move |bytes: Bytes| {
                    let _ = &held;
                    bytes
                });
                ("text/plain", Body::Pieces(Box::pin(first.chain(rest))))
            }
            Some("socket") => {
                let conversation: crate::demo::http::Conversation = Box::new(|mut socket| {
                    Box::pin(async move {
                        while let Some(Ok(message)) = socket.next().await {
                            if message.is_binary() && socket.send(message).await.is_err() {
                                return;
                            }
                        }
                    })
                });
                ("", Body::Upgrade("v5.channel.k8s.io", conversation))
            }
            _ => {
                let seen = json!({
                    "method": request.method.as_str(), "path": request.path, "query": request.query, "user": request.user.name,
                    "authorization": request.header("authorization"), "length": request.body.len(),
                });
                whole("application/json", seen.to_string())
            }
        };
        let headers = vec![("Warning", "299 - \"one\"".into()), ("warning", "bad\nvalue".into())];
        Answer { status: StatusCode::OK, content_type, headers, body }
    }
}

async fn connect(server: &Server) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    let authority = pem::parse(server.authority()).expect("a certificate");
    roots.add(CertificateDer::from(authority.into_contents())).expect("a root");
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let config = ClientConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions().expect("versions");
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(server.address()).await.expect("a connection");
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("TLS");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    stream
}

type Client = SendRequest<Full<Bytes>>;

async fn client(server: &Server) -> Client {
    let (client, connection) = handshake(TokioIo::new(connect(server).await)).await.expect("HTTP");
    tokio::spawn(connection);
    client
}

/// A call of the administrator.
fn call(server: &Server, path: &str) -> http::request::Builder {
    let (_, token) = server.tokens().next().expect("a user");
    hyper::Request::builder().uri(path).header("host", "localhost").header("authorization", format!("Bearer {token}"))
}

async fn fetch(client: &mut Client, call: hyper::Request<Full<Bytes>>) -> (http::response::Parts, Bytes) {
    client.ready().await.expect("ready");
    let (head, body) = client.send_request(call).await.expect("an answer").into_parts();
    (head, body.collect().await.expect("a body").to_bytes())
}

async fn get(client: &mut Client, server: &Server, path: &str) -> (StatusCode, Value) {
    let (head, body) = fetch(client, call(server, path).body(Full::default()).expect("a call")).await;
    (head.status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Everything that the server answers to these bytes until it closes the connection.
async fn raw(server: &Server, bytes: &[u8]) -> String {
    let mut stream = connect(server).await;
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(code: u16, reason: &str, message: &str) -> (StatusCode, Value) {
    let object = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code,
    });
    (StatusCode::from_u16(code).expect("a code"), object)
}

/// Runs a test against a server of its own, with an end to waiting.
fn with_server<F: Future<Output = ()>>(test: impl FnOnce(Server, watch::Receiver<usize>, Arc<AtomicUsize>) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let probe = Probe::default();
        let (quiet, pulled) = (probe.quiet.subscribe(), probe.pulled.clone());
        let server = Server::start(Arc::new(probe), 0).expect("a server");
        timeout(Duration::from_secs(20), test(server, quiet, pulled)).await.expect("in time");
    });
}

#[test]
fn a_call_comes_through_whole_and_the_connection_is_kept() {
    with_server(|server, _, _| async move {
        let mut client = client(&server).await;
        let body = Full::from(vec![b'x'; 3 * 1024 * 1024]);
        let (head, body) = fetch(&mut client, call(&server, "/a%20b//c/?d=e%26&f").method("POST").body(body).expect("a call")).await;
        assert_eq!((head.status, &head.headers["content-type"]), (StatusCode::OK, &"application/json".parse().expect("a value")));
        assert_eq!(head.headers.get_all("warning").iter().count(), 1, "what cannot be sent is left out");
        assert_eq!(
            serde_json::from_slice::<Value>(&body).expect("JSON"),
            json!({"method": "POST", "path": ["a b", "c"], "query": [["d", "e&"], ["f", ""]], "user": "demo", "authorization": "",
                "length": 3 * 1024 * 1024})
        );
        assert_eq!(get(&mut client, &server, "/again").await.1["path"], json!(["again"]));
    });
}

#[test]
fn nobody_is_let_in_without_a_token_but_for_health_and_version() {
    with_server(|server, _, _| async move {
        let mut client = client(&server).await;
        for (path, token, user) in [
            ("/api", None, None),
            ("/api", Some("Bearer wrong"), None),
            ("/version", Some("Bearer wrong"), None),
            ("/version", None, Some("system:anonymous")),
            ("/readyz?verbose", None, Some("system:anonymous")),
        ] {
            let mut call = hyper::Request::builder().uri(path).header("host", "localhost");
            if let Some(token) = token {
                call = call.header("authorization", token);
            }
            let (head, body) = fetch(&mut client, call.body(Full::default()).expect("a call")).await;
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            match user {
                Some(user) => assert_eq!((head.status, &body["user"]), (StatusCode::OK, &json!(user)), "{path}"),
                None => assert_eq!((head.status, body), status(401, "Unauthorized", "Unauthorized"), "{path} {token:?}"),
            }
        }
    });
}

#[test]
fn bodies_that_are_too_long_are_refused_in_words() {
    with_server(|server, _, _| async move {
        for length in [3 * 1024 * 1024 + 1, 40 * 1024 * 1024] {
            // The longer one is refused by its announced length, before it is read.
            let head = format!(
                "POST /x HTTP/1.1\r\nHost: l\r\nAuthorization: Bearer {}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n",
                server.tokens().next().expect("a user").1
            );
            let body = if length > 32 * 1024 * 1024 { 0 } else { length };
            let answer = raw(&server, &[head.as_bytes(), &vec![b'x'; body]].concat()).await;
            let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
            assert!(head.starts_with("HTTP/1.1 413 "), "{answer}");
            let expected = status(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728").1;
            assert_eq!(serde_json::from_str::<Value>(body).expect("JSON"), expected);
        }
    });
}

#[test]
fn a_panic_is_an_answer() {
    with_server(|server, _, _| async move {
        let mut client = client(&server).await;
        let (code, body) = get(&mut client, &server, "/panic").await;
        assert_eq!((code.as_u16(), &body["reason"]), (500, &json!("InternalError")));
        assert_eq!(get(&mut client, &server, "/on").await.0, StatusCode::OK);
    });
}

#[test]
fn what_is_no_http_is_refused_and_hurts_nobody() {
    with_server(|server, _, _| async move {
        let token = server.tokens().next().expect("a user").1.to_owned();
        let begin = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: l\r\nAuthorization: Bearer {token}\r\n");
        for (bytes, expected) in [
            (format!("{}\r\n", begin("/a%zz")), "HTTP/1.1 400 "),
            (format!("{}\r\n", begin("/%ff")), "HTTP/1.1 400 "),
            (format!("{}X: {}\r\n\r\n", begin("/"), "y".repeat(2 * BUFFER)), "HTTP/1.1 431 "),
            (format!("{}{}\r\n", begin("/"), "X: y\r\n".repeat(500)), "HTTP/1.1 431 "),
            (format!("{}no header\r\n\r\n", begin("/")), "HTTP/1.1 400 "),
            (format!("{}Content-Length: x\r\n\r\n", begin("/")), "HTTP/1.1 400 "),
            ("\0\u{1}\u{2}\r\n\r\n".to_owned(), "HTTP/1.1 400 "),
        ] {
            let answer = raw(&server, bytes.as_bytes()).await;
            assert!(answer.starts_with(expected), "{:?}: {answer}", bytes.get(..60));
        }
        // No TLS at all, and a connection that says nothing.
        let mut plain = TcpStream::connect(server.address()).await.expect("a connection");
        plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("written");
        let _ = plain.read_to_end(&mut Vec::new()).await;
        let _silent = TcpStream::connect(server.address()).await.expect("a connection");
        assert_eq!(get(&mut client(&server).await, &server, "/on").await.0, StatusCode::OK);
    });
}

/// The clock runs as soon as everybody waits.
#[tokio::test]
async fn clients_that_never_finish_are_not_waited_for() {
    let server = Server::start(Arc::new(Probe::default()), 0).expect("a server");
    let mut silent = TcpStream::connect(server.address()).await.expect("a connection");
    let mut half_a_head = connect(&server).await;
    half_a_head.write_all(b"GET / HT").await.expect("written");
    let mut no_body = connect(&server).await;
    let token = server.tokens().next().expect("a user").1;
    let head = format!("POST / HTTP/1.1\r\nHost: l\r\nAuthorization: Bearer {token}\r\nContent-Length: 5\r\n\r\nx");
    no_body.write_all(head.as_bytes()).await.expect("written");
    tokio::time::pause();
    let begin = tokio::time::Instant::now();
    let mut answer = vec![0; 4096];
    let length = no_body.read(&mut answer).await.expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 504 ") && answer.contains("did not complete within the allotted timeout"), "{answer}");
    let _ = half_a_head.read_to_end(&mut Vec::new()).await;
    let _ = silent.read_to_end(&mut Vec::new()).await;
    assert!(begin.elapsed() <= IDLE + Duration::from_secs(1), "{:?}", begin.elapsed());
}

#[test]
fn long_json_is_compressed_for_who_takes_it() {
    with_server(|server, _, _| async move {
        let mut client = client(&server).await;
        let (head, plain) = fetch(&mut client, call(&server, "/big").body(Full::default()).expect("a call")).await;
        assert_eq!((head.headers.get("content-encoding"), plain.len()), (None, 200_002));
        let call = call(&server, "/big").header("accept-encoding", "gzip").body(Full::default()).expect("a call");
        let (head, packed) = fetch(&mut client, call).await;
        assert_eq!(
            (&head.headers["content-encoding"], &head.headers["vary"]),
            (&"gzip".parse().expect("v"), &"Accept-Encoding".parse().expect("v"))
        );
        let mut unpacked = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).expect("gzip");
        assert_eq!(unpacked, plain);
    });
}

#[test]
fn a_client_that_does_not_read_holds_its_stream_up_and_nothing_else() {
    with_server(|server, _, pulled| async move {
        let mut slow = client(&server).await;
        let body = slow.send_request(call(&server, "/long").body(Full::default()).expect("a call")).await.expect("an answer").into_body();
        let mut quick = client(&server).await;
        for _ in 0..200 {
            assert_eq!(get(&mut quick, &server, "/on").await.0, StatusCode::OK);
        }
        let waiting = pulled.load(Ordering::SeqCst);
        assert!((1..PIECES).contains(&waiting), "{waiting} pieces were asked for");
        assert_eq!(body.collect().await.expect("a body").to_bytes().len(), PIECE * PIECES);
        assert_eq!(pulled.load(Ordering::SeqCst), PIECES);
    });
}

#[test]
fn a_stream_ends_with_its_client() {
    with_server(|server, mut quiet, _| async move {
        let mut client = client(&server).await;
        let call = call(&server, "/quiet").body(Full::default()).expect("a call");
        let mut body = client.send_request(call).await.expect("an answer").into_body();
        assert_eq!(body.frame().await.expect("a piece").expect("a frame").into_data().expect("data"), "first");
        assert_eq!(*quiet.borrow(), 1);
        drop((body, client));
        quiet.wait_for(|held| *held == 0).await.expect("let go");
    });
}

#[test]
fn everything_ends_with_the_server() {
    with_server(|server, quiet, _| async move {
        let mut first = client(&server).await;
        let quiet_call = call(&server, "/quiet").body(Full::default()).expect("a call");
        let mut body = first.send_request(quiet_call).await.expect("an answer").into_body();
        body.frame().await.expect("a piece").expect("a frame");
        let mut idle = client(&server).await;
        get(&mut idle, &server, "/on").await;
        let stuck = client(&server).await.send_request(call(&server, "/long").body(Full::default()).expect("a call")).await;
        let address = server.address();
        server.stop().await;
        // The stream has its regular end; nothing is left, though one client never read.
        assert!(body.frame().await.is_none());
        assert_eq!(*quiet.borrow(), 0);
        // The client's own task has to hear of it first.
        while idle.ready().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert!(TcpStream::connect(address).await.is_err());
        drop(stuck);
    });
}

#[test]
fn a_server_that_is_dropped_ends() {
    with_server(|server, mut quiet, _| async move {
        let mut client = client(&server).await;
        let call = call(&server, "/quiet").body(Full::default()).expect("a call");
        let mut body = client.send_request(call).await.expect("an answer").into_body();
        body.frame().await.expect("a piece").expect("a frame");
        drop(server);
        assert!(body.frame().await.is_none());
        quiet.wait_for(|held| *held == 0).await.expect("let go");
    });
}

#[test]
fn a_websocket_is_a_conversation() {
    with_server(|server, _, _| async move {
        let (_, token) = server.tokens().next().expect("a user");
        let mut call = format!("ws://localhost:{}/socket", server.address().port()).into_client_request().expect("a call");
        let headers = call.headers_mut();
        headers.insert("authorization", format!("Bearer {token}").parse().expect("a value"));
        headers.insert("sec-websocket-protocol", "v5.channel.k8s.io, v4.channel.k8s.io".parse().expect("a value"));
        let (mut socket, answer) = tokio_tungstenite::client_async(call, connect(&server).await).await.expect("a websocket");
        assert_eq!(answer.headers()["sec-websocket-protocol"], "v5.channel.k8s.io");
        for length in [1, 100_000] {
            socket.send(Message::binary(vec![7; length])).await.expect("sent");
            assert_eq!(socket.next().await.expect("a message").expect("no error").into_data().len(), length);
        }
        server.stop().await;
        assert!(!matches!(socket.next().await, Some(Ok(_))), "it ends with the server");
    });
}

#[test]
fn a_websocket_that_was_not_asked_for_is_refused() {
    with_server(|server, _, _| async move {
        let mut client = client(&server).await;
        let expected = status(400, "BadRequest", "Upgrade request required");
        assert_eq!(get(&mut client, &server, "/socket").await, expected);
        for (name, value) in [("upgrade", "SPDY/3.1"), ("upgrade", "websocket")] {
            let call = call(&server, "/socket").header("connection", "Upgrade").header(name, value).body(Full::default());
            assert_eq!(fetch(&mut client, call.expect("a call")).await.0.status, StatusCode::BAD_REQUEST);
        }
    });
}

#[test]
fn a_port_that_is_taken_is_named() {
    with_server(|server, _, _| async move {
        let port = server.address().port();
        let error = Server::start(Arc::new(Probe::default()), port).err().expect("taken").to_string();
        assert!(error.contains(&format!("port {port} of 127.0.0.1 is taken")) && error.contains("--port"), "{error}");
    });
    assert!(matches!(Server::start(Arc::new(Probe::default()), 0), Err(ServeError::Runtime(_))), "no runtime is entered");
}

#[test]
fn the_kubeconfig_names_every_user() {
    with_server(|server, _, _| async move {
        let config = kube::config::Kubeconfig::from_yaml(&server.kubeconfig()).expect("a kubeconfig");
        assert_eq!(config.current_context.as_deref(), Some("demo"));
        let names: Vec<&str> = config.contexts.iter().map(|context| context.name.as_str()).collect();
        assert_eq!(names, ["demo", "demo-viewer", "demo-poller", "demo-team-shop", "demo-team-1", "demo-nobody"]);
        let context = config.contexts[3].context.clone().expect("a context");
        assert_eq!(
            (context.cluster.as_str(), context.user.as_deref(), context.namespace.as_deref()),
            (CLUSTER, Some("demo-team-shop"), Some("shop"))
        );
        let cluster = config.clusters[0].cluster.as_ref().expect("a cluster");
        assert_eq!((config.clusters.len(), cluster.server.as_deref()), (1, Some(&*format!("https://{}", server.address()))));
        let unread = kube::Config::from_custom_kubeconfig(config.clone(), &Default::default()).await.expect("usable");
        assert_eq!(unread.root_cert.map(|roots| roots.len()), Some(1));
    });
}
