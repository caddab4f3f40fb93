//! What answers on the ports of a pod: a small web server, or an echo.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;

/// A pod, to those who reach its ports.
pub(super) struct Place {
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) uid: String,
    pub(super) node: String,
    /// Numbers and names of the ports that its containers listen on.
    pub(super) ports: Vec<(u16, String)>,
}

/// Ports of programs that do not speak HTTP: what they are sent they send back.
const NOT_HTTP: [u16; 9] = [7, 3306, 4222, 5432, 5672, 6379, 9092, 11_211, 27_017];
/// Most bytes that `/echo` takes.
const MOST_ECHOED: usize = 64 << 20;
/// Bytes of a download that are made at once.
const PIECE: u64 = 16 << 10;

impl Place {
    /// A container listens on a port.
    pub(super) fn listens(&self, port: u16) -> bool {
        self.ports.iter().any(|(number, _)| *number == port)
    }

    fn echoes(&self, port: u16) -> bool {
        NOT_HTTP.contains(&port) || self.ports.iter().any(|(number, name)| *number == port && name == "echo")
    }

    /// Why nothing is behind a port: containerd's words in the kubelet's.
    pub(super) fn refused(&self, port: u16) -> String {
        let id: String = self.uid.chars().filter(char::is_ascii_alphanumeric).collect();
        format!(
            "error forwarding port {port} to pod {id}, uid : failed to execute portforward in network namespace \"/var/run/netns/cni-{}\": \
             failed to connect to localhost:{port} inside namespace \"{id}\", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused \
             IPv6 dial tcp6 [::1]:{port}: connect: connection refused ",
            self.uid
        )
    }
}

/// Answers on a port until the other side hangs up.
pub(super) async fn answer(place: Arc<Place>, port: u16, io: DuplexStream) {
    if place.echoes(port) {
        let (mut from, mut to) = tokio::io::split(io);
        // Ends when the client does, in whichever way.
        let _ = tokio::io::copy(&mut from, &mut to).await;
        return;
    }
    let service = service_fn(move |request| {
        let place = place.clone();
        async move { Ok::<_, Infallible>(page(&place, port, request).await) }
    });
    // A client that speaks no HTTP is hung up on; there is nobody to be told.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service).await;
}

type Page = Response<BoxBody<Bytes, Infallible>>;

fn whole(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Page {
    let mut page = Response::new(Full::new(body.into()).boxed());
    *page.status_mut() = status;
    page.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    page
}

async fn page(place: &Place, port: u16, request: Request<Incoming>) -> Page {
    const TEXT: &str = "text/plain; charset=utf-8";
    let path = request.uri().path().to_owned();
    match path.as_str() {
        "/" | "/index.html" => whole(StatusCode::OK, "text/html; charset=utf-8", index(place, port)),
        "/healthz" | "/readyz" | "/livez" => whole(StatusCode::OK, TEXT, "ok\n"),
        "/echo" if request.method() == Method::POST => match Limited::new(request.into_body(), MOST_ECHOED).collect().await {
            Ok(body) => whole(StatusCode::OK, "application/octet-stream", body.to_bytes()),
            Err(_) => whole(StatusCode::PAYLOAD_TOO_LARGE, TEXT, "the body is too large, or was cut off\n"),
        },
        "/echo" => whole(StatusCode::METHOD_NOT_ALLOWED, TEXT, "POST something\n"),
        path => match path.strip_prefix("/bytes/").and_then(|n| n.parse::<u64>().ok()) {
            Some(count) => download(count),
            None => whole(StatusCode::NOT_FOUND, TEXT, format!("{path}: there is no such page\n")),
        },
    }
}

fn index(place: &Place, port: u16) -> String {
    let Place { namespace, pod, node, .. } = place;
    format!(
        "<!doctype html>\n<title>{pod}</title>\n<h1>{pod}</h1>\n<p>Port {port} of the pod {namespace}/{pod} on {node}.\n\
         <p><a href=\"/healthz\">/healthz</a>, <a href=\"/bytes/1000000\">/bytes/N</a>, POST to /echo\n"
    )
}

/// So many bytes, counted from 0 to 250 again and again, made as they are read.
fn download(count: u64) -> Page {
    let piece = move |at: u64| (at..count.min(at + PIECE)).map(|n| (n % 251) as u8).collect::<Vec<u8>>();
    let pieces = stream::iter((0..count).step_by(PIECE as usize)).map(move |at| Ok(Frame::data(piece(at).into())));
    let mut page = Response::new(BodyExt::boxed(StreamBody::new(pieces)));
    page.headers_mut().insert(header::CONTENT_LENGTH, count.into());
    page.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/octet-stream"));
    page
}
