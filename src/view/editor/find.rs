//! Searching, and putting something else in place of what is found.

use std::ops::Range;

use regex::Regex;

use super::Editor;
use super::buffer::{At, LARGEST, at};
use crate::model::pattern::{between_slashes, pattern};

/// What is searched for.
#[derive(Debug)]
pub struct Find {
    /// As it was typed.
    pub text: String,
    regex: Regex,
    /// Which of how many the cursor is on, as of a version of the text.
    counted: (u64, usize, usize),
}

/// What is put in place of a match, for [`Regex::replace_all`]: `$1` is the first group whatever follows, `$name` and `${name}`
/// are named ones, `$$` is a dollar.
///
/// # Errors
/// There is no such group: the library would put nothing there.
fn replacement(regex: &Regex, with: &str) -> Result<String, String> {
    let group = Regex::new(r"\$\$|\$(?:\{(?<braced>[^}]*)\}|(?<number>[0-9]+)|(?<name>\w+))").map_err(|e| e.to_string())?;
    let mut unknown = None;
    let written = group.replace_all(with, |found: &regex::Captures<'_>| {
        let Some(name) = ["braced", "number", "name"].into_iter().find_map(|kind| found.name(kind)) else { return "$$".to_owned() };
        let name = name.as_str();
        let known = match name.parse::<usize>() {
            Ok(number) => number < regex.captures_len(),
            Err(_) => regex.capture_names().flatten().any(|known| known == name),
        };
        if !known {
            unknown.get_or_insert_with(|| found[0].to_owned());
        }
        format!("${{{name}}}")
    });
    match unknown {
        Some(unknown) => Err(format!("what is looked for has no group {unknown} ($$ is a dollar)")),
        None => Ok(written.into_owned()),
    }
}

/// What is found in a line, without what is empty.
fn matches<'t>(regex: &'t Regex, line: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    regex.find_iter(line).map(|found| found.range()).filter(|range| !range.is_empty())
}

impl Editor {
    /// Searches from the cursor on; nothing ends the search.
    ///
    /// # Errors
    /// It is not in the text, or no regular expression.
    pub fn search(&mut self, text: &str) -> Result<(), String> {
        self.popup = None;
        if text.is_empty() {
            self.find = None;
            return Ok(());
        }
        self.find = Some(Find { text: text.to_owned(), regex: pattern(text)?, counted: (0, 0, 0) });
        let here = self.buffer.selection().map_or(self.buffer.cursor(), |(from, _)| from);
        self.jump(here, true, true)
    }

    /// To the next match, or the one before; round the ends of the text.
    ///
    /// # Errors
    /// There is none, or nothing is searched for.
    pub fn search_step(&mut self, forward: bool) -> Result<(), String> {
        self.popup = None;
        if self.find.is_none() {
            return Err("nothing is searched for yet".into());
        }
        let (from, to) = self.buffer.selection().unwrap_or((self.buffer.cursor(), self.buffer.cursor()));
        self.jump(if forward { to } else { from }, forward, false)
    }

    /// What is searched for, which match the cursor is on and how many there were when it came there.
    pub fn searched(&self) -> Option<(&str, usize, usize)> {
        self.find.as_ref().map(|find| (find.text.as_str(), find.counted.1, find.counted.2))
    }

    /// What the search finds in a part of a line.
    pub fn found(&self, line: &str, part: Range<usize>) -> Vec<Range<usize>> {
        let Some(find) = &self.find else { return Vec::new() };
        // What begins before the part may reach into it.
        let from = line.floor_char_boundary(part.start.saturating_sub(256));
        let to = line.floor_char_boundary(part.end.saturating_add(256).min(line.len()));
        matches(&find.regex, &line[from..to]).map(|found| found.start + from..found.end + from).collect()
    }

