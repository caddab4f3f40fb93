//! What holds for all kinds: names, versions and metadata. (registry/rest's BeforeCreate and BeforeUpdate, and the handlers)

use crate::demo::api::call::Call;
use crate::demo::refusal::{Cause, Refusal};
use crate::demo::store::Object;
use crate::demo::tree::Tree;

use super::part::Part;

/// Kinds whose `metadata.generation` counts, beside custom resources: those whose strategy's PrepareForCreate sets it to 1.
const COUNTED: &[&str] = &[
    "priorityclasses.scheduling.k8s.io",
    "ingressclasses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "ingresses.networking.k8s.io",
    "endpointslices.discovery.k8s.io",
    "poddisruptionbudgets.policy",
    "daemonsets.apps",
    "statefulsets.apps",
    "deployments.apps",
    "replicasets.apps",
    "jobs.batch",
    "cronjobs.batch",
    "pods",
    "podtemplates",
    "replicationcontrollers",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "mutatingadmissionpolicies.admissionregistration.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
];

/// Kinds that are only replaced under the version that was read: `AllowUnconditionalUpdate` is false. So it is for custom
/// resources and definitions.
const CONDITIONAL: &[&str] = &[
    "runtimeclasses.node.k8s.io",
    "poddisruptionbudgets.policy",
    "csidrivers.storage.k8s.io",
    "csistoragecapacities.storage.k8s.io",
    "volumeattachments.storage.k8s.io",
    "csinodes.storage.k8s.io",
    "leases.coordination.k8s.io",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "mutatingadmissionpolicies.admissionregistration.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
    "apiservices.apiregistration.k8s.io",
];

fn invalid(call: &Call, name: &str, causes: Vec<Cause>) -> Refusal {
    Refusal::invalid(&call.resource.kind, &call.resource.group, name, causes)
}

/// A new object: namespace, name, what is not the client's to say.
pub(super) fn before_create(call: &Call, tree: &mut Tree, dry_run: bool) -> Result<(), Refusal> {
    namespace_matches(call, tree)?;
    if tree.text("metadata.name").is_empty() && tree.text("metadata.generateName").is_empty() {
        return Err(invalid(call, "", vec![Cause::required("metadata.name", "name or generateName is required")]));
    }
    // Storage refuses it, which a dry run does not reach.
    if !dry_run && !matches!(tree.text("metadata.resourceVersion"), "" | "0") {
        return Err(Refusal::new(500, "", "resourceVersion should not be set on objects to be created"));
    }
    let key = call.key();
    // A kubelet registers its node with its status.
    if call.resource.subresource("status").is_some() && key != "nodes" {
        tree.remove("status");
    }
    if call.resource.custom || COUNTED.contains(&key.as_str()) {
        tree.set("metadata.generation", 1);
    } else {
        tree.remove("metadata.generation");
    }
    Ok(())
}

/// The namespace of a body is that of the URL, or is filled in. (`EnsureObjectNamespaceMatchesRequestNamespace`)
pub(super) fn namespace_matches(call: &Call, tree: &mut Tree) -> Result<(), Refusal> {
    let said = tree.text("metadata.namespace");
    if said == call.namespace {
        return Ok(());
    }
    if !said.is_empty() {
        return Err(Refusal::bad_request("the namespace of the provided object does not match the namespace sent on the request"));
    }
    tree.set("metadata.namespace", call.namespace);
    Ok(())
}

/// The name of a body is that of the URL. (`checkName`)
pub(super) fn name_matches(call: &Call, tree: &Tree) -> Result<(), Refusal> {
    let (name, said) = (call.name, tree.text("metadata.name"));
    if said.is_empty() {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )));
    }
    if said != name {
        return Err(Refusal::bad_request(format!("the name of the object ({said}) does not match the name on the URL ({name})")));
    }
    let (namespace, said) = (call.namespace, tree.text("metadata.namespace"));
    if !namespace.is_empty() && !said.is_empty() && said != namespace {
        return Err(Refusal::bad_request(format!(
            "the namespace of the object ({said}) does not match the namespace on the request ({namespace})"
        )));
    }
    Ok(())
}

