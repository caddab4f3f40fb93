//! The defaults of each kind: `pkg/apis/*/v1/defaults.go`.

use crate::demo::tree::Tree;

use super::pods;
use super::table::Given::{Bool, Empty, Int, Positive, Text, Texts};
use super::table::{Row, fill};

const CLAIM: &[Row] = &[("spec.volumeMode", Text("Filesystem")), ("status.phase", Text("Pending"))];
const WEBHOOK: &[Row] = &[
    ("webhooks[].failurePolicy", Text("Fail")),
    ("webhooks[].matchPolicy", Text("Equivalent")),
    ("webhooks[].namespaceSelector", Empty),
    ("webhooks[].objectSelector", Empty),
    ("webhooks[].timeoutSeconds", Int(10)),
    ("webhooks[].rules[].scope", Text("*")),
    ("webhooks[].clientConfig.service?.port", Int(443)),
];
const REINVOCATION: &[Row] = &[("webhooks[].reinvocationPolicy", Text("Never"))];
const BINDING: &[Row] = &[("roleRef.apiGroup", Text("rbac.authorization.k8s.io"))];
const REPLICAS: &[Row] = &[("spec.replicas", Int(1))];

/// What needs no thought.
fn rows(resource: &str) -> &'static [Row] {
    match resource {
        "deployments.apps" => &[
            ("spec.replicas", Int(1)),
            ("spec.strategy.type", Text("RollingUpdate")),
            ("spec.revisionHistoryLimit", Int(10)),
            ("spec.progressDeadlineSeconds", Int(600)),
        ],
        "daemonsets.apps" => &[("spec.updateStrategy.type", Text("RollingUpdate")), ("spec.revisionHistoryLimit", Int(10))],
        "statefulsets.apps" => &[
            ("spec.podManagementPolicy", Text("OrderedReady")),
            ("spec.updateStrategy.type", Text("RollingUpdate")),
            ("spec.persistentVolumeClaimRetentionPolicy.whenDeleted", Text("Retain")),
            ("spec.persistentVolumeClaimRetentionPolicy.whenScaled", Text("Retain")),
            ("spec.replicas", Int(1)),
            ("spec.revisionHistoryLimit", Int(10)),
            // apiVersion and kind are what the strategy's conversion writes.
            ("spec.volumeClaimTemplates[].apiVersion", Text("v1")),
            ("spec.volumeClaimTemplates[].kind", Text("PersistentVolumeClaim")),
            ("spec.volumeClaimTemplates[].spec.volumeMode", Text("Filesystem")),
            ("spec.volumeClaimTemplates[].status.phase", Text("Pending")),
        ],
        "replicasets.apps" | "replicationcontrollers" => REPLICAS,
        "cronjobs.batch" => &[
            ("spec.concurrencyPolicy", Text("Allow")),
            ("spec.suspend", Bool(false)),
            ("spec.successfulJobsHistoryLimit", Int(3)),
            ("spec.failedJobsHistoryLimit", Int(1)),
        ],
        "services" => &[("spec.sessionAffinity", Text("None")), ("spec.type", Text("ClusterIP")), ("spec.ports[].protocol", Text("TCP"))],
        "endpoints" => &[("subsets[].ports[].protocol", Text("TCP"))],
        "endpointslices.discovery.k8s.io" => &[("ports[].name", Text("")), ("ports[].protocol", Text("TCP"))],
        "secrets" => &[("type", Text("Opaque"))],
        "namespaces" => &[("status.phase", Text("Active"))],
        "persistentvolumeclaims" => CLAIM,
        "persistentvolumes" => &[
            ("status.phase", Text("Pending")),
            ("spec.persistentVolumeReclaimPolicy", Text("Retain")),
            ("spec.volumeMode", Text("Filesystem")),
            ("spec.hostPath?.type", Text("")),
        ],
        "networkpolicies.networking.k8s.io" => {
            &[("spec.ingress[].ports[].protocol", Text("TCP")), ("spec.egress[].ports[].protocol", Text("TCP"))]
        }
        "ingressclasses.networking.k8s.io" => &[("spec.parameters?.scope", Text("Cluster"))],
        "horizontalpodautoscalers.autoscaling" => &[("spec.minReplicas", Int(1))],
        "storageclasses.storage.k8s.io" => &[("reclaimPolicy", Text("Delete")), ("volumeBindingMode", Text("Immediate"))],
        "csidrivers.storage.k8s.io" => &[
            ("spec.attachRequired", Bool(true)),
            ("spec.podInfoOnMount", Bool(false)),
            ("spec.storageCapacity", Bool(false)),
            ("spec.fsGroupPolicy", Text("ReadWriteOnceWithFSType")),
            ("spec.volumeLifecycleModes", Texts(&["Persistent"])),
            ("spec.requiresRepublish", Bool(false)),
            ("spec.seLinuxMount", Bool(false)),
        ],
        "validatingwebhookconfigurations.admissionregistration.k8s.io" | "mutatingwebhookconfigurations.admissionregistration.k8s.io" => {
            WEBHOOK
        }
        "validatingadmissionpolicies.admissionregistration.k8s.io" | "mutatingadmissionpolicies.admissionregistration.k8s.io" => &[
            ("spec.failurePolicy", Text("Fail")),
            ("spec.matchConstraints?.matchPolicy", Text("Equivalent")),
            ("spec.matchConstraints?.namespaceSelector", Empty),
            ("spec.matchConstraints?.objectSelector", Empty),
            ("spec.matchConstraints?.resourceRules[].scope", Text("*")),
        ],
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => BINDING,
        "priorityclasses.scheduling.k8s.io" => &[("preemptionPolicy", Text("PreemptLowerPriority"))],
        "customresourcedefinitions.apiextensions.k8s.io" => {
            &[("spec.conversion.strategy", Text("None")), ("spec.conversion.webhook?.clientConfig?.service?.port", Int(443))]
        }
        "apiservices.apiregistration.k8s.io" => &[("spec.service?.port", Int(443))],
        "jobs.batch" => &[
            ("spec.completionMode", Text("NonIndexed")),
            ("spec.suspend", Bool(false)),
            ("spec.manualSelector", Bool(false)),
            ("spec.parallelism", Int(1)),
            ("spec.podFailurePolicy?.rules[].onPodConditions[].status", Text("True")),
        ],
        _ => &[],
    }
}

