//! The port of this machine: on 127.0.0.1 and on ::1, as `localhost` may be either, and the same number on both.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::net::{TcpListener, TcpStream};

use crate::model::forward::{Forwarding, Local};

/// Ports below this one take a right.
const FREE: u16 = 1024;
/// Where a service of such a port is looked for on one's own machine: 8080 for 80, 8443 for 443.
const INSTEAD: u16 = 8000;
/// So many numbers after the one that is taken are looked at.
const NEAR: u16 = 50;
/// So many free ports are tried until one is free on both addresses.
const TRIES: usize = 16;

/// A port that is listened on. Until something is accepted, connections wait.
#[derive(Debug)]
pub(in crate::cluster::write) struct Listening {
    v4: Option<TcpListener>,
    v6: Option<TcpListener>,
    port: u16,
}

/// Why a port cannot be listened on.
#[derive(Debug, PartialEq, Eq)]
enum Unheard {
    /// Another program does.
    Taken,
    /// It takes a right.
    Right,
    /// Anything else, in the system's words.
    Other(String),
}

impl Listening {
    /// Listens on the port that is asked for; `same` is the other end's.
    ///
    /// # Errors
    /// It cannot: why, and which port is free.
    pub(in crate::cluster::write) async fn open(asked: &Forwarding, same: u16) -> Result<Listening, String> {
        let unheard = match asked.local {
            Local::Exactly(port) => match bind(port).await {
                Ok(listening) => return Ok(listening),
                Err(why) => {
                    let free = near(port).await.map(|listening| listening.port);
                    return Err(refusal(&why, port, free, asked));
                }
            },
            Local::Same => {
                if same >= FREE
                    && let Ok(listening) = bind(same).await
                {
                    return Ok(listening);
                }
                match near(same).await {
                    Some(listening) => return Ok(listening),
                    None => bind(0).await,
                }
            }
            Local::Any => bind(0).await,
        };
        unheard.map_err(|why| refusal(&why, 0, None, asked))
    }

    /// Its number.
    pub(in crate::cluster::write) fn port(&self) -> u16 {
        self.port
    }

    /// Where it can be reached, the one to be shown first.
    pub(in crate::cluster::write) fn addresses(&self) -> Vec<String> {
        let v4 = self.v4.as_ref().map(|_| format!("{}:{}", Ipv4Addr::LOCALHOST, self.port));
        let v6 = self.v6.as_ref().map(|_| format!("[{}]:{}", Ipv6Addr::LOCALHOST, self.port));
        v4.into_iter().chain(v6).collect()
    }

    /// The one to be shown.
    pub(in crate::cluster::write) fn address(&self) -> String {
        self.addresses().into_iter().next().unwrap_or_default()
    }

    /// The next connection. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// It was gone before it could be taken, or there are no files left.
    pub(in crate::cluster::write) async fn accept(&self) -> io::Result<TcpStream> {
        tokio::select! {
            accepted = next(self.v4.as_ref()) => accepted,
            accepted = next(self.v6.as_ref()) => accepted,
        }
    }
}

async fn next(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

/// Listens on a port of both addresses, as far as this machine has them; 0 is one that is free on both.
async fn bind(port: u16) -> Result<Listening, Unheard> {
    let mut tries = if port == 0 { TRIES } else { 1 };
    loop {
        tries -= 1;
        match both(port).await {
            Err(Unheard::Taken) if tries > 0 => {}
            ended => return ended,
        }
    }
}

async fn both(port: u16) -> Result<Listening, Unheard> {
    let v4 = one(Ipv4Addr::LOCALHOST.into(), port).await?;
    let port = match &v4 {
        Some(listener) => listener.local_addr().map_err(|error| Unheard::Other(error.to_string()))?.port(),
        None => port,
    };
    // Somebody else's program on ::1 would answer half of those who ask localhost.
    let v6 = one(Ipv6Addr::LOCALHOST.into(), port).await?;
    let own = v6.as_ref().and_then(|listener| listener.local_addr().ok()).map_or(port, |address| address.port());
    if v4.is_none() && v6.is_none() {
        return Err(Unheard::Other("this machine has neither 127.0.0.1 nor ::1".into()));
    }
    Ok(Listening { v4, v6, port: own })
}

/// Listens on one address; `None` where the machine has no such address.
async fn one(address: IpAddr, port: u16) -> Result<Option<TcpListener>, Unheard> {
    match TcpListener::bind((address, port)).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(Unheard::Taken),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(Unheard::Right),
        Err(error) if address.is_ipv6() || error.kind() == ErrorKind::AddrNotAvailable => {
            tracing::debug!(%address, %error, "port-forward");
            Ok(None)
        }
        Err(error) => Err(Unheard::Other(error.to_string())),
    }
}

