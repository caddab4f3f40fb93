//! StatefulSets.

use super::super::conditions::{self, StatusCondition};
use super::super::partial::{IntOrString, LabelSelector, ObjectMeta};
use super::super::template::{Containers, PodTemplate};
use super::super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, selector, text, wide};
use super::{ROLLED_OUT, UNOBSERVED, readiness, unobserved, written};
use crate::model::facts::{Facts, WorkloadFacts};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

crate::partial! {
    /// `apps.v1.StatefulSet`.
    StatefulSet {
        1 metadata: one ObjectMeta,
        2 spec: one StatefulSetSpec,
        3 status: one StatefulSetStatus,
    }
    /// `apps.v1.StatefulSetSpec`.
    StatefulSetSpec {
        1 replicas: int,
        2 selector: one LabelSelector,
        3 template: one PodTemplate,
        7 update_strategy: one StatefulSetUpdateStrategy,
        9 min_ready_seconds: int,
    }
    /// `apps.v1.StatefulSetUpdateStrategy`.
    StatefulSetUpdateStrategy {
        #[serde(rename = "type")]
        1 kind: text,
        2 rolling_update: one RollingUpdateStatefulSet,
    }
    /// `apps.v1.RollingUpdateStatefulSetStrategy`.
    RollingUpdateStatefulSet {
        1 partition: int,
        2 max_unavailable: one IntOrString,
    }
    /// `apps.v1.StatefulSetStatus`.
    StatefulSetStatus {
        1 observed_generation: long,
        2 replicas: int,
        3 ready_replicas: int,
        5 updated_replicas: int,
        6 current_revision: text,
        7 update_revision: text,
        10 conditions: many StatusCondition,
        11 available_replicas: int,
    }
}

/// StatefulSets.
pub static STATEFUL_SET: Block = Block {
    group: "apps",
    version: "v1",
    kind: "StatefulSet",
    plural: "statefulsets",
    singular: "statefulset",
    short: &["sts"],
    namespaced: true,
    columns: &[NAME, text("READY"), AGE, wide("CONTAINERS"), wide("IMAGES")],
    enter: Enter::OwnedPods,
    decode: decode::<StatefulSet>,
    encode: encode::<StatefulSet>,
};

