//! What keeps the cluster as it should be: one row for each controller, level-triggered as the real ones are.
//!
//! A controller sees every change and notes what to look at; when it looks, it takes what is stored as the truth, does the
//! next step, and says when to look again. It keeps no notes of its own that a restart could lose, save what is only there
//! to be quick.

pub mod definitions;

use super::store::{Change, Ref};
use super::world::World;

/// A controller.
pub struct Controller {
    /// What [`World::look`] calls it by: `deployment`.
    pub name: &'static str,
    /// Notes what to look at after a change. It is called for every change of the cluster: it must be quick.
    pub see: fn(&mut World, &Change),
    /// Looks at an object of its kind, which may be gone by now.
    pub sync: fn(&mut World, &Ref),
}

/// All of them.
pub static CONTROLLERS: &[&Controller] = &[&definitions::DEFINITION];
