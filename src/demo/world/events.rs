//! Events: what components say about objects. The same said again is counted, the similar is combined, and who says too much
//! is not heard, as client-go's recorder does it.

use arcstr::ArcStr;
use std::collections::{HashMap, VecDeque};

use serde_json::json;

use super::World;
use super::correlator::{Correlator, Verdict};
use crate::demo::admission;
use crate::demo::store::{Object, Ref};
use crate::demo::tree::Tree;

/// Events that are kept at most, however much is said within the hour that they live ([`EXPIRY`]): the oldest go first.
///
/// [`EXPIRY`]: crate::demo::controllers::events::EXPIRY
const KEPT: usize = 5_000;

/// What was said, to find it again: about whom (UID and part), reason and message.
type Said = (ArcStr, String, String, String);

#[derive(Default)]
pub(super) struct Recorder {
    known: HashMap<Said, Ref>,
    order: VecDeque<Said>,
    correlator: Correlator,
}

impl World {
    /// Says something about an object. `kind` is `Normal` or `Warning`, `component` who says it (`kubelet`, …).
    pub fn event(&mut self, about: &Object, kind: &str, reason: &str, message: &str, component: &str) {
        self.event_in(about, "", kind, reason, message, component);
    }

    /// As [`World::event`], about a part of the object: `involvedObject.fieldPath`, like `spec.containers{web}`.
    pub fn event_in(&mut self, about: &Object, part: &str, kind: &str, reason: &str, message: &str, component: &str) {
        let verdict = self.events.correlator.judge(self.now, &about.uid, kind, reason, message, component);
        let combined = format!("(combined from similar events): {message}");
        let (message, known_by) = match verdict {
            Verdict::Spam => return,
            Verdict::Alone => (message, message),
            // Whatever they say, they are one event.
            Verdict::Combined => (&*combined, ""),
        };
        let said: Said = (about.uid.clone(), part.to_owned(), reason.to_owned(), known_by.to_owned());
        let now = self.now_text();
        if let Some(known) = self.events.known.get(&said).cloned()
            && self.store.find(&known).is_some()
        {
            self.update(&known, |event| {
                event.set("count", event.int("count", 1) + 1);
                event.set("lastTimestamp", now);
                event.set("message", message);
            });
            return;
        }
        // What has no namespace is told of in default, as client-go's recorder has it.
        let namespace = if about.namespace.is_empty() { "default" } else { &*about.namespace };
        // Nanoseconds in hexadecimal, made unlike each other.
        let unlike = self.now() * 1_000_000 + self.random.below(1_000_000) as i64;
        let mut involved = Tree::texts([
            ("kind", about.tree.text("kind")),
            ("apiVersion", about.tree.text("apiVersion")),
            ("name", &*about.name),
            ("uid", &*about.uid),
        ]);
        involved.set("resourceVersion", about.version.to_string());
        if !about.namespace.is_empty() {
            involved.set("namespace", &about.namespace);
        }
        if !part.is_empty() {
            involved.set("fieldPath", part);
        }
        let mut source = json!({"component": component});
        if component == "kubelet" {
            let host = if &*about.resource == "nodes" { &*about.name } else { about.tree.text("spec.nodeName") };
            source["host"] = host.into();
        }
        let mut event = Tree::from(json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"namespace": namespace, "name": format!("{}.{unlike:x}", about.name)},
            "reason": reason, "message": message, "type": kind, "count": 1, "source": source,
            "eventTime": null, "reportingComponent": component, "reportingInstance": "",
        }));
        event.set("involvedObject", involved);
        event.set("firstTimestamp", &now);
        event.set("lastTimestamp", &now);
        // Where a namespace is on its way out, or has enough, nobody is told. It is complete as it is: of most that happens
        // there is an event, and admission need not look through them all.
        let open = self.store.get("namespaces", "", namespace).is_some_and(|home| !home.terminating());
        if !open || admission::quota::check(self, "events", &event).is_err() {
            return;
        }
        event.set("metadata.uid", self.random.uid());
        event.set("metadata.creationTimestamp", now);
        let event = self.store.put("events", event);
        self.events.known.insert(said.clone(), event.reference());
        self.events.order.push_back(said);
        if self.events.order.len() > KEPT
            && let Some(oldest) = self.events.order.pop_front()
            && let Some(reference) = self.events.known.remove(&oldest)
        {
            self.store.remove(&reference);
        }
    }
}
