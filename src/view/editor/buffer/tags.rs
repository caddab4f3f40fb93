//! Changes with which something begins, for as long as they are in the text.

use super::Buffer;

impl Buffer {
    /// Remembers something with the last change: it holds for as long as that change is in the text.
    pub fn put_tag(&mut self, tag: usize) {
        self.joins = false;
        if let Some(change) = self.done.checked_sub(1).and_then(|at| self.past.get_mut(at)) {
            change.tag = Some(tag);
        }
    }

    /// What was put to the last change in the text that has something; 0 where none has.
    pub fn tag(&self) -> usize {
        self.past.iter().take(self.done).rev().find_map(|change| change.tag).unwrap_or(self.floor)
    }

    /// What was put to changes is forgotten, and the way back over such a change, or forward to one that was undone.
    pub fn untag(&mut self) {
        self.floor = 0;
        if let Some(undone) = (self.done..self.past.len()).find(|at| self.past[*at].tag.is_some()) {
            for change in self.past.drain(undone..) {
                self.kept -= change.bytes();
            }
        }
        if let Some(last) = (0..self.done).rev().find(|at| self.past[*at].tag.is_some()) {
            let gone = last + 1;
            for change in self.past.drain(..gone) {
                self.kept -= change.bytes();
            }
            self.done -= gone;
            self.stored = self.stored.iter().filter_map(|stored| stored.checked_sub(gone)).collect();
        }
        let most = self.past.len();
        self.stored.retain(|stored| *stored <= most);
    }
}
