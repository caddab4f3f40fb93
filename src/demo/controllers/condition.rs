//! Conditions of a status: set with the rule that all of kube-controller-manager's workloads share.

use crate::demo::tree::Tree;

/// Sets a condition in the list at `path` (`status.conditions`). One with the same status and reason stays as it is; where
/// the status stays, so does `lastTransitionTime`; what is new stands last: `SetDeploymentCondition` and its like. True when
/// something changed.
pub fn set_condition(tree: &mut Tree, path: &str, kind: &str, status: &str, reason: &str, message: &str, now: &Tree) -> bool {
    let current = tree.item(path, "type", kind).clone();
    if current["status"] == status && current["reason"] == reason {
        return false;
    }
    let since = if current["status"] == status { current["lastTransitionTime"].clone() } else { now.clone() };
    let mut condition = Tree::texts([("type", kind), ("status", status), ("reason", reason), ("message", message)]);
    condition.set("lastTransitionTime", since);
    replace(tree, path, kind, condition);
    true
}

/// Sets a condition as [`set_condition`] does, for kinds that say when they looked last: `lastUpdateTime`.
pub fn set_dated_condition(tree: &mut Tree, path: &str, kind: &str, status: &str, reason: &str, message: &str, now: &Tree) -> bool {
    let changed = set_condition(tree, path, kind, status, reason, message, now);
    if changed && let Some(condition) = tree.at_mut(path).items_mut().last_mut() {
        condition.set("lastUpdateTime", now);
    }
    changed
}

/// Puts a condition where the one of its type was: it stands last then.
pub fn replace(tree: &mut Tree, path: &str, kind: &str, condition: Tree) {
    remove_condition(tree, path, kind);
    tree.push(path, condition);
}

/// Takes a condition away.
pub fn remove_condition(tree: &mut Tree, path: &str, kind: &str) {
    tree.retain(path, |condition| condition["type"] != kind);
}

/// Sets a number that Go leaves out when it is 0 (`omitempty`).
pub fn set_count(tree: &mut Tree, path: &str, count: i64) {
    if count == 0 {
        tree.remove(path);
    } else {
        tree.set(path, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_changes_its_time_with_its_status() {
        let mut tree = Tree::map();
        let (one, two) = (Tree::from("1"), Tree::from("2"));
        let mut set = |status: &str, reason: &str, now: &Tree| {
            let changed = set_dated_condition(&mut tree, "status.conditions", "Progressing", status, reason, "m", now);
            let condition = tree.item("status.conditions", "type", "Progressing");
            (changed, condition.text("lastTransitionTime").to_owned(), condition.text("lastUpdateTime").to_owned())
        };
        assert_eq!(set("True", "A", &one), (true, "1".into(), "1".into()));
        assert_eq!(set("True", "A", &two), (false, "1".into(), "1".into()));
        assert_eq!(set("True", "B", &two), (true, "1".into(), "2".into()));
        assert_eq!(set("False", "B", &two), (true, "2".into(), "2".into()));
    }
}
