//! Words, exact phrases and regular expressions: what looks through all texts of a row.

use std::io::Write;
use std::sync::Arc;

use regex::Regex;

use crate::model::facts::Facts;
use crate::model::row::{Cell, Row};

/// A pattern, and which texts of a row can hold it at all.
#[derive(Clone, Debug)]
pub(super) struct Search {
    pattern: Pattern,
    /// It may stand in a number or a ratio; those are spelled out only then.
    numbers: bool,
    /// It begins like `<none>`. A word `none` or `known` does not find empty cells: nobody means those.
    holes: bool,
}

#[derive(Clone, Debug)]
enum Pattern {
    Literal(Literal),
    /// A word that is not of ASCII, lower case.
    Foreign(Box<str>),
    Regex(Regex),
}

impl Search {
    /// A word: anywhere in a text, whatever its case.
    pub(super) fn word(text: &str) -> Search {
        let lower = text.to_lowercase().into_boxed_str();
        let pattern = if lower.is_ascii() { Pattern::Literal(Literal::new(&lower, true)) } else { Pattern::Foreign(lower) };
        Search { pattern, numbers: numeric(text), holes: text.starts_with('<') }
    }

    /// An exact phrase: as written, spaces and case included.
    pub(super) fn phrase(text: &str) -> Search {
        Search { pattern: Pattern::Literal(Literal::new(text, false)), numbers: numeric(text), holes: text.starts_with('<') }
    }

    /// A regular expression, tried on each text alone.
    pub(super) fn regex(regex: Regex) -> Search {
        let holes = regex.as_str().contains('<');
        Search { pattern: Pattern::Regex(regex), numbers: true, holes }
    }

    /// Whether some text of the row holds the pattern. `memo` is of this pattern alone.
    pub(super) fn matches(&self, row: &Row, memo: Option<&mut Memo>) -> bool {
        match &self.pattern {
            Pattern::Literal(literal) => self.any(row, memo, |text| literal.is_in(text.as_bytes())),
            // A haystack of ASCII cannot hold a word that is not, and almost all are of ASCII.
            Pattern::Foreign(word) => self.any(row, memo, |text| !text.is_ascii() && text.to_lowercase().contains(&**word)),
            Pattern::Regex(regex) => self.any(row, memo, |text| regex.is_match(text)),
        }
    }

    /// Name, namespace, cells (times left out: they would come and go by the second) and those addresses that have no
    /// cell, or not whole.
    fn any(&self, row: &Row, mut memo: Option<&mut Memo>, found: impl Fn(&str) -> bool) -> bool {
        let mut known = |key: Option<u64>, find: &dyn Fn() -> bool| match (&mut memo, key) {
            (Some(memo), Some(key)) => memo.get(key, find),
            _ => find(),
        };
        if found(&row.name) || known(Some(Memo::text(&row.namespace)), &|| found(&row.namespace)) {
            return true;
        }
        let cell = |cell: &Cell| match cell {
            Cell::Text(text) | Cell::Quantity(text, _) | Cell::Status(text, _) => known(Some(Memo::text(text)), &|| found(text)),
            Cell::Number(number) => self.numbers && known(Memo::number(*number), &|| printed(format_args!("{number}"), &found)),
            Cell::Restarts(count, _) => {
                self.numbers && known(Memo::number(i64::from(*count)), &|| printed(format_args!("{count}"), &found))
            }
            Cell::Ratio(have, want) => self.numbers && known(Memo::ratio(*have, *want), &|| printed(format_args!("{have}/{want}"), &found)),
            Cell::None => self.holes && found("<none>"),
            Cell::Unknown => self.holes && found("<unknown>"),
            Cell::Age(_) | Cell::Span(..) => false,
        };
        row.cells.iter().any(cell)
            || match &row.facts {
                Facts::Service(service) => service.addresses.iter().chain(&service.external).any(|address| found(address)),
                Facts::Slice(slice) => slice.endpoints.iter().any(|endpoint| found(&endpoint.address)),
                _ => false,
            }
    }
}

/// Answers for what rows have in common: a status, a node's name or a number of restarts is looked through once, not for
/// each of its pods. Texts are known by where they are in memory, which is good for as long as nothing that was asked
/// about is freed; see [`super::Scan`].
#[derive(Clone, Debug)]
pub(super) struct Memo {
    /// What was asked about (an even number), its lowest bit the answer; 0 for nothing yet.
    answers: Box<[u64; Memo::SIZE]>,
}

impl Memo {
    /// Small enough for the first cache; a newer answer takes the place of an older one.
    const SIZE: usize = 1024;
    /// No text is at such an address: where programs have their memory, at least the highest byte is 0.
    const NUMBER: u64 = 1 << 63;
    const RATIO: u64 = 1 << 62;

    pub(super) fn new() -> Memo {
        Memo { answers: Box::new([0; Memo::SIZE]) }
    }

    /// Texts in an `Arc` begin at even addresses.
    fn text(text: &Arc<str>) -> u64 {
        text.as_ptr().addr() as u64 & !1
    }

    /// `None` for one that is too large to be usual.
    fn number(number: i64) -> Option<u64> {
        Some(Memo::NUMBER | u64::from(u32::try_from(number).ok()?) << 1)
    }

    /// `None` for one that is too large to be usual.
    fn ratio(have: u32, want: u32) -> Option<u64> {
        let (have, want) = (u16::try_from(have).ok()?, u16::try_from(want).ok()?);
        Some(Memo::RATIO | u64::from(have) << 17 | u64::from(want) << 1)
    }

