//! DaemonSets.

use super::super::conditions::{self, StatusCondition};
use super::super::partial::{IntOrString, LabelSelector, ObjectMeta};
use super::super::template::{Containers, PodTemplate, labels_cell, selector_cell};
use super::super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, number, text, wide};
use super::{ROLLED_OUT, UNOBSERVED, readiness, unobserved, written};
use crate::model::facts::{Facts, WorkloadFacts};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

crate::partial! {
    /// `apps.v1.DaemonSet`.
    DaemonSet {
        1 metadata: one ObjectMeta,
        2 spec: one DaemonSetSpec,
        3 status: one DaemonSetStatus,
    }
    /// `apps.v1.DaemonSetSpec`.
    DaemonSetSpec {
        1 selector: one LabelSelector,
        2 template: one PodTemplate,
        3 update_strategy: one DaemonSetUpdateStrategy,
        4 min_ready_seconds: int,
    }
    /// `apps.v1.DaemonSetUpdateStrategy`.
    DaemonSetUpdateStrategy {
        #[serde(rename = "type")]
        1 kind: text,
        2 rolling_update: one RollingUpdateDaemonSet,
    }
    /// `apps.v1.RollingUpdateDaemonSet`.
    RollingUpdateDaemonSet {
        1 max_unavailable: one IntOrString,
        2 max_surge: one IntOrString,
    }
    /// `apps.v1.DaemonSetStatus`.
    DaemonSetStatus {
        1 current_number_scheduled: int,
        3 desired_number_scheduled: int,
        4 number_ready: int,
        5 observed_generation: long,
        6 updated_number_scheduled: int,
        7 number_available: int,
        10 conditions: many StatusCondition,
    }
}

