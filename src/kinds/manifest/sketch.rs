//! A text for a new object of any kind, made from the kind's schema: what has to be there with a value of the right type, what
//! can be there below `spec` as comments, and what the server says of each.

use serde_json::{Value, json};

use super::Wanted;
use crate::kinds::schema::{Field, Form, Type};
use crate::model::yaml;

/// How deep what has to be there is written out: schemas can go round in circles.
const DEEPEST: usize = 8;
/// So many letters of what the server says of a field.
const SAID: usize = 100;
/// A moment that nobody takes for one that matters.
const MOMENT: &str = "2030-01-01T00:00:00Z";

/// The text, which is YAML.
pub fn text(wanted: &Wanted<'_>, root: &Type) -> String {
    let mut out = String::new();
    let mut line = |line: String| out.extend([line.as_str(), "\n"]);
    line(format!("apiVersion: {}", wanted.kind.api_version()));
    line(format!("kind: {}", wanted.kind.kind));
    line("metadata:".into());
    line(format!("  name: {}", wanted.name));
    if wanted.kind.namespaced {
        line(format!("  namespace: {}", wanted.namespace));
    }
    let own = |field: &Field| !matches!(&*field.name, "apiVersion" | "kind" | "metadata" | "status");
    let (spec, others): (Vec<Field>, Vec<Field>) = root.fields().into_iter().filter(own).partition(|field| &*field.name == "spec");
    for field in others.iter().filter(|field| field.required) {
        required(&mut out, field, 0, DEEPEST);
    }
    for field in &spec {
        of_spec(&mut out, field);
    }
    for field in others.iter().filter(|field| !field.required) {
        optional(&mut out, field, 0);
    }
    out
}

/// `spec`, with what can be in it.
fn of_spec(out: &mut String, spec: &Field) {
    comment(out, &spec.of, 0);
    let (needed, free): (Vec<Field>, Vec<Field>) = spec.of.fields().into_iter().partition(|field| field.required);
    if spec.of.form() != Form::Object || needed.is_empty() && free.is_empty() {
        out.push_str(&format!("spec: {}\n", flow(&value(&spec.of))));
        return;
    }
    // What stands as a comment below it can be taken in once the braces are gone.
    out.push_str(if needed.is_empty() { "spec: {} # nothing has to be here; without {} it takes fields\n" } else { "spec:\n" });
    needed.iter().for_each(|field| required(out, field, 2, DEEPEST));
    free.iter().for_each(|field| optional(out, field, 2));
}

/// A field that has to be there.
fn required(out: &mut String, field: &Field, indent: usize, left: usize) {
    comment(out, &field.of, indent);
    out.push_str(&format!("{:indent$}{}:", "", key(&field.name)));
    below(out, &field.of, indent, left);
}

/// What stands behind the colon of a field, and below it.
fn below(out: &mut String, of: &Type, indent: usize, left: usize) {
    let needed: Vec<Field> = if left > 0 { of.fields().into_iter().filter(|field| field.required).collect() } else { Vec::new() };
    match (of.form(), of.items()) {
        _ if of.default().is_some() => out.push_str(&format!(" {}\n", flow(&value(of)))),
        (Form::Object, _) if !needed.is_empty() => {
            out.push('\n');
            needed.iter().for_each(|field| required(out, field, indent + 2, left - 1));
        }
        (Form::Array, Some(items)) if left > 0 => {
            out.push('\n');
            item(out, &items, indent, left - 1);
        }
        _ => out.push_str(&format!(" {}\n", flow(&value(of)))),
    }
}

