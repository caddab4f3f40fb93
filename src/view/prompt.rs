//! A line that one types into: the filter, the palette, a search.

use unicode_segmentation::UnicodeSegmentation;

/// The longest line that is taken: a paste of megabytes into a one-line prompt is a slip.
const LONGEST: usize = 4096;

/// Text and where the cursor is in it, in bytes at a grapheme's edge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    text: String,
    at: usize,
    /// All of it is selected: what is typed takes its place.
    selected: bool,
}

impl Line {
    /// With the cursor at the end.
    pub fn new(text: impl Into<String>) -> Line {
        let text = text.into();
        Line { at: text.len(), text, selected: false }
    }

    /// What was typed here last: the next letter takes its place, a key that moves keeps it to be edited.
    pub fn again(text: impl Into<String>) -> Line {
        let line = Line::new(text);
        Line { selected: !line.text.is_empty(), ..line }
    }

    /// All of it is selected.
    pub fn is_selected(&self) -> bool {
        self.selected
    }

    /// Takes away what is selected. False when nothing is.
    fn clear(&mut self) -> bool {
        let was = std::mem::take(&mut self.selected);
        if was {
            self.text.clear();
            self.at = 0;
        }
        was
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor.
    pub fn before(&self) -> &str {
        &self.text[..self.at]
    }

    /// Types or pastes. Line ends become spaces; what would make the line longer than 4 KiB is left out, and `false`
    /// says so.
    pub fn insert(&mut self, text: &str) -> bool {
        self.clear();
        let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST + 1).collect();
        let room = clean.floor_char_boundary(LONGEST.saturating_sub(self.text.len()));
        self.text.insert_str(self.at, &clean[..room]);
        self.at += room;
        room == clean.len()
    }

    /// Takes away what is selected, else the grapheme before the cursor. False when there is none.
    pub fn backspace(&mut self) -> bool {
        if self.clear() {
            return true;
        }
        let Some((from, _)) = self.before().grapheme_indices(true).next_back() else { return false };
        self.text.replace_range(from..self.at, "");
        self.at = from;
        true
    }

    /// Takes away what is selected, else the grapheme after the cursor.
    pub fn delete(&mut self) {
        if self.clear() {
            return;
        }
        if let Some(next) = self.text[self.at..].graphemes(true).next() {
            let end = self.at + next.len();
            self.text.replace_range(self.at..end, "");
        }
    }

    /// Takes away the word before the cursor.
    pub fn delete_word(&mut self) {
        self.selected = false;
        let before = self.before();
        let kept = before.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        self.text.replace_range(kept..self.at, "");
        self.at = kept;
    }

    /// Puts other text in place of what stands between a byte of the line and the cursor.
    pub fn replace(&mut self, from: usize, text: &str) {
        let from = self.text.floor_char_boundary(from.min(self.at));
        self.text.replace_range(from..self.at, "");
        self.at = from;
        self.insert(text);
    }

    /// What stands after the cursor.
    pub fn after(&self) -> &str {
        &self.text[self.at..]
    }

    /// Takes away everything before the cursor.
    pub fn delete_to_start(&mut self) {
        self.selected = false;
        self.text.replace_range(..self.at, "");
        self.at = 0;
    }

    /// One grapheme to the left.
    pub fn left(&mut self) {
        self.selected = false;
        self.at = self.before().grapheme_indices(true).next_back().map_or(0, |(from, _)| from);
    }

    /// One grapheme to the right.
    pub fn right(&mut self) {
        self.selected = false;
        self.at += self.text[self.at..].graphemes(true).next().map_or(0, str::len);
    }

    /// To the start.
    pub fn home(&mut self) {
        self.selected = false;
        self.at = 0;
    }

    /// To the end.
    pub fn end(&mut self) {
        self.selected = false;
        self.at = self.text.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editing_goes_by_graphemes() {
        let mut line = Line::new("ae\u{301}x");
        line.left();
        assert!(line.backspace());
        assert_eq!((line.text(), line.before()), ("ax", "a"));
        line.delete();
        assert_eq!(line.text(), "a");
        assert!(line.insert("b\nc"));
        assert_eq!(line.text(), "ab c");
        line.delete_word();
        assert_eq!(line.text(), "ab ");
        line.delete_to_start();
        assert!(!line.backspace());
    }

    #[test]
    fn what_was_typed_last_gives_way_to_what_is_typed() {
        let typed = |keys: fn(&mut Line)| {
            let mut line = Line::again("web");
            assert!(line.is_selected());
            keys(&mut line);
            assert!(!line.is_selected());
            line.text().to_owned()
        };
        assert_eq!(typed(|line| assert!(line.insert("a") && line.insert("pi"))), "api");
        assert_eq!(typed(|line| assert!(line.backspace())), "");
        assert_eq!(typed(Line::delete), "");
        assert_eq!(typed(|line| (line.end(), assert!(line.insert("-1"))).1), "web-1");
        assert_eq!(typed(|line| (line.left(), line.delete()).1), "we");
        assert!(!Line::again("").is_selected());
    }

    #[test]
    fn a_paste_of_megabytes_is_cut() {
        let mut line = Line::default();
        assert!(!line.insert(&"x".repeat(5 << 20)));
        assert_eq!(line.text().len(), LONGEST);
    }
}
