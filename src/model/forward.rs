//! Port-forward: what is asked for, and how a forward that is open does. Plain data: the gate (`cluster::write::forward`)
//! opens forwards and says what happens to them, the view lists them. Which port of which pod is meant is decided in
//! [`ports`] and [`choice`].

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::reference::Reference;
use super::shell::quoted;
use super::time::Seconds;

pub mod choice;
pub mod ports;

/// So many errors and moves of one forward are kept to be read.
const KEPT: usize = 20;

/// The port of this machine that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// The same number as the other end's, where it is free and needs no right; else another one.
    Same,
    /// Any that is free: kubectl's `:80` and `0:80`.
    Any,
    /// This one, or nothing.
    Exactly(u16),
}

/// A port of a pod, a service or a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// By its number.
    Number(u16),
    /// By its name.
    Name(Arc<str>),
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remote::Number(number) => write!(f, "{number}"),
            Remote::Name(name) => f.write_str(name),
        }
    }
}

/// What a person asks for: `8080`, `http`, `9000:http`, `:http`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarding {
    /// The port of this machine.
    pub local: Local,
    /// The port of the other end.
    pub remote: Remote,
}

impl Forwarding {
    /// Reads `[LOCAL:]PORT`.
    ///
    /// # Errors
    /// It is none, in words for a person.
    pub fn parse(text: &str) -> Result<Forwarding, String> {
        let wrong = |why: &str| format!("{text:?} is no port to forward: {why}, as in 8080, http, 9000:http or :http");
        let (local, remote) = text.split_once(':').map_or((None, text), |(local, remote)| (Some(local.trim()), remote));
        let remote = remote.trim();
        let number = |word: &str| word.parse::<u16>().map_err(|_| wrong("ports are numbers from 1 to 65535"));
        let digits = |word: &str| word.chars().all(|letter| letter.is_ascii_digit());
        let local = match local {
            None => Local::Same,
            Some("" | "0") => Local::Any,
            Some(word) => Local::Exactly(number(word)?),
        };
        let remote = match remote {
            "" => return Err(wrong("the port of the other end is missing")),
            word if digits(word) => match number(word)? {
                0 => return Err(wrong("nothing listens on port 0")),
                port => Remote::Number(port),
            },
            word if is_name(word) => Remote::Name(word.into()),
            _ => return Err(wrong("a port is a number or a name")),
        };
        Ok(Forwarding { local, remote })
    }

    /// The command line that asks for the same with another port of this machine.
    pub fn with_local(&self, local: u16) -> String {
        format!("port-forward {local}:{}", self.remote)
    }

    /// The same as a kubectl command's arguments: `8080:http`.
    pub fn kubectl(&self) -> String {
        match self.local {
            Local::Same => quoted(&self.remote.to_string()),
            Local::Any => quoted(&format!(":{}", self.remote)),
            Local::Exactly(local) => quoted(&format!("{local}:{}", self.remote)),
        }
    }
}

/// What can be the name of a port (`validation.IsValidPortName`, and a Service's DNS label), as far as it matters here.
fn is_name(word: &str) -> bool {
    word.len() <= 63 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// What went through a forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes from the pod.
    pub received: u64,
    /// Bytes to the pod.
    pub sent: u64,
    /// Connections that are open.
    pub open: usize,
    /// Connections that there were, those that are open too.
    pub total: u64,
    /// Connections that failed.
    pub errors: u64,
}

/// Where new connections of a forward go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goes {
    /// To this pod's port.
    To(Arc<str>, u16),
    /// Nowhere yet: what they wait for.
    Waits(Arc<str>),
}

/// A forward as it was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// What it leads to: a pod, a service, a workload.
    pub target: Reference,
    /// What was asked for.
    pub asked: Forwarding,
    /// In which context.
    pub context: Arc<str>,
    /// Where it listens, the first one to be shown: `127.0.0.1:8080`, `[::1]:8080`.
    pub addresses: Vec<String>,
    /// The port of this machine.
    pub port: u16,
    /// Where new connections go.
    pub goes: Goes,
}

/// What the task of an open forward says.
#[derive(Clone, Debug)]
pub enum Told {
    /// It listens.
    Opened(Box<Opened>),
    /// New connections go elsewhere; words for a person.
    Moved(Goes, String),
    /// What went through it; said at most once a second.
    Counted(Counts),
    /// Connections failed: why, and how many.
    Failed(Arc<str>, u64),
    /// It ended.
    Ended,
}

/// An open forward, as the list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    /// The number of the act that opened it.
    pub number: u64,
    /// How it was opened.
    pub opened: Opened,
    /// Since when.
    pub since: Seconds,
    /// Where new connections go now.
    pub goes: Goes,
    /// What went through it.
    pub counts: Counts,
    /// When which connections failed, the newest last; an error that comes again is one with how often.
    pub errors: VecDeque<(Seconds, Arc<str>, u64)>,
    /// When it went to other pods, the newest last.
    pub moves: VecDeque<(Seconds, String)>,
}

