//! What the field under a cursor is, and what could stand there.

use serde_json::Value;

use super::{Form, Type};
use crate::model::edit::{self, Cursor, Spot};

/// What is known of the place under a cursor.
#[derive(Clone, Debug)]
pub struct Spotted {
    /// Where the cursor stands.
    pub cursor: Cursor,
    /// `spec.containers[].image`; empty at the root.
    pub path: String,
    /// The type of the field; none where the schema does not know one.
    pub of: Option<Type>,
    /// It has to be there.
    pub required: bool,
    /// What could stand there instead of the word under the cursor, the likeliest first.
    pub completions: Vec<Completion>,
}

/// See [`Spotted`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The name or the value.
    pub text: String,
    /// The type of a field, as `kubectl explain` has it; empty for a value.
    pub of: String,
    /// A field that has to be there.
    pub required: bool,
    /// The field's value is a list or a map: it is begun on the next line.
    pub opens: bool,
}

/// Names that exist in the cluster and could stand at a path of fields: `["spec", "volumes", "configMap", "name"]` of a `Pod`.
pub type Known<'a> = &'a dyn Fn(&[&str]) -> Vec<String>;

/// What stands at a line and column of a text (both from 1, columns in characters), whether the text can be parsed or not.
pub fn field_at(of: &Type, text: &str, line: usize, column: usize, known: Known<'_>) -> Spotted {
    let cursor = edit::cursor(text, line, column);
    let mut holder = Some(of.clone());
    let mut required = false;
    let mut path = String::new();
    for step in &cursor.path {
        holder = holder.and_then(|of| match step {
            None => of.items(),
            Some(name) => {
                required = of.requires(name);
                of.field(name).or_else(|| of.values())
            }
        });
        match step {
            None => path.push_str("[]"),
            Some(name) => {
                path.push_str(if path.is_empty() { "" } else { "." });
                path.push_str(name);
            }
        }
    }
    let names: Vec<&str> = cursor.path.iter().flatten().map(String::as_str).collect();
    let scalar = holder.as_ref().is_some_and(|of| !matches!(of.form(), Form::Object | Form::Array | Form::Any));
    let completions = match (cursor.spot, &holder) {
        (Spot::Key, Some(of)) if !scalar => fields(of, &cursor),
        // A key that was begun where a value belongs: an item of a list of texts.
        (Spot::Key | Spot::Value, Some(of)) => values(of, &cursor, known(&names)),
        _ => Vec::new(),
    };
    let field = match (cursor.spot, &holder) {
        (Spot::Key, Some(of)) if !scalar && !cursor.word.is_empty() => {
            path.push_str(if path.is_empty() { "" } else { "." });
            path.push_str(&cursor.word);
            required = of.requires(&cursor.word);
            of.field(&cursor.word).or_else(|| of.values())
        }
        _ => holder,
    };
    Spotted { cursor, path, of: field, required, completions }
}

/// The fields that are not there yet: those that have to be there first.
fn fields(of: &Type, cursor: &Cursor) -> Vec<Completion> {
    let free = |name: &str| !cursor.beside.iter().any(|there| there == name);
    let mut out: Vec<Completion> = of
        .fields()
        .into_iter()
        .filter(|field| free(&field.name) && near(&field.name, &cursor.typed))
        .map(|field| Completion {
            of: field.of.name(),
            required: field.required,
            opens: matches!(field.of.form(), Form::Object | Form::Array),
            text: field.name.into(),
        })
        .collect();
    out.sort_by(|a, b| rank(a, cursor).cmp(&rank(b, cursor)).then_with(|| a.text.cmp(&b.text)));
    out
}

fn rank(completion: &Completion, cursor: &Cursor) -> (bool, bool) {
    (!completion.text.starts_with(&cursor.typed), !completion.required)
}

/// The values that are allowed, those that the cluster has, and the default.
fn values(of: &Type, cursor: &Cursor, known: Vec<String>) -> Vec<Completion> {
    let words = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut out: Vec<String> = of.enumeration().iter().map(words).collect();
    if of.form() == Form::Boolean {
        out.extend(["true".into(), "false".into()]);
    }
    out.extend(known);
    out.extend(of.default().filter(|value| !super::guide::zero(value)).map(words));
    let mut seen = rustc_hash::FxHashSet::default();
    out.retain(|text| near(text, &cursor.typed) && seen.insert(text.clone()));
    let one = |text| Completion { text, of: String::new(), required: false, opens: false };
    let mut out: Vec<Completion> = out.into_iter().map(one).collect();
    out.sort_by_key(|completion| rank(completion, cursor));
    out
}

/// What was typed stands in a name, in any case of letters.
fn near(name: &str, typed: &str) -> bool {
    name.to_lowercase().contains(&typed.to_lowercase())
}

#[cfg(test)]
mod tests;