/// A PUT that names a UID is for that object only.
pub(super) fn uid_matches(call: &Call, before: &Object, tree: &Tree) -> Result<(), Refusal> {
    let said = tree.text("metadata.uid");
    if said.is_empty() || said == &*before.uid {
        return Ok(());
    }
    let place: Vec<&str> = [&*call.resource.plural, call.namespace, call.name].into_iter().filter(|part| !part.is_empty()).collect();
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{}, ResourceVersion: 0, AdditionalErrorMsg: \
         Precondition failed: UID in precondition: {said}, UID in object meta: {}",
        place.join("/"),
        before.uid
    );
    Err(Refusal::conflict(&call.key(), call.name, &why))
}

/// The version that was read is the version that there is.
pub(super) fn version_matches(call: &Call, before: &Object, tree: &Tree) -> Result<(), Refusal> {
    let said = tree.text("metadata.resourceVersion");
    let key = call.key();
    if matches!(said, "" | "0") {
        if call.resource.custom || CONDITIONAL.contains(&key.as_str()) {
            let message = "Invalid value: 0: must be specified for an update".to_owned();
            let cause = Cause { reason: "FieldValueInvalid", field: "metadata.resourceVersion".into(), message };
            // Storage names the resource where others name the kind.
            return Err(Refusal::invalid(&call.resource.plural, &call.resource.group, call.name, vec![cause]));
        }
        return Ok(());
    }
    if said == before.version.to_string() { Ok(()) } else { Err(Refusal::modified(&key, call.name)) }
}

/// The next version of an object: what a client cannot change stays as it was, or is refused; a new spec is a new generation.
pub(super) fn before_update(call: &Call, part: &Part, before: &Object, tree: &mut Tree) -> Result<(), Refusal> {
    let old = &before.tree;
    tree.set("apiVersion", old["apiVersion"].clone());
    tree.set("kind", old["kind"].clone());
    namespace_matches(call, tree)?;
    for kept in ["creationTimestamp", "resourceVersion", "generation", "deletionTimestamp", "selfLink"] {
        restore(tree, old, kept);
    }
    for filled in ["uid", "deletionGracePeriodSeconds"] {
        if tree.at("metadata")[filled].is_empty() {
            restore(tree, old, filled);
        }
    }
    let mut causes = Vec::new();
    if before.terminating() {
        let had = old.at("metadata.finalizers").items();
        let new: Vec<&str> =
            tree.at("metadata.finalizers").items().iter().filter(|held| !had.contains(held)).filter_map(Tree::as_str).collect();
        if !new.is_empty() {
            let why = format!("no new finalizers can be added if the object is being deleted, found new finalizers {}", go_list(&new));
            causes.push(Cause::forbidden("metadata.finalizers", &why));
        }
    }
    for fixed in ["uid", "deletionGracePeriodSeconds"] {
        let (new, old) = (&tree.at("metadata")[fixed], &old.at("metadata")[fixed]);
        if new != old {
            causes.push(Cause::invalid(format!("metadata.{fixed}"), new, "field is immutable"));
        }
    }
    if !causes.is_empty() {
        return Err(invalid(call, call.name, causes));
    }
    if part.is_whole() && call.resource.subresource("status").is_some() {
        match old.get("status") {
            Some(status) => tree.set("status", status.clone()),
            None => drop(tree.remove("status")),
        }
    }
    let generation = old.int("metadata.generation", 0);
    if generation > 0 && is_another_generation(call, old, tree) {
        tree.set("metadata.generation", generation + 1);
    }
    Ok(())
}

fn is_another_generation(call: &Call, old: &Tree, new: &Tree) -> bool {
    if call.resource.custom {
        // All but metadata, and status where it is a subresource. (customResourceStrategy.PrepareForUpdate)
        let rest = |tree: &Tree| {
            let mut rest = tree.clone();
            rest.take("metadata");
            if call.resource.subresource("status").is_some() {
                rest.take("status");
            }
            rest
        };
        return !rest(new).equals(&rest(old));
    }
    let annotated = call.key() == "deployments.apps" && !new.at("metadata.annotations").equals(old.at("metadata.annotations"));
    annotated || !new["spec"].equals(&old["spec"])
}

fn restore(tree: &mut Tree, old: &Tree, field: &str) {
    let path = format!("metadata.{field}");
    match old.at("metadata").get(field) {
        Some(value) => tree.set(&path, value.clone()),
        None => drop(tree.remove(&path)),
    }
}

/// `[]string{"a", "b"}`.
fn go_list(items: &[&str]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| format!("{item:?}")).collect();
    format!("[]string{{{}}}", quoted.join(", "))
}
