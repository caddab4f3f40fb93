//! What the parts of a text are, as far as their look goes: of YAML, and of a schema as `kubectl explain` prints it.

use std::ops::Range;

use crate::theme::Scope;

/// A part of a line, in bytes, and what it is; parts follow each other and what lies between them is plain.
pub type Part = (Range<usize>, Scope);

/// What a line of YAML is the continuation of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Within {
    /// Of nothing.
    #[default]
    Nothing,
    /// Of a block scalar: lines that are deeper than this column.
    Block(usize),
    /// Of a text that this quote ends.
    Quoted(char),
}

/// The parts of lines of YAML.
pub fn yaml(lines: &[String]) -> Vec<Vec<Part>> {
    let mut within = Within::default();
    lines.iter().map(|line| yaml_line(line, &mut within)).collect()
}

/// The parts of one line of YAML, which is the continuation of what `within` says; it says afterwards of what the next one is.
pub fn yaml_line(line: &str, within: &mut Within) -> Vec<Part> {
    let mut parts = Vec::new();
    let indent = line.len() - line.trim_start_matches(' ').len();
    match *within {
        Within::Block(column) if line.trim().is_empty() || indent > column => return vec![(0..line.len(), Scope::TextString)],
        Within::Quoted(quote) => {
            let end = closing(line, 0, quote);
            parts.push((0..end.unwrap_or(line.len()), Scope::TextString));
            if let Some(end) = end {
                *within = Within::Nothing;
                comment(line, end, &mut parts);
            }
            return parts;
        }
        Within::Block(_) | Within::Nothing => *within = Within::Nothing,
    }
    let mut at = indent;
    // The signs of lists, and of keys that have a line of their own.
    while let Some(sign) = ["- ", "? "].iter().find(|sign| line[at..].starts_with(**sign)) {
        at += sign.len();
    }
    let column = at;
    if let Some(end) = key(line, at) {
        parts.push((at..end, Scope::TextKey));
        at = end + 1;
    }
    while line[at..].starts_with(' ') {
        at += 1;
    }
    value(line, at, column.saturating_sub(usize::from(at == column)), &mut parts, within);
    parts
}

/// Where the key that begins here ends; its colon stands there.
fn key(line: &str, at: usize) -> Option<usize> {
    let rest = &line[at..];
    let ends = |at: usize| line[at..].starts_with(':') && line[at + 1..].chars().next().is_none_or(|c| c == ' ');
    match rest.chars().next()? {
        quote @ ('"' | '\'') => closing(line, at + 1, quote).filter(|end| ends(*end)),
        '#' => None,
        _ => rest.char_indices().map(|(offset, _)| at + offset).find(|at| ends(*at)),
    }
}

/// Behind the quote that ends the text which goes on here.
fn closing(line: &str, at: usize, quote: char) -> Option<usize> {
    let mut letters = line[at..].char_indices().peekable();
    while let Some((offset, c)) = letters.next() {
        if c == '\\' && quote == '"' {
            letters.next();
        } else if c == quote {
            if quote == '\'' && letters.peek().is_some_and(|(_, next)| *next == '\'') {
                letters.next();
            } else {
                return Some(at + offset + 1);
            }
        }
    }
    None
}

fn comment(line: &str, at: usize, parts: &mut Vec<Part>) {
    if let Some(offset) = line[at..].find('#') {
        parts.push((at + offset..line.len(), Scope::TextComment));
    }
}

fn value(line: &str, at: usize, column: usize, parts: &mut Vec<Part>, within: &mut Within) {
    let Some(first) = line[at..].chars().next() else { return };
    let end = match first {
        '#' => at,
        '|' | '>' => {
            *within = Within::Block(column);
            at
        }
        quote @ ('"' | '\'') => {
            let end = closing(line, at + 1, quote);
            if end.is_none() {
                *within = Within::Quoted(quote);
            }
            let end = end.unwrap_or(line.len());
            parts.push((at..end, Scope::TextString));
            end
        }
        _ => {
            let end = line[at..].find(" #").map_or(line.len(), |offset| at + offset);
            let word = line[at..end].trim_end();
            let scope = match word {
                "null" | "true" | "false" | "~" => Scope::TextLiteral,
                "{}" | "[]" | "-" => Scope::Text,
                _ if word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.' | '+')) && word.parse::<f64>().is_ok() => {
                    Scope::TextNumber
                }
                _ => Scope::TextString,
            };
            parts.push((at..at + word.len(), scope));
            end
        }
    };
    comment(line, end, parts);
}

/// The parts of lines of a schema; `fields` are the lines that name a field.
pub fn schema(lines: &[String], fields: impl Fn(usize) -> bool) -> Vec<Vec<Part>> {
    let line = |(at, line): (usize, &String)| {
        if fields(at) {
            let name = line.len() - line.trim_start().len();
            let end = line[name..].find(' ').map_or(line.len(), |offset| name + offset);
            let kind = line.find('<').unwrap_or(line.len());
            let required = line.find("-required-").unwrap_or(line.len());
            return vec![(name..end, Scope::TextKey), (kind..required, Scope::TextLiteral), (required..line.len(), Scope::Warning)];
        }
        match line.find(':') {
            Some(colon) if !line.starts_with(' ') => vec![(0..colon + 1, Scope::TextHeading)],
            _ if line.starts_with("  enum:") => vec![(2..7, Scope::Dim)],
            _ => Vec::new(),
        }
    };
    lines.iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(text: &str) -> Vec<String> {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let sign = |scope| match scope {
            Scope::TextKey => 'k',
            Scope::TextString => 's',
            Scope::TextNumber => 'n',
            Scope::TextLiteral => 'l',
            Scope::TextComment => 'c',
            _ => '.',
        };
        let line = |(line, parts): (&String, &Vec<Part>)| {
            let mut signs = vec![' '; line.len()];
            for (range, scope) in parts {
                signs[range.clone()].fill(sign(*scope));
            }
            signs.into_iter().collect::<String>().trim_end().to_owned()
        };
        lines.iter().zip(&yaml(&lines)).map(line).collect()
    }

    #[test]
    fn keys_values_and_comments_are_told_apart() {
        let text = "a: 1 # one\nb:\n- c: true\n  d: \"x: \\\" y\"\n- http://x:80\n\"q: r\": 'it''s'\n# note: n";
        let expected = "k  n ccccc\nk\n  k  llll\n  k  sssssssss\n  sssssssssss\nkkkkkk  sssssss\nccccccccc";
        assert_eq!(painted(text), expected.lines().collect::<Vec<_>>());
    }

    #[test]
    fn blocks_and_long_quotes_go_on() {
        let text = "a: |-\n  x: 1\n\n   # no\nb: \"one\n  two\" # c\nc:\n- |\n  y: 2\n- d: |\n    z: 3\n  e: 4";
        let expected = "k\nssssss\n\nsssssss\nk  ssss\nssssss ccc\nk\n\nssssss\n  k\nssssssss\n  k  n";
        assert_eq!(painted(text), expected.lines().collect::<Vec<_>>());
    }
}
