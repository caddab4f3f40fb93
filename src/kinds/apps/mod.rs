//! Workloads that keep replicas: Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController, and the
//! ControllerRevisions that the history of two of them is made of.

use std::sync::Arc;

use super::conditions;
use super::partial::IntOrString;
use crate::model::facts::{Condition, WorkloadFacts};
use crate::model::intern::Interner;
use crate::model::row::Health;

mod daemon;
mod deployment;
mod replicas;
mod revision;
mod stateful;

pub use daemon::DAEMON_SET;
pub use deployment::DEPLOYMENT;
pub use replicas::{REPLICA_SET, REPLICATION_CONTROLLER};
pub use revision::CONTROLLER_REVISION;
pub use stateful::STATEFUL_SET;

/// The annotation by which a Deployment numbers itself and its ReplicaSets.
pub const REVISION: &str = "deployment.kubernetes.io/revision";

/// `kubectl rollout status` while the controller has not seen the newest spec.
const UNOBSERVED: &str = "waiting for spec update to be observed";

/// `kubectl rollout status` at the end.
const ROLLED_OUT: &str = "rolled out";

/// A number or a percentage as written, empty where it is not set.
fn written(value: Option<&IntOrString>, interner: &mut Interner) -> Arc<str> {
    interner.text(&value.map(IntOrString::to_string).unwrap_or_default())
}

/// The controller has not seen the newest spec yet.
fn unobserved(generation: Option<i64>, observed: Option<i64>) -> bool {
    generation.unwrap_or(0) > observed.unwrap_or(0)
}

/// Fewer ready pods than wanted: on the way.
fn readiness(facts: &WorkloadFacts) -> Health {
    if facts.ready < facts.desired { Health::Progressing } else { Health::Healthy }
}

/// Pods cannot be made or deleted, and why (quota, admission, …).
fn replica_failure(conditions: &[Condition]) -> Option<&Condition> {
    conditions::with(conditions, "ReplicaFailure", "True")
}
