//! What the journal does not keep: values of Secrets, in whatever shape a write has them, and passwords in commands.

use k8s_openapi::ByteString;
use serde_json::{Map, Value};

use super::spoken;
use crate::model::act::Entry;
use crate::model::session::spelled;

/// What stands where a value of a Secret was.
pub const NOT_KEPT: &str = "(not kept)";

/// The fields of a Secret that hold values.
const VALUES: [&str; 2] = ["data", "stringData"];
/// kubectl's copy of a whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The same in a JSON pointer.
const LAST_APPLIED_POINTER: &str = "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
/// In the words of an outcome, texts shorter than this (in bytes) are not looked for: they are in every sentence.
const SHORTEST: usize = 3;

/// The entry without any value of a Secret: of Secrets themselves, of lists of them, in patches of either form, in copies
/// that kubectl keeps in an annotation, and where the server quotes one in its answer. Names of keys stay.
pub fn redact(entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    let mut hidden = Vec::new();
    let secret = of_secrets(&entry.kind);
    // What was sent as text that is no JSON, whole.
    if secret && entry.sent.as_str().is_some_and(|text| !is_document(text)) {
        hide(&mut entry.sent, &mut hidden);
    }
    walk(&mut entry.sent, secret, &mut hidden);
    let touched = !hidden.is_empty();
    for part in [&mut entry.before, &mut entry.after] {
        // The old or new value of one field, without its name.
        if secret && touched && !part.is_object() {
            hide(part, &mut hidden);
        }
        walk(part, secret, &mut hidden);
    }
    let words = match &mut entry.outcome {
        Ok(words) | Err(words) => words,
    };
    if let Some(Value::Array(command)) = entry.sent.get_mut("command") {
        let before: Vec<String> = command.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect();
        let after = spoken::masked(&before, &mut hidden);
        if after != before {
            *words = words.replace(&spelled(&before), &spelled(&after));
            *command = after.into_iter().map(Value::String).collect();
        }
    }
    *words = silence(words, &hidden);
    entry
}

fn of_secrets(kind: &str) -> bool {
    matches!(kind, "Secret" | "SecretList")
}

fn is_document(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Looks for Secrets in a value; `secret`: it is one, or a part or a patch of one.
fn walk(value: &mut Value, secret: bool, hidden: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            let secret = secret || object.get("kind").and_then(Value::as_str).is_some_and(of_secrets);
            if secret {
                operation(object, hidden);
            }
            for (name, inner) in object.iter_mut() {
                if secret && holds_values(name) {
                    hide(inner, hidden);
                } else {
                    walk(inner, secret, hidden);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, secret, hidden)),
        // A document as text: only what can be understood can be told apart.
        Value::String(text) if secret && is_document(text) => match serde_json::from_str::<Value>(text) {
            Ok(mut document) => {
                walk(&mut document, true, hidden);
                *text = document.to_string();
            }
            Err(_) => hide(value, hidden),
        },
        _ => {}
    }
}

/// The value of an operation of a JSON patch, where its path leads to values.
fn operation(object: &mut Map<String, Value>, hidden: &mut Vec<String>) {
    let path = object.get("path").and_then(Value::as_str).unwrap_or_default();
    let hides = object.contains_key("op") && holds_values(path);
    if let Some(value) = object.get_mut("value").filter(|_| hides) {
        hide(value, hidden);
    }
}

/// A field of a Secret, by its name or by a JSON pointer.
fn holds_values(name: &str) -> bool {
    let within = |field: &str| {
        name.strip_prefix('/').and_then(|rest| rest.strip_prefix(field)).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    VALUES.contains(&name) || VALUES.iter().any(|field| within(field)) || name == LAST_APPLIED || name == LAST_APPLIED_POINTER
}

/// Replaces everything but names and what is null: that takes a value away, and is none.
fn hide(value: &mut Value, hidden: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Object(object) => object.values_mut().for_each(|inner| hide(inner, hidden)),
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, hidden)),
        _ => {
            match value.take() {
                Value::String(text) => hidden.push(text),
                other => hidden.push(other.to_string()),
            }
            *value = NOT_KEPT.into();
        }
    }
}

/// Words without what was hidden, as it was sent, and as base64 and what that stands for.
fn silence(words: &str, hidden: &[String]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in hidden {
        texts.push(text.clone());
        if let Ok(ByteString(bytes)) = serde_json::from_value(Value::String(text.clone())) {
            texts.extend(String::from_utf8(bytes));
        }
        if let Ok(Value::String(encoded)) = serde_json::to_value(ByteString(text.clone().into_bytes())) {
            texts.push(encoded);
        }
    }
    texts.retain(|text| text.len() >= SHORTEST);
    // A value that holds another one goes first.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts.iter().fold(words.to_owned(), |words, text| words.replace(text.as_str(), NOT_KEPT))
}
