//! Makes pods that are missing and deletes those that are too many (`manageJob`).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::super::{deletion_order, pods};
use super::{COMPONENT, FINALIZER, Look, NAME, backoff, indexes, policy, untrack};
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::{SECOND, World};

/// Pods that are made or deleted at one look: `MaxPodCreateDeletePerSync`.
const BURST: i64 = 500;

impl Look<'_> {
    /// Does the next step.
    pub(super) fn manage(&mut self, world: &mut World) {
        let parallelism = self.job.tree.int("spec.parallelism", 1);
        let wanted = match self.job.tree.at("spec.completions").as_i64() {
            _ if self.suspended() => 0,
            None if self.succeeded > 0 => self.active,
            None => parallelism,
            Some(completions) => (completions - self.succeeded).min(parallelism).max(0),
        };
        let victims = self.victims((self.active - wanted).max(0));
        if !victims.is_empty() {
            for pod in victims.iter().take(BURST as usize) {
                untrack(world, pod);
                self.delete(world, pod);
                if world.find(&pod.reference()).is_none() {
                    self.terminating -= 1;
                }
            }
            return;
        }
        let leaving = if self.waits_for_the_end() { self.terminating } else { 0 };
        let missing = (wanted - leaving - self.active).min(BURST);
        if missing > 0 && !self.suspended() {
            self.create(world, missing);
        }
    }

    /// Pods that have an index that another has, and then as many as are too many: `activePodsForRemoval`.
    fn victims(&self, too_many: i64) -> Vec<Arc<Object>> {
        let mut left: Vec<_> = self.pods.iter().filter(|pod| pods::is_active(pod)).cloned().collect();
        deletion_order::sort(&mut left, &HashMap::new(), self.now);
        let mut gone = Vec::new();
        if self.is_indexed() {
            let mut seen = BTreeSet::new();
            // What is dearest is last.
            let (mut kept, mut twice) = (Vec::new(), Vec::new());
            for pod in left.into_iter().rev() {
                let index = indexes::of(&pod).filter(|index| *index < self.completions());
                let list = if index.is_some_and(|index| seen.insert(index)) { &mut kept } else { &mut twice };
                list.push(pod);
            }
            kept.reverse();
            (left, gone) = (kept, twice);
        }
        let more = usize::try_from(too_many).unwrap_or(0).saturating_sub(gone.len());
        gone.extend(left.into_iter().take(more));
        gone
    }

    fn create(&mut self, world: &mut World, missing: i64) {
        let per_index = self.limit_of_index().is_some();
        if !per_index {
            let of = |phase: &'static str| self.pods.iter().filter(move |pod| pod.tree.text("status.phase") == phase).map(|pod| &**pod);
            let failed = self.pods.iter().filter(|pod| self.is_failed(pod)).map(|pod| &**pod);
            if let Some(until) = backoff::of_job(failed, of("Succeeded"), self.now) {
                world.look_at(NAME, self.job.reference(), until);
                return;
            }
        }
        if world.get("namespaces", "", &self.job.namespace).is_some_and(|home| home.terminating()) {
            return;
        }
        let template = self.template();
        let which: Vec<Option<i64>> = if self.is_indexed() {
            let pending = self.pending(missing);
            let later = |index: &i64| {
                let pod = self.delayed.get(index).filter(|_| per_index)?;
                backoff::until(indexes::all_failures(pod) + 1, backoff::ended(pod), self.now)
            };
            let (now, wait): (Vec<i64>, Vec<i64>) = pending.into_iter().partition(|index| later(index).is_none());
            if let Some(until) = wait.iter().filter_map(later).min() {
                world.look_at(NAME, self.job.reference(), until);
            }
            now.into_iter().map(Some).collect()
        } else {
            vec![None; usize::try_from(missing).unwrap_or(0)]
        };
        for index in which {
            match world.create("pods", self.pod(&template, index)) {
                Ok(pod) => {
                    self.active += 1;
                    world.event(self.job, "Normal", "SuccessfulCreate", &format!("Created pod: {}", pod.name), COMPONENT);
                }
                Err(refusal) => {
                    world.event(self.job, "Warning", "FailedCreate", &format!("Error creating: {}", refusal.message), COMPONENT);
                    world.look_in(NAME, self.job.reference(), 10 * SECOND);
                    return;
                }
            }
        }
    }

    /// The first indexes that nothing was decided about and no pod works on.
    fn pending(&self, count: i64) -> Vec<i64> {
        let busy = |pod: &&Arc<Object>| pods::is_active(pod) || (self.waits_for_the_end() && pods::is_terminating(pod));
        let busy: BTreeSet<i64> = self.pods.iter().filter(busy).filter_map(|pod| indexes::of(pod)).collect();
        let open =
            |index: &i64| !self.done.has(*index) && !busy.contains(index) && !self.lost.as_ref().is_some_and(|lost| lost.has(*index));
        (0..self.completions()).filter(open).take(usize::try_from(count).unwrap_or(0)).collect()
    }

    fn template(&self) -> Tree {
        let mut template = self.job.tree.at("spec.template").clone();
        if self.is_indexed() {
            for list in ["initContainers", "containers"] {
                if template.at("spec").get(list).is_none() {
                    continue;
                }
                for container in template.at_mut("spec").slot(list).items_mut() {
                    if !container.item("env", "name", "JOB_COMPLETION_INDEX").is_null() {
                        continue;
                    }
                    let mut variable = Tree::texts([("name", "JOB_COMPLETION_INDEX")]);
                    variable.set("valueFrom.fieldRef.apiVersion", "v1");
                    variable.set("valueFrom.fieldRef.fieldPath", format!("metadata.labels['{}']", indexes::INDEX));
                    container.push("env", variable);
                }
            }
        }
        if !template.at("metadata.finalizers").items().iter().any(|finalizer| *finalizer == FINALIZER) {
            template.push("metadata.finalizers", FINALIZER);
        }
        template
    }

    fn pod(&self, template: &Tree, index: Option<i64>) -> Tree {
        let mut pod = pods::from_template(template, self.job);
        let Some(index) = index else { return pod };
        let text = index.to_string();
        pod.at_mut("metadata.annotations").put(indexes::INDEX, text.as_str());
        pod.at_mut("metadata.labels").put(indexes::INDEX, text);
        pod.set("metadata.generateName", format!("{}-{index}-", self.job.name));
        pod.set("spec.hostname", format!("{}-{index}", self.job.name));
        if self.limit_of_index().is_some() {
            let (mut failures, mut ignored) = (0, 0);
            if let Some(before) = self.delayed.get(&index) {
                let counts = policy::of(self.job, before).counts;
                failures = indexes::failures(before) + i64::from(counts);
                ignored = indexes::all_failures(before) - indexes::failures(before) + i64::from(!counts);
            }
            pod.at_mut("metadata.annotations").put(indexes::FAILURES, failures.to_string());
            if ignored > 0 {
                pod.at_mut("metadata.annotations").put(indexes::IGNORED, ignored.to_string());
            }
        }
        pod
    }
}
