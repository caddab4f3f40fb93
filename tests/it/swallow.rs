//! A bad network: a TCP proxy before the API server that swallows bytes or cuts connections when it is told to.
//!
//! A connection that was swallowed once stays dead, as behind a router that forgot it: it is open, takes what is sent and
//! never answers. Only connections made after [`Proxy::forward`] work again.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::kubeconfig::Kubeconfig;

/// Bytes pass.
const FORWARD: u8 = 0;
/// Connections are accepted and stay open, and every byte is taken and forgotten.
const SWALLOW: u8 = 1;
/// Connections are closed as soon as they are accepted.
const CUT: u8 = 2;
/// The proxy ends.
const OVER: u8 = 3;

/// How long a read waits before it looks whether the mode has changed.
const LOOK: Duration = Duration::from_millis(20);

/// The proxy: listens on a port of its own until it is dropped.
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
}

struct Shared {
    target: String,
    mode: AtomicU8,
    /// Counts the times that connections were given up: one that began before the last of them is dead.
    generation: AtomicU64,
    accepted: AtomicUsize,
    open: AtomicUsize,
    forwarded: AtomicU64,
    swallowed: AtomicU64,
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// Starts one before `target` (`host:port`), forwarding.
    pub fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared {
            target: target.to_owned(),
            mode: AtomicU8::new(FORWARD),
            generation: AtomicU64::new(0),
            accepted: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            forwarded: AtomicU64::new(0),
            swallowed: AtomicU64::new(0),
            streams: Mutex::default(),
        });
        let accepting = shared.clone();
        std::thread::spawn(move || accepting.accept(&listener));
        Proxy { shared, address }
    }

    /// Starts one before the server of a kubeconfig's current context, and writes a kubeconfig that leads through it.
    pub fn before(kubeconfig: &Path, folder: &Path) -> (Self, PathBuf) {
        let config = Kubeconfig::read(kubeconfig);
        let proxy = Proxy::start(&config.address());
        let path = config.through(proxy.port()).write(&folder.join("through-proxy"));
        (proxy, path)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// New connections work (again).
    pub fn forward(&self) {
        self.shared.mode.store(FORWARD, Ordering::SeqCst);
    }

    /// From now on every connection, old or new, stays open and takes bytes, and nothing arrives on either side.
    pub fn swallow(&self) {
        self.shared.mode.store(SWALLOW, Ordering::SeqCst);
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Closes every connection, and each new one at once.
    pub fn cut(&self) {
        self.shared.mode.store(CUT, Ordering::SeqCst);
        self.shared.close();
    }

    /// Connections accepted so far, also those that were cut.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// Bytes that passed, both ways.
    pub fn forwarded(&self) -> u64 {
        self.shared.forwarded.load(Ordering::SeqCst)
    }

    /// Bytes that were swallowed, both ways.
    pub fn swallowed(&self) -> u64 {
        self.shared.swallowed.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.mode.store(OVER, Ordering::SeqCst);
        self.shared.close();
        // The accepting thread waits for a connection: this is one.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            let mode = self.mode.load(Ordering::SeqCst);
            if mode == OVER {
                return;
            }
            let Ok(client) = stream else { continue };
            self.accepted.fetch_add(1, Ordering::SeqCst);
            if mode == CUT {
                let _ = client.shutdown(Shutdown::Both);
                continue;
            }
            let shared = self.clone();
            std::thread::spawn(move || shared.serve(client));
        }
    }

    /// One connection, until both sides are done with it.
    fn serve(self: Arc<Self>, client: TcpStream) {
        let generation = self.generation.load(Ordering::SeqCst);
        let dead = self.mode.load(Ordering::SeqCst) == SWALLOW;
        self.open.fetch_add(1, Ordering::SeqCst);
        self.keep(&client);
        if dead {
            self.pump(&client, None, generation);
        } else if let Ok(server) = TcpStream::connect(&self.target) {
            self.keep(&server);
            std::thread::scope(|scope| {
                scope.spawn(|| self.pump(&client, Some(&server), generation));
                self.pump(&server, Some(&client), generation);
            });
        }
        let _ = client.shutdown(Shutdown::Both);
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    /// Moves bytes one way; to nowhere without a `to`, or once the connection is dead.
    fn pump(&self, mut from: &TcpStream, to: Option<&TcpStream>, generation: u64) {
        let mut buffer = vec![0; 1 << 16];
        let _ = from.set_read_timeout(Some(LOOK));
        let _ = from.set_nodelay(true);
        loop {
            let read = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                    match self.mode.load(Ordering::SeqCst) {
                        CUT | OVER => return,
                        _ => continue,
                    }
                }
                Err(_) => break,
            };
            match to {
                Some(mut to) if generation == self.generation.load(Ordering::SeqCst) => {
                    // Counted first: who got them may look at once.
                    self.forwarded.fetch_add(read as u64, Ordering::SeqCst);
                    if to.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                }
                _ => drop(self.swallowed.fetch_add(read as u64, Ordering::SeqCst)),
            }
        }
        // That one side has closed is told to the other, except on a dead connection: nothing passes there.
        if let Some(to) = to.filter(|_| generation == self.generation.load(Ordering::SeqCst)) {
            let _ = to.shutdown(Shutdown::Write);
        }
    }

    fn keep(&self, stream: &TcpStream) {
        if let Ok(stream) = stream.try_clone() {
            self.streams.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
        }
        // Closed in between: nobody else would close this one.
        if self.mode.load(Ordering::SeqCst) >= CUT {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn close(&self) {
        for stream in self.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::kubetui;
    use crate::cluster::Cluster;
    use crate::wait::wait_until;

    const SOON: Duration = Duration::from_secs(10);

    /// A server that says everything back, on a port of its own.
    fn echo() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut back = stream.try_clone().unwrap();
                    std::io::copy(&mut stream, &mut back)
                });
            }
        });
        address
    }

    fn connect(proxy: &Proxy) -> TcpStream {
        let stream = TcpStream::connect(proxy.address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream
    }

    /// What comes back for some words.
    fn say(stream: &mut TcpStream, words: &str) -> std::io::Result<String> {
        stream.write_all(words.as_bytes())?;
        let mut back = vec![0; words.len()];
        stream.read_exact(&mut back)?;
        Ok(String::from_utf8(back).unwrap())
    }

    /// That nothing comes back, but the connection stays open.
    fn is_swallowed(proxy: &Proxy, stream: &mut TcpStream) {
        let before = proxy.swallowed();
        stream.write_all(b"lost").unwrap();
        wait_until(SOON, "bytes to be swallowed", || if proxy.swallowed() >= before + 4 { Ok(()) } else { Err("none".to_owned()) });
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let error = stream.read(&mut [0; 4]).expect_err("nothing comes, not even the end");
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
        stream.set_read_timeout(Some(SOON)).unwrap();
    }

    #[test]
    fn bytes_pass_and_the_end_too() {
        let proxy = Proxy::start(&echo());
        let mut stream = connect(&proxy);
        assert_eq!(say(&mut stream, "hello").unwrap(), "hello");
        assert_eq!((proxy.accepted(), proxy.open(), proxy.forwarded()), (1, 1, 10));
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(stream.read(&mut [0; 4]).unwrap(), 0, "the end comes back");
        wait_until(SOON, "the connection to be closed", || if proxy.open() == 0 { Ok(()) } else { Err("open".to_owned()) });
    }

    #[test]
    fn swallowed_connections_stay_open_and_dead_and_new_ones_work_again() {
        let proxy = Proxy::start(&echo());
        let mut old = connect(&proxy);
        assert_eq!(say(&mut old, "one").unwrap(), "one");
        proxy.swallow();
        is_swallowed(&proxy, &mut old);
        let mut during = connect(&proxy);
        is_swallowed(&proxy, &mut during);
        assert_eq!(proxy.forwarded(), 6, "nothing passed");
        proxy.forward();
        is_swallowed(&proxy, &mut old);
        is_swallowed(&proxy, &mut during);
        let mut new = connect(&proxy);
        assert_eq!(say(&mut new, "two").unwrap(), "two");
        assert_eq!((proxy.accepted(), proxy.open()), (3, 3));
    }

    #[test]
    fn cut_connections_end_at_once_and_new_ones_too() {
        let proxy = Proxy::start(&echo());
        let mut old = connect(&proxy);
        assert_eq!(say(&mut old, "one").unwrap(), "one");
        proxy.cut();
        assert!(say(&mut old, "two").is_err());
        let mut new = connect(&proxy);
        assert!(say(&mut new, "three").is_err());
        wait_until(SOON, "all to be closed", || if proxy.open() == 0 { Ok(()) } else { Err("open".to_owned()) });
        proxy.forward();
        assert_eq!(say(&mut connect(&proxy), "four").unwrap(), "four");
    }

    #[test]
    fn a_proxy_that_is_dropped_lets_its_port_go() {
        let proxy = Proxy::start(&echo());
        let (address, mut stream) = (proxy.address, connect(&proxy));
        assert_eq!(say(&mut stream, "one").unwrap(), "one");
        drop(proxy);
        assert!(say(&mut stream, "two").is_err());
        wait_until(SOON, "nobody to listen", || TcpStream::connect(address).map_or(Ok(()), |_| Err("somebody does".to_owned())));
    }

    #[test]
    fn kubectl_reaches_the_server_through_it_until_it_is_cut() {
        let Some(cluster) = Cluster::from_env() else { return };
        let folder = tempfile::tempdir().unwrap();
        let (proxy, config) = Proxy::before(cluster.kubeconfig(), folder.path());
        let ready = || {
            cluster.try_kubectl(&["--kubeconfig".as_ref(), config.as_os_str(), "get".as_ref(), "--raw".as_ref(), "/readyz".as_ref()], "")
        };
        assert_eq!(ready().unwrap(), "ok");
        assert!(proxy.forwarded() > 0);
        proxy.cut();
        ready().expect_err("it is cut");
    }

    #[test]
    fn get_gives_up_on_a_network_that_swallows_everything() {
        let Some(cluster) = Cluster::from_env() else { return };
        let folder = tempfile::tempdir().unwrap();
        let (proxy, config) = Proxy::before(cluster.kubeconfig(), folder.path());
        assert!(kubetui(&config, &["get", "namespaces"]).output().contains("kube-system"));
        proxy.swallow();
        let ran = kubetui(&config, &["get", "namespaces", "--request-timeout", "2s"]);
        assert_ne!(ran.code, 0);
        assert_eq!(ran.out, "");
        assert!(!ran.err.trim().is_empty(), "it says why");
        assert!(ran.took < Duration::from_secs(15), "{:?}", ran.took);
    }
}
