//! The folder of this machine whose names can be typed: asked for where a path is typed, and read by somebody who may wait for
//! a disk.

use std::sync::Arc;

/// What is in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, which one can type.
    pub name: String,
    /// It is a folder itself, or leads to one.
    pub is_folder: bool,
}

/// One folder, as it was typed (`""` is where the program was started, `~/x/`), and what was found in it.
#[derive(Debug, Default)]
pub struct Folder {
    typed: Option<Arc<str>>,
    asked: bool,
    entries: Vec<Entry>,
}

impl Folder {
    /// This one is typed now.
    pub fn look(&mut self, typed: &str) {
        if self.typed.as_deref() != Some(typed) {
            *self = Folder { typed: Some(typed.into()), asked: true, entries: Vec::new() };
        }
    }

    /// The one that is to be read, once.
    pub fn take_asked(&mut self) -> Option<Arc<str>> {
        std::mem::take(&mut self.asked).then(|| self.typed.clone())?
    }

    /// What is in it. Of another one than is typed now it is nothing.
    pub fn take(&mut self, typed: &str, entries: Vec<Entry>) {
        if self.typed.as_deref() == Some(typed) {
            self.entries = entries;
        }
    }

    /// What is known to be in the folder that was typed so.
    pub fn entries(&self, typed: &str) -> &[Entry] {
        if self.typed.as_deref() == Some(typed) { &self.entries } else { &[] }
    }
}
