//! Text to nodes: documents cut as kubectl cuts them, aliases followed as far as kubectl follows them.

use std::sync::Arc;

use arcstr::ArcStr;
use rustc_hash::FxHashMap;
use serde_yaml::granit_parser::{self, ErrorKind, Event, Marker, Parser, ScalarStyle, Span, Tag};

use super::node::{Content, Entry, Node};
use super::place::{Fault, Place};
use super::scalar;
use crate::model::tree::Tree;

/// One document of a text.
#[derive(Clone, Debug)]
pub struct Document {
    /// The object: a map.
    pub root: Node,
    /// Keys that come twice.
    pub twice: Vec<Twice>,
}

/// A key that comes twice in one map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twice {
    /// The key.
    pub name: ArcStr,
    /// Where it stands first.
    pub first: Place,
    /// Where it stands again; what stands there counts.
    pub again: Place,
}

impl Document {
    /// The object without places.
    pub fn tree(&self) -> Tree {
        self.root.tree()
    }
}

/// Lists and maps within one another.
const DEEPEST: usize = 200;

/// Text of bytes, without the mark of byte order that some editors put at the start.
///
/// # Errors
/// The first byte that is no UTF-8, and where.
pub fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|why| {
        let (before, rest) = bytes.split_at(why.valid_up_to());
        let before = String::from_utf8_lossy(before);
        let line = before.rsplit('\n').next().unwrap_or_default();
        let at = Place {
            start: why.valid_up_to(),
            end: why.valid_up_to() + 1,
            line: 1 + before.matches('\n').count(),
            column: 1 + line.chars().count(),
        };
        let byte = rest.first().copied().unwrap_or_default();
        Fault {
            at,
            message: format!("the byte 0x{byte:02x} is no UTF-8 text; binary data goes into a Secret's data or binaryData, as base64"),
        }
    })
}

/// The one object of a text.
///
/// # Errors
/// It cannot be read, there is none, there are several, or it is no map.
pub fn read(text: &str) -> Result<Document, Fault> {
    let mut all = documents(text).into_iter();
    let first = all.next().unwrap_or_else(|| {
        Err(Fault { at: Place { line: 1, column: 1, ..Place::default() }, message: "there is no object here".into() })
    })?;
    match all.next() {
        None => Ok(first),
        Some(Err(fault)) => Err(fault),
        Some(Ok(second)) => {
            let message = format!("another document begins here ({} in all); one object is edited at a time", 2 + all.count());
            Err(Fault { at: second.root.at, message })
        }
    }
}

/// All objects of a text, without the documents that are empty or comments only. What is wrong with one costs no other.
pub fn documents(text: &str) -> Vec<Result<Document, Fault>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    chunks(text).into_iter().filter_map(|chunk| chunk.and_then(|chunk| chunk.read()).transpose()).collect()
}

/// A part of a text between two lines of `---`.
struct Chunk<'t> {
    text: &'t str,
    /// Bytes and lines before it.
    bytes: usize,
    lines: usize,
}

/// Cuts a text at lines of `---`. (apimachinery's `YAMLReader.Read`)
fn chunks(text: &str) -> Vec<Result<Chunk<'_>, Fault>> {
    let mut out = Vec::new();
    let (mut start, mut first) = (0, 0);
    let mut bytes = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if let Some(rest) = line.strip_prefix("---") {
            out.push(Ok(Chunk { text: &text[start..bytes], bytes: start, lines: first }));
            (start, first) = (bytes + line.len(), number + 1);
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                let at = Place { start: bytes, end: bytes + line.trim_end().len(), line: number + 1, column: 1 };
                out.push(Err(Fault { at, message: format!("only a comment may stand beside ---, not {rest}") }));
            }
        }
        bytes += line.len();
    }
    out.push(Ok(Chunk { text: &text[start..], bytes: start, lines: first }));
    out
}

impl Chunk<'_> {
    fn place(&self, start: Marker, end: Marker) -> Place {
        let byte = |marker: Marker| self.bytes + marker.byte_offset().unwrap_or_else(|| bytes_of(self.text, marker.index()));
        Place { start: byte(start), end: byte(end).max(byte(start)), line: self.lines + start.line(), column: start.col() + 1 }
    }

    fn read(&self) -> Result<Option<Document>, Fault> {
        if self.text.lines().all(|line| line.trim_start().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(None);
        }
        match self.parsed(self.text) {
            // JSON may be indented with tabs, which YAML's parser is stricter about than its standard. One byte is one byte.
            Err(fault) if fault.message == TAB && self.text.trim_start().starts_with('{') => self.parsed(&untabbed(self.text)),
            read => read,
        }
    }

    fn parsed(&self, text: &str) -> Result<Option<Document>, Fault> {
        let options = granit_parser::options! {
            emit_comments: false,
            flow_nesting_limit: DEEPEST,
            block_nesting_limit: DEEPEST,
            simple_key_max_lookahead: 8192,
        };
        let parser = Parser::new_from_str_with_options(text, options);
        Builder { chunk: self, parser, anchors: FxHashMap::default(), twice: Vec::new(), decoded: 0, aliased: 0 }.document()
    }
}

