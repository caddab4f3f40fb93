//! `kubectl describe` in the process, for every kind, as pure functions over JSON.
//!
//! The authority is kubectl's pkg/describe/describe.go: same words, same order, same alignment. Two differences are
//! meant: the values of a service account's token stay hidden, and what could not be read is named where it would stand,
//! while kubectl gives up or leaves it out. Control characters pass unchanged: the view makes symbols of them.
//!
//! What stands beside the object (a service's endpoints, a node's pods) is named by [`related`], fetched by the cluster
//! layer and handed to [`describe`], so that a text can be made again at each change of any of them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::kind::Kind;
use crate::model::time::Seconds;

mod amounts;
mod autoscaling;
mod batch;
mod config;
mod containers;
mod events;
mod generic;
pub(crate) mod json;
mod metadata;
mod networking;
mod node;
mod pod;
mod policy;
mod probe;
pub(crate) mod quantity;
mod rbac;
mod service;
mod storage;
mod template;
mod volumes;
mod workloads;
mod writer;

pub(super) use workloads::selected;

use json::Json;
use writer::Writer;

/// Something that must be read beside the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// API path with its query, as it goes into a GET: `/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1`.
    pub path: String,
    /// Under which [`describe`] looks for the answer.
    pub key: &'static str,
}

/// Key of the answers under which a failure to read the events is told: `{"error": "…"}`.
pub const EVENTS: &str = "events";

/// What must be fetched beside the object: GET each and pass the JSON on to [`describe`] under its key. Depends on the
/// object, so ask again when it changed.
pub fn related(kind: &Kind, object: &Value) -> Vec<Related> {
    describer(kind).map(|describer| (describer.related)(object)).unwrap_or_default()
}

/// The UIDs (`involvedObject.uid`) whose events belong to the object. More than one where components disagree: kubelets give
/// a node's name for its UID, and a mirror pod's events go by its hash. None where kubectl shows no events.
pub fn event_uids(kind: &Kind, object: &Value) -> Vec<String> {
    if describer(kind).is_some_and(|describer| !describer.events) {
        return Vec::new();
    }
    let own = object.text("metadata.uid").to_owned();
    match (&*kind.group, &*kind.kind) {
        ("", "Node") => vec![own, object.text("metadata.name").to_owned()],
        ("", "Pod") => {
            let mirror = object.at("metadata.annotations").get("kubernetes.io/config.mirror").and_then(Value::as_str);
            vec![mirror.map_or(own, str::to_owned)]
        }
        _ => vec![own],
    }
}

/// The text of `kubectl describe` for the object, at `now`.
///
/// `answers` holds what [`related`] named, by key: the JSON that the server sent, or `{"error": "…"}` with the reason where
/// it could not be read; an answer that is absent has not come yet. `events` are core/v1 Events, those of [`event_uids`].
pub fn describe(kind: &Kind, object: &Value, answers: &BTreeMap<&str, Value>, events: &[Value], now: Seconds) -> String {
    let cx = Context { object, answers, now };
    let mut w = Writer::default();
    let shows_events = match describer(kind) {
        Some(describer) => {
            (describer.describe)(&mut w, &cx);
            describer.events
        }
        None => {
            generic::describe(&mut w, object);
            true
        }
    };
    if shows_events {
        events::describe(&mut w, &cx, events);
    }
    w.finish()
}

/// What a describer works with.
struct Context<'a> {
    object: &'a Value,
    answers: &'a BTreeMap<&'a str, Value>,
    now: Seconds,
}

impl<'a> Context<'a> {
    /// What was read under the key, or why it was not.
    fn answer(&self, key: &str) -> Result<&'a Value, &'a str> {
        match self.answers.get(key) {
            None | Some(Value::Null) => Err("not read yet"),
            Some(answer) => match answer.get("error").and_then(Value::as_str) {
                Some(error) => Err(error),
                None => Ok(answer),
            },
        }
    }

    /// The items of the list that was read under the key, or why it was not.
    fn items(&self, key: &str) -> Result<&'a [Value], &'a str> {
        self.answer(key).map(|list| list.list("items"))
    }
}

