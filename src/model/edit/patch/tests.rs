use serde_json::json;

use super::*;
use crate::model::edit::testing::{Named, Random};

fn applied(patch: &[Value], to: &Tree) -> Tree {
    let mut value = Value::from(to);
    let patch: json_patch::Patch = serde_json::from_value(Value::from(patch.to_vec())).expect("a patch");
    json_patch::patch(&mut value, &patch).unwrap_or_else(|why| panic!("{why}: {patch:?} of {to:?}"));
    value.into()
}

fn tree(value: Value) -> Tree {
    value.into()
}

#[test]
fn the_patch_of_two_trees_makes_one_of_the_other() {
    let mut moved = 0;
    for seed in 0..3000 {
        let mut random = Random::new(seed);
        let a = random.tree(3);
        let b = if random.below(2) == 0 { random.tree(3) } else { random.changed(&a, 3) };
        let patch = patch(&a, &b, &Named("")).expect("no identity");
        assert_eq!(applied(&patch, &a), b, "seed {seed}: {a:?}");
        assert_eq!(patch.is_empty(), a == b, "seed {seed}");
        moved += patch.iter().filter(|op| op["op"] == "move").count();
    }
    assert!(moved > 100, "lists that change their order were among them");
}

#[test]
fn only_what_changed_is_sent() {
    let object = |image: &str, port: i64| {
        tree(json!({"metadata": {"name": "web", "uid": "1", "resourceVersion": "7"}, "spec": {"containers": [
            {"name": "log", "image": "log:1"}, {"name": "app", "image": image, "ports": [{"port": 53}, {"port": port, "protocol": "UDP"}]},
        ]}}))
    };
    let patch = patch(&object("app:1", 53), &object("app:2", 54), &Named("")).expect("the same object");
    assert_eq!(
        Value::from(patch),
        json!([
            {"op": "test", "path": "/spec/containers/1/name", "value": "app"},
            {"op": "replace", "path": "/spec/containers/1/image", "value": "app:2"},
            {"op": "test", "path": "/spec/containers/1/ports/1/port", "value": 53},
            {"op": "test", "path": "/spec/containers/1/ports/1/protocol", "value": "UDP"},
            {"op": "remove", "path": "/spec/containers/1/ports/1"},
            {"op": "add", "path": "/spec/containers/1/ports/1", "value": {"port": 54, "protocol": "UDP"}},
        ])
    );
}

#[test]
fn an_item_that_moves_is_moved_and_no_other() {
    let items = |names: &[&str]| tree(json!({"items": names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>()}));
    let patch = patch(&items(&["a", "b", "c", "d"]), &items(&["b", "c", "d", "a"]), &Named("")).expect("no identity");
    assert_eq!(
        Value::from(patch),
        json!([{"op": "test", "path": "/items/0/name", "value": "a"}, {"op": "move", "from": "/items/0", "path": "/items/3"}])
    );
}

#[test]
fn an_item_without_a_key_is_tested_whole() {
    let patch = patch(&tree(json!({"args": ["-a", "-b", "-c"]})), &tree(json!({"args": ["-a", "-c"]})), &Named("")).expect("no identity");
    assert_eq!(Value::from(patch), json!([{"op": "test", "path": "/args/1", "value": "-b"}, {"op": "remove", "path": "/args/1"}]));
}

#[test]
fn env_variables_that_come_twice_go_by_their_order() {
    let env = |second: &str| tree(json!({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": second}]}));
    let (a, b) = (env("2"), env("3"));
    let patch = patch(&a, &b, &Named("")).expect("no identity");
    assert_eq!(applied(&patch, &a), b);
    assert_eq!(patch.last(), Some(&json!({"op": "replace", "path": "/env/1/value", "value": "3"})));
}

#[test]
fn null_is_nothing_where_the_type_says_so() {
    let (a, b) = (tree(json!({"x": 1})), tree(json!({"x": null, "y": null})));
    assert_eq!(Value::from(patch(&a, &b, &Named("")).expect("no identity")), json!([{"op": "remove", "path": "/x"}]));
    let exact = patch(&a, &b, &super::super::Plain).expect("no identity");
    assert_eq!(applied(&exact, &a), b);
}

#[test]
fn an_edit_stays_with_its_object() {
    let object = |kind: &str, name: &str, namespace: Option<&str>, uid: Option<&str>| {
        tree(json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace, "uid": uid}}))
    };
    let base = object("Pod", "a", Some("n"), Some("1"));
    let refused = |mine: Tree| patch(&base, &mine, &Named("")).expect_err("refused").to_string();
    assert!(refused(object("Job", "a", Some("n"), Some("1"))).starts_with("kind was changed from Pod to Job"));
    assert!(refused(object("Pod", "b", Some("n"), Some("1"))).starts_with("metadata.name was changed from a to b"));
    assert!(refused(object("Pod", "a", None, Some("1"))).starts_with("metadata.namespace was taken away (n)"));
    assert!(refused(object("Pod", "a", Some("n"), Some("2"))).contains("another UID"));
    assert_eq!(patch(&base, &object("Pod", "a", Some("n"), None), &Named("")), Ok(Vec::new()), "a UID that was deleted in the text");
}

#[test]
fn what_the_server_says_of_itself_is_left_alone() {
    let base = tree(json!({"metadata": {"name": "a", "generation": 3, "managedFields": [{"manager": "m"}]}}));
    let mine = tree(json!({"metadata": {"name": "a", "generation": 9, "resourceVersion": "5", "labels": {"x.y/z": "1"}}}));
    let patch = patch(&base, &mine, &Named("")).expect("the same object");
    assert_eq!(Value::from(patch), json!([{"op": "add", "path": "/metadata/labels", "value": {"x.y/z": "1"}}]));
}

#[test]
fn a_long_list_takes_no_time() {
    let numbers = |step: i64| tree(json!({"row": (0..20_000).filter(|n| n % 500 != step).collect::<Vec<i64>>()}));
    let (a, b) = (numbers(1), numbers(2));
    let begun = std::time::Instant::now();
    let patch = patch(&a, &b, &Named("")).expect("no identity");
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    assert!(patch.len() <= 120 && applied(&patch, &a) == b, "{}", patch.len());
}
