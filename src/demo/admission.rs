//! What the server fills in before it stores an object: defaults, allocations, what admission plugins add.

use super::controllers::namespace::FINALIZER;
use super::refusal::Refusal;
use super::tree::Tree;
use super::world::World;

/// Completes a new object, which has its name, UID and time already.
///
/// # Errors
/// It may not be made now (its namespace is on its way out), or what it asks for is taken.
pub fn admit(world: &mut World, resource: &str, tree: &mut Tree) -> Result<(), Refusal> {
    let namespace = tree.text("metadata.namespace");
    if !namespace.is_empty() {
        let Some(home) = world.get("namespaces", "", namespace) else { return Err(Refusal::not_found("namespaces", namespace)) };
        if home.terminating() {
            let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
            return Err(Refusal::forbidden(resource, tree.text("metadata.name"), &why));
        }
    }
    if resource == "namespaces" {
        let name = tree.at("metadata.name").clone();
        tree.at_mut("metadata.labels").put("kubernetes.io/metadata.name", name);
        if tree.at("spec.finalizers").items().iter().all(|held| *held != FINALIZER) {
            tree.push("spec.finalizers", FINALIZER);
        }
        tree.set("status.phase", "Active");
    }
    Ok(())
}
