//! Conditions: every kind has its own message with its own tags, panes have one type for all.

use crate::model::facts::Condition;
use crate::model::intern::Interner;

use super::partial::{self, Time};

crate::partial! {
    /// The conditions of ReplicaSets, StatefulSets, DaemonSets, ReplicationControllers, HorizontalPodAutoscalers and
    /// CustomResourceDefinitions, whose tags agree with each other and not with `meta.v1.Condition`.
    StatusCondition {
        #[serde(rename = "type")]
        1 kind: text,
        2 status: text,
        3 last_transition_time: one Time,
        4 reason: text,
        5 message: text,
    }
    /// `apps.v1.DeploymentCondition`.
    DeploymentCondition {
        #[serde(rename = "type")]
        1 kind: text,
        2 status: text,
        4 reason: text,
        5 message: text,
        7 last_transition_time: one Time,
    }
    /// `batch.v1.JobCondition`.
    JobCondition {
        #[serde(rename = "type")]
        1 kind: text,
        2 status: text,
        4 last_transition_time: one Time,
        5 reason: text,
        6 message: text,
    }
}

/// A message that is a condition, whatever its tags.
pub trait Message {
    /// The same as a fact.
    fn fact(&self, interner: &mut Interner) -> Condition;
}

macro_rules! message {
    ($($t:ty),*) => {$(
        impl Message for $t {
            fn fact(&self, interner: &mut Interner) -> Condition {
                Condition {
                    kind: interner.text(&self.kind),
                    status: interner.text(&self.status),
                    reason: interner.text(&self.reason),
                    message: interner.text(&self.message),
                    since: self.last_transition_time.map(|t| t.at()),
                }
            }
        }
    )*};
}

message!(partial::Condition, StatusCondition, DeploymentCondition, JobCondition);

/// All conditions of an object as facts, in the object's order.
pub fn facts<M: Message>(messages: &[M], interner: &mut Interner) -> Box<[Condition]> {
    messages.iter().map(|message| message.fact(interner)).collect()
}

/// The condition of that type when it has that status (`True`, `False`, `Unknown`).
pub fn with<'a>(conditions: &'a [Condition], kind: &str, status: &str) -> Option<&'a Condition> {
    conditions.iter().find(|c| &*c.kind == kind).filter(|c| &*c.status == status)
}

/// What a condition says to a person: its message, or its reason where it has none.
pub fn words(condition: &Condition) -> std::sync::Arc<str> {
    if condition.message.is_empty() { condition.reason.clone() } else { condition.message.clone() }
}