const TAB: &str = "a tab; YAML is indented with spaces";

/// A text whose lines begin with spaces where they began with tabs.
fn untabbed(text: &str) -> String {
    let line = |line: &str| {
        let rest = line.trim_start_matches([' ', '\t']);
        " ".repeat(line.len() - rest.len()) + rest
    };
    text.split_inclusive('\n').map(line).collect()
}

/// The byte at which the character of a number begins.
fn bytes_of(text: &str, characters: usize) -> usize {
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

/// An anchored node, and how many nodes it is made of with all that its aliases stand for.
struct Anchored {
    node: Node,
    weight: u64,
}

struct Builder<'c, 't> {
    chunk: &'c Chunk<'c>,
    parser: Parser<'t, granit_parser::StrInput<'t>>,
    /// By number; `None` while it is being read.
    anchors: FxHashMap<usize, Option<Anchored>>,
    twice: Vec<Twice>,
    /// Nodes so far, with what aliases stand for, and those of aliases alone.
    decoded: u64,
    aliased: u64,
}

impl<'t> Builder<'_, 't> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let mut at = self.chunk.place(*error.marker(), *error.marker());
                // Of a text that goes on in the next line it says where that begins.
                if let Some(found) =
                    error.to_string().contains("found a tab").then(|| indented(self.chunk.text, at, self.chunk.bytes)).flatten()
                {
                    return Err(Fault { at: found, message: TAB.into() });
                }
                // The parser is behind the tab by then.
                if tab(error.kind()) && self.chunk.text.as_bytes().get((at.start - self.chunk.bytes).wrapping_sub(1)) == Some(&b'\t') {
                    (at.start, at.column) = (at.start - 1, at.column.saturating_sub(1).max(1));
                }
                Err(Fault { at, message: words(error.kind()) })
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn document(mut self) -> Result<Option<Document>, Fault> {
        let mut root: Option<Node> = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    let message = "another document begins here without a line of --- before it".into();
                    return Err(Fault { at: self.chunk.place(span.start, span.end), message });
                }
                Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_) => {
                    root = Some(self.node(event, span)?.0);
                }
                _ => {}
            }
        }
        let Some(root) = root else { return Ok(None) };
        let what = match &root.content {
            Content::Map(_) => return Ok(Some(Document { root, twice: self.twice })),
            Content::Scalar { value: Tree::Null, .. } => return Ok(None),
            Content::Scalar { .. } => "a single value",
            Content::List(_) => "a list",
        };
        Err(Fault { at: root.at, message: format!("an object has fields (apiVersion: …, kind: …); this is {what}") })
    }

    /// A node whose first event was read, and its weight.
    fn node(&mut self, event: Event<'t>, span: Span) -> Result<(Node, u64), Fault> {
        self.decoded += 1;
        let at = self.chunk.place(span.start, span.end);
        let (content, anchor, weight) = match event {
            Event::Alias(id) => return self.alias(id, at),
            Event::Scalar(text, style, anchor, tag) => (scalar(&text, style, tag.as_deref(), at)?, anchor, 1),
            Event::SequenceStart(_, anchor, _) => {
                self.begin(anchor);
                let (items, weight) = self.items()?;
                (Content::List(Arc::new(items)), anchor, weight)
            }
            Event::MappingStart(_, anchor, _) => {
                self.begin(anchor);
                let (entries, weight) = self.entries()?;
                (Content::Map(Arc::new(entries)), anchor, weight)
            }
            _ => return Err(Fault { at, message: "a value is missing here".into() }),
        };
        let node = Node { at, key: None, content };
        if anchor != 0 {
            self.anchors.insert(anchor, Some(Anchored { node: node.clone(), weight }));
        }
        Ok((node, weight))
    }

    fn begin(&mut self, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
    }

    /// What an alias stands for, within the limits of go-yaml. (`allowedAliasRatio`)
    fn alias(&mut self, id: usize, at: Place) -> Result<(Node, u64), Fault> {
        let fault = |message: &str| Err(Fault { at, message: message.into() });
        let Some(Some(known)) = self.anchors.get(&id) else {
            return fault("an anchor's value contains itself");
        };
        let node = Node { at, key: None, content: known.node.content.clone() };
        let weight = known.weight.saturating_add(1);
        self.decoded = self.decoded.saturating_add(known.weight);
        self.aliased = self.aliased.saturating_add(known.weight);
        let (decoded, aliased) = (self.decoded as f64, self.aliased as f64);
        let allowed = (0.99 - 0.89 * (decoded - 400_000.0) / 3_600_000.0).clamp(0.10, 0.99);
        if self.aliased > 100 && self.decoded > 1000 && aliased / decoded > allowed {
            return fault("the aliases (*name) up to here stand for far more than is written; they are not followed");
        }
        Ok((node, weight))
    }

    fn items(&mut self) -> Result<(Vec<Node>, u64), Fault> {
        let (mut items, mut weight) = (Vec::new(), 1_u64);
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok((items, weight)),
                (event, span) => {
                    let (node, more) = self.node(event, span)?;
                    weight = weight.saturating_add(more);
                    items.push(node);
                }
            }
        }
    }

    fn entries(&mut self) -> Result<(Vec<Entry>, u64), Fault> {
        let (mut entries, mut weight): (Vec<Entry>, u64) = (Vec::new(), 1);
        let mut seen: FxHashMap<ArcStr, Place> = FxHashMap::default();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok((entries, weight));
            }
            let place = self.chunk.place(span.start, span.end);
            let name = self.name(event, place)?;
            let (event, span) = self.next()?;
            let (node, more) = self.node(event, span)?;
            weight = weight.saturating_add(more).saturating_add(1);
            let Some(name) = name else {
                merge_in(&mut entries, &node, place)?;
                continue;
            };
            if let Some(first) = seen.get(&name) {
                self.twice.push(Twice { name: name.clone(), first: *first, again: place });
            } else {
                seen.insert(name.clone(), place);
            }
            entries.push(Entry { name, node: Node { key: Some(place), ..node } });
        }
    }

    /// The text of a key; `None` for `<<`.
    fn name(&mut self, event: Event<'t>, at: Place) -> Result<Option<ArcStr>, Fault> {
        self.decoded += 1;
        let fault = |message: String| Fault { at, message };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if anchor != 0 {
                    let content = scalar(&text, style, tag.as_deref(), at)?;
                    self.anchors.insert(anchor, Some(Anchored { node: Node { at, key: None, content }, weight: 1 }));
                }
                let kind = tag_name(tag.as_deref());
                if &*text == "<<" && (kind == "merge" || (kind.is_empty() && style == ScalarStyle::Plain)) {
                    return Ok(None);
                }
                scalar::key(kind, &text, style != ScalarStyle::Plain).map(|name| Some(name.into())).map_err(fault)
            }
            Event::Alias(id) => match self.alias(id, at)?.0.content {
                Content::Scalar { value: Tree::Text(text), .. } => Ok(Some(text)),
                _ => Err(fault("an alias that is no text cannot be a key".into())),
            },
            _ => Err(fault("a list or a map cannot be a key".into())),
        }
    }
}

