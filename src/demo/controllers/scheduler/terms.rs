//! Terms of affinity and toleration: which nodes they match.

use crate::demo::store::Object;
use crate::demo::tree::Tree;

/// A `NodeSelector`: one of its terms holds (`nodeaffinity.NodeSelector.Match`).
pub fn node_selector(selector: &Tree, node: &Object) -> bool {
    selector["nodeSelectorTerms"].items().iter().any(|term| node_term(term, node))
}

/// A `NodeSelectorTerm`: all of its requirements hold, and it has one.
pub fn node_term(term: &Tree, node: &Object) -> bool {
    let (labels, fields) = (term["matchExpressions"].items(), term["matchFields"].items());
    if labels.is_empty() && fields.is_empty() {
        return false;
    }
    labels.iter().all(|r| requirement(r, node.labels()[r.text("key")].as_str()))
        && fields.iter().all(|r| r.text("key") == "metadata.name" && requirement(r, Some(&node.name)))
}

fn requirement(requirement: &Tree, value: Option<&str>) -> bool {
    let values = requirement["values"].items();
    let number = || Some((value?.parse::<i64>().ok()?, values.first()?.as_str()?.parse::<i64>().ok()?));
    match requirement.text("operator") {
        "In" => value.is_some_and(|value| values.iter().any(|v| *v == value)),
        "NotIn" => value.is_none_or(|value| values.iter().all(|v| *v != value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => number().is_some_and(|(value, limit)| value > limit),
        "Lt" => number().is_some_and(|(value, limit)| value < limit),
        _ => false,
    }
}

/// A toleration tolerates a taint: `Toleration.ToleratesTaint`.
pub fn tolerates(toleration: &Tree, taint: &Tree) -> bool {
    let (effect, key) = (toleration.text("effect"), toleration.text("key"));
    if !effect.is_empty() && effect != taint.text("effect") || !key.is_empty() && key != taint.text("key") {
        return false;
    }
    match toleration.text("operator") {
        "" | "Equal" => toleration.text("value") == taint.text("value"),
        "Exists" => true,
        operator @ ("Lt" | "Gt") => {
            let (Ok(tolerated), Ok(value)) = (toleration.text("value").parse::<i64>(), taint.text("value").parse::<i64>()) else {
                return false;
            };
            if operator == "Lt" { value < tolerated } else { value > tolerated }
        }
        _ => false,
    }
}

/// Whether one of a pod's tolerations tolerates a taint.
pub fn tolerated(tolerations: &Tree, taint: &Tree) -> bool {
    tolerations.items().iter().any(|toleration| tolerates(toleration, taint))
}
