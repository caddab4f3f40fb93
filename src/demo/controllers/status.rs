//! Conditions, as all components write them.

use crate::demo::tree::Tree;

/// Puts a condition among `status.conditions` of an object: `podutil.UpdatePodCondition`. Its time of transition is that of the
/// one it replaces, while the status is the same.
pub fn set_condition(object: &mut Tree, mut condition: Tree, now: &Tree) {
    let kind = condition.text("type").to_owned();
    let old = object.item("status.conditions", "type", &kind);
    let same = !old.is_null() && old["status"] == condition["status"];
    condition.set("lastTransitionTime", if same { old["lastTransitionTime"].clone() } else { now.clone() });
    condition.put("lastProbeTime", old["lastProbeTime"].clone());
    if old.equals(&condition) {
        return;
    }
    let list = object.at_mut("status.conditions").items_mut();
    match list.iter_mut().find(|c| c["type"] == *kind) {
        Some(slot) => *slot = condition,
        None => list.push(condition),
    }
}
