//! Namespace and name as a key that can be looked up without owning them: controllers look up objects all the time.

use std::borrow::Borrow;
use std::cmp::Ordering;

use arcstr::ArcStr;

/// A key of a collection.
pub type Owned = (ArcStr, ArcStr);

/// What both an owned key and borrowed names have. The order is that of lists.
pub trait Names {
    /// Namespace and name.
    fn names(&self) -> (&str, &str);
}

impl Names for Owned {
    fn names(&self) -> (&str, &str) {
        (&self.0, &self.1)
    }
}

impl Names for (&str, &str) {
    fn names(&self) -> (&str, &str) {
        *self
    }
}

impl<'a> Borrow<dyn Names + 'a> for Owned {
    fn borrow(&self) -> &(dyn Names + 'a) {
        self
    }
}

impl PartialEq for dyn Names + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.names() == other.names()
    }
}

impl Eq for dyn Names + '_ {}

impl PartialOrd for dyn Names + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for dyn Names + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.names().cmp(&other.names())
    }
}
