//! Which part of an object a call is about: the whole, or what a subresource shows of it.

use serde_json::json;

use crate::demo::api::call::Call;
use crate::demo::openapi;
use crate::demo::refusal::{Cause, Refusal};
use crate::demo::selector;
use crate::demo::tree::Tree;
use crate::demo::world::World;
use crate::kinds::schema::Type;
use crate::model::facts::{Operator, Selector};

/// See the module.
pub(super) enum Part {
    /// The object itself, without its status where that is a subresource.
    Whole,
    /// `/status`.
    Status,
    /// `/scale`: paths of replicas, of replicas in the status, and of the selector.
    Scale { replicas: String, status: String, selector: String },
    /// `/finalize` of a namespace.
    Finalize,
    /// `/approval` of a certificate signing request.
    Approval,
    /// `/ephemeralcontainers` of a pod.
    Ephemeral,
    /// `/resize` of a pod.
    Resize,
}

impl Part {
    /// The part that a call names.
    pub fn of(world: &World, call: &Call) -> Result<Part, Refusal> {
        Ok(match call.subresource {
            "" => Part::Whole,
            "status" => Part::Status,
            "finalize" => Part::Finalize,
            "approval" => Part::Approval,
            "ephemeralcontainers" => Part::Ephemeral,
            "resize" => Part::Resize,
            "scale" if call.resource.custom => {
                let Some(definition) = world.definition(call.resource) else { return Err(Refusal::no_such_path()) };
                let scale = definition.tree.item("spec.versions", "name", &call.resource.version).at("subresources.scale");
                let path = |name: &str| scale.text(name).trim_start_matches('.').to_owned();
                Part::Scale { replicas: path("specReplicasPath"), status: path("statusReplicasPath"), selector: path("labelSelectorPath") }
            }
            "scale" => Part::Scale { replicas: "spec.replicas".into(), status: "status.replicas".into(), selector: "spec.selector".into() },
            _ => return Err(Refusal::method_not_allowed()),
        })
    }

    /// It is the object itself.
    pub fn is_whole(&self) -> bool {
        matches!(self, Part::Whole)
    }

    /// Group, version and kind of what is shown.
    pub fn kind(&self, call: &Call) -> (String, String, String) {
        match self {
            Part::Scale { .. } => ("autoscaling".into(), "v1".into(), "Scale".into()),
            _ => super::kind_of(call),
        }
    }

    /// The type of what is shown.
    pub fn type_of(&self, world: &World, call: &Call) -> Option<Type> {
        match self {
            // The document of apps describes it, since it is served there.
            Part::Scale { .. } => openapi::schema("apps", "v1")?.kind("autoscaling", "v1", "Scale"),
            _ => super::type_of(world, call),
        }
    }

