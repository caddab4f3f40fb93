//! Nodes: making them, their heartbeats, and what the cluster does when the heartbeats stop.

mod health;
mod make;
mod taints;

pub use health::{HEARTBEAT, LIFECYCLE, is_stopped, start_kubelet, stop_kubelet};
pub use make::{NodeSpec, make};
pub use taints::TAINTS;

#[cfg(test)]
mod tests;
