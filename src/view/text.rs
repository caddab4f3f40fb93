//! Text of the cluster on its way to the terminal. Names, labels, messages and logs are data that anybody may have
//! written: [`safe`] shows what would steer the terminal, reorder the line or hide in it as a symbol one column wide.
//!
//! Widths are in terminal columns and are those that ratatui's buffer gives a text: the sum over its grapheme clusters.

use std::borrow::Cow;
use std::iter;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::row::Align;

/// What is not shown as itself and has no picture of its own.
const SYMBOL: char = '\u{FFFD}';
/// Stands for what was left out.
const ELLIPSIS: char = '…';
/// Carries a combining mark that has no letter to stand on.
const DOTTED_CIRCLE: char = '◌';
/// More marks than any script puts on one letter; beyond it a text climbs over the lines around it.
const MOST_MARKS: usize = 8;
/// Distance of tab stops.
const TAB: usize = 8;

/// The text for one line: no control, no bidirectional override, nothing invisible, each replaced by a symbol
/// (`␛`, `␊`, `␉`, `�`). Plain text, which nearly all of it is, comes back as it is.
pub fn safe(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut steps = Steps::default();
    if text.chars().all(|c| steps.next(c) == Shown::Itself) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut steps = Steps::default();
    for c in text.chars() {
        match steps.next(c) {
            Shown::Itself => out.push(c),
            Shown::As(symbol) => out.push(symbol),
            Shown::OnCircle => out.extend([DOTTED_CIRCLE, c]),
            Shown::Nothing => {}
        }
    }
    Cow::Owned(out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Itself,
    As(char),
    OnCircle,
    Nothing,
}

impl Shown {
    /// The columns that a character takes which is shown so.
    fn width(self, c: char) -> usize {
        match self {
            Shown::Itself => c.width().unwrap_or(0),
            Shown::As(_) | Shown::OnCircle => 1,
            Shown::Nothing => 0,
        }
    }
}

/// How each character of a text is shown, which depends on the one shown before it.
#[derive(Default)]
struct Steps {
    before: Option<char>,
    marks: usize,
}

impl Steps {
    fn next(&mut self, c: char) -> Shown {
        let shown = self.decide(c);
        match shown {
            Shown::Itself if is_mark(c) => self.marks += 1,
            Shown::OnCircle => (self.before, self.marks) = (Some(DOTTED_CIRCLE), 1),
            Shown::Itself => (self.before, self.marks) = (Some(c), 0),
            Shown::As(symbol) => (self.before, self.marks) = (Some(symbol), 0),
            Shown::Nothing => {}
        }
        shown
    }

    /// The next character is shown together with the one before it.
    fn goes_on(&self, c: char) -> bool {
        let shown = self.decide(c);
        shown == Shown::Nothing || (shown == Shown::Itself && is_mark(c))
    }

    fn show(&mut self, c: char, cell: &mut Cell) {
        let shown = self.next(c);
        match shown {
            Shown::Itself => cell.shown.push(c),
            Shown::As(symbol) => cell.shown.push(symbol),
            Shown::OnCircle => cell.shown.extend([DOTTED_CIRCLE, c]),
            Shown::Nothing => {}
        }
        cell.width += shown.width(c);
    }

    fn decide(&self, c: char) -> Shown {
        match c {
            ' '..='~' => Shown::Itself,
            '\u{0}'..='\u{1F}' => Shown::As(char::from_u32(0x2400 + c as u32).unwrap_or(SYMBOL)),
            '\u{7F}' => Shown::As('\u{2421}'),
            // Joiners belong to the spelling of Arabic, Persian and the scripts of India. Elsewhere they hide, and an
            // emoji joined by them is two columns wide in one terminal and four in the next.
            '\u{200C}' | '\u{200D}' if self.before.is_some_and(is_joining_script) => Shown::Itself,
            // These choose how the symbol before them looks, and terminals do not agree on how wide that is.
            '\u{FE0E}' | '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}' if self.before.is_some_and(|before| !before.is_ascii()) => Shown::Nothing,
            _ if is_hidden(c) => Shown::As(SYMBOL),
            _ if is_mark(c) && self.before.is_none() => Shown::OnCircle,
            _ if is_mark(c) && self.marks >= MOST_MARKS => Shown::As(SYMBOL),
            _ => Shown::Itself,
        }
    }
}

/// Takes no column of its own.
fn is_mark(c: char) -> bool {
    c.width() == Some(0)
}

/// Hebrew up to the Vedic signs: the scripts in which joiners are spelling.
fn is_joining_script(c: char) -> bool {
    matches!(c, '\u{0590}'..='\u{0FFF}' | '\u{1780}'..='\u{18AF}' | '\u{1A20}'..='\u{1CFF}')
}

/// Steers, reorders or hides: C1 controls, bidirectional formatting, line and paragraph separators, and what Unicode
/// calls Default_Ignorable (joiners, fillers, variation selectors, tags), together with other invisible format characters.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9F}' | '\u{AD}' | '\u{34F}' | '\u{61C}'
        | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}'
        | '\u{13430}'..='\u{1345F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// A part of a line that is shown together: a character and the marks on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its bytes in the line.
    pub at: Range<usize>,
    /// What is shown for it, safe.
    pub shown: String,
    /// The columns that it takes.
    pub width: usize,
}

