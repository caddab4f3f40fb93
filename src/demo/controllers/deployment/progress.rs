//! The status of a Deployment: counts, whether it is available, and how its rollout gets on (`progress.go`,
//! `calculateStatus`).

use super::{NAME, Step, arithmetic, scaling};
use crate::demo::controllers::condition::{remove_condition, replace, set_count, set_dated_condition};
use crate::demo::tree::Tree;
use crate::demo::world::SECOND;
use crate::model::time;

const CONDITIONS: &str = "status.conditions";

/// All pods are of the new template and available, and no other is there: `DeploymentComplete`, of a Deployment `d` with the
/// status that `with` has.
pub fn complete(d: &Tree, with: &Tree) -> bool {
    let wanted = d.int("spec.replicas", 1);
    ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|count| with["status"].int(count, 0) == wanted)
        && with.int("status.observedGeneration", 0) >= d.int("metadata.generation", 0)
}

/// There is more of what is new, or less of what is old, than before: `DeploymentProgressing`.
fn progressed(before: &Tree, after: &Tree) -> bool {
    let old = |d: &Tree| d.int("status.replicas", 0) - d.int("status.updatedReplicas", 0);
    let more = |count: &str| after["status"].int(count, 0) > before["status"].int(count, 0);
    more("updatedReplicas") || old(after) < old(before) || more("readyReplicas") || more("availableReplicas")
}

impl Step<'_> {
    /// The copy with the counts and availability of now: `calculateStatus`.
    fn counted(&mut self) -> Tree {
        let now = self.world.now_text();
        let count = |what: &str| scaling::counted(self.all(), what);
        let available = count("availableReplicas");
        let mut d = self.d.clone();
        set_count(&mut d, "status.replicas", count("replicas"));
        set_count(&mut d, "status.updatedReplicas", scaling::counted(self.new.iter(), "replicas"));
        set_count(&mut d, "status.readyReplicas", count("readyReplicas"));
        set_count(&mut d, "status.availableReplicas", available);
        set_count(&mut d, "status.unavailableReplicas", (scaling::sizes(self.all()) - available).max(0));
        set_count(&mut d, "status.observedGeneration", self.d.int("metadata.generation", 0));
        let untold = |status: &Tree| status["terminatingReplicas"].is_null() && status.int("observedGeneration", 0) > 0;
        if self.all().any(|replica_set| untold(&replica_set.tree["status"])) {
            d.remove("status.terminatingReplicas");
        } else {
            d.set("status.terminatingReplicas", count("terminatingReplicas"));
        }
        let (status, reason, message) = if available >= self.wanted() - arithmetic::max_unavailable(&self.d) {
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        set_dated_condition(&mut d, CONDITIONS, "Available", status, reason, message, &now);
        d
    }

    /// Stores the counts, where nothing is known of a rollout: `syncDeploymentStatus`.
    pub(super) fn report(&mut self) {
        self.d = self.counted();
        self.store_status();
    }

    /// Stores counts and how the rollout gets on: `syncRolloutStatus`.
    pub(super) fn report_rollout(&mut self) {
        let now = self.world.now_text();
        let mut next = self.counted();
        let current = self.progressing().clone();
        let finished =
            next.int("status.replicas", 0) == next.int("status.updatedReplicas", 0) && current["reason"] == "NewReplicaSetAvailable";
        if !self.has_deadline() {
            remove_condition(&mut next, CONDITIONS, "Progressing");
        } else if !finished {
            let who = match &self.new {
                Some(new) => format!("ReplicaSet \"{}\"", new.name),
                None => format!("Deployment \"{}\"", self.stored.name),
            };
            if complete(&self.d, &next) {
                let message = format!("{who} has successfully progressed.");
                set_dated_condition(&mut next, CONDITIONS, "Progressing", "True", "NewReplicaSetAvailable", &message, &now);
            } else if progressed(&self.d, &next) {
                // Said again at every sign of progress: the time of the last is what the deadline counts from.
                let mut condition = Tree::texts([
                    ("type", "Progressing"),
                    ("status", "True"),
                    ("reason", "ReplicaSetUpdated"),
                    ("message", &format!("{who} is progressing.")),
                ]);
                let since = if current["status"] == "True" { &current["lastTransitionTime"] } else { &now };
                condition.set("lastTransitionTime", since);
                condition.set("lastUpdateTime", &now);
                replace(&mut next, CONDITIONS, "Progressing", condition);
            } else if self.timed_out() {
                let message = format!("{who} has timed out progressing.");
                set_dated_condition(&mut next, CONDITIONS, "Progressing", "False", "ProgressDeadlineExceeded", &message, &now);
            }
        }
        self.take_failure(&mut next);
        let unchanged = next["status"].equals(&self.d["status"]);
        self.d = next;
        self.store_status();
        if unchanged {
            self.look_at_deadline();
        }
    }

    /// A ReplicaSet that cannot make its pods is the Deployment's failure too; the new one's before those of the old.
    fn take_failure(&self, next: &mut Tree) {
        let failure = |status: &Tree| Some(status.item("conditions", "type", "ReplicaFailure").clone()).filter(|found| !found.is_null());
        let Some(mut failure) = self.new.iter().chain(&self.old).find_map(|replica_set| failure(&replica_set.tree["status"])) else {
            remove_condition(next, CONDITIONS, "ReplicaFailure");
            return;
        };
        let current = next.item(CONDITIONS, "type", "ReplicaFailure");
        if current["status"] == failure["status"] && current["reason"] == failure["reason"] {
            return;
        }
        failure.set("lastUpdateTime", failure["lastTransitionTime"].clone());
        replace(next, CONDITIONS, "ReplicaFailure", failure);
    }

    /// When the deadline ends, counted from the last sign of progress: milliseconds since 1970.
    fn deadline(&self) -> Option<i64> {
        let from = time::parse(self.progressing().text("lastUpdateTime"))?;
        Some((from + self.d.int("spec.progressDeadlineSeconds", 600)) * SECOND)
    }

    /// `DeploymentTimedOut`.
    fn timed_out(&self) -> bool {
        match self.progressing().text("reason") {
            "NewReplicaSetAvailable" => false,
            "ProgressDeadlineExceeded" => true,
            _ => self.deadline().is_some_and(|deadline| deadline < self.world.now()),
        }
    }

    /// Looks again when the deadline is over: `requeueStuckDeployment`. A rollout that was finished once has no deadline any
    /// more, whatever becomes of its pods; upstream looks at those again and again, to find nothing to do.
    fn look_at_deadline(&mut self) {
        let told = matches!(self.progressing().text("reason"), "ProgressDeadlineExceeded" | "NewReplicaSetAvailable");
        let over = told || complete(&self.d, &self.d);
        if !self.has_deadline() || over {
            return;
        }
        if let Some(deadline) = self.deadline() {
            let at = (deadline + SECOND).max(self.world.now() + SECOND);
            self.world.look_at(NAME, self.stored.reference(), at);
        }
    }
}
