//! What is wrong with an object that is being written, each with its place and with what was probably meant.

use serde_json::Value;

use super::guide::zero;
use super::strict::found;
use super::{Fault, Form, Found, Type};
use crate::model::edit::{Content, Document, Node, Place};
use crate::model::tree::Tree;
use crate::problem::did_you_mean;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The server takes it, and does not do what was probably meant: it drops a field that it does not know.
    Dropped,
    /// The server refuses the object.
    Refused,
}

/// Something that is wrong in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where.
    pub at: Place,
    /// The field as servers name it: `spec.template.spec.containers[0].image`.
    pub path: String,
    /// How bad it is.
    pub level: Level,
    /// One clause, for people.
    pub message: String,
}

/// All that is wrong with a document, from its first line to its last. Where a value of an alias is wrong, the place is that
/// at which the value was written.
pub fn check(of: &Type, document: &Document) -> Vec<Mark> {
    let mut out: Vec<Mark> = found(of, &document.root).iter().map(mark).collect();
    out.extend(document.twice.iter().map(|twice| Mark {
        at: twice.again,
        path: twice.name.to_string(),
        level: Level::Refused,
        message: format!("{} is here twice: it stands in line {} already", twice.name, twice.first.line),
    }));
    Walk { out: &mut out, path: String::new() }.value(of, &document.root);
    out.sort_by_key(|mark| mark.at.start);
    out
}

/// A strict decoder's problem in people's words.
fn mark(found: &Found<'_, Node>) -> Mark {
    let Found { value, of, problem } = found;
    let quoted = matches!(&value.content, Content::Scalar { quoted: true, .. });
    let (at, level, message) = match &problem.fault {
        Fault::Unknown => {
            let name = problem.path.rsplit('.').next().unwrap_or_default();
            let fields = of.fields();
            let near = did_you_mean(name, fields.iter().map(|field| &*field.name));
            (value.label(), Level::Dropped, format!("{} has no field {name}{near}", of.name()))
        }
        Fault::Mismatch { found, .. } => {
            let hint = match (of.form(), value.as_str()) {
                (Form::Integer | Form::Number, Some(text)) if quoted && text.parse::<f64>().is_ok() => "; take the quotes away",
                (Form::Boolean, Some("true" | "false")) if quoted => "; take the quotes away",
                (Form::String, None) if is_scalar(value) => "; put it in quotes",
                (Form::Array, _) if !matches!(value.content, Content::List(_)) => "; begin each item with a dash (-)",
                _ => "",
            };
            (value.at, Level::Refused, format!("{} is wanted here, this is {}{hint}", wanted(of), said(value, found)))
        }
        Fault::Quantity => (value.at, Level::Refused, "a quantity is wanted here: 500m, 0.5, 2, 128Mi, 1Gi, …".into()),
        Fault::Time(_) => (value.at, Level::Refused, "a time is wanted here: 2006-01-02T15:04:05Z".into()),
        Fault::Base64(at) => {
            (value.at, Level::Refused, format!("base64 is wanted here; it ends being that at byte {at} (plain text goes into stringData)"))
        }
    };
    Mark { at, path: problem.path.clone(), level, message }
}

fn is_scalar(node: &Node) -> bool {
    matches!(node.content, Content::Scalar { .. })
}

/// What a type takes.
fn wanted(of: &Type) -> String {
    match of.form() {
        Form::Object => format!("a map ({})", of.name()),
        Form::Array => format!("a list ({})", of.name()),
        Form::String => "text".into(),
        Form::Integer => format!("a whole number{}", if of.format() == Some("int32") { " (of 32 bits)" } else { "" }),
        Form::Number => "a number".into(),
        Form::Boolean => "true or false".into(),
        Form::IntOrString => "a whole number or text".into(),
        Form::Quantity => "a quantity".into(),
        Form::Any => "a value".into(),
    }
}

/// What a value is.
fn said(value: &Node, found: &str) -> String {
    match &value.content {
        Content::Scalar { value: Tree::Bool(flag), .. } => flag.to_string(),
        Content::Scalar { value: Tree::Int(n), .. } => format!("the number {n}"),
        Content::Scalar { value: Tree::Float(n), .. } => format!("the number {n}"),
        Content::Scalar { value: Tree::Text(_), .. } => "text".into(),
        Content::List(_) => "a list".into(),
        Content::Map(_) => "a map".into(),
        Content::Scalar { .. } => found.to_owned(),
    }
}

/// The walk for what a decoder does not look at: what is missing, and values that are not among those allowed.
struct Walk<'o> {
    out: &'o mut Vec<Mark>,
    path: String,
}

impl Walk<'_> {
    fn value(&mut self, of: &Type, node: &Node) {
        match &node.content {
            Content::Scalar { value, .. } => self.scalar(of, value, node),
            Content::List(items) => {
                let Some(of) = of.items() else { return };
                for (at, item) in items.iter().enumerate() {
                    self.below(&format!("[{at}]"), |walk| walk.value(&of, item));
                }
            }
            Content::Map(entries) => {
                let values = of.values();
                for entry in entries.iter() {
                    if let Some(of) = of.field(&entry.name).or_else(|| values.clone()) {
                        let dot = if self.path.is_empty() { "" } else { "." };
                        self.below(&format!("{dot}{}", entry.name), |walk| walk.value(&of, &entry.node));
                    }
                }
                self.required(of, node);
            }
        }
    }

    fn below(&mut self, step: &str, walk: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push_str(step);
        walk(self);
        self.path.truncate(length);
    }

    fn required(&mut self, of: &Type, node: &Node) {
        // Status is the server's to write.
        if self.path == "status" || self.path.starts_with("status.") {
            return;
        }
        let built_in = of.component().is_some();
        let missing = |name: &&str| {
            let there = node.get(name).is_some_and(|node| !matches!(node.content, Content::Scalar { value: Tree::Null, .. }));
            let default = || of.field(name).and_then(|of| of.default().map(|value| built_in && zero(value)));
            !there && default().unwrap_or(true)
        };
        let missing: Vec<&str> = of.required().filter(missing).collect();
        if !missing.is_empty() {
            let names = missing.join(" and ");
            let verb = if missing.len() == 1 { "is" } else { "are" };
            let message = format!("{names} {verb} missing here; {} needs {}", of.name(), if missing.len() == 1 { "it" } else { "them" });
            self.out.push(Mark { at: node.label(), path: self.path.clone(), level: Level::Refused, message });
        }
    }

    fn scalar(&mut self, of: &Type, value: &Tree, node: &Node) {
        let allowed = of.enumeration();
        if allowed.is_empty() || value.is_null() || allowed.iter().any(|one| Tree::from(one.clone()) == *value) {
            return;
        }
        let names: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        let near = did_you_mean(value.as_str().unwrap_or_default(), names.iter().copied());
        let shown = match value.as_str() {
            Some(text) => text.to_owned(),
            None => format!("{value:?}"),
        };
        let message = if near.is_empty() {
            let all: Vec<String> = allowed.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect();
            format!("{shown} is none of {}", all.join(", "))
        } else {
            format!("there is no {shown} here{near}")
        };
        self.out.push(Mark { at: node.at, path: self.path.clone(), level: Level::Refused, message });
    }
}

#[cfg(test)]
mod tests;
