//! Deleting: grace, finalizers and propagation, as the generic registry of the API server has them (`rest.BeforeDelete`,
//! `deletionFinalizersForGarbageCollection`). What happens to what is owned is the garbage collector's.

use std::sync::Arc;

use super::World;
use crate::demo::refusal::Refusal;
use crate::demo::store::{Object, Ref};
use crate::demo::tree::Tree;
use crate::model::time::{parse, rfc3339};

/// What happens to what the object owns: `propagationPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// It goes after the object.
    Background,
    /// It goes before the object.
    Foreground,
    /// It stays, without an owner.
    Orphan,
}

/// The finalizer of an object that waits for what it owns.
pub const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of an object whose dependents are to be let go.
pub const ORPHAN: &str = "orphan";

/// Seconds that a pod gets to end, where it says nothing.
const GRACE: i64 = 30;

/// `DeleteOptions`.
#[derive(Clone, Debug, Default)]
pub struct Deletion {
    /// `gracePeriodSeconds`.
    pub grace: Option<i64>,
    /// `propagationPolicy`.
    pub propagation: Option<Propagation>,
    /// `preconditions.uid`.
    pub uid: Option<String>,
    /// `preconditions.resourceVersion`.
    pub version: Option<String>,
    /// Nothing is to be changed: `dryRun=All`.
    pub dry_run: bool,
}

impl Deletion {
    /// At once: what a kubelet sends when a pod has ended.
    pub fn now() -> Deletion {
        Deletion { grace: Some(0), ..Deletion::default() }
    }
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Gone {
    /// It is gone.
    Now(Arc<Object>),
    /// It is on its way out: somebody holds it, or it has grace.
    Later(Arc<Object>),
}

impl World {
    /// Deletes an object, or begins to.
    ///
    /// # Errors
    /// It is not there, or is not the one that was meant.
    pub fn delete(&mut self, reference: &Ref, deletion: &Deletion) -> Result<Gone, Refusal> {
        let Some(object) = self.find(reference) else { return Err(Refusal::not_found(&reference.resource, &reference.name)) };
        check(&object, deletion)?;
        let grace = grace(&object, deletion);
        let mut tree = object.tree.clone();
        let default = match &*object.resource {
            // For those who still call as in 2016: kubectl names the policy itself.
            "replicationcontrollers" | "jobs.batch" => Some(Propagation::Orphan),
            _ => None,
        };
        let propagation = deletion.propagation.or(default.filter(|_| tree.at("metadata.finalizers").is_empty()));
        if let Some(propagation) = propagation {
            for (finalizer, when) in [(FOREGROUND, Propagation::Foreground), (ORPHAN, Propagation::Orphan)] {
                tree.retain("metadata.finalizers", |held| *held != finalizer);
                if propagation == when {
                    tree.push("metadata.finalizers", finalizer);
                }
            }
        }
        let held = !tree.at("metadata.finalizers").is_empty() || !tree.at("spec.finalizers").is_empty();
        // A pod is marked even when it goes at once: whoever watches sees it leaving (`updateForGracefulDeletionAndFinalizers`).
        let marked = if object.terminating() {
            // A shorter grace counts, a longer one does not.
            let before = tree.int("metadata.deletionGracePeriodSeconds", 0);
            if grace < before {
                self.shorten(&mut tree, before, grace);
            }
            grace < before
        } else if held || grace > 0 || &*object.resource == "pods" {
            self.stamp(&mut tree, grace);
            if tree.int("metadata.generation", 0) > 0 {
                tree.set("metadata.generation", tree.int("metadata.generation", 0) + 1);
            }
            if &*object.resource == "namespaces" {
                tree.set("status.phase", "Terminating");
            }
            true
        } else {
            false
        };
        if deletion.dry_run {
            return Ok(Gone::Later(object));
        }
        if held || grace > 0 {
            return Ok(Gone::Later(self.commit(&object, tree)));
        }
        if marked {
            // What nothing holds goes as it is stored.
            return Ok(Gone::Now(self.commit(&object, tree)));
        }
        Ok(Gone::Now(self.store.remove(reference).unwrap_or(object)))
    }

    /// Moves the end of what is on its way out forward, as if it had had the shorter grace from the start.
    fn shorten(&mut self, tree: &mut Tree, before: i64, grace: i64) {
        let now = self.now().div_euclid(super::SECOND);
        let end = parse(tree.text("metadata.deletionTimestamp")).unwrap_or(now) - before + grace;
        // When that has passed, grace is as short as it can be, but it is grace.
        let (end, grace) = if end < now { (now, grace.min(1)) } else { (end, grace) };
        tree.set("metadata.deletionTimestamp", rfc3339(end));
        tree.set("metadata.deletionGracePeriodSeconds", grace);
    }

    fn stamp(&mut self, tree: &mut Tree, grace: i64) {
        tree.set("metadata.deletionTimestamp", rfc3339(self.now().div_euclid(super::SECOND) + grace));
        tree.set("metadata.deletionGracePeriodSeconds", grace);
    }
}

fn check(object: &Object, deletion: &Deletion) -> Result<(), Refusal> {
    let conflict = |why: String| Err(Refusal::conflict(&object.resource, &object.name, &why));
    if let Some(uid) = &deletion.uid
        && **uid != *object.uid
    {
        return conflict(format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", object.uid));
    }
    if let Some(version) = &deletion.version
        && *version != object.version.to_string()
    {
        let now = object.version;
        return conflict(format!("Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {now}"));
    }
    Ok(())
}

/// Seconds until it may be gone. Only pods have grace: `podStrategy.CheckGracefulDelete`.
fn grace(object: &Object, deletion: &Deletion) -> i64 {
    if &*object.resource != "pods" {
        return 0;
    }
    let ended = matches!(object.tree.text("status.phase"), "Succeeded" | "Failed");
    if object.tree.text("spec.nodeName").is_empty() || ended {
        return 0;
    }
    let asked = deletion.grace.unwrap_or_else(|| object.tree.int("spec.terminationGracePeriodSeconds", GRACE));
    if asked < 0 { 1 } else { asked }
}