/// The cells of a line from a byte on, at which one begins. Tabs and other controls are symbols one column wide.
pub fn cells(line: &str, from: usize) -> impl Iterator<Item = Cell> {
    let mut steps = Steps::default();
    let mut rest = line.get(from..).unwrap_or_default().char_indices().peekable();
    iter::from_fn(move || {
        let (start, first) = rest.next()?;
        let mut cell = Cell { at: from + start..from + start + first.len_utf8(), shown: String::new(), width: 0 };
        steps.show(first, &mut cell);
        while let Some((at, c)) = rest.next_if(|(_, c)| !c.is_ascii() && steps.goes_on(*c)) {
            steps.show(c, &mut cell);
            cell.at.end = from + at + c.len_utf8();
        }
        Some(cell)
    })
}

/// How many columns of a line stand before a byte of it, as [`cells`] are wide.
pub fn columns(line: &str, byte: usize) -> usize {
    let before = line.get(..byte).unwrap_or(line);
    if before.is_ascii() {
        return before.len();
    }
    let mut steps = Steps::default();
    before.chars().map(|c| steps.next(c).width(c)).sum()
}

/// The byte at which the cell begins that a column is in, and the column at which it begins; the end of the line beyond it.
pub fn byte_at(line: &str, column: usize) -> (usize, usize) {
    if line.get(..column.saturating_add(1).min(line.len())).is_some_and(str::is_ascii) {
        let at = column.min(line.len());
        return (at, at);
    }
    let (mut cell, mut used, mut wide) = (0, 0, 0);
    let mut steps = Steps::default();
    for (at, c) in line.char_indices() {
        let width = steps.next(c).width(c);
        if width > 0 {
            if used + wide > column {
                return (cell, used);
            }
            (cell, used, wide) = (at, used + wide, width);
        }
    }
    if used + wide > column { (cell, used) } else { (line.len(), used + wide) }
}

/// The byte behind the cell that begins at a byte; the end of the line at its end.
pub fn next_cell(line: &str, byte: usize) -> usize {
    cells(line, byte).next().map_or(line.len(), |cell| cell.at.end)
}

/// The byte at which the cell before a byte begins; 0 at the beginning of the line.
pub fn previous_cell(line: &str, byte: usize) -> usize {
    // A letter with more marks than a line has is no letter.
    let start = line[..byte].char_indices().rev().take(4 * MOST_MARKS).find(|(_, c)| c.is_ascii()).map_or(0, |(at, _)| at);
    let start = if start == 0 { line.floor_char_boundary(byte.saturating_sub(16 * MOST_MARKS)) } else { start };
    cells(line, start).take_while(|cell| cell.at.start < byte).last().map_or(0, |cell| cell.at.start)
}

/// Lines of a longer text, each [`safe`], with tabs expanded to stops eight columns apart.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().map(|line| {
        let Some((first, rest)) = line.split_once('\t') else { return safe(line) };
        let mut out = safe(first).into_owned();
        for part in rest.split('\t') {
            let gap = TAB - width(&out) % TAB;
            out.extend(iter::repeat_n(' ', gap));
            out.push_str(&safe(part));
        }
        Cow::Owned(out)
    })
}

/// How many columns a text takes that went through [`safe`].
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(UnicodeWidthStr::width).sum() }
}

