//! Calls that change objects: create, replace, patch and delete, as the generic registry of the API server does them.

use std::sync::Arc;

use serde_json::json;

use super::call::{Call, Options};
use crate::demo::admission;
use crate::demo::patch::apply::{self, Apply};
use crate::demo::patch::owners::{self, Owner};
use crate::demo::patch::{self, Wrong, strategic};
use crate::demo::refusal::{Cause, Details, Refusal};
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::World;
use crate::kinds::schema::{Fault, Problem, Type, problems};

pub mod body;
mod custom;
mod eviction;
mod part;
mod pods;
mod remove;
mod reviews;
mod rules;
#[cfg(test)]
mod tests;

use part::Part;
pub use remove::{delete, delete_collection};

/// What a call is answered with.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// 200, 201 or 202.
    pub status: u16,
    /// The object, or a `Status`.
    pub tree: Tree,
    /// For `Warning` headers, without code and agent: `unknown field "spec.foo"`.
    pub warnings: Vec<String>,
}

/// Resources that PUT makes when they are not there: `AllowCreateOnUpdate`.
const MADE_BY_UPDATE: &[&str] = &[
    "clusterrolebindings.rbac.authorization.k8s.io",
    "clusterroles.rbac.authorization.k8s.io",
    "endpoints",
    "events",
    "leases.coordination.k8s.io",
    "limitranges",
    "rolebindings.rbac.authorization.k8s.io",
    "roles.rbac.authorization.k8s.io",
    "runtimeclasses.node.k8s.io",
    "services",
];

/// POST: makes an object, or asks something of one (eviction, binding, token), or of the server (reviews).
///
/// # Errors
/// As the API server refuses it.
pub fn create(world: &mut World, call: &Call) -> Result<Written, Refusal> {
    let options = call.options("CreateOptions")?;
    match (call.key().as_str(), call.subresource) {
        ("pods", "eviction") => return eviction::evict(world, call, &options),
        ("pods", "binding") | ("bindings", "") => return pods::bind(world, call, &options),
        ("serviceaccounts", "token") => return reviews::token(world, call, &options),
        (key, "") if reviews::is_one(key) => return reviews::review(world, call, &options),
        (_, "") => {}
        _ => return Err(Refusal::method_not_allowed()),
    }
    let of = type_of(world, call);
    let body = body::object(&call.request.body, call.request.header("content-type"), &call.resource.kind)?;
    let (tree, warnings) = read(call, &options, body, of.as_ref(), &kind_of(call))?;
    made(world, call, &options, of.as_ref(), tree, warnings)
}

/// Makes an object of a decoded body. An applied one has its owners already.
fn made(
    world: &mut World,
    call: &Call,
    options: &Options,
    of: Option<&Type>,
    mut tree: Tree,
    warnings: Vec<String>,
) -> Result<Written, Refusal> {
    rules::before_create(call, &mut tree, options.dry_run)?;
    if call.resource.custom {
        custom::complete(world, call, of, &mut tree)?;
    }
    let owners = tree.at("metadata.managedFields").clone();
    let key = call.key();
    let version = tree.at("metadata.resourceVersion").clone();
    let mut tree = world.prepared(&key, tree)?;
    valid(world, call, &tree, None)?;
    if owners.is_null() {
        let now = world.now_text();
        owners::note_update(of, &Tree::Null, &mut tree, owner(call, options, false), now);
    }
    if !options.dry_run {
        tree = world.store.put(&key, tree).tree.clone();
    } else if !version.is_null() {
        tree.set("metadata.resourceVersion", version);
    }
    Ok(Written { status: 201, tree, warnings })
}

/// GET of a subresource that shows an object or a part of it: `status`, `scale`, …
///
/// # Errors
/// The object or the subresource is not there.
pub fn shown(world: &World, call: &Call) -> Result<Tree, Refusal> {
    let part = Part::of(world, call)?;
    let object = world.find(&call.reference()).ok_or_else(|| Refusal::not_found(&call.key(), call.name))?;
    Ok(part.view(&object.tree))
}

