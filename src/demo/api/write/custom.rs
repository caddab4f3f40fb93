//! Custom resources: defaults and validation by the schema of their definition, in kube-openapi's words.
//! (apiextensions-apiserver's structural defaulting, and pkg/validation/validate)

use regex::Regex;
use serde_json::Value;

use crate::demo::api::call::Call;
use crate::demo::refusal::{Cause, Refusal};
use crate::demo::tree::Tree;
use crate::demo::world::World;
use crate::kinds::schema::{Form, Type};

/// Fills in defaults and refuses what does not fit.
pub(super) fn complete(world: &World, call: &Call, of: Option<&Type>, tree: &mut Tree) -> Result<(), Refusal> {
    // A definition that is gone meanwhile has no schema, and its resource is not served any more.
    if world.definition(call.resource).is_none() {
        return Err(Refusal::no_such_path());
    }
    let Some(of) = of else { return Ok(()) };
    let mut causes = Vec::new();
    for field in of.fields().iter().filter(|f| !matches!(&*f.name, "apiVersion" | "kind" | "metadata")) {
        let name = &*field.name;
        if tree[name].is_null()
            && let Some(default) = field.of.default()
        {
            tree.put(name, default.clone());
        }
        if let Some(value) = tree.get(name) {
            let mut value = value.clone();
            defaults(&mut value, &field.of);
            validate(&value, &field.of, name, &mut causes);
            if !value.equals(&tree[name]) {
                tree.put(name, value);
            }
        } else if field.required {
            causes.push(Cause::required(name, ""));
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Refusal::invalid(&call.resource.kind, &call.resource.group, tree.text("metadata.name"), causes))
}

fn defaults(tree: &mut Tree, of: &Type) {
    match tree {
        Tree::Map(_) => {
            for field in of.fields() {
                let name = &*field.name;
                if tree.get(name).is_none()
                    && let Some(default) = field.of.default()
                {
                    tree.put(name, default.clone());
                }
            }
            let values = of.values();
            for (key, value) in tree.values_mut() {
                if let Some(of) = of.field(key).or_else(|| values.clone()) {
                    defaults(value, &of);
                }
            }
        }
        Tree::List(items) if !items.is_empty() => {
            let Some(of) = of.items() else { return };
            for item in tree.items_mut() {
                defaults(item, &of);
            }
        }
        _ => {}
    }
}

/// What Go's validation calls a value's type.
fn type_name(tree: &Tree) -> &'static str {
    match tree {
        Tree::Null => "null",
        Tree::Bool(_) => "boolean",
        Tree::Int(_) => "integer",
        Tree::Float(_) => "number",
        Tree::Text(_) => "string",
        Tree::List(_) => "array",
        Tree::Map(_) => "object",
    }
}

