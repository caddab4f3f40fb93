//! One line in rows of the screen: its time, who says it, its text in the source's own colours, what the search found.

use ratatui::style::Style;
use regex::Regex;
use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;

use super::colour;
use super::{Json, Stamps};
use crate::model::log::fields::{self, Level};
use crate::model::log::plain::{self, Piece as Part};
use crate::model::log::{Kind, Line, Nanoseconds, Source};
use crate::model::time;
use crate::theme::Scope;
use crate::view::text;

/// Distance of tab stops.
const TAB: usize = 8;
/// Bytes that one column takes at most, about: more of a line is not looked at.
const WIDEST: usize = 16;

/// How a piece of a line looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// What it is; the look of a source's name is the source's own.
    pub scope: Scope,
    /// The colours that its source gave it, laid over that.
    pub own: Style,
    /// The search found it.
    pub found: bool,
    /// It is the name of a source.
    pub name: bool,
}

/// Words of one look.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Safe for the terminal.
    pub text: String,
    /// How they look.
    pub look: Look,
}

const fn look(scope: Scope) -> Look {
    Look { scope, own: Style::new(), found: false, name: false }
}

/// How lines are laid out.
pub(super) struct Lay<'a> {
    /// Columns.
    pub(super) width: usize,
    /// The first column of text.
    pub(super) left: usize,
    pub(super) wrap: bool,
    /// No more rows of a line are made than so many.
    pub(super) most: usize,
    pub(super) stamps: Stamps,
    pub(super) json: Json,
    /// Columns for who says it; 0 where that is no question.
    pub(super) names: usize,
    pub(super) search: Option<&'a Regex>,
    pub(super) now: time::Seconds,
}

