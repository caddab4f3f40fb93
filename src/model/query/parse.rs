//! From text to a [`Node`]: recursive descent straight over the characters, since what a character means depends on
//! what stands before it (`/` begins a regular expression, but is part of `app.kubernetes.io/name=web`).

use std::ops::Range;
use std::sync::Arc;

use regex::RegexBuilder;

use super::compare::{Compare, Op};
use super::search::Search;
use super::{Mistake, Node};
use crate::model::facts::{Operator, Requirement, Selector};
use crate::model::pattern::{LARGEST, reason};
use crate::model::row::{Align, Column, Source};

/// Nobody writes more by hand, and a pasted file must not exhaust the stack.
const DEEPEST: usize = 50;

/// Reads a whole filter; `None` for a blank one.
pub(super) fn parse(text: &str, columns: &[Column]) -> Result<Option<Node>, Mistake> {
    let mut parser = Parser { text, at: 0, columns, depth: 0 };
    parser.skip_spaces();
    if parser.peek().is_none() {
        return Ok(None);
    }
    let node = parser.any("the filter")?;
    match parser.peek() {
        None => Ok(Some(node)),
        // `any` stops at nothing else.
        Some(_) => mistake(parser.at..parser.at + 1, "`)` without `(`"),
    }
}

fn mistake<T>(at: Range<usize>, message: impl Into<String>) -> Result<T, Mistake> {
    Err(Mistake { at, message: message.into() })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    columns: &'a [Column],
    depth: usize,
}