/// `<<: *other`: the entries of another map, over those that came before. (go-yaml's `decoder.merge`)
fn merge_in(entries: &mut Vec<Entry>, from: &Node, at: Place) -> Result<(), Fault> {
    let sources: Vec<&Node> = match &from.content {
        Content::Map(_) => vec![from],
        Content::List(items) => items.iter().rev().collect(),
        Content::Scalar { .. } => Vec::new(),
    };
    if sources.is_empty() || sources.iter().any(|node| !matches!(node.content, Content::Map(_))) {
        return Err(Fault { at, message: "what << merges is a map or a list of maps".into() });
    }
    for entry in sources.into_iter().flat_map(Node::entries) {
        entries.retain(|known| known.name != entry.name);
        entries.push(entry.clone());
    }
    Ok(())
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Place) -> Result<Content, Fault> {
    let kind = tag_name(tag);
    let quoted = kind == "str" || (kind.is_empty() && (style != ScalarStyle::Plain || tag.is_some()));
    if quoted {
        return Ok(Content::Scalar { value: text.into(), quoted });
    }
    let value = scalar::resolve(kind, text).map_err(|message| Fault { at, message })?;
    Ok(Content::Scalar { value, quoted: !kind.is_empty() })
}

/// `int` of `!!int`; `other` of a tag that is nobody's; empty where there is none.
fn tag_name(tag: Option<&Tag>) -> &str {
    match tag {
        None => "",
        Some(tag) if tag.handle() == "tag:yaml.org,2002:" => tag.suffix(),
        Some(tag) if tag.handle() == "!" && tag.suffix().is_empty() => "str",
        Some(_) => "other",
    }
}

/// The first line from a place on that is indented with a tab.
fn indented(text: &str, from: Place, before: usize) -> Option<Place> {
    let mut start = text[..from.start - before].rfind('\n').map_or(0, |at| at + 1);
    for (line, words) in (from.line..).zip(text[start..].split('\n')) {
        let blank = words.len() - words.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = words[..blank].find('\t') {
            let at = before + start + tab;
            return Some(Place { start: at, end: at + 1, line, column: tab + 1 });
        }
        start += words.len() + 1;
    }
    None
}

fn tab(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation)
}

/// What the parser found, for people who write YAML and not parsers.
fn words(kind: &ErrorKind) -> String {
    match kind {
        kind if tab(kind) => TAB.into(),
        ErrorKind::SimpleKeyExpected => "a field needs a colon and a space after its name".into(),
        ErrorKind::UnknownAnchor => "an alias (*name) of an anchor (&name) that is nowhere before it".into(),
        ErrorKind::ExpectedBlockMappingKey => "a field was expected here; is the indentation that of its neighbours?".into(),
        ErrorKind::ExpectedBlockSequenceEntry => "an item (- …) was expected here; is the indentation that of its neighbours?".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