    fn get(&mut self, key: u64, find: impl Fn() -> bool) -> bool {
        let place = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - Memo::SIZE.ilog2());
        let Some(known) = self.answers.get_mut(place as usize) else { return find() };
        if *known & !1 != key {
            *known = key | u64::from(find());
        }
        *known & 1 == 1
    }
}

fn numeric(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'/' | b'-'))
}

/// Spells a number out on the stack: 100,000 rows are looked through between two frames.
fn printed(text: std::fmt::Arguments<'_>, found: impl Fn(&str) -> bool) -> bool {
    let mut buffer = [0u8; 24];
    let mut rest = &mut buffer[..];
    if rest.write_fmt(text).is_err() {
        return false;
    }
    let left = rest.len();
    std::str::from_utf8(&buffer[..buffer.len() - left]).is_ok_and(found)
}

/// Bytes to look for. Names and addresses are so short that a general search spends its time on getting started; here
/// the first and the last byte are compared at sixteen places at once, and the rest where both fit.
#[derive(Clone, Debug)]
struct Literal {
    /// Lower case when `fold`.
    bytes: Box<[u8]>,
    /// Letters of ASCII are the same in either case.
    fold: bool,
    /// First and last byte, and the bit that makes a letter small: 0 where case counts.
    ends: Option<(End, End)>,
}

#[derive(Clone, Copy, Debug)]
struct End {
    byte: u8,
    bit: u8,
}

impl End {
    fn is(self, byte: u8) -> bool {
        byte | self.bit == self.byte
    }
}

impl Literal {
    fn new(text: &str, fold: bool) -> Literal {
        let bytes: Box<[u8]> = text.as_bytes().into();
        let end = |byte: u8| End { byte, bit: if fold && byte.is_ascii_lowercase() { 0x20 } else { 0 } };
        let ends = bytes.first().zip(bytes.last()).map(|(&first, &last)| (end(first), end(last)));
        Literal { bytes, fold, ends }
    }

    fn is_in(&self, text: &[u8]) -> bool {
        const AT_ONCE: usize = 16;
        let length = self.bytes.len();
        let Some((first, last)) = self.ends else { return true };
        // The bytes where it can begin, and those where it then ends.
        let (Some(starts), Some(ends)) = ((text.len() + 1).checked_sub(length).and_then(|n| text.get(..n)), text.get(length - 1..)) else {
            return false;
        };
        let there = |at: usize| {
            let found = &text[at..at + length];
            if self.fold { found.eq_ignore_ascii_case(&self.bytes) } else { *found == *self.bytes }
        };
        let each = |from: usize, starts: &[u8], ends: &[u8]| {
            starts.iter().zip(ends).enumerate().any(|(at, (&a, &b))| first.is(a) && last.is(b) && there(from + at))
        };
        let (start_chunks, start_rest) = starts.as_chunks::<AT_ONCE>();
        let (end_chunks, end_rest) = ends.as_chunks::<AT_ONCE>();
        for (number, (a, b)) in start_chunks.iter().zip(end_chunks).enumerate() {
            let fits = a.iter().zip(b).fold(0, |fits, (&a, &b)| fits | u8::from(first.is(a)) & u8::from(last.is(b)));
            if fits != 0 && each(number * AT_ONCE, a, b) {
                return true;
            }
        }
        each(start_chunks.len() * AT_ONCE, start_rest, end_rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_place() {
        for (text, word, expected) in [
            ("web-7d8f9c", "web", true),
            ("web-7d8f9c", "f9c", true),
            ("web-7d8f9c", "9c-", false),
            ("CrashLoopBackOff", "backoff", true),
            ("CrashLoopBackOff", "crashloopbackoff", true),
            ("aab", "ab", true),
            ("", "a", false),
            ("a", "", true),
            ("a", "ab", false),
            ("a-long-name-of-a-pod-7d8f9c-2kx9q", "2kx9q", true),
            ("a-long-name-of-a-pod-7d8f9c-2kx9q", "a-long-name-of-a-pod-7d8f9c-2kx9q", true),
            ("a-long-name-of-a-pod-7d8f9c-2kx9q", "a-long-name-of-a-pod-7d8f9c-2kx9qq", false),
            ("A-LONG-NAME-OF-A-POD-7D8F9C-2KX9Q", "pod-7d", true),
            ("@[`{", "`{", true),
            ("@[@[", "`{", false),
            ("ÄWEB", "web", true),
        ] {
            let folded = Literal::new(word, true).is_in(text.as_bytes());
            assert_eq!((folded, Literal::new(word, false).is_in(text.as_bytes())), (expected, text.contains(word)), "{word} in {text}");
        }
    }

    /// Every part of a text is found in it, wherever the sixteen places at once begin and end.
    #[test]
    fn parts_are_found_at_every_place() {
        let text = "abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGHIJKLMNOPQR";
        for from in 0..text.len() {
            for to in from + 1..=text.len() {
                assert!(Literal::new(&text[from..to], false).is_in(text.as_bytes()), "{from}..{to}");
                assert!(Literal::new(&text[from..to].to_lowercase(), true).is_in(text.as_bytes()), "{from}..{to}");
                assert!(!Literal::new(&format!("{}!", &text[from..to]), true).is_in(text.as_bytes()), "{from}..{to}");
            }
        }
    }

    #[test]
    fn the_longest_numbers_fit() {
        assert!(printed(format_args!("{}", i64::MIN), |text| text == "-9223372036854775808"));
        assert!(printed(format_args!("{0}/{0}", u32::MAX), |text| text == "4294967295/4294967295"));
    }
}
