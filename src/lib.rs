//! kubetui: a terminal dashboard for Kubernetes.

pub mod kinds;
pub mod model;
