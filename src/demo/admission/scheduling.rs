//! The admission plugins Priority, DefaultTolerationSeconds and RuntimeClass.

use crate::demo::refusal::Refusal;
use crate::demo::tree::Tree;
use crate::demo::world::World;

const CLASSES: &str = "priorityclasses.scheduling.k8s.io";

/// The class that new pods have who name none: the least of those that say so.
fn usual(world: &World) -> Option<Tree> {
    let classes = world.store.list(CLASSES, None).filter(|c| c.tree.flag("globalDefault"));
    classes.min_by_key(|c| c.tree.int("value", 0)).map(|c| c.tree.clone())
}

/// `admitPod` of the plugin Priority.
///
/// # Errors
/// There is no such class, or the pod says what it may not.
pub(super) fn priority(world: &World, tree: &mut Tree) -> Result<(), Refusal> {
    let refuse = |tree: &Tree, why: String| Err(Refusal::forbidden("pods", tree.text("metadata.name"), &why));
    let named = tree.text("spec.priorityClassName").to_owned();
    let class = if named.is_empty() { usual(world) } else { world.get(CLASSES, "", &named).map(|c| c.tree.clone()) };
    if class.is_none() && !named.is_empty() {
        return refuse(tree, format!("no PriorityClass with name {named} was found"));
    }
    let (value, policy) = match &class {
        Some(class) => (class.int("value", 0), class.text("preemptionPolicy").to_owned()),
        None => (0, String::new()),
    };
    let policy = if policy.is_empty() { "PreemptLowerPriority" } else { &policy };
    if let Some(class) = class.filter(|_| named.is_empty()) {
        tree.set("spec.priorityClassName", class.at("metadata.name").clone());
    }
    if let Some(given) = tree.at("spec.priority").as_i64()
        && given != value
    {
        return refuse(
            tree,
            format!(
                "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name"
            ),
        );
    }
    let given = tree.text("spec.preemptionPolicy");
    if !given.is_empty() && given != policy {
        return refuse(
            tree,
            format!(
                "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
            ),
        );
    }
    tree.set("spec.priority", value);
    tree.set("spec.preemptionPolicy", policy);
    Ok(())
}

/// `validatePriorityClass`: one may be everybody's.
///
/// # Errors
/// Another one is.
pub(super) fn one_usual(world: &World, tree: &Tree) -> Result<(), Refusal> {
    let (name, other) = (tree.text("metadata.name"), usual(world));
    match other.as_ref().map(|class| class.text("metadata.name")) {
        Some(other) if tree.flag("globalDefault") && other != name => {
            let why = format!("PriorityClass {other} is already marked as default. Only one default can exist");
            Err(Refusal::forbidden(CLASSES, name, &why))
        }
        _ => Ok(()),
    }
}

/// Five minutes on a node that is not ready or not to be reached.
pub(super) fn tolerate(tree: &mut Tree) {
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerates = |t: &Tree| matches!(t.text("key"), k if k == key || k.is_empty()) && matches!(t.text("effect"), "NoExecute" | "");
        if !tree.at("spec.tolerations").items().iter().any(tolerates) {
            let mut toleration = Tree::texts([("key", key), ("operator", "Exists"), ("effect", "NoExecute")]);
            toleration.put("tolerationSeconds", 300);
            tree.push("spec.tolerations", toleration);
        }
    }
}

/// What a runtime costs and where it is: overhead and node selector.
///
/// # Errors
/// There is no such class, or the pod says something else.
pub(super) fn runtime(world: &World, tree: &mut Tree) -> Result<(), Refusal> {
    let named = tree.text("spec.runtimeClassName");
    if named.is_empty() {
        return Ok(());
    }
    let refuse = |why: &str| Err(Refusal::forbidden("pods", tree.text("metadata.name"), why));
    let Some(class) = world.get("runtimeclasses.node.k8s.io", "", named) else {
        return refuse(&format!("pod rejected: RuntimeClass {named:?} not found"));
    };
    let overhead = class.tree.at("overhead.podFixed").clone();
    if !overhead.is_empty() {
        let given = tree.at("spec.overhead");
        if !given.is_empty() && !given.equals(&overhead) {
            return refuse("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
        }
        tree.set("spec.overhead", overhead);
    }
    for (key, value) in class.tree.at("scheduling.nodeSelector").clone().entries() {
        if !tree.at("spec.nodeSelector")[key].is_null() && tree.at("spec.nodeSelector")[key] != *value {
            let why = format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {}; pod.spec.nodeSelector[{key}] = {}",
                value.as_str().unwrap_or(""),
                tree.at("spec.nodeSelector")[key].as_str().unwrap_or("")
            );
            return Err(Refusal::forbidden("pods", tree.text("metadata.name"), &why));
        }
        tree.at_mut("spec.nodeSelector").put(key, value);
    }
    for toleration in class.tree.at("scheduling.tolerations").items() {
        if !tree.at("spec.tolerations").items().contains(toleration) {
            tree.push("spec.tolerations", toleration);
        }
    }
    Ok(())
}
