//! Deployments.

use super::super::conditions::{self, DeploymentCondition};
use super::super::partial::{IntOrString, LabelSelector, ObjectMeta};
use super::super::template::{Containers, PodTemplate, selector_cell};
use super::super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, number, text, wide};
use super::{REVISION, ROLLED_OUT, UNOBSERVED, readiness, replica_failure, unobserved, written};
use crate::model::facts::{Facts, WorkloadFacts};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

crate::partial! {
    /// `apps.v1.Deployment`.
    Deployment {
        1 metadata: one ObjectMeta,
        2 spec: one DeploymentSpec,
        3 status: one DeploymentStatus,
    }
    /// `apps.v1.DeploymentSpec`.
    DeploymentSpec {
        1 replicas: int,
        2 selector: one LabelSelector,
        3 template: one PodTemplate,
        4 strategy: one DeploymentStrategy,
        5 min_ready_seconds: int,
        7 paused: flag,
        9 progress_deadline_seconds: int,
    }
    /// `apps.v1.DeploymentStrategy`.
    DeploymentStrategy {
        #[serde(rename = "type")]
        1 kind: text,
        2 rolling_update: one RollingUpdateDeployment,
    }
    /// `apps.v1.RollingUpdateDeployment`.
    RollingUpdateDeployment {
        1 max_unavailable: one IntOrString,
        2 max_surge: one IntOrString,
    }
    /// `apps.v1.DeploymentStatus`.
    DeploymentStatus {
        1 observed_generation: long,
        2 replicas: int,
        3 updated_replicas: int,
        4 available_replicas: int,
        6 conditions: many DeploymentCondition,
        7 ready_replicas: int,
    }
}

/// Deployments.
pub static DEPLOYMENT: Block = Block {
    group: "apps",
    version: "v1",
    kind: "Deployment",
    plural: "deployments",
    singular: "deployment",
    short: &["deploy"],
    namespaced: true,
    columns: &[NAME, text("READY"), number("UP-TO-DATE"), number("AVAILABLE"), AGE, wide("CONTAINERS"), wide("IMAGES"), wide("SELECTOR")],
    enter: Enter::OwnedPods,
    decode: decode::<Deployment>,
    encode: encode::<Deployment>,
};

