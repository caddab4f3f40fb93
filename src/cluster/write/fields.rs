//! Changes of single fields as a JSON patch (RFC 6902) that tests what the person saw: the UID, and the old value of each
//! field. The server does nothing when any of it is no longer so; a resourceVersion would say so at every change of status.

use serde_json::{Map, Value, json};

use crate::kinds::draft;

/// One field: where, what was there, and what is to be there; `None` is nothing at all.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    /// JSON pointer (RFC 6901).
    pub(super) pointer: String,
    pub(super) from: Option<Value>,
    pub(super) to: Option<Value>,
}

impl Field {
    /// A field of an object as it was read.
    pub(super) fn new(object: &Value, pointer: impl Into<String>, to: Option<Value>) -> Field {
        let pointer = pointer.into();
        Field { from: object.pointer(&pointer).filter(|value| !value.is_null()).cloned(), pointer, to }
    }

    /// Nothing would change.
    pub(super) fn idle(&self) -> bool {
        self.from == self.to
    }
}

/// A JSON pointer's step: `~` and `/` are spelled `~0` and `~1`.
pub(super) fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The patch. `object` is what was read: where a field's parents are not there, they are made, and it is tested that they
/// are still not there. Of a field that stays as it is, it is tested that it is still so.
pub(super) fn patch(object: &Value, fields: &[Field]) -> Value {
    let uid = object.pointer("/metadata/uid").cloned().unwrap_or_default();
    let mut patch = vec![json!({"op": "test", "path": "/metadata/uid", "value": uid})];
    // What earlier operations have made is there for the later ones.
    let mut made = object.clone();
    for field in fields {
        if field.idle() {
            let (path, _) = nested(&made, &field.pointer, &Value::Null);
            patch.push(json!({"op": "test", "path": path, "value": field.from}));
        } else {
            operations(&mut patch, &mut made, field);
        }
    }
    Value::Array(patch)
}

fn operations(patch: &mut Vec<Value>, made: &mut Value, field: &Field) {
    let path = &field.pointer;
    let Some(to) = &field.to else {
        patch.push(json!({"op": "test", "path": path, "value": field.from}));
        patch.push(json!({"op": "remove", "path": path}));
        return;
    };
    if let Some(from) = &field.from {
        patch.push(json!({"op": "test", "path": path, "value": from}));
        patch.push(json!({"op": "replace", "path": path, "value": to}));
        return;
    }
    // A test against null is what the API server's library says of a field that is not there.
    let (missing, value) = nested(made, path, to);
    patch.push(json!({"op": "test", "path": missing, "value": null}));
    patch.push(json!({"op": "add", "path": missing, "value": value.clone()}));
    insert(made, &missing, value);
}

/// The first step of a path that is not there, and the value with as many objects round it as are missing too.
fn nested(object: &Value, path: &str, value: &Value) -> (String, Value) {
    let (mut path, mut value) = (path, value.clone());
    while let Some((parent, last)) = path.rsplit_once('/') {
        if parent.is_empty() || object.pointer(parent).is_some_and(|found| !found.is_null()) {
            break;
        }
        value = Value::Object(Map::from_iter([(last.replace("~1", "/").replace("~0", "~"), value)]));
        path = parent;
    }
    (path.to_owned(), value)
}

fn insert(object: &mut Value, path: &str, value: Value) {
    let Some((parent, last)) = path.rsplit_once('/') else { return };
    if let Some(Value::Object(map)) = object.pointer_mut(parent) {
        map.insert(last.replace("~1", "/").replace("~0", "~"), value);
    }
}

/// `{"/spec/replicas": 3}`, as the journal keeps it.
pub(super) fn values(fields: &[Field], pick: fn(&Field) -> &Option<Value>) -> Value {
    fields.iter().filter(|field| !field.idle()).map(|field| (field.pointer.clone(), pick(field).clone().unwrap_or_default())).collect()
}

/// The fields of an object that became others, by their pointers, as they were and as they are: whole lists, and of maps what
/// differs in them. What the server writes for itself is left out.
pub(super) fn apart(before: &Value, after: &Value) -> (Value, Value) {
    let mut pairs = (Map::new(), Map::new());
    if !after.is_null() {
        walk(&Value::from(&draft::own(before)), &Value::from(&draft::own(after)), &mut String::new(), &mut pairs);
    }
    (Value::Object(pairs.0), Value::Object(pairs.1))
}

fn walk(before: &Value, after: &Value, pointer: &mut String, pairs: &mut (Map<String, Value>, Map<String, Value>)) {
    if let (Value::Object(old), Value::Object(new)) = (before, after) {
        let more = new.keys().filter(|name| !old.contains_key(*name));
        for name in old.keys().chain(more) {
            let length = pointer.len();
            pointer.push('/');
            pointer.push_str(&step(name));
            let of = |map: &Map<String, Value>| map.get(name).cloned().unwrap_or_default();
            if !matches!(pointer.as_str(), "/metadata/generation" | "/metadata/resourceVersion") {
                walk(&of(old), &of(new), pointer, pairs);
            }
            pointer.truncate(length);
        }
    } else if before != after {
        pairs.0.insert(pointer.clone(), before.clone());
        pairs.1.insert(pointer.clone(), after.clone());
    }
}

