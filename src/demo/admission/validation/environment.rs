//! `ValidateEnv`: the variables of a container, and where their values come from.

use crate::demo::refusal::Cause;
use crate::demo::tree::Tree;

use super::causes::Causes;
use super::names;

/// Fields of a pod that a variable may have the value of, sorted (`validEnvDownwardAPIFieldPathExpressions`).
const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Those that the downward API knows beside them (`ConvertDownwardAPIFieldLabel`).
const KNOWN: [&str; 5] = ["metadata.annotations", "metadata.labels", "spec.restartPolicy", "spec.schedulerName", "status.phase"];

/// Amounts of a container, sorted (`validContainerResourceFieldPathExpressions`).
const AMOUNTS: [&str; 6] =
    ["limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"];

/// The variables of the container at a path.
pub(super) fn check(causes: &mut Causes, container: &Tree, at: &str) {
    for (index, variable) in container["env"].items().iter().enumerate() {
        let at = format!("{at}.env[{index}]");
        if variable.text("name").is_empty() {
            causes.required(&format!("{at}.name"), "");
        } else {
            causes.rule(&format!("{at}.name"), variable.text("name"), names::variable);
        }
        if !variable["valueFrom"].is_null() {
            source(causes, variable, &format!("{at}.valueFrom"));
        }
    }
}

/// `validateEnvVarValueFrom`.
fn source(causes: &mut Causes, variable: &Tree, at: &str) {
    let from = &variable["valueFrom"];
    let sources = from.entries().filter(|(_, source)| !source.is_null()).count();
    if !from["fieldRef"].is_null() {
        field(causes, &from["fieldRef"], &format!("{at}.fieldRef"));
    }
    if !from["resourceFieldRef"].is_null() {
        amount(causes, &from["resourceFieldRef"], &format!("{at}.resourceFieldRef"));
    }
    for reference in ["configMapKeyRef", "secretKeyRef"].into_iter().filter(|reference| !from[*reference].is_null()) {
        for part in ["name", "key"].into_iter().filter(|part| from[reference].text(part).is_empty()) {
            causes.required(&format!("{at}.{reference}.{part}"), "");
        }
        let key = from[reference].text("key");
        if !key.is_empty() {
            causes.rule(&format!("{at}.{reference}.key"), key, names::config_key);
        }
    }
    if sources == 0 {
        let why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        causes.invalid(at, "", why);
    } else if !variable.text("value").is_empty() {
        causes.invalid(at, "", "may not be specified when `value` is not empty");
    } else if sources > 1 {
        causes.invalid(at, "", "may not have more than one field specified at a time");
    }
}

/// `validateObjectFieldSelector`.
fn field(causes: &mut Causes, reference: &Tree, at: &str) {
    let (version, path) = (reference.text("apiVersion"), reference.text("fieldPath"));
    if version.is_empty() {
        return causes.required(&format!("{at}.apiVersion"), "");
    }
    if path.is_empty() {
        return causes.required(&format!("{at}.fieldPath"), "");
    }
    // `metadata.labels['key']` (`SplitMaybeSubscriptedPath`).
    let subscripted = path.strip_suffix("']").and_then(|path| path.split_once("['")).filter(|(path, _)| !path.is_empty());
    let why = match subscripted {
        _ if version != "v1" => format!("unsupported pod version: {version}"),
        Some((of @ ("metadata.annotations" | "metadata.labels"), key)) => {
            let key = if of == "metadata.annotations" { key.to_lowercase() } else { key.to_owned() };
            return causes.rule(at, &key, names::qualified);
        }
        Some(_) => format!("field label does not support subscript: {path}"),
        None if path == "spec.host" || FIELDS.contains(&path) => return,
        None if KNOWN.contains(&path) => return causes.0.push(Cause::not_supported(format!("{at}.fieldPath"), path, &FIELDS)),
        None => format!("field label not supported: {path}"),
    };
    causes.invalid(&format!("{at}.fieldPath"), path, &format!("error converting fieldPath: {why}"));
}

/// `validateContainerResourceFieldSelector`, of a variable.
fn amount(causes: &mut Causes, reference: &Tree, at: &str) {
    match reference.text("resource") {
        "" => causes.required(&format!("{at}.resource"), ""),
        known if AMOUNTS.contains(&known) || known.starts_with("limits.hugepages-") || known.starts_with("requests.hugepages-") => {}
        other => causes.0.push(Cause::not_supported(format!("{at}.resource"), other, &AMOUNTS)),
    }
}