/// A value as written, and where.
struct Written {
    text: String,
    at: Range<usize>,
    quoted: bool,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, text: &str) -> bool {
        let there = self.rest().starts_with(text);
        if there {
            self.at += text.len();
        }
        there
    }

    /// `a | b`. `before` is what stands before it, for the message when nothing comes.
    fn any(&mut self, mut before: &str) -> Result<Node, Mistake> {
        let mut nodes = Vec::new();
        loop {
            nodes.push(self.all(before)?);
            if !self.eat("|") {
                return Ok(one_or(nodes, Node::Any));
            }
            before = "`|`";
        }
    }

    /// `a b`, up to `|`, `)` or the end.
    fn all(&mut self, before: &str) -> Result<Node, Mistake> {
        let mut nodes = Vec::new();
        loop {
            self.skip_spaces();
            match self.peek() {
                None | Some('|' | ')') if !nodes.is_empty() => return Ok(one_or(nodes, Node::All)),
                Some('|') if before != "`|`" => return mistake(self.at..self.at + 1, "nothing stands before `|`"),
                Some(')') if before == "the filter" => return mistake(self.at..self.at + 1, "`)` without `(`"),
                Some('|' | ')') => return mistake(self.at..self.at + 1, format!("nothing stands after {before}")),
                None => return mistake(self.at..self.at, format!("nothing stands after {before}")),
                Some(_) => nodes.push(self.not()?),
            }
        }
    }

    /// `!a`, `!!a`.
    fn not(&mut self) -> Result<Node, Mistake> {
        let start = self.at;
        let mut negative = false;
        while self.eat("!") {
            negative = !negative;
            self.skip_spaces();
        }
        if self.at > start && matches!(self.peek(), None | Some('|' | ')')) {
            return mistake(start..start + 1, "nothing stands after `!`");
        }
        let node = self.atom()?;
        Ok(if negative { Node::Not(Box::new(node)) } else { node })
    }

    fn atom(&mut self) -> Result<Node, Mistake> {
        match self.peek() {
            Some('(') => self.group(),
            Some('"') => {
                let phrase = self.quoted()?;
                match phrase.text.is_empty() {
                    true => mistake(phrase.at, "nothing stands between the quotes"),
                    false => Ok(search(Search::phrase(&phrase.text))),
                }
            }
            Some('/') => self.regex(),
            _ => self.word(),
        }
    }

    fn group(&mut self) -> Result<Node, Mistake> {
        let start = self.at;
        self.at += 1;
        self.depth += 1;
        if self.depth > DEEPEST {
            return mistake(start..start + 1, format!("parentheses stand more than {DEEPEST} deep"));
        }
        let node = self.any("`(`")?;
        self.depth -= 1;
        if self.eat(")") { Ok(node) } else { mistake(start..start + 1, "`(` has no `)`") }
    }

    /// `"…"`, with `\"` and `\\` inside.
    fn quoted(&mut self) -> Result<Written, Mistake> {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(Written { text, at: start..self.at, quoted: true });
                }
                '\\' => match chars.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    Some((_, other)) => text.extend(['\\', other]),
                    None => break,
                },
                _ => text.push(c),
            }
        }
        mistake(start..self.text.len(), "the closing `\"` is missing")
    }

    /// `/…/`, with `\/` for a slash inside.
    fn regex(&mut self) -> Result<Node, Mistake> {
        let start = self.at;
        let mut pattern = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        let end = loop {
            match chars.next() {
                None => return mistake(start..self.text.len(), "the closing `/` of the regular expression is missing"),
                Some((at, '/')) => break start + at + 1,
                Some((_, '\\')) => match chars.next() {
                    Some((_, '/')) => pattern.push('/'),
                    Some((_, other)) => pattern.extend(['\\', other]),
                    None => pattern.push('\\'),
                },
                Some((_, c)) => pattern.push(c),
            }
        };
        self.at = end;
        if pattern.is_empty() {
            return mistake(start..end, "nothing stands between the slashes");
        }
        let regex = RegexBuilder::new(&pattern).case_insensitive(true).size_limit(LARGEST).build();
        match regex {
            Ok(regex) => Ok(search(Search::regex(regex))),
            Err(error) => mistake(start..end, format!("not a regular expression: {}", reason(&error))),
        }
    }

    /// A word, or a comparison that begins with one.
    fn word(&mut self) -> Result<Node, Mistake> {
        let start = self.at;
        if let Some(hole) = self.hole() {
            self.at += hole.len();
            return Ok(search(Search::word(hole)));
        }
        if let Some((op, length)) = self.op() {
            return mistake(start..start + length, format!("a column or a label must stand before `{}`", op.sign()));
        }
        while self.op().is_none()
            && let Some(c) = self.peek().filter(|&c| !delimits(c))
        {
            self.at += c.len_utf8();
        }
        let (key, end) = (&self.text[start..self.at], self.at);
        self.skip_spaces();
        let spaced = self.at > end;
        if !(spaced && self.hole().is_some())
            && let Some((op, length)) = self.op()
        {
            self.at += length;
            return self.comparison(start, key, op);
        }
        if spaced && let Some(negative) = self.in_list() {
            return self.list(start, key, negative);
        }
        self.at = end;
        match key.strip_prefix("label:") {
            Some("") => mistake(start..end, "the key of a label must stand after `label:`"),
            Some(key) => Ok(label(key, Operator::Exists, Vec::new())),
            None => Ok(search(Search::word(key))),
        }
    }

    /// `<none>` or `<unknown>`, which are words and not comparisons.
    fn hole(&self) -> Option<&'a str> {
        ["<none>", "<unknown>"].into_iter().find(|hole| self.rest().starts_with(hole))
    }

    /// The operator that stands here, and its length.
    fn op(&self) -> Option<(Op, usize)> {
        let all = [
            ("!=", Op::NotEqual),
            ("==", Op::Equal),
            ("=", Op::Equal),
            ("<=", Op::AtMost),
            ("<", Op::Less),
            (">=", Op::AtLeast),
            (">", Op::Greater),
        ];
        all.into_iter().find(|(sign, _)| self.rest().starts_with(sign)).map(|(sign, op)| (op, sign.len()))
    }

    /// Steps over `in (` or `notin (`; whether it is `notin`.
    fn in_list(&mut self) -> Option<bool> {
        let rest = self.rest();
        let (word, negative) = ["in", "notin"]
            .into_iter()
            .zip([false, true])
            .find(|(word, _)| rest.strip_prefix(word).is_some_and(|rest| rest.trim_start().starts_with('(')))?;
        self.at += word.len();
        self.skip_spaces();
        self.at += 1;
        Some(negative)
    }

    fn comparison(&mut self, start: usize, key: &'a str, op: Op) -> Result<Node, Mistake> {
        let signed = self.at;
        self.skip_spaces();
        let value = self.value()?;
        if value.text.is_empty() && !value.quoted {
            return mistake(start..signed, format!("a value must stand after `{key}{}`", op.sign()));
        }
        let whole = start..value.at.end;
        if let Some(column) = self.column(key) {
            return compare(&column, key, op, &value);
        }
        let key = key.strip_prefix("label:").unwrap_or(key);
        if key.is_empty() {
            return mistake(whole, "the key of a label must stand after `label:`");
        }
        if op.orders() {
            return mistake(start..signed, format!("no column is called {key}, and labels have no order"));
        }
        let operator = if op == Op::Equal { Operator::In } else { Operator::NotIn };
        let Some((first, others)) = value.text.split_once(',') else {
            return Ok(label(key, operator, vec![value.text]));
        };
        // kubectl's way to say "and": `app=web,tier=db`.
        let mut nodes = vec![label(key, operator, vec![first.to_owned()])];
        for other in others.split(',') {
            let (key, operator, text) = match (other.split_once("!="), other.split_once('=')) {
                (Some((key, text)), _) => (key, Operator::NotIn, text),
                (None, Some((key, text))) => (key, Operator::In, text.strip_prefix('=').unwrap_or(text)),
                (None, None) => {
                    return mistake(value.at, format!("the value of a label has no comma: write `{key} in ({})`", value.text));
                }
            };
            nodes.push(label(key, operator, vec![text.to_owned()]));
        }
        Ok(Node::All(nodes))
    }

    /// The values after `key in (`, up to `)`.
    fn list(&mut self, start: usize, key: &'a str, negative: bool) -> Result<Node, Mistake> {
        let opened = self.at;
        let mut values = Vec::new();
        loop {
            self.skip_spaces();
            let value = self.value_before(',')?;
            if value.text.is_empty() && !value.quoted {
                return mistake(value.at, "a value is missing in the list");
            }
            values.push(value);
            self.skip_spaces();
            if self.eat(",") {
                continue;
            }
            if self.eat(")") {
                break;
            }
            return match self.peek() {
                None => mistake(opened - 1..opened, "`(` has no `)`"),
                Some(c) => mistake(self.at..self.at + c.len_utf8(), "a list has values, commas between them, and `)` at its end"),
            };
        }
        let node = match self.column(key) {
            Some(column) => {
                let nodes: Result<Vec<_>, _> = values.iter().map(|value| compare(&column, key, Op::Equal, value)).collect();
                let node = one_or(nodes?, Node::Any);
                return Ok(if negative { Node::Not(Box::new(node)) } else { node });
            }
            None => key.strip_prefix("label:").unwrap_or(key),
        };
        if node.is_empty() {
            return mistake(start..self.at, "the key of a label must stand after `label:`");
        }
        let operator = if negative { Operator::NotIn } else { Operator::In };
        Ok(label(node, operator, values.into_iter().map(|value| value.text).collect()))
    }

    fn value(&mut self) -> Result<Written, Mistake> {
        self.value_before(' ')
    }

    /// A value, quoted or up to a space, parenthesis, `|` or `end`.
    fn value_before(&mut self, end: char) -> Result<Written, Mistake> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let start = self.at;
        let length = self.rest().find(|c| delimits(c) || c == end).unwrap_or(self.rest().len());
        self.at += length;
        let text = &self.text[start..self.at];
        if let Some(sign) = text.chars().next().filter(|c| matches!(c, '=' | '<' | '>'))
            && !matches!(text, "<none>" | "<unknown>")
        {
            return mistake(start..start + 1, format!("`{sign}` is one sign too many: the operators are = != < <= > >="));
        }
        Ok(Written { text: text.to_owned(), at: start..self.at, quoted: false })
    }

    fn column(&self, key: &str) -> Option<Column> {
        column(key, self.columns)
    }
}

