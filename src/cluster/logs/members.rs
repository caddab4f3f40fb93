//! Which containers of which pods are to be read, as a watch of the pods has them.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::event::Update;
use crate::model::facts::{Container, Ended, Facts, State};
use crate::model::log::{Source, Target, Wanted};
use crate::model::row::{Row, Uid};
use crate::model::state::Truth;
use crate::model::store::Delta;

/// What is new.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A life of a container that is to be read.
    New {
        source: Source,
        /// What is said of it where it joins later: `joined`, `was restarted`.
        life_of: String,
        /// It began after the log was opened.
        fresh: bool,
    },
}

/// The pods that belong.
pub(super) struct Members {
    target: Target,
    /// These containers; all where it is empty.
    names: Vec<Arc<str>>,
    previous: bool,
    pods: FxHashMap<Uid, Row>,
    /// By watch and part: whether it is complete.
    parts: FxHashMap<(u64, u16), Truth>,
    watches: usize,
    known: FxHashSet<(Uid, Arc<str>, u32)>,
    /// Containers that had a log when this one was opened: what is new of others is read from its beginning.
    old: FxHashSet<(Uid, Arc<str>)>,
    settled: bool,
    held: usize,
}

impl Members {
    pub(super) fn new(wanted: &Wanted) -> Members {
        Members {
            target: wanted.target.clone(),
            names: wanted.containers.clone(),
            previous: wanted.previous,
            pods: FxHashMap::default(),
            parts: FxHashMap::default(),
            watches: wanted.target.watches.len(),
            known: FxHashSet::default(),
            old: FxHashSet::default(),
            settled: false,
            held: 0,
        }
    }

    /// Takes what a watch says.
    pub(super) fn take(&mut self, watch: u64, update: Update) {
        for delta in update.deltas {
            match delta {
                Delta::Upsert(row) => {
                    if self.target.holds(&row) {
                        self.pods.insert(row.uid.clone(), row);
                    } else {
                        self.pods.remove(&row.uid);
                    }
                }
                Delta::Remove(uid) => drop(self.pods.remove(&uid)),
            }
        }
        if !update.split.is_empty() {
            self.parts.remove(&(watch, update.part));
            self.parts.extend(update.split.iter().map(|part| ((watch, *part), Truth::Syncing)));
        }
        if let Some(truth) = update.truth {
            self.parts.insert((watch, update.part), truth);
        }
    }

    /// All pods that there are now are known.
    pub(super) fn complete(&self) -> bool {
        let heard: FxHashSet<u64> = self.parts.keys().map(|(watch, _)| *watch).collect();
        heard.len() >= self.watches && self.parts.values().all(Truth::complete)
    }

    /// The containers of a pod that are wanted.
    fn wanted<'a>(&'a self, pod: &'a Row) -> impl Iterator<Item = &'a Container> {
        let all: &[Container] = match &pod.facts {
            Facts::Pod(facts) => &facts.containers,
            _ => &[],
        };
        all.iter().filter(|container| self.names.is_empty() || self.names.contains(&container.spec.name))
    }

    /// How many streams there are to open now.
    pub(super) fn streams(&self) -> usize {
        self.pods.values().flat_map(|pod| self.wanted(pod)).filter(|container| self.life(container).is_some()).count()
    }

    /// All names of containers, those that are not wanted too.
    pub(super) fn containers(&self) -> Vec<Arc<str>> {
        let facts = self.pods.values().filter_map(|pod| if let Facts::Pod(facts) = &pod.facts { Some(facts) } else { None });
        let names: BTreeSet<Arc<str>> =
            facts.flat_map(|facts| facts.containers.iter().map(|container| container.spec.name.clone())).collect();
        names.into_iter().collect()
    }

    /// The life of a container that has a log, where it has one.
    fn life(&self, container: &Container) -> Option<u32> {
        if self.previous {
            return container.last.as_ref().and_then(|_| container.restarts.checked_sub(1));
        }
        match (&container.state, &container.last) {
            (State::Running(_) | State::Terminated(_), _) => Some(container.restarts),
            // It waits to be started again: the log is that of the life before.
            (State::Waiting { .. }, Some(_)) => Some(container.restarts),
            _ => None,
        }
    }

    /// How many containers there was no room for.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// What is new since the last time, in the order of the pods' names; no more than there is room for.
    pub(super) fn changes(&mut self, room: usize) -> Vec<Change> {
        let mut pods: Vec<&Row> = self.pods.values().collect();
        pods.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        let mut found = Vec::new();
        for pod in pods {
            for container in self.wanted(pod) {
                let Some(life) = self.life(container) else { continue };
                let key = (pod.uid.clone(), container.spec.name.clone(), life);
                if self.known.contains(&key) {
                    continue;
                }
                let same = |(uid, name, before): &(Uid, Arc<str>, u32)| *uid == pod.uid && *name == container.spec.name && *before < life;
                let restarted = life > 0 && self.known.iter().any(same);
                let source = Source {
                    namespace: pod.namespace.clone(),
                    pod: (&*pod.name).into(),
                    uid: pod.uid.clone(),
                    container: container.spec.name.clone(),
                    life,
                };
                let fresh = restarted || !self.old.contains(&(pod.uid.clone(), container.spec.name.clone()));
                let life_of = if restarted { restart(container, life) } else { "joined".to_owned() };
                found.push((key, Change::New { source, life_of, fresh }));
            }
        }
        if !self.settled && self.parts.values().all(Truth::complete) {
            self.settled = true;
            let all = self.pods.values().flat_map(|pod| self.wanted(pod).map(move |container| (pod, container)));
            let with = all.filter(|(_, container)| self.life(container).is_some());
            self.old = with.map(|(pod, container)| (pod.uid.clone(), container.spec.name.clone())).collect();
        }
        self.held = found.len().saturating_sub(room);
        found
            .into_iter()
            .take(room)
            .map(|(key, change)| {
                self.known.insert(key);
                change
            })
            .collect()
    }

    /// Why there is nothing to be read, where there is not.
    pub(super) fn nothing(&self, previous: bool) -> Option<Arc<str>> {
        if let Some(Truth::Forbidden { why }) = self.parts.values().find(|truth| matches!(truth, Truth::Forbidden { .. })) {
            return Some(format!("the pods cannot be listed: {why}").into());
        }
        if !self.complete() {
            return None;
        }
        if self.pods.is_empty() {
            return Some(format!("{} has no pods now; those that come are read", self.target.title).into());
        }
        if previous {
            return Some("no container was restarted: there is no log of a life before".into());
        }
        let waits =
            self.pods.values().flat_map(|pod| self.wanted(pod).map(move |container| (pod, container))).find_map(|(pod, container)| {
                match &container.state {
                    State::Waiting { reason, message } => {
                        let message = if message.is_empty() { String::new() } else { format!(": {message}") };
                        Some(format!("{}/{} has not started: {reason}{message}", pod.name, container.spec.name))
                    }
                    State::Unknown => Some(format!("{}/{} has not started", pod.name, container.spec.name)),
                    _ => None,
                }
            });
        Some(waits.unwrap_or_else(|| format!("no container of {} has that name", self.target.title)).into())
    }
}

/// What is said of a container that has another life.
fn restart(container: &Container, life: u32) -> String {
    let how = match container.last.as_deref() {
        Some(Ended { reason, code, .. }) if !reason.is_empty() => format!(": exit {code} ({reason})"),
        Some(Ended { code, .. }) => format!(": exit {code}"),
        None => String::new(),
    };
    format!("was started again, the {} time{how}", ordinal(life))
}

fn ordinal(number: u32) -> String {
    let end = match (number % 10, number % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}
