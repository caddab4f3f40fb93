//! Answers one call on the world.

pub mod call;
pub mod write;
