//! Strategic merge patch: apimachinery's `strategicpatch`, by the schema's `x-kubernetes-patch-strategy` and `-merge-key`.

use crate::demo::tree::Tree;
use crate::kinds::schema::Type;

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

/// Applies a patch to a map. The error is upstream's message; the server answers with 500 or 400.
///
/// # Errors
/// The patch has a directive that is none, or an item without the key by which items are told apart.
pub fn merge(original: &Tree, patch: &Tree, of: Option<&Type>) -> Result<Tree, String> {
    if let Some(directive) = patch.get(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => {
                let mut out = patch.clone();
                out.take(DIRECTIVE);
                Ok(out)
            }
            Some("delete") => Ok(Tree::map()),
            Some("merge") => {
                let mut rest = patch.clone();
                rest.take(DIRECTIVE);
                merge(original, &rest, of)
            }
            _ => Err(unknown(directive, patch)),
        };
    }
    let mut out = if matches!(original, Tree::Map(_)) { original.clone() } else { Tree::map() };
    retain(&mut out, patch)?;
    for (key, value) in patch.entries() {
        if let Some(list) = key.strip_prefix(DELETE_FROM) {
            let kept = out[list].items().iter().filter(|item| !value.items().contains(item)).cloned().collect::<Vec<_>>();
            if out.get(list).is_some() {
                out.put(list, kept);
            }
        } else if key != RETAIN && !key.starts_with(ORDER) {
            let merged = field(&out, key, value, of)?;
            match merged {
                Some(merged) => out.put(key, merged),
                None => drop(out.take(key)),
            }
        }
    }
    for (key, order) in patch.entries() {
        let Some(list) = key.strip_prefix(ORDER) else { continue };
        if !matches!(order, Tree::List(_)) {
            return Err("invalid patch format of setElementOrder list".into());
        }
        if out[list].items().is_empty() {
            continue;
        }
        let of = of.and_then(|of| of.field(list));
        let key = of.as_ref().and_then(Type::patch_merge_key);
        let ordered = ordered(out[list].items(), order.items(), original[list].items(), key);
        out.put(list, ordered);
    }
    Ok(out)
}

/// What becomes of one field; `None` when it goes.
fn field(original: &Tree, key: &str, patch: &Tree, of: Option<&Type>) -> Result<Option<Tree>, String> {
    if patch.is_null() {
        return Ok(None);
    }
    let of = of.and_then(|of| of.field(key).or_else(|| of.values()));
    let strategies = of.as_ref().and_then(Type::patch_strategy).unwrap_or("");
    let strategy = strategies.split(',').find(|s| *s != "retainKeys").unwrap_or("");
    match (original.get(key), patch) {
        (Some(Tree::Map(_)), Tree::Map(_)) if strategy == "replace" => {
            let mut out = patch.clone();
            // A replaced map may say so itself.
            out.take(DIRECTIVE);
            Ok(Some(out))
        }
        (Some(before @ Tree::Map(_)), Tree::Map(_)) => merge(before, patch, of.as_ref()).map(Some),
        (Some(before @ Tree::List(_)), Tree::List(_)) if strategy == "merge" => {
            let key = of.as_ref().and_then(Type::patch_merge_key).map(str::to_owned);
            list(before.items(), patch.items(), of.and_then(|of| of.items()).as_ref(), key.as_deref()).map(Some)
        }
        _ => Ok(without_directives(patch)),
    }
}

/// `$retainKeys`: the fields of the original that are not named go.
fn retain(original: &mut Tree, patch: &Tree) -> Result<(), String> {
    let Some(retained) = patch.get(RETAIN) else { return Ok(()) };
    let Tree::List(retained) = retained else { return Err("invalid patch format of retainKeys".into()) };
    let is_retained = |key: &str| retained.iter().any(|kept| *kept == *key);
    for (key, value) in patch.entries() {
        let directive = key == RETAIN || key.starts_with(DELETE_FROM) || key.starts_with(ORDER);
        if !directive && !value.is_null() && !is_retained(key) {
            return Err("patch content doesn't match retainKeys list".into());
        }
    }
    let gone: Vec<String> = original.entries().map(|(key, _)| key).filter(|key| !is_retained(key)).map(str::to_owned).collect();
    for key in gone {
        original.take(&key);
    }
    Ok(())
}