impl Forward {
    /// One that was opened just now.
    pub fn new(number: u64, opened: Opened, now: Seconds) -> Forward {
        let goes = opened.goes.clone();
        Forward { number, opened, since: now, goes, counts: Counts::default(), errors: VecDeque::new(), moves: VecDeque::new() }
    }

    /// Takes what its task says. Whether something happened besides counting.
    pub fn take(&mut self, told: &Told, now: Seconds) -> bool {
        match told {
            Told::Counted(counts) => {
                self.counts = *counts;
                return false;
            }
            Told::Moved(goes, words) => {
                self.goes = goes.clone();
                self.moves.push_back((now, words.clone()));
            }
            Told::Failed(why, count) => match self.errors.back_mut() {
                Some((at, last, often)) if last == why => {
                    *at = now;
                    *often += count;
                }
                _ => self.errors.push_back((now, why.clone(), *count)),
            },
            Told::Opened(_) | Told::Ended => {}
        }
        while self.errors.len() > KEPT {
            self.errors.pop_front();
        }
        while self.moves.len() > KEPT {
            self.moves.pop_front();
        }
        true
    }

    /// Where it listens: `127.0.0.1:8080`.
    pub fn address(&self) -> &str {
        self.opened.addresses.first().map_or("", |address| address)
    }

    /// What a browser takes: `http://127.0.0.1:8080`. Whether the other end speaks HTTP, nobody knows.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// It leads to this object, or goes to it now.
    pub fn is_of(&self, object: &Reference, context: &str) -> bool {
        let Opened { target, context: own, .. } = &self.opened;
        let same = target.kind == object.kind && target.name == object.name;
        let pod = &*object.kind.plural == "pods" && matches!(&self.goes, Goes::To(pod, _) if *pod == object.name);
        **own == *context && target.namespace == object.namespace && (same || pod)
    }
}

/// Bytes as a person reads them: `0 B`, `12.3 MiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let (mut value, mut unit) = (count as f64, 0);
    // 1023.96 would be printed as 1024.0.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kind::Kind;
    use crate::model::row::Uid;

    #[test]
    fn ports_are_asked_for_as_kubectl_takes_them() {
        let named = |name: &str| Remote::Name(name.into());
        for (text, local, remote) in [
            ("8080", Local::Same, Remote::Number(8080)),
            ("http", Local::Same, named("http")),
            ("9000:http", Local::Exactly(9000), named("http")),
            ("9000:80", Local::Exactly(9000), Remote::Number(80)),
            (":80", Local::Any, Remote::Number(80)),
            ("0:80", Local::Any, Remote::Number(80)),
        ] {
            assert_eq!(Forwarding::parse(text), Ok(Forwarding { local, remote }), "{text}");
        }
        for text in ["", "80:", "0", "70000", "x:80", "80:70000", "Http", "80:8080:90", "a b"] {
            assert!(Forwarding::parse(text).is_err(), "{text}");
        }
        let asked = Forwarding::parse("9000:http").unwrap();
        assert_eq!((asked.with_local(9001).as_str(), asked.kubectl().as_str()), ("port-forward 9001:http", "9000:http"));
    }

    #[test]
    fn bytes_have_a_unit_that_fits() {
        for (count, text) in [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_048_575, "1.0 MiB"), (100 << 20, "100.0 MiB")] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn an_error_that_comes_again_is_counted_and_old_ones_are_forgotten() {
        let object = |plural: &str, name: &str| Reference {
            kind: Arc::new(Kind { version: "v1".into(), plural: plural.into(), ..Kind::default() }),
            namespace: "shop".into(),
            name: name.into(),
            uid: Uid::new("u"),
        };
        let opened = Opened {
            target: object("services", "web"),
            asked: Forwarding::parse("80").unwrap(),
            context: "dev".into(),
            addresses: vec!["127.0.0.1:8080".into(), "[::1]:8080".into()],
            port: 8080,
            goes: Goes::To("web-1".into(), 80),
        };
        let mut forward = Forward::new(1, opened, 5);
        assert_eq!(forward.url(), "http://127.0.0.1:8080");
        assert!(!forward.take(&Told::Counted(Counts { sent: 3, ..Counts::default() }), 6));
        assert!(forward.take(&Told::Failed("no".into(), 1), 6) && forward.take(&Told::Failed("no".into(), 3), 7));
        assert_eq!(forward.errors, [(7, "no".into(), 4)]);
        for n in 0..50 {
            forward.take(&Told::Failed(format!("{n}").into(), 1), 8);
            forward.take(&Told::Moved(Goes::To("web-2".into(), 80), "elsewhere".into()), 8);
        }
        assert_eq!((forward.errors.len(), forward.moves.len()), (KEPT, KEPT));
        assert!(forward.is_of(&object("services", "web"), "dev") && forward.is_of(&object("pods", "web-2"), "dev"));
        assert!(!forward.is_of(&object("pods", "web-1"), "dev") && !forward.is_of(&object("services", "web"), "prod"));
    }
}
