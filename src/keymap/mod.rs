//! Keys to command lines, and back for the help and the footer. Key maps are files (`keymaps/*.toml`): a later file wins
//! over an earlier one, and what is wrong in one is reported while the rest of it is used.

use std::array;
use std::path::Path;
use std::sync::Arc;

use crate::problem::{Problem, Source};
use crate::shelf::{Book, Shelf};

pub mod file;
pub mod key;
pub mod trie;

pub use file::Binding;
pub use key::Key;
pub use trie::{Continuation, Outcome, State, Trie};

/// The key maps that are compiled in.
pub static SHELF: Shelf = Shelf {
    folder: "keymaps",
    noun: "key map",
    compiled: &[(DEFAULT, include_str!("../../keymaps/default.toml")), ("k9s", include_str!("../../keymaps/k9s.toml"))],
};

/// The key map under every other one.
pub const DEFAULT: &str = "default";

/// What has the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Under every other mode: what that does not bind itself.
    Global,
    /// A table of rows.
    Table,
    /// The text viewer.
    Text,
    /// A line that is being typed: filter, palette, search.
    Prompt,
    /// A list to choose from, with a line to narrow it.
    Picker,
    /// A question.
    Confirm,
    /// What comes of an act.
    Acts,
    /// What containers say.
    Log,
    /// A text that is edited.
    Edit,
}

impl Mode {
    /// All of them; a mode's place is `mode as usize`.
    pub const ALL: [Mode; 9] =
        [Mode::Global, Mode::Table, Mode::Text, Mode::Prompt, Mode::Picker, Mode::Confirm, Mode::Acts, Mode::Log, Mode::Edit];

    /// Its table in a key map.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Global => "global",
            Mode::Table => "table",
            Mode::Text => "text",
            Mode::Prompt => "prompt",
            Mode::Picker => "picker",
            Mode::Confirm => "confirm",
            Mode::Acts => "acts",
            Mode::Log => "log",
            Mode::Edit => "edit",
        }
    }

    /// Characters are typed there, so that no plain character can be a command.
    pub fn takes_text(self) -> bool {
        matches!(self, Mode::Prompt | Mode::Picker | Mode::Edit)
    }
}

/// What the keys mean, in every mode.
#[derive(Clone, Debug)]
pub struct Keymap {
    modes: [Keys; Mode::ALL.len()],
}

#[derive(Clone, Debug, Default)]
struct Keys {
    bindings: Vec<Binding>,
    trie: Trie,
}

impl Keymap {
    /// The default key map, the user's changes to it (`keymaps/default.toml` in the config folder), and over both the map
    /// of another name. `commands` are the names that a command line can begin with.
    pub fn load(name: &str, config: Option<&Path>, commands: &[&str]) -> (Keymap, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut books: Vec<Book> = Vec::new();
        for name in [Some(DEFAULT), Some(name).filter(|name| *name != DEFAULT)].into_iter().flatten() {
            let compiled = SHELF.compiled(name);
            match SHELF.user(config, name) {
                Ok(None) if compiled.is_none() => {
                    problems.push(Problem { file: name.to_owned(), line: 0, message: SHELF.unknown(config, name) });
                }
                Ok(own) => books.extend(compiled.into_iter().chain(own)),
                Err(problem) => {
                    books.extend(compiled);
                    problems.push(problem);
                }
            }
        }
        let sources: Vec<Source<'_>> = books.iter().map(|book| Source { name: &book.file, text: &book.text }).collect();
        let (keymap, more) = Keymap::from_sources(&sources, commands);
        problems.extend(more);
        (keymap, problems)
    }

