//! Expectations that were recorded from the real control plane, and what differs from them.

use std::path::Path;

use serde_json::{Value, json};

use super::ground::Ground;

/// A file of expectations that were recorded from the real control plane; it is written anew there, and only there, when
/// `KUBETUI_TEST_RECORD` is set. `name` is the file's name in `stored/`.
pub fn as_recorded(ground: &Ground, name: &str, found: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenarios/stored").join(name);
    if ground.is_real() && std::env::var_os("KUBETUI_TEST_RECORD").is_some() {
        std::fs::write(&path, format!("{found:#}\n")).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let recorded: Value = serde_json::from_str(&text).expect("JSON");
    let mut wrong = Vec::new();
    differences("", &recorded, found, &mut wrong);
    assert!(wrong.is_empty(), "{name}: {} differences from the real control plane:\n{}", wrong.len(), wrong.join("\n"));
}

/// Where two values differ, a line each.
fn differences(place: &str, recorded: &Value, found: &Value, wrong: &mut Vec<String>) {
    match (recorded, found) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                differences(&format!("{place}/{key}"), value, new.get(key).unwrap_or(&Value::Null), wrong);
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                wrong.push(format!("{place}/{key}: there is none, but here is {value}"));
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                differences(&format!("{place}/{index}"), old, new, wrong);
            }
        }
        _ if recorded == found => {}
        _ => wrong.push(format!("{place}: {recorded} there, {found} here")),
    }
}

#[test]
fn differences_are_named_by_their_places() {
    let mut wrong = Vec::new();
    differences("", &json!({"a": [1, 2], "b": 1}), &json!({"a": [1, 3], "c": 2}), &mut wrong);
    assert_eq!(wrong, ["/a/1: 2 there, 3 here", "/b: 1 there, null here", "/c: there is none, but here is 2"]);
}
