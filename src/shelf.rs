//! Files that are compiled in and that a user can add to or change: themes and key maps. What is compiled in lies in
//! `themes/` and `keymaps/`; what the user adds lies in folders of the same names below the config folder.

use std::fs;
use std::io;
use std::path::Path;

use crate::problem::{Problem, did_you_mean};

/// The files of one sort.
#[derive(Debug)]
pub struct Shelf {
    /// `themes`, `keymaps`: the folder's name, compiled in or not.
    pub folder: &'static str,
    /// What one of them is called in a sentence: `theme`.
    pub noun: &'static str,
    /// Name and text of what is compiled in.
    pub compiled: &'static [(&'static str, &'static str)],
}

/// A file from a shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// Its path, or `themes/dark.toml` where it is compiled in.
    pub file: String,
    /// Its text.
    pub text: String,
}

impl Shelf {
    /// What is compiled in under a name.
    pub fn compiled(&self, name: &str) -> Option<Book> {
        let (_, text) = self.compiled.iter().find(|(known, _)| *known == name)?;
        Some(Book { file: format!("{}/{name}.toml", self.folder), text: (*text).to_owned() })
    }

    /// What the user has under a name, `None` where there is no such file.
    ///
    /// # Errors
    /// When there is one, and it cannot be read as text.
    pub fn user(&self, config: Option<&Path>, name: &str) -> Result<Option<Book>, Problem> {
        // A name is a file's name, not a way out of the folder.
        let Some(config) = config.filter(|_| !name.contains(['/', '\\']) && !name.starts_with('.')) else { return Ok(None) };
        let path = config.join(self.folder).join(format!("{name}.toml"));
        let file = path.display().to_string();
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Book { file, text })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Problem { file, line: 0, message: error.to_string() }),
        }
    }

    /// Every name that there is, sorted.
    pub fn names(&self, config: Option<&Path>) -> Vec<String> {
        let own = config.and_then(|config| fs::read_dir(config.join(self.folder)).ok()).into_iter().flatten().flatten();
        let own = own.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned));
        let mut names: Vec<String> = self.compiled.iter().map(|(name, _)| (*name).to_owned()).chain(own).collect();
        names.sort();
        names.dedup();
        names
    }

    /// `there is no theme "drak"; did you mean dark?`, or the names that there are.
    pub fn unknown(&self, config: Option<&Path>, name: &str) -> String {
        let names = self.names(config);
        let near = did_you_mean(name, names.iter().map(String::as_str));
        let hint = if near.is_empty() { format!("; there are {}", names.join(", ")) } else { near };
        format!("there is no {} {name:?}{hint}", self.noun)
    }
}
