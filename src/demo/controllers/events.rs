//! Events are forgotten an hour after they were last written, as API servers have etcd do it (`--event-ttl`).

use super::Controller;
use crate::demo::store::{Change, Ref, Verb};
use crate::demo::world::{Deletion, Millis, SECOND, World};
use crate::model::time;

/// The row of what takes events away.
pub static EXPIRY: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "event-expiry";
const TTL: Millis = 3600 * SECOND;

fn see(world: &mut World, change: &Change) {
    if &*change.object.resource == "events" && change.verb != Verb::Deleted {
        world.look_in(NAME, change.object.reference(), TTL);
    }
}

fn sync(world: &mut World, about: &Ref) {
    let Some(event) = world.find(about) else { return };
    // What was written last: that it was said again, or that it was made.
    let written = ["lastTimestamp", "metadata.creationTimestamp"].into_iter().filter_map(|at| time::parse(event.tree.text(at))).max();
    let over = written.unwrap_or(0) * SECOND + TTL;
    if over > world.now() {
        world.look_at(NAME, about.clone(), over);
        return;
    }
    // It can only be gone already.
    let _gone = world.delete(about, &Deletion::default());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::controllers::{ground::Ground, namespace::NAMESPACES};

    #[test]
    fn what_is_said_again_lives_on_and_all_ends_an_hour_later() {
        static THESE: &[&Controller] = &[&NAMESPACES, &EXPIRY];
        let mut ground = Ground::kept_by(THESE);
        let map = ground.make("configmaps", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "map"}}));
        let mut world = ground.world;
        let events = |world: &World| world.store.list("events", None).map(|e| e.tree.text("reason").to_owned()).collect::<Vec<_>>();
        let start = world.now();
        world.event(&map, "Normal", "Once", "it was", "test");
        world.event(&map, "Normal", "Twice", "it was", "test");
        assert_eq!(events(&world).len(), 2);
        world.run_until(start + TTL / 2);
        world.event(&map, "Normal", "Twice", "it was", "test");
        world.run_until(start + TTL + SECOND);
        assert_eq!(events(&world), ["Twice"]);
        world.run_until(start + TTL * 3 / 2 + SECOND);
        assert_eq!(events(&world), Vec::<String>::new());
    }
}
