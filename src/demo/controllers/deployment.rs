//! Deployments: kube-controller-manager's deployment controller (`pkg/controller/deployment`), a step at a time.
//!
//! A step works on a copy of the Deployment and stores its status at the end; what it does to ReplicaSets makes it look
//! again.

use std::sync::Arc;

use super::condition::set_dated_condition;
use super::{Controller, pods};
use crate::demo::admission;
use crate::demo::patch::owners::{self, Owner};
use crate::demo::selector;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::World;

mod arithmetic;
mod progress;
mod revision;
mod rollout;
mod scaling;
#[cfg(test)]
mod tests;

/// The row of Deployments.
pub static DEPLOYMENTS: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "deployment";
const COMPONENT: &str = "deployment-controller";
const DEPLOYMENT: &str = "deployments.apps";
const REPLICA_SET: &str = "replicasets.apps";

fn see(world: &mut World, change: &Change) {
    let object = &change.object;
    match &*object.resource {
        DEPLOYMENT => world.look(NAME, object.reference()),
        REPLICA_SET => {
            let before = change.before.as_ref().filter(|before| before.controller_uid() != object.controller_uid());
            for owner in before.into_iter().chain([object]).filter_map(|replica_set| pods::controller_of(replica_set)) {
                if &*owner.resource == DEPLOYMENT {
                    world.look(NAME, owner);
                }
            }
            if object.controller().is_none() && change.verb != Verb::Deleted {
                for suitor in suitors(world, object) {
                    world.look(NAME, suitor);
                }
            }
        }
        // Recreate waits for the last pod to be really gone.
        "pods" if change.verb == Verb::Deleted => {
            let replica_set = pods::controller_of(object).and_then(|owner| world.find(&owner));
            let owner = replica_set.and_then(|replica_set| pods::controller_of(&replica_set));
            let deployment = owner.and_then(|owner| world.find(&owner));
            if let Some(deployment) = deployment.filter(|d| d.tree.text("spec.strategy.type") == "Recreate") {
                world.look(NAME, deployment.reference());
            }
        }
        _ => {}
    }
}

/// Deployments that might adopt a ReplicaSet that nobody controls.
fn suitors(world: &World, orphan: &Object) -> Vec<Ref> {
    let all = world.store.list(DEPLOYMENT, Some(&orphan.namespace));
    all.filter(|deployment| {
        let selector = selector::of(deployment.tree.at("spec.selector"));
        !selector.requirements.is_empty() && selector::matches(&selector, orphan.labels())
    })
    .map(|deployment| deployment.reference())
    .collect()
}

/// One step of one Deployment.
struct Step<'w> {
    world: &'w mut World,
    /// As it is stored.
    stored: Arc<Object>,
    /// The copy that the step works on.
    d: Tree,
    /// The ReplicaSet of its template; `None` while there is none.
    new: Option<Arc<Object>>,
    /// All others, oldest first.
    old: Vec<Arc<Object>>,
}

/// A step ended early: something was stored that makes the controller look again, or cannot be stored now.
struct Ended;

fn sync(world: &mut World, about: &Ref) {
    let Some(stored) = world.find(about) else { return };
    let selector = selector::of(stored.tree.at("spec.selector"));
    if selector.requirements.is_empty() {
        let message = "This deployment is selecting all pods. A non-empty selector is required.";
        world.event(&stored, "Warning", "SelectingAll", message, COMPONENT);
        world.update(about, |tree| tree.set("status.observedGeneration", tree.int("metadata.generation", 0)));
        return;
    }
    let all = pods::claim(world, &stored, &selector, REPLICA_SET);
    let d = stored.tree.clone();
    let mut step = Step { world, stored, d, new: None, old: Vec::new() };
    step.divide(all);
    // That a step ended early needs nothing more: what it stored makes it look again.
    let _ = step.run();
}

