//! How a pod goes: its containers are told, given their time, and then the pod is deleted without grace.

use super::pod::{finish, kill_all};
use super::{Done, Look, field, images};
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, Millis, SECOND, World};
use crate::model::time::parse;

/// The next step of a pod that is on its way out.
pub(super) fn step(look: &mut Look, tree: &mut Tree) -> Done {
    if tree.int("metadata.deletionGracePeriodSeconds", 0) == 0 {
        // It has ended here; somebody else holds it.
        return Done::Stays;
    }
    let latest = parse(tree.text("metadata.deletionTimestamp")).unwrap_or(0) * SECOND;
    let asked = look.annotation("kubetui.test/terminating-for");
    let stop_at = match look.memo.stop_at {
        Some(at) => at,
        None => {
            let running = tell(look, tree);
            let takes = if running { 500 + (images::hash(&look.pod.uid) % 500) as Millis } else { 100 };
            look.now + asked.unwrap_or_else(|| takes + before_stop(&tree["spec"]))
        }
    };
    // A grace that was cut short counts; a time that was asked for by annotation is longer than any grace.
    let stop_at = if asked.is_some() { stop_at } else { stop_at.min(latest) };
    look.memo.stop_at = Some(stop_at);
    if look.now < stop_at {
        look.wake(stop_at);
        return Done::Stays;
    }
    let killed = look.now >= latest;
    kill_all(look, tree, if killed { 137 } else { 0 }, if killed { "Error" } else { "Completed" });
    finish(look, tree, true);
    Done::Goes
}

/// Says to each running container that it is to stop. True when there was one.
fn tell(look: &mut Look, tree: &Tree) -> bool {
    let mut any = false;
    for (list, statuses) in [
        ("containers", "containerStatuses"),
        ("initContainers", "initContainerStatuses"),
        ("ephemeralContainers", "ephemeralContainerStatuses"),
    ] {
        for container in tree["spec"][list].items() {
            let name = container.text("name");
            if !tree["status"].item(statuses, "name", name)["state"]["running"].is_null() {
                look.say("Normal", "Killing", &format!("Stopping container {name}"), &field(list, container));
                any = true;
            }
        }
    }
    any
}

/// How long the longest `preStop` takes.
fn before_stop(spec: &Tree) -> Millis {
    let takes = |hook: &Tree| match hook.at("sleep.seconds").as_i64() {
        Some(seconds) => seconds * SECOND,
        None if hook.is_null() => 0,
        None => {
            let words = hook.at("exec.command").items().iter().filter_map(Tree::as_str).flat_map(str::split_whitespace);
            let words: Vec<&str> = words.collect();
            let slept = words.windows(2).find(|pair| pair[0] == "sleep").and_then(|pair| pair[1].trim_end_matches('s').parse::<i64>().ok());
            slept.map_or(0, |seconds| seconds * SECOND)
        }
    };
    spec["containers"].items().iter().map(|container| takes(container.at("lifecycle.preStop"))).max().unwrap_or(0)
}

/// What a kubelet does at last.
pub(super) fn delete(world: &mut World, pod: &Object) {
    let deletion = Deletion { uid: Some(pod.uid.to_string()), ..Deletion::now() };
    // It may be gone, or be another by now: then there is nothing to do.
    let _ = world.delete(&pod.reference(), &deletion);
}
