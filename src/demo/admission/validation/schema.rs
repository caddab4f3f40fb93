//! Validation by a schema: custom resources, worded as apiextensions-apiserver words them (kube-openapi's validation).

use regex::Regex;
use serde_json::Value;

use crate::demo::refusal::Cause;
use crate::demo::tree::Tree;
use crate::kinds::schema::{Form, Type};

use super::causes::Causes;

/// Everything in a value that its schema does not allow.
pub(super) fn check(causes: &mut Causes, of: &Type, value: &Tree, at: &str) {
    if value.is_null() && of.nullable() {
        return;
    }
    if let Some(wanted) = mismatch(of, value) {
        let (found, name) = (go_name(value), if at.is_empty() { "<nil>" } else { at });
        let quoted = Value::from(found);
        causes.0.push(Cause::type_invalid(name, quoted, &format!("{name} in body must be of type {wanted}: \"{found}\"")));
        return;
    }
    enumeration(causes, of, value, at);
    match value {
        Tree::Text(text) => text_rules(causes, of, text, at),
        Tree::Int(n) => bounds(causes, of, *n as f64, value, at),
        Tree::Float(f) => bounds(causes, of, *f, value, at),
        Tree::List(items) => {
            let (least, most) = of.item_count();
            let count = items.len() as u64;
            if let Some(most) = most.filter(|&most| count > most) {
                causes.0.push(too_many(at, count, most));
            }
            if let Some(least) = least.filter(|&least| count < least) {
                causes.invalid(at, count, &format!("{at} in body should have at least {least} items"));
            }
            if of.unique_items() && items.iter().enumerate().any(|(n, item)| items[..n].contains(item)) {
                causes.duplicate(at, value);
            }
            if let Some(of) = of.items() {
                items.iter().enumerate().for_each(|(n, item)| check(causes, &of, item, &format!("{at}[{n}]")));
            }
        }
        Tree::Map(_) => object(causes, of, value, at),
        _ => {}
    }
}

fn object(causes: &mut Causes, of: &Type, value: &Tree, at: &str) {
    let below = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
    for name in of.required() {
        if value.get(name).is_none() {
            causes.required(&below(name), "");
        }
    }
    let values = of.values();
    for (key, value) in value.entries() {
        if at.is_empty() && matches!(key, "apiVersion" | "kind" | "metadata") {
            continue;
        }
        if let Some(of) = of.field(key).or_else(|| values.clone()) {
            check(causes, &of, value, &below(key));
        }
    }
    let (least, most) = of.field_count();
    let count = value.entries().count() as u64;
    if let Some(most) = most.filter(|&most| count > most) {
        causes.0.push(too_many(at, count, most));
    }
    if let Some(least) = least.filter(|&least| count < least) {
        causes.invalid(at, count, &format!("{at} in body should have at least {least} properties"));
    }
}

/// `field.TooMany`.
fn too_many(at: &str, count: u64, most: u64) -> Cause {
    let plural = if most == 1 { "item" } else { "items" };
    Cause { reason: "FieldValueTooMany", field: at.into(), message: format!("Too many: {count}: must have at most {most} {plural}") }
}

/// `None` when a value has the form of its type.
fn mismatch(of: &Type, value: &Tree) -> Option<&'static str> {
    let (right, wanted) = match (of.form(), value) {
        (Form::Any, _) => (true, ""),
        (Form::Object, v) => (matches!(v, Tree::Map(_)), "object"),
        (Form::Array, v) => (matches!(v, Tree::List(_)), "array"),
        (Form::String, v) => (matches!(v, Tree::Text(_)), "string"),
        (Form::Integer, v) => (v.as_i64().is_some(), "integer"),
        (Form::Number, v) => (matches!(v, Tree::Int(_) | Tree::Float(_)), "number"),
        (Form::Boolean, v) => (matches!(v, Tree::Bool(_)), "boolean"),
        (Form::IntOrString, v) => (matches!(v, Tree::Int(_) | Tree::Text(_)), "integer,string"),
        (Form::Quantity, v) => (matches!(v, Tree::Int(_) | Tree::Float(_) | Tree::Text(_)), "number,string"),
    };
    (!right).then_some(wanted)
}

fn go_name(value: &Tree) -> &'static str {
    match value {
        Tree::Null => "null",
        Tree::Bool(_) => "boolean",
        Tree::Int(_) => "integer",
        Tree::Float(_) => "number",
        Tree::Text(_) => "string",
        Tree::List(_) => "array",
        Tree::Map(_) => "object",
    }
}

fn enumeration(causes: &mut Causes, of: &Type, value: &Tree, at: &str) {
    let all = of.enumeration();
    let this = Value::from(value);
    if all.is_empty() || all.contains(&this) {
        return;
    }
    let texts: Vec<String> = all.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    causes.0.push(Cause::not_supported(at, this, &texts));
}

fn text_rules(causes: &mut Causes, of: &Type, text: &str, at: &str) {
    let (least, most) = of.length();
    let length = text.chars().count() as u64;
    if let Some(most) = most.filter(|&most| length > most) {
        // The first of these is told, and no more.
        return causes.0.push(Cause::too_long(at, usize::try_from(most).unwrap_or(usize::MAX)));
    }
    if let Some(least) = least.filter(|&least| length < least) {
        return causes.invalid(at, text, &format!("{at} in body should be at least {least} chars long"));
    }
    if let Some(pattern) = of.pattern()
        && Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text))
    {
        causes.invalid(at, text, &format!("{at} in body should match '{pattern}'"));
    }
}

fn bounds(causes: &mut Causes, of: &Type, n: f64, value: &Tree, at: &str) {
    if let Some((most, open)) = of.maximum()
        && (n > most || (open && n >= most))
    {
        let than = if open { "less than" } else { "less than or equal to" };
        causes.invalid(at, value, &format!("{at} in body should be {than} {most}"));
    }
    if let Some((least, open)) = of.minimum()
        && (n < least || (open && n <= least))
    {
        let than = if open { "greater than" } else { "greater than or equal to" };
        causes.invalid(at, value, &format!("{at} in body should be {than} {least}"));
    }
    if let Some(of) = of.multiple_of().filter(|&of| of != 0.0 && (n / of).fract() != 0.0) {
        causes.invalid(at, value, &format!("{at} in body should be a multiple of {of}"));
    }
}

/// Values and required fields of a built-in kind that has no rules of its own: what its enumerations do not have.
pub(super) fn enumerations(causes: &mut Causes, of: &Type, value: &Tree, at: &str) {
    match value {
        Tree::Text(text) if !text.is_empty() => enumeration(causes, of, value, at),
        Tree::List(items) => {
            if let Some(of) = of.items() {
                items.iter().enumerate().for_each(|(n, item)| enumerations(causes, &of, item, &format!("{at}[{n}]")));
            }
        }
        Tree::Map(_) => {
            for (key, value) in value.entries() {
                if let Some(of) = of.field(key).or_else(|| of.values()) {
                    let at = if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
                    enumerations(causes, &of, value, &at);
                }
            }
            // An empty list is none to the server, and is no fault where no rule says so.
            let list = |name: &str| of.field(name).is_some_and(|of| of.form() == Form::Array);
            for name in of.required().filter(|name| value[*name].is_empty() && !matches!(value[*name], Tree::Map(_)) && !list(name)) {
                causes.required(&if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }, "");
            }
        }
        _ => {}
    }
}
