//! A text on the screen: describe, YAML, a schema, help. Scrolls, wraps, and is searched.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use regex::Regex;

use super::history::Stamp;
use super::paint::Part;
use super::revisions::{self, Which};
use super::{changed, paint, text, unified};
use crate::kinds::explain::{Page, Schema};
use crate::kinds::revisions::Revisions;
use crate::kinds::shown::Looks;
use crate::model::pattern::pattern;
use crate::model::reference::Reference;
use crate::model::time::Seconds;
use crate::theme::Scope;

/// A line that changed is marked for so long.
const MARKED: Duration = Duration::from_secs(6);

/// What a text is, beyond words.
#[derive(Debug, Default)]
pub enum About {
    /// Words alone.
    #[default]
    Words,
    /// The YAML of its subject, as it is looked at.
    Yaml(Looks),
    /// A schema, once it is here.
    Schema(Option<Box<Schema>>),
    /// What was seen to change of its subject.
    History {
        /// Since when the whole object is watched for it.
        since: Seconds,
        /// What it was made of.
        stamp: Stamp,
    },
    /// Revisions of its subject.
    Revisions(Which),
}

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
    /// Names the view for the task that fills it ([`number`]).
    pub id: u64,
    /// Stands in the header.
    pub title: Arc<str>,
    /// The object it is about.
    pub subject: Option<Reference>,
    /// How true it is.
    pub fill: Fill,
    /// The text as it came.
    pub content: String,
    /// Its lines, safe for the terminal.
    pub lines: Vec<String>,
    /// First line on the screen.
    pub top: usize,
    /// First column on the screen.
    pub left: usize,
    /// Long lines go on in the next row.
    pub wrap: bool,
    /// Rows that fit on the screen, as last drawn.
    pub height: usize,
    /// What it is.
    pub about: About,
    /// What the parts of each line are; `None` where the lines themselves say it.
    paint: Option<Vec<Vec<Part>>>,
    /// When lines changed, by their place.
    marks: Vec<(usize, Instant)>,
    /// The fields that one can go into: the line of each, and its name.
    fields: Vec<(usize, Box<str>)>,
    /// Which of them one is at.
    field: usize,
    search: Option<Regex>,
    searched: String,
    /// Lines that the search finds.
    found: Vec<usize>,
    /// Which of them the view is at.
    at: Option<usize>,
}

