//! Where one is: what is looked at, how it is narrowed, and which row the cursor is on. Enough to come back.

use std::sync::Arc;

use super::tables::TableKey;
use crate::model::facts::{Facts, Selector};
use crate::model::row::{Row, Uid};
use crate::model::store::Sort;

/// The four panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pane {
    /// Pods.
    Pods,
    /// Services with their endpoints.
    Services,
    /// Labels in use.
    Labels,
    /// Deployments, StatefulSets and DaemonSets.
    Rollouts,
}

impl Pane {
    /// In the order of their keys, `1` to `4`.
    pub const ALL: [Pane; 4] = [Pane::Pods, Pane::Services, Pane::Labels, Pane::Rollouts];

    /// As the tab says it.
    pub fn title(self) -> &'static str {
        match self {
            Pane::Pods => "Pods",
            Pane::Services => "Services",
            Pane::Labels => "Labels",
            Pane::Rollouts => "Rollouts",
        }
    }

    /// By its command-line name: `pods`, `services`, `labels`, `rollouts`.
    pub fn named(name: &str) -> Option<Pane> {
        Pane::ALL.into_iter().find(|pane| pane.title().eq_ignore_ascii_case(name))
    }
}

/// Which rows of a table belong to what one came from: the pods of a service, the jobs of a cron job.
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
}

impl Relation {
    /// Whether a row belongs.
    pub fn holds(&self, row: &Row) -> bool {
        match self {
            Relation::Selected(namespace, selector) => row.namespace == *namespace && selector.matches(&row.labels),
            Relation::Owned { namespace, selector, name, uid } => {
                row.namespace == *namespace
                    && selector.matches(&row.labels)
                    && row.owner.as_ref().is_none_or(|owner| {
                        owner.uid == *uid
                            || (&*owner.kind == "ReplicaSet" && owner.name.strip_prefix(&**name).is_some_and(|rest| rest.starts_with('-')))
                    })
            }
            Relation::OnNode(node) => matches!(&row.facts, Facts::Pod(pod) if pod.node == *node),
            Relation::Child(owner) => row.owner.as_ref().is_some_and(|o| o.uid == *owner),
            Relation::One(uid) => row.uid == *uid,
            Relation::Named(namespace, name) => row.namespace == *namespace && *row.name == **name,
        }
    }
}

/// A table as it is looked at, in few words.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Which table.
    pub key: TableKey,
    /// Which pane it began in; the tab that is lit.
    pub pane: Option<Pane>,
    /// Which rows, where one came from another row.
    pub relation: Option<Relation>,
    /// What is said of it after the pane's name: `service/web`.
    pub crumb: Arc<str>,
    /// The filter as typed.
    pub filter: String,
    /// Only what is not healthy.
    pub unhealthy: bool,
    /// How it is sorted; by nothing is the order of the table itself: namespace and name.
    pub sorting: Sort,
    /// Where the cursor is.
    pub cursor: Option<Uid>,
}

impl Place {
    /// The whole of a table, unfiltered, from the top.
    pub fn new(key: TableKey) -> Place {
        let sorting = Sort::default();
        Place { key, pane: None, relation: None, crumb: "".into(), filter: String::new(), unhealthy: false, sorting, cursor: None }
    }

    /// The same table and rows, whatever the cursor and the filter are.
    pub fn same_table(&self, other: &Place) -> bool {
        self.key == other.key && self.relation == other.relation
    }
}