/// See [`super::column`].
pub(super) fn column(key: &str, columns: &[Column]) -> Option<Column> {
    let wanted = squashed(key);
    if wanted.is_empty() {
        return None;
    }
    let named = |name: &str| columns.iter().find(|column| squashed(&column.name) == *name);
    let source = |source| columns.iter().find(|column| column.source == source);
    let always = |source| Some(Column { name: key.to_uppercase().into(), source, wide: false, align: Align::Left });
    let found = named(&wanted).or_else(|| match &*wanted {
        "cpu" => source(Source::Cpu),
        "mem" | "memory" => source(Source::Memory),
        _ => None,
    });
    found.cloned().or_else(|| match &*wanted {
        "name" => always(Source::Name),
        "namespace" | "ns" => always(Source::Namespace),
        "age" => always(Source::Age),
        _ => None,
    })
}

fn compare(column: &Column, key: &str, op: Op, value: &Written) -> Result<Node, Mistake> {
    match Compare::new(column, op, &value.text) {
        Ok(compare) => Ok(Node::Compare(compare)),
        Err(why) => mistake(value.at.clone(), format!("`{key}{}{}`: {why}", op.sign(), value.text)),
    }
}

fn search(search: Search) -> Node {
    // Numbered when all is read.
    Node::Search(search, 0)
}

fn label(key: &str, operator: Operator, values: Vec<String>) -> Node {
    let values = values.into_iter().map(Arc::from).collect();
    Node::Label(Selector { requirements: [Requirement { key: key.into(), operator, values }].into() })
}

fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            many(nodes)
        }
        None => many(nodes),
    }
}

/// Ends a word or a value.
fn delimits(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '|')
}

/// `NOMINATED NODE`, `nominated-node` and `nominatednode` are one: letters and digits, lower case. A key with other
/// signs (`app.kubernetes.io/name`, `label:status`) names no column.
fn squashed(name: &str) -> String {
    if name.contains(['.', '/', ':']) {
        return String::new();
    }
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