/// Merges a list: items that are maps by their key, others by value. (`mergeSlice`)
fn list(original: &[Tree], patch: &[Tree], of: Option<&Type>, key: Option<&str>) -> Result<Tree, String> {
    let maps = original.iter().chain(patch).any(|item| matches!(item, Tree::Map(_)));
    if !maps {
        let mut merged: Vec<Tree> = Vec::new();
        for item in original.iter().chain(patch) {
            if !merged.contains(item) {
                merged.push(item.clone());
            }
        }
        return Ok(ordered(&merged, patch, original, None));
    }
    let Some(key) = key else { return Err("cannot merge lists without merge key".into()) };
    let mut merged = original.to_vec();
    let mut plain = Vec::new();
    let mut replace = false;
    for item in patch {
        let name = item.get(key);
        match item.get(DIRECTIVE) {
            None => plain.push(item.clone()),
            Some(directive) => match directive.as_str() {
                Some("delete") => {
                    let name = name.ok_or_else(|| no_key(item, key))?;
                    merged.retain(|other| other[key] != *name);
                }
                Some("replace") => replace = true,
                Some("merge") => return Err("merging lists cannot yet be specified in the patch".into()),
                _ => return Err(unknown(directive, item)),
            },
        }
    }
    if replace {
        return Ok(Tree::list_of(plain));
    }
    for item in &plain {
        let name = item.get(key).ok_or_else(|| no_key(item, key))?;
        match merged.iter_mut().find(|other| other[key] == *name) {
            Some(before) => *before = merge(before, item, of)?,
            None => merged.extend(without_directives(item)),
        }
    }
    Ok(ordered(&merged, &plain, original, Some(key)))
}

/// Items that the patch names in its order, the others in the server's, as far as both agree. (`normalizeElementOrder`)
fn ordered(merged: &[Tree], named: &[Tree], server: &[Tree], key: Option<&str>) -> Tree {
    let id = |item: &Tree| key.map_or_else(|| item.clone(), |key| item[key].clone());
    let place = |among: &[Tree], item: &Tree| among.iter().position(|other| id(other) == id(item));
    let (mut ours, mut theirs): (Vec<&Tree>, Vec<&Tree>) = merged.iter().partition(|item| place(named, item).is_some());
    ours.sort_by_key(|item| place(named, item));
    theirs.sort_by_key(|item| place(server, item));
    let mut out = Vec::with_capacity(merged.len());
    let (mut ours, mut theirs) = (ours.into_iter().peekable(), theirs.into_iter().peekable());
    loop {
        // What only the server has comes first where it was before the other; otherwise what the patch names does.
        let first = match (theirs.peek(), ours.peek()) {
            (None, None) => break,
            (Some(t), Some(o)) => matches!((place(server, t), place(server, o)), (Some(t), Some(o)) if t < o),
            (t, _) => t.is_some(),
        };
        out.extend(if first { theirs.next() } else { ours.next() }.cloned());
    }
    Tree::list_of(out)
}

/// What a value that is new leaves when nulls and directives are taken out of it; `None` when it is itself to be deleted.
fn without_directives(value: &Tree) -> Option<Tree> {
    match value {
        Tree::Map(entries) => {
            if value[DIRECTIVE] == "delete" {
                return None;
            }
            let mut out = value.clone();
            for (key, below) in entries.iter() {
                let directive = key == DIRECTIVE || key == RETAIN || key.starts_with(DELETE_FROM) || key.starts_with(ORDER);
                match without_directives(below) {
                    Some(clean) if !directive && !below.is_null() => out.put(key, clean),
                    _ => drop(out.take(key)),
                }
            }
            Some(out)
        }
        Tree::List(items) => Some(items.iter().filter_map(without_directives).collect()),
        _ => Some(value.clone()),
    }
}

fn unknown(directive: &Tree, map: &Tree) -> String {
    format!("unknown patch type: {} in map: {}", go(directive), go(map))
}

fn no_key(item: &Tree, key: &str) -> String {
    format!("map: {} does not contain declared merge key: {key}", go(item))
}