/// The text in at most `limit` columns, shortened in the middle. Two thirds of what is kept are the end: the end is
/// what tells one pod of a workload from the next.
pub fn fit_middle(text: &str, limit: usize) -> Cow<'_, str> {
    if width(text) <= limit {
        return Cow::Borrowed(text);
    }
    let Some(room) = limit.checked_sub(1) else { return Cow::Borrowed("") };
    let head = head(text, room / 3);
    let tail = tail(text, room - width(head));
    Cow::Owned(format!("{head}{ELLIPSIS}{tail}"))
}

/// The text in at most `limit` columns, cut at its end.
pub fn fit_end(text: &str, limit: usize) -> Cow<'_, str> {
    if width(text) <= limit {
        return Cow::Borrowed(text);
    }
    let Some(room) = limit.checked_sub(1) else { return Cow::Borrowed("") };
    Cow::Owned(format!("{}{ELLIPSIS}", head(text, room)))
}

/// The text in exactly `columns` columns: cut at its end, or filled with spaces on the side it does not keep to.
pub fn pad(text: &str, columns: usize, align: Align) -> String {
    let text = fit_end(text, columns);
    let gap = columns.saturating_sub(width(&text));
    let (left, right) = match align {
        Align::Left => (0, gap),
        Align::Right => (gap, 0),
    };
    let mut out = String::with_capacity(text.len() + gap);
    out.extend(iter::repeat_n(' ', left));
    out.push_str(&text);
    out.extend(iter::repeat_n(' ', right));
    out
}

/// As much of the beginning as `room` columns hold.
fn head(text: &str, room: usize) -> &str {
    let mut taken = 0;
    let end = text.grapheme_indices(true).find_map(|(at, cluster)| {
        taken += cluster.width();
        (taken > room).then_some(at)
    });
    &text[..end.unwrap_or(text.len())]
}

