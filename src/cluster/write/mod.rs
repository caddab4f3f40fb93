//! The gate: everything that is sent to a cluster and is no read.

pub mod access;
pub mod journal;
