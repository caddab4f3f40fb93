//! The next step of a rolling update, or of one that stops all old pods before it starts new ones (`rolling.go`,
//! `recreate.go`).

use std::sync::Arc;

use super::{Ended, Step, arithmetic, progress, scaling};
use crate::demo::controllers::pods;
use crate::demo::store::Object;

impl Step<'_> {
    /// `rolloutRolling`.
    pub(super) fn roll(&mut self) -> Result<(), Ended> {
        self.sync_revision(true)?;
        if self.grow_new() || self.shrink_old() {
            self.report_rollout();
            return Ok(());
        }
        if progress::complete(&self.d, &self.d) {
            self.clean_up();
        }
        self.report_rollout();
        Ok(())
    }

    /// `reconcileNewReplicaSet`.
    fn grow_new(&mut self) -> bool {
        let Some(new) = self.new.clone() else { return false };
        let (have, wanted) = (scaling::size(&new), self.wanted());
        if have == wanted {
            return false;
        }
        let to = if have > wanted { wanted } else { arithmetic::new_size(&self.d, scaling::sizes(self.all()), have) };
        self.resize(&new, to, false)
    }

    /// `reconcileOldReplicaSets`: those that are not available go first, the others as far as enough remain.
    fn shrink_old(&mut self) -> bool {
        let Some(new) = self.new.clone() else { return false };
        let active: Vec<Arc<Object>> = self.old.iter().filter(|old| scaling::size(old) > 0).cloned().collect();
        if active.is_empty() {
            return false;
        }
        let least = self.wanted() - arithmetic::max_unavailable(&self.d);
        let not_yet = scaling::size(&new) - new.tree.int("status.availableReplicas", 0);
        let most = scaling::sizes(self.all()) - least - not_yet;
        if most <= 0 {
            return false;
        }
        let mut gone = 0;
        for old in &active {
            let unhealthy = scaling::size(old) - old.tree.int("status.availableReplicas", 0);
            let down = (most - gone).min(unhealthy);
            if gone >= most || unhealthy == 0 {
                continue;
            }
            self.resize(old, scaling::size(old) - down, false);
            gone += down;
        }
        let active: Vec<Arc<Object>> = self.old.iter().filter(|old| scaling::size(old) > 0).cloned().collect();
        let spare = scaling::counted(active.iter().chain([&new]), "availableReplicas") - least;
        let mut taken = 0;
        for old in &active {
            let down = scaling::size(old).min(spare - taken);
            if down > 0 {
                self.resize(old, scaling::size(old) - down, false);
                taken += down;
            }
        }
        gone + taken > 0
    }

    /// `rolloutRecreate`.
    pub(super) fn roll_recreate(&mut self) -> Result<(), Ended> {
        self.sync_revision(false)?;
        let mut scaled = false;
        for old in self.old.clone() {
            scaled |= self.resize(&old, 0, false);
        }
        if scaled || self.old_pods_run() {
            self.report_rollout();
            return Ok(());
        }
        if self.new.is_none() {
            self.sync_revision(true)?;
        }
        if let Some(new) = self.new.clone() {
            self.resize(&new, self.wanted(), false);
        }
        if progress::complete(&self.d, &self.d) {
            self.clean_up();
        }
        self.report_rollout();
        Ok(())
    }

    /// A pod of an old ReplicaSet is there yet, be it on its way out: `oldPodsRunning`.
    fn old_pods_run(&self) -> bool {
        scaling::counted(self.old.iter(), "replicas") > 0
            || self.old.iter().any(|old| {
                let mut owned = self.world.store.owned(&old.uid);
                owned.any(|pod| &*pod.resource == "pods" && !pods::has_ended(pod))
            })
    }
}
