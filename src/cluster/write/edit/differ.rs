//! What the server would store against what it has, in lines.

use std::sync::Arc;

use serde_json::Value;

use crate::kinds::draft::own;
use crate::kinds::shown::{LAST_APPLIED, is_secret};
use crate::model::edit::{self, Pair, Path, Step};
use crate::model::kind::Kind;
use crate::model::tree::Tree;
use crate::model::yaml;

/// What changes with every write, or is new with every trial.
const NOISE: [&str; 4] = ["metadata.resourceVersion", "metadata.generation", "metadata.creationTimestamp", "metadata.uid"];

/// The difference of two states of an object, values of Secrets covered. Long ones take their time, and so no thread of the
/// loop's.
pub(in crate::cluster::write) async fn lines(kind: &Kind, before: &Value, after: &Value) -> Arc<[Pair]> {
    let (before, after, secret) = (quiet(before), quiet(after), is_secret(kind));
    let work = move || edit::difference(&before, &after, print, &|path| secret && holds_values(path));
    tokio::task::spawn_blocking(work).await.unwrap_or_default().into()
}

/// The lines of an object that is new.
pub(in crate::cluster::write) async fn made(kind: &Kind, object: &Value) -> Arc<[Pair]> {
    let (tree, secret) = (quiet(object), is_secret(kind));
    let work = move || {
        let (_, shown) = edit::masked(&Tree::Null, &tree, &|path| secret && holds_values(path));
        edit::side_by_side("", &print(&shown))
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_default().into()
}

/// `1 line changed, 2 lines new, 3 lines gone`.
pub(in crate::cluster::write) fn of_lines(diff: &[Pair]) -> String {
    let count = |is: &dyn Fn(&Pair) -> bool| diff.iter().filter(|pair| !pair.same && is(pair)).count();
    let parts = [
        (count(&|pair| pair.old.is_some() && pair.new.is_some()), "changed"),
        (count(&|pair| pair.old.is_none()), "new"),
        (count(&|pair| pair.new.is_none()), "gone"),
    ];
    let words = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| match count {
        1 => format!("1 line {what}"),
        count => format!("{count} lines {what}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn print(tree: &Tree) -> String {
    yaml::print(&Value::from(tree))
}

fn quiet(object: &Value) -> Tree {
    let mut tree = own(object);
    for field in NOISE {
        tree.remove(field);
    }
    tree
}

fn holds_values(path: &Path) -> bool {
    match path.0.as_slice() {
        [Step::Key(field), _, ..] => match &**field {
            "data" | "stringData" => true,
            "metadata" => matches!(path.0.last(), Some(Step::Key(name)) if **name == *LAST_APPLIED),
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(diff: &[Pair]) -> String {
        let side = |side: &Option<edit::Side>| side.as_ref().map_or_else(String::new, |side| side.text.clone());
        diff.iter().filter(|pair| !pair.same).map(|pair| format!("{}|{}\n", side(&pair.old), side(&pair.new))).collect()
    }

    #[tokio::test]
    async fn what_a_write_always_changes_is_no_difference_and_secrets_are_covered() {
        let secrets = Kind { plural: "secrets".into(), ..Kind::default() };
        let of = |value: &str, version: &str| json!({"data": {"password": value}, "metadata": {"resourceVersion": version, "annotations": {LAST_APPLIED: value}}});
        let diff = lines(&secrets, &of("aHVudGVyMg==", "1"), &of("c2VjcmV0", "2")).await;
        let text = texts(&diff);
        assert!(text.contains("password") && !text.contains("aHVudGVyMg") && !text.contains("c2VjcmV0"), "{text}");
        let new = made(&secrets, &of("aHVudGVyMg==", "1")).await;
        assert!(!texts(&new).contains("aHVudGVyMg"), "{}", texts(&new));
        assert!(lines(&secrets, &of("a", "1"), &of("a", "2")).await.iter().all(|pair| pair.same));
        let maps = Kind { plural: "configmaps".into(), ..Kind::default() };
        let diff = lines(&maps, &json!({"data": {"a": "1", "b": "2"}}), &json!({"data": {"a": "2", "c": "x"}})).await;
        assert_eq!(of_lines(&diff).matches("line").count(), of_lines(&diff).split(", ").count(), "{}", of_lines(&diff));
        assert!(texts(&diff).contains("a: \"1\"|  a: \"2\""), "{}", texts(&diff));
    }
}