impl Lay<'_> {
    /// The rows of a line.
    pub(super) fn rows(&self, line: &Line<'_>, source: Option<&Source>, containers: bool) -> Vec<Vec<Piece>> {
        let mut head = Vec::new();
        if line.kind == Kind::Text || !line.kind.is_said() {
            if let Some(stamp) = self.stamp(line.at) {
                head.push(Piece { text: stamp, look: look(Scope::Dim) });
            }
        } else if let Some(stamp) = self.stamp(line.at) {
            head.push(Piece { text: " ".repeat(text::width(&stamp)), look: look(Scope::Dim) });
        }
        if let Some(source) = source.filter(|_| self.names > 0) {
            let name = if containers { format!("{}/{}", source.pod, source.container) } else { source.pod.to_string() };
            let name = if line.kind == Kind::Rest { "…".into() } else { text::fit_middle(&text::safe(&name), self.names).into_owned() };
            let pad = self.names.saturating_sub(text::width(&name)) + 1;
            head.push(Piece { text: format!("{name}{}", " ".repeat(pad)), look: Look { name: true, ..look(Scope::Accent) } });
        }
        let taken: usize = head.iter().map(|piece| text::width(&piece.text)).sum();
        let room = self.width.saturating_sub(taken).max(1);
        match line.kind {
            Kind::Note => self.flow(head, room, vec![Piece { text: own_words("── ", line.text, " ──"), look: look(Scope::Info) }]),
            Kind::Gap => self.flow(head, room, vec![Piece { text: own_words("╌╌ gap: ", line.text, " ╌╌"), look: look(Scope::Warning) }]),
            Kind::Text | Kind::Rest => self.said(head, room, line),
        }
    }

    fn said(&self, head: Vec<Piece>, room: usize, line: &Line<'_>) -> Vec<Vec<Piece>> {
        // What cannot be seen need not be looked at: a line may have a megabyte.
        let columns = if self.wrap { room.saturating_mul(self.most + 1) } else { self.left + room + 1 };
        let whole = line.text;
        let object = if self.json == Json::Raw || whole.first() != Some(&b'{') { None } else { fields::json(&plain::plain(whole)) };
        if let Some(object) = object {
            let level = fields::level_of(&object);
            return match self.json {
                Json::Unfolded => self.unfolded(head, room, &plain::plain(whole)),
                _ => self.flow(head, room, folded(&object, level)),
            };
        }
        let cut = whole.len().min(columns.saturating_mul(WIDEST));
        let raw = String::from_utf8_lossy(&whole[..cut]);
        let own = raw.contains('\u{1b}');
        let level = if own { None } else { fields::level(&raw) };
        let base = level.map_or(Scope::Text, scope_of);
        let mut pieces = Vec::new();
        let mut style = Style::new();
        let mut column = 0;
        for part in plain::pieces(&raw) {
            match part {
                Part::Colour(parameters) => style = colour::apply(style, parameters),
                Part::Text(range) => {
                    let words = tabs(&raw[range], &mut column);
                    pieces.push(Piece { text: text::safe(&words).into_owned(), look: Look { own: style, ..look(base) } });
                }
            }
        }
        self.flow(head, room, pieces)
    }

    /// A row for each field of an object, and for each of its parts.
    fn unfolded(&self, head: Vec<Piece>, room: usize, object: &str) -> Vec<Vec<Piece>> {
        let taken = self.width.saturating_sub(room);
        let pretty = fields::spread(object);
        let mut rows = Vec::new();
        for (at, line) in pretty.lines().take(self.most).enumerate() {
            let head = if at == 0 { head.clone() } else { vec![Piece { text: " ".repeat(taken), look: look(Scope::Dim) }] };
            let indent = line.len() - line.trim_start().len();
            let rest = &line[indent..];
            let mut pieces = vec![Piece { text: " ".repeat(indent), look: look(Scope::Dim) }];
            let piece = |words: &str, scope| Piece { text: text::safe(words).into_owned(), look: look(scope) };
            match rest.strip_prefix('"').and_then(|after| Some(after.find("\": ")? + 2)) {
                Some(end) => {
                    pieces.push(piece(&rest[..end], Scope::TextKey));
                    pieces.push(piece(&rest[end..=end + 1], Scope::Dim));
                    let value = &rest[end + 2..];
                    pieces.push(piece(value, value_scope(value)));
                }
                None => pieces.push(piece(rest, value_scope(rest))),
            }
            rows.extend(self.flow(head, room, pieces));
        }
        rows
    }

    /// Pieces behind the head, in as many rows as they take; what was found is marked.
    fn flow(&self, head: Vec<Piece>, room: usize, pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
        let pieces = match self.search {
            Some(search) => marked(pieces, search),
            None => pieces,
        };
        let mut rows = vec![head];
        let taken = self.width.saturating_sub(room);
        let mut column = 0usize;
        let left = if self.wrap { 0 } else { self.left };
        for Piece { text: words, look } in pieces {
            let mut here = String::new();
            for letter in words.graphemes(true) {
                let wide = text::width(letter);
                if self.wrap && column + wide > room && column > 0 {
                    push(&mut rows, &mut here, look);
                    if rows.len() >= self.most {
                        return rows;
                    }
                    rows.push(vec![Piece { text: " ".repeat(taken), look: super::lay::look(Scope::Dim) }]);
                    column = 0;
                }
                if !self.wrap && column < left {
                    // Half of a wide letter is a space.
                    if column + wide > left {
                        here.push_str(&" ".repeat(column + wide - left));
                    }
                    column += wide;
                    continue;
                }
                if !self.wrap && column + wide > left + room {
                    push(&mut rows, &mut here, look);
                    if let Some(row) = rows.last_mut() {
                        cut(row, taken + room);
                    }
                    return rows;
                }
                here.push_str(letter);
                column += wide;
            }
            push(&mut rows, &mut here, look);
        }
        rows
    }

    fn stamp(&self, at: Nanoseconds) -> Option<String> {
        let utc = jiff::Timestamp::from_nanosecond(i128::from(at)).unwrap_or_default();
        let day = |then: jiff::civil::Date, zone: &jiff::tz::TimeZone| {
            let today = jiff::Timestamp::from_second(self.now).unwrap_or_default().to_zoned(zone.clone()).date();
            then != today
        };
        match self.stamps {
            Stamps::Off => None,
            Stamps::Ago => {
                let ago = time::age((self.now - at.div_euclid(1_000_000_000)).max(0));
                Some(format!("{ago:>6} "))
            }
            stamps => {
                let zone = if stamps == Stamps::Utc { jiff::tz::TimeZone::UTC } else { jiff::tz::TimeZone::system() };
                let zoned = utc.to_zoned(zone.clone());
                let clock = zoned.strftime("%H:%M:%S%.3f");
                let date = if day(zoned.date(), &zone) { format!("{} ", zoned.strftime("%m-%d")) } else { String::new() };
                Some(format!("{date}{clock}{} ", if stamps == Stamps::Utc { "Z" } else { "" }))
            }
        }
    }
}

/// The program's own words: names of pods are in them.
fn own_words(before: &str, words: &[u8], after: &str) -> String {
    format!("{before}{}{after}", text::safe(&String::from_utf8_lossy(words)))
}

