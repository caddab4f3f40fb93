//! Deletes Jobs some time after they ended: `ttlSecondsAfterFinished` (`pkg/controller/ttlafterfinished`).

use super::RESOURCE;
use crate::demo::controllers::Controller;
use crate::demo::store::{Change, Ref, Verb};
use crate::demo::world::{Deletion, Propagation, SECOND, World};
use crate::model::time;

const NAME: &str = "ttl-after-finished";

/// The row of the controller.
pub static TTL_AFTER_FINISHED: Controller = Controller { name: NAME, see, sync };

fn see(world: &mut World, change: &Change) {
    if &*change.object.resource == RESOURCE
        && change.verb != Verb::Deleted
        && !change.object.tree.at("spec.ttlSecondsAfterFinished").is_null()
        && super::finished(&change.object).is_some()
    {
        world.look(NAME, change.object.reference());
    }
}

fn sync(world: &mut World, about: &Ref) {
    let Some(job) = world.find(about) else { return };
    let (Some(ttl), Some(kind), false) = (job.tree.at("spec.ttlSecondsAfterFinished").as_i64(), super::finished(&job), job.terminating())
    else {
        return;
    };
    let ended = job.tree.item("status.conditions", "type", kind).text("lastTransitionTime");
    let Some(at) = time::parse(ended).map(|ended| (ended + ttl) * SECOND) else { return };
    if at > world.now() {
        world.look_at(NAME, about.clone(), at);
        return;
    }
    let deletion = Deletion { propagation: Some(Propagation::Foreground), uid: Some(job.uid.to_string()), ..Deletion::default() };
    // It can only be gone already.
    let _gone = world.delete(about, &deletion);
}