/// What is another value now than the one that was tested for, in words; `None` when it is all as it was.
pub(super) fn moved(now: &Value, fields: &[Field]) -> Option<String> {
    let changed = fields.iter().find(|field| there(now, &field.pointer) != field.from.as_ref())?;
    let spelled = |value: Option<&Value>| value.map_or_else(|| "not there".to_owned(), spelled);
    Some(format!(
        "it was changed meanwhile: {} is {} now, and was {}",
        dotted(&changed.pointer),
        spelled(there(now, &changed.pointer)),
        spelled(changed.from.as_ref())
    ))
}

/// What is there now that was not there before, and that a field was to be put into: somebody made the first annotation.
pub(super) fn grown(seen: &Value, now: &Value, fields: &[Field]) -> Option<String> {
    let parent = fields.iter().filter(|field| field.from.is_none()).find_map(|field| {
        let (missing, _) = nested(seen, &field.pointer, &Value::Null);
        (missing != field.pointer && there(now, &missing).is_some()).then_some(missing)
    })?;
    Some(format!("it was changed meanwhile: {} is there now, and was not; what you asked for can be asked again", dotted(&parent)))
}

fn there<'a>(object: &'a Value, pointer: &str) -> Option<&'a Value> {
    object.pointer(pointer).filter(|value| !value.is_null())
}

/// `/metadata/labels/app.io~1x` as people write it.
pub(super) fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~")
}

/// A value in a sentence: a text without quotes, the rest as JSON.
pub(super) fn spelled(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_values_are_tested_and_missing_parents_are_made_once() {
        let object = json!({"metadata": {"uid": "u", "labels": {"a/b": "1"}}, "spec": {"replicas": 3}});
        let set = |path: &str, to: Value| Field::new(&object, path, Some(to));
        let fields = [
            set("/spec/replicas", json!(5)),
            Field::new(&object, "/metadata/labels/a~1b", None),
            set("/metadata/annotations/x~1y", json!("1")),
            set("/metadata/annotations/z", json!("2")),
            set("/metadata/uid", json!("u")),
            Field::new(&object, "/status/paused", None),
        ];
        let expected = json!([
            {"op": "test", "path": "/metadata/uid", "value": "u"},
            {"op": "test", "path": "/spec/replicas", "value": 3},
            {"op": "replace", "path": "/spec/replicas", "value": 5},
            {"op": "test", "path": "/metadata/labels/a~1b", "value": "1"},
            {"op": "remove", "path": "/metadata/labels/a~1b"},
            {"op": "test", "path": "/metadata/annotations", "value": null},
            {"op": "add", "path": "/metadata/annotations", "value": {"x/y": "1"}},
            {"op": "test", "path": "/metadata/annotations/z", "value": null},
            {"op": "add", "path": "/metadata/annotations/z", "value": "2"},
            {"op": "test", "path": "/metadata/uid", "value": "u"},
            {"op": "test", "path": "/status", "value": null},
        ]);
        assert_eq!(patch(&object, &fields), expected);
        assert_eq!(values(&fields, |field| &field.from)["/spec/replicas"], json!(3));
        assert_eq!(values(&fields, |field| &field.to)["/metadata/labels/a~1b"], Value::Null);
    }

    #[test]
    fn what_moved_is_named() {
        let object = json!({"spec": {"replicas": 3}, "metadata": {"labels": {}}});
        let fields =
            [Field::new(&object, "/metadata/labels/app.io~1x", Some(json!("1"))), Field::new(&object, "/spec/replicas", Some(json!(5)))];
        assert_eq!(moved(&object, &fields), None);
        let words = moved(&json!({"spec": {"replicas": 4}, "metadata": {"labels": {}}}), &fields);
        assert_eq!(words.as_deref(), Some("it was changed meanwhile: spec.replicas is 4 now, and was 3"));
        let words = moved(&json!({"spec": {"replicas": 3}, "metadata": {"labels": {"app.io/x": "2"}}}), &fields);
        assert_eq!(words.as_deref(), Some("it was changed meanwhile: metadata.labels.app.io/x is 2 now, and was not there"));
        let fields = [Field::new(&object, "/metadata/annotations/a", Some(json!("1")))];
        assert_eq!(grown(&object, &object, &fields), None);
        let now = json!({"spec": {"replicas": 3}, "metadata": {"labels": {}, "annotations": {"b": "2"}}});
        assert_eq!(moved(&now, &fields), None);
        let words = grown(&object, &now, &fields).unwrap_or_default();
        assert!(words.starts_with("it was changed meanwhile: metadata.annotations is there now, and was not"), "{words}");
    }
}
