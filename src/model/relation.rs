//! How objects belong to one another, as far as their rows tell: the pods of a service, the jobs of a cron job.

use std::sync::Arc;

use super::facts::{Facts, Selector};
use super::row::{Row, Uid};

/// Which rows belong to something: the pods of a service, the jobs of a cron job.
#[derive(Clone, Debug, PartialEq)]
pub enum Relation {
    /// In one namespace, with labels that match.
    Selected(Arc<str>, Arc<Selector>),
    /// As [`Relation::Selected`], and owned by this object or by something that it owns: two Deployments whose selectors
    /// overlap do not share pods.
    Owned {
        /// The owner's namespace.
        namespace: Arc<str>,
        /// The owner's selector.
        selector: Arc<Selector>,
        /// The owner's name: its ReplicaSets begin with it.
        name: Arc<str>,
        /// The owner.
        uid: Uid,
    },
    /// Pods on a node.
    OnNode(Arc<str>),
    /// Owned directly.
    Child(Uid),
    /// One object.
    One(Uid),
    /// By namespace (empty for cluster scope) and name: a pod says its node by name only.
    Named(Arc<str>, Arc<str>),
    /// Pods of the Jobs that the CronJob of this namespace and name has made: they are named after it and the minute.
    Scheduled(Arc<str>, Arc<str>),
}

/// A ReplicaSet is named after its Deployment and a hash, in which there is no `-`: `web-canary-6d5f` is not of `web`.
fn made_by(deployment: &str, set: &str) -> bool {
    let rest = set.strip_prefix(deployment).and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|hash| !hash.contains('-'))
}

impl Relation {
    /// Whether a row belongs.
    pub fn holds(&self, row: &Row) -> bool {
        match self {
            Relation::Selected(namespace, selector) => row.namespace == *namespace && selector.matches(&row.labels),
            Relation::Owned { namespace, selector, name, uid } => {
                row.namespace == *namespace
                    && selector.matches(&row.labels)
                    && row
                        .owner
                        .as_ref()
                        .is_none_or(|owner| owner.uid == *uid || (&*owner.kind == "ReplicaSet" && made_by(name, &owner.name)))
            }
            Relation::OnNode(node) => matches!(&row.facts, Facts::Pod(pod) if pod.node == *node),
            Relation::Child(owner) => row.owner.as_ref().is_some_and(|o| o.uid == *owner),
            Relation::One(uid) => row.uid == *uid,
            Relation::Named(namespace, name) => row.namespace == *namespace && *row.name == **name,
            Relation::Scheduled(namespace, name) => {
                let made = |owner: &str| {
                    let rest = owner.strip_prefix(&**name).and_then(|rest| rest.strip_prefix('-'));
                    rest.is_some_and(|minute| !minute.is_empty() && minute.bytes().all(|byte| byte.is_ascii_digit()))
                };
                row.namespace == *namespace && row.owner.as_ref().is_some_and(|owner| &*owner.kind == "Job" && made(&owner.name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_set_is_told_from_that_of_a_longer_name() {
        assert!(made_by("web", "web-6d5f7c"));
        assert!(!made_by("web", "web-canary-6d5f7c") && made_by("web-canary", "web-canary-6d5f7c"));
        assert!(!made_by("web", "web") && !made_by("web", "webs-6d5f7c"));
    }
}
