//! kubetui: a terminal dashboard for Kubernetes.

pub mod cli;
pub mod cluster;
pub mod kinds;
pub mod model;