/// One item of a list that has to be there: an empty one would teach nothing.
fn item(out: &mut String, of: &Type, indent: usize, left: usize) {
    let needed: Vec<Field> = of.fields().into_iter().filter(|field| field.required).collect();
    if of.form() != Form::Object || needed.is_empty() {
        out.push_str(&format!("{:indent$}- {}\n", "", flow(&value(of))));
        return;
    }
    let mut inner = String::new();
    needed.iter().for_each(|field| required(&mut inner, field, indent + 2, left));
    // The sign of the item stands before its first field, below what is said of that.
    let mut signed = false;
    for line in inner.lines() {
        let first = !signed && !line.trim_start().starts_with('#');
        signed |= first;
        match line.get(indent + 2..) {
            Some(rest) if first => out.push_str(&format!("{:indent$}- {rest}\n", "")),
            _ => out.extend([line, "\n"]),
        }
    }
}

/// A field that can be there, as a comment that is a field once its sign is taken away.
fn optional(out: &mut String, field: &Field, indent: usize) {
    let said = said(&field.of).map(|said| format!(" # {said}")).unwrap_or_default();
    out.push_str(&format!("{:indent$}# {}: {}{said}\n", "", key(&field.name), flow(&value(&field.of))));
}

fn comment(out: &mut String, of: &Type, indent: usize) {
    let mut words: Vec<String> = said(of).into_iter().collect();
    match of.enumeration() {
        [] | [_] => {}
        values => words.push(format!("one of {}", values.iter().map(flow).collect::<Vec<_>>().join(", "))),
    }
    words.extend(of.pattern().filter(|pattern| !pattern.contains('\n')).map(|pattern| format!("matches {pattern}")));
    for words in words {
        out.push_str(&format!("{:indent$}# {words}\n", ""));
    }
}

/// The first sentence of what the server says, in one line.
fn said(of: &Type) -> Option<String> {
    let whole = of.description()?.split("\n\n").next()?.split_whitespace().collect::<Vec<_>>().join(" ");
    // `e.g. this` is no end of a sentence.
    let ends =
        |at: &usize| whole[at + 2..].starts_with(char::is_uppercase) && !whole[..*at].ends_with("e.g") && !whole[..*at].ends_with("i.e");
    let end = whole.match_indices(". ").map(|(at, _)| at).find(ends).unwrap_or(whole.len());
    let sentence = whole[..end].trim_end_matches('.');
    let short: String = sentence.chars().filter(|c| !c.is_control()).take(SAID).collect();
    let more = if short.len() < sentence.len() { "…" } else { "" };
    (!short.is_empty()).then(|| format!("{short}{more}"))
}

/// A value of the right type: the default, the first of those that are allowed, else the least.
fn value(of: &Type) -> Value {
    if let Some(default) = of.default() {
        return default.clone();
    }
    if let Some(first) = of.enumeration().iter().find(|value| value.as_str() != Some("")) {
        return first.clone();
    }
    match of.form() {
        Form::Object | Form::Any => json!({}),
        Form::Array => json!([]),
        Form::Boolean => json!(false),
        Form::Integer | Form::IntOrString => json!(least(of) as i64),
        Form::Number => json!(least(of)),
        Form::Quantity => json!("1"),
        Form::String if of.format() == Some("date-time") => json!(MOMENT),
        Form::String => json!("x".repeat(of.length().0.unwrap_or(0).min(64) as usize)),
    }
}

/// The least number that is allowed, where 0 is not.
fn least(of: &Type) -> f64 {
    let above = match of.minimum() {
        Some((least, true)) => least.floor() + 1.0,
        Some((least, false)) => least,
        None => 0.0,
    };
    let below = of.maximum().map_or(0.0, |(most, excluded)| if excluded { most - 1.0 } else { most });
    let number = if above > 0.0 || below >= 0.0 { above.max(0.0) } else { below };
    match of.multiple_of() {
        Some(step) if step > 0.0 => (number / step).ceil() * step,
        _ => number,
    }
}

/// JSON is YAML, and stands in one line.
fn flow(value: &Value) -> String {
    value.to_string()
}

