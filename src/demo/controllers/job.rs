//! Jobs: pods that run until enough of them succeeded, or too many failed (`pkg/controller/job`).

use arcstr::ArcStr;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Controller, family, pods};
use crate::demo::selector;
use crate::demo::store::{Object, Ref};
use crate::demo::world::{Deletion, Millis, SECOND, World};
use crate::model::facts::Selector;
use crate::model::time;

mod backoff;
mod indexes;
mod manage;
mod policy;
mod status;
#[cfg(test)]
mod tests;
mod ttl;

use indexes::Indexes;
use status::Verdict;
pub use ttl::TTL_AFTER_FINISHED;

/// The row of the controller.
pub static JOBS: Controller = Controller { name: NAME, see: |world, change| family::see(world, change, NAME, RESOURCE), sync };

const NAME: &str = "job";
/// Where Jobs are stored.
pub const RESOURCE: &str = "jobs.batch";
const COMPONENT: &str = "job-controller";

/// Holds a pod until it has been counted.
const FINALIZER: &str = "batch.kubernetes.io/job-tracking";

/// Whether a Job has ended, and with which condition: `Complete` or `Failed`.
pub fn finished(job: &Object) -> Option<&'static str> {
    ["Complete", "Failed"].into_iter().find(|kind| job.tree.item("status.conditions", "type", kind)["status"] == "True")
}

/// What one look needs, and what it counts on its way.
struct Look<'a> {
    job: &'a Arc<Object>,
    /// All of its pods.
    pods: Vec<Arc<Object>>,
    now: Millis,
    active: i64,
    ready: i64,
    terminating: i64,
    succeeded: i64,
    failed: i64,
    verdict: Option<Verdict>,
    /// Of Indexed jobs: those that succeeded.
    done: Indexes,
    /// Of jobs that count failures for each index: those that are given up.
    lost: Option<Indexes>,
    /// Index → the failed pod that the next one of that index is to follow.
    delayed: BTreeMap<i64, Arc<Object>>,
}

fn sync(world: &mut World, about: &Ref) {
    let job = world.find(about);
    let Some(job) = job.filter(|job| finished(job).is_none()) else { return release(world, about) };
    let by_us = ["", "kubernetes.io/job-controller"].contains(&job.tree.text("spec.managedBy"));
    let selector = selector::of(job.tree.at("spec.selector"));
    if !by_us || selector.requirements.is_empty() {
        return;
    }
    let mut look = Look::at(world, &job, &selector);
    let started = time::parse(job.tree.text("status.startTime")).map(|at| at * SECOND);
    let started = started.or_else(|| (!look.suspended()).then_some(look.now));
    look.judge(world, started);
    let mut suspension = None;
    if look.verdict.is_some() {
        look.delete_active(world);
    } else if !job.terminating() {
        look.manage(world);
        let enough = match job.tree.at("spec.completions").as_i64() {
            // Any success counts for all, once the others have ended too.
            None => look.succeeded > 0,
            Some(completions) => look.succeeded >= completions,
        };
        if enough && look.active == 0 {
            look.verdict = Some(Verdict::success());
        } else {
            suspension = look.suspension(world);
        }
    }
    look.report(world, started, suspension);
}

/// Lets go of the pods of a Job that has ended, or is gone: nobody will count them.
fn release(world: &mut World, about: &Ref) {
    let own = Selector {
        requirements: selector::of_map(&crate::demo::tree::Tree::texts([("batch.kubernetes.io/job-name", &*about.name)])).requirements,
    };
    for pod in world.store.pods(&about.namespace, &own) {
        if !is_tracked(&pod) {
            continue;
        }
        let owner = pod.controller_uid();
        let alive = world.store.by_uid(owner).is_some_and(|job| &*job.resource == RESOURCE && finished(job).is_none());
        let foreign = pod.controller().is_some_and(|owner| owner["kind"] != "Job");
        if !alive && !foreign {
            untrack(world, &pod);
        }
    }
}

fn is_tracked(pod: &Object) -> bool {
    pod.tree.at("metadata.finalizers").items().iter().any(|finalizer| *finalizer == FINALIZER)
}

fn untrack(world: &mut World, pod: &Object) {
    world.update(&pod.reference(), |tree| tree.retain("metadata.finalizers", |finalizer| *finalizer != FINALIZER));
}

