//! Words, exact phrases and regular expressions: what looks through all texts of a row.

use std::io::Write;
use std::sync::Arc;

use memchr::memmem::Finder;
use memchr::{memchr_iter, memchr2_iter};
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
    /// Lower case, of ASCII alone: compared byte by byte.
    Word(Box<str>),
    /// Lower case, of any script.
    Foreign(Box<str>),
    Phrase(Box<Finder<'static>>),
    Regex(Regex),
}

impl Search {
    /// A word: anywhere in a text, whatever its case.
    pub(super) fn word(text: &str) -> Search {
        let lower = text.to_lowercase().into_boxed_str();
        let pattern = if lower.is_ascii() { Pattern::Word(lower) } else { Pattern::Foreign(lower) };
        Search { pattern, numbers: numeric(text), holes: text.starts_with('<') }
    }

    /// An exact phrase: as written, spaces and case included.
    pub(super) fn phrase(text: &str) -> Search {
        let finder = Finder::new(text.as_bytes()).into_owned();
        Search { pattern: Pattern::Phrase(Box::new(finder)), numbers: numeric(text), holes: text.starts_with('<') }
    }

    /// A regular expression, tried on each text alone.
    pub(super) fn regex(regex: Regex) -> Search {
        let holes = regex.as_str().contains('<');
        Search { pattern: Pattern::Regex(regex), numbers: true, holes }
    }

    /// Whether some text of the row holds the pattern. `memo` is of this pattern alone.
    pub(super) fn matches(&self, row: &Row, memo: Option<&mut Memo>) -> bool {
        match &self.pattern {
            Pattern::Word(word) => self.any(row, memo, |text| holds(text.as_bytes(), word.as_bytes())),
            // A haystack of ASCII cannot hold a word that is not, and almost all are of ASCII.
            Pattern::Foreign(word) => self.any(row, memo, |text| !text.is_ascii() && text.to_lowercase().contains(&**word)),
            Pattern::Phrase(finder) => self.any(row, memo, |text| finder.find(text.as_bytes()).is_some()),
            Pattern::Regex(regex) => self.any(row, memo, |text| regex.is_match(text)),
        }
    }

    /// Name, namespace, cells (times left out: they would come and go by the second) and those addresses that have no
    /// cell, or not whole.
    fn any(&self, row: &Row, mut memo: Option<&mut Memo>, found: impl Fn(&str) -> bool) -> bool {
        let mut shared = |text: &Arc<str>| match &mut memo {
            Some(memo) => memo.get(text, &found),
            None => found(text),
        };
        found(&row.name)
            || shared(&row.namespace)
            || row.cells.iter().any(|cell| match cell {
                Cell::Text(text) | Cell::Quantity(text, _) | Cell::Status(text, _) => shared(text),
                Cell::Number(number) => self.numbers && printed(format_args!("{number}"), &found),
                Cell::Restarts(count, _) => self.numbers && printed(format_args!("{count}"), &found),
                Cell::Ratio(have, want) => self.numbers && printed(format_args!("{have}/{want}"), &found),
                Cell::None => self.holes && found("<none>"),
                Cell::Unknown => self.holes && found("<unknown>"),
                Cell::Age(_) | Cell::Span(..) => false,
            })
            || match &row.facts {
                Facts::Service(service) => service.addresses.iter().chain(&service.external).any(|address| found(address)),
                Facts::Slice(slice) => slice.endpoints.iter().any(|endpoint| found(&endpoint.address)),
                _ => false,
            }
    }
}

/// Answers for texts that rows share, by where they are in memory: a status or a node's name is looked through once, not
/// for each of its pods. Good for as long as nothing that was asked about is freed; see [`super::Scan`].
#[derive(Clone, Debug)]
pub(super) struct Memo {
    /// Address of a text, its lowest bit (texts in an `Arc` begin at even addresses) the answer; 0 for nothing yet.
    answers: Box<[u64; Memo::SIZE]>,
}

impl Memo {
    /// Small enough for the first cache; a newer text takes the place of an older one.
    const SIZE: usize = 1024;

    pub(super) fn new() -> Memo {
        Memo { answers: Box::new([0; Memo::SIZE]) }
    }

    fn get(&mut self, text: &Arc<str>, found: impl Fn(&str) -> bool) -> bool {
        let address = text.as_ptr().addr() as u64;
        let place = address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - Memo::SIZE.ilog2());
        let Some(known) = self.answers.get_mut(place as usize) else { return found(text) };
        if *known & !1 != address & !1 {
            *known = address & !1 | u64::from(found(text));
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

/// Whether `text` holds `word` (lower case, ASCII) in any case.
fn holds(text: &[u8], word: &[u8]) -> bool {
    let Some((&first, tail)) = word.split_first() else { return true };
    let Some(last) = text.len().checked_sub(word.len()) else { return false };
    let starts = &text[..=last];
    let here = |at: usize| text[at + 1..at + word.len()].eq_ignore_ascii_case(tail);
    if first.is_ascii_lowercase() {
        memchr2_iter(first, first.to_ascii_uppercase(), starts).any(here)
    } else {
        memchr_iter(first, starts).any(here)
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
        ] {
            assert_eq!(holds(text.as_bytes(), word.as_bytes()), expected, "{word} in {text}");
        }
    }

    #[test]
    fn the_longest_numbers_fit() {
        assert!(printed(format_args!("{}", i64::MIN), |text| text == "-9223372036854775808"));
        assert!(printed(format_args!("{0}/{0}", u32::MAX), |text| text == "4294967295/4294967295"));
    }
}
