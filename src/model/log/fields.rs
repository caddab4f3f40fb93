//! What a line says in fields: JSON, or `key=value` (logfmt, klog); and how grave it is.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::Value;

/// How grave a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// For whoever looks for a mistake.
    Debug,
    /// As it should be.
    Info,
    /// Worth a look.
    Warn,
    /// Something was not done.
    Error,
    /// The program ends by it.
    Fatal,
}

/// Names of levels as programs write them, in small letters.
const NAMES: &[(&str, Level)] = &[
    ("trace", Level::Trace),
    ("trc", Level::Trace),
    ("verbose", Level::Trace),
    ("debug", Level::Debug),
    ("dbg", Level::Debug),
    ("info", Level::Info),
    ("inf", Level::Info),
    ("information", Level::Info),
    ("informational", Level::Info),
    ("notice", Level::Info),
    ("warn", Level::Warn),
    ("wrn", Level::Warn),
    ("warning", Level::Warn),
    ("error", Level::Error),
    ("err", Level::Error),
    ("severe", Level::Error),
    ("fatal", Level::Fatal),
    ("ftl", Level::Fatal),
    ("critical", Level::Fatal),
    ("crit", Level::Fatal),
    ("alert", Level::Fatal),
    ("emerg", Level::Fatal),
    ("emergency", Level::Fatal),
    ("panic", Level::Fatal),
    ("dpanic", Level::Fatal),
];

impl Level {
    /// By its name, however it is written.
    pub fn of(name: &str) -> Option<Level> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, level)| *level)
    }

    /// By bunyan's and pino's numbers.
    fn of_number(number: u64) -> Option<Level> {
        Some(match number {
            10 => Level::Trace,
            20 => Level::Debug,
            30 => Level::Info,
            40 => Level::Warn,
            50 => Level::Error,
            60 => Level::Fatal,
            _ => return None,
        })
    }

    /// As it is written here.
    pub fn name(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
            Level::Fatal => "fatal",
        }
    }
}

/// Keys under which programs say how grave a line is.
pub const LEVELS: &[&str] = &["level", "lvl", "severity", "loglevel", "log.level", "levelname", "@l", "@level"];
/// Keys under which they say what happened.
pub const MESSAGES: &[&str] = &["msg", "message", "@message", "@m", "event", "text", "log"];
/// Keys under which they say when: the line's own time says it already.
pub const TIMES: &[&str] = &["time", "ts", "timestamp", "@timestamp", "@t", "datetime", "t"];

/// An object in JSON, in the order in which it was written.
pub type Object = IndexMap<String, Value>;

/// The object that a line is in JSON.
pub fn json(text: &str) -> Option<Object> {
    let text = text.trim();
    if !(text.starts_with('{') && text.ends_with('}')) {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// A value by its key: as it is written, or as a path with dots.
pub fn at<'a>(object: &'a Object, key: &str) -> Option<&'a Value> {
    if let Some(value) = object.get(key) {
        return Some(value);
    }
    let (first, rest) = key.split_once('.')?;
    below(object.get(first)?, rest)
}

fn below<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    if let Some(value) = value.get(key) {
        return Some(value);
    }
    let (first, rest) = key.split_once('.')?;
    below(value.get(first)?, rest)
}

/// A value as one writes it: a string without its quotes.
pub fn written(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The pairs of a line in logfmt, or of those in klog's: `key=value`, `key="a value"`.
pub fn pairs(text: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let equals = rest.find('=')?;
            let key = rest[..equals].rsplit(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@'))).next()?;
            let after = &rest[equals + 1..];
            let (value, length) = value(after);
            rest = &after[length..];
            let named = key.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '@'));
            // A space after the sign, or a second one, is no pair.
            if named && (length > 0 || after.is_empty() || after.starts_with(' ')) && !value.starts_with('=') {
                return Some((key, value));
            }
        }
    })
}

/// A value at the beginning of a text, and how many bytes of it that are.
fn value(text: &str) -> (Cow<'_, str>, usize) {
    if !text.starts_with('"') {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (Cow::Borrowed(&text[..end]), end);
    }
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let closes = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    });
    let Some((end, _)) = end else { return (Cow::Borrowed(&text[1..]), text.len()) };
    let quoted = &text[..=end];
    let value = match serde_json::from_str::<String>(quoted) {
        Ok(text) => Cow::Owned(text),
        Err(_) => Cow::Borrowed(&text[1..end]),
    };
    (value, end + 1)
}