impl Object for StatefulSet {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printStatefulSet`.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let (spec, status) = (self.spec.unwrap_or_default(), self.status.unwrap_or_default());
        let containers = Containers::of(spec.template.as_ref(), interner);
        let strategy = spec.update_strategy.unwrap_or_default();
        let rolling = strategy.rolling_update.unwrap_or_default();
        let mut facts = WorkloadFacts {
            selector: spec.selector.as_ref().map(|s| selector(s, interner)),
            desired: spec.replicas.unwrap_or(1),
            current: status.replicas.unwrap_or(0),
            updated: status.updated_replicas.unwrap_or(0),
            ready: status.ready_replicas.unwrap_or(0),
            available: status.available_replicas.unwrap_or(0),
            strategy: interner.text(&strategy.kind),
            max_unavailable: written(rolling.max_unavailable.as_ref(), interner),
            revision: interner.text(&status.update_revision),
            partition: rolling.partition.unwrap_or(0),
            min_ready: spec.min_ready_seconds.unwrap_or(0),
            // A status that no controller has written yet is not seen either, whatever the generation is.
            unobserved: status.observed_generation.unwrap_or(0) == 0 || unobserved(meta.generation, status.observed_generation),
            conditions: conditions::facts(&status.conditions, interner),
            images: containers.pairs,
            ports: containers.ports,
            ..WorkloadFacts::default()
        };
        let (words, health) = progress(&facts, status.current_revision != status.update_revision);
        facts.progress = Some((interner.text(&words), health));
        let ready = Cell::Ratio(facts.ready.max(0) as u32, facts.desired.max(0) as u32);
        let condition = health.max(readiness(&facts));
        let cells = vec![ready, containers.names, containers.images];
        Printed { cells, facts: Facts::Workload(Box::new(facts)), condition, ..Printed::default() }
    }
}

/// `kubectl rollout status`, short; `two` when pods of two revisions are still about. kubectl has nothing to say of
/// OnDelete: there the old pods stay until somebody deletes them, and that is as it should be.
fn progress(facts: &WorkloadFacts, two: bool) -> (String, Health) {
    if facts.unobserved {
        return (UNOBSERVED.into(), Health::Progressing);
    }
    if facts.ready < facts.desired {
        return (format!("{} of {} ready", facts.ready, facts.desired), Health::Progressing);
    }
    let wanted = (facts.desired - facts.partition).max(0);
    let counted = format!("{} of {wanted} updated", facts.updated);
    if facts.updated < wanted {
        return match &*facts.strategy {
            "OnDelete" => (format!("{counted}, the others on delete"), Health::Healthy),
            _ => (counted, Health::Progressing),
        };
    }
    if facts.partition > 0 && two {
        return (format!("{counted}, partition {}", facts.partition), Health::Healthy);
    }
    (ROLLED_OUT.into(), Health::Healthy)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{cells, heads, row};
    use super::*;

    fn set(strategy: &str, status: &str) -> crate::model::row::Row {
        row(
            &STATEFUL_SET,
            &format!(
                r#"{{"metadata":{{"name":"db","uid":"u","generation":2}},
                "spec":{{"replicas":3,"selector":{{"matchLabels":{{"app":"db"}}}},"updateStrategy":{strategy},
                  "template":{{"spec":{{"containers":[{{"name":"db","image":"pg:16"}}]}}}}}},"status":{{{status}}}}}"#
            ),
        )
    }

    #[test]
    fn it_prints_as_kubectl_does() {
        let row = set(r#"{"type":"RollingUpdate"}"#, r#""observedGeneration":2,"replicas":3,"readyReplicas":2"#);
        assert_eq!(heads(&STATEFUL_SET), ["NAME", "READY", "AGE", "CONTAINERS", "IMAGES"]);
        assert_eq!(cells(&row), ["2/3", "db", "pg:16"]);
        assert_eq!(row.condition, Health::Progressing);
    }

    #[test]
    fn progress_is_that_of_rollout_status() {
        use Health::{Healthy, Progressing};
        let seen = r#""observedGeneration":2,"replicas":3,"#;
        let rolling = r#"{"type":"RollingUpdate","rollingUpdate":{"partition":0,"maxUnavailable":"50%"}}"#;
        let partitioned = r#"{"type":"RollingUpdate","rollingUpdate":{"partition":2}}"#;
        let two = r#""currentRevision":"db-1","updateRevision":"db-2","readyReplicas":3"#;
        let one = r#""currentRevision":"db-2","updateRevision":"db-2","readyReplicas":3,"updatedReplicas":3"#;
        for (strategy, status, words, health) in [
            (rolling, "", "waiting for spec update to be observed", Progressing),
            (rolling, &*format!(r#""observedGeneration":1,{one}"#), "waiting for spec update to be observed", Progressing),
            (rolling, &*format!(r#"{seen}"readyReplicas":1"#), "1 of 3 ready", Progressing),
            (rolling, &*format!(r#"{seen}{two},"updatedReplicas":1"#), "1 of 3 updated", Progressing),
            (rolling, &*format!("{seen}{one}"), "rolled out", Healthy),
            (partitioned, &*format!(r#"{seen}{two}"#), "0 of 1 updated", Progressing),
            (partitioned, &*format!(r#"{seen}{two},"updatedReplicas":1"#), "1 of 1 updated, partition 2", Healthy),
            (r#"{"type":"OnDelete"}"#, &*format!(r#"{seen}{two},"updatedReplicas":1"#), "1 of 3 updated, the others on delete", Healthy),
        ] {
            let row = set(strategy, status);
            let Facts::Workload(facts) = &row.facts else { panic!("{:?}", row.facts) };
            assert_eq!(facts.progress, Some((words.into(), health)), "{words}");
            assert_eq!(row.condition, health, "{words}");
        }
    }
}
