//! CronJobs: a Job at each time of a schedule (`pkg/controller/cronjob`).

use std::sync::Arc;

use super::{Controller, job};
use crate::demo::store::{Change, Object, Ref};
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, Propagation, SECOND, World, controlled_by};
use crate::model::time::{self, rfc3339};

mod schedule;
#[cfg(test)]
mod tests;

pub use schedule::{Schedule, ScheduleError};

/// The row of the controller.
pub static CRON_JOBS: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "cronjob";
const RESOURCE: &str = "cronjobs.batch";
const COMPONENT: &str = "cronjob-controller";

/// What a Job was scheduled for.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// From this many times on that passed without a Job, somebody is told.
const MANY: usize = 100;

fn see(world: &mut World, change: &Change) {
    if &*change.object.resource == RESOURCE {
        world.look(NAME, change.object.reference());
    } else if &*change.object.resource == job::RESOURCE
        && let Some(owner) = super::pods::controller_of(&change.object)
        && &*owner.resource == RESOURCE
    {
        world.look(NAME, owner);
    }
}

/// What one look needs, and the status that it changes.
struct Look {
    cron: Arc<Object>,
    jobs: Vec<Arc<Object>>,
    /// `status.active`.
    active: Vec<Tree>,
    last_schedule: Tree,
    last_success: Tree,
    /// Seconds.
    now: i64,
}

fn sync(world: &mut World, about: &Ref) {
    let Some(cron) = world.find(about) else { return };
    let ours = |job: &&Arc<Object>| &*job.resource == job::RESOURCE && job.controller_uid() == &*cron.uid;
    let jobs: Vec<_> = world.store.owned(&cron.uid).filter(ours).cloned().collect();
    let status = &cron.tree["status"];
    let mut look = Look {
        active: status["active"].items().to_vec(),
        last_schedule: status["lastScheduleTime"].clone(),
        last_success: status["lastSuccessfulTime"].clone(),
        now: world.now().div_euclid(SECOND),
        jobs,
        cron,
    };
    look.follow(world);
    if !look.cron.terminating() {
        look.schedule(world);
    }
    world.update(about, |tree| {
        if look.active.is_empty() {
            tree.remove("status.active");
        } else {
            tree.set("status.active", Tree::list_of(look.active.clone()));
        }
        for (path, value) in [("status.lastScheduleTime", &look.last_schedule), ("status.lastSuccessfulTime", &look.last_success)] {
            if !value.is_null() {
                tree.set(path, value);
            }
        }
    });
    look.clean(world);
}

impl Look {
    fn say(&self, world: &mut World, kind: &str, reason: &str, message: &str) {
        world.event(&self.cron, kind, reason, message, COMPONENT);
    }

