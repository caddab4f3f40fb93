//! What the server fills in before it stores an object: decoding, defaults, allocations, what admission plugins add; and what
//! it refuses.
//!
//! The order is upstream's: the object is decoded and defaulted, mutating plugins see it, the kind's strategy prepares it.
//! [`validate`] comes after that, and is for calls only: controllers make what they are right to make.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::openapi;
use super::refusal::{Cause, Refusal};
use super::resources::Registry;
use super::tree::Tree;
use super::world::World;
use crate::kinds::schema::Type;

mod accounts;
mod create;
mod defaults;
mod limits;
mod memory;
mod pods;
pub mod quota;
mod scheduling;
mod services;
mod shape;
mod table;
mod validation;

pub use memory::Memory;
pub use validation::validate;

use shape::Kept;

/// The type of a built-in kind, by its resource (`deployments.apps`).
fn recorded(resource: &str) -> Option<Type> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Option<Type>>>> = LazyLock::new(Mutex::default);
    static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::recorded);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(of) = known.get(resource) {
        return of.clone();
    }
    let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
    let of = REGISTRY.preferred(group, plural).and_then(|r| openapi::kind(&r.group, &r.version, &r.kind));
    known.insert(resource.to_owned(), of.clone());
    of
}

/// The version of its definition that a custom resource is of, and that version's schema.
fn custom(world: &World, resource: &str, tree: &Tree) -> Option<(Tree, Option<Type>)> {
    let definition = world.get("customresourcedefinitions.apiextensions.k8s.io", "", resource)?;
    let version = tree.text("apiVersion").rsplit('/').next().unwrap_or("");
    let version = definition.tree.item("spec.versions", "name", version).clone();
    let schema = version.at("schema.openAPIV3Schema");
    let of = Type::inline(&schema.into()).ok();
    Some((version, of))
}

/// Brings an object into the form that the server keeps, with the defaults of its kind. It may be asked again; what is complete
/// is not copied. Calls do this to every object that they are sent.
pub fn default(world: &World, resource: &str, tree: &mut Tree) {
    if let Some(of) = recorded(resource) {
        shape::reshape(&of, tree, Kept::Struct);
        defaults::fill_in(resource, tree);
    } else if let Some((_, of)) = custom(world, resource, tree) {
        let metadata = recorded("namespaces").and_then(|of| of.field("metadata"));
        if let (Some(of), false) = (metadata, tree["metadata"].is_null()) {
            let mut metadata = tree["metadata"].clone();
            shape::reshape(&of, &mut metadata, Kept::Struct);
            if !metadata.same(&tree["metadata"]) {
                tree.put("metadata", metadata);
            }
        }
        if let Some(of) = of {
            // These three are of every object, whatever the schema says of them.
            let parts = ["apiVersion", "kind", "metadata"].map(|part| (part, tree[part].clone()));
            shape::reshape(&of, tree, Kept::Json);
            for (part, value) in parts.into_iter().filter(|(_, value)| !value.is_null()) {
                if !tree[part].same(&value) {
                    tree.put(part, value);
                }
            }
        }
    }
}

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
            let mut refusal = Refusal::forbidden(resource, tree.text("metadata.name"), &why);
            if let Some(details) = &mut refusal.details {
                let message = format!("namespace {namespace} is being terminated");
                details.causes = vec![Cause { reason: "NamespaceTerminating", field: "metadata.namespace".into(), message }];
            }
            return Err(refusal);
        }
    }
    if resource == "pods" {
        return pod(world, tree);
    }
    let definition = if recorded(resource).is_none() { custom(world, resource, tree) } else { None };
    match &definition {
        Some((version, _)) if version.at("subresources.status").is_null() => {}
        _ => create::clear(resource, tree),
    }
    default(world, resource, tree);
    match resource {
        "persistentvolumeclaims" => usual_storage(world, tree),
        "ingresses.networking.k8s.io" => usual_ingress(world, tree)?,
        "priorityclasses.scheduling.k8s.io" => scheduling::one_usual(world, tree)?,
        _ => {}
    }
    create::prepare(world, resource, definition.is_some(), tree);
    if resource == "services" {
        services::allocate(world, tree)?;
    }
    if resource == "persistentvolumeclaims" {
        limits::check(world, resource, tree)?;
    }
    if !tree.text("metadata.namespace").is_empty() {
        quota::check(world, resource, tree)?;
    }
    Ok(())
}