/// A key as YAML has it: `"on"` needs its quotes.
fn key(name: &str) -> String {
    let mut map = serde_json::Map::new();
    map.insert(name.to_owned(), json!(0));
    yaml::print(&Value::Object(map)).trim_end().trim_end_matches(": 0").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::edit;
    use crate::model::kind::Kind;

    fn kind() -> Kind {
        Kind { group: "example.com".into(), version: "v1".into(), kind: "Thing".into(), namespaced: true, ..Kind::default() }
    }

    fn of(schema: &Value) -> String {
        text(&Wanted { kind: &kind(), name: "new-thing", namespace: "shop" }, &Type::inline(schema).unwrap())
    }

    #[test]
    fn what_has_to_be_there_is_and_what_can_be_is_a_comment() {
        let text = of(&json!({
            "type": "object", "required": ["spec"],
            "properties": {
                "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
                "status": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
                "spec": {
                    "type": "object", "description": "What is wanted. And more.", "required": ["mode", "parts", "size", "on"],
                    "properties": {
                        "mode": {"type": "string", "enum": ["", "fast", "slow"], "description": "How, e.g. it goes.\nSecond line. No more"},
                        "on": {"type": "boolean"},
                        "parts": {"type": "array", "items": {
                            "type": "object", "required": ["hosts", "name"], "properties": {
                                "hosts": {"type": "array", "items": {"type": "string", "minLength": 1}},
                                "name": {"type": "string", "description": "Its name.", "pattern": "^[a-z]*$"},
                                "left": {"type": "string"},
                            },
                        }},
                        "size": {"type": "integer", "minimum": 3, "exclusiveMinimum": true},
                        "free": {"type": "integer", "default": 5, "description": "Left out."},
                        "map": {"type": "object", "additionalProperties": {"type": "string"}},
                    },
                },
            },
        }));
        let expected = "\
apiVersion: example.com/v1
kind: Thing
metadata:
  name: new-thing
  namespace: shop
# What is wanted
spec:
  # How, e.g. it goes
  # one of \"\", \"fast\", \"slow\"
  mode: \"fast\"
  \"on\": false
  parts:
  - hosts:
    - \"x\"
    # Its name
    # matches ^[a-z]*$
    name: \"\"
  size: 4
  # free: 5 # Left out
  # map: {}
";
        let sorted = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(sorted(&text), sorted(expected), "{text}");
        let tree = edit::read(&text).unwrap().tree();
        assert_eq!(tree.at("spec.parts").items()[0].text("name"), "", "{text}");
        assert_eq!(tree.at("spec.parts").items()[0].at("hosts").items().len(), 1);
        assert_eq!(tree.int("spec.size", 0), 4);
    }

    #[test]
    fn nothing_that_is_needed_leaves_a_spec_that_takes_fields() {
        let text = of(&json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {"size": {"type": "number"}, "list": {"type": "array", "items": {"type": "string"}}}},
            "data": {"type": "object"},
        }}));
        assert!(text.contains("spec: {} # "), "{text}");
        assert!(text.contains("\n  # size: 0.0\n") && text.contains("\n  # list: []\n") && text.contains("\n# data: {}\n"), "{text}");
        edit::read(&text).unwrap();
        let open = text.replace("spec: {} # nothing has to be here; without {} it takes fields", "spec:").replace("  # size", "  size");
        assert_eq!(edit::read(&open).unwrap().tree().at("spec").entries().count(), 1);
    }

    #[test]
    fn a_circle_ends() {
        let text = of(&json!({"type": "object", "properties": {"spec": {"type": "object", "required": ["a"], "properties": {
            "a": {"type": "array", "items": {"type": "array", "items": {"type": "object", "required": ["b"], "properties": {
                "b": {"type": "object", "required": ["c"], "properties": {"c": {"x-kubernetes-preserve-unknown-fields": true}}},
            }}}},
        }}}}));
        edit::read(&text).unwrap();
        assert!(text.contains("a:\n  - []\n"), "{text}");
    }
}