    /// What became of its Jobs.
    fn follow(&mut self, world: &mut World) {
        for job in &self.jobs {
            let listed = self.active.iter().any(|active| active["uid"] == *job.uid);
            match job::finished(job) {
                None if !listed => {
                    let message = format!("Saw a job that the controller did not create or forgot: {}", job.name);
                    self.say(world, "Warning", "UnexpectedJob", &message);
                }
                None => {}
                Some(how) => {
                    if listed {
                        self.active.retain(|active| active["uid"] != *job.uid);
                        let message = format!("Saw completed job: {}, condition: {how}", job.name);
                        self.say(world, "Normal", "SawCompletedJob", &message);
                    }
                    let at = job.tree.at("status.completionTime");
                    // Times of the API are in the order of their texts.
                    if how == "Complete" && at.as_str() > self.last_success.as_str() {
                        self.last_success = at.clone();
                    }
                }
            }
        }
        let (there, missing): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.active).into_iter().partition(|active| self.jobs.iter().any(|job| active["uid"] == *job.uid));
        self.active = there;
        for gone in missing {
            self.say(world, "Normal", "MissingJob", &format!("Active job went missing: {}", gone.text("name")));
        }
    }

    /// Makes the Job whose time has come, and says when to look again.
    fn schedule(&mut self, world: &mut World) {
        let spec = self.cron.tree["spec"].clone();
        if spec.flag("suspend") {
            return;
        }
        let schedule = match Schedule::parse(spec.text("schedule"), spec.text("timeZone")) {
            Ok(schedule) => schedule,
            Err(ScheduleError::Zone(why)) => {
                let message = format!("invalid timeZone: {:?}: {why}", spec.text("timeZone"));
                return self.say(world, "Warning", "UnknownTimeZone", &message);
            }
            Err(ScheduleError::Text(why)) => {
                let message = format!("unparseable schedule: {:?} : {why}", spec.text("schedule"));
                return self.say(world, "Warning", "UnparseableSchedule", &message);
            }
        };
        let due = self.due(world, &schedule, spec["startingDeadlineSeconds"].as_i64());
        if let Some(next) = schedule.after(self.now) {
            world.look_at(NAME, self.cron.reference(), next * SECOND);
        }
        let Some(at) = due else { return };
        if self.last_schedule.as_str().and_then(time::parse) == Some(at) {
            return;
        }
        let forbidden = "Not starting job because prior execution is running and concurrency policy is Forbid";
        match spec.text("concurrencyPolicy") {
            "Forbid" if !self.active.is_empty() => return self.say(world, "Normal", "JobAlreadyActive", forbidden),
            "Replace" => {
                for running in std::mem::take(&mut self.active) {
                    let job = self.jobs.iter().find(|job| running["uid"] == *job.uid).cloned();
                    if let Some(job) = job {
                        self.delete(world, &job);
                    }
                }
            }
            _ => {}
        }
        match world.create(job::RESOURCE, self.job(&schedule, at)) {
            Ok(made) => {
                self.say(world, "Normal", "SuccessfulCreate", &format!("Created job {}", made.name));
                let mut reference =
                    Tree::texts([("apiVersion", "batch/v1"), ("kind", "Job"), ("name", &*made.name), ("namespace", &*made.namespace)]);
                reference.set("uid", &made.uid);
                reference.set("resourceVersion", made.version.to_string());
                self.active.push(reference);
                self.last_schedule = rfc3339(at).into();
            }
            Err(refusal) if refusal.reason == "AlreadyExists" => {}
            Err(refusal) => self.say(world, "Warning", "FailedCreate", &format!("Error creating job: {}", refusal.message)),
        }
    }

    /// The last time of the schedule for which there is no Job yet (seconds); `None` when there is none, or it is too late
    /// for it (`nextScheduleTime`). Times that were missed before it are not made up for.
    fn due(&self, world: &mut World, schedule: &Schedule, deadline: Option<i64>) -> Option<i64> {
        let made = time::parse(self.cron.tree.text("metadata.creationTimestamp")).unwrap_or(self.now);
        let mut since = self.last_schedule.as_str().and_then(time::parse).unwrap_or(made);
        if let Some(deadline) = deadline {
            since = since.max(self.now - deadline);
        }
        let (last, missed) = schedule.last_between(since, self.now, MANY + 1);
        if missed > MANY {
            let message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            self.say(world, "Warning", "TooManyMissedTimes", message);
        }
        last
    }

    /// The Job of a time: `getJobFromTemplate2`.
    fn job(&self, schedule: &Schedule, at: i64) -> Tree {
        let template = self.cron.tree.at("spec.jobTemplate");
        let mut job = Tree::texts([("apiVersion", "batch/v1"), ("kind", "Job")]);
        job.set("metadata.namespace", &self.cron.namespace);
        job.set("metadata.name", format!("{}-{}", self.cron.name, at.div_euclid(60)));
        job.set("metadata.generation", 1);
        for part in ["labels", "annotations"] {
            if !template["metadata"][part].is_empty() {
                job.at_mut("metadata").put(part, &template["metadata"][part]);
            }
        }
        job.at_mut("metadata.annotations").put(SCHEDULED, schedule.local(at));
        job.push("metadata.ownerReferences", controlled_by(&self.cron));
        job.put("spec", &template["spec"]);
        job.put("status", Tree::map());
        job
    }

    fn delete(&self, world: &mut World, job: &Object) {
        let deletion = Deletion { propagation: Some(Propagation::Background), ..Deletion::default() };
        match world.delete(&job.reference(), &deletion) {
            Ok(_) => self.say(world, "Normal", "SuccessfulDelete", &format!("Deleted job {}", job.name)),
            Err(refusal) => self.say(world, "Warning", "FailedDelete", &format!("Deleted job: {}", refusal.message)),
        }
    }

    /// Deletes the oldest Jobs that ended: as many are kept as the limits say (`cleanupFinishedJobs`).
    fn clean(&self, world: &mut World) {
        let spec = &self.cron.tree["spec"];
        for (how, limit) in [("Complete", spec.int("successfulJobsHistoryLimit", 3)), ("Failed", spec.int("failedJobsHistoryLimit", 1))] {
            let mut ended: Vec<_> = self.jobs.iter().filter(|job| job::finished(job) == Some(how) && !job.terminating()).collect();
            ended.sort_by_key(|job| (job.tree.text("status.startTime").to_owned(), job.name.clone()));
            let too_many = ended.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
            for job in ended.into_iter().take(too_many) {
                self.delete(world, job);
            }
        }
    }
}