/// DaemonSets.
pub static DAEMON_SET: Block = Block {
    group: "apps",
    version: "v1",
    kind: "DaemonSet",
    plural: "daemonsets",
    singular: "daemonset",
    short: &["ds"],
    namespaced: true,
    columns: &[
        NAME,
        number("DESIRED"),
        number("CURRENT"),
        number("READY"),
        number("UP-TO-DATE"),
        number("AVAILABLE"),
        text("NODE SELECTOR"),
        AGE,
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    enter: Enter::OwnedPods,
    decode: decode::<DaemonSet>,
    encode: encode::<DaemonSet>,
};

impl Object for DaemonSet {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printDaemonSet`.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let (spec, status) = (self.spec.unwrap_or_default(), self.status.unwrap_or_default());
        let containers = Containers::of(spec.template.as_ref(), interner);
        let (selector, selector_text) = selector_cell(spec.selector.as_ref(), interner);
        let strategy = spec.update_strategy.unwrap_or_default();
        let rolling = strategy.rolling_update.unwrap_or_default();
        let nodes = match spec.template.as_ref().and_then(|t| t.spec.as_ref()) {
            Some(template) => labels_cell(&template.node_selector, interner),
            None => Cell::None,
        };
        let mut facts = WorkloadFacts {
            selector,
            desired: status.desired_number_scheduled.unwrap_or(0),
            current: status.current_number_scheduled.unwrap_or(0),
            updated: status.updated_number_scheduled.unwrap_or(0),
            ready: status.number_ready.unwrap_or(0),
            available: status.number_available.unwrap_or(0),
            strategy: interner.text(&strategy.kind),
            max_surge: written(rolling.max_surge.as_ref(), interner),
            max_unavailable: written(rolling.max_unavailable.as_ref(), interner),
            min_ready: spec.min_ready_seconds.unwrap_or(0),
            unobserved: unobserved(meta.generation, status.observed_generation),
            conditions: conditions::facts(&status.conditions, interner),
            images: containers.pairs,
            ports: containers.ports,
            ..WorkloadFacts::default()
        };
        let (words, health) = progress(&facts);
        facts.progress = Some((interner.text(&words), health));
        let cells = vec![
            Cell::Number(facts.desired.into()),
            Cell::Number(facts.current.into()),
            Cell::Number(facts.ready.into()),
            Cell::Number(facts.updated.into()),
            Cell::Number(facts.available.into()),
            nodes,
            containers.names,
            containers.images,
            selector_text,
        ];
        let condition = health.max(readiness(&facts));
        Printed { cells, facts: Facts::Workload(Box::new(facts)), condition, ..Printed::default() }
    }
}

/// `kubectl rollout status`, short. With OnDelete, of which kubectl says nothing, old pods stay until somebody deletes
/// them, and that is as it should be.
fn progress(facts: &WorkloadFacts) -> (String, Health) {
    let on_delete = &*facts.strategy == "OnDelete";
    if facts.unobserved {
        (UNOBSERVED.into(), Health::Progressing)
    } else if facts.updated < facts.desired && !on_delete {
        (format!("{} of {} updated", facts.updated, facts.desired), Health::Progressing)
    } else if facts.available < facts.desired {
        let updated = if on_delete { "" } else { " updated" };
        (format!("{} of {}{updated} available", facts.available, facts.desired), Health::Progressing)
    } else if facts.updated < facts.desired {
        (format!("{} of {} updated, the others on delete", facts.updated, facts.desired), Health::Healthy)
    } else {
        (ROLLED_OUT.into(), Health::Healthy)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{cells, heads, row};
    use super::*;

    fn set(strategy: &str, status: &str) -> crate::model::row::Row {
        row(
            &DAEMON_SET,
            &format!(
                r#"{{"metadata":{{"name":"agent","uid":"u","generation":2}},
                "spec":{{"selector":{{"matchLabels":{{"app":"agent"}}}},
                  "updateStrategy":{{"type":"{strategy}","rollingUpdate":{{"maxSurge":0,"maxUnavailable":"10%"}}}},
                  "template":{{"spec":{{"nodeSelector":{{"os":"linux","disk":"ssd"}},"containers":[{{"name":"a","image":"agent:1"}}]}}}}}},
                "status":{{{status}}}}}"#
            ),
        )
    }

    fn status(observed: i64, updated: i32, ready: i32, available: i32) -> String {
        format!(
            r#""observedGeneration":{observed},"desiredNumberScheduled":3,"currentNumberScheduled":3,"numberReady":{ready},"updatedNumberScheduled":{updated},"numberAvailable":{available}"#
        )
    }

    #[test]
    fn it_prints_as_kubectl_does() {
        let row = set("RollingUpdate", &status(2, 1, 3, 2));
        assert_eq!(
            heads(&DAEMON_SET),
            ["NAME", "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
        );
        assert_eq!(cells(&row), ["3", "3", "3", "1", "2", "disk=ssd,os=linux", "a", "agent:1", "app=agent"]);
        let Facts::Workload(facts) = &row.facts else { panic!("{:?}", row.facts) };
        assert_eq!((&*facts.max_surge, &*facts.max_unavailable), ("0", "10%"));
    }

    #[test]
    fn progress_is_that_of_rollout_status() {
        use Health::{Healthy, Progressing};
        for (strategy, status, words, health) in [
            ("RollingUpdate", status(1, 3, 3, 3), "waiting for spec update to be observed", Progressing),
            ("RollingUpdate", status(2, 1, 3, 3), "1 of 3 updated", Progressing),
            ("RollingUpdate", status(2, 3, 3, 2), "2 of 3 updated available", Progressing),
            ("RollingUpdate", status(2, 3, 3, 3), "rolled out", Healthy),
            ("OnDelete", status(2, 1, 3, 3), "1 of 3 updated, the others on delete", Healthy),
            ("OnDelete", status(2, 1, 2, 2), "2 of 3 available", Progressing),
        ] {
            let row = set(strategy, &status);
            let Facts::Workload(facts) = &row.facts else { panic!("{:?}", row.facts) };
            assert_eq!(facts.progress, Some((words.into(), health)), "{words}");
            assert_eq!(row.condition, health, "{words}");
        }
    }
}