/// Where a kind has its pods' spec; empty for kinds that have none.
pub(super) fn pod_spec(resource: &str) -> &'static str {
    match resource {
        "pods" => "spec",
        "podtemplates" => "template.spec",
        "cronjobs.batch" => "spec.jobTemplate.spec.template.spec",
        "deployments.apps" | "replicasets.apps" | "statefulsets.apps" | "daemonsets.apps" | "jobs.batch" | "replicationcontrollers" => {
            "spec.template.spec"
        }
        _ => "",
    }
}

/// Fills in the defaults of a kind, which has been brought into shape. It may be asked again.
pub(super) fn fill_in(resource: &str, tree: &mut Tree) {
    // These look at what is not there yet.
    if resource == "jobs.batch" {
        job(tree);
    }
    let choose = |tree: &Tree, path: &str, value: &str| tree.text(path) == value;
    if resource == "statefulsets.apps" && tree.text("spec.updateStrategy.type").is_empty() {
        tree.set_default("spec.updateStrategy.rollingUpdate", Tree::map());
    }
    fill(tree, rows(resource));
    if resource == "mutatingwebhookconfigurations.admissionregistration.k8s.io" {
        fill(tree, REINVOCATION);
    }
    let at = pod_spec(resource);
    // A template that is not there is for validation to refuse.
    if !at.is_empty() && !tree.at(at).is_null() {
        pods::fill_in(tree, at);
        if resource == "pods" {
            pods::fill_in_pod(tree);
        }
    }
    match resource {
        "deployments.apps" if choose(tree, "spec.strategy.type", "RollingUpdate") => {
            tree.set_default("spec.strategy.rollingUpdate.maxUnavailable", "25%");
            tree.set_default("spec.strategy.rollingUpdate.maxSurge", "25%");
        }
        "daemonsets.apps" if choose(tree, "spec.updateStrategy.type", "RollingUpdate") => {
            tree.set_default("spec.updateStrategy.rollingUpdate.maxUnavailable", 1);
            tree.set_default("spec.updateStrategy.rollingUpdate.maxSurge", 0);
        }
        "statefulsets.apps" if choose(tree, "spec.updateStrategy.type", "RollingUpdate") => {
            fill(tree, &[("spec.updateStrategy.rollingUpdate?.partition", Int(0))]);
        }
        "replicationcontrollers" => from_template(tree),
        "services" => service(tree),
        "secrets" => secret(tree),
        "namespaces" if !tree.text("metadata.name").is_empty() => {
            let name = tree.at("metadata.name").clone();
            if tree.at("metadata.labels")["kubernetes.io/metadata.name"] != name {
                tree.at_mut("metadata.labels").put("kubernetes.io/metadata.name", name);
            }
        }
        "networkpolicies.networking.k8s.io" if tree.at("spec.policyTypes").is_empty() => {
            let mut types = vec![Tree::from("Ingress")];
            if !tree.at("spec.egress").is_empty() {
                types.push("Egress".into());
            }
            tree.set("spec.policyTypes", types);
        }
        "horizontalpodautoscalers.autoscaling" => autoscaler(tree),
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => {
            let unsaid = |s: &Tree| s.text("apiGroup").is_empty() && matches!(s.text("kind"), "User" | "Group");
            if tree.at("subjects").items().iter().any(unsaid) {
                for subject in tree.slot("subjects").items_mut().iter_mut().filter(|s| unsaid(s)) {
                    subject.set("apiGroup", "rbac.authorization.k8s.io");
                }
            }
        }
        "limitranges" => limits(tree),
        "nodes" if tree.at("status.allocatable").is_null() && !tree.at("status.capacity").is_null() => {
            let capacity = tree.at("status.capacity").clone();
            tree.set("status.allocatable", capacity);
        }
        "customresourcedefinitions.apiextensions.k8s.io" => definition(tree),
        _ => {}
    }
}

