//! Namespaces with their quotas and limits, disruption budgets, priorities.

use std::collections::BTreeSet;

use serde_json::Value;

use super::json::{Json, or};
use super::metadata::{condition_table, format_selector, joined, labels_and_annotations, name, name_and_namespace};
use super::quantity::Quantity;
use super::writer::{Writer, line};
use super::{Context, Related, list};

/// The quotas and limits of a namespace.
pub(super) fn namespace_related(namespace: &Value) -> Vec<Related> {
    let name = namespace.text("metadata.name");
    vec![list("/api/v1/resourcequotas", name, "", "", "resourcequotas"), list("/api/v1/limitranges", name, "", "", "limitranges")]
}

pub(super) fn namespace(w: &mut Writer, cx: &Context<'_>) {
    name(w, cx.object);
    labels_and_annotations(w, cx.object);
    line!(w, 0, "Status:\t{}", cx.object.text("status.phase"));
    let conditions = cx.object.list("status.conditions");
    if !conditions.is_empty() {
        line!(w, 0, "Conditions:");
        condition_table(w, conditions);
    }
    w.line_end("");
    match cx.items("resourcequotas") {
        Ok([]) => line!(w, 0, "No resource quota."),
        Ok(found) => quotas(w, found),
        Err(error) => line!(w, 0, "Resource Quotas: <error: {error}>"),
    }
    w.line_end("");
    match cx.items("limitranges") {
        Ok([]) => line!(w, 0, "No LimitRange resource."),
        Ok(ranges) => {
            line!(w, 0, "Resource Limits\n Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
            line!(w, 0, " ----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
            for range in ranges {
                limits(w, range, " ");
            }
        }
        Err(error) => line!(w, 0, "Resource Limits: <error: {error}>"),
    }
}

/// kubectl's `DescribeResourceQuotas`, by name.
fn quotas(w: &mut Writer, quotas: &[Value]) {
    let mut quotas: Vec<&Value> = quotas.iter().collect();
    quotas.sort_by_key(|quota| quota.text("metadata.name"));
    line!(w, 0, "Resource Quotas");
    for quota in quotas {
        line!(w, 1, "Name:\t{}", quota.text("metadata.name"));
        scopes(w, quota, 1, "* ");
        line!(w, 1, "Resource\tUsed\tHard");
        line!(w, 1, "--------\t---\t---");
        let used = quota.at("status.used");
        for (resource, hard) in quota.pairs("status.hard") {
            line!(w, 1, "{resource}\t{}\t{hard}", used.get(resource).and_then(Value::as_str).unwrap_or("0"));
        }
    }
}

/// `Scopes:` and what each means.
fn scopes(w: &mut Writer, quota: &Value, level: usize, bullet: &str) {
    let mut scopes = quota.texts("spec.scopes");
    scopes.sort_unstable();
    if !scopes.is_empty() {
        line!(w, level, "Scopes:\t{}", scopes.join(", "));
    }
    for scope in scopes {
        let help = match scope {
            "Terminating" => {
                "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."
            }
            "NotTerminating" => {
                "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."
            }
            "BestEffort" => {
                "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."
            }
            "NotBestEffort" => {
                "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."
            }
            _ => continue,
        };
        line!(w, level, "{bullet}{help}");
    }
}

pub(super) fn resource_quota(w: &mut Writer, cx: &Context<'_>) {
    let quota = cx.object;
    name_and_namespace(w, quota);
    scopes(w, quota, 0, " * ");
    line!(w, 0, "Resource\tUsed\tHard");
    line!(w, 0, "--------\t----\t----");
    let used = quota.at("status.used");
    for (resource, hard) in quota.pairs("status.hard") {
        let used = Quantity::parse(used.get(resource).and_then(Value::as_str).unwrap_or_default());
        // Spelled like the limit that it is compared with.
        let format = Quantity::parse(hard).format;
        let used = if used.format == format { used } else { Quantity::of(used.value(), format) };
        line!(w, 0, "{resource}\t{used}\t{hard}");
    }
}

pub(super) fn limit_range(w: &mut Writer, cx: &Context<'_>) {
    name_and_namespace(w, cx.object);
    line!(w, 0, "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
    line!(w, 0, "----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
    limits(w, cx.object, "");
}

/// The limits of a range. Resources are sorted, where kubectl has Go's random order of maps.
fn limits(w: &mut Writer, range: &Value, prefix: &str) {
    const FIELDS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
    for limit in range.list("spec.limits") {
        let resources: BTreeSet<&str> = FIELDS.iter().flat_map(|field| limit.pairs(field)).map(|(resource, _)| resource).collect();
        for resource in resources {
            let amounts = FIELDS.map(|field| limit.at(field).get(resource).and_then(Value::as_str).unwrap_or("-")).join("\t");
            line!(w, 0, "{prefix}{}\t{resource}\t{amounts}", limit.text("type"));
        }
    }
}

pub(super) fn pod_disruption_budget(w: &mut Writer, cx: &Context<'_>) {
    let (spec, status) = (cx.object.at("spec"), cx.object.at("status"));
    name_and_namespace(w, cx.object);
    if let Some(least) = spec.scalar("minAvailable") {
        line!(w, 0, "Min available:\t{least}");
    } else if let Some(most) = spec.scalar("maxUnavailable") {
        line!(w, 0, "Max unavailable:\t{most}");
    }
    let selector = if spec.has("selector") { format_selector(spec.at("selector")) } else { String::new() };
    line!(w, 0, "Selector:\t{}", or(&selector, "<unset>"));
    line!(w, 0, "Status:");
    for (title, field) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        line!(w, 2, "{title}:\t{}", status.int(field));
    }
}

pub(super) fn priority_class(w: &mut Writer, cx: &Context<'_>) {
    name(w, cx.object);
    line!(w, 0, "Value:\t{}", cx.object.int("value"));
    line!(w, 0, "GlobalDefault:\t{}", cx.object.flag("globalDefault"));
    line!(w, 0, "PreemptionPolicy:\t{}", cx.object.text("preemptionPolicy"));
    line!(w, 0, "Description:\t{}", cx.object.text("description"));
    line!(w, 0, "Annotations:\t{}", joined(&cx.object.pairs("metadata.annotations")));
}
