//! The autoscaling group: HorizontalPodAutoscaler.

use super::conditions::{self, StatusCondition};
use super::partial::{ObjectMeta, Quantity};
use super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, number, text};
use crate::model::facts::Condition;
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

crate::partial! {
    /// `autoscaling.v2.HorizontalPodAutoscaler`.
    HorizontalPodAutoscaler {
        1 metadata: one ObjectMeta,
        2 spec: one HpaSpec,
        3 status: one HpaStatus,
    }
    /// `autoscaling.v2.HorizontalPodAutoscalerSpec`.
    HpaSpec {
        1 scale_target_ref: one ScaleTarget,
        2 min_replicas: int,
        3 max_replicas: int,
        4 metrics: many MetricSpec,
    }
    /// `autoscaling.v2.CrossVersionObjectReference`.
    ScaleTarget {
        1 kind: text,
        2 name: text,
    }
    /// `autoscaling.v2.HorizontalPodAutoscalerStatus`.
    HpaStatus {
        3 current_replicas: int,
        5 current_metrics: many MetricStatus,
        6 conditions: many StatusCondition,
    }
    /// `autoscaling.v2.MetricSpec`.
    MetricSpec {
        #[serde(rename = "type")]
        1 kind: text,
        2 object: one TargetOf,
        3 pods: one TargetOf,
        4 resource: one ResourceTarget,
        5 external: one TargetOf,
        7 container_resource: one ResourceTarget,
    }
    /// `autoscaling.v2.{Object,Pods,External}MetricSource`: their targets have the same tag.
    TargetOf {
        2 target: one MetricTarget,
    }
    /// `autoscaling.v2.{Resource,ContainerResource}MetricSource`.
    ResourceTarget {
        1 name: text,
        2 target: one MetricTarget,
    }
    /// `autoscaling.v2.MetricTarget`.
    MetricTarget {
        2 value: one Quantity,
        3 average_value: one Quantity,
        4 average_utilization: int,
    }
    /// `autoscaling.v2.MetricStatus`.
    MetricStatus {
        2 object: one CurrentOf,
        3 pods: one CurrentOf,
        4 resource: one CurrentOf,
        5 external: one CurrentOf,
        7 container_resource: one CurrentOf,
    }
    /// `autoscaling.v2.*MetricStatus`: what they are at has the same tag in all.
    CurrentOf {
        2 current: one MetricValue,
    }
    /// `autoscaling.v2.MetricValueStatus`.
    MetricValue {
        1 value: one Quantity,
        2 average_value: one Quantity,
        3 average_utilization: int,
    }
}

/// HorizontalPodAutoscalers.
pub static HORIZONTAL_POD_AUTOSCALER: Block = Block {
    group: "autoscaling",
    version: "v2",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    singular: "horizontalpodautoscaler",
    short: &["hpa"],
    namespaced: true,
    columns: &[NAME, text("REFERENCE"), text("TARGETS"), number("MINPODS"), number("MAXPODS"), number("REPLICAS"), AGE],
    enter: Enter::Describe,
    decode: decode::<HorizontalPodAutoscaler>,
    encode: encode::<HorizontalPodAutoscaler>,
};