fn push(rows: &mut [Vec<Piece>], words: &mut String, look: Look) {
    if words.is_empty() {
        return;
    }
    if let Some(row) = rows.last_mut() {
        row.push(Piece { text: std::mem::take(words), look });
    }
}

/// Shows at the end of a row that the line goes on.
fn cut(row: &mut Vec<Piece>, width: usize) {
    let mut wide: usize = row.iter().map(|piece| text::width(&piece.text)).sum();
    while wide >= width {
        let Some(last) = row.last_mut() else { return };
        match last.text.grapheme_indices(true).next_back() {
            Some((at, letter)) => {
                wide -= text::width(letter);
                last.text.truncate(at);
            }
            None => drop(row.pop()),
        }
    }
    row.push(Piece { text: "›".to_owned(), look: look(Scope::Dim) });
}

/// Tabs as spaces up to the next stop.
fn tabs<'a>(words: &'a str, column: &mut usize) -> std::borrow::Cow<'a, str> {
    if !words.contains('\t') {
        *column += text::width(words);
        return words.into();
    }
    let mut out = String::with_capacity(words.len() + TAB);
    for (at, part) in words.split('\t').enumerate() {
        if at > 0 {
            let gap = TAB - *column % TAB;
            out.extend(std::iter::repeat_n(' ', gap));
            *column += gap;
        }
        out.push_str(part);
        *column += text::width(part);
    }
    out.into()
}

/// Splits pieces where the search found something.
fn marked(pieces: Vec<Piece>, search: &Regex) -> Vec<Piece> {
    let whole: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    let found: Vec<std::ops::Range<usize>> =
        search.find_iter(&whole).map(|found| found.range()).filter(|range| !range.is_empty()).collect();
    if found.is_empty() {
        return pieces;
    }
    let mut out = Vec::new();
    let mut start = 0;
    for piece in pieces {
        let end = start + piece.text.len();
        let mut at = start;
        let inside = found.iter().filter(|range| range.start < end && range.end > start);
        for range in inside {
            let (from, to) = (range.start.max(start), range.end.min(end));
            if from > at {
                out.push(Piece { text: piece.text[at - start..from - start].to_owned(), ..piece.clone() });
            }
            out.push(Piece { text: piece.text[from - start..to - start].to_owned(), look: Look { found: true, ..piece.look } });
            at = to;
        }
        if at < end {
            out.push(Piece { text: piece.text[at - start..].to_owned(), look: piece.look });
        }
        start = end;
    }
    out
}

fn scope_of(level: Level) -> Scope {
    match level {
        Level::Trace | Level::Debug => Scope::Dim,
        Level::Info => Scope::Text,
        Level::Warn => Scope::Warning,
        Level::Error | Level::Fatal => Scope::Error,
    }
}

fn value_scope(value: &str) -> Scope {
    match value.bytes().next() {
        Some(b'"') => Scope::TextString,
        Some(b'-' | b'0'..=b'9') => Scope::TextNumber,
        Some(b't' | b'f' | b'n') => Scope::TextLiteral,
        _ => Scope::Dim,
    }
}

