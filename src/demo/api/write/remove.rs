//! DELETE, of one object and of many.

use super::{Written, body, success};
use crate::demo::api::call::Call;
use crate::demo::refusal::{Cause, Refusal};
use crate::demo::selector;
use crate::demo::store::{Object, Ref};
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, Gone, Propagation, World};

/// Resources whose deletion is answered with the object: `ReturnDeletedObject`. Others get a `Status`.
const RETURNED: &[&str] = &[
    "csidrivers.storage.k8s.io",
    "csinodes.storage.k8s.io",
    "namespaces",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "podtemplates",
    "resourcequotas",
    "serviceaccounts",
    "services",
    "storageclasses.storage.k8s.io",
    "volumeattachments.storage.k8s.io",
    "volumeattributesclasses.storage.k8s.io",
];

/// `DeleteOptions` as read, and whether a deletion that takes its time is answered with 202.
struct Asked {
    deletion: Deletion,
    accepted: bool,
}

/// DELETE of an object.
///
/// # Errors
/// It is not there, or is not the one that was meant.
pub fn delete(world: &mut World, call: &Call) -> Result<Written, Refusal> {
    let asked = asked(call)?;
    let reference = call.reference();
    let key = call.key();
    let Some(before) = world.find(&reference) else { return Err(Refusal::not_found(&key, call.name)) };
    let kind = if call.resource.group.is_empty() {
        call.resource.kind.to_string()
    } else {
        format!("{}.{}", call.resource.kind, call.resource.group)
    };
    for (what, asked, is) in
        [("UID", &asked.deletion.uid, before.uid.to_string()), ("ResourceVersion", &asked.deletion.version, before.version.to_string())]
    {
        if let Some(asked) = asked
            && *asked != is
        {
            let then = if what == "UID" { "deleted and then recreated" } else { "modified" };
            let why = format!(
                "the {what} in the precondition ({asked}) does not match the {what} in record ({is}). The object might have been {then}"
            );
            return Err(Refusal::conflict(&kind, call.name, &why));
        }
    }
    let held = |object: &Object| object.terminating() || !object.tree.at("metadata.finalizers").is_empty();
    let (object, gone) = match world.delete(&reference, &asked.deletion)? {
        Gone::Now(object) => (object, true),
        Gone::Later(object) => (object, asked.deletion.dry_run && !held(&before) && key != "pods"),
    };
    let status = if !gone && asked.accepted { 202 } else { 200 };
    // What goes later is told as it is now.
    let tree = if !gone || RETURNED.contains(&key.as_str()) { object.tree.clone() } else { success(details(call, &object)) };
    Ok(Written { status, tree, warnings: Vec::new() })
}

fn details(call: &Call, object: &Object) -> Tree {
    let mut details = Tree::texts([("name", &*object.name), ("kind", &*call.resource.plural), ("uid", &*object.uid)]);
    if !call.resource.group.is_empty() {
        details.set("group", &call.resource.group);
    }
    details
}

/// DELETE of a collection: all that the selectors choose. The answer lists them.
///
/// # Errors
/// A selector cannot be read.
pub fn delete_collection(world: &mut World, call: &Call) -> Result<Written, Refusal> {
    let asked = asked(call)?;
    let request = call.request;
    let labels = selector::parse(request.parameter("labelSelector").unwrap_or(""))
        .map_err(|why| Refusal::bad_request(format!("unable to parse requirement: {why}")))?;
    let fields = selector::parse_fields(request.parameter("fieldSelector").unwrap_or("")).map_err(Refusal::bad_request)?;
    let key = call.key();
    let namespace = Some(call.namespace).filter(|namespace| !namespace.is_empty());
    let chosen: Vec<Ref> = world
        .store
        .list(&key, namespace)
        .filter(|object| selector::matches(&labels, object.labels()))
        .filter(|object| fields.iter().all(|(path, equal, value)| (object.tree.text(path) == value) == *equal))
        .map(|object| object.reference())
        .collect();
    let version = world.store.version();
    let mut items = Vec::with_capacity(chosen.len());
    for reference in &chosen {
        match world.delete(reference, &asked.deletion) {
            Ok(Gone::Now(object) | Gone::Later(object)) => items.push(object.tree.clone()),
            // Another one's going took it along.
            Err(refusal) if refusal.code == 404 => {}
            Err(refusal) => return Err(refusal),
        }
    }
    let mut list = Tree::texts([("kind", list_kind(world, call).as_str()), ("apiVersion", &call.resource.api_version())]);
    list.set("metadata.resourceVersion", version.to_string());
    list.set("items", items);
    Ok(Written { status: 200, tree: list, warnings: Vec::new() })
}

