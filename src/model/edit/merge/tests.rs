use serde_json::{Value, json};

use super::*;
use crate::model::edit::testing::{Named, Random};

fn tree(value: Value) -> Tree {
    value.into()
}

fn merged(base: Value, theirs: Value, mine: Value) -> Merged {
    merge(&tree(base), &tree(theirs), &tree(mine), &Named(""), &[])
}

#[test]
fn one_side_alone_is_that_side() {
    for seed in 0..3000 {
        let mut random = Random::new(seed);
        let base = random.tree(3);
        let mine = random.changed(&base, 3);
        let theirs = random.changed(&base, 3);
        let of = Named("");
        let free = |tree: &Tree| Merged { tree: tree.clone(), conflicts: Vec::new() };
        assert_eq!(merge(&base, &base, &mine, &of, &[]), free(&mine), "seed {seed}: nobody else");
        assert_eq!(merge(&base, &theirs, &base, &of, &[]), free(&theirs), "seed {seed}: not me");
        assert_eq!(merge(&base, &mine, &mine, &of, &[]), free(&mine), "seed {seed}: the same");
        let both = merge(&base, &theirs, &mine, &of, &[]);
        let turned = merge(&base, &mine, &theirs, &of, &vec![Answer::Mine; both.conflicts.len()]);
        assert_eq!(both.conflicts.len(), turned.conflicts.len(), "seed {seed}: {base:?} {theirs:?} {mine:?}");
        if both.conflicts.is_empty() {
            let again = merge(&base, &both.tree, &mine, &of, &[]);
            assert!(again.conflicts.is_empty(), "seed {seed}: what was merged has mine in it: {again:?}");
        }
    }
}

#[test]
fn other_fields_are_merged_and_the_same_field_is_asked() {
    let object = |replicas: i64, image: &str| json!({"spec": {"replicas": replicas, "containers": [{"name": "app", "image": image}]}});
    let free = merged(object(1, "a:1"), object(2, "a:1"), object(1, "a:2"));
    assert_eq!(free, Merged { tree: tree(object(2, "a:2")), conflicts: Vec::new() });
    let (base, theirs, mine) = (tree(object(1, "a:1")), tree(object(1, "a:2")), tree(object(4, "a:3")));
    let asked = merge(&base, &theirs, &mine, &Named(""), &[]);
    let conflict = &asked.conflicts[0];
    assert_eq!(conflict.path.to_string(), "spec.containers[name=app].image");
    assert_eq!((&conflict.base, &conflict.theirs, &conflict.mine), (&Some("a:1".into()), &Some("a:2".into()), &Some("a:3".into())));
    assert_eq!((asked.conflicts.len(), asked.tree), (1, tree(object(4, "a:2"))));
    let answered = merge(&base, &theirs, &mine, &Named(""), &[Answer::Mine]);
    assert_eq!(answered.tree, tree(object(4, "a:3")));
    let same = merged(object(1, "a"), object(2, "a"), object(2, "a"));
    assert!(same.conflicts.is_empty());
}

#[test]
fn status_is_never_asked() {
    let object = |ready: i64, version: &str, replicas: i64| json!({"metadata": {"name": "a", "resourceVersion": version, "generation": ready}, "spec": {"replicas": replicas}, "status": {"ready": ready}});
    let done = merged(object(1, "1", 1), object(2, "2", 1), object(7, "1", 3));
    assert_eq!(done, Merged { tree: tree(object(2, "2", 3)), conflicts: Vec::new() });
}

#[test]
fn items_added_on_both_sides_are_both_there_in_order() {
    let ports = |all: &[(i64, &str)]| json!({"ports": all.iter().map(|(port, protocol)| json!({"port": port, "protocol": protocol})).collect::<Vec<_>>()});
    let done = merged(ports(&[(53, "TCP")]), ports(&[(53, "TCP"), (53, "UDP")]), ports(&[(80, "TCP"), (53, "TCP"), (443, "TCP")]));
    assert_eq!(done, Merged { tree: tree(ports(&[(80, "TCP"), (53, "TCP"), (53, "UDP"), (443, "TCP")])), conflicts: Vec::new() });
    let both = merged(
        ports(&[]),
        json!({"ports": [{"port": 1, "nodePort": 5}]}),
        json!({"ports": [{"port": 1, "protocol": "TCP", "nodePort": 6}]}),
    );
    assert_eq!(both.conflicts[0].path.to_string(), "ports[port=1,protocol=TCP].nodePort");
    let labels = merged(json!({}), json!({"labels": {"a": "1"}}), json!({"labels": {"b": "2"}}));
    assert_eq!(labels, Merged { tree: tree(json!({"labels": {"a": "1", "b": "2"}})), conflicts: Vec::new() });
}

#[test]
fn what_one_side_deletes_and_the_other_changes_is_asked() {
    let done = merged(json!({"items": [{"name": "a", "v": 1}]}), json!({"items": []}), json!({"items": [{"name": "a", "v": 2}]}));
    assert_eq!(done.conflicts[0].path.to_string(), "items[name=a]");
    assert_eq!(done.conflicts[0].theirs, None);
    assert_eq!(done.tree, tree(json!({"items": []})));
    let both = merged(json!({"items": [{"name": "a"}]}), json!({"items": []}), json!({"items": []}));
    assert!(both.conflicts.is_empty());
}

#[test]
fn a_list_that_goes_by_its_order_is_one_value() {
    let done = merged(json!({"args": ["a"]}), json!({"args": ["a", "b"]}), json!({"args": ["c", "a"]}));
    assert_eq!(done.conflicts.len(), 1);
    let sets = merged(json!({"set": ["a", "b"]}), json!({"set": ["b", "t"]}), json!({"set": ["m", "a", "b"]}));
    assert_eq!(sets, Merged { tree: tree(json!({"set": ["m", "b", "t"]})), conflicts: Vec::new() });
}