    /// What cannot be applied through it.
    pub fn ignored(&self) -> &'static [&'static str] {
        match self {
            Part::Whole => &["f:status"],
            Part::Status => &["f:spec"],
            _ => &[],
        }
    }

    /// What is shown of an object.
    pub fn view(&self, object: &Tree) -> Tree {
        let Part::Scale { replicas, status, selector } = self else { return object.clone() };
        let mut scale: Tree = json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "spec": {}, "status": {"replicas": 0}}).into();
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            if let Some(value) = object["metadata"].get(field) {
                scale.set(&format!("metadata.{field}"), value.clone());
            }
        }
        if object.int(replicas, 0) > 0 {
            scale.set("spec.replicas", object.int(replicas, 0));
        }
        scale.set("status.replicas", object.int(status, 0));
        let labels = match object.at(selector) {
            Tree::Text(text) => text.to_string(),
            map @ Tree::Map(_) if map.get("matchLabels").is_some() || map.get("matchExpressions").is_some() => written(&selector::of(map)),
            map @ Tree::Map(_) => written(&selector::of_map(map)),
            _ => String::new(),
        };
        if !labels.is_empty() {
            scale.set("status.selector", labels);
        }
        scale
    }

    /// The configuration of the object that an applied view is.
    pub fn config(&self, view: Tree) -> Tree {
        let Part::Scale { replicas, .. } = self else { return view };
        let mut config = Tree::map();
        config.set("metadata.name", view.at("metadata.name").clone());
        config.set(replicas, view.int("spec.replicas", 0));
        config
    }

    /// The next version of an object, of a changed view of it.
    pub fn taken(&self, call: &Call, before: &Tree, view: &Tree) -> Result<Tree, Refusal> {
        let mut next = before.clone();
        let fields: &[&str] = match self {
            Part::Whole => return Ok(view.clone()),
            Part::Scale { replicas, .. } => {
                let wanted = view.int("spec.replicas", 0);
                if wanted < 0 {
                    let cause = Cause::invalid("spec.replicas", wanted, "must be greater than or equal to 0");
                    return Err(Refusal::invalid("Scale", "autoscaling", call.name, vec![cause]));
                }
                next.set(replicas, wanted);
                return Ok(next);
            }
            Part::Resize => {
                resize(&mut next, view);
                return Ok(next);
            }
            // The labels and annotations of pods and nodes may be changed with their status, as kubelets do.
            Part::Status if matches!(call.key().as_str(), "pods" | "nodes") => {
                &["status", "metadata.labels", "metadata.annotations", "metadata.finalizers", "metadata.managedFields"]
            }
            Part::Status => &["status", "metadata.managedFields"],
            Part::Finalize => &["spec.finalizers", "metadata.managedFields"],
            Part::Approval => &["status.conditions", "metadata.managedFields"],
            Part::Ephemeral => {
                kept_containers(call, before, view)?;
                &["spec.ephemeralContainers", "metadata.managedFields"]
            }
        };
        for field in fields {
            match view.at(field) {
                Tree::Null => drop(next.remove(field)),
                value => next.set(field, value.clone()),
            }
        }
        Ok(next)
    }
}

/// A selector as queries have it.
fn written(selector: &Selector) -> String {
    let mut all: Vec<String> = selector
        .requirements
        .iter()
        .map(|requirement| {
            let (key, values) = (&requirement.key, requirement.values.join(","));
            match requirement.operator {
                Operator::Equals => format!("{key}={values}"),
                Operator::In => format!("{key} in ({values})"),
                Operator::NotIn => format!("{key} notin ({values})"),
                Operator::Exists => key.to_string(),
                Operator::DoesNotExist => format!("!{key}"),
            }
        })
        .collect();
    all.sort();
    all.join(",")
}

/// Ephemeral containers are only added. (`ValidatePodEphemeralContainersUpdate`)
fn kept_containers(call: &Call, before: &Tree, view: &Tree) -> Result<(), Refusal> {
    let new = view.at("spec.ephemeralContainers");
    let mut causes = Vec::new();
    if !before["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_null() {
        causes.push(Cause::forbidden("", "static pods do not support ephemeral containers"));
    }
    for old in before.at("spec.ephemeralContainers").items() {
        let name = old.text("name");
        match new.items().iter().position(|container| container.text("name") == name) {
            None => {
                let why = format!("existing ephemeral containers {name:?} may not be removed\n");
                causes.push(Cause::forbidden("spec.ephemeralContainers", &why));
            }
            Some(at) if new[at] != *old => {
                let why = format!("existing ephemeral containers {name:?} may not be changed\n");
                causes.push(Cause::forbidden(format!("spec.ephemeralContainers[{at}]"), &why));
            }
            Some(_) => {}
        }
    }
    if causes.is_empty() { Ok(()) } else { Err(Refusal::invalid("Pod", "", call.name, causes)) }
}

/// Takes the resources of containers, and how they are resized.
fn resize(next: &mut Tree, view: &Tree) {
    for list in ["containers", "initContainers"] {
        let path = format!("spec.{list}");
        if next.at(&path).items().is_empty() {
            continue;
        }
        for container in next.at_mut(&path).items_mut() {
            let wanted = view.item(&path, "name", container.text("name"));
            for field in ["resources", "resizePolicy"] {
                if let Some(value) = wanted.get(field) {
                    container.set(field, value.clone());
                }
            }
        }
    }
}
