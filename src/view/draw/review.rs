//! What is to be stored against what is there: side by side where there is room, else one below the other.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

use super::put;
use crate::model::act::Target;
use crate::model::edit::{Pair, Shown, Side, outline};
use crate::theme::{Scope, Theme};
use crate::view::text;

/// As wide as this, both sides stand beside each other.
const SPLIT: u16 = 140;
/// So many lines that are the same are shown around a change.
const CONTEXT: usize = 3;
/// What changed far to the right is shown with so many columns before it.
const BEFORE: usize = 12;

/// A row of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    /// The name of the target of this place.
    Head(usize),
    /// A row of its difference.
    Line(usize, Shown),
}

/// The rows for all targets that have a difference to be seen.
pub(super) fn entries(targets: &[Target], width: u16) -> Vec<Entry> {
    let mut out = Vec::new();
    for (at, target) in targets.iter().enumerate().filter(|(_, target)| target.diff.iter().any(|pair| !pair.same)) {
        if targets.len() > 1 {
            out.push(Entry::Head(at));
        }
        // Of what is new there is one side only.
        let split = width >= SPLIT && target.diff.iter().any(|pair| pair.old.is_some());
        out.extend(outline(&target.diff, CONTEXT, split).into_iter().map(|shown| Entry::Line(at, shown)));
    }
    out
}

/// Draws rows from the first one on.
pub(super) fn draw<'e>(targets: &[Target], entries: impl Iterator<Item = &'e Entry>, buffer: &mut Buffer, area: Rect, theme: &Theme) {
    let split = area.width >= SPLIT;
    for (y, entry) in (area.y..area.bottom()).zip(entries) {
        let row = Rect { y, height: 1, ..area };
        match entry {
            Entry::Head(at) => {
                let words = text::safe(&targets[*at].object.title()).into_owned();
                put(buffer, row.x + 2, y, &words, row.width.saturating_sub(4), theme.style(Scope::TextHeading));
            }
            Entry::Line(at, shown) => line(&targets[*at].diff, *shown, split, buffer, row, theme),
        }
    }
}

