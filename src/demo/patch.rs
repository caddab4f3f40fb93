//! The four ways to change a part of an object: JSON patch, merge patch, strategic merge patch and server-side apply.

use serde_json::Value;

use super::tree::Tree;

pub mod apply;
pub mod compare;
pub mod owners;
pub mod strategic;

/// Operations that a JSON patch may have: apiserver's `maxJSONPatchOperations`.
const MOST_OPERATIONS: usize = 10_000;

/// Why a JSON patch does nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is no JSON patch: 400.
    Document(String),
    /// It has more operations than a server takes: 413.
    TooLong(usize),
    /// It does not fit the object, or one of its tests fails: 422.
    Unfit(String),
}

/// Applies a JSON patch (RFC 6902).
///
/// # Errors
/// See [`Wrong`]; the object is as it was.
pub fn json(to: &Tree, patch: &Tree) -> Result<Tree, Wrong> {
    if !matches!(patch, Tree::List(_)) {
        return Err(Wrong::Document("json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp".into()));
    }
    let count = patch.items().len();
    if count > MOST_OPERATIONS {
        return Err(Wrong::TooLong(count));
    }
    let operations: json_patch::Patch = serde_json::from_value(Value::from(patch)).map_err(|why| Wrong::Document(why.to_string()))?;
    let mut value = Value::from(to);
    for operation in operations.0 {
        if !tests_nothing(&value, &operation) {
            json_patch::patch(&mut value, &[operation]).map_err(|why| Wrong::Unfit(why.to_string()))?;
        }
    }
    Ok(sharing(value.into(), to))
}

/// A test that a member of an object is not there: the API server's library (evanphx/json-patch) takes `null` for that.
fn tests_nothing(value: &Value, operation: &json_patch::PatchOperation) -> bool {
    let json_patch::PatchOperation::Test(test) = operation else { return false };
    let path = test.path.as_str();
    let parent = path.rsplit_once('/').and_then(|(parent, _)| value.pointer(parent));
    test.value.is_null() && parent.is_some_and(Value::is_object) && value.pointer(path).is_none()
}

/// Applies a merge patch (RFC 7386): maps are merged, `null` takes away, all else replaces.
pub fn merge(to: &mut Tree, patch: &Tree) {
    let Tree::Map(entries) = patch else {
        *to = patch.clone();
        return;
    };
    if !matches!(to, Tree::Map(_)) {
        *to = Tree::map();
    }
    for (key, value) in entries.iter() {
        match value {
            Tree::Null => drop(to.take(key)),
            Tree::Map(_) => merge(to.slot(key), value),
            _ if to[key].equals(value) => {}
            _ => to.put(key, value),
        }
    }
}

/// A tree whose parts are those of another one wherever they are equal: what came as text takes no memory for what was not
/// changed.
pub fn sharing(new: Tree, old: &Tree) -> Tree {
    if new.equals(old) {
        return old.clone();
    }
    match (&new, old) {
        (Tree::Map(entries), Tree::Map(_)) => {
            let mut out = new.clone();
            for (key, value) in entries.iter() {
                if let Some(before) = old.get(key) {
                    out.put(key, sharing(value.clone(), before));
                }
            }
            out
        }
        (Tree::List(items), Tree::List(before)) => {
            let none = Tree::Null;
            items.iter().enumerate().map(|(at, item)| sharing(item.clone(), before.get(at).unwrap_or(&none))).collect()
        }
        _ => new,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as j;

    use super::*;

    #[test]
    fn json_patches_test_move_and_escape() {
        let tree: Tree = j!({"spec": {"list": [1, 2], "a/b": 1}}).into();
        let patch = |operations: Value| json(&tree, &operations.into()).map(|t| Value::from(&t));
        assert_eq!(
            patch(j!([{"op": "add", "path": "/spec/list/-", "value": 3}, {"op": "remove", "path": "/spec/a~1b"}])),
            Ok(j!({"spec": {"list": [1, 2, 3]}}))
        );
        assert_eq!(
            patch(j!([{"op": "move", "from": "/spec/list/0", "path": "/first"}])),
            Ok(j!({"spec": {"list": [2], "a/b": 1}, "first": 1}))
        );
        assert!(matches!(patch(j!([{"op": "test", "path": "/spec/list/0", "value": 9}])), Err(Wrong::Unfit(_))));
        assert!(patch(j!([{"op": "test", "path": "/spec/none", "value": null}])).is_ok(), "null is what is not there");
        assert!(matches!(patch(j!([{"op": "test", "path": "/none/none", "value": null}])), Err(Wrong::Unfit(_))));
        assert!(matches!(patch(j!([{"op": "test", "path": "/spec/list/7", "value": null}])), Err(Wrong::Unfit(_))));
        assert!(matches!(patch(j!([{"op": "remove", "path": "/none"}])), Err(Wrong::Unfit(_))));
        assert!(matches!(patch(j!({"op": "remove"})), Err(Wrong::Document(_))));
        assert!(matches!(patch(j!([{"op": "dance", "path": "/x"}])), Err(Wrong::Document(_))));
    }

    #[test]
    fn merge_patches_take_away_with_null() {
        // The cases of RFC 7386's appendix that an API object can have.
        for (to, patch, result) in [
            (j!({"a": "b"}), j!({"a": "c"}), j!({"a": "c"})),
            (j!({"a": "b"}), j!({"b": "c"}), j!({"a": "b", "b": "c"})),
            (j!({"a": "b", "b": "c"}), j!({"a": null}), j!({"b": "c"})),
            (j!({"a": ["b"]}), j!({"a": "c"}), j!({"a": "c"})),
            (j!({"a": {"b": "c"}}), j!({"a": {"b": "d", "c": null}}), j!({"a": {"b": "d"}})),
            (j!({"a": [{"b": "c"}]}), j!({"a": [1]}), j!({"a": [1]})),
            (j!({}), j!({"a": {"bb": {"ccc": null}}}), j!({"a": {"bb": {}}})),
        ] {
            let mut tree = Tree::from(to);
            merge(&mut tree, &patch.into());
            assert_eq!(Value::from(&tree), result);
        }
    }

    #[test]
    fn what_a_patch_leaves_stays_shared() {
        let tree: Tree = j!({"spec": {"containers": [{"name": "a"}], "replicas": 1}}).into();
        let patched = json(&tree, &j!([{"op": "replace", "path": "/spec/replicas", "value": 2}]).into()).expect("fits");
        assert!(patched.at("spec.containers").same(tree.at("spec.containers")));
        assert_eq!(patched.int("spec.replicas", 0), 2);
    }
}
