//! The small kinds of the core group, Namespace and ServiceAccount, and the condition that the core group's kinds share.

use super::partial::{ObjectMeta, Time};
use super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, text};
use crate::model::facts::Condition;
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

crate::partial! {
    /// `core.v1.Namespace`.
    Namespace {
        1 metadata: one ObjectMeta,
        3 status: one NamespaceStatus,
    }

    /// `core.v1.NamespaceStatus`.
    NamespaceStatus {
        1 phase: text,
        2 conditions: many CoreCondition,
    }

    /// `core.v1.ServiceAccount`.
    ServiceAccount {
        1 metadata: one ObjectMeta,
    }

    /// `core.v1.PodCondition`, `NodeCondition`, `NamespaceCondition` and `PersistentVolumeClaimCondition`, which share
    /// these tags (and not those of `meta.v1.Condition`).
    CoreCondition {
        #[serde(rename = "type")]
        1 kind: text,
        2 status: text,
        4 last_transition_time: one Time,
        5 reason: text,
        6 message: text,
    }
}

impl CoreCondition {
    /// The status is `True`.
    pub fn holds(&self) -> bool {
        self.status == "True"
    }

    /// What the cluster says about it: the message, else the reason; `None` when it says neither.
    pub fn words(&self) -> Option<&str> {
        [&self.message, &self.reason].into_iter().find(|words| !words.is_empty()).map(|words| words.trim())
    }

    /// As a fact of a row.
    pub fn fact(&self, interner: &mut Interner) -> Condition {
        Condition {
            kind: interner.text(&self.kind),
            status: interner.text(&self.status),
            reason: interner.text(&self.reason),
            message: interner.text(&self.message),
            since: self.last_transition_time.and_then(|t| t.seconds),
        }
    }
}

/// Namespaces.
pub static NAMESPACE: Block = Block {
    group: "",
    version: "v1",
    kind: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short: &["ns"],
    namespaced: false,
    columns: &[NAME, text("STATUS"), AGE],
    enter: Enter::Scope,
    decode: decode::<Namespace>,
    encode: encode::<Namespace>,
};

impl Object for Namespace {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printNamespace`. What the namespace controller cannot delete, and what is left, is the message.
    fn print(self, _: &ObjectMeta, interner: &mut Interner) -> Printed {
        let status = self.status.unwrap_or_default();
        let failure = status.conditions.iter().find(|c| c.holds() && c.kind.ends_with("Failure"));
        let remaining = || status.conditions.iter().find(|c| c.holds() && c.kind.ends_with("Remaining"));
        let condition = match (failure, status.phase.as_str()) {
            (Some(_), _) => Health::Unhealthy,
            (None, "Active") => Health::Healthy,
            (None, _) => Health::Progressing,
        };
        Printed {
            cells: vec![Cell::Status(interner.text(&status.phase), condition)],
            condition,
            message: failure.or_else(remaining).and_then(CoreCondition::words).map(Into::into),
            ..Printed::default()
        }
    }
}

/// Service accounts.
pub static SERVICE_ACCOUNT: Block = Block {
    group: "",
    version: "v1",
    kind: "ServiceAccount",
    plural: "serviceaccounts",
    singular: "serviceaccount",
    short: &["sa"],
    namespaced: true,
    columns: &[NAME, AGE],
    enter: Enter::Describe,
    decode: decode::<ServiceAccount>,
    encode: encode::<ServiceAccount>,
};

impl Object for ServiceAccount {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printServiceAccount`.
    fn print(self, _: &ObjectMeta, _: &mut Interner) -> Printed {
        Printed::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::wires::{cells, row};
    use serde_json::json;

    #[test]
    fn a_namespace_that_cannot_go_says_why() {
        let active = row(&NAMESPACE, json!({"metadata": {"name": "shop"}, "status": {"phase": "Active"}}));
        assert_eq!((cells(&active, 0), active.condition, &active.message), (vec!["Active".to_owned()], Health::Healthy, &None));

        let remaining = json!({"type": "NamespaceContentRemaining", "status": "True", "reason": "SomeResourcesRemain", "message": "pods. has 1 resource instances"});
        let failure = json!({"type": "NamespaceDeletionContentFailure", "status": "True", "reason": "ContentDeletionFailed", "message": "no route to metrics"});
        let leaving = row(&NAMESPACE, json!({"status": {"phase": "Terminating", "conditions": [remaining]}}));
        assert_eq!((leaving.condition, leaving.message.as_deref()), (Health::Progressing, Some("pods. has 1 resource instances")));
        let stuck = row(&NAMESPACE, json!({"status": {"phase": "Terminating", "conditions": [remaining, failure]}}));
        assert_eq!((stuck.condition, stuck.message.as_deref()), (Health::Unhealthy, Some("no route to metrics")));
    }

    #[test]
    fn a_service_account_is_its_name() {
        let row = row(&SERVICE_ACCOUNT, json!({"metadata": {"name": "default", "namespace": "shop"}}));
        assert_eq!((&*row.name, &*row.namespace, row.cells.len()), ("default", "shop", 0));
    }
}
