//! What is wrong in a file that a person wrote (key maps, themes): where, what, and what was probably meant. A problem
//! costs the line it stands on, never the file: the rest is used.

use std::fmt;
use std::ops::Range;

/// One mistake in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as a person knows it: its path, or `themes/dark.toml` for what is compiled in.
    pub file: String,
    /// Line, from 1; 0 where the mistake has no line (a file that cannot be read).
    pub line: usize,
    /// One sentence.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for Problem {}

/// A TOML text with its name, read as far as it can be read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file as a person knows it.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl<'a> Source<'a> {
    /// A problem at the line in which the span (in bytes of the text) begins.
    pub fn problem(&self, span: Range<usize>, message: impl Into<String>) -> Problem {
        Problem { file: self.name.to_owned(), line: self.line(span.start), message: message.into() }
    }

    /// The line, from 1, of a byte of the text.
    pub fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        1 + before.iter().filter(|&&byte| byte == b'\n').count()
    }

    /// The top table. Lines that are not TOML are reported, and the others are there.
    pub fn parse(&self, problems: &mut Vec<Problem>) -> toml::de::DeTable<'a> {
        let (table, errors) = toml::de::DeTable::parse_recoverable(self.text);
        problems.extend(errors.iter().map(|error| self.problem(error.span().unwrap_or(0..0), error.message().replace('\n', ", "))));
        table.into_inner()
    }
}

/// `; did you mean X?` for the known name nearest to a misspelt one, or nothing where none is near.
pub fn did_you_mean<'n>(wrong: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let near = known.into_iter().map(|name| (strsim::damerau_levenshtein(wrong, name), name)).min();
    match near {
        Some((distance, name)) if distance <= 1 + wrong.chars().count() / 4 => format!("; did you mean {name}?"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_file_and_line() {
        let source = Source { name: "k.toml", text: "a\nb\nc\n" };
        assert_eq!(source.problem(2..3, "bad").to_string(), "k.toml:2: bad");
        assert_eq!(source.line(0), 1);
        assert_eq!(source.line(999), 4);
    }

    #[test]
    fn what_is_near_is_suggested_and_what_is_far_is_not() {
        assert_eq!(did_you_mean("ui.curser", ["ui.text", "ui.cursor"]), "; did you mean ui.cursor?");
        assert_eq!(did_you_mean("zebra", ["ui.text", "ui.cursor"]), "");
    }

    #[test]
    fn a_line_that_is_not_toml_costs_only_itself() {
        let source = Source { name: "k.toml", text: "good = 1\nbad = = 2\nalso = 3\n" };
        let mut problems = Vec::new();
        let table = source.parse(&mut problems);
        assert!(table.contains_key("good") && table.contains_key("also"), "{table:?}");
        assert_eq!(problems[0].line, 2, "{problems:?}");
    }
}
