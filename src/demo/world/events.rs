//! Events: what components say about objects. The same said again is counted, as client-go's recorder does it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde_json::json;

use super::World;
use crate::demo::store::{Object, Ref};
use crate::demo::tree::Tree;

/// Events that are kept, like the hour of a real cluster: the oldest go first.
const KEPT: usize = 5_000;

/// What was said, to find it again: about whom (UID and part), reason and message.
type Said = (Arc<str>, String, String, String);

#[derive(Default)]
pub(super) struct Recorder {
    known: HashMap<Said, Ref>,
    order: VecDeque<Said>,
}

impl World {
    /// Says something about an object. `kind` is `Normal` or `Warning`, `component` who says it (`kubelet`, …).
    pub fn event(&mut self, about: &Object, kind: &str, reason: &str, message: &str, component: &str) {
        self.event_in(about, "", kind, reason, message, component);
    }

    /// As [`World::event`], about a part of the object: `involvedObject.fieldPath`, like `spec.containers{web}`.
    pub fn event_in(&mut self, about: &Object, part: &str, kind: &str, reason: &str, message: &str, component: &str) {
        let said: Said = (about.uid.clone(), part.to_owned(), reason.to_owned(), message.to_owned());
        let now = self.now_text();
        if let Some(known) = self.events.known.get(&said).cloned()
            && self.store.find(&known).is_some()
        {
            self.update(&known, |event| {
                event.set("count", event.int("count", 1) + 1);
                event.set("lastTimestamp", now);
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
        // Only a namespace that is on its way out refuses it, and then nobody will read it.
        let Ok(event) = self.create("events", event) else { return };
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
