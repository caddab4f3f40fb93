//! How many pods there may be: `maxSurge` and `maxUnavailable` in numbers (`deploymentutil`).

use crate::demo::controllers::int_or_percent::scaled;
use crate::demo::tree::Tree;

/// `maxSurge` and `maxUnavailable` as numbers: `ResolveFenceposts`. Not both are 0, or nothing would ever move.
fn fenceposts(d: &Tree) -> (i64, i64) {
    let wanted = d.int("spec.replicas", 1);
    let rule = d.at("spec.strategy.rollingUpdate");
    let quarter = Tree::from("25%");
    let value = |name: &str| if rule[name].is_null() { &quarter } else { &rule[name] };
    match (scaled(value("maxSurge"), wanted, true), scaled(value("maxUnavailable"), wanted, false)) {
        (0, 0) => (0, 1),
        posts => posts,
    }
}

/// It is a rolling update, which is the default.
pub fn is_rolling(d: &Tree) -> bool {
    d.text("spec.strategy.type") != "Recreate"
}

/// How many pods more than wanted there may be: `MaxSurge`.
pub fn max_surge(d: &Tree) -> i64 {
    if is_rolling(d) { fenceposts(d).0 } else { 0 }
}

/// How many pods may be unavailable: `MaxUnavailable`.
pub fn max_unavailable(d: &Tree) -> i64 {
    let wanted = d.int("spec.replicas", 1);
    if is_rolling(d) && wanted > 0 { fenceposts(d).1.min(wanted) } else { 0 }
}

/// How many pods the new ReplicaSet, which has `have` of `all`, should have now: `NewRSNewReplicas`.
pub fn new_size(d: &Tree, all: i64, have: i64) -> i64 {
    let wanted = d.int("spec.replicas", 1);
    if !is_rolling(d) {
        return wanted;
    }
    let room = wanted + max_surge(d) - all;
    if room <= 0 { have } else { have + room.min(wanted - have) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn deployment(replicas: i64, surge: Value, unavailable: Value) -> Tree {
        json!({"spec": {"replicas": replicas, "strategy": {"type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}}})
        .into()
    }

    #[test]
    fn fenceposts_are_upstreams() {
        for (replicas, surge, unavailable, expected) in [
            (2, json!("0%"), json!("1%"), (0, 1)),
            (1, json!("0%"), json!("1%"), (0, 1)),
            (2, json!("1%"), json!("25%"), (1, 0)),
            (4, json!("25%"), json!("25%"), (1, 1)),
            (10, json!("25%"), json!("25%"), (3, 2)),
            (10, json!(0), json!(20), (0, 10)),
        ] {
            let d = deployment(replicas, surge, unavailable);
            assert_eq!((max_surge(&d), max_unavailable(&d)), expected, "{d:?}");
        }
    }

    #[test]
    fn the_new_one_grows_as_there_is_room() {
        let d = deployment(10, json!(3), json!(2));
        assert_eq!(new_size(&d, 10, 0), 3);
        assert_eq!(new_size(&d, 13, 5), 5);
        assert_eq!(new_size(&d, 11, 9), 10);
    }
}
