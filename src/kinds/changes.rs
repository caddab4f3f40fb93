//! What two states of one object differ in, as lines of its YAML: without what every change changes, and without values of
//! Secrets.

use serde_json::Value;

use super::draft;
use super::shown::{LAST_APPLIED, is_secret};
use crate::model::edit::{self, Path, Row, Step};
use crate::model::kind::Kind;
use crate::model::tree::Tree;
use crate::model::yaml;

/// Lines round a change that are the same: as many as it takes to know whose field it is.
const AROUND: usize = 2;

/// The lines that changed, with those round them; none where nothing did that one would tell.
pub fn lines(kind: &Kind, old: &Value, new: &Value) -> Vec<Row> {
    let (old, new) = (told(old), told(new));
    if old.equals(&new) {
        return Vec::new();
    }
    let secret = is_secret(kind);
    let covered =
        |path: &Path| secret && matches!(path.0.as_slice(), [Step::Key(map), Step::Key(_)] if matches!(&**map, "data" | "stringData"));
    let mut rows = edit::unified(&edit::difference(&old, &new, |tree| yaml::print(&Value::from(tree)), &covered), AROUND);
    // What is far from any change is not told of, at its ends neither.
    while rows.last().is_some_and(|row| matches!(row, Row::Gap(_))) {
        rows.pop();
    }
    if matches!(rows.first(), Some(Row::Gap(_))) {
        rows.remove(0);
    }
    rows
}

/// Without what changes with every change. The last applied configuration says again what its fields say, and of a Secret its
/// values.
fn told(object: &Value) -> Tree {
    let mut tree = Tree::from(object.clone());
    for field in ["resourceVersion", "managedFields", "generation"] {
        tree.remove(&format!("metadata.{field}"));
    }
    draft::unnote(&mut tree, LAST_APPLIED);
    tree
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(plural: &str, old: Value, new: Value) -> Vec<String> {
        let kind = Kind { version: "v1".into(), plural: plural.into(), ..Kind::default() };
        let line = |row: &Row| match row {
            Row::Gap(lines) => format!("… {lines}"),
            Row::Same { text, .. } => format!("  {text}"),
            Row::Gone(side) => format!("- {}", side.text),
            Row::New(side) => format!("+ {}", side.text),
        };
        lines(&kind, &old, &new).iter().map(line).collect()
    }

    #[test]
    fn what_every_change_changes_is_none() {
        let object = |version: &str, app: &str| {
            json!({"metadata": {"name": "a", "resourceVersion": version, "generation": 1, "labels": {"app": app},
            "annotations": {LAST_APPLIED: version}, "managedFields": [{"time": version}]}, "spec": {"a": 1, "b": 2, "c": 3, "d": 4}})
        };
        assert!(of("pods", object("1", "x"), object("2", "x")).is_empty());
        let seen = of("pods", object("1", "x"), object("2", "z"));
        assert_eq!(seen, ["  metadata:", "    labels:", "-     app: x", "+     app: z", "    name: a", "  spec:"]);
    }

    #[test]
    fn values_of_secrets_are_covered_before_anybody_keeps_them() {
        let secret =
            |value: &str| json!({"data": {"password": value, "same": "c2FtZQ=="}, "metadata": {"annotations": {LAST_APPLIED: value}}});
        let seen = of("secrets", secret("aHVudGVyMg=="), secret("b3RoZXI=")).join("\n");
        assert!(seen.contains("- ") && seen.contains("password") && seen.contains("***"), "{seen}");
        assert!(!["aHVu", "b3Ro", "c2Ft"].iter().any(|value| seen.contains(value)), "{seen}");
        assert!(of("configmaps", secret("aHVudGVyMg=="), secret("b3RoZXI=")).join("\n").contains("b3RoZXI="));
    }
}
