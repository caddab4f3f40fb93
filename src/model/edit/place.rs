//! Places in a text, and paths in a tree.

use std::fmt;

use crate::model::tree::Tree;

/// A place in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
    /// The line of the first byte, from 1.
    pub line: usize,
    /// The column of the first byte, from 1, in characters.
    pub column: usize,
}

/// Text that cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it stops being readable.
    pub at: Place,
    /// One clause, without the place.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.at.line, self.at.column, self.message)
    }
}

impl std::error::Error for Fault {}

/// A step on the way into a tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The value under a key.
    Key(Box<str>),
    /// An item of a list by its place, from 0.
    At(usize),
    /// An item of a list by the fields that tell it apart.
    Item(Vec<(Box<str>, Tree)>),
}

/// A way into a tree. Written out it is as people write it: `spec.containers[name=app].image`; a key with dots is in brackets
/// and quotes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// This path, one key further.
    pub fn key(&self, name: &str) -> Path {
        self.with(Step::Key(name.into()))
    }

    /// This path, one step further.
    pub fn with(&self, step: Step) -> Path {
        let mut steps = self.0.clone();
        steps.push(step);
        Path(steps)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(name) if !name.is_empty() && !name.contains(['.', '[', ']', '"', ' ', '/']) => {
                    write!(f, "{}{name}", if at == 0 { "" } else { "." })?;
                }
                Step::Key(name) => write!(f, "[{name:?}]")?,
                Step::At(place) => write!(f, "[{place}]")?,
                Step::Item(keys) => {
                    f.write_str("[")?;
                    for (at, (name, value)) in keys.iter().enumerate() {
                        f.write_str(if at == 0 { "" } else { "," })?;
                        match value.as_str() {
                            _ if name.is_empty() => write!(f, "{value:?}")?,
                            Some(text) => write!(f, "{name}={text}")?,
                            None => write!(f, "{name}={value:?}")?,
                        }
                    }
                    f.write_str("]")?;
                }
            }
        }
        Ok(())
    }
}