impl<'a> Look<'a> {
    /// Counts.
    fn at(world: &mut World, job: &'a Arc<Object>, selector: &Selector) -> Look<'a> {
        let mut all = Vec::new();
        let owned: std::collections::HashSet<ArcStr> = world.store.owned(&job.uid).map(|pod| pod.uid.clone()).collect();
        for pod in pods::claim(world, job, selector, "pods") {
            let adopted = !owned.contains(&pod.uid) && !is_tracked(&pod);
            let tracked = adopted.then(|| world.update(&pod.reference(), |tree| tree.push("metadata.finalizers", FINALIZER)));
            all.push(tracked.flatten().unwrap_or(pod));
        }
        let count = |which: &dyn Fn(&Object) -> bool| all.iter().filter(|pod| which(pod)).count() as i64;
        let mut look = Look {
            job,
            now: world.now(),
            active: count(&pods::is_active),
            ready: count(&|pod| pods::is_active(pod) && pods::is_ready(pod)),
            terminating: count(&pods::is_terminating),
            succeeded: 0,
            failed: 0,
            verdict: None,
            done: Indexes::default(),
            lost: None,
            delayed: BTreeMap::new(),
            pods: all,
        };
        let fresh = |which: &dyn Fn(&Object) -> bool| look.pods.iter().filter(|pod| look.counts(pod) && which(pod)).count() as i64;
        let failed = fresh(&|pod| look.is_failed(pod) && policy::of(job, pod).counts);
        let succeeded = fresh(&|pod| pod.tree.text("status.phase") == "Succeeded");
        look.failed = job.tree.int("status.failed", 0) + failed;
        look.succeeded = job.tree.int("status.succeeded", 0) + succeeded;
        if look.is_indexed() {
            look.done = Indexes::parse(job.tree.text("status.completedIndexes"), look.completions());
            let new = look.pods.iter().filter(|pod| look.counts(pod) && pod.tree.text("status.phase") == "Succeeded");
            let new: Vec<i64> = new.filter_map(|pod| indexes::of(pod)).collect();
            look.done.extend(new);
            look.succeeded = look.done.len();
            look.count_by_index();
        }
        look
    }

    fn is_indexed(&self) -> bool {
        self.job.tree.text("spec.completionMode") == "Indexed"
    }

    fn completions(&self) -> i64 {
        self.job.tree.int("spec.completions", 0)
    }

    fn suspended(&self) -> bool {
        self.job.tree.flag("spec.suspend")
    }

    fn limit_of_index(&self) -> Option<i64> {
        self.job.tree.at("spec.backoffLimitPerIndex").as_i64()
    }

    /// A pod that is on its way out is not replaced before it has ended: `onlyReplaceFailedPods`.
    fn waits_for_the_end(&self) -> bool {
        self.job.tree.text("spec.podReplacementPolicy") == "Failed" || !self.job.tree.at("spec.podFailurePolicy").is_null()
    }

    fn is_failed(&self, pod: &Object) -> bool {
        let phase = pod.tree.text("status.phase");
        phase == "Failed" || (!self.waits_for_the_end() && pod.terminating() && phase != "Succeeded")
    }

    /// It was not counted yet, and is one that is to be.
    fn counts(&self, pod: &Object) -> bool {
        is_tracked(pod) && (!self.is_indexed() || indexes::of(pod).is_some_and(|index| index < self.completions()))
    }

    /// Which indexes failed too often, and which failed pods are to be followed.
    fn count_by_index(&mut self) {
        let Some(limit) = self.limit_of_index() else { return };
        let mut lost = Indexes::parse(self.job.tree.text("status.failedIndexes"), self.completions());
        let failed: Vec<_> = self.pods.iter().filter(|pod| self.counts(pod) && self.is_failed(pod)).cloned().collect();
        for pod in &failed {
            let verdict = policy::of(self.job, pod);
            let given_up = verdict.fails_index || (verdict.counts && indexes::failures(pod) >= limit);
            if let Some(index) = indexes::of(pod).filter(|index| given_up && !self.done.has(*index)) {
                lost.extend([index]);
            }
        }
        let active: Vec<i64> = self.pods.iter().filter(|pod| pods::is_active(pod)).filter_map(|pod| indexes::of(pod)).collect();
        for pod in failed {
            let Some(index) = indexes::of(&pod) else { continue };
            if self.done.has(index) || lost.has(index) || active.contains(&index) {
                continue;
            }
            let later = |other: &Arc<Object>| {
                indexes::all_failures(other) <= indexes::all_failures(&pod) && backoff::ended(other) <= backoff::ended(&pod)
            };
            if self.delayed.get(&index).is_none_or(later) {
                self.delayed.insert(index, pod);
            }
        }
        self.lost = Some(lost);
    }

    /// Whether it has ended, and how: what was decided before stays.
    fn judge(&mut self, world: &mut World, started: Option<Millis>) {
        let job = self.job;
        let standing = |kind: &str| {
            let condition = job.tree.item("status.conditions", "type", kind);
            (condition["status"] == "True").then(|| (condition.text("reason").to_owned(), condition.text("message").to_owned()))
        };
        let verdict = if let Some((reason, message)) = standing("SuccessCriteriaMet") {
            Some(Verdict { success: true, known: true, reason, message })
        } else if let Some((reason, message)) = standing("FailureTarget") {
            Some(Verdict { success: false, known: true, reason, message })
        } else {
            let failed = self.pods.iter().filter(|pod| self.is_failed(pod));
            let fatal = failed.filter_map(|pod| policy::of(job, pod).fatal).next();
            fatal
                .map(|message| Verdict::failure("PodFailurePolicy", &message))
                .or_else(|| self.limits(world, started))
                .or_else(|| self.lost_indexes())
        };
        self.verdict = verdict;
        if self.verdict.is_none() && self.is_indexed() {
            self.verdict = policy::success(job, &self.done);
        }
    }

    fn limits(&self, world: &mut World, started: Option<Millis>) -> Option<Verdict> {
        let tree = &self.job.tree;
        let limit = tree.int("spec.backoffLimit", if self.limit_of_index().is_some() { i64::MAX } else { 6 });
        if self.failed > limit || self.restarted_too_often(limit) {
            return Some(Verdict::failure("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
        }
        let deadline = tree.at("spec.activeDeadlineSeconds").as_i64().filter(|_| !self.suspended())?;
        let at = started? + deadline * SECOND;
        if at <= self.now {
            return Some(Verdict::failure("DeadlineExceeded", "Job was active longer than specified deadline"));
        }
        world.look_at(NAME, self.job.reference(), at);
        None
    }

    /// `pastBackoffLimitOnFailure`.
    fn restarted_too_often(&self, limit: i64) -> bool {
        if self.job.tree.text("spec.template.spec.restartPolicy") != "OnFailure" {
            return false;
        }
        let running = self.pods.iter().filter(|pod| matches!(pod.tree.text("status.phase"), "Running" | "Pending"));
        let statuses = |pod: &Arc<Object>| {
            let lists = ["status.initContainerStatuses", "status.containerStatuses"].map(|path| pod.tree.at(path).items().to_vec());
            lists.into_iter().flatten().map(|status| status.int("restartCount", 0)).sum::<i64>()
        };
        let restarts: i64 = running.map(statuses).sum();
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    }

    fn lost_indexes(&self) -> Option<Verdict> {
        let lost = self.lost.as_ref().map_or(0, Indexes::len);
        if self.job.tree.at("spec.maxFailedIndexes").as_i64().is_some_and(|most| lost > most) {
            return Some(Verdict::failure("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"));
        }
        (lost > 0 && lost + self.done.len() >= self.completions()).then(|| Verdict::failure("FailedIndexes", "Job has failed indexes"))
    }

    fn delete(&mut self, world: &mut World, pod: &Object) {
        if world.delete(&pod.reference(), &Deletion::default()).is_err() {
            return;
        }
        world.event(self.job, "Normal", "SuccessfulDelete", &format!("Deleted pod: {}", pod.name), COMPONENT);
        self.active -= 1;
        // One that never got to a node is gone at once.
        self.terminating += 1;
        self.ready -= i64::from(pods::is_ready(pod));
    }

    fn delete_active(&mut self, world: &mut World) {
        for pod in self.pods.clone().iter().filter(|pod| pods::is_active(pod)) {
            self.delete(world, pod);
        }
    }
}