    /// Merges files, later ones over earlier ones.
    pub fn from_sources(sources: &[Source<'_>], commands: &[&str]) -> (Keymap, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut merged: Vec<Binding> = Vec::new();
        for source in sources {
            let fresh = distinct(file::read(*source, commands, &mut problems), &mut problems);
            merged.retain(|old| !fresh.iter().any(|new| new.mode == old.mode && new.keys == old.keys));
            for new in &fresh {
                merged.retain(|old| {
                    let hidden = collide(new, old);
                    if hidden {
                        problems.push(hides(new, old));
                    }
                    !hidden
                });
            }
            merged = fresh.into_iter().chain(merged).collect();
        }
        let modes = Mode::ALL.map(|mode| effective(mode, &merged, &mut problems));
        (Keymap { modes }, problems)
    }

    /// The keys of a mode, those of [`Mode::Global`] included.
    pub fn trie(&self, mode: Mode) -> &Trie {
        &self.modes[mode as usize].trie
    }

    /// What is bound in a mode, the user's own first, for the help.
    pub fn bindings(&self, mode: Mode) -> &[Binding] {
        &self.modes[mode as usize].bindings
    }

    /// The keys that stand for a command line, as text, the one to show first: `["g g", "home"]`.
    pub fn keys_for(&self, command: &str, mode: Mode) -> Vec<String> {
        let bound = self.bindings(mode).iter().filter(|binding| binding.command.as_deref() == Some(command));
        bound.map(|binding| Key::print_all(&binding.keys)).collect()
    }
}

/// The bindings of one file without those that contradict an earlier line of it.
fn distinct(bindings: Vec<Binding>, problems: &mut Vec<Problem>) -> Vec<Binding> {
    let mut kept: Vec<Binding> = Vec::with_capacity(bindings.len());
    for new in bindings {
        let first = kept.iter().find(|old| (old.mode == new.mode && old.keys == new.keys) || collide(&new, old));
        match first {
            None => kept.push(new),
            Some(first) => {
                let (keys, other) = (Key::print_all(&new.keys), Key::print_all(&first.keys));
                let message = if keys == other {
                    format!("{keys:?} is bound already, on line {}", first.line)
                } else {
                    format!("{keys:?} and {other:?} (line {}) cannot both be bound: one begins with the other", first.line)
                };
                problems.push(Problem { file: new.file.to_string(), line: new.line, message });
            }
        }
    }
    kept
}

/// Both are bound in one mode, and one cannot be reached because the other begins it.
fn collide(one: &Binding, other: &Binding) -> bool {
    one.mode == other.mode && one.command.is_some() && other.command.is_some() && begins(one, other)
}

fn begins(one: &Binding, other: &Binding) -> bool {
    one.keys != other.keys && (one.keys.starts_with(&other.keys) || other.keys.starts_with(&one.keys))
}

fn hides(new: &Binding, old: &Binding) -> Problem {
    let (keys, other) = (Key::print_all(&new.keys), Key::print_all(&old.keys));
    let command = old.command.as_deref().unwrap_or_default();
    let message =
        format!("{keys:?} hides {other:?} ({command}, {}:{}): say so with {other:?} = false in [{}]", old.file, old.line, new.mode.name());
    Problem { file: new.file.to_string(), line: new.line, message }
}

/// The keys of a mode with the global ones below them.
fn effective(mode: Mode, merged: &[Binding], problems: &mut Vec<Problem>) -> Keys {
    let own: Vec<&Binding> = merged.iter().filter(|binding| binding.mode == mode).collect();
    let below = merged.iter().filter(|binding| binding.mode == Mode::Global && mode != Mode::Global);
    let mut bindings: Vec<Binding> = own.iter().filter(|binding| binding.command.is_some()).map(|&binding| binding.clone()).collect();
    for global in below.filter(|global| global.command.is_some()) {
        let typed = mode.takes_text() && global.keys.first().is_some_and(|key| key.typed().is_some());
        if typed || own.iter().any(|binding| binding.keys == global.keys) {
            continue;
        }
        match own.iter().find(|binding| binding.command.is_some() && begins(binding, global)) {
            Some(first) => problems.push(hides(first, global)),
            None => bindings.push(global.clone()),
        }
    }
    let mut trie = Trie::default();
    for binding in &bindings {
        if let Some(command) = &binding.command {
            trie.bind(&binding.keys, Arc::clone(command));
        }
    }
    Keys { bindings, trie }
}

impl Default for Keymap {
    /// Nothing bound.
    fn default() -> Keymap {
        Keymap { modes: array::from_fn(|_| Keys::default()) }
    }
}

#[cfg(test)]
mod tests;
