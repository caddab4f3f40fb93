//! The cluster: its objects, its time, and what is to be done next.
//!
//! Nothing here waits and nothing here reads a clock. A call changes objects; changes are shown to the controllers, which
//! note what to look at; [`World::advance`] lets them look, and moves the time from one timer to the next. The same calls
//! and the same times give the same cluster, so that tests neither sleep nor hope.

use arcstr::ArcStr;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::model::time::rfc3339;

use super::admission::Memory;
use super::controllers::hpa;
use super::controllers::kubelet::Kubelets;
use super::controllers::loads::Loads;
use super::controllers::{self, Controller};
use super::resources::Registry;
use super::store::{Object, Ref, Store};
use super::story::churn::Churn;
use super::tree::Tree;

mod correlator;
mod definitions;
mod deletion;
mod events;
mod objects;
mod random;

pub use definitions::DEFINITIONS;
pub use deletion::{Deletion, FOREGROUND, Gone, ORPHAN, Propagation};
pub use objects::controlled_by;
pub use random::Random;

/// Milliseconds since 1970.
pub type Millis = i64;

/// A second.
pub const SECOND: Millis = 1000;

/// Looks that one call of [`World::advance`] takes before it lets others have the world.
const AT_ONCE: usize = 200;

/// A controller is to look at an object of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Look {
    controller: &'static str,
    about: Ref,
}

/// The cluster. See the module.
pub struct World {
    /// What there is. Controllers read it; changes go through the methods of the world.
    pub store: Store,
    /// What kinds there are, custom ones too.
    resources: Registry,
    /// The changes that are made for their own sake.
    pub churn: Churn,
    /// For names, UIDs and jitter.
    pub random: Random,
    /// What the nodes carry, added up.
    pub loads: Loads,
    /// What the kubelets have in memory.
    pub kubelets: Kubelets,
    /// What the autoscalers have in memory.
    pub autoscalers: hpa::Memory,
    documents: definitions::Documents,
    controllers: &'static [&'static Controller],
    now: Millis,
    /// The text of the current second, which is shared by all that happens in it.
    now_text: (Millis, ArcStr),
    queue: VecDeque<Look>,
    queued: HashSet<Look>,
    timers: BinaryHeap<Reverse<(Millis, u64, Look)>>,
    /// When each timer that still counts is due: an older entry of the heap does nothing.
    due: HashMap<Look, Millis>,
    timers_made: u64,
    events: events::Recorder,
    /// What admission remembers, to be quick.
    pub(super) admitted: Memory,
}

impl World {
    /// An empty cluster at a time, with all controllers. `seed` decides names and UIDs.
    pub fn new(now: Millis, seed: u64) -> World {
        World::kept_by(controllers::CONTROLLERS, now, seed)
    }

