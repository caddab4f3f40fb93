//! Port-forward: a port of this machine that leads to a port of a pod, for as long as a person wants it.
//!
//! One task an open forward. It listens ([`listen`]), knows the pods by a watch of its own ([`pods`]), and has one task for
//! each TCP connection, which opens a way into a pod ([`dial`]) and carries bytes both ways ([`carry`]). The listener stays
//! open whatever happens to pods and servers: what cannot be dialled is closed, counted and said.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Answer, Gate};
use crate::cluster::connect::Session;
use crate::cluster::kubeconfig::Target;
use crate::cluster::request;
use crate::event::{Event, Update, WatchId};
use crate::model::act::{Entry, Step};
use crate::model::forward::{Counts, Forwarding, Goes, Opened, Told, bytes};
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::model::row::{Row, Uid};
use crate::model::store::Delta;
use crate::model::time;

pub(super) mod aim;
mod carry;
mod dial;
pub(super) mod listen;
mod pods;

use self::aim::{Aim, By};
use self::dial::Dialling;
use self::listen::Listening;
use self::pods::Pods;

/// The command's name: what rails and the journal call it.
pub(super) const VERB: &str = "port-forward";
/// So many connections of one forward are open at once; others wait in the kernel's queue.
const MOST: usize = 500;
/// What went through is said so often, while it changes.
const TELL: Duration = Duration::from_secs(1);
/// So many different errors are kept until they are said.
const FAILURES: usize = 8;
/// Nothing is accepted for so long after it failed: there are no files left, and trying again at once would not help.
const REST: Duration = Duration::from_millis(200);

/// The watch of the service itself; those of its pods are counted from 0.
const TARGET: WatchId = WatchId(u64::MAX);

/// A forward that was prepared: it listens, and accepts nothing yet.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) target: Reference,
    pub(super) asked: Forwarding,
    pub(super) listening: Listening,
    /// The kind of pods.
    pub(super) kind: Arc<Kind>,
    pub(super) aim: Aim,
    /// The pods as they were when it was asked.
    pub(super) rows: Vec<Row>,
}

impl Opening {
    /// The pods that it leads into, as far as rails are about them.
    pub(super) fn pods(&self) -> Reference {
        let name = if let By::Name(name) = &self.aim.by { name.clone() } else { "".into() };
        Reference { kind: self.kind.clone(), namespace: self.target.namespace.clone(), name, uid: Uid::new("") }
    }

    /// Where new connections would go, and which pod that is.
    pub(super) fn goes(&self) -> (Goes, Option<Uid>) {
        let pods = Pods::new(self.rows.clone());
        let choice = pods.choose(&self.aim, &self.kind, None);
        (choice.goes(), choice.first())
    }

    /// `127.0.0.1:8080 → port 80 of pod web-1`.
    pub(super) fn words(&self, goes: &Goes) -> String {
        let address = self.listening.address();
        match goes {
            Goes::To(pod, port) => format!("{address} → port {port} of pod {pod}"),
            Goes::Waits(why) => format!("{address} → port {}, as soon as there is a pod for it: {why}", self.aim.wanted),
        }
    }
}

/// What went through, counted by the connections themselves.
#[derive(Debug, Default)]
struct Counters {
    received: AtomicU64,
    sent: AtomicU64,
}

/// Opens a forward that was prepared. It goes on until `answer` says stop, or nobody can say it any more.
pub(super) async fn begin(gate: &Gate, number: u64, session: &Session, opening: Arc<Opening>, answer: watch::Receiver<Answer>) -> Step {
    let (goes, current) = opening.goes();
    let words = opening.words(&goes);
    gate.note(entry(gate, &opening, &goes, Ok(words.clone()))).await;
    let opened = Opened {
        target: opening.target.clone(),
        asked: opening.asked.clone(),
        context: gate.context.clone(),
        addresses: opening.listening.addresses(),
        port: opening.listening.port(),
        goes: goes.clone(),
    };
    let _ = gate.out.send(Event::Forward(number, Told::Opened(Box::new(opened)))).await;
    // What the act needed of the context and its journal is not kept for the life of the forward.
    let gate = Gate { journal: [].into(), ..gate.clone() };
    let (doubt, doubted) = mpsc::channel(16);
    let (choice, chosen) = watch::channel(Pods::new(opening.rows.clone()).choose(&opening.aim, &opening.kind, current.as_ref()));
    let counters = Arc::new(Counters::default());
    let dialling = Arc::new(Dialling { gate: gate.clone(), server: session.target().clone(), chosen, doubt, counters: counters.clone() });
    let serving = Serving {
        number,
        pods: Pods::new(opening.rows.clone()),
        aim: opening.aim.clone(),
        turned: false,
        choice,
        current,
        goes,
        began: Instant::now(),
        counters,
        counts: Counts::default(),
        told: Counts::default(),
        failures: Vec::new(),
        complained: None,
        connections: JoinSet::new(),
        dialling,
        opening,
        gate,
    };
    tokio::spawn(serving.run(answer, doubted));
    Step::Done(words)
}

