//! Whole descriptions.

use serde_json::{Value, json};

use super::*;

fn kind(group: &str, kind: &str) -> Kind {
    Kind { group: group.into(), version: "v1".into(), kind: kind.into(), ..Kind::default() }
}

fn text(group: &str, name: &str, object: Value, answers: &[(&str, Value)]) -> String {
    let answers = answers.iter().map(|(key, value)| (*key, value.clone())).collect();
    describe(&kind(group, name), &object, &answers, &[], 1000)
}