    /// An empty cluster that only these controllers keep: a test of some of them plays the others itself.
    pub fn kept_by(controllers: &'static [&'static Controller], now: Millis, seed: u64) -> World {
        World {
            controllers,
            // A cluster that has been there for a while: a version like 1 is history that nobody remembers.
            store: Store::starting_at(1000),
            resources: Registry::recorded(),
            churn: Churn::default(),
            random: Random::new(seed),
            loads: Loads::default(),
            kubelets: Kubelets::default(),
            autoscalers: hpa::Memory::default(),
            documents: definitions::Documents::default(),
            now,
            now_text: (Millis::MIN, "".into()),
            queue: VecDeque::new(),
            queued: HashSet::new(),
            timers: BinaryHeap::new(),
            due: HashMap::new(),
            timers_made: 0,
            events: events::Recorder::default(),
            admitted: Memory::default(),
        }
    }

    /// Now, in milliseconds since 1970.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// Now, as the API writes times: `2026-11-21T07:31:00Z`.
    pub fn now_text(&mut self) -> Tree {
        let second = self.now.div_euclid(SECOND);
        if self.now_text.0 != second {
            self.now_text = (second, rfc3339(second).into());
        }
        Tree::Text(self.now_text.1.clone())
    }

    /// An object by its names.
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.store.get(resource, namespace, name).cloned()
    }

    /// An object by its reference.
    pub fn find(&self, reference: &Ref) -> Option<Arc<Object>> {
        self.store.find(reference).cloned()
    }

    /// A controller is to look at an object as soon as it can. Asking twice is asking once.
    pub fn look(&mut self, controller: &'static str, about: Ref) {
        let look = Look { controller, about };
        if self.queued.insert(look.clone()) {
            self.queue.push_back(look);
        }
    }

    /// A controller is to look at an object in `delay` milliseconds, or earlier if that was asked for already.
    pub fn look_in(&mut self, controller: &'static str, about: Ref, delay: Millis) {
        self.look_at(controller, about, self.now + delay.max(0));
    }

    /// As [`World::look_in`], at a time.
    pub fn look_at(&mut self, controller: &'static str, about: Ref, at: Millis) {
        let look = Look { controller, about };
        if self.due.get(&look).is_some_and(|&due| due <= at) {
            return;
        }
        self.due.insert(look.clone(), at);
        self.timers_made += 1;
        self.timers.push(Reverse((at, self.timers_made, look)));
    }

    /// Does what is due until `to`, in order of time, but no more than a slice of it: true when there is more to do at once.
    /// A server calls it again after others had the world.
    pub fn advance(&mut self, to: Millis) -> bool {
        for _ in 0..AT_ONCE {
            if self.step() {
                continue;
            }
            match self.timers.peek() {
                Some(Reverse((at, ..))) if *at <= to => {
                    // Time does not go back when a timer was made for the past.
                    self.now = self.now.max(*at);
                    let Some(Reverse((at, _, look))) = self.timers.pop() else { continue };
                    if self.due.get(&look) == Some(&at) {
                        self.due.remove(&look);
                        self.look(look.controller, look.about);
                    }
                }
                _ => {
                    self.now = self.now.max(to);
                    return false;
                }
            }
        }
        true
    }

    /// Does all that is due until `to`.
    pub fn run_until(&mut self, to: Millis) {
        while self.advance(to) {}
    }

    /// Does all that can be done now.
    pub fn settle(&mut self) {
        self.run_until(self.now);
    }

    /// Goes to a later time at once: what was due until then is due then. Time in which nothing is to happen.
    pub fn skip_to(&mut self, at: Millis) {
        self.now = self.now.max(at);
        // Kubelets were alive meanwhile: they say so before anybody doubts it.
        let nodes: Vec<Ref> = self.store.list("nodes", None).map(|node| node.reference()).collect();
        for node in nodes {
            self.look(controllers::nodes::HEARTBEAT.name, node);
        }
    }

    /// Shows what changed to the controllers, and takes what they want to do about it as done: for what was made as they would
    /// have made it.
    pub fn seen(&mut self) {
        while let Some(change) = self.store.unseen() {
            for controller in self.controllers {
                (controller.see)(self, &change);
            }
        }
        self.queue.clear();
        self.queued.clear();
    }

    /// When the next timer is due; `None` while nothing will happen by itself.
    pub fn next_due(&self) -> Option<Millis> {
        self.timers.peek().map(|Reverse((at, ..))| *at)
    }

    /// Controllers have not done yet what they could do now.
    pub fn is_busy(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Shows what changed to the controllers, or lets one of them look. False when there was nothing.
    fn step(&mut self) -> bool {
        let mut did = false;
        while let Some(change) = self.store.unseen() {
            did = true;
            for controller in self.controllers {
                (controller.see)(self, &change);
            }
        }
        let Some(look) = self.queue.pop_front() else { return did };
        self.queued.remove(&look);
        if let Some(Controller { sync, .. }) = self.controllers.iter().find(|c| c.name == look.controller) {
            sync(self, &look.about);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::store::Verb;

    const NOON: Millis = 1_795_248_000_000;

    fn world() -> World {
        let mut world = World::new(NOON, 1);
        world.create("namespaces", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}).into()).expect("is made");
        world
    }

    fn pod(name: &str) -> Tree {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": name}, "spec": {"nodeName": "n1"}}).into()
    }

    #[test]
    fn objects_get_what_a_server_gives_them() {
        let mut world = world();
        let made = world.create("pods", json!({"metadata": {"namespace": "shop", "generateName": "web-"}}).into()).expect("is made");
        assert!(made.name.starts_with("web-") && made.name.len() == 9 && made.uid.len() == 36, "{made:?}");
        assert_eq!(made.tree.text("metadata.creationTimestamp"), "2026-11-21T08:00:00Z");
        assert_eq!(world.create("pods", made.tree.clone()).err().map(|r| (r.code, r.reason)), Some((409, "AlreadyExists")));
        let nowhere = json!({"metadata": {"namespace": "none", "name": "x"}}).into();
        assert_eq!(world.create("pods", nowhere).err().map(|r| r.message), Some(r#"namespaces "none" not found"#.to_owned()));
    }

    #[test]
    fn what_changes_nothing_stores_nothing() {
        let mut world = world();
        let pod = world.create("pods", pod("a")).expect("is made");
        let same = world.update(&pod.reference(), |tree| tree.set("spec.nodeName", "n1")).expect("is there");
        assert_eq!(same.version, pod.version);
        assert_eq!(world.store.since("pods", pod.version).expect("remembered").count(), 0);
    }

    #[test]
    fn deletion_waits_for_grace_and_finalizers() {
        let mut world = world();
        let start = world.store.version();
        let a = world.create("pods", pod("a")).expect("is made").reference();
        assert!(matches!(world.delete(&a, &Deletion::default()), Ok(Gone::Later(_))));
        let going = world.find(&a).expect("has grace");
        assert_eq!(going.tree.text("metadata.deletionTimestamp"), "2026-11-21T08:00:30Z");
        let wrong = Deletion { uid: Some("other".into()), ..Deletion::now() };
        assert_eq!(world.delete(&a, &wrong).err().map(|r| r.code), Some(409));
        assert!(matches!(world.delete(&a, &Deletion::now()), Ok(Gone::Later(_)) | Ok(Gone::Now(_))));
        assert!(world.find(&a).is_none(), "grace was cut to nothing");
        let mut held = pod("b");
        held.push("metadata.finalizers", "example.com/hold");
        let b = world.create("pods", held).expect("is made").reference();
        assert!(matches!(world.delete(&b, &Deletion::now()), Ok(Gone::Later(_))));
        let last = world.update(&b, |tree| drop(tree.remove("metadata.finalizers"))).expect("was there");
        assert!(world.find(&b).is_none());
        assert_eq!(
            world.store.since("pods", start).expect("remembered").last().map(|c| (c.verb, c.object.version)),
            Some((Verb::Deleted, last.version))
        );
    }

    #[test]
    fn what_is_said_again_is_counted() {
        let mut world = world();
        let pod = world.create("pods", pod("a")).expect("is made");
        for _ in 0..3 {
            world.event(&pod, "Warning", "BackOff", "Back-off restarting failed container", "kubelet");
            world.run_until(world.now() + SECOND);
        }
        let events: Vec<_> = world.store.list("events", Some("shop")).collect();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].tree.int("count", 0), 3);
        assert_eq!(events[0].tree.text("lastTimestamp"), "2026-11-21T08:00:02Z");
        assert_eq!(events[0].tree.at("source").text("host"), "n1");
    }

    #[test]
    fn time_goes_where_it_is_told() {
        let mut world = world();
        world.look_in("nobody", Ref::new("pods", "shop", "a"), 5 * SECOND);
        assert_eq!(world.next_due(), Some(NOON + 5 * SECOND));
        world.run_until(NOON + 4 * SECOND);
        assert_eq!((world.now(), world.next_due()), (NOON + 4 * SECOND, Some(NOON + 5 * SECOND)));
        world.run_until(NOON + 9 * SECOND);
        assert_eq!((world.now(), world.next_due()), (NOON + 9 * SECOND, None));
    }
}