/// A number that no other text has, nor any editor, for as long as the program runs.
pub fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl TextView {
    /// An empty text about an object.
    pub fn new(title: impl Into<Arc<str>>, subject: Option<Reference>) -> TextView {
        TextView {
            id: number(),
            title: title.into(),
            subject,
            fill: Fill::Loading,
            content: String::new(),
            lines: Vec::new(),
            top: 0,
            left: 0,
            wrap: false,
            height: 20,
            about: About::default(),
            paint: None,
            marks: Vec::new(),
            fields: Vec::new(),
            field: 0,
            search: None,
            searched: String::new(),
            found: Vec::new(),
            at: None,
        }
    }

    /// Another text; the place in it is kept.
    pub fn set(&mut self, content: &str) {
        content.clone_into(&mut self.content);
        self.lines = text::lines(content).map(|line| line.into_owned()).collect();
        self.find();
        self.scroll(0);
    }

    /// The YAML as it is now. What changed since it was last looked at in the same way is marked, and what was at the top of the
    /// screen stays there.
    pub fn set_yaml(&mut self, content: &str, looks: &Looks) {
        let same = matches!(&self.about, About::Yaml(before) if before == looks) && self.fill != Fill::Loading;
        let (before, top) = (std::mem::take(&mut self.lines), self.top);
        self.set(content);
        self.paint = Some(paint::yaml(&self.lines));
        self.about = About::Yaml(looks.clone());
        let marks = std::mem::take(&mut self.marks);
        if !same {
            return;
        }
        let now = Instant::now();
        let origins = changed::origins(&before, &self.lines);
        let since = |origin: &Option<usize>| match origin {
            None => Some(now),
            Some(line) => marks.iter().find(|(at, since)| at == line && since.elapsed() < MARKED).map(|(_, since)| *since),
        };
        self.marks = origins.iter().enumerate().filter_map(|(at, origin)| Some((at, since(origin)?))).collect();
        if let Some(at) = origins.iter().position(|origin| *origin == Some(top)) {
            self.top = at;
            self.scroll(0);
        }
    }

    /// Another text that is painted. Who has scrolled stays at the line that was at the top.
    pub fn set_painted(&mut self, content: &str, paint: fn(&[String]) -> Vec<Vec<Part>>) {
        let (before, top) = (std::mem::take(&mut self.lines), self.top);
        self.set(content);
        self.paint = Some(paint(&self.lines));
        if top > 0
            && let Some(at) = changed::origins(&before, &self.lines).iter().position(|origin| *origin == Some(top))
        {
            self.top = at;
            self.scroll(0);
        }
    }

    /// Revisions, as far as they are shown.
    pub fn set_revisions(&mut self, revisions: &Revisions) {
        let About::Revisions(which) = self.about else { return };
        let page = revisions::page(revisions, which);
        let chosen = self.field().map(|(_, name)| Box::<str>::from(name));
        self.set_painted(&page.text, unified::paint);
        self.field = page.fields.iter().position(|(_, name)| Some(name) == chosen.as_ref()).unwrap_or(0);
        self.fields = page.fields;
        for (line, name) in &self.fields {
            if let Some(parts) = self.paint.as_mut().and_then(|paint| paint.get_mut(*line)) {
                *parts = vec![(0..name.len(), Scope::TextKey)];
            }
        }
        let below = self.fields.last().map_or(usize::MAX, |(line, _)| line + 1);
        for (parts, line) in self.paint.iter_mut().flatten().zip(&self.lines).skip(below) {
            *parts = vec![(0..line.len(), Scope::Dim)];
        }
    }

    /// A schema, as it is printed.
    pub fn set_schema(&mut self, schema: Schema, page: Page) {
        self.set(&page.text);
        self.fields = page.fields;
        self.field = 0;
        self.paint = Some(paint::schema(&self.lines, |line| self.fields.iter().any(|(at, _)| *at == line)));
        self.about = About::Schema(Some(Box::new(schema)));
        self.fill = Fill::Fixed;
    }

    /// A text whose lines have one look each; `None` is plain.
    pub fn set_looks(&mut self, content: &str, looks: &[Option<Scope>]) {
        self.set(content);
        let whole = |(line, look): (&String, &Option<Scope>)| look.map(|look| vec![(0..line.len(), look)]).unwrap_or_default();
        self.paint = Some(self.lines.iter().zip(looks).map(whole).collect());
        self.fill = Fill::Fixed;
    }

    /// What the parts of a line are; `None` where the line itself says it.
    pub fn parts(&self, line: usize) -> Option<&[Part]> {
        self.paint.as_ref().map(|paint| paint.get(line).map(Vec::as_slice).unwrap_or_default())
    }

    /// The line has changed a moment ago.
    pub fn is_marked(&self, line: usize) -> bool {
        let at = self.marks.binary_search_by_key(&line, |(at, _)| *at);
        at.is_ok_and(|at| self.marks[at].1.elapsed() < MARKED)
    }

    /// The field that one is at: its line and its name.
    pub fn field(&self) -> Option<(usize, &str)> {
        self.fields.get(self.field).map(|(line, name)| (*line, &**name))
    }

    /// So many lines on; among fields, one step is to the next of them.
    pub fn step(&mut self, by: isize) {
        if self.fields.is_empty() || by.abs() != 1 {
            self.scroll(by);
            return self.field_follows();
        }
        let next = self.field.saturating_add_signed(by).min(self.fields.len() - 1);
        let seen = |view: &TextView, field: usize| (view.top..view.top + view.height).contains(&view.fields[field].0);
        if next == self.field || !seen(self, self.field) {
            self.scroll(by);
            // Back from where one has scrolled to.
            return self.field_follows();
        }
        self.field = next;
        if !seen(self, next) {
            let line = self.fields[next].0;
            self.top = if by < 0 { line } else { (line + 2).saturating_sub(self.height.saturating_sub(1)) };
            self.scroll(0);
        }
    }

    /// The first field that is on the screen is the one that one is at, where that is not on it.
    fn field_follows(&mut self) {
        let screen = self.top..self.top + self.height;
        if self.field().is_some_and(|(line, _)| !screen.contains(&line))
            && let Some(at) = self.fields.iter().position(|(line, _)| screen.contains(line))
        {
            self.field = at;
        }
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
        self.search = if text.is_empty() { None } else { Some(pattern(text)?) };
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
        // What was found belongs to the field that stands above it.
        self.field = self.fields.iter().rposition(|(at, _)| *at <= line).unwrap_or(self.field);
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
