//! The demo's sockets: HTTPS on loopback in front of a [`Service`], with a certificate authority and bearer tokens that are
//! made for the run. The only part of the demo, beside the streams that it writes, that waits.
//!
//! HTTP/1.1 only: every client of Kubernetes speaks it, and websockets need nothing more.

mod accounts;
mod barred;
mod certificate;
mod exchange;
mod kubeconfig;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::http::Service;
use accounts::Tokens;
pub use accounts::{Account, USERS};
use certificate::Identity;
pub use kubeconfig::CLUSTER;

/// How long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection may be idle, and how long a client may take for the head of a call. The API server's
/// `IdleTimeout`.
const IDLE: Duration = Duration::from_secs(90);
/// How long answers that are on their way may take when the server ends.
const GRACE: Duration = Duration::from_secs(1);
/// What is kept of an answer that a client does not read, and the longest head of a call.
const BUFFER: usize = 256 * 1024;
/// Connections at a time. More wait for the system to accept them; fewer than the usual limit of open files, of which
/// the dashboard in the same process needs some too.
const CONNECTIONS: usize = 512;

/// Why the demo cannot be served. `Display` is one line for a person.
#[derive(Debug)]
pub enum ServeError {
    /// Somebody else listens on this port.
    Taken {
        /// The port that was asked for.
        port: u16,
    },
    /// The port cannot be listened on for another reason (a privileged one).
    Listen {
        /// The port that was asked for.
        port: u16,
        /// The system's words.
        why: std::io::Error,
    },
    /// No certificate or token could be made.
    Identity(String),
    /// No threads could be made, or there are none that run tasks.
    Runtime(String),
}

impl std::fmt::Display for ServeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ServeError::Taken { port } => {
                write!(f, "port {port} of 127.0.0.1 is taken: choose another one with --port, or leave --port out for any that is free")
            }
            ServeError::Listen { port, why } => write!(f, "the demo cannot listen on port {port} of 127.0.0.1: {why}"),
            ServeError::Identity(why) => write!(f, "the demo cannot make its certificate: {why}"),
            ServeError::Runtime(why) => write!(f, "the demo cannot start: {why}"),
        }
    }
}

impl std::error::Error for ServeError {}

/// What all connections share.
struct Shared {
    service: Arc<dyn Service>,
    tokens: Tokens,
}

/// A running server. It ends when it is dropped, with its connections and streams.
pub struct Server {
    address: SocketAddr,
    authority: String,
    shared: Arc<Shared>,
    /// True from the end on. Every task holds a receiver, so that it is closed when all of them have ended.
    stopping: watch::Sender<bool>,
}

impl Server {
    /// Listens on a port of 127.0.0.1, any that is free for 0, and answers with the service. To be called where a tokio
    /// runtime is entered: connections are its tasks, and calls go to its blocking threads.
    ///
    /// # Errors
    /// The port cannot be had, no certificate can be made, or there is no runtime.
    pub fn start(service: Arc<dyn Service>, port: u16) -> Result<Server, ServeError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|e| ServeError::Runtime(e.to_string()))?;
        let listen = |why: std::io::Error| match why.kind() {
            std::io::ErrorKind::AddrInUse => ServeError::Taken { port },
            _ => ServeError::Listen { port, why },
        };
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let listener = TcpListener::from_std(listener).map_err(listen)?;
        let Identity { acceptor, authority } = Identity::new()?;
        let shared = Arc::new(Shared { service, tokens: Tokens::new()? });
        let (stopping, stopped) = watch::channel(false);
        runtime.spawn(accept(listener, acceptor, shared.clone(), stopped));
        Ok(Server { address, authority, shared, stopping })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of the authority that signed the server's, as PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Each user with its bearer token, in the order of [`USERS`].
    pub fn tokens(&self) -> impl Iterator<Item = (&'static Account, &str)> {
        self.shared.tokens.iter()
    }

    /// A kubeconfig (YAML) with one cluster and a context for each of [`USERS`].
    pub fn kubeconfig(&self) -> String {
        kubeconfig::text(self.address, &self.authority, self.tokens())
    }

    /// Ends it: streams end, other answers have a second to be read. Returns when nothing is left of it.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        self.stopping.closed().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.send_replace(true);
    }
}

/// Waits for the end of the server.
async fn end(stopping: &mut watch::Receiver<bool>) {
    // A sender that is gone is an end too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// One client.
#[derive(Clone)]
struct Connection {
    shared: Arc<Shared>,
    stopping: watch::Receiver<bool>,
    /// Given back when the last of the connection is gone: a conversation goes on after HTTP has ended.
    _permit: Arc<OwnedSemaphorePermit>,
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>, stopping: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let next = async {
        loop {
            // Before a client is accepted: one that finds no room waits where it costs nothing.
            let Ok(permit) = room.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let connection = Connection { shared: shared.clone(), stopping: stopping.clone(), _permit: Arc::new(permit) };
                    tokio::spawn(connection.run(stream, acceptor.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the demo cannot accept a connection");
                    // No files are left, perhaps: they come back when somebody else ends.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    };
    let mut stopped = stopping.clone();
    tokio::select! {
        () = next => {}
        () = end(&mut stopped) => {}
    }
}

impl Connection {
    async fn run(self, stream: TcpStream, acceptor: TlsAcceptor) {
        // Events are small, and each is waited for.
        let _ = stream.set_nodelay(true);
        let mut stopping = self.stopping.clone();
        let stream = tokio::select! {
            shaken = timeout(HANDSHAKE, acceptor.accept(stream)) => match shaken {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return tracing::debug!(%error, "the demo: no TLS"),
                Err(_) => return,
            },
            () = end(&mut stopping) => return,
        };
        let answer = service_fn(|call| exchange::answer(self.clone(), call));
        // A client that closes its side is gone, as for Go's server: otherwise a quiet watch would outlive its client.
        let mut http = http1::Builder::new();
        http.half_close(false).timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(BUFFER);
        let mut http = pin!(http.serve_connection(TokioIo::new(stream), answer).with_upgrades());
        let ended = tokio::select! {
            ended = http.as_mut() => ended,
            () = end(&mut stopping) => {
                http.as_mut().graceful_shutdown();
                timeout(GRACE, http).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "the demo: a connection ended");
        }
    }
}