/// Listens on a port that one would think of next.
async fn near(port: u16) -> Option<Listening> {
    let instead = (port < FREE).then_some(port + INSTEAD);
    let from = instead.unwrap_or(port);
    for port in instead.into_iter().chain(from.saturating_add(1)..=from.saturating_add(NEAR)).filter(|port| *port >= FREE) {
        if let Ok(listening) = bind(port).await {
            return Some(listening);
        }
    }
    None
}

/// Why, for a person, and what to type instead.
fn refusal(why: &Unheard, port: u16, free: Option<u16>, asked: &Forwarding) -> String {
    let why = match why {
        Unheard::Taken => format!("port {port} of this machine is taken"),
        Unheard::Right => format!("port {port} of this machine takes a right that you have not, as those below {FREE} do"),
        Unheard::Other(words) => format!("port {port} of this machine cannot be listened on: {words}"),
    };
    match free {
        Some(free) => format!("{why}; {free} is free (:{})", asked.with_local(free)),
        None => why,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn asked(text: &str) -> Forwarding {
        Forwarding::parse(text).unwrap()
    }

    #[tokio::test]
    async fn both_addresses_have_the_same_port() {
        let listening = Listening::open(&asked(":80"), 80).await.unwrap();
        assert!(listening.port() >= FREE);
        let addresses = listening.addresses();
        assert_eq!(addresses[0], format!("127.0.0.1:{}", listening.port()));
        for address in &addresses {
            let client = TcpStream::connect(address).await.unwrap();
            let mut accepted = listening.accept().await.unwrap();
            accepted.write_all(b"here").await.unwrap();
            drop(accepted);
            let mut said = String::new();
            tokio::io::BufReader::new(client).read_to_string(&mut said).await.unwrap();
            assert_eq!(said, "here", "{address}");
        }
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_said_with_one_that_is_free() {
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let taken = other.local_addr().unwrap().port();
        let why = Listening::open(&asked(&format!("{taken}:http")), 80).await.unwrap_err();
        assert!(why.starts_with(&format!("port {taken} of this machine is taken")), "{why}");
        // Near the end of all numbers there may be none.
        if taken < u16::MAX - NEAR {
            assert!(why.contains(" is free (:port-forward ") && why.ends_with(":http)"), "{why}");
        }
        let same = Listening::open(&asked(&taken.to_string()), taken).await.unwrap();
        assert_ne!(same.port(), taken, "where none is named another one will do");
    }

    #[tokio::test]
    async fn a_port_that_is_taken_on_one_address_is_taken() {
        let Ok(other) = TcpListener::bind("[::1]:0").await else { return };
        let taken = other.local_addr().unwrap().port();
        assert_eq!(bind(taken).await.map(|listening| listening.port), Err(Unheard::Taken));
    }

    #[tokio::test]
    async fn a_port_that_takes_a_right_is_another_one_here() {
        let listening = Listening::open(&asked("80"), 80).await.unwrap();
        assert!((INSTEAD + 80..=INSTEAD + 80 + NEAR).contains(&listening.port()), "{}", listening.port());
        let words = refusal(&Unheard::Right, 80, Some(8080), &asked("80:http"));
        assert_eq!(
            words,
            "port 80 of this machine takes a right that you have not, as those below 1024 do; 8080 is free (:port-forward 8080:http)"
        );
    }
}