/// An object in JSON, spread over lines as it was written: a line each field.
pub fn spread(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', 2 * depth));
    };
    let mut letters = text.trim().chars().peekable();
    while let Some(letter) = letters.next() {
        if quoted {
            out.push(letter);
            quoted = letter != '"' || escaped;
            escaped = letter == '\\' && !escaped;
            continue;
        }
        match letter {
            '"' => {
                quoted = true;
                out.push(letter);
            }
            '{' | '[' => {
                out.push(letter);
                while letters.next_if(|next| next.is_whitespace()).is_some() {}
                if letters.peek().is_some_and(|next| matches!(next, '}' | ']')) {
                    out.extend(letters.next());
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            letter if letter.is_whitespace() => {}
            letter => out.push(letter),
        }
    }
    out
}

/// How grave a line is, where it says so.
pub fn level(text: &str) -> Option<Level> {
    let head = text.trim_start();
    if head.starts_with('{')
        && let Some(object) = json(head)
    {
        return level_of(&object);
    }
    if let Some(level) = klog(head) {
        return Some(level);
    }
    // What is said later in a line is what the line is about.
    let near = head.char_indices().nth(120).map_or(head, |(end, _)| &head[..end]);
    if let Some((_, level)) = pairs(near).find(|(key, _)| LEVELS.contains(key)) {
        return Level::of(&level);
    }
    near.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).take(12).find_map(|word| {
        // Small letters are a level only where a line has them by themselves: `[error]`, `error:`.
        let level = Level::of(word)?;
        let capital = word.bytes().all(|byte| byte.is_ascii_uppercase());
        let start = word.as_ptr() as usize - near.as_ptr() as usize;
        let before = near[..start].chars().next_back();
        let after = near[start + word.len()..].chars().next();
        let alone = matches!((before, after), (Some('['), Some(']')) | (Some('<'), Some('>')) | (None, Some(':')));
        (capital || alone).then_some(level)
    })
}

/// How grave an object is.
pub fn level_of(object: &Object) -> Option<Level> {
    LEVELS.iter().find_map(|key| match at(object, key)? {
        Value::String(name) => Level::of(name),
        Value::Number(number) => number.as_u64().and_then(Level::of_number),
        _ => None,
    })
}

/// `E1121 20:00:00.123456 …`: the letter of klog and glog.
fn klog(text: &str) -> Option<Level> {
    let bytes = text.as_bytes();
    let level = match bytes.first()? {
        b'I' => Level::Info,
        b'W' => Level::Warn,
        b'E' => Level::Error,
        b'F' => Level::Fatal,
        _ => return None,
    };
    (bytes.len() > 5 && bytes[1..5].iter().all(u8::is_ascii_digit) && bytes[5] == b' ').then_some(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_found_where_programs_write_them() {
        for (line, expected) in [
            (r#"{"level":"warning","msg":"x"}"#, Some(Level::Warn)),
            (r#"{"level":50,"msg":"x"}"#, Some(Level::Error)),
            (r#"{"log":{"level":"DEBUG"}}"#, Some(Level::Debug)),
            (r#"{"msg":"ERROR in a message"}"#, None),
            ("ts=1 level=error msg=\"it broke\"", Some(Level::Error)),
            ("E1121 20:00:00.123456       1 main.go:7] oh", Some(Level::Error)),
            ("2026-11-21 20:00:00 WARN  [main] c.e.App - slow", Some(Level::Warn)),
            ("[error] 12#12: *1 open() failed", Some(Level::Error)),
            ("error: no such file", Some(Level::Error)),
            ("GET /error 200", None),
            ("there was an error in the info", None),
            ("Warning", None),
            ("", None),
        ] {
            assert_eq!(level(line), expected, "{line}");
        }
        assert!(Level::Error > Level::Warn);
    }

    #[test]
    fn pairs_of_logfmt() {
        let all = |text| pairs(text).map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>();
        assert_eq!(all(r#"a=1 b="two words" c="q\"q" d= e"#), ["a:1", "b:two words", "c:q\"q", "d:"]);
        assert_eq!(all(r#"I1121 20:00:00 1 x.go:1] "Synced" pod="shop/web" took=3ms"#), ["pod:shop/web", "took:3ms"]);
        assert_eq!(all("no pairs here"), Vec::<String>::new());
        assert_eq!(all("x == y"), Vec::<String>::new());
        assert_eq!(all("open=\"never ends"), ["open:never ends"]);
        assert_eq!(all("=1 a=="), Vec::<String>::new());
    }

    #[test]
    fn an_object_is_spread_as_it_was_written() {
        let text = r#" {"b":1, "a":[true,{"x":"a,\"{"}],"e":{},"f":[ ]} "#;
        let expected = "{\n  \"b\": 1,\n  \"a\": [\n    true,\n    {\n      \"x\": \"a,\\\"{\"\n    }\n  ],\n  \"e\": {},\n  \"f\": []\n}";
        assert_eq!(spread(text), expected);
        assert_eq!(json(&spread(text)), json(text));
    }

    #[test]
    fn values_by_path() {
        let object = json(r#" {"http":{"status":200},"a.b":true,"s":"x"} "#).unwrap();
        assert_eq!(at(&object, "http.status").map(written).as_deref(), Some("200"));
        assert_eq!(at(&object, "a.b").map(written).as_deref(), Some("true"));
        assert_eq!(at(&object, "s").map(written).as_deref(), Some("x"));
        assert!(at(&object, "s.t").is_none() && json("[1]").is_none() && json("{broken}").is_none());
    }
}