/// Completes a changed object as updates do: defaults, and what a caller may leave out because the server gave it.
///
/// # Errors
/// What it asks for is taken.
pub fn amend(world: &mut World, resource: &str, old: &Tree, new: &mut Tree) -> Result<(), Refusal> {
    default(world, resource, new);
    match resource {
        "services" => {
            services::carry_over(old, new);
            services::allocate(world, new)?;
        }
        // The plugin Priority, and the account that the pod was given.
        "pods" => {
            for field in ["spec.priority", "spec.preemptionPolicy"] {
                if new.at(field).is_null() && !old.at(field).is_null() {
                    new.set(field, old.at(field).clone());
                }
            }
        }
        // The strategy's PrepareForUpdate: a new template is a new generation of it.
        "daemonsets.apps" if !new.at("spec.template").equals(old.at("spec.template")) => {
            let key = "deprecated.daemonset.template.generation";
            let before = old.at("metadata.annotations")[key].as_str().and_then(|n| n.parse::<i64>().ok()).unwrap_or(0);
            new.at_mut("metadata.annotations").put(key, (before + 1).to_string());
        }
        "priorityclasses.scheduling.k8s.io" => scheduling::one_usual(world, new)?,
        _ => {}
    }
    Ok(())
}

/// Pods of one template are completed once: see [`Memory`].
fn pod(world: &mut World, tree: &mut Tree) -> Result<(), Refusal> {
    let owner = tree["metadata"]["ownerReferences"].items().iter().find(|o| o.flag("controller")).map_or("", |o| o.text("uid")).to_owned();
    let asked = tree["spec"].clone();
    let basis = memory::basis(world, tree);
    let known = world.admitted.spec(&owner, &asked, basis);
    let again = known.is_some();
    match known {
        Some(spec) => tree.put("spec", spec),
        None => {
            world.admitted.containers(&owner, basis, tree);
            default(world, "pods", tree);
            accounts::admit(world, tree, &owner)?;
            limits::fill_in(world, tree);
            scheduling::priority(world, tree)?;
            scheduling::tolerate(tree);
            scheduling::runtime(world, tree)?;
        }
    }
    create::clear("pods", tree);
    create::prepare(world, "pods", false, tree);
    if !again {
        limits::check(world, "pods", tree)?;
        world.admitted.keep(&owner, asked, basis, tree["spec"].clone());
    }
    quota::check(world, "pods", tree)
}

/// The plugin DefaultStorageClass: of several that say so, the newest, then the first by name.
fn usual_storage(world: &World, tree: &mut Tree) {
    if !tree.at("spec.storageClassName").is_null() || !tree.at("metadata.annotations")["volume.beta.kubernetes.io/storage-class"].is_null()
    {
        return;
    }
    let usual = |o: &&Arc<super::store::Object>| o.tree.at("metadata.annotations")["storageclass.kubernetes.io/is-default-class"] == "true";
    let classes = world.store.list("storageclasses.storage.k8s.io", None).filter(usual);
    let newest = classes.max_by(|a, b| {
        let time = |o: &Arc<super::store::Object>| o.tree.text("metadata.creationTimestamp").to_owned();
        time(a).cmp(&time(b)).then_with(|| b.name.cmp(&a.name))
    });
    if let Some(class) = newest {
        tree.set("spec.storageClassName", &class.name);
    }
}

/// The plugin DefaultIngressClass.
fn usual_ingress(world: &World, tree: &mut Tree) -> Result<(), Refusal> {
    if !tree.at("spec.ingressClassName").is_null() || !tree.at("metadata.annotations")["kubernetes.io/ingress.class"].is_null() {
        return Ok(());
    }
    let classes = world.store.list("ingressclasses.networking.k8s.io", None);
    let usual: Vec<_> =
        classes.filter(|o| o.tree.at("metadata.annotations")["ingressclass.kubernetes.io/is-default-class"] == "true").collect();
    match usual.as_slice() {
        [] => Ok(()),
        [class] => {
            tree.set("spec.ingressClassName", &class.name);
            Ok(())
        }
        several => {
            let why = format!("{} default IngressClasses were found, only 1 allowed", several.len());
            Err(Refusal::new(500, "InternalError", format!("Internal error occurred: {why}")))
        }
    }
}

#[cfg(test)]
mod tests;
