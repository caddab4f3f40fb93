//! What a Job's status says: pods are noted before they are let go, so that none is counted twice or not at all, and the
//! last word is said when no pod is on its way out any more (`trackJobStatusAndRemoveFinalizers`).

use std::sync::Arc;

use super::super::condition::set_count;
use super::{COMPONENT, Look, indexes, is_tracked, policy, untrack};
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND, World};
use crate::model::time::rfc3339;

/// How it ends.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// It is complete; otherwise it failed.
    pub success: bool,
    /// It was said already.
    pub known: bool,
    /// Of the condition.
    pub reason: String,
    /// Of the condition.
    pub message: String,
}

impl Verdict {
    /// It has all completions.
    pub fn success() -> Verdict {
        Verdict {
            success: true,
            known: false,
            reason: "CompletionsReached".into(),
            message: "Reached expected number of succeeded pods".into(),
        }
    }

    /// It failed.
    pub fn failure(reason: &str, message: &str) -> Verdict {
        Verdict { success: false, known: false, reason: reason.into(), message: message.into() }
    }
}

/// Sets a condition where the one of its type is, or last. One that is not there is not set to `False`:
/// `ensureJobConditionStatus`. True when it changed.
fn ensure(tree: &mut Tree, kind: &str, status: &str, reason: &str, message: &str, now: &Tree) -> bool {
    let current = tree.item("status.conditions", "type", kind);
    if current.is_null() && status == "False"
        || current["status"] == *status && current["reason"] == *reason && current["message"] == *message
    {
        return false;
    }
    let mut condition = Tree::texts([("type", kind), ("status", status), ("reason", reason), ("message", message)]);
    condition.set("lastProbeTime", now);
    condition.set("lastTransitionTime", now);
    let list = tree.at_mut("status.conditions").items_mut();
    match list.iter_mut().find(|other| other["type"] == *kind) {
        Some(other) => *other = condition,
        None => list.push(condition),
    }
    true
}

impl Look<'_> {
    /// Whether the condition `Suspended` is to change: its status now.
    pub(super) fn suspension(&self, world: &mut World) -> Option<bool> {
        let told = self.job.tree.item("status.conditions", "type", "Suspended")["status"] == "True";
        if told == self.suspended() {
            return None;
        }
        let (reason, message) = if told { ("Resumed", "Job resumed") } else { ("Suspended", "Job suspended") };
        world.event(self.job, "Normal", reason, message, COMPONENT);
        Some(!told)
    }

    fn may_go(&self, pod: &Object) -> bool {
        if self.job.terminating() || self.verdict.is_some() || pod.tree.text("status.phase") == "Succeeded" {
            return true;
        }
        let followed = |index| self.delayed.get(&index).is_some_and(|delayed: &Arc<Object>| delayed.uid == pod.uid);
        self.is_failed(pod) && !indexes::of(pod).is_some_and(followed)
    }

    pub(super) fn report(&mut self, world: &mut World, started: Option<Millis>, suspension: Option<bool>) {
        let now = world.now_text();
        let done: Vec<_> = self.pods.iter().filter(|pod| is_tracked(pod) && self.may_go(pod)).cloned().collect();
        let (mut succeeded, mut failed) = (Vec::new(), Vec::new());
        for pod in &done {
            let counted = self.counts(pod);
            let lost = self.is_failed(pod) || self.verdict.as_ref().is_some_and(|verdict| !verdict.success);
            if pod.tree.text("status.phase") == "Succeeded" {
                succeeded.extend((counted && !self.is_indexed()).then(|| Tree::from(&pod.uid)));
            } else if lost && counted && policy::of(self.job, pod).counts {
                failed.push(Tree::from(&pod.uid));
            }
        }
        let (successes, failures) = (succeeded.len() as i64, failed.len() as i64);
        let job = self.job.reference();
        world.update(&job, |tree| {
            if let Some(started) = started {
                tree.set_default("status.startTime", rfc3339(started.div_euclid(SECOND)));
            }
            match suspension {
                Some(true) => {
                    ensure(tree, "Suspended", "True", "JobSuspended", "Job suspended", &now);
                    tree.remove("status.startTime");
                }
                Some(false) => {
                    ensure(tree, "Suspended", "False", "JobResumed", "Job resumed", &now);
                    tree.set("status.startTime", &now);
                }
                None => {}
            }
            set_count(tree, "status.active", self.active);
            tree.set("status.ready", self.ready);
            tree.set("status.terminating", self.terminating);
            let mut uncounted = Tree::map();
            for (list, key) in [(succeeded, "succeeded"), (failed, "failed")] {
                if !list.is_empty() {
                    uncounted.put(key, Tree::list_of(list));
                }
            }
            tree.set("status.uncountedTerminatedPods", uncounted);
            if self.is_indexed() {
                let indexes = self.done.to_string();
                set_count(tree, "status.succeeded", self.done.len());
                if indexes.is_empty() {
                    tree.remove("status.completedIndexes");
                } else {
                    tree.set("status.completedIndexes", indexes);
                }
                if let Some(lost) = &self.lost {
                    tree.set("status.failedIndexes", lost.to_string());
                }
            }
            if let Some(verdict) = self.verdict.as_ref().filter(|verdict| !verdict.known) {
                let kind = if verdict.success { "SuccessCriteriaMet" } else { "FailureTarget" };
                ensure(tree, kind, "True", &verdict.reason, &verdict.message, &now);
            }
        });
        for pod in &done {
            untrack(world, pod);
        }
        // Those that never got to a node are gone by now.
        let last = self.verdict.clone().filter(|_| {
            let owned = world.store.owned(&self.job.uid);
            !owned.filter(|pod| &*pod.resource == "pods").any(|pod| super::pods::is_terminating(pod))
        });
        let terminating = last.as_ref().map(|_| 0);
        let after = world.update(&job, |tree| {
            let add = |tree: &mut Tree, path: &str, more: i64| set_count(tree, path, tree.int(path, 0) + more);
            add(tree, "status.succeeded", successes);
            add(tree, "status.failed", failures);
            tree.set("status.uncountedTerminatedPods", Tree::map());
            if let Some(terminating) = terminating {
                tree.set("status.terminating", terminating);
            }
            if let Some(verdict) = &last {
                let kind = if verdict.success { "Complete" } else { "Failed" };
                ensure(tree, kind, "True", &verdict.reason, &verdict.message, &now);
                if verdict.success {
                    tree.set("status.completionTime", &now);
                }
            }
        });
        let (Some(verdict), Some(after)) = (last, after) else { return };
        if !verdict.success {
            world.event(&after, "Warning", &verdict.reason, &verdict.message, COMPONENT);
            return;
        }
        if after.tree.at("spec.completions").as_i64().is_some_and(|wanted| after.tree.int("status.succeeded", 0) > wanted) {
            let message = "Too many succeeded pods running after completion count reached";
            world.event(&after, "Warning", "TooManySucceededPods", message, COMPONENT);
        }
        world.event(&after, "Normal", "Completed", "Job completed", COMPONENT);
    }
}
