//! Which lines are left, and which are found: `words !word "two words" /regex/ level>=warn status=500 a | b`.

use regex::{Regex, RegexBuilder};

use super::fields::{self, Level};
use super::plain::plain;
use super::{Line, Source, Tally};
use crate::model::pattern::{LARGEST, between_slashes, pattern, reason};

/// A filter of lines: one of several groups, of which every term has to hold.
#[derive(Clone, Debug)]
pub struct Filter {
    groups: Vec<Vec<Term>>,
    /// As it was typed.
    pub text: String,
}

#[derive(Clone, Debug)]
struct Term {
    holds: bool,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Text(Regex),
    Level(Op, Level),
    Field(String, Op, Regex, Option<f64>),
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Is,
    IsNot,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// The longest first: `>=` is no `>`.
const OPS: &[(&str, Op)] = &[("!=", Op::IsNot), (">=", Op::AtLeast), ("<=", Op::AtMost), ("=", Op::Is), (">", Op::More), ("<", Op::Less)];

impl Op {
    fn holds(self, order: Option<std::cmp::Ordering>) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match self {
            Op::Is => order == Some(Equal),
            Op::IsNot => order.is_some_and(|order| order != Equal),
            Op::Less => order == Some(Less),
            Op::AtMost => matches!(order, Some(Less | Equal)),
            Op::More => order == Some(Greater),
            Op::AtLeast => matches!(order, Some(Greater | Equal)),
        }
    }
}

impl Filter {
    /// Reads a filter; `None` for a blank one.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Option<Filter>, String> {
        let mut groups = vec![Vec::new()];
        for word in words(text)? {
            match (word.text.as_str(), word.quoted) {
                ("|", false) => groups.push(Vec::new()),
                _ => {
                    if let Some(group) = groups.last_mut() {
                        group.push(Term::parse(&word)?);
                    }
                }
            }
        }
        if groups.iter().all(Vec::is_empty) {
            return if groups.len() > 1 { Err("there is nothing beside |".to_owned()) } else { Ok(None) };
        }
        if groups.iter().any(Vec::is_empty) {
            return Err("there is nothing on one side of |".to_owned());
        }
        Ok(Some(Filter { groups, text: text.trim().to_owned() }))
    }

    /// Whether a line is left. Its source counts as fields: `pod`, `container`, `namespace`.
    pub fn holds(&self, raw: &[u8], source: Option<&Source>) -> bool {
        let text = plain(raw);
        let mut known = Known { text: &text, source, json: None };
        self.groups.iter().any(|group| group.iter().all(|term| term.what.holds(&mut known) == term.holds))
    }
}

/// A line while it is looked at: what is dear is worked out once.
struct Known<'a> {
    text: &'a str,
    source: Option<&'a Source>,
    json: Option<Option<fields::Object>>,
}

impl Known<'_> {
    fn field(&mut self, key: &str, compare: impl Fn(&str) -> bool) -> bool {
        if let Some(source) = self.source {
            let own = match key {
                "pod" => Some(&source.pod),
                "container" => Some(&source.container),
                "namespace" => Some(&source.namespace),
                _ => None,
            };
            if own.is_some_and(|own| compare(own)) {
                return true;
            }
        }
        let text = self.text;
        match self.json.get_or_insert_with(|| fields::json(text)) {
            Some(object) => fields::at(object, key).is_some_and(|value| compare(&fields::written(value))),
            None => fields::pairs(text).any(|(name, value)| name == key && compare(&value)),
        }
    }
}

impl What {
    fn holds(&self, line: &mut Known<'_>) -> bool {
        match self {
            What::Text(regex) => regex.is_match(line.text),
            What::Level(op, level) => op.holds(fields::level(line.text).map(|found| found.cmp(level))),
            What::Field(key, op @ (Op::Is | Op::IsNot), regex, _) => line.field(key, |value| regex.is_match(value) == (*op == Op::Is)),
            What::Field(key, op, _, number) => line.field(key, |value| {
                op.holds(value.parse::<f64>().ok().zip(*number).and_then(|(value, number)| value.partial_cmp(&number)))
            }),
        }
    }
}

