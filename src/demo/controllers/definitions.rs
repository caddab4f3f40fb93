//! CustomResourceDefinitions: their names are accepted, their versions noted, and what they define is served.
//! (apiextensions-apiserver's naming and establishing controllers)

use super::Controller;
use super::condition::set_condition;
use crate::demo::store::{Change, Ref};
use crate::demo::tree::Tree;
use crate::demo::world::{DEFINITIONS, World};

/// The row of the table.
pub static DEFINITION: Controller = Controller { name: "definition", see, sync };

fn see(world: &mut World, change: &Change) {
    if *change.object.resource != *DEFINITIONS {
        return;
    }
    world.define(change);
    world.look(DEFINITION.name, change.object.reference());
}

fn sync(world: &mut World, reference: &Ref) {
    let Some(definition) = world.find(reference) else { return };
    if definition.terminating() {
        return finalize(world, reference, &definition.tree);
    }
    let now = world.now_text();
    let taken = taken_by_another(world, &definition.tree);
    world.update(reference, |tree| {
        let mut names = tree.at("spec.names").clone();
        let kind = names.text("kind").to_owned();
        if names.text("singular").is_empty() {
            names.set("singular", kind.to_lowercase());
        }
        if names.text("listKind").is_empty() {
            names.set("listKind", format!("{kind}List"));
        }
        const AT: &str = "status.conditions";
        if let Some(why) = &taken {
            set_condition(tree, AT, "NamesAccepted", "False", "KindConflict", why, &now);
            if tree.at("status.acceptedNames").is_null() {
                tree.set("status.acceptedNames", Tree::texts([("kind", ""), ("plural", "")]));
                set_condition(tree, AT, "Established", "False", "NotAccepted", "not all names are accepted", &now);
            }
        } else {
            set_condition(tree, AT, "NamesAccepted", "True", "NoConflicts", "no conflicts found", &now);
            set_condition(tree, AT, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", &now);
            tree.set("status.acceptedNames", names);
        }
        let storage = tree.at("spec.versions").items().iter().find(|v| v.flag("storage")).map(|v| v.text("name").to_owned());
        if let Some(storage) = storage
            && !tree.at("status.storedVersions").items().iter().any(|v| *v == *storage)
        {
            tree.push("status.storedVersions", storage);
        }
    });
}

/// Another definition of the group has the kind already.
fn taken_by_another(world: &World, definition: &Tree) -> Option<String> {
    let (group, kind) = (definition.text("spec.group"), definition.text("spec.names.kind"));
    let mut others = world.store.list(DEFINITIONS, None).filter(|other| *other.name != *definition.text("metadata.name"));
    let other = others.find(|other| other.tree.text("spec.group") == group && other.tree.text("status.acceptedNames.kind") == kind)?;
    Some(format!("{kind:?} is already in use by {}", other.name))
}

/// The objects of a definition that goes away go first. (the crdfinalizer controller)
fn finalize(world: &mut World, reference: &Ref, definition: &Tree) {
    const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";
    if !definition.at("metadata.finalizers").items().iter().any(|held| *held == *CLEANUP) {
        return;
    }
    let all: Vec<Ref> = world.store.list(&reference.name, None).map(|object| object.reference()).collect();
    for object in &all {
        // It is listed, and has no preconditions: there is nothing to refuse.
        let _ = world.delete(object, &crate::demo::world::Deletion::default());
    }
    if world.store.list(&reference.name, None).next().is_some() {
        // Somebody's finalizers hold some of them.
        world.look_in(DEFINITION.name, reference.clone(), 5 * crate::demo::world::SECOND);
        return;
    }
    world.update(reference, |tree| tree.retain("metadata.finalizers", |held| *held != *CLEANUP));
}