/// What the journal has of a forward: when it begins, and once more when it ends.
fn entry(gate: &Gate, opening: &Opening, goes: &Goes, outcome: Result<String, String>) -> Entry {
    let namespace = &opening.target.namespace;
    let path = match goes {
        Goes::To(pod, port) => format!("{}/portforward?ports={port}", request::object(&opening.kind, namespace, pod)),
        Goes::Waits(_) => format!("{}/*/portforward", opening.kind.path(Some(namespace))),
    };
    let sent = json!({"local": opening.listening.addresses(), "port": opening.asked.remote.to_string()});
    gate.entry(VERB, &opening.target, path, sent, outcome)
}

/// An open forward.
struct Serving {
    number: u64,
    gate: Gate,
    opening: Arc<Opening>,
    dialling: Arc<Dialling>,
    pods: Pods,
    /// Which pods, as of now.
    aim: Aim,
    /// It was aimed elsewhere, and nothing was said of it yet.
    turned: bool,
    /// Tells connections where to go.
    choice: watch::Sender<pods::Choice>,
    /// The pod that new connections go to.
    current: Option<Uid>,
    goes: Goes,
    began: Instant,
    counters: Arc<Counters>,
    counts: Counts,
    /// What was said of the counts last.
    told: Counts,
    /// Why connections failed, and how many each, since it was said last.
    failures: Vec<(Arc<str>, u64)>,
    /// When that was.
    complained: Option<Instant>,
    connections: JoinSet<Result<(), String>>,
}

impl Serving {
    async fn run(mut self, mut answer: watch::Receiver<Answer>, mut doubted: mpsc::Receiver<Uid>) {
        let (out, mut seen) = mpsc::channel(16);
        let mut last = WatchId(0);
        let mut watching = pods::watch(last, &self.aim, &self.opening, &self.gate, out.clone());
        let _target = pods::watch_service(TARGET, &self.opening, &self.gate, out.clone());
        let mut tell = tokio::time::interval(TELL);
        tell.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut rests: Option<Instant> = None;
        let opening = self.opening.clone();
        loop {
            let accepts = self.connections.len() < MOST && rests.is_none();
            let counting = self.counts.open > 0 || self.counted() != self.told || !self.failures.is_empty();
            tokio::select! {
                biased;
                () = stopped(&mut answer) => break,
                Some(Event::Watch(id, update)) = seen.recv() => match id {
                    TARGET => {
                        let before = self.aim.by.clone();
                        let turned = self.aim_at(*update);
                        if turned && before != self.aim.by {
                            // What the watch before this one still has to say does not count.
                            last = WatchId(last.0 + 1);
                            watching = pods::watch(last, &self.aim, &self.opening, &self.gate, out.clone());
                        } else if turned {
                            self.choose().await;
                        }
                    }
                    id => {
                        let changed = id == last && self.pods.take(*update);
                        if changed {
                            self.choose().await;
                        }
                    }
                },
                Some(uid) = doubted.recv() => {
                    self.pods.doubt(uid);
                    self.choose().await;
                }
                Some(ended) = self.connections.join_next(), if !self.connections.is_empty() => self.ended(ended).await,
                _ = tell.tick(), if counting => self.tell().await,
                () = async { tokio::time::sleep_until(rests.unwrap_or_else(Instant::now)).await }, if rests.is_some() => rests = None,
                accepted = opening.listening.accept(), if accepts => match accepted {
                    Ok(local) => self.accept(local),
                    Err(error) => {
                        rests = Some(Instant::now() + REST);
                        self.failed(format!("a connection could not be accepted: {error}")).await;
                    }
                },
            }
        }
        drop(watching);
        self.end().await;
    }

    /// The service changed: whether its pods, or the port of theirs, are others now.
    fn aim_at(&mut self, update: Update) -> bool {
        let mut turned = false;
        for delta in update.deltas {
            let Delta::Upsert(row) = delta else { continue };
            match Aim::of(&row, &self.opening.asked.remote) {
                Ok((aim, _)) if aim != self.aim => {
                    if aim.by != self.aim.by {
                        self.pods = Pods::new(Vec::new());
                    }
                    self.aim = aim;
                    turned = true;
                }
                Ok(_) => {}
                // As far as it was known it goes on.
                Err(why) => tracing::debug!(number = self.number, why, "port-forward"),
            }
        }
        self.turned |= turned;
        turned
    }

    fn accept(&mut self, local: TcpStream) {
        self.counts.total += 1;
        self.connections.spawn(dial::connection(self.dialling.clone(), local));
        self.counts.open = self.connections.len();
    }