impl Term {
    fn parse(word: &Word) -> Result<Term, String> {
        let (holds, rest) = match word.text.strip_prefix('!').filter(|rest| !rest.is_empty() && !word.quoted) {
            Some(rest) => (false, rest),
            None => (true, word.text.as_str()),
        };
        if !word.quoted && !rest.starts_with('/') {
            let found =
                rest.char_indices().find_map(|(at, _)| OPS.iter().find(|(sign, _)| rest[at..].starts_with(sign)).map(|op| (at, op)));
            if let Some((at, (sign, op))) = found.filter(|(at, _)| *at > 0) {
                let (key, value) = (&rest[..at], &rest[at + sign.len()..]);
                return Ok(Term { holds, what: compare(key, *op, value, sign)? });
            }
        }
        Ok(Term { holds, what: What::Text(pattern(rest)?) })
    }
}

fn compare(key: &str, op: Op, value: &str, sign: &str) -> Result<What, String> {
    if key.eq_ignore_ascii_case("level") {
        let level = Level::of(value);
        return level
            .map(|level| What::Level(op, level))
            .ok_or_else(|| format!("{value:?} is no level: trace, debug, info, warn, error, fatal"));
    }
    let number = value.parse::<f64>().ok();
    if number.is_none() && !matches!(op, Op::Is | Op::IsNot) {
        return Err(format!("{key}{sign} needs a number, and {value:?} is none"));
    }
    // The whole value, with * for anything; or a regex that is found in it.
    let regex = match between_slashes(value) {
        Some(_) => pattern(value)?,
        None => {
            let parts: Vec<String> = value.split('*').map(regex::escape).collect();
            let whole = RegexBuilder::new(&format!("^(?s:{})$", parts.join(".*"))).case_insensitive(true).size_limit(LARGEST).build();
            whole.map_err(|error| format!("{value}: {}", reason(&error)))?
        }
    };
    Ok(What::Field(key.to_owned(), op, regex, number))
}

struct Word {
    text: String,
    quoted: bool,
}

/// The words of a filter: between spaces, within `"…"`, or within `/…/`.
fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut found = Vec::new();
    let mut letters = text.chars().peekable();
    loop {
        while letters.next_if(|c| c.is_whitespace()).is_some() {}
        let Some(&first) = letters.peek() else { return Ok(found) };
        let mut word = Word { text: String::new(), quoted: first == '"' };
        if word.quoted {
            letters.next();
            loop {
                match letters.next() {
                    Some('"') => break,
                    Some(c) => word.text.push(c),
                    None => return Err("a \" is not closed".to_owned()),
                }
            }
            found.push(word);
            continue;
        }
        let mut regex = false;
        let mut quote = false;
        while let Some(&c) = letters.peek() {
            let begins = matches!(word.text.as_str(), "" | "!") || word.text.ends_with('=');
            match c {
                '/' if !regex && begins => regex = true,
                '/' if regex && !word.text.ends_with('\\') => regex = false,
                '"' if !regex => {
                    quote = !quote;
                    letters.next();
                    continue;
                }
                c if c.is_whitespace() && !regex && !quote => break,
                _ => {}
            }
            word.text.push(c);
            letters.next();
        }
        if quote {
            return Err("a \" is not closed".to_owned());
        }
        found.push(word);
    }
}

/// What is looked for in every line.
#[derive(Clone, Debug, Default)]
pub struct Sieve {
    /// Which lines are left; all of them without one.
    pub filter: Option<Filter>,
    /// Which of those are found.
    pub search: Option<Regex>,
    /// Another one with every change.
    pub generation: u32,
}

impl PartialEq for Sieve {
    fn eq(&self, other: &Sieve) -> bool {
        let texts = |sieve: &Sieve| {
            let filter = sieve.filter.as_ref().map(|filter| filter.text.clone());
            (filter, sieve.search.as_ref().map(|regex| regex.as_str().to_owned()), sieve.generation)
        };
        texts(self) == texts(other)
    }
}

