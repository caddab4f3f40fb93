//! ReplicaSets, and the ReplicationControllers that they grew out of: alike but for the selector.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::conditions::{self, StatusCondition};
use super::super::partial::{LabelSelector, ObjectMeta};
use super::super::template::{Containers, PodTemplate, labels_cell, selector_cell};
use super::super::{AGE, Block, Enter, Head, NAME, Object, Printed, decode, encode, number, selector_of_labels, wide};
use super::{REVISION, readiness, replica_failure, unobserved};
use crate::model::facts::{Facts, Selector, WorkloadFacts};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

crate::partial! {
    /// `apps.v1.ReplicaSet`.
    ReplicaSet {
        1 metadata: one ObjectMeta,
        2 spec: one ReplicaSetSpec,
        3 status: one ReplicasStatus,
    }
    /// `apps.v1.ReplicaSetSpec`.
    ReplicaSetSpec {
        1 replicas: int,
        2 selector: one LabelSelector,
        3 template: one PodTemplate,
        4 min_ready_seconds: int,
    }
    /// `core.v1.ReplicationController`.
    ReplicationController {
        1 metadata: one ObjectMeta,
        2 spec: one ReplicationControllerSpec,
        3 status: one ReplicasStatus,
    }
    /// `core.v1.ReplicationControllerSpec`.
    ReplicationControllerSpec {
        1 replicas: int,
        2 selector: map,
        3 template: one PodTemplate,
        4 min_ready_seconds: int,
    }
    /// `apps.v1.ReplicaSetStatus` and `core.v1.ReplicationControllerStatus`, whose tags are the same.
    ReplicasStatus {
        1 replicas: int,
        3 observed_generation: long,
        4 ready_replicas: int,
        5 available_replicas: int,
        6 conditions: many StatusCondition,
    }
}

const COLUMNS: &[Head] =
    &[NAME, number("DESIRED"), number("CURRENT"), number("READY"), AGE, wide("CONTAINERS"), wide("IMAGES"), wide("SELECTOR")];

/// ReplicaSets.
pub static REPLICA_SET: Block = Block {
    group: "apps",
    version: "v1",
    kind: "ReplicaSet",
    plural: "replicasets",
    singular: "replicaset",
    short: &["rs"],
    namespaced: true,
    columns: COLUMNS,
    enter: Enter::OwnedPods,
    decode: decode::<ReplicaSet>,
    encode: encode::<ReplicaSet>,
};

/// ReplicationControllers.
pub static REPLICATION_CONTROLLER: Block = Block {
    group: "",
    version: "v1",
    kind: "ReplicationController",
    plural: "replicationcontrollers",
    singular: "replicationcontroller",
    short: &["rc"],
    namespaced: true,
    columns: COLUMNS,
    enter: Enter::OwnedPods,
    decode: decode::<ReplicationController>,
    encode: encode::<ReplicationController>,
};

impl Object for ReplicaSet {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printReplicaSet`.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let spec = self.spec.unwrap_or_default();
        let selector = selector_cell(spec.selector.as_ref(), interner);
        let common = Common { replicas: spec.replicas, min_ready: spec.min_ready_seconds, template: spec.template, status: self.status };
        common.print(selector, meta, interner)
    }
}

impl Object for ReplicationController {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printReplicationController`.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let spec = self.spec.unwrap_or_default();
        let selector = (equalities(&spec.selector, interner), labels_cell(&spec.selector, interner));
        let common = Common { replicas: spec.replicas, min_ready: spec.min_ready_seconds, template: spec.template, status: self.status };
        common.print(selector, meta, interner)
    }
}

/// A controller without a selector has no pods of its own.
fn equalities(labels: &BTreeMap<String, String>, interner: &mut Interner) -> Option<Arc<Selector>> {
    if labels.is_empty() {
        return None;
    }
    let selector = selector_of_labels(labels, interner);
    Some(interner.selector(selector))
}

/// What the two kinds have alike.
struct Common {
    replicas: Option<i32>,
    min_ready: Option<i32>,
    template: Option<PodTemplate>,
    status: Option<ReplicasStatus>,
}

