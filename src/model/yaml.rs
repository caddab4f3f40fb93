//! JSON as YAML, byte for byte as `kubectl get -o yaml` prints it: go.yaml.in/yaml/v2's emitter (`emitterc.go`) with
//! sigs.k8s.io/yaml's settings, which folds lines after column 80 and does not indent lists.
//!
//! Where kubectl prints what another reader than its own would take for something else (`1e999`, `yEs`, separators of lines and
//! paragraphs in the middle of a text), the text is quoted: what is printed here is read back as what it was.
//!
//! What a person should see otherwise than the API has it is said by [`Note`]s: they become comments, and what is printed
//! stays YAML.

use serde_json::{Map, Value};

mod order;
mod resolve;
mod scalar;

use scalar::Style;

/// Spaces of one level.
const STEP: usize = 2;
/// Lines are broken at the first space beyond this column.
const WIDTH: usize = 80;
/// The longest key, in bytes, that stands before its value without a `?`.
const SIMPLE: usize = 128;

/// How an entry of a map is shown otherwise than it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// `# words` in place of the entry.
    Instead(String),
    /// `# words` behind the first line of the entry; nothing where they are empty.
    Beside(String),
    /// Another value, with `# words` behind it.
    Other(Value, String),
}

/// The YAML of a value, which ends with the end of a line.
pub fn print(value: &Value) -> String {
    print_noted(value, &|_, _| None)
}

/// The same with notes: `note` is asked of each entry of each map, by its path of keys (`[]` is a list's item) and its value.
pub fn print_noted(value: &Value, note: &dyn Fn(&[&str], &Value) -> Option<Note>) -> String {
    let mut writer = Writer { note, path: Vec::new(), out: Out::new() };
    writer.node(value, Context::default());
    writer.out.indent();
    writer.out.text
}

/// Where a node stands.
#[derive(Clone, Copy, Default)]
struct Context {
    /// It is a key or a value of a map.
    mapping: bool,
    /// It is a key before a colon in the same line.
    simple_key: bool,
}

const VALUE: Context = Context { mapping: true, simple_key: false };

struct Writer<'a> {
    note: &'a dyn Fn(&[&str], &Value) -> Option<Note>,
    path: Vec<&'a str>,
    out: Out,
}

impl<'a> Writer<'a> {
    fn node(&mut self, value: &'a Value, context: Context) {
        match value {
            Value::Null => self.out.plain("null"),
            Value::Bool(true) => self.out.plain("true"),
            Value::Bool(false) => self.out.plain("false"),
            Value::Number(number) => self.out.plain(&scalar::number(number)),
            Value::String(text) => self.out.scalar(text, context.simple_key),
            Value::Array(items) if items.is_empty() => self.out.sign("[]", true),
            Value::Object(map) if map.is_empty() => self.out.sign("{}", true),
            Value::Array(items) => self.list(items, context),
            Value::Object(map) => self.map(map),
        }
        self.out.comment();
    }

    fn list(&mut self, items: &'a [Value], context: Context) {
        self.out.comment();
        let before = self.out.deeper(context.mapping && !self.out.indention);
        for item in items {
            self.out.indent();
            self.out.mark("-");
            self.path.push("[]");
            self.node(item, Context::default());
            self.path.pop();
        }
        self.out.level = before;
    }

    fn map(&mut self, map: &'a Map<String, Value>) {
        self.out.comment();
        let before = self.out.deeper(false);
        for (key, value) in order::sorted(map) {
            self.path.push(key);
            let note = (self.note)(&self.path, value);
            self.out.indent();
            match note {
                Some(Note::Instead(words)) => {
                    self.out.later = Some(words);
                    self.out.comment();
                }
                Some(Note::Beside(words)) => {
                    self.key(key);
                    self.out.later = Some(words).filter(|words| !words.is_empty());
                    self.node(value, VALUE);
                }
                Some(Note::Other(other, words)) => {
                    self.key(key);
                    self.out.later = Some(words).filter(|words| !words.is_empty());
                    // What is shown instead is the program's own, and has no notes.
                    let mut inner = Writer { note: &|_, _| None, path: Vec::new(), out: std::mem::replace(&mut self.out, Out::new()) };
                    inner.node(&other, VALUE);
                    self.out = inner.out;
                }
                None => {
                    self.key(key);
                    self.node(value, VALUE);
                }
            }
            self.path.pop();
        }
        self.out.level = before;
    }

    fn key(&mut self, key: &str) {
        if scalar::is_one_line(key) && key.len() <= SIMPLE {
            self.out.scalar(key, true);
            self.out.sign(":", false);
        } else {
            self.out.mark("?");
            self.out.scalar(key, false);
            self.out.indent();
            self.out.mark(":");
        }
    }
}

/// The text so far, and what the emitter knows of its end.
struct Out {
    text: String,
    /// Characters since the last break.
    column: usize,
    /// Columns of the level; `None` before the first one.
    level: Option<usize>,
    /// The last thing was white space, or may be taken for it.
    whitespace: bool,
    /// Nothing but indentation and `-`, `?`, `:` that count as such is in this line so far.
    indention: bool,
    /// A comment for the end of this line.
    later: Option<String>,
}

impl Out {
    fn new() -> Out {
        Out { text: String::new(), column: 0, level: None, whitespace: true, indention: true, later: None }
    }

    /// One level deeper, unless the list's dashes stand where the keys do; gives the level before.
    fn deeper(&mut self, same: bool) -> Option<usize> {
        let before = self.level;
        self.level = Some(match before {
            None => 0,
            Some(level) if same => level,
            Some(level) => level + STEP,
        });
        before
    }

    fn put(&mut self, c: char) {
        self.text.push(c);
        self.column += 1;
    }

    fn end_line(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    /// To the column of the level, in another line where this one has something in it (`yaml_emitter_write_indent`).
    fn indent(&mut self) {
        let level = self.level.unwrap_or(0);
        if !self.indention || self.column > level || (self.column == level && !self.whitespace) {
            self.end_line();
        }
        while self.column < level {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    /// `-`, `?` or `:` of a level: what follows may begin a level in the same line.
    fn mark(&mut self, sign: &str) {
        let indention = self.indention;
        self.sign(sign, true);
        self.indention = indention;
    }

    /// A sign, with a space before it where one is needed.
    fn sign(&mut self, sign: &str, spaced: bool) {
        if spaced && !self.whitespace {
            self.put(' ');
        }
        sign.chars().for_each(|c| self.put(c));
        self.whitespace = false;
        self.indention = false;
    }

    /// What is never quoted: numbers, `true`, `null`.
    fn plain(&mut self, text: &str) {
        self.sign(text, true);
    }

    /// A text in the style that suits it.
    fn scalar(&mut self, text: &str, simple_key: bool) {
        // `yaml_emitter_emit_scalar` counts the lines of a scalar as a level of their own.
        let before = self.level;
        self.level = Some(before.map_or(STEP, |level| level + STEP));
        match scalar::style(text, simple_key) {
            Style::Plain => self.write_plain(text, !simple_key),
            Style::Single => self.write_single(text, !simple_key),
            Style::Double => self.write_double(text, !simple_key),
            Style::Literal => self.write_literal(text),
        }
        self.level = before;
    }

    /// The comment that waits for the end of the line, if any.
    fn comment(&mut self) {
        let Some(words) = self.later.take() else { return };
        if !self.whitespace {
            self.put(' ');
        }
        self.text.push_str("# ");
        self.text.push_str(&words);
        self.column += words.chars().count() + 2;
        self.whitespace = false;
        self.indention = false;
    }
}

#[cfg(test)]
mod tests;