impl Object for HorizontalPodAutoscaler {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printHorizontalPodAutoscaler`.
    fn print(self, _: &ObjectMeta, interner: &mut Interner) -> Printed {
        let (spec, status) = (self.spec.unwrap_or_default(), self.status.unwrap_or_default());
        let reference = spec.scale_target_ref.unwrap_or_default();
        let conditions = conditions::facts(&status.conditions, interner);
        let trouble = trouble(&conditions);
        let condition = match trouble {
            Some(_) => Health::Unhealthy,
            // No controller has looked at it yet.
            None if conditions.is_empty() => Health::Progressing,
            None => Health::Healthy,
        };
        let cells = vec![
            Cell::Text(interner.text(&format!("{}/{}", reference.kind, reference.name))),
            targets(&spec.metrics, &status.current_metrics).map_or(Cell::None, |text| Cell::Text(interner.text(&text))),
            spec.min_replicas.map_or_else(|| Cell::Text(interner.text("<unset>")), |least| Cell::Number(least.into())),
            Cell::Number(spec.max_replicas.unwrap_or(0).into()),
            Cell::Number(status.current_replicas.unwrap_or(0).into()),
        ];
        Printed { cells, condition, message: trouble.map(conditions::words), ..Printed::default() }
    }
}

/// The condition because of which it does not scale. A target that somebody scaled to zero switches it off on purpose.
fn trouble(conditions: &[Condition]) -> Option<&Condition> {
    conditions::with(conditions, "AbleToScale", "False")
        .or_else(|| conditions::with(conditions, "ScalingActive", "False").filter(|c| &*c.reason != "ScalingDisabled"))
}

/// kubectl's `formatHPAMetrics`; `None` without metrics.
fn targets(specs: &[MetricSpec], statuses: &[MetricStatus]) -> Option<String> {
    const MOST: usize = 2;
    if specs.is_empty() {
        return None;
    }
    let list: Vec<String> = specs.iter().take(MOST).enumerate().map(|(at, spec)| target(spec, statuses.get(at))).collect();
    let list = list.join(", ");
    Some(if specs.len() > MOST { format!("{list} + {} more...", specs.len() - MOST) } else { list })
}

/// One metric as `current/target`.
fn target(spec: &MetricSpec, status: Option<&MetricStatus>) -> String {
    let of = |pick: fn(&MetricStatus) -> &Option<CurrentOf>| {
        status.and_then(|s| pick(s).as_ref()).map(|current| current.current.clone().unwrap_or_default())
    };
    match spec.kind.as_str() {
        "External" => measured(spec.external.as_ref(), of(|s| &s.external)),
        "Object" => measured(spec.object.as_ref(), of(|s| &s.object)),
        "Pods" => {
            let current = of(|s| &s.pods).map_or_else(unknown, |current| quantity(current.average_value.as_ref()));
            let target = spec.pods.as_ref().and_then(|p| p.target.as_ref());
            format!("{current}/{}", quantity(target.and_then(|t| t.average_value.as_ref())))
        }
        "Resource" => resource(spec.resource.as_ref(), of(|s| &s.resource)),
        "ContainerResource" => resource(spec.container_resource.as_ref(), of(|s| &s.container_resource)),
        _ => "<unknown type>".into(),
    }
}

/// An external or object metric: by its average over the pods, or by its value.
fn measured(source: Option<&TargetOf>, current: Option<MetricValue>) -> String {
    let target = source.and_then(|s| s.target.clone()).unwrap_or_default();
    match &target.average_value {
        Some(average) => {
            let current = current.and_then(|c| c.average_value).map_or_else(unknown, |value| quantity(Some(&value)));
            format!("{current}/{} (avg)", quantity(Some(average)))
        }
        None => {
            let current = current.map_or_else(unknown, |current| quantity(current.value.as_ref()));
            format!("{current}/{}", quantity(target.value.as_ref()))
        }
    }
}

/// CPU or memory, of the pods or of one container of theirs: by amount, or in per cent of the requests.
fn resource(source: Option<&ResourceTarget>, current: Option<MetricValue>) -> String {
    let source = source.cloned().unwrap_or_default();
    let target = source.target.unwrap_or_default();
    match &target.average_value {
        Some(average) => {
            let current = current.map_or_else(unknown, |current| quantity(current.average_value.as_ref()));
            format!("{}: {current}/{}", source.name, quantity(Some(average)))
        }
        None => {
            let current = current.and_then(|c| c.average_utilization).map_or_else(unknown, |percent| format!("{percent}%"));
            let target = target.average_utilization.map_or_else(|| "<auto>".to_owned(), |percent| format!("{percent}%"));
            format!("{}: {current}/{target}", source.name)
        }
    }
}

fn unknown() -> String {
    "<unknown>".into()
}

/// Go's `(*Quantity).String`, which has a word for one that is not there.
fn quantity(quantity: Option<&Quantity>) -> String {
    match quantity {
        None => "<nil>".into(),
        Some(quantity) if quantity.string.is_empty() => "0".into(),
        Some(quantity) => quantity.string.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cells, heads, row};
    use super::*;

    fn hpa(metrics: &str, status: &str) -> crate::model::row::Row {
        row(
            &HORIZONTAL_POD_AUTOSCALER,
            &format!(
                r#"{{"metadata":{{"name":"web","uid":"u"}},"spec":{{"scaleTargetRef":{{"kind":"Deployment","name":"web","apiVersion":"apps/v1"}},
                "minReplicas":2,"maxReplicas":10,"metrics":[{metrics}]}},"status":{{"currentReplicas":3{status}}}}}"#
            ),
        )
    }

    #[test]
    fn it_prints_as_kubectl_does() {
        let row = hpa("", "");
        assert_eq!(heads(&HORIZONTAL_POD_AUTOSCALER), ["NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS", "AGE"]);
        assert_eq!(cells(&row), ["Deployment/web", "<none>", "2", "10", "3"]);
        assert_eq!(row.condition, Health::Progressing);
    }

    /// The cases of kubernetes' printers_test.go, `TestPrintHPA`.
    #[test]
    fn targets_of_every_type_are_spelled() {
        let metric = |kind: &str, field: &str, target: &str| {
            format!(r#"{{"type":"{kind}","{field}":{{"name":"cpu","metric":{{"name":"m"}},"target":{target}}}}}"#)
        };
        let now = |field: &str, current: &str| {
            format!(r#"{{"type":"x","{field}":{{"name":"cpu","metric":{{"name":"m"}},"current":{current}}}}}"#)
        };
        let (average, value) = (r#"{"type":"AverageValue","averageValue":"100m"}"#, r#"{"type":"Value","value":"200"}"#);
        let percent = r#"{"type":"Utilization","averageUtilization":80}"#;
        let both = r#"{"averageValue":"50m","value":"50","averageUtilization":40}"#;
        for (spec, status, text) in [
            (metric("External", "external", average), String::new(), "<unknown>/100m (avg)"),
            (metric("External", "external", average), now("external", both), "50m/100m (avg)"),
            (metric("External", "external", value), String::new(), "<unknown>/200"),
            (metric("External", "external", value), now("external", both), "50/200"),
            (metric("Pods", "pods", average), String::new(), "<unknown>/100m"),
            (metric("Pods", "pods", average), now("pods", both), "50m/100m"),
            (metric("Object", "object", value), now("object", both), "50/200"),
            (metric("Object", "object", average), now("object", both), "50m/100m (avg)"),
            (metric("Object", "object", average), String::new(), "<unknown>/100m (avg)"),
            (metric("Resource", "resource", average), now("resource", both), "cpu: 50m/100m"),
            (metric("Resource", "resource", percent), String::new(), "cpu: <unknown>/80%"),
            (metric("Resource", "resource", percent), now("resource", both), "cpu: 40%/80%"),
            (metric("Resource", "resource", "{}"), now("resource", both), "cpu: 40%/<auto>"),
            (metric("ContainerResource", "containerResource", average), now("containerResource", both), "cpu: 50m/100m"),
            (metric("ContainerResource", "containerResource", percent), now("containerResource", both), "cpu: 40%/80%"),
            (metric("Moon", "moon", "{}"), String::new(), "<unknown type>"),
        ] {
            let row = hpa(&spec, &format!(r#","currentMetrics":[{status}]"#));
            assert_eq!(cells(&row)[1], text, "{spec}");
        }
        let many = [metric("Pods", "pods", average), metric("Resource", "resource", percent), metric("Pods", "pods", average)].join(",");
        assert_eq!(cells(&hpa(&many, ""))[1], "<unknown>/100m, cpu: <unknown>/80% + 1 more...");
    }

    #[test]
    fn one_that_cannot_scale_says_why() {
        let with = |kind: &str, status: &str, reason: &str| {
            hpa("", &format!(r#","conditions":[{{"type":"{kind}","status":"{status}","reason":"{reason}","message":"so it is"}}]"#))
        };
        for (kind, status, reason, health) in [
            ("ScalingActive", "True", "ValidMetricFound", Health::Healthy),
            ("ScalingActive", "False", "FailedGetResourceMetric", Health::Unhealthy),
            ("ScalingActive", "False", "ScalingDisabled", Health::Healthy),
            ("AbleToScale", "False", "FailedGetScale", Health::Unhealthy),
            ("ScalingLimited", "True", "TooFewReplicas", Health::Healthy),
        ] {
            let row = with(kind, status, reason);
            assert_eq!(row.condition, health, "{kind} {reason}");
            assert_eq!(row.message.as_deref(), (health == Health::Unhealthy).then_some("so it is"), "{kind} {reason}");
        }
    }
}