impl Common {
    fn print(self, selector: (Option<Arc<Selector>>, Cell), meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let status = self.status.unwrap_or_default();
        let containers = Containers::of(self.template.as_ref(), interner);
        let facts = WorkloadFacts {
            selector: selector.0,
            desired: self.replicas.unwrap_or(1),
            current: status.replicas.unwrap_or(0),
            // Its template never changes for the pods it has.
            updated: status.replicas.unwrap_or(0),
            ready: status.ready_replicas.unwrap_or(0),
            available: status.available_replicas.unwrap_or(0),
            revision: interner.text(meta.annotations.get(REVISION).map_or("", String::as_str)),
            min_ready: self.min_ready.unwrap_or(0),
            unobserved: unobserved(meta.generation, status.observed_generation),
            conditions: conditions::facts(&status.conditions, interner),
            images: containers.pairs,
            ports: containers.ports,
            ..WorkloadFacts::default()
        };
        let cells = vec![
            Cell::Number(facts.desired.into()),
            Cell::Number(facts.current.into()),
            Cell::Number(facts.ready.into()),
            containers.names,
            containers.images,
            selector.1,
        ];
        let failure = replica_failure(&facts.conditions);
        let condition = if failure.is_some() { Health::Unhealthy } else { readiness(&facts) };
        let message = failure.map(conditions::words);
        Printed { cells, facts: Facts::Workload(Box::new(facts)), condition, message, ..Printed::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{cells, heads, row};
    use super::*;

    const HEADS: [&str; 8] = ["NAME", "DESIRED", "CURRENT", "READY", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"];
    const TEMPLATE: &str = r#""template":{"spec":{"containers":[{"name":"app","image":"web:1"}]}}"#;

    #[test]
    fn replica_sets_print_as_kubectl_does() {
        let row = row(
            &REPLICA_SET,
            &format!(
                r#"{{"metadata":{{"name":"web-1","uid":"u","annotations":{{"deployment.kubernetes.io/revision":"3"}}}},
                "spec":{{"replicas":3,"selector":{{"matchLabels":{{"app":"web"}}}},{TEMPLATE}}},
                "status":{{"replicas":3,"readyReplicas":1,"availableReplicas":1}}}}"#
            ),
        );
        assert_eq!(heads(&REPLICA_SET), HEADS);
        assert_eq!(cells(&row), ["3", "3", "1", "app", "web:1", "app=web"]);
        assert_eq!(row.condition, Health::Progressing);
        let Facts::Workload(facts) = &row.facts else { panic!("{:?}", row.facts) };
        assert_eq!((&*facts.revision, facts.available), ("3", 1));
    }

    #[test]
    fn pods_that_cannot_be_made_are_said() {
        let row = row(
            &REPLICA_SET,
            r#"{"metadata":{"name":"a","uid":"u"},"spec":{"replicas":1},"status":{"replicas":0,
               "conditions":[{"type":"ReplicaFailure","status":"True","reason":"FailedCreate","message":"exceeded quota"}]}}"#,
        );
        assert_eq!(cells(&row), ["1", "0", "0", "", "", "<none>"]);
        assert_eq!((row.condition, row.message.as_deref()), (Health::Unhealthy, Some("exceeded quota")));
    }

    #[test]
    fn replication_controllers_print_as_kubectl_does() {
        let row = row(
            &REPLICATION_CONTROLLER,
            &format!(
                r#"{{"metadata":{{"name":"old","uid":"u"}},"spec":{{"replicas":2,"selector":{{"b":"2","a":"1"}},{TEMPLATE}}},
                "status":{{"replicas":2,"readyReplicas":2,"availableReplicas":2}}}}"#
            ),
        );
        assert_eq!(heads(&REPLICATION_CONTROLLER), HEADS);
        assert_eq!(cells(&row), ["2", "2", "2", "app", "web:1", "a=1,b=2"]);
        assert_eq!(row.condition, Health::Healthy);
        let Facts::Workload(facts) = &row.facts else { panic!("{:?}", row.facts) };
        assert_eq!(facts.selector.as_ref().map(|s| s.to_string()).as_deref(), Some("a=1,b=2"));
    }
}