    fn jump(&mut self, from: At, forward: bool, here_too: bool) -> Result<(), String> {
        let Some(find) = &mut self.find else { return Ok(()) };
        let mut all: Vec<(At, At)> = Vec::new();
        for (row, line) in self.buffer.lines().iter().enumerate() {
            all.extend(matches(&find.regex, line).map(|range| (at(row, range.start), at(row, range.end))));
        }
        let (Some(first), Some(last)) = (all.first(), all.last()) else {
            find.counted = (self.buffer.version(), 0, 0);
            return Err(format!("{:?} is not in this text", find.text));
        };
        let next = if forward {
            all.iter()
                .find(|(start, _)| *start > from || (*start == from && (here_too || self.buffer.selection().is_some())))
                .unwrap_or(first)
        } else {
            all.iter().rev().find(|(start, _)| *start < from).unwrap_or(last)
        };
        let place = all.iter().position(|one| one == next).unwrap_or(0);
        find.counted = (self.buffer.version(), place + 1, all.len());
        self.buffer.select(next.0, next.1);
        self.goal = None;
        self.follow = true;
        Ok(())
    }

    /// The lines in which is replaced: those that are selected where they are several, else all.
    fn replaced_in(&self) -> Option<std::ops::RangeInclusive<usize>> {
        let (from, to) = self.buffer.selection().filter(|(from, to)| from.row != to.row)?;
        Some(from.row..=if to.byte == 0 { to.row - 1 } else { to.row })
    }

    /// Whether there is something to be replaced.
    ///
    /// # Errors
    /// It is not there, or no regular expression.
    pub fn replaceable(&self, what: &str) -> Result<(), String> {
        let regex = pattern(what)?;
        let rows = self.replaced_in();
        let mut lines = self.buffer.lines().iter().enumerate().filter(|(row, _)| rows.as_ref().is_none_or(|rows| rows.contains(row)));
        if lines.any(|(_, line)| matches(&regex, line).next().is_some()) {
            return Ok(());
        }
        Err(format!("{what:?} is not in {}", if rows.is_some() { "the selected lines" } else { "this text" }))
    }

    /// Puts a text in place of all that is found, in what is selected where that is more than a line, as one change. Gives how
    /// many they were.
    ///
    /// # Errors
    /// It is not there, no regular expression, a group is not known, or the text would be too large.
    pub fn replace_all(&mut self, what: &str, with: &str) -> Result<usize, String> {
        self.replaceable(what)?;
        let regex = pattern(what)?;
        let groups = between_slashes(what).map(|_| replacement(&regex, with)).transpose()?;
        let rows = self.replaced_in().unwrap_or(0..=usize::MAX);
        let mut count = 0;
        let mut fresh: Vec<(usize, String)> = Vec::new();
        let mut bytes = self.buffer.bytes();
        for (row, line) in self.buffer.lines().iter().enumerate().filter(|(row, _)| rows.contains(row)) {
            let mut new = String::new();
            let mut end = 0;
            for found in regex.captures_iter(line) {
                let range = found.get_match().range();
                if range.is_empty() {
                    continue;
                }
                new.push_str(&line[end..range.start]);
                match &groups {
                    Some(with) => found.expand(with, &mut new),
                    None => new.push_str(with),
                }
                end = range.end;
                count += 1;
            }
            if end > 0 {
                new.push_str(&line[end..]);
                bytes = bytes + new.len() - line.len();
                fresh.push((row, new));
            }
        }
        if bytes > LARGEST {
            return Err(format!("nothing was replaced: the text would be larger than the {} MiB that a server takes", LARGEST >> 20));
        }
        let here = self.buffer.cursor();
        let (Some((first, _)), Some((last, _))) = (fresh.first(), fresh.last()) else { return Ok(0) };
        let (first, last) = (*first, *last);
        // One replacement, from the first line that changes to the last one.
        let mut fresh = fresh.into_iter().peekable();
        let lines: Vec<String> = (first..=last)
            .map(|row| fresh.next_if(|(of, _)| *of == row).map_or_else(|| self.buffer.line(row).to_owned(), |(_, new)| new))
            .collect();
        let end = self.buffer.within(at(last, usize::MAX));
        self.buffer.begin();
        self.buffer.replace(at(first, 0), end, &lines.join("\n"));
        self.buffer.go(here, false);
        self.buffer.end();
        self.changed();
        Ok(count)
    }
}
