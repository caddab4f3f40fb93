//! Untyped JSON, read as Go's typed objects have it: absent, `null` and the zero value are the same unless asked for.

use serde_json::Value;

/// Access by a path of field names with dots between them. Keys that hold dots (labels) are read with [`Json::pairs`].
pub(crate) trait Json {
    /// The value at the path; `null` when any step is absent.
    fn at(&self, path: &str) -> &Value;
    /// The text at the path, empty when there is none.
    fn text(&self, path: &str) -> &str;
    /// The number at the path, 0 when there is none.
    fn int(&self, path: &str) -> i64;
    /// The boolean at the path, false when there is none.
    fn flag(&self, path: &str) -> bool;
    /// The elements of the list at the path.
    fn list(&self, path: &str) -> &[Value];
    /// The texts of the list at the path.
    fn texts(&self, path: &str) -> Vec<&str>;
    /// A map of texts, sorted by key.
    fn pairs(&self, path: &str) -> Vec<(&str, &str)>;
    /// Whether there is anything but `null`: what a Go pointer that is not nil is.
    fn has(&self, path: &str) -> bool;
    /// The text or number at the path, spelled as Go's `%v` spells it; `None` where a Go pointer would be nil.
    fn scalar(&self, path: &str) -> Option<String>;
}

impl Json for Value {
    fn at(&self, path: &str) -> &Value {
        path.split('.').fold(self, |value, step| value.get(step).unwrap_or(&Value::Null))
    }

    fn text(&self, path: &str) -> &str {
        self.at(path).as_str().unwrap_or_default()
    }

    fn int(&self, path: &str) -> i64 {
        self.at(path).as_i64().unwrap_or_default()
    }

    fn flag(&self, path: &str) -> bool {
        self.at(path).as_bool().unwrap_or_default()
    }

    fn list(&self, path: &str) -> &[Value] {
        self.at(path).as_array().map_or(&[], Vec::as_slice)
    }

    fn texts(&self, path: &str) -> Vec<&str> {
        self.list(path).iter().filter_map(Value::as_str).collect()
    }

    fn pairs(&self, path: &str) -> Vec<(&str, &str)> {
        let mut pairs: Vec<_> = self
            .at(path)
            .as_object()
            .map(|map| map.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default())).collect())
            .unwrap_or_default();
        // serde_json keeps the server's order when any crate of the build asks it to.
        pairs.sort_unstable();
        pairs
    }

    fn has(&self, path: &str) -> bool {
        !self.at(path).is_null()
    }

    fn scalar(&self, path: &str) -> Option<String> {
        match self.at(path) {
            Value::Null => None,
            value => Some(verb_v(value)),
        }
    }
}

/// What a nil pointer is in most of kubectl's lines.
pub(super) fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// Go's `%v` of a value decoded into `interface{}`: `[a b]`, `map[k:v]`, `<nil>`.
pub(super) fn verb_v(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_i64() {
            Some(int) => int.to_string(),
            None => float(number.as_f64().unwrap_or_default()),
        },
        Value::Array(items) => format!("[{}]", items.iter().map(verb_v).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            format!("map[{}]", fields.iter().map(|(key, value)| format!("{key}:{}", verb_v(value))).collect::<Vec<_>>().join(" "))
        }
    }
}

/// Go's `%v` of a float64: `%g` with the shortest digits, an exponent from a million on and below 1e-4.
fn float(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e6).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    number.to_string()
}

/// Go's `%q`: in double quotes, with Go's escapes.
pub(super) fn verb_q(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_spelled_as_go_spells_them() {
        for (value, text) in [
            (json!(null), "<nil>"),
            (json!(5), "5"),
            (json!(1.0), "1"),
            (json!(0.5), "0.5"),
            (json!(123456.5), "123456.5"),
            (json!(-1234567.5), "-1.2345675e+06"),
            (json!(12345678901234567890_u64), "1.2345678901234567e+19"),
            (json!(0.00001), "1e-05"),
            (json!(["a", ["b", 2]]), "[a [b 2]]"),
            (json!({"b": 1, "a": [true]}), "map[a:[true] b:1]"),
        ] {
            assert_eq!(verb_v(&value), text);
        }
        assert_eq!(verb_q("a\"\\\n\u{1b}é"), r#""a\"\\\n\x1bé""#);
    }

    #[test]
    fn what_is_absent_reads_as_zero() {
        let value = json!({"a": {"b": [1], "c": null}});
        assert_eq!((value.int("a.x.y"), value.text("a"), value.list("a.b").len(), value.has("a.c")), (0, "", 1, false));
    }
}