fn list_kind(world: &World, call: &Call) -> String {
    let definition = if call.resource.custom { world.definition(call.resource) } else { None };
    match definition.as_ref().map(|d| d.tree.text("status.acceptedNames.listKind")) {
        Some(kind) if !kind.is_empty() => kind.to_owned(),
        _ => format!("{}List", call.resource.kind),
    }
}

/// Reads `DeleteOptions` from the body, or from the query where there is none.
fn asked(call: &Call) -> Result<Asked, Refusal> {
    let request = call.request;
    let mut options = Tree::map();
    if request.body.is_empty() {
        for (name, value) in &request.query {
            match name.as_str() {
                "propagationPolicy" => options.set(name, value.as_str()),
                "gracePeriodSeconds" => {
                    let seconds: i64 =
                        value.parse().map_err(|_| Refusal::bad_request(format!("strconv.ParseInt: parsing {value:?}: invalid syntax")))?;
                    options.set(name, seconds);
                }
                "orphanDependents" => options.set(name, matches!(value.as_str(), "true" | "1" | "")),
                "dryRun" => options.push(name, value.as_str()),
                _ => {}
            }
        }
    } else {
        options = body::object(&request.body, request.header("content-type"), "DeleteOptions")?.tree;
        if let Some(dry_run) = request.parameter("dryRun")
            && options.at("dryRun").is_empty()
        {
            options.push("dryRun", dry_run);
        }
    }
    read(&options)
}

/// Reads `DeleteOptions`.
fn read(options: &Tree) -> Result<Asked, Refusal> {
    let refuse = |cause: Cause| Err(Refusal::invalid("DeleteOptions", "meta.k8s.io", "", vec![cause]));
    let policy = options.at("propagationPolicy");
    let orphan = options.at("orphanDependents").as_bool();
    if orphan.is_some() && !policy.is_null() {
        return refuse(Cause::invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"));
    }
    let propagation = match policy.as_str() {
        None => orphan.map(|orphan| if orphan { Propagation::Orphan } else { Propagation::Background }),
        Some("Background") => Some(Propagation::Background),
        Some("Foreground") => Some(Propagation::Foreground),
        Some("Orphan") => Some(Propagation::Orphan),
        Some(other) => {
            return refuse(Cause::not_supported("propagationPolicy", other, &["Foreground", "Background", "Orphan", "nil"]));
        }
    };
    let dry_run = options.at("dryRun");
    if dry_run.items().iter().any(|value| *value != "All") {
        return refuse(Cause::not_supported("dryRun", dry_run, &["All"]));
    }
    let text = |path: &str| Some(options.text(path)).filter(|text| !text.is_empty()).map(str::to_owned);
    let deletion = Deletion {
        grace: options.at("gracePeriodSeconds").as_i64(),
        propagation,
        uid: text("preconditions.uid"),
        version: text("preconditions.resourceVersion"),
        dry_run: !dry_run.items().is_empty(),
    };
    Ok(Asked { accepted: orphan == Some(false) || propagation == Some(Propagation::Foreground), deletion })
}

/// `DeleteOptions` that stand in another object: those of an eviction.
pub(super) fn options_in(options: &Tree) -> Result<Deletion, Refusal> {
    read(options).map(|asked| asked.deletion)
}
