//! Texts that are edited: what comes of them.

use super::App;
use super::surface::Surface;
use crate::commands::clash;
use crate::model::draft::Heard;
use crate::view::acting::Clashing;

impl<S: Surface> App<S> {
    /// Takes what the gate says of a draft.
    pub(super) fn drafted(&mut self, number: u64, heard: Heard) {
        tracing::debug!(number, ?heard, "draft");
        match heard {
            Heard::Clash { draft, of, conflicts, theirs } => {
                // Before anything else is asked: the question that stands there ends with this.
                clash::ask(&mut self.state, Clashing { draft, of, conflicts, theirs, answers: Vec::new() });
            }
            Heard::Wrong(_) | Heard::Saved(_) => {}
        }
    }
}
