//! kubectl's `PrefixWriter` over Go's `text/tabwriter`, as `tabbedString` sets it up (minwidth 0, padding 2, spaces).
//!
//! Lines are collected with their tabs, and aligned once at the end. kubectl's own `Flush` before the events does
//! nothing (its interface does not match the tabwriter's), so there is none here.

use std::fmt::{Arguments, Write};

/// Collects what a describer writes.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
    /// Levels that every write is indented by, for what stands inside something else.
    nested: usize,
}

/// Writes a whole line at a level: `line!(w, 0, "Name:\t{}", name)`.
macro_rules! line {
    ($w:expr, $level:expr, $($arg:tt)*) => { $w.line($level, format_args!($($arg)*)) };
}

/// Writes a part of a line; each part is indented by its level, as kubectl does it.
macro_rules! part {
    ($w:expr, $level:expr, $($arg:tt)*) => { $w.part($level, format_args!($($arg)*)) };
}

pub(super) use {line, part};

impl Writer {
    /// Indents by `level` times two spaces and writes. Not a line until somebody writes its end.
    pub(super) fn part(&mut self, level: usize, text: Arguments<'_>) {
        for _ in 0..level + self.nested {
            self.text.push_str("  ");
        }
        // Writing to a String cannot fail.
        let _ = self.text.write_fmt(text);
    }

    /// [`Writer::part`] and the end of the line.
    pub(super) fn line(&mut self, level: usize, text: Arguments<'_>) {
        self.part(level, text);
        self.text.push('\n');
    }

    /// Go's `WriteLine`: the text and the end of the line.
    pub(super) fn line_end(&mut self, text: &str) {
        self.line(0, format_args!("{text}"));
    }

    /// Everything that `inside` writes is indented by `levels` more.
    pub(super) fn nest(&mut self, levels: usize, inside: impl FnOnce(&mut Writer)) {
        self.nested += levels;
        inside(self);
        self.nested -= levels;
    }

    /// The text, aligned.
    pub(super) fn finish(self) -> String {
        align(&self.text)
    }
}

/// What `text/tabwriter` makes of a text. A cell ends with a tab; the last cell of a line belongs to no column; a column
/// is a run of neighbouring lines that all have a cell there, as wide as the widest of them and two more.
fn align(text: &str) -> String {
    let mut lines: Vec<Vec<&str>> = Vec::new();
    // Where columns end whatever comes after, because of a form feed.
    let mut breaks = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['\n', '\x0c']);
        let line = &rest[..end.unwrap_or(rest.len())];
        lines.push(line.split(['\t', '\x0b']).collect());
        match end {
            Some(at) => {
                if rest.as_bytes()[at] == b'\x0c' {
                    breaks.push(lines.len());
                }
                rest = &rest[at + 1..];
            }
            None => break,
        }
    }
    breaks.push(lines.len());
    let mut widths: Vec<Vec<usize>> = lines.iter().map(|line| Vec::with_capacity(line.len())).collect();
    let mut start = 0;
    for end in breaks {
        block(&lines, &mut widths, 0, start, end);
        start = end;
    }
    let mut out = String::with_capacity(text.len() * 2);
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        for (column, cell) in line.iter().enumerate() {
            out.push_str(cell);
            if let Some(width) = widths[at].get(column) {
                out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
            }
        }
    }
    out
}

/// Finds the columns number `column` between two lines, and inside each the columns to its right.
fn block(lines: &[Vec<&str>], widths: &mut [Vec<usize>], column: usize, start: usize, end: usize) {
    let reaches = |line: &Vec<&str>| column + 1 < line.len();
    let mut from = start;
    while from < end {
        if !reaches(&lines[from]) {
            from += 1;
            continue;
        }
        let to = (from..end).find(|&at| !reaches(&lines[at])).unwrap_or(end);
        let width = lines[from..to].iter().map(|line| line[column].chars().count() + PADDING).max().unwrap_or(PADDING);
        for line in &mut widths[from..to] {
            line.push(width);
        }
        block(lines, widths, column + 1, from, to);
        from = to;
    }
}

/// Spaces after the widest cell of a column.
const PADDING: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_go_aligns_them() {
        // Each checked against Go's text/tabwriter with kubectl's settings.
        for (text, aligned) in [
            ("Name:\tx\nNamespace:\ty\n", "Name:       x\nNamespace:  y\n"),
            ("a\tb\tc\nlonger\tx\nplain\nz\tq\n", "a       b  c\nlonger  x\nplain\nz  q\n"),
            ("A:\t1\n\t2\n", "A:  1\n    2\n"),
            ("a\tb\t\n", "a  b  \n"),
            ("é\tx\nab\ty\n", "é   x\nab  y\n"),
            ("a\tb\x0caaa\tb\n", "a  b\naaa  b\n"),
            ("", ""),
            ("no end", "no end"),
            // Three levels of nested blocks.
            ("a\tb\tc\td\naa\tbb\tc\n\ta\n", "a   b   c  d\naa  bb  c\n    a\n"),
        ] {
            assert_eq!(align(text), aligned, "{text:?}");
        }
    }

    #[test]
    fn every_part_is_indented_by_its_level_and_nesting() {
        let mut w = Writer::default();
        part!(w, 1, "a");
        part!(w, 0, "b");
        w.nest(2, |w| line!(w, 1, "{}", 3));
        assert_eq!(w.finish(), "  ab      3\n");
    }
}
