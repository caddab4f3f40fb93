//! The pods that a forward can go to, known by a watch of their own.

use std::time::Duration;

use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Opening;
use super::aim::{Aim, By};
use crate::cluster::watch;
use crate::cluster::write::Gate;
use crate::event::{Event, Update, WatchId};
use crate::model::forward::Goes;
use crate::model::forward::choice::{candidates, lack, unfit};
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::model::row::{Row, Uid};
use crate::model::scope::{Scope, WatchSpec};
use crate::model::store::Delta;

/// A pod that could not be dialled comes last for so long.
const DOUBT: Duration = Duration::from_secs(30);
/// A connection tries no more pods than this.
const TRIES: usize = 3;

/// Watches the pods that a forward is aimed at; what is seen comes through `out`, with this number.
pub(super) fn watch(id: WatchId, aim: &Aim, opening: &Opening, gate: &Gate, out: mpsc::Sender<Event>) -> watch::Handle {
    let (fields, labels) = match &aim.by {
        By::Name(name) => (Some(named(name)), None),
        By::Labels(labels) => (None, Some(labels.clone()).filter(|labels| !labels.is_empty())),
    };
    let scope = Scope::one(&opening.target.namespace);
    let spec = WatchSpec { kind: opening.kind.clone(), scope, fields, labels, metadata_only: false };
    watch::spawn(id, spec, None, gate.link.clone(), out)
}

/// Watches the Service that a forward leads to; nothing where it leads to something else, whose selector does not change.
pub(super) fn watch_service(id: WatchId, opening: &Opening, gate: &Gate, out: mpsc::Sender<Event>) -> Option<watch::Handle> {
    let Reference { kind, namespace, name, .. } = &opening.target;
    let spec =
        || WatchSpec { kind: kind.clone(), scope: Scope::one(namespace), fields: Some(named(name)), labels: None, metadata_only: false };
    (&*kind.plural == "services" && kind.group.is_empty()).then(|| watch::spawn(id, spec(), None, gate.link.clone(), out))
}

fn named(name: &str) -> Arc<str> {
    format!("metadata.name={name}").into()
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
    pub(super) fn unfit(&self, uid: &Uid, aim: &Aim) -> Option<String> {
        unfit(self.rows.get(uid)?, &aim.wanted, aim.need)
    }

    /// Where new connections go; the current pod stays the first for as long as it does.
    pub(super) fn choose(&self, aim: &Aim, kind: &Arc<Kind>, current: Option<&Uid>) -> Choice {
        let found = candidates(self.rows.values(), &aim.wanted, aim.need, current, |uid| self.is_doubted(uid));
        let why = if found.is_empty() { lack(self.rows.values(), &aim.wanted, aim.need) } else { String::new() };
        let candidate = |(row, port): &(&Row, u16)| {
            let Row { namespace, name, uid, .. } = row;
            let pod = Reference { kind: kind.clone(), namespace: namespace.clone(), name: (&**name).into(), uid: uid.clone() };
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::aim;
    use super::*;
    use crate::kinds::pods::POD;
    use crate::model::forward::Remote;
    use crate::model::forward::choice::Need;
    use crate::model::state::Truth;

    fn row(name: &str, ready: bool) -> Row {
        let status = if ready { "True" } else { "False" };
        let pod = json!({"metadata": {"name": name, "namespace": "shop", "uid": name}, "spec": {"containers": [{"name": "app"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": status}]}});
        aim::row(&Arc::new(POD.as_kind()), &pod).unwrap()
    }

    fn goes(pods: &Pods, current: &str) -> Goes {
        let aim = Aim { by: By::Labels("".into()), wanted: Remote::Number(80), need: Need::Ready };
        pods.choose(&aim, &Arc::new(POD.as_kind()), Some(&Uid::new(current))).goes()
    }

    fn to(pod: &str) -> Goes {
        Goes::To(pod.into(), 80)
    }

    #[test]
    fn what_was_read_counts_until_the_watch_has_said_all() {
        let mut pods = Pods::new(vec![row("a", true), row("b", true)]);
        assert_eq!(goes(&pods, "a"), to("a"));
        // The watch begins, and does not know of a.
        let seen = Update { deltas: vec![Delta::Upsert(row("b", true))], ..Update::default() };
        assert!(pods.take(seen));
        assert_eq!(goes(&pods, "a"), to("a"), "it has not said all yet");
        assert!(pods.take(Update { truth: Some(Truth::Live), ..Update::default() }), "a is gone");
        assert_eq!(goes(&pods, "a"), to("b"));
        // A server that is away takes nothing away.
        let away = Truth::Stale { since: 0, why: "away".into() };
        assert!(!pods.take(Update { truth: Some(away), ..Update::default() }));
        assert_eq!(goes(&pods, "b"), to("b"));
        pods.take(Update { deltas: vec![Delta::Upsert(row("c", true)), Delta::Upsert(row("b", false))], ..Update::default() });
        assert_eq!(goes(&pods, "b"), to("c"), "one that is not ready any more is left");
        pods.take(Update { deltas: vec![Delta::Remove(Uid::new("c"))], ..Update::default() });
        assert_eq!(goes(&pods, "c"), Goes::Waits("pod b: it is not ready".into()));
    }

    #[test]
    fn a_pod_that_could_not_be_dialled_gives_way() {
        let mut pods = Pods::new(vec![row("a", true), row("b", true)]);
        pods.doubt(Uid::new("a"));
        assert!(pods.is_doubted(&Uid::new("a")) && !pods.is_doubted(&Uid::new("b")));
        assert_eq!(goes(&pods, "a"), to("b"));
    }
}