/// As much of the end as `room` columns hold.
fn tail(text: &str, room: usize) -> &str {
    let mut taken = 0;
    let start = text.grapheme_indices(true).rev().find_map(|(at, cluster)| {
        taken += cluster.width();
        (taken > room).then_some(at + cluster.len())
    });
    &text[start.unwrap_or(0)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_borrowed() {
        for text in ["", "web-7d8f9c-2kx9q", "Größe äöü 日本語 한국어 עברית नमस्ते e\u{301}", "می\u{200C}خواهم", "🇩🇪 👍"]
        {
            assert!(matches!(safe(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn what_steers_or_hides_is_a_symbol() {
        for (raw, shown) in [
            ("\u{1b}[31mred\u{1b}]0;t\u{7}", "␛[31mred␛]0;t␇"),
            ("a\tb\r\nc\u{0}\u{7f}", "a␉b␍␊c␀␡"),
            ("a\u{9b}31m\u{85}", "a�31m�"),
            ("user\u{202e}nimda\u{2069}\u{200f}\u{61c}", "user�nimda���"),
            ("pay\u{200b}ments\u{feff}\u{2060}\u{ad}", "pay�ments���"),
            ("pay\u{200d}ments", "pay�ments"),
            ("x\u{e0041}\u{e007f}\u{e0101}", "x���"),
            ("one\u{2028}two\u{2029}", "one�two�"),
            ("\u{3164}\u{115f}", "��"),
        ] {
            assert_eq!(safe(raw), shown, "{raw:?}");
        }
    }

    #[test]
    fn emoji_come_apart_where_terminals_disagree() {
        assert_eq!(safe("⚠\u{fe0f} 👍\u{1f3fd}"), "⚠ 👍");
        assert_eq!(safe("👩\u{200d}💻"), "👩�💻");
        assert_eq!(width("👩�💻"), 5);
        assert_eq!(safe("1\u{fe0f}"), "1�");
    }

    #[test]
    fn marks_stand_on_something_and_do_not_pile_up() {
        assert_eq!(safe("\u{301}a"), "◌\u{301}a");
        let pile = format!("a{}", "\u{301}".repeat(100));
        let shown = safe(&pile);
        assert!(shown.split(SYMBOL).all(|part| part.chars().filter(|&c| c == '\u{301}').count() <= MOST_MARKS), "{shown}");
    }

    #[test]
    fn widths_are_those_of_the_terminal() {
        for (text, columns) in
            [("", 0), ("abc", 3), ("日本", 4), ("e\u{301}", 1), ("🇩🇪", 2), ("…", 1), ("␛", 1), ("�", 1), ("لا", 2), ("각", 2)]
        {
            assert_eq!(width(text), columns, "{text}");
            let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, 20, 1));
            let (end, _) = buffer.set_stringn(0, 0, text, 20, ratatui::style::Style::new());
            assert_eq!(usize::from(end), columns, "ratatui, {text}");
        }
    }

    #[test]
    fn cells_bytes_and_columns_agree() {
        for line in ["plain", "a\tb", "日本語 x", "e\u{301}e\u{301}", "⚠\u{fe0f}!", "\u{301}a", "👩\u{200d}💻", "", "a\u{1b}[31m"]
        {
            let (mut column, mut byte) = (0, 0);
            for cell in cells(line, 0) {
                assert_eq!((cell.at.start, columns(line, byte)), (byte, column), "{line:?}");
                assert_eq!(cell.width, width(&cell.shown), "{line:?}");
                assert_eq!(byte_at(line, column), (byte, column), "{line:?}");
                assert_eq!((next_cell(line, byte), previous_cell(line, cell.at.end)), (cell.at.end, byte), "{line:?}");
                assert_eq!(byte_at(line, column + cell.width - 1), (byte, column), "the second half of a wide letter is that letter");
                (column, byte) = (column + cell.width, cell.at.end);
            }
            assert_eq!((byte, byte_at(line, column + 9)), (line.len(), (line.len(), column)), "{line:?}");
        }
    }

    #[test]
    fn long_names_keep_their_end() {
        assert_eq!(fit_middle("payments-gateway-7d8f9c6b5-2kx9q", 20), "paymen…8f9c6b5-2kx9q");
        assert_eq!(fit_middle("short", 5), "short");
        assert_eq!(fit_middle("longer", 1), "…");
        assert_eq!(fit_middle("longer", 0), "");
        assert_eq!(fit_end("longer", 4), "lon…");
        assert_eq!(pad("日本語", 4, Align::Left), "日… ");
        assert_eq!(pad("7", 3, Align::Right), "  7");
    }

    #[test]
    fn lines_expand_tabs_by_column() {
        let text = "Name:\tweb\nä\t\tx\r\n\n日本\ty\u{1b}\n";
        let all: Vec<_> = lines(text).collect();
        assert_eq!(all, ["Name:   web", "ä               x", "", "日本    y␛"]);
    }

    /// Every text made of the nastiest parts stays within its width, is cut between clusters only, and holds nothing
    /// that the terminal acts on.
    #[test]
    fn any_text_keeps_its_promises() {
        let parts = [
            "a",
            "-",
            " ",
            "é",
            "e\u{301}",
            "日",
            "👩",
            "\u{200d}",
            "💻",
            "🇩",
            "🇪",
            "\u{1b}",
            "\u{202e}",
            "\u{200b}",
            "\t",
            "\n",
            "\u{301}",
            "क",
            "्",
            "ष",
            "ﷺ",
            "\u{fe0f}",
            "\u{1f3fd}",
            "각",
            "ᄀ",
            "ᅡ",
            "ل",
            "ا",
            "\u{e0041}",
            "\u{85}",
            "\u{7f}",
        ];
        let mut seed = 7u64;
        let mut roll = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        for _ in 0..20_000 {
            let raw: String = (0..roll(14)).map(|_| parts[roll(parts.len())]).collect();
            let text = safe(&raw);
            assert_eq!(safe(&text), text, "twice is once: {raw:?}");
            assert!(!text.chars().any(|c| c.is_control() || (is_hidden(c) && !matches!(c, '\u{200c}' | '\u{200d}'))), "{raw:?}");
            let limit = roll(12);
            for short in [fit_middle(&text, limit), fit_end(&text, limit)] {
                assert!(width(&short) <= limit, "{text:?} in {limit}: {short:?}");
                if width(&text) <= limit {
                    assert_eq!(short, text);
                } else if let Some((head, tail)) = short.split_once(ELLIPSIS) {
                    let cuts: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]).collect();
                    assert!(text.starts_with(head) && cuts.contains(&head.len()), "{text:?} {head:?}");
                    assert!(text.ends_with(tail) && cuts.contains(&(text.len() - tail.len())), "{text:?} {tail:?}");
                }
            }
            assert_eq!(width(&pad(&text, limit, Align::Left)), limit, "{text:?} in {limit}");
            assert!(lines(&raw).all(|line| !line.chars().any(char::is_control)), "{raw:?}");
        }
    }
}
