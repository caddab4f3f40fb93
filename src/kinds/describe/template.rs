//! Pod templates, and what they share with pods: tolerations, spread constraints, scheduling groups.

use serde_json::Value;

use super::containers::containers;
use super::json::Json;
use super::metadata::{annotations, format_selector, labels, multiline};
use super::volumes::volumes;
use super::writer::{Writer, line, part};

/// kubectl's `DescribePodTemplate`.
pub(super) fn template(w: &mut Writer, template: &Value) {
    line!(w, 0, "Pod Template:");
    if template.is_null() {
        part!(w, 1, "<unset>");
        return;
    }
    labels(w, "", "  Labels", &template.pairs("metadata.labels"));
    let notes = template.pairs("metadata.annotations");
    if !notes.is_empty() {
        annotations(w, "  Annotations", &notes);
    }
    let spec = template.at("spec");
    if !spec.text("serviceAccountName").is_empty() {
        line!(w, 1, "Service Account:\t{}", spec.text("serviceAccountName"));
    }
    if !spec.list("initContainers").is_empty() {
        containers(w, "Init Containers", spec.list("initContainers"), &[], None, "  ");
    }
    containers(w, "Containers", spec.list("containers"), &[], None, "  ");
    volumes(w, spec, "  ");
    spread(w, spec, "  ");
    if !spec.text("priorityClassName").is_empty() {
        line!(w, 1, "Priority Class Name:\t{}", spec.text("priorityClassName"));
    }
    labels(w, "", "  Node-Selectors", &spec.pairs("nodeSelector"));
    tolerations(w, "  Tolerations", spec);
    scheduling_group(w, spec, "  ");
}

/// `Topology Spread Constraints:`, sorted by key, where there are any.
pub(super) fn spread(w: &mut Writer, spec: &Value, space: &str) {
    let mut constraints: Vec<&Value> = spec.list("topologySpreadConstraints").iter().collect();
    if constraints.is_empty() {
        return;
    }
    constraints.sort_by_key(|constraint| constraint.text("topologyKey"));
    let lines: Vec<_> = constraints
        .into_iter()
        .map(|c| {
            let (key, action, skew) = (c.text("topologyKey"), c.text("whenUnsatisfiable"), c.int("maxSkew"));
            let text = format!("{key}:{action} when max skew {skew} is exceeded");
            if c.has("labelSelector") { format!("{text} for selector {}", format_selector(c.at("labelSelector"))) } else { text }
        })
        .collect();
    multiline(w, space, "Topology Spread Constraints", &lines);
}

/// `Tolerations:`, sorted by key.
pub(super) fn tolerations(w: &mut Writer, title: &str, spec: &Value) {
    let mut all: Vec<&Value> = spec.list("tolerations").iter().collect();
    all.sort_by_key(|toleration| toleration.text("key"));
    let lines: Vec<_> = all.into_iter().map(toleration).collect();
    multiline(w, "", title, &lines);
}

fn toleration(toleration: &Value) -> String {
    let mut text = toleration.text("key").to_owned();
    for (before, field) in [("=", "value"), (":", "effect")] {
        if !toleration.text(field).is_empty() {
            text.push_str(before);
            text.push_str(toleration.text(field));
        }
    }
    if toleration.text("operator") == "Exists" && toleration.text("value").is_empty() {
        text.push_str(if text.is_empty() { "op=Exists" } else { " op=Exists" });
    }
    if toleration.has("tolerationSeconds") {
        text.push_str(&format!(" for {}s", toleration.int("tolerationSeconds")));
    }
    text
}

/// `SchedulingGroup:`, where there is one.
pub(super) fn scheduling_group(w: &mut Writer, spec: &Value, space: &str) {
    if spec.has("schedulingGroup") {
        line!(w, 0, "{space}SchedulingGroup:");
        line!(w, 1, "PodGroupName:\t{}", spec.text("schedulingGroup.podGroupName"));
    }
}
