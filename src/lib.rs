//! kubetui: a terminal dashboard for Kubernetes.

pub mod keymap;
pub mod kinds;
pub mod model;
pub mod places;
pub mod problem;
pub mod remember;
pub mod shelf;
pub mod terminal;
pub mod theme;
pub mod view;