impl Object for Deployment {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printDeployment`.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let (spec, status) = (self.spec.unwrap_or_default(), self.status.unwrap_or_default());
        let containers = Containers::of(spec.template.as_ref(), interner);
        let (selector, selector_text) = selector_cell(spec.selector.as_ref(), interner);
        let strategy = spec.strategy.unwrap_or_default();
        let rolling = strategy.rolling_update.unwrap_or_default();
        let mut facts = WorkloadFacts {
            selector,
            desired: spec.replicas.unwrap_or(1),
            current: status.replicas.unwrap_or(0),
            updated: status.updated_replicas.unwrap_or(0),
            ready: status.ready_replicas.unwrap_or(0),
            available: status.available_replicas.unwrap_or(0),
            strategy: interner.text(&strategy.kind),
            max_surge: written(rolling.max_surge.as_ref(), interner),
            max_unavailable: written(rolling.max_unavailable.as_ref(), interner),
            paused: spec.paused.unwrap_or(false),
            revision: interner.text(meta.annotations.get(REVISION).map_or("", String::as_str)),
            min_ready: spec.min_ready_seconds.unwrap_or(0),
            deadline: spec.progress_deadline_seconds,
            unobserved: unobserved(meta.generation, status.observed_generation),
            conditions: conditions::facts(&status.conditions, interner),
            images: containers.pairs,
            ports: containers.ports,
            ..WorkloadFacts::default()
        };
        let (words, health) = progress(&facts);
        facts.progress = Some((interner.text(&words), health));
        let cells = vec![
            Cell::Ratio(facts.ready.max(0) as u32, facts.desired.max(0) as u32),
            Cell::Number(facts.updated.into()),
            Cell::Number(facts.available.into()),
            containers.names,
            containers.images,
            selector_text,
        ];
        let condition = health.max(readiness(&facts));
        let message = replica_failure(&facts.conditions)
            .or_else(|| timed_out(&facts))
            .or_else(|| conditions::with(&facts.conditions, "Available", "False"))
            .filter(|_| condition != Health::Healthy)
            .map(conditions::words);
        Printed { cells, facts: Facts::Workload(Box::new(facts)), condition, message, ..Printed::default() }
    }
}

/// The Progressing condition, when the deadline has passed. Its reason decides, as in `kubectl rollout status`.
fn timed_out(facts: &WorkloadFacts) -> Option<&crate::model::facts::Condition> {
    facts.conditions.iter().find(|c| &*c.kind == "Progressing" && &*c.reason == "ProgressDeadlineExceeded")
}

/// `kubectl rollout status`, short. A paused Deployment goes nowhere and is as somebody wants it, while its pods are there.
fn progress(facts: &WorkloadFacts) -> (String, Health) {
    if facts.unobserved {
        return (UNOBSERVED.into(), Health::Progressing);
    }
    if timed_out(facts).is_some() {
        return ("progress deadline exceeded".into(), Health::Unhealthy);
    }
    let way = if facts.paused { Health::Healthy } else { Health::Progressing };
    let (words, health) = if facts.updated < facts.desired {
        (format!("{} of {} updated", facts.updated, facts.desired), way)
    } else if facts.current > facts.updated {
        (format!("{} old pending termination", facts.current - facts.updated), way)
    } else if facts.available < facts.updated {
        (format!("{} of {} updated available", facts.available, facts.updated), Health::Progressing)
    } else {
        (ROLLED_OUT.into(), Health::Healthy)
    };
    let health = if replica_failure(&facts.conditions).is_some() { Health::Unhealthy } else { health };
    match (facts.paused, &*words) {
        (true, ROLLED_OUT) => ("paused".into(), health),
        (true, _) => (format!("paused, {words}"), health),
        (false, _) => (words, health),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{cells, heads, row};
    use super::*;

    fn deployment(generation: i64, spec: &str, status: &str) -> crate::model::row::Row {
        row(
            &DEPLOYMENT,
            &format!(
                r#"{{"metadata":{{"name":"web","namespace":"shop","uid":"u","generation":{generation},
                    "annotations":{{"deployment.kubernetes.io/revision":"4"}}}},
                "spec":{{"replicas":5,"selector":{{"matchLabels":{{"tier":"a","app":"web"}},
                    "matchExpressions":[{{"key":"env","operator":"In","values":["y","x"]}}]}},
                  "strategy":{{"type":"RollingUpdate","rollingUpdate":{{"maxSurge":"25%","maxUnavailable":1}}}},
                  "progressDeadlineSeconds":600,
                  "template":{{"spec":{{"containers":[{{"name":"app","image":"web:1"}},{{"name":"proxy","image":"envoy:2"}}]}}}}{spec}}},
                "status":{{"observedGeneration":2{status}}}}}"#
            ),
        )
    }

    fn facts(row: &crate::model::row::Row) -> &WorkloadFacts {
        match &row.facts {
            Facts::Workload(facts) => facts,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_prints_as_kubectl_does() {
        let row = deployment(2, "", r#","replicas":5,"updatedReplicas":5,"readyReplicas":5,"availableReplicas":5"#);
        assert_eq!(heads(&DEPLOYMENT), ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]);
        assert_eq!(cells(&row), ["5/5", "5", "5", "app,proxy", "web:1,envoy:2", "app=web,env in (x,y),tier=a"]);
        let facts = facts(&row);
        assert_eq!((&*facts.max_surge, &*facts.max_unavailable, &*facts.revision, facts.deadline), ("25%", "1", "4", Some(600)));
        assert_eq!((&*facts.strategy, facts.images.len()), ("RollingUpdate", 2));
        assert_eq!((row.condition, &row.message), (Health::Healthy, &None));
    }

    #[test]
    fn progress_is_that_of_rollout_status() {
        use Health::{Healthy, Progressing, Unhealthy};
        let condition = |kind: &str, status: &str, reason: &str| {
            format!(r#","conditions":[{{"type":"{kind}","status":"{status}","reason":"{reason}","message":"because of {reason}"}}]"#)
        };
        let late = condition("Progressing", "False", "ProgressDeadlineExceeded");
        let quota = condition("ReplicaFailure", "True", "FailedCreate");
        let unavailable = condition("Available", "False", "MinimumReplicasUnavailable");
        let paused = r#","paused":true"#;
        let done = r#","replicas":5,"updatedReplicas":5,"readyReplicas":5,"availableReplicas":5"#;
        let half = r#","replicas":6,"updatedReplicas":2,"readyReplicas":5,"availableReplicas":5"#;
        let old = r#","replicas":6,"updatedReplicas":5,"readyReplicas":6,"availableReplicas":5"#;
        let waiting = r#","replicas":5,"updatedReplicas":5,"readyReplicas":4,"availableReplicas":3"#;
        for (generation, spec, status, extra, words, progress, row, message) in [
            (2, "", done, "", "rolled out", Healthy, Healthy, None),
            (3, "", done, "", "waiting for spec update to be observed", Progressing, Progressing, None),
            (2, "", half, "", "2 of 5 updated", Progressing, Progressing, None),
            (2, "", old, "", "1 old pending termination", Progressing, Progressing, None),
            (
                2,
                "",
                waiting,
                &*unavailable,
                "3 of 5 updated available",
                Progressing,
                Progressing,
                Some("because of MinimumReplicasUnavailable"),
            ),
            (2, "", half, &*late, "progress deadline exceeded", Unhealthy, Unhealthy, Some("because of ProgressDeadlineExceeded")),
            (2, "", half, &*quota, "2 of 5 updated", Unhealthy, Unhealthy, Some("because of FailedCreate")),
            (2, paused, done, "", "paused", Healthy, Healthy, None),
            (2, paused, half, "", "paused, 2 of 5 updated", Healthy, Healthy, None),
            (2, paused, waiting, "", "paused, 3 of 5 updated available", Progressing, Progressing, None),
        ] {
            let seen = deployment(generation, spec, &format!("{status}{extra}"));
            assert_eq!(facts(&seen).progress, Some((words.into(), progress)), "{words}");
            assert_eq!((seen.condition, seen.message.as_deref()), (row, message), "{words}");
        }
    }

    #[test]
    fn a_deployment_on_its_way_out_is_not_healthy() {
        let json = r#"{"metadata":{"name":"a","uid":"u","deletionTimestamp":"2026-11-21T08:00:00Z"},"spec":{"replicas":0}}"#;
        assert_eq!(row(&DEPLOYMENT, json).condition, Health::Progressing);
    }
}