/// PUT: replaces an object, or a part of one.
///
/// # Errors
/// As the API server refuses it.
pub fn replace(world: &mut World, call: &Call) -> Result<Written, Refusal> {
    let options = call.options("UpdateOptions")?;
    let part = Part::of(world, call)?;
    let of = part.type_of(world, call);
    let body = body::object(&call.request.body, call.request.header("content-type"), &part.kind(call).2)?;
    let (tree, warnings) = read(call, &options, body, of.as_ref(), &part.kind(call))?;
    let Some(before) = world.find(&call.reference()) else {
        if call.subresource.is_empty() && MADE_BY_UPDATE.contains(&call.key().as_str()) {
            rules::name_matches(call, &tree)?;
            return made(world, call, &options, of.as_ref(), tree, warnings);
        }
        return Err(Refusal::not_found(&call.key(), call.name));
    };
    rules::name_matches(call, &tree)?;
    rules::uid_matches(call, &before, &tree)?;
    let tree = patch::sharing(tree, &part.view(&before.tree));
    changed(world, call, &options, &part, &before, tree, warnings)
}

/// PATCH, in all four forms.
///
/// # Errors
/// As the API server refuses it.
pub fn patch(world: &mut World, call: &Call) -> Result<Written, Refusal> {
    let options = call.options("PatchOptions")?;
    let form = call.request.header("content-type").split(';').next().unwrap_or("").trim();
    let accepted = if call.resource.custom {
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
    } else {
        "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml"
    };
    if !accepted.split(", ").any(|known| known == form) {
        // go-restful refuses it before the API server could tell what it takes.
        let details = Some(Box::new(Details::default()));
        return Err(Refusal { details, ..Refusal::new(415, "UnsupportedMediaType", "415: Unsupported Media Type") });
    }
    let part = Part::of(world, call)?;
    let of = part.type_of(world, call);
    if form == "application/apply-patch+yaml" {
        return applied(world, call, &options, &part);
    }
    let Some(before) = world.find(&call.reference()) else { return Err(Refusal::not_found(&call.key(), call.name)) };
    let view = part.view(&before.tree);
    let body = body::json(&call.request.body).map_err(|why| Refusal::bad_request(format!("error decoding patch: {why}")))?;
    let mut faults: Vec<String> = body.twice;
    let mut tree = match form {
        "application/json-patch+json" => {
            faults.iter_mut().for_each(|fault| *fault = format!("json patch {fault}"));
            patch::json(&view, &body.tree).map_err(unfit)?
        }
        "application/merge-patch+json" => {
            is_map(&body.tree)?;
            let mut tree = view.clone();
            patch::merge(&mut tree, &body.tree);
            tree
        }
        _ => {
            is_map(&body.tree)?;
            strategic::merge(&view, &body.tree, of.as_ref()).map_err(|why| Refusal::new(500, "", why))?
        }
    };
    let invalid = |tree: &Tree, why: String| {
        let shown = if form.contains("strategic") { strategic::go(&body.tree) } else { String::from_utf8_lossy(&tree.json()).into_owned() };
        Refusal::invalid("", "", "", vec![Cause::invalid("patch", shown, &why)])
    };
    let whole = tree.clone();
    faults.extend(body::decode(&mut tree, of.as_ref(), call.resource.custom).map_err(|why| invalid(&whole, why))?);
    let warnings = body::strictly(&options, faults).map_err(|why| invalid(&whole, why))?;
    rules::namespace_matches(call, &mut tree)?;
    rules::name_matches(call, &tree)?;
    changed(world, call, &options, &part, &before, tree, warnings)
}

fn is_map(patch: &Tree) -> Result<(), Refusal> {
    let what = match patch {
        Tree::Map(_) => return Ok(()),
        Tree::List(_) => "array",
        Tree::Text(_) => "string",
        Tree::Bool(_) => "bool",
        _ => "number",
    };
    Err(Refusal::bad_request(format!(
        "error decoding patch: json: cannot unmarshal {what} into Go value of type map[string]interface {{}}"
    )))
}

fn unfit(wrong: Wrong) -> Refusal {
    match wrong {
        Wrong::Document(why) => Refusal::bad_request(format!("error decoding patch: {why}")),
        Wrong::TooLong(count) => {
            Refusal::new(413, "RequestEntityTooLarge", format!("The allowed maximum operations in a JSON patch is 10000, got {count}"))
        }
        // NewGenericServerResponse does not tell why.
        Wrong::Unfit(_) => Refusal {
            details: Some(Box::new(Details::default())),
            ..Refusal::new(422, "Invalid", "the server rejected our request due to an error in our request")
        },
    }
}

