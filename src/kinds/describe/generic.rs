//! Kinds that kubectl has no describer for, custom resources above all: kubectl's `genericDescriber`.

use serde_json::{Map, Value};

use super::json::verb_v;
use super::metadata::{labels_and_annotations, name_and_namespace};
use super::writer::{Writer, line};

/// Fields that stand above, or that nobody wants to see.
const SKIP: [&str; 5] = [".metadata.managedFields", ".metadata.name", ".metadata.namespace", ".metadata.labels", ".metadata.annotations"];

pub(super) fn describe(w: &mut Writer, object: &Value) {
    name_and_namespace(w, object);
    labels_and_annotations(w, object);
    if let Some(content) = object.as_object() {
        fields(w, 0, content, "");
    }
}

/// kubectl's `printUnstructuredContent`.
fn fields(w: &mut Writer, level: usize, content: &Map<String, Value>, prefix: &str) {
    let mut sorted: Vec<_> = content.iter().collect();
    sorted.sort_unstable_by_key(|(field, _)| *field);
    for (field, value) in sorted {
        let path = format!("{prefix}.{field}");
        if SKIP.contains(&&*path) {
            continue;
        }
        let title = title(field);
        match value {
            Value::Object(inner) => {
                line!(w, level, "{title}:");
                fields(w, level + 1, inner, &path);
            }
            Value::Array(items) => {
                line!(w, level, "{title}:");
                for item in items {
                    match item {
                        Value::Object(inner) => fields(w, level + 1, inner, &path),
                        other => line!(w, level + 1, "{}", verb_v(other)),
                    }
                }
            }
            other => line!(w, level, "{title}:\t{}", verb_v(other)),
        }
    }
}

/// kubectl's `smartLabelFor`: `apiVersion` becomes `API Version`, names with anything but letters and `-` stay.
fn title(field: &str) -> String {
    if field.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return field.to_owned();
    }
    let parts = split(field);
    let mut words: Vec<String> = Vec::with_capacity(parts.len());
    let mut parts = parts.into_iter().peekable();
    while let Some(part) = parts.next() {
        let upper = part.len() >= 2 && part.chars().all(|c| !c.is_alphabetic() || c.is_uppercase());
        let joins = upper && parts.peek().is_some_and(|next| next.chars().next().is_some_and(char::is_uppercase));
        let joined = if joins { format!("{part}{}", parts.next().unwrap_or_default()) } else { part };
        words.push(joined);
    }
    let words = words.into_iter().map(|word| {
        if ["API", "URL", "UID", "GUID"].contains(&&*word.to_uppercase()) {
            word.to_uppercase()
        } else if word.to_lowercase() == word {
            capitalised(&word)
        } else {
            word
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `camelcase.Split` of fatih/camelcase, which kubectl uses: runs of one class of characters, where the last capital of a
/// run belongs to the small letters after it.
fn split(field: &str) -> Vec<String> {
    let class = |c: char| match c {
        c if c.is_lowercase() => 1,
        c if c.is_uppercase() => 2,
        c if c.is_numeric() => 3,
        _ => 4,
    };
    let mut runs: Vec<String> = Vec::new();
    let mut last = 0;
    for c in field.chars() {
        match runs.last_mut() {
            Some(run) if class(c) == last => run.push(c),
            _ => runs.push(c.to_string()),
        }
        last = class(c);
    }
    for at in 1..runs.len() {
        let capital = runs[at - 1].chars().next().is_some_and(char::is_uppercase);
        if capital
            && runs[at].chars().next().is_some_and(char::is_lowercase)
            && let Some(c) = runs[at - 1].pop()
        {
            runs[at].insert(0, c);
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_titled_as_kubectl_titles_them() {
        for (field, text) in [
            ("apiVersion", "API Version"),
            ("uid", "UID"),
            ("lastTransitionTime", "Last Transition Time"),
            ("podCIDRs", "Pod CIDRs"),
            ("externalIPs", "External I Ps"),
            ("x-kubernetes-list-type", "X - Kubernetes - List - Type"),
            ("app.kubernetes.io/name", "app.kubernetes.io/name"),
            ("HTTPServer", "HTTPServer"),
            ("baseURL", "Base URL"),
        ] {
            assert_eq!(title(field), text);
        }
    }
}
