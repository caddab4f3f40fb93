//! Kubernetes over the wire: which cluster, as whom, what it serves, and requests to it.
//!
//! Knows kinds, nothing of the screen. Everything here ends in a value or in a [`ClusterError`](error::ClusterError), whose
//! words are for a person; no error of the network ends the program.

pub mod connect;
pub mod credential;
pub mod discovery;
pub mod error;
pub mod export;
pub mod feed;
pub mod follow;
pub mod frames;
pub mod kubeconfig;
pub mod link;
pub mod list;
pub mod logs;
pub mod metrics;
pub mod plugin;
pub mod request;
pub mod schema;
pub mod stack;
pub mod watch;
pub mod write;

pub use connect::{Options, Session};
pub use error::ClusterError;
pub use kubeconfig::Target;
