//! HorizontalPodAutoscalers.

use serde_json::Value;

use super::json::{Json, verb_q};
use super::metadata::{created, labels_and_annotations, name_and_namespace};
use super::writer::{Writer, line, part};
use super::{Context, Related};

/// kubectl describes version 2 whatever was asked for: an object of version 1 is read again.
pub(super) fn related(object: &Value) -> Vec<Related> {
    if object.text("apiVersion") != "autoscaling/v1" {
        return Vec::new();
    }
    let (namespace, name) = (object.text("metadata.namespace"), object.text("metadata.name"));
    vec![Related { path: format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/{name}"), key: "v2" }]
}

pub(super) fn describe(w: &mut Writer, cx: &Context<'_>) {
    let object = cx.answer("v2").unwrap_or(cx.object);
    let (spec, status) = (object.at("spec"), object.at("status"));
    name_and_namespace(w, object);
    labels_and_annotations(w, object);
    created(w, object);
    line!(w, 0, "Reference:\t{}/{}", spec.text("scaleTargetRef.kind"), spec.text("scaleTargetRef.name"));
    let first = object.text("apiVersion") == "autoscaling/v1";
    if first {
        utilization(w, object);
    } else {
        line!(w, 0, "Metrics:\t( current / target )");
        for (at, metric) in spec.list("metrics").iter().enumerate() {
            self::metric(w, metric, status.list("currentMetrics").get(at).unwrap_or(&Value::Null));
        }
    }
    line!(w, 0, "Min replicas:\t{}", spec.scalar("minReplicas").unwrap_or_else(|| "<unset>".to_owned()));
    line!(w, 0, "Max replicas:\t{}", spec.int("maxReplicas"));
    if spec.has("behavior") {
        line!(w, 0, "Behavior:");
        rules(w, "Scale Up", spec.at("behavior.scaleUp"));
        rules(w, "Scale Down", spec.at("behavior.scaleDown"));
    }
    let (current, desired) = (status.int("currentReplicas"), status.int("desiredReplicas"));
    line!(w, 0, "{} pods:\t{current} current / {desired} desired", spec.text("scaleTargetRef.kind"));
    let conditions = status.list("conditions");
    if !conditions.is_empty() {
        line!(w, 0, "Conditions:");
        line!(w, 1, "Type\tStatus\tReason\tMessage");
        line!(w, 1, "----\t------\t------\t-------");
    }
    for c in conditions {
        line!(w, 1, "{}\t{}\t{}\t{}", c.text("type"), c.text("status"), c.text("reason"), c.text("message"));
    }
}

/// What version 1 has in the place of metrics.
fn utilization(w: &mut Writer, object: &Value) {
    if object.has("spec.targetCPUUtilizationPercentage") {
        line!(w, 0, "Target CPU utilization:\t{}%", object.int("spec.targetCPUUtilizationPercentage"));
        let current = object.scalar("status.currentCPUUtilizationPercentage").unwrap_or_else(|| "<unknown>".to_owned());
        line!(w, 0, "Current CPU utilization:\t{current}%");
    }
}

/// The value at the path of what is measured now, where there is such a measurement.
fn current(now: &Value, source: &str, field: &str) -> String {
    if !now.has(source) {
        return "<unknown>".to_owned();
    }
    now.at(source).at("current").scalar(field).unwrap_or_else(|| "<nil>".to_owned())
}

fn metric(w: &mut Writer, metric: &Value, now: &Value) {
    let target = |source: &str, field: &str| metric.at(source).at("target").scalar(field);
    let nil = || "<nil>".to_owned();
    let name = |source: &str| verb_q(metric.at(source).text("metric.name"));
    match metric.text("type") {
        "External" => match target("external", "averageValue") {
            Some(wanted) => {
                let measured = Some(current(now, "external", "averageValue")).filter(|text| text != "<nil>");
                let measured = measured.unwrap_or_else(|| "<unknown>".to_owned());
                line!(w, 1, "{} (target average value):\t{measured} / {wanted}", name("external"));
            }
            None => {
                let (measured, wanted) = (current(now, "external", "value"), target("external", "value").unwrap_or_else(nil));
                line!(w, 1, "{} (target value):\t{measured} / {wanted}", name("external"));
            }
        },
        "Pods" => {
            let (measured, wanted) = (current(now, "pods", "averageValue"), target("pods", "averageValue").unwrap_or_else(nil));
            line!(w, 1, "{} on pods:\t{measured} / {wanted}", name("pods"));
        }
        "Object" => {
            let object = metric.at("object");
            let average = object.text("target.type") == "AverageValue";
            let (what, field) = if average { ("average value", "averageValue") } else { ("value", "value") };
            let (measured, wanted) = (current(now, "object", field), target("object", field).unwrap_or_else(nil));
            let (kind, of) = (object.text("describedObject.kind"), object.text("describedObject.name"));
            line!(w, 1, "\"{}\" on {kind}/{of} (target {what}):\t{measured} / {wanted}", object.text("metric.name"));
        }
        "Resource" => {
            part!(w, 1, "resource {} on pods", metric.text("resource.name"));
            resource(w, metric, now, "resource");
        }
        "ContainerResource" => {
            let (name, container) = (metric.text("containerResource.name"), metric.text("containerResource.container"));
            part!(w, 1, "resource {name} of container \"{container}\" on pods");
            resource(w, metric, now, "containerResource");
        }
        other => line!(w, 1, "<unknown metric type {}>", verb_q(other)),
    }
}

/// The end of the line of a metric of resources. Its second half is indented again, as kubectl does it.
fn resource(w: &mut Writer, metric: &Value, now: &Value, source: &str) {
    let target = metric.at(source).at("target");
    if let Some(wanted) = target.scalar("averageValue") {
        line!(w, 0, ":\t{} / {wanted}", current(now, source, "averageValue"));
        return;
    }
    let measured = match now.at(source).scalar("current.averageUtilization") {
        Some(percent) => format!("{percent}% ({})", current(now, source, "averageValue")),
        None => "<unknown>".to_owned(),
    };
    let wanted = target.scalar("averageUtilization").map_or_else(|| "<auto>".to_owned(), |percent| format!("{percent}%"));
    line!(w, 1, "(as a percentage of request):\t{measured} / {wanted}");
}

/// kubectl's `printDirectionBehavior`.
fn rules(w: &mut Writer, direction: &str, rules: &Value) {
    if rules.is_null() {
        return;
    }
    line!(w, 1, "{direction}:");
    if rules.has("stabilizationWindowSeconds") {
        line!(w, 2, "Stabilization Window: {} seconds", rules.int("stabilizationWindowSeconds"));
    }
    let policies = rules.list("policies");
    if !policies.is_empty() {
        line!(w, 2, "Select Policy: {}", rules.scalar("selectPolicy").unwrap_or_else(|| "Max".to_owned()));
        line!(w, 2, "Policies:");
    }
    for policy in policies {
        let (kind, value, period) = (policy.text("type"), policy.int("value"), policy.int("periodSeconds"));
        line!(w, 3, "- Type: {kind}\tValue: {value}\tPeriod: {period} seconds");
    }
}