/// Server-side apply.
fn applied(world: &mut World, call: &Call, options: &Options, part: &Part) -> Result<Written, Refusal> {
    if !options.manager_given {
        let cause = Cause::required("fieldManager", "is required for apply patch");
        return Err(Refusal::invalid("PatchOptions", "meta.k8s.io", "", vec![cause]));
    }
    let body = body::yaml(&call.request.body).map_err(|why| Refusal::bad_request(format!("error decoding YAML: {why}")))?;
    is_map(&body.tree)?;
    let said = format!("{}, Kind={}", body.tree.text("apiVersion"), body.tree.text("kind"));
    let (group, version, kind) = part.kind(call);
    let api_version = if group.is_empty() { version } else { format!("{group}/{version}") };
    if said != format!("{api_version}, Kind={kind}") {
        return Err(Refusal::bad_request(format!("invalid object type: {said}")));
    }
    if !body.tree.at("metadata.managedFields").is_null() {
        return Err(Refusal::bad_request("metadata.managedFields must be nil"));
    }
    let mut config = body.tree;
    let faults = body.twice.into_iter().map(|fault| format!("error converting YAML to JSON: {fault}")).collect();
    let of_part = part.type_of(world, call);
    if let Some(of) = &of_part {
        // Merging needs all of it to be known, whatever `fieldValidation` says.
        let wrong: Vec<String> = problems(of, &config).iter().map(untyped).collect();
        if !wrong.is_empty() {
            let object = format!("{}/{}", config.text("metadata.namespace"), call.name);
            let why = format!("failed to create typed patch object ({object}; {said}): {}", wrong.join("\n"));
            return Err(Refusal::new(500, "", why));
        }
    }
    body::decode(&mut config, of_part.as_ref(), call.resource.custom).map_err(Refusal::bad_request)?;
    let warnings = body::strictly(options, faults).map_err(|why| {
        let why = why.trim_start_matches("strict decoding error: ");
        Refusal::bad_request(format!("error strict decoding YAML: {why}"))
    })?;
    if config.text("metadata.name").is_empty() {
        config.set("metadata.name", call.name);
    }
    rules::namespace_matches(call, &mut config)?;
    rules::name_matches(call, &config)?;
    let of = type_of(world, call);
    let how = Apply { owner: owner(call, options, true), force: options.force, ignored: part.ignored(), now: world.now_text() };
    let conflicting = |conflict: apply::Conflict| Refusal {
        details: Some(Box::new(Details { causes: conflict.causes, ..Details::default() })),
        ..Refusal::new(409, "Conflict", conflict.message)
    };
    let config = part.config(config);
    let Some(before) = world.find(&call.reference()) else {
        if !call.subresource.is_empty() {
            return Err(Refusal::not_found(&call.key(), call.name));
        }
        let uid = config.text("metadata.uid");
        if !uid.is_empty() {
            let why = format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
            return Err(Refusal::conflict(&call.key(), call.name, &why));
        }
        let tree = apply::apply(of.as_ref(), &Tree::Null, &config, &how).map_err(conflicting)?;
        return made(world, call, options, of.as_ref(), tree, warnings);
    };
    let version = config.text("metadata.resourceVersion");
    if !version.is_empty() && version != before.version.to_string() {
        return Err(Refusal::modified(&call.key(), call.name));
    }
    let tree = apply::apply(of.as_ref(), &before.tree, &config, &how).map_err(conflicting)?;
    let tree = patch::sharing(tree, &before.tree);
    stored(world, call, options, part, &before, tree, warnings, None)
}

/// How structured-merge-diff says that a value is not of its type.
fn untyped(problem: &Problem) -> String {
    let path = &problem.path;
    match &problem.fault {
        Fault::Unknown => format!(".{path}: field not declared in schema"),
        Fault::Mismatch { found, wanted, .. } => {
            let wanted = match wanted.as_str() {
                "int32" | "int64" | "float64" => "numeric (int or float)",
                "bool" => "boolean",
                "string" | "[]uint8" => "string",
                list if list.starts_with("[]") => "list",
                _ => "map",
            };
            format!(".{path}: expected {wanted}, got {}", found.split(' ').next().unwrap_or(""))
        }
        _ => format!(".{path}: {problem}"),
    }
}

/// Takes a changed view of an object for the next version of it.
fn changed(
    world: &mut World,
    call: &Call,
    options: &Options,
    part: &Part,
    before: &Arc<Object>,
    view: Tree,
    warnings: Vec<String>,
) -> Result<Written, Refusal> {
    rules::version_matches(call, before, &view)?;
    let tree = part.taken(call, &before.tree, &view)?;
    stored(world, call, options, part, before, tree, warnings, Some(owner(call, options, false)))
}

