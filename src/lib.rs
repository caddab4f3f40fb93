//! kubetui: a terminal dashboard for Kubernetes.

pub mod app;
pub mod cli;
pub mod cluster;
pub mod commands;
pub mod effect;
pub mod event;
pub mod get;
pub mod keymap;
pub mod kinds;
pub mod log;
pub mod model;
pub mod places;
pub mod problem;
pub mod remember;
pub mod shelf;
pub mod terminal;
pub mod theme;
pub mod view;
