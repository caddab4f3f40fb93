//! Which owner is to look when a pod changes: the event handlers that all workloads of kube-controller-manager have.

use super::pods;
use crate::demo::selector;
use crate::demo::store::{Change, Ref, Verb};
use crate::demo::world::{Millis, World};

/// Notes that `controller` is to look at objects of `resource` after a change of one, of one of its pods, or of a pod that
/// nobody controls and that one of them selects.
pub fn see(world: &mut World, change: &Change, controller: &'static str, resource: &'static str) {
    see_pods_in(0, world, change, controller, resource);
}

/// As [`see`], but changes of pods are looked at `delay` milliseconds later, all that came meanwhile at once.
pub fn see_pods_in(delay: Millis, world: &mut World, change: &Change, controller: &'static str, resource: &'static str) {
    let object = &change.object;
    if &*object.resource == resource {
        world.look(controller, object.reference());
        return;
    }
    if &*object.resource != "pods" {
        return;
    }
    let before = change.before.as_ref().filter(|before| before.controller_uid() != object.controller_uid());
    for owner in before.into_iter().chain([object]).filter_map(|pod| pods::controller_of(pod)) {
        if &*owner.resource == resource {
            match delay {
                0 => world.look(controller, owner),
                _ => world.look_in(controller, owner, delay),
            }
        }
    }
    let moved = change.before.as_ref().is_none_or(|before| !before.tree["metadata"].same(&object.tree["metadata"]));
    if object.controller().is_some() || change.verb == Verb::Deleted || !moved {
        return;
    }
    let all = world.store.list(resource, Some(&object.namespace));
    let selects = |owner: &Ref| {
        let selector = world.store.find(owner).map(|owner| selector::of(owner.tree.at("spec.selector")));
        selector.is_some_and(|selector| !selector.requirements.is_empty() && selector::matches(&selector, object.labels()))
    };
    let suitors: Vec<Ref> = all.map(|owner| owner.reference()).filter(selects).collect();
    for suitor in suitors {
        world.look(controller, suitor);
    }
}
