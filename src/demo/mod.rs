//! The embedded cluster of `--demo`: a small Kubernetes API over real HTTPS on loopback, with controllers, nodes and a
//! story. Nothing outside knows that a cluster is this one: the same client code talks to it.
//!
//! Everything that is decided is decided in one place and without waiting: `world::World` holds the objects, the time and
//! what is due, `api` answers one call on it, controllers react to what changed. Only `serve` knows sockets and tasks.

pub mod admission;
pub mod controllers;
pub mod http;
pub mod metrics;
pub mod refusal;
pub mod selector;
pub mod store;
pub mod tree;
pub mod world;
