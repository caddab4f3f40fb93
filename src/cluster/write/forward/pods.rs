//! The pods that a forward can go to, known by a watch of their own.

use std::time::Duration;

use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{By, Opening};
use crate::cluster::watch;
use crate::cluster::write::Gate;
use crate::event::{Event, Update, WatchId};
use crate::model::forward::Goes;
use crate::model::forward::choice::{candidates, lack, unfit};
use crate::model::reference::Reference;
use crate::model::row::{Row, Uid};
use crate::model::scope::{Scope, WatchSpec};
use crate::model::store::Delta;

/// A pod that could not be dialled comes last for so long.
const DOUBT: Duration = Duration::from_secs(30);
/// A connection tries no more pods than this.
const TRIES: usize = 3;

/// Watches the pods of a forward; what is seen comes through `out`.
pub(super) fn watch(opening: &Opening, gate: &Gate, out: mpsc::Sender<Event>) -> watch::Handle {
    let (fields, labels) = match &opening.by {
        By::Name(name) => (Some(format!("metadata.name={name}").into()), None),
        By::Labels(labels) => (None, Some(labels.clone()).filter(|labels| !labels.is_empty())),
    };
    let scope = Scope::one(&opening.target.namespace);
    let spec = WatchSpec { kind: opening.kind.clone(), scope, fields, labels, metadata_only: false };
    // The number tells watches of one channel apart, and this channel has one.
    watch::spawn(WatchId(0), spec, None, gate.link.clone(), out)
}

/// What is known of the pods.
#[derive(Debug)]
pub(super) struct Pods {
    rows: FxHashMap<Uid, Row>,
    /// What the watch has said before its first list was whole: until then what was read before counts too.
    heard: Option<FxHashSet<Uid>>,
    doubted: FxHashMap<Uid, Instant>,
}

impl Pods {
    /// As they were read.
    pub(super) fn new(rows: Vec<Row>) -> Pods {
        let rows = rows.into_iter().map(|row| (row.uid.clone(), row)).collect();
        Pods { rows, heard: Some(FxHashSet::default()), doubted: FxHashMap::default() }
    }

    /// Takes what the watch has seen. Whether anything is different now.
    pub(super) fn take(&mut self, update: Update) -> bool {
        let mut changed = !update.deltas.is_empty();
        for delta in update.deltas {
            match delta {
                Delta::Upsert(row) => {
                    if let Some(heard) = &mut self.heard {
                        heard.insert(row.uid.clone());
                    }
                    self.rows.insert(row.uid.clone(), row);
                }
                Delta::Remove(uid) => {
                    self.rows.remove(&uid);
                    self.doubted.remove(&uid);
                }
            }
        }
        // Whatever goes wrong with the watch later: what was known is the best that there is.
        if update.truth.is_some_and(|truth| truth.complete())
            && let Some(heard) = self.heard.take()
        {
            let before = self.rows.len();
            self.rows.retain(|uid, _| heard.contains(uid));
            changed |= self.rows.len() != before;
        }
        changed
    }

    /// A pod could not be dialled, and another one could.
    pub(super) fn doubt(&mut self, uid: Uid) {
        self.doubted.insert(uid, Instant::now());
    }

    /// It was not long ago that this one could not be dialled.
    pub(super) fn is_doubted(&self, uid: &Uid) -> bool {
        self.doubted.get(uid).is_some_and(|at| at.elapsed() < DOUBT)
    }

    /// Why a pod does not do any more; `None` where it is gone.
    pub(super) fn unfit(&self, uid: &Uid, opening: &Opening) -> Option<String> {
        unfit(self.rows.get(uid)?, &opening.wanted, opening.need)
    }

    /// Where new connections go; the current pod stays the first for as long as it does.
    pub(super) fn choose(&self, opening: &Opening, current: Option<&Uid>) -> Choice {
        let found = candidates(self.rows.values(), &opening.wanted, opening.need, current, |uid| self.is_doubted(uid));
        let why = if found.is_empty() { lack(self.rows.values(), &opening.wanted, opening.need) } else { String::new() };
        let candidate = |(row, port): &(&Row, u16)| {
            let Row { namespace, name, uid, .. } = row;
            let pod = Reference { kind: opening.kind.clone(), namespace: namespace.clone(), name: (&**name).into(), uid: uid.clone() };
            (pod, *port)
        };
        Choice { candidates: found.iter().take(TRIES).map(candidate).collect(), why: why.into() }
    }
}

/// Where new connections go.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choice {
    /// Pods and their ports, the best first.
    pub(super) candidates: Arc<[(Reference, u16)]>,
    /// Why there are none.
    pub(super) why: Arc<str>,
}

impl Choice {
    /// In a word.
    pub(super) fn goes(&self) -> Goes {
        match self.candidates.first() {
            Some((pod, port)) => Goes::To(pod.name.clone(), *port),
            None => Goes::Waits(self.why.clone()),
        }
    }

    /// The best pod.
    pub(super) fn first(&self) -> Option<Uid> {
        self.candidates.first().map(|(pod, _)| pod.uid.clone())
    }
}