fn line(pairs: &[Pair], shown: Shown, split: bool, buffer: &mut Buffer, row: Rect, theme: &Theme) {
    // Numbers are as wide as the last one.
    let last = pairs.iter().rev().find_map(|pair| pair.new.as_ref().or(pair.old.as_ref())).map_or(1, |side| side.line);
    let digits = last.to_string().len();
    let whole = Rect { x: row.x + 1, width: row.width.saturating_sub(2), ..row };
    match shown {
        Shown::Gap(count) => {
            let words = if count == 1 { "⋯ 1 line as it is".to_owned() } else { format!("⋯ {count} lines as they are") };
            put(buffer, whole.x + digits as u16 + 3, row.y, &words, whole.width, theme.style(Scope::Dim));
        }
        Shown::Both(at) if split && pairs.iter().any(|pair| pair.old.is_some()) => {
            let half = whole.width / 2;
            let left = Rect { width: half.saturating_sub(1), ..whole };
            let right = Rect { x: whole.x + half + 1, width: whole.width - half - 1, ..whole };
            put(buffer, whole.x + half - 1, row.y, "│", 1, theme.style(Scope::Rule));
            let Pair { old, new, same } = &pairs[at];
            if let Some(old) = old {
                side(old, if *same { Kind::Same } else { Kind::Gone }, digits, buffer, left, theme);
            }
            if let Some(new) = new {
                side(new, if *same { Kind::Same } else { Kind::New }, digits, buffer, right, theme);
            }
        }
        Shown::Both(at) => {
            if let Some(new) = pairs[at].new.as_ref().or(pairs[at].old.as_ref()) {
                side(new, Kind::Same, digits, buffer, whole, theme);
            }
        }
        Shown::Gone(at) => {
            if let Some(old) = &pairs[at].old {
                side(old, Kind::Gone, digits, buffer, whole, theme);
            }
        }
        Shown::New(at) => {
            if let Some(new) = &pairs[at].new {
                side(new, Kind::New, digits, buffer, whole, theme);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Same,
    Gone,
    New,
}

fn side(side: &Side, kind: Kind, digits: usize, buffer: &mut Buffer, area: Rect, theme: &Theme) {
    let (sign, look) = match kind {
        Kind::Same => (' ', Scope::Text),
        Kind::Gone => ('-', Scope::Bad),
        Kind::New => ('+', Scope::Good),
    };
    let number = format!("{:>digits$} ", side.line);
    let x = put(buffer, area.x, area.y, &number, area.width, theme.style(Scope::Dim));
    let x = put(buffer, x, area.y, &format!("{sign} "), area.right().saturating_sub(x), theme.style(look));
    let room = usize::from(area.right().saturating_sub(x));
    letters(side, kind, room, |column, letter, wide, changed| {
        let style = theme.style(look);
        let style = if changed { style.patch(theme.style(Scope::Selection)) } else { style };
        put(buffer, x + column, area.y, letter, wide, style);
    });
}

/// Calls with what of a line is to be seen in so many columns: its column, the letter, how wide it is, whether it changed.
fn letters(side: &Side, kind: Kind, room: usize, mut each: impl FnMut(u16, &str, u16, bool)) {
    // Ranges are of the text as it is; each of its letters is made safe by itself.
    let first = side.changed.first().filter(|_| kind != Kind::Same).map_or(0, |range| text::width(&text::safe(&side.text[..range.start])));
    let skip = if first >= room { first - BEFORE.min(first) } else { 0 };
    let is = |ranges: &[Range<usize>], at: usize| ranges.iter().any(|range| range.contains(&at));
    let mut column = 0;
    for (at, letter) in side.text.grapheme_indices(true) {
        let safe = text::safe(letter);
        let wide = text::width(&safe);
        column += wide;
        if column <= skip {
            continue;
        }
        let place = column - wide.min(column) - skip.min(column - wide.min(column));
        if place + wide > room.saturating_sub(1) && (place + wide > room || at + letter.len() < side.text.len()) {
            each(room.saturating_sub(1) as u16, "›", 1, false);
            return;
        }
        let shown = if skip > 0 && place == 0 { "‹" } else { &safe };
        each(place as u16, shown, wide as u16, is(&side.changed, at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::edit::side_by_side;

    fn seen(text: &str, changed: Option<Range<usize>>, room: usize) -> String {
        let mut out = vec![' '; room];
        let side = Side { line: 1, text: text.into(), changed: changed.into_iter().collect() };
        letters(&side, Kind::New, room, |column, letter, _, _| out[column as usize] = letter.chars().next().unwrap_or(' '));
        out.into_iter().collect()
    }

    #[test]
    fn long_lines_are_cut_where_one_looks() {
        assert_eq!(seen("short", None, 10), "short     ");
        assert_eq!(seen("0123456789", None, 10), "0123456789");
        assert_eq!(seen("0123456789a", None, 10), "012345678›");
        let long = format!("{}CHANGED", "x".repeat(50));
        let text = seen(&long, Some(50..57), 24);
        assert!(text.starts_with('‹') && text.contains("CHANGED"), "{text}");
        assert_eq!(seen("a\u{1b}b", None, 4), "a�b ".replace('�', &text::safe("\u{1b}").chars().next().unwrap_or('?').to_string()));
    }

    #[test]
    fn what_is_new_has_one_side() {
        use std::sync::Arc;

        use crate::model::kind::Kind;
        use crate::model::reference::Reference;
        use crate::model::row::Uid;
        let object = Reference { kind: Arc::new(Kind::default()), namespace: "".into(), name: "a".into(), uid: Uid::new("") };
        let target = |old: &str, new: &str| Target {
            object: object.clone(),
            change: Ok(String::new()),
            notes: Vec::new(),
            diff: side_by_side(old, new).into(),
        };
        let both = entries(&[target("a\nb\n", "a\nc\n")], 200);
        assert!(matches!(both.as_slice(), [Entry::Line(0, Shown::Both(0)), Entry::Line(0, Shown::Both(_)), ..]), "{both:?}");
        let new = entries(&[target("", "a\n")], 200);
        assert!(matches!(new.as_slice(), [Entry::Line(0, Shown::New(0))]), "{new:?}");
        let several = entries(&[target("", "a\n"), target("a\n", "a\n"), target("b\n", "c\n")], 80);
        assert_eq!(several.iter().filter(|entry| matches!(entry, Entry::Head(_))).count(), 2, "{several:?}");
    }
}