/// How a kind is described that kubectl has a describer for.
struct Describer {
    group: &'static str,
    kind: &'static str,
    describe: fn(&mut Writer, &Context<'_>),
    related: fn(&Value) -> Vec<Related>,
    /// The events come last.
    events: bool,
}

fn describer(kind: &Kind) -> Option<&'static Describer> {
    DESCRIBERS.iter().find(|describer| describer.group == &*kind.group && describer.kind == &*kind.kind)
}

const fn alone(group: &'static str, kind: &'static str, describe: fn(&mut Writer, &Context<'_>)) -> Describer {
    Describer { group, kind, describe, related: |_| Vec::new(), events: true }
}

const fn with(
    group: &'static str,
    kind: &'static str,
    describe: fn(&mut Writer, &Context<'_>),
    related: fn(&Value) -> Vec<Related>,
) -> Describer {
    Describer { group, kind, describe, related, events: true }
}

const fn without_events(describer: Describer) -> Describer {
    Describer { events: false, ..describer }
}

const NETWORKING: &str = "networking.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const STORAGE: &str = "storage.k8s.io";

/// kubectl's `describerMap`. CertificateSigningRequest is missing: its subject is inside an X.509 request; the generic text
/// shows its spec and status.
static DESCRIBERS: &[Describer] = &[
    alone("", "Pod", pod::describe),
    with("", "Service", service::describe, service::related),
    with("", "Node", node::describe, node::related),
    without_events(with("", "Namespace", policy::namespace, policy::namespace_related)),
    alone("", "PersistentVolume", storage::persistent_volume),
    with("", "PersistentVolumeClaim", storage::persistent_volume_claim, storage::claim_related),
    alone("", "ServiceAccount", config::service_account),
    alone("", "ConfigMap", config::config_map),
    without_events(alone("", "Secret", config::secret)),
    alone("", "Endpoints", service::endpoints),
    with("", "ReplicationController", workloads::replication_controller, workloads::pods_of_map),
    without_events(alone("", "ResourceQuota", policy::resource_quota)),
    without_events(alone("", "LimitRange", policy::limit_range)),
    with("apps", "Deployment", workloads::deployment, workloads::replica_sets),
    with("apps", "ReplicaSet", workloads::replica_set, workloads::pods),
    with("apps", "StatefulSet", workloads::stateful_set, workloads::pods),
    with("apps", "DaemonSet", workloads::daemon_set, workloads::pods),
    alone("batch", "Job", batch::job),
    alone("batch", "CronJob", batch::cron_job),
    alone("discovery.k8s.io", "EndpointSlice", service::endpoint_slice),
    with(NETWORKING, "Ingress", networking::ingress, networking::ingress_related),
    alone(NETWORKING, "IngressClass", networking::ingress_class),
    alone(NETWORKING, "ServiceCIDR", networking::service_cidr),
    alone(NETWORKING, "IPAddress", networking::ip_address),
    without_events(alone(NETWORKING, "NetworkPolicy", networking::network_policy)),
    with("autoscaling", "HorizontalPodAutoscaler", autoscaling::describe, autoscaling::related),
    alone("policy", "PodDisruptionBudget", policy::pod_disruption_budget),
    alone("scheduling.k8s.io", "PriorityClass", policy::priority_class),
    alone(STORAGE, "StorageClass", storage::storage_class),
    alone(STORAGE, "CSINode", storage::csi_node),
    alone(STORAGE, "VolumeAttributesClass", storage::volume_attributes_class),
    without_events(alone(RBAC, "Role", rbac::role)),
    without_events(alone(RBAC, "ClusterRole", rbac::role)),
    without_events(alone(RBAC, "RoleBinding", rbac::binding)),
    without_events(alone(RBAC, "ClusterRoleBinding", rbac::binding)),
];

/// A list of a namespace by a selector (`labelSelector` or `fieldSelector`); all of it when the selector is empty.
fn list(collection: &str, namespace: &str, by: &str, selector: &str, key: &'static str) -> Related {
    let (api, plural) = collection.rsplit_once('/').unwrap_or(("", collection));
    let place = if namespace.is_empty() { String::new() } else { format!("namespaces/{namespace}/") };
    let query = if selector.is_empty() { String::new() } else { format!("?{by}={}", encoded(selector)) };
    Related { path: format!("{api}/{place}{plural}{query}"), key }
}

/// Percent-encoded for a query.
fn encoded(text: &str) -> String {
    probe::escaped(text, b"-_.~")
}

#[cfg(test)]
mod tests;
