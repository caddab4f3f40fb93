//! A theme's file.
//!
//! ```toml
//! inherits = "dark"                         # what it does not say itself
//! [palette]
//! accent = "#7fb4ff"
//! raised = ["#2b3040", "dark-gray"]         # the second one where a terminal has 16 colours
//! [scopes]
//! "ui.accent" = "accent"                    # the colour of text
//! "ui.cursor" = { bg = "raised", mono = ["reversed"] }
//! ```
//!
//! `modifiers` go with the colours; `mono` stands in where the colours cannot be had.

use std::sync::Arc;

use ratatui::style::Modifier;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::colour::Colour;
use super::scope::Scope;
use crate::problem::{Problem, Source, did_you_mean};

/// What one file says.
#[derive(Debug, Default)]
pub struct Layer {
    /// The theme below it, and the line that says so.
    pub inherits: Option<(String, usize)>,
    /// Colours by name.
    pub palette: Vec<(String, Colour)>,
    /// Looks, their colours still by name.
    pub looks: Vec<(Scope, Look)>,
}

/// The look of a scope as written.
#[derive(Clone, Debug)]
pub struct Look {
    /// The colour of text.
    pub fg: Option<String>,
    /// The colour behind it.
    pub bg: Option<String>,
    /// With the colours.
    pub modifiers: Modifier,
    /// Instead of the colours, where they cannot be had.
    pub mono: Option<Modifier>,
    /// Where it is written.
    pub file: Arc<str>,
    /// From 1.
    pub line: usize,
}

const MODIFIERS: &[(&str, Modifier)] = &[
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
    ("crossed-out", Modifier::CROSSED_OUT),
];

/// Reads a file as far as it makes sense.
pub fn read(source: Source<'_>, problems: &mut Vec<Problem>) -> Layer {
    let before = problems.len();
    let table = source.parse(problems);
    let mut reader = Reader { source, file: source.name.into(), problems };
    let mut layer = Layer::default();
    for (key, value) in &table {
        match (&**key.get_ref(), value.get_ref()) {
            ("inherits", DeValue::String(name)) => layer.inherits = Some((name.to_string(), source.line(key.span().start))),
            ("palette", DeValue::Table(colours)) => layer.palette = reader.palette(colours),
            ("scopes", DeValue::Table(looks)) => layer.looks = reader.looks(looks),
            ("inherits", _) => reader.report(key, "inherits has to be the name of a theme, in quotes"),
            ("palette" | "scopes", _) => reader.report(key, format!("{} has to be a table", key.get_ref())),
            (other, _) => {
                let near = did_you_mean(other, ["inherits", "palette", "scopes"]);
                reader.report(key, format!("a theme has no {other:?}{near}"));
            }
        }
    }
    problems[before..].sort_by_key(|problem| problem.line);
    layer
}

struct Reader<'a, 'p> {
    source: Source<'a>,
    file: Arc<str>,
    problems: &'p mut Vec<Problem>,
}

impl Reader<'_, '_> {
    fn report<T>(&mut self, at: &Spanned<T>, message: impl Into<String>) {
        self.problems.push(self.source.problem(at.span(), message));
    }

    fn palette(&mut self, table: &DeTable<'_>) -> Vec<(String, Colour)> {
        let mut out = Vec::new();
        for (name, value) in table {
            let words: Vec<Option<&str>> = match value.get_ref() {
                DeValue::Array(pair) => pair.iter().map(|word| word.get_ref().as_str()).collect(),
                one => vec![one.as_str()],
            };
            let colours: Vec<_> = words.iter().map(|word| word.and_then(Colour::parse)).collect();
            match colours[..] {
                [Some(full)] => out.push((name.get_ref().to_string(), Colour { full, few: None })),
                [Some(full), Some(few)] => out.push((name.get_ref().to_string(), Colour { full, few: Some(few) })),
                _ => self.report(
                    name,
                    format!(
                        "{:?} needs a colour: \"#7aa2f7\", \"light-blue\", \"default\", or [\"#7aa2f7\", \"light-blue\"]",
                        name.get_ref()
                    ),
                ),
            }
        }
        out
    }

    fn looks(&mut self, table: &DeTable<'_>) -> Vec<(Scope, Look)> {
        let mut out = Vec::new();
        for (name, value) in table {
            match Scope::of(name.get_ref()) {
                Some(scope) => out.push((scope, self.look(name, value.get_ref()))),
                None => {
                    let near = did_you_mean(name.get_ref(), Scope::ALL.iter().map(|scope| scope.name()));
                    self.report(name, format!("there is no scope {:?}{near}", name.get_ref()));
                }
            }
        }
        out
    }

    fn look<T: std::fmt::Display>(&mut self, name: &Spanned<T>, value: &DeValue<'_>) -> Look {
        let line = self.source.line(name.span().start);
        let mut look = Look { fg: None, bg: None, modifiers: Modifier::empty(), mono: None, file: self.file.clone(), line };
        match value {
            DeValue::String(colour) => look.fg = Some(colour.to_string()),
            DeValue::Table(fields) => {
                for (key, value) in fields {
                    match (&**key.get_ref(), value.get_ref()) {
                        ("fg", DeValue::String(colour)) => look.fg = Some(colour.to_string()),
                        ("bg", DeValue::String(colour)) => look.bg = Some(colour.to_string()),
                        ("modifiers", DeValue::Array(words)) => look.modifiers = self.modifiers(words.iter()),
                        ("mono", DeValue::Array(words)) => look.mono = Some(self.modifiers(words.iter())),
                        (key_name @ ("fg" | "bg"), _) => self.report(key, format!("{key_name} has to be a colour, in quotes")),
                        (key_name @ ("modifiers" | "mono"), _) => {
                            self.report(key, format!("{key_name} has to be a list, such as [\"bold\"]"))
                        }
                        (other, _) => {
                            let near = did_you_mean(other, ["fg", "bg", "modifiers", "mono"]);
                            self.report(key, format!("a look has no {other:?}{near}"));
                        }
                    }
                }
            }
            _ => self
                .report(name, format!("{} needs a colour or a look, such as {{ fg = \"red\", modifiers = [\"bold\"] }}", name.get_ref())),
        }
        look
    }

    fn modifiers<'v>(&mut self, words: impl Iterator<Item = &'v Spanned<DeValue<'v>>>) -> Modifier {
        let mut out = Modifier::empty();
        for word in words {
            let name = word.get_ref().as_str().unwrap_or_default();
            match MODIFIERS.iter().find(|(known, _)| *known == name) {
                Some((_, modifier)) => out |= *modifier,
                None => {
                    let near = did_you_mean(name, MODIFIERS.iter().map(|(known, _)| *known));
                    self.report(word, format!("there is no modifier {name:?}{near}"));
                }
            }
        }
        out
    }
}