/// `SetDefaults_Job`.
fn job(tree: &mut Tree) {
    if tree.at("spec.completions").is_null() && tree.at("spec.parallelism").is_null() {
        tree.set("spec.completions", 1);
    }
    let each = !tree.at("spec.backoffLimitPerIndex").is_null();
    tree.set_default("spec.backoffLimit", if each { i32::MAX } else { 6 });
    let replace = if tree.at("spec.podFailurePolicy").is_null() { "TerminatingOrFailed" } else { "Failed" };
    tree.set_default("spec.podReplacementPolicy", replace);
    // A new one gets its own labels when those of its template are complete: see `create`.
    if !tree.at("spec.selector").is_null() || tree.flag("spec.manualSelector") {
        labels_of_template(tree);
    }
}

pub(super) fn labels_of_template(tree: &mut Tree) {
    let labels = tree.at("spec.template.metadata.labels").clone();
    if !labels.is_empty() && tree.at("metadata.labels").is_empty() {
        tree.set("metadata.labels", labels);
    }
}

/// `SetDefaults_ReplicationController`.
fn from_template(tree: &mut Tree) {
    let labels = tree.at("spec.template.metadata.labels").clone();
    if !labels.is_empty() && tree.at("spec.selector").is_empty() {
        tree.set("spec.selector", labels);
    }
    labels_of_template(tree);
}

