//! A line without the colours that its source gave it. Any other control sequence stays: it is shown as text.

use std::borrow::Cow;
use std::ops::Range;

/// `ESC`.
const ESCAPE: char = '\u{1b}';

/// The text of a line, as it is read and searched: invalid UTF-8 as `�`, and no colours (`ESC [ … m`).
pub fn plain(raw: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(raw);
    if !text.contains(ESCAPE) {
        return text;
    }
    Cow::Owned(pieces(&text).filter_map(|piece| if let Piece::Text(range) = piece { text.get(range) } else { None }).collect())
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text, by its bytes.
    Text(Range<usize>),
    /// A change of colours: the parameters between `ESC [` and `m`.
    Colour(&'a str),
}

/// A line in its parts. What begins like a change of colours and is none belongs to the text.
pub fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        if let Some((parameters, length)) = colour(rest) {
            at += length;
            return Some(Piece::Colour(parameters));
        }
        let skip = rest.chars().next().map_or(1, char::len_utf8);
        let mut end = rest.len();
        let mut from = skip;
        while let Some(found) = rest[from..].find(ESCAPE) {
            if colour(&rest[from + found..]).is_some() {
                end = from + found;
                break;
            }
            from += found + 1;
        }
        let start = at;
        at += end;
        Some(Piece::Text(start..at))
    })
}

/// The parameters of a change of colours that the text begins with, and how long it is.
fn colour(text: &str) -> Option<(&str, usize)> {
    let rest = text.strip_prefix("\u{1b}[")?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ';' | ':')))?;
    rest[end..].starts_with('m').then(|| (&rest[..end], end + 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_and_everything_else_stays() {
        for (raw, shown) in [
            ("plain", "plain"),
            ("\u{1b}[1;31mred\u{1b}[0m and\u{1b}[38:5:9m so\u{1b}[m", "red and so"),
            ("\u{1b}[2J\u{1b}[31mx", "\u{1b}[2Jx"),
            ("\u{1b}]52;c;aGk=\u{7}", "\u{1b}]52;c;aGk=\u{7}"),
            ("cut \u{1b}[31", "cut \u{1b}[31"),
            ("\u{1b}", "\u{1b}"),
            ("", ""),
            ("\u{1b}[?25lm", "\u{1b}[?25lm"),
        ] {
            assert_eq!(plain(raw.as_bytes()), shown, "{raw:?}");
        }
        assert_eq!(plain(b"a\xffb"), "a\u{fffd}b");
        assert!(matches!(plain(b"nothing to do"), Cow::Borrowed(_)));
    }

    #[test]
    fn pieces_are_the_whole_line() {
        let text = "a\u{1b}[31mé\u{1b}[x\u{1b}[0m";
        let all: Vec<Piece<'_>> = pieces(text).collect();
        assert_eq!(all, [Piece::Text(0..1), Piece::Colour("31"), Piece::Text(6..11), Piece::Colour("0")]);
    }
}