    async fn ended(&mut self, ended: Result<Result<(), String>, tokio::task::JoinError>) {
        self.counts.open = self.connections.len();
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(why)) => self.failed(why).await,
            Err(error) if error.is_cancelled() => {}
            Err(_) => self.failed("kubetui made a mistake: the log says which".into()).await,
        }
    }

    async fn failed(&mut self, why: String) {
        self.counts.errors += 1;
        tracing::debug!(number = self.number, why, "port-forward");
        match self.failures.iter().position(|(known, _)| **known == *why) {
            Some(at) => self.failures[at].1 += 1,
            None if self.failures.len() < FAILURES => self.failures.push((why.into(), 1)),
            None => {}
        }
        // A program that tries again and again does not keep the screen busy.
        if self.complained.is_none_or(|at| at.elapsed() >= TELL) {
            self.complain().await;
        }
    }

    /// Says which connections have failed since it was said last.
    async fn complain(&mut self) {
        if !self.failures.is_empty() {
            self.complained = Some(Instant::now());
        }
        for (why, often) in std::mem::take(&mut self.failures) {
            self.say(Told::Failed(why, often)).await;
        }
    }

    fn counted(&self) -> Counts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts { received: of(&self.counters.received), sent: of(&self.counters.sent), ..self.counts }
    }

    async fn tell(&mut self) {
        self.complain().await;
        let counted = self.counted();
        if counted != self.told {
            self.told = counted;
            self.say(Told::Counted(counted)).await;
        }
    }

    /// The pods changed: new connections may go elsewhere.
    async fn choose(&mut self) {
        let choice = self.pods.choose(&self.aim, &self.opening.kind, self.current.as_ref());
        let (goes, first) = (choice.goes(), choice.first());
        let words = self.moved(&goes, first.as_ref());
        self.choice.send_replace(choice);
        if first.is_some() {
            self.current = first;
        }
        if let Some(words) = words {
            self.goes = goes.clone();
            self.turned = false;
            self.say(Told::Moved(goes, words)).await;
        }
    }

    /// What a person is told of it; nothing where all is as it was.
    fn moved(&self, goes: &Goes, first: Option<&Uid>) -> Option<String> {
        let title = self.opening.target.title();
        let address = self.opening.listening.address();
        let left = |pod: &str| {
            let unfit = self.current.as_ref().and_then(|uid| self.pods.unfit(uid, &self.aim));
            match unfit {
                _ if self.turned => format!("pod {pod} is not behind {title} any more"),
                Some(why) => format!("pod {pod}: {why}"),
                None => format!("pod {pod} is gone"),
            }
        };
        let doubted = self.current.as_ref().is_some_and(|uid| self.pods.is_doubted(uid));
        Some(match (&self.goes, goes) {
            (Goes::To(before, old), Goes::To(now, new)) if before == now => match (old == new, self.current.as_ref() == first) {
                (false, _) => format!("{address} → port {new} of pod {now}"),
                (true, false) => format!("{address} → pod {now}: it was made anew"),
                (true, true) => return None,
            },
            (Goes::To(before, _), Goes::To(now, _)) if doubted => {
                format!("{address} → pod {now}: pod {before} could not be reached")
            }
            (Goes::To(before, _), Goes::To(now, _)) => format!("{address} → pod {now}: {}", left(before)),
            (Goes::To(before, _), Goes::Waits(_)) if matches!(self.aim.by, By::Name(_)) => {
                format!("{address} waits for pod {before}: {}", left(before))
            }
            (Goes::To(before, _), Goes::Waits(why)) => format!("{address} waits for a pod of {title}: {}; {why}", left(before)),
            (Goes::Waits(_), Goes::To(now, _)) => format!("{address} → pod {now}: it is there now"),
            (Goes::Waits(before), Goes::Waits(now)) if before != now => format!("{address} waits for a pod of {title}: {now}"),
            (Goes::Waits(_), Goes::Waits(_)) => return None,
        })
    }

    async fn end(mut self) {
        self.connections.shutdown().await;
        self.counts.open = 0;
        let counts = self.counted();
        self.say(Told::Counted(counts)).await;
        let Counts { received, sent, total, errors, .. } = counts;
        let lasted = time::age(i64::try_from(self.began.elapsed().as_secs()).unwrap_or(i64::MAX));
        let address = self.opening.listening.address();
        let words = format!(
            "{address} ended after {lasted}: {total} connections, {errors} failed, {} received, {} sent",
            bytes(received),
            bytes(sent)
        );
        self.gate.note(entry(&self.gate, &self.opening, &self.goes, Ok(words))).await;
        self.say(Told::Ended).await;
    }

    async fn say(&self, told: Told) {
        // Without a loop there is nobody to say it to.
        let _ = self.gate.out.send(Event::Forward(self.number, told)).await;
    }
}

/// Ends when the forward is to end: somebody says so, or nobody can any more.
async fn stopped(answer: &mut watch::Receiver<Answer>) {
    let _ = answer.wait_for(|answer| *answer == Answer::Stop).await;
}

/// The context leads to another cluster or user than when the forward was opened.
fn elsewhere(before: &Target, now: &Target) -> bool {
    (&before.server, &before.cluster, &before.user) != (&now.server, &now.cluster, &now.user)
}