fn validate(tree: &Tree, of: &Type, path: &str, causes: &mut Vec<Cause>) {
    if tree.is_null() && of.nullable() {
        return;
    }
    let (wanted, fits) = match (of.form(), tree) {
        (Form::Any, _) => ("", true),
        (Form::Object, Tree::Map(_)) | (Form::Array, Tree::List(_)) | (Form::String, Tree::Text(_)) => ("", true),
        (Form::Boolean, Tree::Bool(_)) | (Form::Number | Form::Integer, Tree::Int(_)) | (Form::Number, Tree::Float(_)) => ("", true),
        (Form::IntOrString, Tree::Int(_) | Tree::Text(_)) | (Form::Quantity, Tree::Int(_) | Tree::Float(_) | Tree::Text(_)) => ("", true),
        (Form::Integer, Tree::Float(f)) if f.fract() == 0.0 => ("", true),
        (Form::Object, _) => ("object", false),
        (Form::Array, _) => ("array", false),
        (Form::String, _) => ("string", false),
        (Form::Boolean, _) => ("boolean", false),
        (Form::Integer, _) => ("integer", false),
        (Form::Number, _) => ("number", false),
        (Form::IntOrString | Form::Quantity, _) => ("integer,string", false),
    };
    if !fits {
        let found = type_name(tree);
        let why = format!("{path} in body must be of type {wanted}: {found:?}");
        causes.push(Cause::type_invalid(path, found, &why));
        return;
    }
    let enumeration = of.enumeration();
    if !enumeration.is_empty() && !enumeration.contains(&Value::from(tree)) {
        let texts: Vec<String> = enumeration.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
        causes.push(Cause::not_supported(path, tree, &texts.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    match tree {
        Tree::Int(n) => number(*n as f64, tree, of, path, causes),
        Tree::Float(f) => number(*f, tree, of, path, causes),
        Tree::Text(text) => string(text, of, path, causes),
        Tree::List(items) => list(items, tree, of, path, causes),
        Tree::Map(_) => map(tree, of, path, causes),
        _ => {}
    }
}

fn number(n: f64, tree: &Tree, of: &Type, path: &str, causes: &mut Vec<Cause>) {
    let mut wrong = |why: String| causes.push(Cause::invalid(path, tree, &format!("{path} in body should be {why}")));
    if let Some((least, exclusive)) = of.minimum()
        && (n < least || (exclusive && n == least))
    {
        wrong(format!("greater than {}{least}", if exclusive { "" } else { "or equal to " }));
    }
    if let Some((most, exclusive)) = of.maximum()
        && (n > most || (exclusive && n == most))
    {
        wrong(format!("less than {}{most}", if exclusive { "" } else { "or equal to " }));
    }
    if let Some(unit) = of.multiple_of()
        && unit > 0.0
        && (n / unit).fract() != 0.0
    {
        wrong(format!("a multiple of {unit}"));
    }
}

fn string(text: &str, of: &Type, path: &str, causes: &mut Vec<Cause>) {
    let mut wrong = |why: String| causes.push(Cause::invalid(path, text, &format!("{path} in body should {why}")));
    let count = text.chars().count() as u64;
    let (least, most) = of.length();
    if let Some(least) = least.filter(|&least| count < least) {
        wrong(format!("be at least {least} chars long"));
    }
    if let Some(pattern) = of.pattern()
        && Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text))
    {
        wrong(format!("match '{pattern}'"));
    }
    if let Some(most) = most.filter(|&most| count > most) {
        causes.push(Cause::too_long(path, most as usize));
    }
}

fn list(items: &[Tree], tree: &Tree, of: &Type, path: &str, causes: &mut Vec<Cause>) {
    let count = items.len() as u64;
    let (least, most) = of.item_count();
    if let Some(least) = least.filter(|&least| count < least) {
        causes.push(Cause::invalid(path, count, &format!("{path} in body should have at least {least} items")));
    }
    if let Some(most) = most.filter(|&most| count > most) {
        let message = format!("Too many: {count}: must have at most {most} items");
        causes.push(Cause { reason: "FieldValueTooMany", field: path.into(), message });
    }
    if of.unique_items() && items.iter().enumerate().any(|(at, item)| items[..at].contains(item)) {
        causes.push(Cause::invalid(path, tree, &format!("{path} in body shouldn't contain duplicates")));
    }
    let keys = of.list_map_keys();
    let is_set = of.list_type() == Some("set");
    for (at, item) in items.iter().enumerate() {
        let id = |item: &Tree| keys.iter().map(|key| item[&**key].clone()).collect::<Vec<_>>();
        let again =
            if is_set { items[..at].contains(item) } else { !keys.is_empty() && items[..at].iter().any(|other| id(other) == id(item)) };
        if again {
            let shown =
                if is_set { Value::from(item) } else { keys.iter().map(|key| (key.to_string(), Value::from(&item[&**key]))).collect() };
            causes.push(Cause::duplicate(format!("{path}[{at}]"), shown));
        }
        if let Some(of) = of.items() {
            validate(item, &of, &format!("{path}[{at}]"), causes);
        }
    }
}

fn map(tree: &Tree, of: &Type, path: &str, causes: &mut Vec<Cause>) {
    let count = tree.entries().count() as u64;
    let (least, most) = of.field_count();
    if let Some(least) = least.filter(|&least| count < least) {
        causes.push(Cause::invalid(path, count, &format!("{path} in body should have at least {least} properties")));
    }
    if let Some(most) = most.filter(|&most| count > most) {
        let message = format!("Too many: {count}: must have at most {most} items");
        causes.push(Cause { reason: "FieldValueTooMany", field: path.into(), message });
    }
    for name in of.required().filter(|name| tree.get(name).is_none()) {
        causes.push(Cause::required(format!("{path}.{name}"), ""));
    }
    let values = of.values();
    for (key, value) in tree.entries() {
        if let Some(of) = of.field(key).or_else(|| values.clone()) {
            validate(value, &of, &format!("{path}.{key}"), causes);
        }
    }
}
