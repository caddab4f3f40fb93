//! A key map's file: a table for each mode, in it a key or a sequence, and the command line that it stands for.
//!
//! ```toml
//! [table]
//! "g g" = "cursor-top"
//! "1" = "view pods"
//! "S" = ""                # not bound, whatever another file says; `false` says the same
//! ```

use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::Mode;
use super::key::Key;
use crate::problem::{Problem, Source, did_you_mean};

/// One line of a key map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where it holds.
    pub mode: Mode,
    /// At least one key.
    pub keys: Vec<Key>,
    /// The command line; `None` takes the keys away from what binds them elsewhere.
    pub command: Option<Arc<str>>,
    /// The file and the line, for whoever has to change it.
    pub file: Arc<str>,
    /// From 1.
    pub line: usize,
}

/// Reads a file as far as it makes sense, in its own order. A command line is known when its first word is, or when the
/// whole of it begins with a known name.
pub fn read(source: Source<'_>, commands: &[&str], problems: &mut Vec<Problem>) -> Vec<Binding> {
    let before = problems.len();
    let table = source.parse(problems);
    let file: Arc<str> = source.name.into();
    let mut out: Vec<(usize, Binding)> = Vec::new();
    for (name, value) in &table {
        let Some(mode) = Mode::ALL.into_iter().find(|mode| mode.name() == name.get_ref()) else {
            let known = did_you_mean(name.get_ref(), Mode::ALL.map(Mode::name));
            problems.push(source.problem(name.span(), format!("there is no mode {:?}{known}", name.get_ref())));
            continue;
        };
        let Some(entries) = value.get_ref().as_table() else {
            problems.push(source.problem(name.span(), format!("[{}] has to be a table of keys", mode.name())));
            continue;
        };
        for (keys, value) in entries {
            match binding(mode, keys.get_ref(), value, commands) {
                Ok((keys_read, command)) => {
                    let line = source.line(keys.span().start);
                    out.push((keys.span().start, Binding { mode, keys: keys_read, command, file: file.clone(), line }));
                }
                Err(message) => problems.push(source.problem(keys.span(), message)),
            }
        }
    }
    problems[before..].sort_by_key(|problem| problem.line);
    out.sort_by_key(|(at, _)| *at);
    out.into_iter().map(|(_, binding)| binding).collect()
}

type Meaning = (Vec<Key>, Option<Arc<str>>);

fn binding(mode: Mode, keys: &str, value: &Spanned<DeValue<'_>>, commands: &[&str]) -> Result<Meaning, String> {
    let parsed = Key::parse_all(keys)?;
    let line = match value.get_ref() {
        DeValue::Boolean(false) => "",
        DeValue::String(line) => line.trim(),
        other => {
            return Err(format!(
                "{keys:?} needs a command in quotes, or false, but has {} {}",
                article(other.type_str()),
                other.type_str()
            ));
        }
    };
    if line.is_empty() {
        return Ok((parsed, None));
    }
    let begins = |name: &str| line.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
    if !commands.iter().any(|name| begins(name)) {
        let word = line.split_whitespace().next().unwrap_or(line);
        return Err(format!("there is no command {word:?}{}", did_you_mean(word, commands.iter().copied())));
    }
    if mode.takes_text() && parsed.first().is_some_and(|key| key.typed().is_some()) {
        return Err(format!("{keys:?} types a character in mode {:?} and cannot be bound there", mode.name()));
    }
    Ok((parsed, Some(line.into())))
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMANDS: &[&str] = &["view", "cursor-down", "cursor-top", "accept"];

    fn read_text(text: &str) -> (Vec<Binding>, Vec<String>) {
        let mut problems = Vec::new();
        let bindings = read(Source { name: "keys.toml", text }, COMMANDS, &mut problems);
        (bindings, problems.iter().map(Problem::to_string).collect())
    }

    #[test]
    fn bindings_come_in_the_files_own_order() {
        let (bindings, problems) = read_text("[table]\n\"z\" = \"view pods\"\n\"a\" = \"cursor-down\"\n\"b\" = false\n");
        assert_eq!(problems, Vec::<String>::new());
        let short: Vec<_> = bindings.iter().map(|b| (Key::print_all(&b.keys), b.command.as_deref(), b.line)).collect();
        assert_eq!(short, [("z".into(), Some("view pods"), 2), ("a".into(), Some("cursor-down"), 3), ("b".into(), None, 4)]);
    }

    #[test]
    fn mistakes_are_named_with_their_line_and_the_rest_is_used() {
        let (bindings, problems) = read_text(
            "[tabel]\n\"a\" = \"view\"\n[table]\n\"j\" = \"cursor-dwn\"\n\"kk\" = \"view pods\"\n\"x\" = 5\n\"y\" = \"view\"\n[prompt]\n\"y\" = \"accept\"\n\"enter\" = \"accept\"\n",
        );
        assert_eq!(
            problems,
            [
                "keys.toml:1: there is no mode \"tabel\"; did you mean table?",
                "keys.toml:4: there is no command \"cursor-dwn\"; did you mean cursor-down?",
                "keys.toml:5: \"kk\" is no key",
                "keys.toml:6: \"x\" needs a command in quotes, or false, but has an integer",
                "keys.toml:9: \"y\" types a character in mode \"prompt\" and cannot be bound there",
            ]
        );
        assert_eq!(bindings.len(), 2, "{bindings:?}");
    }
}
