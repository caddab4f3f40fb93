//! What two texts differ in, as lines of a text that one reads and searches: `- ` before what is gone, `+ ` before what is new.

use super::paint::Part;
use crate::model::edit::Row;
use crate::theme::Scope;

/// Before each line.
const INDENT: &str = "    ";

/// A row as a line, and how it looks.
pub fn line(row: &Row) -> (String, Option<Scope>) {
    let (words, look) = match row {
        Row::Gap(1) => ("… 1 line the same".to_owned(), Some(Scope::Dim)),
        Row::Gap(lines) => (format!("… {lines} lines the same"), Some(Scope::Dim)),
        Row::Same { text, .. } => (format!("  {text}"), None),
        Row::Gone(side) => (format!("- {}", side.text), Some(Scope::Bad)),
        Row::New(side) => (format!("+ {}", side.text), Some(Scope::Good)),
    };
    (format!("{INDENT}{words}"), look)
}

/// Adds the rows to a text.
pub fn push(text: &mut String, rows: &[Row]) {
    for row in rows {
        text.push_str(&line(row).0);
        text.push('\n');
    }
}

/// The parts of the lines of a text that has such rows, below lines that begin at the left.
pub fn paint(lines: &[String]) -> Vec<Vec<Part>> {
    let line = |line: &String| {
        let whole = 0..line.len();
        match line.strip_prefix(INDENT) {
            Some(rest) if rest.starts_with("- ") => vec![(whole, Scope::Bad)],
            Some(rest) if rest.starts_with("+ ") => vec![(whole, Scope::Good)],
            Some(rest) if rest.starts_with('…') => vec![(whole, Scope::Dim)],
            // Which side is which.
            None if line.starts_with("- ") => vec![(whole, Scope::Bad)],
            None if line.starts_with("+ ") => vec![(whole, Scope::Good)],
            None if !line.starts_with(' ') && !line.is_empty() => vec![(whole, Scope::TextHeading)],
            _ => Vec::new(),
        }
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::edit;

    #[test]
    fn rows_are_told_apart_by_their_signs_and_looks() {
        let rows = edit::unified(&edit::side_by_side("a: 1\nb: 2\nc: 3\nd: 4\n", "a: 1\nb: 2\nc: 3\nd: 5\n"), 1);
        let mut text = "head\n".to_owned();
        push(&mut text, &rows);
        assert_eq!(text, "head\n    … 2 lines the same\n      c: 3\n    - d: 4\n    + d: 5\n");
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let looks: Vec<Option<Scope>> = paint(&lines).iter().map(|parts| parts.first().map(|(_, scope)| *scope)).collect();
        assert_eq!(looks, [Some(Scope::TextHeading), Some(Scope::Dim), None, Some(Scope::Bad), Some(Scope::Good)]);
    }
}
