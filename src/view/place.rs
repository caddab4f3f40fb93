//! Where one is: what is looked at, how it is narrowed, and which row the cursor is on. Enough to come back.

use std::sync::Arc;

use super::tables::TableKey;
pub use crate::model::relation::Relation;
use crate::model::row::Uid;
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
