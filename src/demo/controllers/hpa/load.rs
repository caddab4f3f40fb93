//! How many pods the load asks for (`replica_calculator.go`).

use std::sync::Arc;

use super::super::pods;
use crate::demo::metrics;
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::World;
use crate::model::quantity;

/// A change of the load that is not acted upon: `--horizontal-pod-autoscaler-tolerance`.
const TOLERANCE: f64 = 0.1;

/// What the metrics ask for.
pub struct Asked {
    pub replicas: i64,
    /// The metric that asks for the most.
    pub metric: String,
    /// `status.currentMetrics`.
    pub statuses: Vec<Tree>,
}

/// Why it cannot be told.
pub struct Failure {
    pub reason: &'static str,
    pub message: String,
    /// With how many metrics are of no use.
    pub first: String,
}

/// The most that a metric asks for.
///
/// # Errors
/// None of them can be told, or one cannot and the others ask for fewer pods.
pub fn asked(world: &World, hpa: &Object, pods: &[Arc<Object>], current: i64) -> Result<Asked, Failure> {
    let specs = hpa.tree.at("spec.metrics").items();
    let mut asked = Asked { replicas: 0, metric: String::new(), statuses: Vec::new() };
    let mut failures = Vec::new();
    for spec in specs {
        match one(world, spec, pods, current) {
            Ok((replicas, metric, status)) => {
                if asked.replicas == 0 || replicas > asked.replicas {
                    (asked.replicas, asked.metric) = (replicas, metric);
                }
                asked.statuses.push(status);
            }
            Err(why) => failures.push(why),
        }
    }
    let Some((reason, message)) = failures.first().cloned() else { return Ok(asked) };
    if failures.len() < specs.len() && asked.replicas >= current {
        return Ok(asked);
    }
    let first = format!("invalid metrics ({} invalid out of {}), first error is: {message}", failures.len(), specs.len());
    Err(Failure { reason, message, first })
}

type Problem = (&'static str, String);

fn one(world: &World, spec: &Tree, all: &[Arc<Object>], current: i64) -> Result<(i64, String, Tree), Problem> {
    let (part, container) = match spec.text("type") {
        "Resource" => ("resource", ""),
        "ContainerResource" => ("containerResource", spec.text("containerResource.container")),
        other => {
            let why = format!("no {} metrics API serves here", other.to_lowercase());
            return Err(("FailedGetMetric", why));
        }
    };
    let resource = spec[part].text("name");
    let target = &spec[part]["target"];
    let utilization = target["averageUtilization"].as_i64();
    let reason = if container.is_empty() { "FailedGetResourceMetric" } else { "FailedGetContainerResourceMetric" };
    let what = if utilization.is_some() { "utilization" } else { "usage" };
    let fail = |why: String| (reason, format!("failed to get {resource} {what}: {why}"));
    if all.is_empty() {
        return Err(fail("no pods returned by selector while calculating replica count".into()));
    }
    let (mut used, mut requested, mut measured, mut missing, mut unready) = (0, 0, 0, 0, 0);
    let mut absent_request = 0;
    for pod in all.iter().filter(|pod| pods::is_active(pod)) {
        let request = match utilization {
            Some(_) => request(pod, resource, container).map_err(fail)?,
            None => 0,
        };
        match usage(world, pod, resource, container) {
            None => {
                missing += i64::from(pods::is_ready(pod));
                unready += i64::from(!pods::is_ready(pod));
                absent_request += request;
            }
            Some(_) if resource == "cpu" && !pods::is_ready(pod) => {
                unready += 1;
                absent_request += request;
            }
            Some(usage) => {
                measured += 1;
                used += usage;
                requested += request;
            }
        }
    }
    if measured == 0 {
        let none = "unable to get metrics for resource {}: no metrics returned from resource metrics API".replace("{}", resource);
        return Err(fail(if unready > 0 && missing == 0 {
            "did not receive metrics for targeted pods (pods might be unready)".into()
        } else {
            none
        }));
    }
    let wanted = match utilization {
        Some(percent) => percent as f64 / 100.0 * requested as f64 / measured as f64,
        None => target["averageValue"].as_str().and_then(quantity::millis).unwrap_or(0) as f64,
    };
    if wanted <= 0.0 {
        return Err(fail("invalid target".into()));
    }
    let ratio = used as f64 / (wanted * measured as f64);
    let same = |ratio: f64| (ratio - 1.0).abs() <= TOLERANCE;
    let replicas = if unready > 0 && ratio > 1.0 || missing > 0 {
        // What is not known is taken for nothing when there are to be more, and for the whole request when fewer.
        let others = missing + if ratio > 1.0 { unready } else { 0 };
        let guess = if ratio < 1.0 { if utilization.is_some() { absent_request as f64 } else { wanted * missing as f64 } } else { 0.0 };
        let total = measured + others;
        let again = (used as f64 + guess) / (wanted * total as f64);
        let proposed = (again * total as f64).ceil() as i64;
        let turned = (ratio < 1.0) != (again < 1.0);
        if same(again) || turned || (again < 1.0 && proposed > current) || (again > 1.0 && proposed < current) { current } else { proposed }
    } else if same(ratio) {
        current
    } else {
        (ratio * measured as f64).ceil() as i64
    };
    let mut value = Tree::map();
    let average = used / measured;
    value.set("averageValue", if resource == "memory" { (average / 1000).to_string() } else { format!("{average}m") });
    let mut metric = format!("{resource} resource");
    if utilization.is_some() {
        value.set("averageUtilization", if requested > 0 { used * 100 / requested } else { 0 });
        let of = if container.is_empty() { "resource" } else { "container resource" };
        metric = format!("{resource} {of} utilization (percentage of request)");
    }
    let mut status = Tree::texts([("type", spec.text("type"))]);
    let mut inner = Tree::texts([("name", resource)]);
    if !container.is_empty() {
        inner.set("container", container);
    }
    inner.set("current", value);
    status.set(part, inner);
    Ok((replicas, metric, status))
}

/// Thousandths that a pod's containers, or one of them, use.
fn usage(world: &World, pod: &Object, resource: &str, container: &str) -> Option<i64> {
    let metrics = metrics::pod(&pod.tree, world.now())?;
    let all = metrics["containers"].items().iter();
    let of = all.filter(|c| container.is_empty() || c["name"] == *container);
    Some(of.filter_map(|c| c["usage"][resource].as_str().and_then(quantity::millis)).sum())
}

/// Thousandths that they ask for.
fn request(pod: &Object, resource: &str, container: &str) -> Result<i64, String> {
    let sidecars = pod.tree.at("spec.initContainers").items().iter().filter(|c| c["restartPolicy"] == "Always");
    let all = pod.tree.at("spec.containers").items().iter().chain(sidecars);
    let mut sum = 0;
    for one in all.filter(|c| container.is_empty() || c["name"] == *container) {
        let asked = one["resources"]["requests"][resource].as_str().and_then(quantity::millis);
        sum += asked.ok_or_else(|| format!("missing request for {resource} in container {} of Pod {}", one.text("name"), pod.name))?;
    }
    Ok(sum)
}
