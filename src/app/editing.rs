//! Texts that are edited: what comes of them.

use super::App;
use super::surface::Surface;
use crate::model::draft::Heard;

impl<S: Surface> App<S> {
    /// Takes what the gate says of a draft.
    pub(super) fn drafted(&mut self, number: u64, heard: Heard) {
        tracing::debug!(number, ?heard, "draft");
    }
}
