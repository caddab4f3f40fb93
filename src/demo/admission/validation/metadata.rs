//! `ValidateObjectMeta`, `ValidateObjectMetaUpdate`.

use crate::demo::refusal::Cause;
use crate::demo::tree::Tree;

use super::causes::Causes;
use super::names::{self, Rule};

/// 256 KiB.
const ANNOTATIONS: usize = 256 << 10;

/// How names of a kind are spelled.
fn rule(resource: &str) -> Rule {
    match resource {
        "namespaces" | "services" | "statefulsets.apps" => names::label,
        _ if resource.ends_with(".rbac.authorization.k8s.io") => names::segment,
        _ => names::subdomain,
    }
}

/// Of a new object.
pub(super) fn create(causes: &mut Causes, resource: &str, tree: &Tree) {
    let metadata = &tree["metadata"];
    let rule = rule(resource);
    let (name, stem) = (metadata.text("name"), metadata.text("generateName"));
    if !stem.is_empty() {
        // What is appended ends with a letter: a trailing dash is no mistake.
        let tried = stem.strip_suffix('-').map_or_else(|| stem.to_owned(), |stem| format!("{stem}a"));
        for message in rule(&tried) {
            causes.invalid("metadata.generateName", stem, &message);
        }
    }
    if name.is_empty() {
        causes.required("metadata.name", "name or generateName is required");
    } else {
        causes.rule("metadata.name", name, rule);
    }
    common(causes, metadata);
}

fn common(causes: &mut Causes, metadata: &Tree) {
    causes.nonnegative(metadata, "metadata", &["generation"]);
    causes.labels("metadata.labels", &metadata["labels"]);
    let annotations = &metadata["annotations"];
    let mut size = 0;
    for (key, value) in annotations.entries() {
        size += key.len() + value.as_str().map_or(0, str::len);
        for message in names::qualified(&key.to_lowercase()) {
            causes.invalid("metadata.annotations", key, &message);
        }
    }
    if size > ANNOTATIONS {
        causes.0.push(Cause::too_long("metadata.annotations", ANNOTATIONS));
    }
    owners(causes, &metadata["ownerReferences"]);
    let finalizers = metadata["finalizers"].items();
    for finalizer in finalizers.iter().filter_map(Tree::as_str) {
        causes.rule("metadata.finalizers", finalizer, names::qualified);
    }
    let has = |name: &str| finalizers.iter().any(|f| *f == name);
    if has("orphan") && has("foregroundDeletion") {
        let why = "finalizer orphan and foregroundDeletion cannot be both set";
        causes.invalid("metadata.finalizers", &metadata["finalizers"], why);
    }
    for (at, finalizer) in finalizers.iter().filter_map(Tree::as_str).enumerate() {
        if !finalizer.contains('/') && !matches!(finalizer, "orphan" | "foregroundDeletion" | "kubernetes") {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            causes.invalid(&format!("metadata.finalizers[{at}]"), finalizer, why);
        }
    }
}

fn owners(causes: &mut Causes, owners: &Tree) {
    let mut controller = String::new();
    for owner in owners.items() {
        let field = |name: &str| format!("metadata.ownerReferences.{name}");
        if owner.text("apiVersion").is_empty() {
            causes.invalid(&field("apiVersion"), "", "version must not be empty");
        }
        for name in ["kind", "name", "uid"] {
            if owner.text(name).is_empty() {
                causes.invalid(&field(name), "", "must not be empty");
            }
        }
        if owner.text("apiVersion") == "v1" && owner.text("kind") == "Event" {
            causes.invalid("metadata.ownerReferences", owner, "/v1, Kind=Event is disallowed from being an owner");
        }
        if owner.flag("controller") {
            let this = format!("{}/{}", owner.text("kind"), owner.text("name"));
            if controller.is_empty() {
                controller = this;
            } else {
                let why =
                    format!("Only one reference can have Controller set to true. Found \"true\" in references for {controller} and {this}");
                causes.invalid("metadata.ownerReferences", owners, &why);
            }
        }
    }
}

/// Of a changed object.
pub(super) fn update(causes: &mut Causes, new: &Tree, old: &Tree) {
    let (new, old) = (&new["metadata"], &old["metadata"]);
    if !old["deletionTimestamp"].is_null() {
        let extra: Vec<String> = new["finalizers"]
            .items()
            .iter()
            .filter(|f| !old["finalizers"].items().contains(f))
            .filter_map(Tree::as_str)
            .map(|f| format!("{f:?}"))
            .collect();
        if !extra.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                extra.join(", ")
            );
            causes.forbidden("metadata.finalizers", &why);
        }
    }
    for field in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        let (now, before) = (&new[field], &old[field]);
        // What a caller leaves out is as it was.
        if !now.is_null() && !now.equals(before) {
            causes.invalid(&format!("metadata.{field}"), now, "field is immutable");
        }
    }
    if new.int("generation", i64::MAX) < old.int("generation", 0) {
        causes.invalid("metadata.generation", &new["generation"], "must not be decremented");
    }
    common(causes, new);
}