/// Level and message, then the other fields.
fn folded(object: &fields::Object, level: Option<Level>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut add = |words: &str, scope: Scope| pieces.push(Piece { text: text::safe(words).into_owned(), look: look(scope) });
    if let Some(level) = level {
        let scope = if level == Level::Info { Scope::Good } else { scope_of(level) };
        add(&format!("{:<5} ", level.name()), scope);
    }
    let message = fields::MESSAGES.iter().find_map(|key| Some((*key, object.get(*key)?.as_str()?)));
    if let Some((_, words)) = message {
        add(words.trim_end(), level.map_or(Scope::Text, scope_of));
    }
    let said = |key: &str| {
        Some(key) == message.map(|(key, _)| key) || fields::TIMES.contains(&key) || (level.is_some() && fields::LEVELS.contains(&key))
    };
    for (key, value) in object.iter().filter(|(key, _)| !said(key)) {
        add(&format!("  {key}"), Scope::TextKey);
        add("=", Scope::Dim);
        let words = fields::written(value);
        let quoted = matches!(value, Value::String(text) if text.is_empty() || text.contains(char::is_whitespace));
        let words = if quoted { value.to_string().into() } else { words };
        let scope = if value.is_number() { Scope::TextNumber } else { Scope::TextString };
        add(&words, scope);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::*;
    use crate::model::row::Uid;

    fn lay() -> Lay<'static> {
        Lay { width: 40, left: 0, wrap: false, most: 50, stamps: Stamps::Off, json: Json::Raw, names: 0, search: None, now: 0 }
    }

    fn line(text: &str) -> Line<'_> {
        Line { seq: 1, at: 0, source: 0, kind: Kind::Text, text: text.as_bytes() }
    }

    fn texts(rows: &[Vec<Piece>]) -> Vec<String> {
        rows.iter().map(|row| row.iter().map(|piece| piece.text.as_str()).collect()).collect()
    }

    #[test]
    fn colours_stay_and_other_sequences_are_text() {
        let rows = lay().rows(&line("\u{1b}[31mred\u{1b}[0m \u{1b}]52;c;aGk=\u{7}\u{202e}x\0"), None, false);
        assert_eq!(texts(&rows), ["red ␛]52;c;aGk=␇\u{fffd}x␀"]);
        assert_eq!(rows[0][0].look.own.fg, Some(Color::Red));
        assert_eq!(rows[0][1].look.own.fg, None);
    }

    #[test]
    fn long_lines_are_cut_or_wrapped() {
        let long: String = ('a'..='z').cycle().take(100).collect();
        let rows = lay().rows(&line(&long), None, false);
        assert_eq!((texts(&rows)[0].len(), texts(&rows)[0].ends_with('›')), (39 + '›'.len_utf8(), true));
        let moved = Lay { left: 90, ..lay() }.rows(&line(&long), None, false);
        assert_eq!(texts(&moved), [&long[90..]]);
        let wrapped = Lay { wrap: true, ..lay() }.rows(&line(&long), None, false);
        assert_eq!(texts(&wrapped).concat(), long);
        assert_eq!(wrapped.len(), 3);
        // A megabyte costs no more than what is seen of it.
        let huge = "x".repeat(1 << 20);
        assert_eq!(Lay { wrap: true, most: 3, ..lay() }.rows(&line(&huge), None, false).len(), 3);
        // Letters of two columns do not fall apart.
        let wide = Lay { width: 3, wrap: true, ..lay() }.rows(&line("語語語"), None, false);
        assert_eq!(texts(&wide), ["語", "語", "語"]);
    }

    #[test]
    fn names_and_times_stand_before_the_text() {
        let source = Source { namespace: "n".into(), pod: "web-7d8f9c-abcde".into(), uid: Uid::new("u"), container: "app".into(), life: 0 };
        let lay = Lay { names: 10, stamps: Stamps::Utc, now: 86_400, ..lay() };
        let rows = lay.rows(&Line { at: 1_500_000_000, ..line("hello") }, Some(&source), false);
        assert_eq!(texts(&rows), ["01-01 00:00:01.500Z web…-abcde hello"]);
        let wrapped = Lay { wrap: true, ..lay }.rows(&line("hello world"), Some(&source), false);
        assert!(texts(&wrapped)[1].starts_with("          ") && texts(&wrapped)[1].ends_with("  ld"), "{:?}", texts(&wrapped));
    }

    #[test]
    fn json_is_folded_and_unfolded() {
        let text = r#"{"time":"x","level":"error","msg":"it broke","code":7,"who":"a b"}"#;
        let folded = Lay { width: 200, json: Json::Folded, ..lay() }.rows(&line(text), None, false);
        assert_eq!(texts(&folded), [r#"error it broke  code=7  who="a b""#]);
        assert_eq!(folded[0][1].look.scope, Scope::Error);
        let unfolded = Lay { json: Json::Unfolded, ..lay() }.rows(&line(text), None, false);
        assert_eq!(unfolded.len(), 7);
        assert_eq!(texts(&unfolded)[4], "  \"code\": 7,");
        let not = Lay { json: Json::Folded, ..lay() }.rows(&line("{no json}"), None, false);
        assert_eq!(texts(&not), ["{no json}"]);
    }

    #[test]
    fn what_was_found_is_marked_across_colours() {
        let search = Regex::new("ell").unwrap();
        let rows = Lay { search: Some(&search), ..lay() }.rows(&line("he\u{1b}[1mllo bell"), None, false);
        let found: Vec<&str> = rows[0].iter().filter(|piece| piece.look.found).map(|piece| piece.text.as_str()).collect();
        assert_eq!(found, ["e", "ll", "ell"]);
        assert_eq!(texts(&rows), ["hello bell"]);
    }
}