/// A value as Go prints it: `map[image:x]`.
pub fn go(value: &Tree) -> String {
    match value {
        Tree::Null => "<nil>".into(),
        Tree::Text(text) => text.to_string(),
        Tree::List(items) => format!("[{}]", items.iter().map(go).collect::<Vec<_>>().join(" ")),
        Tree::Map(map) => {
            let entries: Vec<String> = map.iter().map(|(key, value)| format!("{key}:{}", go(value))).collect();
            format!("map[{}]", entries.join(" "))
        }
        scalar => format!("{scalar:?}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::demo::openapi;

    fn pod_spec() -> Type {
        openapi::kind("", "v1", "Pod").and_then(|of| of.field("spec")).expect("is recorded")
    }

    fn patched(original: Value, patch: Value) -> Result<Value, String> {
        merge(&original.into(), &patch.into(), Some(&pod_spec())).map(|t| Value::from(&t))
    }

    #[test]
    fn lists_are_merged_by_their_keys() {
        let two = json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]});
        assert_eq!(
            patched(two.clone(), json!({"containers": [{"name": "b", "image": "2", "env": [{"name": "X", "value": "1"}]}]})),
            Ok(json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2", "env": [{"name": "X", "value": "1"}]}]}))
        );
        assert_eq!(
            patched(two.clone(), json!({"containers": [{"name": "c", "image": "1"}]})).map(|v| v["containers"][0]["name"].clone()),
            Ok(json!("c")),
            "what is new comes first"
        );
        assert_eq!(
            patched(two.clone(), json!({"containers": [{"name": "a", "$patch": "delete"}]})),
            Ok(json!({"containers": [{"name": "b", "image": "1"}]}))
        );
        assert_eq!(
            patched(two.clone(), json!({"containers": [{"name": "c"}, {"$patch": "replace"}]})),
            Ok(json!({"containers": [{"name": "c"}]}))
        );
        assert_eq!(
            patched(two.clone(), json!({"containers": [{"image": "x"}]})),
            Err("map: map[image:x] does not contain declared merge key: name".into())
        );
        assert_eq!(
            patched(two, json!({"containers": [{"$patch": "foo", "name": "c"}]})),
            Err("unknown patch type: foo in map: map[$patch:foo name:c]".into())
        );
    }

    #[test]
    fn lists_without_a_key_are_replaced() {
        let tolerations = json!({"tolerations": [{"key": "a"}]});
        assert_eq!(patched(tolerations, json!({"tolerations": [{"key": "b"}]})), Ok(json!({"tolerations": [{"key": "b"}]})));
    }

    #[test]
    fn maps_are_merged_replaced_and_deleted() {
        let labels = json!({"nodeSelector": {"a": "1", "b": "2"}, "hostNetwork": true});
        assert_eq!(
            patched(labels.clone(), json!({"nodeSelector": {"a": null, "c": "3"}})),
            Ok(json!({"nodeSelector": {"b": "2", "c": "3"}, "hostNetwork": true}))
        );
        assert_eq!(
            patched(labels.clone(), json!({"nodeSelector": {"$patch": "replace", "c": "3"}})),
            Ok(json!({"nodeSelector": {"c": "3"}, "hostNetwork": true}))
        );
        assert_eq!(patched(labels.clone(), json!({"$patch": "delete"})), Ok(json!({})));
        assert_eq!(
            patched(labels, json!({"affinity": {"nodeAffinity": null}, "nodeSelector": null})),
            Ok(json!({"affinity": {}, "hostNetwork": true}))
        );
    }

    #[test]
    fn kept_keys_let_the_others_go() {
        let volumes = json!({"volumes": [{"name": "v", "emptyDir": {}}]});
        let patch = json!({"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}]});
        assert_eq!(patched(volumes.clone(), patch), Ok(json!({"volumes": [{"name": "v", "hostPath": {"path": "/x"}}]})));
        let wrong = json!({"volumes": [{"name": "v", "$retainKeys": ["name"], "hostPath": {"path": "/x"}}]});
        assert_eq!(patched(volumes, wrong), Err("patch content doesn't match retainKeys list".into()));
    }

    #[test]
    fn order_and_lists_of_texts_have_directives() {
        let three = json!({"containers": [{"name": "a"}, {"name": "b"}, {"name": "c"}]});
        let names = |result: Result<Value, String>| {
            result.map(|v| {
                v["containers"].as_array().into_iter().flatten().map(|c| c["name"].as_str().unwrap_or("").to_owned()).collect::<String>()
            })
        };
        let order = json!({"$setElementOrder/containers": [{"name": "c"}, {"name": "d"}, {"name": "a"}], "containers": [{"name": "d"}]});
        assert_eq!(names(patched(three, order)), Ok("bcda".into()));
        let of = openapi::kind("", "v1", "Pod").and_then(|of| of.field("metadata")).expect("is recorded");
        let merged = |patch: Value| merge(&json!({"finalizers": ["a", "b"]}).into(), &patch.into(), Some(&of)).map(|t| Value::from(&t));
        assert_eq!(merged(json!({"finalizers": ["c", "a"]})), Ok(json!({"finalizers": ["c", "a", "b"]})));
        assert_eq!(merged(json!({"$deleteFromPrimitiveList/finalizers": ["a"]})), Ok(json!({"finalizers": ["b"]})));
    }
}