/// `SetDefaults_Service`, without what the allocators do.
fn service(tree: &mut Tree) {
    match tree.text("spec.sessionAffinity") {
        "None" => drop(tree.remove("spec.sessionAffinityConfig")),
        "ClientIP" => fill(tree, &[("spec.sessionAffinityConfig.clientIP.timeoutSeconds", Int(10_800))]),
        _ => {}
    }
    let unaimed = |port: &Tree| matches!(&port["targetPort"], Tree::Null | Tree::Int(0)) || port["targetPort"].is_empty();
    if tree.at("spec.ports").items().iter().any(unaimed) {
        for port in tree.at_mut("spec.ports").items_mut().iter_mut().filter(|p| unaimed(p)) {
            let number = port["port"].clone();
            port.put("targetPort", number);
        }
    }
    let kind = tree.text("spec.type").to_owned();
    if matches!(&*kind, "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && !tree.at("spec.externalIPs").is_empty()) {
        fill(tree, &[("spec.externalTrafficPolicy", Text("Cluster"))]);
    }
    if matches!(&*kind, "NodePort" | "LoadBalancer" | "ClusterIP") {
        tree.set_default("spec.internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        tree.set_default("spec.allocateLoadBalancerNodePorts", true);
        fill(tree, &[("status.loadBalancer.ingress[].ipMode", Text("VIP"))]);
    }
}

/// `stringData` is written into `data`, and is not kept (the conversion of Secret in core/v1).
fn secret(tree: &mut Tree) {
    let Some(plain) = tree.take("stringData") else { return };
    for (key, text) in plain.entries() {
        let bytes = text.as_str().unwrap_or("").as_bytes().to_vec();
        // Bytes in Kubernetes' JSON are base64.
        let encoded = serde_json::to_value(k8s_openapi::ByteString(bytes)).unwrap_or_default();
        tree.slot("data").put(key, encoded);
    }
}

/// `SetDefaults_HorizontalPodAutoscaler` of autoscaling/v2.
fn autoscaler(tree: &mut Tree) {
    if tree.at("spec.metrics").is_empty() {
        let mut metric = Tree::texts([("type", "Resource")]);
        metric.set("resource.name", "cpu");
        metric.set("resource.target.type", "Utilization");
        metric.set("resource.target.averageUtilization", 80);
        tree.set("spec.metrics", vec![metric]);
    }
    if tree.at("spec.behavior").is_null() {
        return;
    }
    let policy = |kind: &str, value: i64| {
        let mut policy = Tree::texts([("type", kind)]);
        policy.set("value", value);
        policy.set("periodSeconds", 15);
        policy
    };
    for (direction, window, policies) in
        [("scaleUp", Some(0), vec![policy("Pods", 4), policy("Percent", 100)]), ("scaleDown", None, vec![policy("Percent", 100)])]
    {
        let at = |field: &str| format!("spec.behavior.{direction}.{field}");
        tree.set_default(&at("selectPolicy"), "Max");
        tree.set_default(&at("policies"), policies);
        if let Some(seconds) = window {
            tree.set_default(&at("stabilizationWindowSeconds"), seconds);
        }
    }
}

/// `SetDefaults_LimitRangeItem`.
fn limits(tree: &mut Tree) {
    let all = tree.at("spec.limits").items().to_vec();
    for (at, item) in all.iter().enumerate().filter(|(_, item)| item.text("type") == "Container") {
        let mut item = item.clone();
        for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
            let amounts = item[from].clone();
            for (name, amount) in amounts.entries() {
                if item[to][name].is_null() {
                    item.slot(to).put(name, amount);
                }
            }
        }
        if !item.equals(&all[at]) {
            tree.at_mut("spec.limits").items_mut()[at] = item;
        }
    }
}

/// `SetDefaults_CustomResourceDefinition`.
fn definition(tree: &mut Tree) {
    let kind = tree.text("spec.names.kind").to_owned();
    if !kind.is_empty() {
        tree.set_default("spec.names.singular", kind.to_lowercase());
        tree.set_default("spec.names.listKind", format!("{kind}List"));
    }
    if tree.at("status.storedVersions").is_empty() {
        let stored = tree.at("spec.versions").items().iter().find(|v| v.flag("storage")).map(|v| v["name"].clone());
        if let Some(name) = stored {
            tree.set("status.storedVersions", vec![name]);
        }
    }
}

/// Rows of a probe, wherever one is.
pub(super) const PROBE: &[Row] = &[
    ("timeoutSeconds", Positive(1)),
    ("periodSeconds", Positive(10)),
    ("successThreshold", Positive(1)),
    ("failureThreshold", Positive(3)),
    ("httpGet?.path", Text("/")),
    ("httpGet?.scheme", Text("HTTP")),
];
