//! What keeps the demo moving: a team that releases again and again, and, where it is asked for, so many changes a second.

use std::sync::Arc;

use super::image;
use crate::demo::controllers::Controller;
use crate::demo::store::{Change, Object, Ref};
use crate::demo::world::{Millis, SECOND, World};

/// Between two releases of the team: longer than a rollout takes, so that it is seen to end.
const RELEASES: Millis = 300 * SECOND;
/// Between two rounds of changes.
const ROUND: Millis = 50;

/// The clock of the story.
pub static STORY: Controller = Controller { name: "story", see: nothing, sync };

fn nothing(_: &mut World, _: &Change) {}

fn release() -> Ref {
    Ref::new("story", "", "release")
}

fn busy() -> Ref {
    Ref::new("story", "", "busy")
}

/// The first release, and those after it.
pub fn begin(world: &mut World) {
    world.look(STORY.name, release());
}

/// From now on, so many pods change each second.
pub fn keep_busy(world: &mut World, changes_a_second: u32) {
    world.churn = Churn { a_second: changes_a_second.into(), since: world.now(), ..Churn::default() };
    if changes_a_second > 0 {
        world.look(STORY.name, busy());
    }
}

/// How many changes there are to be, and were.
#[derive(Clone, Debug, Default)]
pub struct Churn {
    a_second: i64,
    since: Millis,
    done: i64,
    /// Where the next round goes on among the pods.
    next: Option<Ref>,
}

fn sync(world: &mut World, about: &Ref) {
    if *about == release() {
        // Two versions, one after the other: revisions come and go as they do anywhere.
        let odd = world.now() / RELEASES % 2;
        let version = format!("registry.example.com/shop/checkout:1.9.{odd}");
        image(world, "shop", "checkout", "checkout", &version, &format!("release 1.9.{odd}"));
        world.look_in(STORY.name, release(), RELEASES);
    } else if *about == busy() {
        round(world);
        world.look_in(STORY.name, busy(), ROUND);
    }
}

/// Whose pods change: one team is in trouble, and the others are as they were, however large the cluster.
const TROUBLED: &str = "team-1";

/// Changes as many pods as the time that has passed asks for. A container of each was started again: one event for each watch,
/// as a pod in trouble makes them, and nothing for the controllers to do.
fn round(world: &mut World) {
    let wanted = world.churn.a_second * (world.now() - world.churn.since) / SECOND - world.churn.done;
    // After a pause (a suspended machine) nothing is made up for.
    let wanted = wanted.min(world.churn.a_second);
    for _ in 0..wanted {
        let after = world.churn.next.take();
        let place = after.as_ref().map(|r| (&*r.namespace, &*r.name));
        let runs = |o: &&Arc<Object>| o.tree["status"]["phase"] == "Running";
        let pods = |after| world.store.list_after("pods", Some(TROUBLED), after).find(runs);
        let next = pods(place).or_else(|| pods(None));
        let Some(pod) = next.map(|pod| pod.reference()) else { break };
        let now = world.now_text();
        world.update(&pod, |tree| {
            if let Some(container) = tree.at_mut("status.containerStatuses").items_mut().first_mut() {
                let before = container.at("state.running.startedAt").clone();
                container.set("lastState.terminated.exitCode", 1);
                container.set("lastState.terminated.reason", "Error");
                container.set("lastState.terminated.startedAt", before);
                container.set("lastState.terminated.finishedAt", &now);
                container.set("restartCount", container.int("restartCount", 0) + 1);
                container.set("state.running.startedAt", now);
            }
        });
        world.churn.next = Some(pod);
    }
    world.churn.done = world.churn.a_second * (world.now() - world.churn.since) / SECOND;
}
