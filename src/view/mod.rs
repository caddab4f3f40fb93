//! Screen state and drawing. Nothing here awaits; everything of the cluster passes [`text`] before it is drawn.

pub mod acting;
pub mod changed;
pub mod chosen;
pub mod comparison;
pub mod details;
pub mod draw;
pub mod editor;
pub mod forwards;
pub mod history;
pub mod hits;
pub mod lists;
pub mod log;
pub mod navigate;
pub mod paint;
pub mod picker;
pub mod place;
pub mod prompt;
pub mod revisions;
pub mod state;
pub mod table;
pub mod tables;
pub mod text;
pub mod text_view;
pub mod unified;
pub mod unsaved;
pub mod wrap;