/// Checks, completes and stores the next version of an object. `owner` is who updates it; nobody when it was applied.
#[allow(clippy::too_many_arguments)]
fn stored(
    world: &mut World,
    call: &Call,
    options: &Options,
    part: &Part,
    before: &Arc<Object>,
    mut tree: Tree,
    warnings: Vec<String>,
    owner: Option<Owner>,
) -> Result<Written, Refusal> {
    let of = type_of(world, call);
    if call.resource.custom && part.is_whole() {
        custom::complete(world, call, of.as_ref(), &mut tree)?;
    }
    rules::before_update(call, part, before, &mut tree)?;
    if !matches!(part, Part::Status) {
        admission::amend(world, &call.key(), &before.tree, &mut tree)?;
        // Of a part of its own, [`Part::taken`] has checked what may change in it.
        let mut old = before.tree.clone();
        if let (Part::Ephemeral, Tree::List(_)) = (part, tree.at("spec.ephemeralContainers")) {
            old.set("spec.ephemeralContainers", tree.at("spec.ephemeralContainers").clone());
        }
        valid(world, call, &tree, Some(&old))?;
    }
    if let Some(owner) = owner {
        let now = world.now_text();
        owners::note_update(of.as_ref(), &before.tree, &mut tree, owner, now);
    }
    let tree = if options.dry_run { tree } else { world.commit(before, tree).tree.clone() };
    Ok(Written { status: 200, tree: part.view(&tree), warnings })
}

/// Refuses what its kind does not allow.
fn valid(world: &World, call: &Call, new: &Tree, old: Option<&Tree>) -> Result<(), Refusal> {
    let causes = admission::validate(world, &call.key(), new, old);
    if causes.is_empty() {
        return Ok(());
    }
    Err(Refusal::invalid(&call.resource.kind, &call.resource.group, new.text("metadata.name"), causes))
}

fn owner(call: &Call, options: &Options, applies: bool) -> Owner {
    Owner { manager: options.manager.clone(), applies, api_version: call.resource.api_version(), subresource: call.subresource.to_owned() }
}

/// The kind of the object itself: group, version, kind.
fn kind_of(call: &Call) -> (String, String, String) {
    let resource = call.resource;
    (resource.group.to_string(), resource.version.to_string(), resource.kind.to_string())
}

fn type_of(world: &World, call: &Call) -> Option<Type> {
    world.type_of(&call.resource.group, &call.resource.version, &call.resource.kind)
}

/// Decodes a body as the kind that is expected: group, version, kind. What it does not say of these is filled in.
fn read(
    call: &Call,
    options: &Options,
    body: body::Body,
    of: Option<&Type>,
    expected: &(String, String, String),
) -> Result<(Tree, Vec<String>), Refusal> {
    let (group, version, kind) = expected;
    let api_version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
    let mut tree = body.tree;
    tree.set_default("apiVersion", api_version.as_str());
    tree.set_default("kind", kind.as_str());
    let (said_version, said_kind) = (tree.text("apiVersion").to_owned(), tree.text("kind").to_owned());
    let short = said_version.rsplit('/').next().unwrap_or("").to_owned();
    let unfit = |why: &str| Refusal::bad_request(format!("{said_kind} in version {short:?} cannot be handled as a {kind}: {why}"));
    if said_version != api_version {
        if call.resource.custom {
            let why = format!("the API version in the data ({said_version}) does not match the expected API version ({api_version})");
            return Err(Refusal::bad_request(why));
        }
        let known = |r: &Arc<crate::demo::resources::Resource>| r.api_version() == said_version && *r.kind == *said_kind;
        if !crate::demo::resources::Registry::recorded().all().any(known) {
            return Err(unfit(&format!(
                r#"no kind {said_kind:?} is registered for version {said_version:?} in scheme "pkg/runtime/scheme.go:111""#
            )));
        }
        let why = format!("the API version in the data ({said_version}) does not match the expected API version ({api_version})");
        return Err(Refusal::bad_request(why));
    }
    if said_kind != *kind {
        let package = if group.is_empty() { "core" } else { group.split('.').next().unwrap_or("") };
        return Err(unfit(&format!("converting ({short}.{said_kind}) to ({package}.{kind}): unknown conversion")));
    }
    let mut faults = body::decode(&mut tree, of, call.resource.custom).map_err(|why| unfit(&why))?;
    faults.extend(body.twice);
    let warnings = body::strictly(options, faults).map_err(|why| unfit(&why))?;
    Ok((tree, warnings))
}

/// A `Status` of success.
fn success(details: Tree) -> Tree {
    let mut status: Tree = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}).into();
    if !details.is_null() {
        status.set("details", details);
    }
    status
}
