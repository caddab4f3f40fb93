//! Screen state and drawing. Nothing here awaits; everything of the cluster passes [`text`] before it is drawn.

pub mod text;
