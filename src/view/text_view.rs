//! A text on the screen: describe, help. Scrolls, wraps, and is searched.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use regex::{Regex, RegexBuilder};

use super::text;
use crate::model::reference::Reference;

/// What stands instead of text, or beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fill {
    /// Not here yet.
    #[default]
    Loading,
    /// Here, and kept up to date.
    Live,
    /// Here, as it was when this went wrong.
    Stale(Arc<str>),
    /// The object is gone; the text is its last.
    Gone,
    /// Written here, nothing to keep up.
    Fixed,
}

/// A text view.
#[derive(Debug)]
pub struct TextView {
    /// Names the view for the task that fills it.
    pub id: u64,
    /// Stands in the header.
    pub title: Arc<str>,
    /// The object it is about.
    pub subject: Option<Reference>,
    /// How true it is.
    pub fill: Fill,
    /// Lines, safe for the terminal.
    pub lines: Vec<String>,
    /// First line on the screen.
    pub top: usize,
    /// First column on the screen.
    pub left: usize,
    /// Long lines go on in the next row.
    pub wrap: bool,
    /// Rows that fit on the screen, as last drawn.
    pub height: usize,
    search: Option<Regex>,
    searched: String,
    /// Lines that the search finds.
    found: Vec<usize>,
    /// Which of them the view is at.
    at: Option<usize>,
}

impl TextView {
    /// An empty text about an object.
    pub fn new(title: impl Into<Arc<str>>, subject: Option<Reference>) -> TextView {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        TextView {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            title: title.into(),
            subject,
            fill: Fill::Loading,
            lines: Vec::new(),
            top: 0,
            left: 0,
            wrap: false,
            height: 20,
            search: None,
            searched: String::new(),
            found: Vec::new(),
            at: None,
        }
    }

    /// Another text; the place in it is kept.
    pub fn set(&mut self, content: &str) {
        self.lines = text::lines(content).map(|line| line.into_owned()).collect();
        self.find();
        self.scroll(0);
    }

    fn find(&mut self) {
        self.found = match &self.search {
            Some(regex) => self.lines.iter().enumerate().filter(|(_, line)| regex.is_match(line)).map(|(at, _)| at).collect(),
            None => Vec::new(),
        };
        if self.at.is_some_and(|at| at >= self.found.len()) {
            self.at = None;
        }
    }

    /// What is searched for.
    pub fn searched(&self) -> &str {
        &self.searched
    }

    /// Searches: plain words, without regard to case unless they have capitals; `/regex/` between slashes.
    ///
    /// # Errors
    /// The regex is none; the words say why.
    pub fn search(&mut self, text: &str) -> Result<(), String> {
        self.searched = text.to_owned();
        self.search = if text.is_empty() {
            None
        } else {
            let pattern = match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
                Some(regex) if !regex.is_empty() => regex.to_owned(),
                _ => regex::escape(text),
            };
            let insensitive = !text.chars().any(char::is_uppercase);
            let built = RegexBuilder::new(&pattern).case_insensitive(insensitive).build();
            Some(built.map_err(|e| e.to_string().lines().last().unwrap_or_default().to_owned())?)
        };
        self.at = None;
        self.find();
        if let Some(next) = self.found.iter().position(|&line| line >= self.top).or((!self.found.is_empty()).then_some(0)) {
            self.jump(next);
        }
        Ok(())
    }

    /// The next match, or the one before; round the ends. False when there is none.
    pub fn search_step(&mut self, forward: bool) -> bool {
        let count = self.found.len();
        if count == 0 {
            return false;
        }
        let next = match (self.at, forward) {
            (Some(at), true) => (at + 1) % count,
            (Some(at), false) => (at + count - 1) % count,
            (None, _) => 0,
        };
        self.jump(next);
        true
    }

    fn jump(&mut self, found: usize) {
        self.at = Some(found);
        let line = self.found[found];
        if line < self.top || line >= self.top + self.height {
            self.top = line.saturating_sub(self.height / 3);
        }
        self.scroll(0);
    }

    /// `3 of 7` matches, while a search is on.
    pub fn search_place(&self) -> Option<(usize, usize)> {
        self.search.as_ref().map(|_| (self.at.map_or(0, |at| at + 1), self.found.len()))
    }

    /// Byte ranges of the matches in a line, and whether the view is at this line.
    pub fn matches(&self, line: usize) -> (Vec<std::ops::Range<usize>>, bool) {
        let Some(regex) = &self.search else { return (Vec::new(), false) };
        let ranges = self.lines.get(line).map(|text| regex.find_iter(text).map(|m| m.range()).filter(|r| !r.is_empty()).collect());
        (ranges.unwrap_or_default(), self.at.and_then(|at| self.found.get(at)) == Some(&line))
    }

    /// Scrolls by so many lines; stays within the text.
    pub fn scroll(&mut self, by: isize) {
        let last = if self.wrap { self.lines.len().saturating_sub(1) } else { self.lines.len().saturating_sub(self.height) };
        self.top = self.top.saturating_add_signed(by).min(last);
    }

    /// Scrolls sideways.
    pub fn sideways(&mut self, by: isize) {
        let widest = self.lines.iter().map(|line| text::width(line)).max().unwrap_or(0);
        self.left = self.left.saturating_add_signed(by).min(widest.saturating_sub(8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(lines: usize) -> TextView {
        let mut view = TextView::new("t", None);
        view.height = 10;
        view.set(&(0..lines).map(|n| format!("line {n}\n")).collect::<String>());
        view
    }

    #[test]
    fn scrolling_stays_within_the_text() {
        let mut view = view(30);
        view.scroll(1000);
        assert_eq!(view.top, 20);
        view.scroll(-1000);
        assert_eq!(view.top, 0);
        view.set("short");
        view.scroll(5);
        assert_eq!(view.top, 0);
    }

    #[test]
    fn searching_goes_round() {
        let mut view = view(30);
        view.search("LINE 2").unwrap();
        assert_eq!(view.search_place(), Some((0, 0)), "capitals count");
        view.search("line 2").unwrap();
        assert_eq!(view.search_place(), Some((1, 11)));
        assert!(view.search_step(false));
        assert_eq!(view.search_place(), Some((11, 11)));
        let (found, current) = view.matches(29);
        assert!(found.len() == 1 && found[0] == (0..6) && current);
        assert!(view.search("/[/").is_err());
        view.search("").unwrap();
        assert!(!view.search_step(true));
    }
}
