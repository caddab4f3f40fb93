//! What decoding into a type and encoding it again makes of an object: Go's API server keeps structs, not the caller's JSON.
//!
//! Unknown fields, `null` and what `omitempty` leaves out go away, structs that are no pointers and fields that are always
//! written appear, quantities are spelled canonically. Of a custom resource the server keeps the JSON, and prunes and defaults
//! it by the definition's schema.

use crate::demo::tree::Tree;
use crate::kinds::describe::quantity::Quantity;
use crate::kinds::schema::{Form, Type};

/// How the server keeps objects of a type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// As a Go struct.
    Struct,
    /// As JSON with a schema: custom resources.
    Json,
}

/// Fields that have a default in the schema and are not written when they have it (`omitempty` of no pointer).
const NOT_WRITTEN: &[(&str, &str)] = &[
    ("LocalObjectReference", "name"),
    ("ConfigMapEnvSource", "name"),
    ("ConfigMapKeySelector", "name"),
    ("ConfigMapProjection", "name"),
    ("ConfigMapVolumeSource", "name"),
    ("SecretEnvSource", "name"),
    ("SecretKeySelector", "name"),
    ("SecretProjection", "name"),
    ("ReplicationControllerSpec", "minReadySeconds"),
    ("ScaleSpec", "replicas"),
    ("NodeRuntimeHandler", "name"),
];

/// Fields that are no pointers and have `omitempty`: their zero is not written. Those that people do write out.
const ZERO_NOT_WRITTEN: &[&str] = &[
    "initialDelaySeconds",
    "minReadySeconds",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "stdin",
    "stdinOnce",
    "tty",
    "hostPort",
    "nodePort",
    "publishNotReadyAddresses",
    "unschedulable",
    "paused",
    "globalDefault",
    "observedGeneration",
];

/// Text fields of which that is true.
const EMPTY_NOT_WRITTEN: &[(&str, &str)] = &[
    ("EnvVar", "value"),
    ("VolumeMount", "subPath"),
    ("ServicePort", "name"),
    ("ContainerPort", "name"),
    ("ContainerPort", "hostIP"),
    ("ObjectMeta", "generateName"),
    ("ObjectMeta", "namespace"),
    ("ServiceSpec", "clusterIP"),
    ("ServiceSpec", "loadBalancerIP"),
    ("PodSpec", "nodeName"),
    ("PodSpec", "priorityClassName"),
    ("Toleration", "operator"),
    ("Taint", "value"),
    ("NamespaceStatus", "phase"),
];

/// Structs with `omitempty`, which leaves out no struct: those that spell their zero `null`.
const NULL_WRITTEN: &[(&str, &str)] = &[("Event", "eventTime")];

/// Brings a tree into the form that the server keeps. What is in it already is not copied.
pub(super) fn reshape(of: &Type, tree: &mut Tree, kept: Kept) {
    if let Some(changed) = reshaped(of, tree, kept) {
        *tree = changed;
    }
}

/// `None` when it is in the form already.
fn reshaped(of: &Type, value: &Tree, kept: Kept) -> Option<Tree> {
    match (of.form(), value) {
        (Form::Object, Tree::Map(_)) => object(of, value, kept),
        (Form::Array, Tree::List(items)) => {
            let of = of.items()?;
            let changed: Vec<Option<Tree>> = items.iter().map(|item| reshaped(&of, item, kept)).collect();
            let any = changed.iter().any(Option::is_some);
            any.then(|| changed.into_iter().zip(items.iter()).map(|(new, old)| new.unwrap_or_else(|| old.clone())).collect())
        }
        (Form::Quantity, Tree::Text(text)) if kept == Kept::Struct => {
            crate::model::quantity::millis(text)?;
            let canonical = Quantity::parse(text).to_string();
            (canonical != **text).then(|| canonical.into())
        }
        (Form::Quantity, Tree::Int(n)) if kept == Kept::Struct => Some(Quantity::parse(&n.to_string()).to_string().into()),
        (Form::Quantity, Tree::Float(n)) if kept == Kept::Struct => Some(Quantity::parse(&n.to_string()).to_string().into()),
        _ => None,
    }
}

fn object(of: &Type, value: &Tree, kept: Kept) -> Option<Tree> {
    let component = of.component().map(|c| c.rsplit('.').next().unwrap_or(c));
    let mut changed: Option<Tree> = None;
    let described = of.has_fields();
    let values = of.values();
    let open = of.preserves_unknown();
    for (key, held) in value.entries() {
        let field = of.field(key);
        let implied = of.embedded_resource() && matches!(key, "apiVersion" | "kind" | "metadata");
        let goes = match &field {
            Some(field) => not_written(of, field, component, key, held, kept),
            None => described && values.is_none() && !open && !implied,
        };
        let nil = kept == Kept::Struct && matches!(held, Tree::List(items) if items.is_empty());
        if goes {
            changed.get_or_insert_with(|| value.clone()).take(key);
        } else if nil {
            // Protobuf, in which it is stored, does not tell an empty list from none.
            changed.get_or_insert_with(|| value.clone()).put(key, Tree::Null);
        } else if let Some(new) = field.as_ref().or(values.as_ref()).and_then(|of| reshaped(of, held, kept)) {
            changed.get_or_insert_with(|| value.clone()).put(key, new);
        }
    }
    for field in of.fields() {
        let Some(default) = field.of.default() else { continue };
        if !changed.as_ref().unwrap_or(value)[&*field.name].is_null() {
            continue;
        }
        if kept == Kept::Struct && component.is_some_and(|c| NOT_WRITTEN.contains(&(c, &*field.name))) {
            continue;
        }
        let mut new = Tree::from(default.clone());
        reshape(&field.of, &mut new, kept);
        changed.get_or_insert_with(|| value.clone()).put(&field.name, new);
    }
    for (_, name) in NULL_WRITTEN.iter().filter(|(owner, _)| kept == Kept::Struct && component == Some(owner)) {
        if value.get(name).is_none() {
            changed.get_or_insert_with(|| value.clone()).put(name, Tree::Null);
        }
    }
    changed
}

fn not_written(owner: &Type, field: &Type, component: Option<&str>, key: &str, held: &Tree, kept: Kept) -> bool {
    if kept == Kept::Json {
        return held.is_null() && !field.nullable() && field.default().is_some();
    }
    match held {
        Tree::Null if component.is_some_and(|owner| NULL_WRITTEN.contains(&(owner, key))) => false,
        Tree::Null => field.form() != Form::Array || !owner.requires(key),
        Tree::List(items) => items.is_empty() && !owner.requires(key),
        Tree::Map(map) => map.is_empty() && !owner.requires(key) && !field.has_fields() && field.values().is_some(),
        Tree::Text(text) => text.is_empty() && component.is_some_and(|c| EMPTY_NOT_WRITTEN.contains(&(c, key))),
        Tree::Bool(false) | Tree::Int(0) => ZERO_NOT_WRITTEN.contains(&key) || component == Some("VolumeMount"),
        _ => false,
    }
}
