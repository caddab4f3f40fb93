//! `kubetui config check`: everything that is wrong in the files of the config folder, whether they are in use or not.

use std::path::Path;

use super::{Config, FILE};
use crate::keymap::{self, Keymap};
use crate::problem::Problem;
use crate::shelf::Shelf;
use crate::theme::{self, Depth, Theme};

/// What was read, and what is wrong in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Paths, in the order in which they were read.
    pub files: Vec<String>,
    /// Each once, by file.
    pub problems: Vec<Problem>,
}

/// Reads `config.toml`, every theme and every key map of a folder. `commands` are the names that keys may be bound to.
pub fn check(folder: &Path, commands: &[&str]) -> Checked {
    let mut checked = Checked::default();
    let config = folder.join(FILE);
    if config.exists() {
        checked.files.push(config.display().to_string());
    }
    checked.add(Config::load(Some(folder)).1);
    for name in checked.own(&theme::SHELF, folder) {
        checked.add(Theme::load(&name, Some(folder), Depth::Truecolor).1);
    }
    for name in checked.own(&keymap::SHELF, folder) {
        checked.add(Keymap::load(&name, Some(folder), commands).1);
    }
    checked
}

impl Checked {
    /// The names of the folder's own files of one sort.
    fn own(&mut self, shelf: &Shelf, folder: &Path) -> Vec<String> {
        let mut own = shelf.names(Some(folder));
        let path = |name: &str| folder.join(shelf.folder).join(format!("{name}.toml"));
        own.retain(|name| path(name).exists());
        self.files.extend(own.iter().map(|name| path(name).display().to_string()));
        own
    }

    /// A key map lies over the default one, and a theme over those that it inherits: their problems come with each.
    fn add(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    /// For a person: a line for each problem, or that nothing is wrong and in what.
    pub fn report(&self, folder: &Path) -> String {
        let files = if self.files.len() == 1 { "file" } else { "files" };
        let mut lines: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        match (self.problems.len(), self.files.is_empty()) {
            (0, true) => lines.push(format!("nothing wrong: there are no settings, themes or key maps in {}", folder.display())),
            (0, false) => {
                lines.push(format!("nothing wrong in {} {files}:", self.files.len()));
                lines.extend(self.files.iter().map(|file| format!("  {file}")));
            }
            (count, _) => {
                let problems = if count == 1 { "problem" } else { "problems" };
                lines.push(format!("{count} {problems} in {} {files}", self.files.len()));
            }
        }
        lines.join("\n") + "\n"
    }
}
