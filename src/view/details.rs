//! What is shown beside or below the table of the row under the cursor: gathered here, drawn in `draw::details`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::tables::TableKey;
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::model::row::{Owner, Row};
use crate::model::scope::Scope;

/// The cursor has to rest so long before anything is asked of the server for it.
pub const REST: Duration = Duration::from_millis(200);

/// What is known of the object under the cursor beyond its row.
#[derive(Debug, Default)]
pub struct Details {
    /// The object.
    pub of: Option<Reference>,
    /// Its events: a table of their own, watched by the object's UID.
    pub events: Option<TableKey>,
    /// Its owners from the nearest to the farthest, as far as they are known.
    pub owners: Vec<Arc<Owner>>,
    /// The owner whose owner is not known yet, and has to be asked for: its namespace and itself.
    pub ask: Option<(Arc<str>, Arc<Owner>)>,
}

impl Details {
    /// Follows the cursor: once it has rested, the events and the owners of its object are wanted. When the wish changed,
    /// true.
    pub fn follow(&mut self, row: Option<&Row>, rested: Instant, events: &Arc<Kind>) -> bool {
        let Some(row) = row.filter(|row| !row.kind.version.is_empty()) else {
            let had = self.of.is_some();
            *self = Details::default();
            return had;
        };
        if self.of.as_ref().is_some_and(|of| of.uid == row.uid) {
            return false;
        }
        if self.of.is_some() {
            *self = Details::default();
        }
        if rested.elapsed() < REST {
            return false;
        }
        let scope = if row.namespace.is_empty() { Scope::All } else { Scope::one(&row.namespace) };
        let fields = format!("involvedObject.uid={}", row.uid);
        self.events = Some(TableKey::Picked(events.clone(), scope, fields.into()));
        self.owners = row.owner.iter().cloned().collect();
        self.ask = row.owner.clone().map(|owner| (row.namespace.clone(), owner));
        self.of = Some(Reference::of(row));
        true
    }

    /// The owner of an owner, as the server said it; `None` when it has none, or cannot be read.
    pub fn owner(&mut self, of: &Owner, owner: Option<Owner>) {
        if self.owners.last().is_some_and(|last| last.uid == of.uid)
            && let Some(owner) = owner
        {
            let namespace = self.of.as_ref().map(|of| of.namespace.clone()).unwrap_or_default();
            let owner = Arc::new(owner);
            self.owners.push(owner.clone());
            // A chain this long is none: Job ▸ CronJob ▸ something that owns it.
            self.ask = (self.owners.len() < 5).then_some((namespace, owner));
        }
    }
}