impl Step<'_> {
    /// `syncDeployment`, after the ReplicaSets are known.
    fn run(&mut self) -> Result<(), Ended> {
        if self.stored.terminating() {
            self.sync_revision(false)?;
            self.report();
            return Ok(());
        }
        self.check_paused();
        if self.d.flag("spec.paused") || self.is_scaling_event()? {
            return self.sync_scale();
        }
        match self.d.text("spec.strategy.type") {
            "Recreate" => self.roll_recreate(),
            _ => self.roll(),
        }
    }

    /// Which ReplicaSet is the new one, and which are old. The oldest of several with the same template is the new one.
    fn divide(&mut self, mut all: Vec<Arc<Object>>) {
        all.sort_by(scaling::by_age);
        let of =
            |template: &Tree| all.iter().position(|replica_set| revision::same_template(replica_set.tree.at("spec.template"), template));
        let mut new = of(self.d.at("spec.template"));
        if new.is_none() {
            // A ReplicaSet gets its defaults when it is made. Without them here it would never be the one that was asked for,
            // and another would be made, and another.
            admission::default(self.world, DEPLOYMENT, &mut self.d);
            new = of(self.d.at("spec.template"));
        }
        self.new = new.map(|at| all.remove(at));
        self.old = all;
    }

    /// Old ones and then the new one.
    fn all(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.old.iter().chain(&self.new)
    }

    /// `spec.replicas`.
    fn wanted(&self) -> i64 {
        self.d.int("spec.replicas", 1)
    }

    /// It is to get on within a time; the largest number there is means that it is not (`HasProgressDeadline`).
    fn has_deadline(&self) -> bool {
        self.d.int("spec.progressDeadlineSeconds", 600) != i64::from(i32::MAX)
    }

    fn progressing(&self) -> &Tree {
        self.d.item("status.conditions", "type", "Progressing")
    }

    /// Sets the condition `Progressing` of the copy.
    fn set_progressing(&mut self, status: &str, reason: &str, message: &str) {
        let now = self.world.now_text();
        set_dated_condition(&mut self.d, "status.conditions", "Progressing", status, reason, message, &now);
    }

    /// Stores status and annotations of the copy: `UpdateStatus`, whose strategy lets annotations pass.
    fn store_status(&mut self) {
        let (status, annotations) = (self.d["status"].clone(), self.d.at("metadata.annotations").clone());
        let (of, now) = (self.world.type_of("apps", "v1", "Deployment"), self.world.now_text());
        let stored = self.world.update(&self.stored.reference(), |tree| {
            let before = tree.clone();
            tree.put("status", status);
            if !annotations.is_null() {
                tree.at_mut("metadata").put("annotations", annotations);
            }
            // Who applies the Deployment does not take the revision away. Objects of the story have no owners.
            if !before.at("metadata.managedFields").is_null() && !tree.equals(&before) {
                let (manager, api_version, subresource) = ("kube-controller-manager".into(), "apps/v1".into(), "status".into());
                owners::note_update(of.as_ref(), &before, tree, Owner { manager, applies: false, api_version, subresource }, now);
            }
        });
        if let Some(stored) = stored {
            self.d = stored.tree.clone();
            self.stored = stored;
        }
    }

    /// Says that it is paused, or not any more, so that time in between does not count: `checkPausedConditions`.
    fn check_paused(&mut self) {
        let reason = self.progressing().text("reason");
        if !self.has_deadline() || reason == "ProgressDeadlineExceeded" {
            return;
        }
        match (self.d.flag("spec.paused"), reason == "DeploymentPaused") {
            (true, false) => self.set_progressing("Unknown", "DeploymentPaused", "Deployment is paused"),
            (false, true) => self.set_progressing("Unknown", "DeploymentResumed", "Deployment is resumed"),
            _ => return,
        }
        self.store_status();
    }

    /// Somebody asked for another number of pods: the annotation of an active ReplicaSet has another (`isScalingEvent`).
    fn is_scaling_event(&mut self) -> Result<bool, Ended> {
        self.sync_revision(false)?;
        let wanted = self.wanted();
        let active = self.all().filter(|replica_set| scaling::size(replica_set) > 0);
        Ok(active.filter_map(|replica_set| scaling::desired(replica_set)).any(|desired| desired != wanted))
    }

    /// What is done for one that is paused, or was scaled: `sync`.
    fn sync_scale(&mut self) -> Result<(), Ended> {
        self.sync_revision(false)?;
        self.scale();
        if self.d.flag("spec.paused") {
            self.clean_up();
        }
        self.report();
        Ok(())
    }
}