impl Sieve {
    /// Whether a line is left: what containers said by the filter, a gap always, a note only where nothing is filtered.
    pub fn leaves(&self, line: &Line<'_>, sources: &[Source]) -> bool {
        match (&self.filter, line.kind.is_said()) {
            (None, _) => true,
            (Some(filter), true) => filter.holds(line.text, sources.get(usize::from(line.source))),
            (Some(_), false) => line.kind == super::Kind::Gap,
        }
    }

    /// Whether the search finds a line.
    pub fn finds(&self, line: &Line<'_>) -> bool {
        self.search.as_ref().is_some_and(|regex| regex.is_match(&plain(line.text)))
    }

    /// Counts a block's lines.
    pub fn tally(&self, lines: &super::Lines, sources: &[Source]) -> Tally {
        if self.filter.is_none() && self.search.is_none() {
            return Tally { generation: self.generation, left: u32::try_from(lines.len()).unwrap_or(u32::MAX), found: 0 };
        }
        let mut tally = Tally { generation: self.generation, ..Tally::default() };
        for line in lines.iter().filter(|line| self.leaves(line, sources)) {
            tally.left += 1;
            tally.found += u32::from(self.finds(&line));
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(filter: &str, line: &str) -> bool {
        let source = Source {
            namespace: "shop".into(),
            pod: "web-1".into(),
            uid: crate::model::row::Uid::new("u"),
            container: "app".into(),
            life: 0,
        };
        Filter::parse(filter).unwrap().unwrap().holds(line.as_bytes(), Some(&source))
    }

    #[test]
    fn words_regexes_fields_and_levels() {
        let json = r#"{"level":"warn","msg":"Slow answer","status":503,"http":{"path":"/cart"}}"#;
        for (filter, line, expected) in [
            ("slow answer", "a Slow ANSWER", true),
            ("slow answer", "a slow one", false),
            ("Slow", "slow", false),
            ("\"slow answer\"", "slow  answer", false),
            ("!slow", "fast", true),
            ("!slow", "slow", false),
            (r"/s[lo]+w$/", "so slow", true),
            ("!/a b/", "x a b", false),
            ("fast | slow", "slow", true),
            ("fast | slow !so", "so slow", false),
            ("level>=warn", json, true),
            ("level>=error", json, false),
            ("level=error", "no level at all", false),
            ("!level=error", "no level at all", true),
            ("status=503", json, true),
            ("status>=500", json, true),
            ("status<500", json, false),
            ("status=5*", json, true),
            ("http.path=/cart", json, true),
            ("msg=\"slow answer\"", json, true),
            ("status!=200", json, true),
            ("status!=200", "no status", false),
            ("took=3ms", "a took=3ms b", true),
            ("pod=web-*", "anything", true),
            ("container=sidecar", "anything", false),
            ("red", "\u{1b}[31mr\u{1b}[0med", true),
        ] {
            assert_eq!(holds(filter, line), expected, "{filter} on {line}");
        }
    }

    #[test]
    fn what_is_no_filter_says_why() {
        assert!(Filter::parse("  ").unwrap().is_none());
        for (filter, why) in [
            ("/[/", "unclosed"),
            ("level=loud", "no level"),
            ("status>high", "needs a number"),
            ("\"open", "not closed"),
            ("a |", "one side"),
            ("|", "nothing"),
            ("/(x{1000}){1000}/", "too large"),
        ] {
            let error = Filter::parse(filter).expect_err(filter);
            assert!(error.contains(why), "{filter}: {error}");
        }
    }

    #[test]
    fn notes_and_gaps_are_counted_as_they_are_shown() {
        use super::super::{Kind, Lines};
        let mut lines = Lines::default();
        for (seq, (kind, text)) in
            [(Kind::Text, "yes"), (Kind::Text, "no"), (Kind::Note, "yes"), (Kind::Gap, "gap"), (Kind::Rest, "yes!")].into_iter().enumerate()
        {
            lines.push(Line { seq: seq as u64, at: 0, source: 0, kind, text: text.as_bytes() });
        }
        let sieve = Sieve { filter: Filter::parse("yes").unwrap(), search: Some(pattern("!").unwrap()), generation: 3 };
        assert_eq!(sieve.tally(&lines, &[]), Tally { generation: 3, left: 3, found: 1 });
        assert_eq!(Sieve::default().tally(&lines, &[]).left, 5);
    }
}
