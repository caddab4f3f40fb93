//! Columns of the kinds that have no block, after `pkg/printers/internalversion/printers.go`.

use serde_json::Value;

use super::{age, since};
use crate::demo::tree::Tree;
use crate::model::time;

/// A column, and how its cell is made of an object at a time (seconds since 1970).
pub(super) struct Column {
    pub name: &'static str,
    /// `string`, `integer`, `boolean`, `date`.
    pub kind: &'static str,
    pub wide: bool,
    pub cell: fn(&Tree, i64) -> Value,
}

const fn text(name: &'static str, cell: fn(&Tree, i64) -> Value) -> Column {
    Column { name, kind: "string", wide: false, cell }
}

const fn wide(name: &'static str, cell: fn(&Tree, i64) -> Value) -> Column {
    Column { name, kind: "string", wide: true, cell }
}

const fn typed(name: &'static str, kind: &'static str, cell: fn(&Tree, i64) -> Value) -> Column {
    Column { name, kind, wide: false, cell }
}

const NAME: Column = text("Name", |o, _| o.text("metadata.name").into());
const AGE: Column = text("Age", age);
const CREATED: Column = typed("Created At", "date", |o, _| o.text("metadata.creationTimestamp").into());

fn or_none(text: &str) -> Value {
    if text.is_empty() { "<none>".into() } else { text.into() }
}

fn size(tree: &Tree) -> i64 {
    (tree.entries().count() + tree.items().len()) as i64
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.collect::<Vec<_>>().join(",")
}

/// The subjects of a binding that are of a kind.
fn subjects(object: &Tree, kind: &str) -> Value {
    let of_kind = object["subjects"].items().iter().filter(|s| s["kind"] == *kind);
    let name = |s: &Tree| match kind {
        "ServiceAccount" => format!("{}/{}", s.text("namespace"), s.text("name")),
        _ => s.text("name").to_owned(),
    };
    of_kind.map(name).collect::<Vec<_>>().join(", ").into()
}

fn role(object: &Tree, _: i64) -> Value {
    format!("{}/{}", object.text("roleRef.kind"), object.text("roleRef.name")).into()
}

/// `formatEndpoints`: three addresses, and how many more there are.
fn endpoints(object: &Tree, _: i64) -> Value {
    let mut all = Vec::new();
    for subset in object["subsets"].items() {
        let addresses = subset["addresses"].items();
        match subset["ports"].items() {
            [] => all.extend(addresses.iter().map(|a| a.text("ip").to_owned())),
            ports => all.extend(ports.iter().flat_map(|p| addresses.iter().map(move |a| format!("{}:{}", a.text("ip"), p.int("port", 0))))),
        }
    }
    let more = all.len().saturating_sub(3);
    all.truncate(3);
    match (all.as_slice(), more) {
        ([], _) => "<none>".into(),
        (shown, 0) => shown.join(",").into(),
        (shown, more) => format!("{} + {more} more...", shown.join(",")).into(),
    }
}

/// `printResourceQuota`: what is used of what is allowed, limits apart from the others.
fn quota(object: &Tree, limits: bool) -> Value {
    let hard = object.at("status.hard").entries().filter(|(name, _)| name.starts_with("limits.") == limits);
    let used = object.at("status.used");
    let pair = |(name, hard): (&str, &Tree)| format!("{name}: {}/{}", used[name].as_str().unwrap_or("0"), hard.as_str().unwrap_or("0"));
    hard.map(pair).collect::<Vec<_>>().join(", ").into()
}

fn request_state(object: &Tree, _: i64) -> Value {
    let has = |kind: &str| !object.item("status.conditions", "type", kind).is_null();
    let mut state = String::from(if has("Denied") {
        "Denied"
    } else if has("Approved") {
        "Approved"
    } else {
        "Pending"
    });
    if has("Failed") {
        state.push_str(",Failed");
    }
    if !object.at("status.certificate").is_empty() {
        state.push_str(",Issued");
    }
    state.into()
}

fn flag_or(object: &Tree, path: &str, otherwise: bool) -> Value {
    object.at(path).as_bool().unwrap_or(otherwise).into()
}

const CONFIG_MAP: &[Column] = &[NAME, text("Data", |o, _| (size(&o["data"]) + size(&o["binaryData"])).to_string().into()), AGE];
const SECRET: &[Column] =
    &[NAME, text("Type", |o, _| o.text("type").into()), text("Data", |o, _| size(&o["data"]).to_string().into()), AGE];
const ENDPOINTS: &[Column] = &[NAME, text("Endpoints", endpoints), AGE];
const BINDING: &[Column] = &[
    NAME,
    text("Role", role),
    AGE,
    wide("Users", |o, _| subjects(o, "User")),
    wide("Groups", |o, _| subjects(o, "Group")),
    wide("ServiceAccounts", |o, _| subjects(o, "ServiceAccount")),
];
const LEASE: &[Column] = &[NAME, text("Holder", |o, _| o.text("spec.holderIdentity").into()), AGE];
const PRIORITY_CLASS: &[Column] = &[
    NAME,
    typed("Value", "integer", |o, _| o.int("value", 0).into()),
    typed("Global-Default", "boolean", |o, _| flag_or(o, "globalDefault", false)),
    AGE,
    text("PreemptionPolicy", |o, _| o.text("preemptionPolicy").into()),
];
const RUNTIME_CLASS: &[Column] = &[NAME, text("Handler", |o, _| o.text("handler").into()), AGE];
const RESOURCE_QUOTA: &[Column] = &[NAME, text("Request", |o, _| quota(o, false)), text("Limit", |o, _| quota(o, true)), AGE];
const POD_TEMPLATE: &[Column] = &[
    NAME,
    text("Containers", |o, _| joined(o.at("template.spec.containers").items().iter().map(|c| c.text("name"))).into()),
    text("Images", |o, _| joined(o.at("template.spec.containers").items().iter().map(|c| c.text("image"))).into()),
    text("Pod Labels", |o, _| {
        let labels = o.at("template.metadata.labels").entries().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or("")));
        or_none(&labels.collect::<Vec<_>>().join(","))
    }),
];
const INGRESS_CLASS: &[Column] = &[
    text("Name", |o, _| {
        let default = o["metadata"]["annotations"]["ingressclass.kubernetes.io/is-default-class"] == "true";
        format!("{}{}", o.text("metadata.name"), if default { " (default)" } else { "" }).into()
    }),
    text("Controller", |o, _| o.text("spec.controller").into()),
    text("Parameters", |o, _| {
        let parameters = o.at("spec.parameters");
        let group = parameters.text("apiGroup");
        let dot = if group.is_empty() { "" } else { "." };
        if parameters.is_null() {
            "<none>".into()
        } else {
            format!("{}{dot}{group}/{}", parameters.text("kind"), parameters.text("name")).into()
        }
    }),
    AGE,
];
const WEBHOOKS: &[Column] = &[NAME, typed("Webhooks", "integer", |o, _| size(&o["webhooks"]).into()), AGE];
const ADMISSION_POLICY: &[Column] =
    &[NAME, typed("Validations", "integer", |o, _| size(o.at("spec.validations")).into()), text("ParamKind", param_kind), AGE];
const MUTATING_POLICY: &[Column] =
    &[NAME, typed("Mutations", "integer", |o, _| size(o.at("spec.mutations")).into()), text("ParamKind", param_kind), AGE];
const POLICY_BINDING: &[Column] = &[
    NAME,
    text("PolicyName", |o, _| o.text("spec.policyName").into()),
    text("ParamRef", |o, _| {
        let parameter = o.at("spec.paramRef");
        match (parameter.is_null(), parameter.text("namespace")) {
            (true, _) => "<unset>".into(),
            (false, "") => format!("*/{}", parameter.text("name")).into(),
            (false, namespace) => format!("{namespace}/{}", parameter.text("name")).into(),
        }
    }),
    AGE,
];

fn param_kind(object: &Tree, _: i64) -> Value {
    let kind = object.at("spec.paramKind");
    if kind.is_null() { "<unset>".into() } else { format!("{}/{}", kind.text("apiVersion"), kind.text("kind")).into() }
}

const API_SERVICE: &[Column] = &[
    NAME,
    text("Service", |o, _| {
        let service = o.at("spec.service");
        if service.is_null() { "Local".into() } else { format!("{}/{}", service.text("namespace"), service.text("name")).into() }
    }),
    text("Available", |o, _| {
        let available = o.item("status.conditions", "type", "Available");
        match available.text("status") {
            "" => "Unknown".into(),
            "True" => "True".into(),
            other => format!("{other} ({})", available.text("reason")).into(),
        }
    }),
    AGE,
];
const CERTIFICATE_REQUEST: &[Column] = &[
    NAME,
    AGE,
    text("SignerName", |o, _| or_none(o.text("spec.signerName"))),
    text("Requestor", |o, _| o.text("spec.username").into()),
    text("RequestedDuration", |o, _| o.at("spec.expirationSeconds").as_i64().map_or("<none>".into(), |s| time::age(s).into())),
    text("Condition", request_state),
];
const CSI_NODE: &[Column] = &[NAME, typed("Drivers", "integer", |o, _| size(o.at("spec.drivers")).into()), AGE];
const CSI_DRIVER: &[Column] = &[
    NAME,
    typed("AttachRequired", "boolean", |o, _| flag_or(o, "spec.attachRequired", true)),
    typed("PodInfoOnMount", "boolean", |o, _| flag_or(o, "spec.podInfoOnMount", false)),
    typed("StorageCapacity", "boolean", |o, _| flag_or(o, "spec.storageCapacity", false)),
    text("TokenRequests", |o, _| match o.at("spec.tokenRequests") {
        Tree::Null => "<unset>".into(),
        requests => joined(requests.items().iter().map(|r| r.text("audience"))).into(),
    }),
    typed("RequiresRepublish", "boolean", |o, _| flag_or(o, "spec.requiresRepublish", false)),
    text("Modes", |o, _| or_none(&joined(o.at("spec.volumeLifecycleModes").items().iter().filter_map(Tree::as_str)))),
    AGE,
];
const VOLUME_ATTACHMENT: &[Column] = &[
    NAME,
    text("Attacher", |o, _| o.text("spec.attacher").into()),
    text("PV", |o, _| o.text("spec.source.persistentVolumeName").into()),
    text("Node", |o, _| o.text("spec.nodeName").into()),
    typed("Attached", "boolean", |o, _| o.flag("status.attached").into()),
    AGE,
];
const ATTRIBUTES_CLASS: &[Column] = &[NAME, text("DriverName", |o, _| o.text("driverName").into()), AGE];
const SERVICE_CIDR: &[Column] =
    &[NAME, text("CIDRs", |o, _| joined(o.at("spec.cidrs").items().iter().filter_map(Tree::as_str)).into()), AGE];
const IP_ADDRESS: &[Column] = &[
    NAME,
    text("ParentRef", |o, _| {
        let parent = o.at("spec.parentRef");
        let parts = ["group", "resource", "namespace", "name"].map(|key| parent.text(key));
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/").into()
    }),
];
const NODE_METRICS: &[Column] = &[
    NAME,
    text("cpu", |o, _| o.text("usage.cpu").into()),
    text("memory", |o, _| o.text("usage.memory").into()),
    text("window", |o, _| o.text("window").into()),
];
const NAMED: &[Column] = &[NAME, CREATED];
const AGED: &[Column] = &[NAME, text("Age", |o, now| since(o.text("metadata.creationTimestamp"), now))];

/// The columns of a kind.
pub(super) fn columns(group: &str, plural: &str) -> &'static [Column] {
    match (group, plural) {
        ("", "configmaps") => CONFIG_MAP,
        ("", "secrets") => SECRET,
        ("", "endpoints") => ENDPOINTS,
        ("", "resourcequotas") => RESOURCE_QUOTA,
        ("", "podtemplates") => POD_TEMPLATE,
        ("rbac.authorization.k8s.io", "rolebindings" | "clusterrolebindings") => BINDING,
        ("coordination.k8s.io", "leases") => LEASE,
        ("scheduling.k8s.io", "priorityclasses") => PRIORITY_CLASS,
        ("node.k8s.io", "runtimeclasses") => RUNTIME_CLASS,
        ("networking.k8s.io", "ingressclasses") => INGRESS_CLASS,
        ("networking.k8s.io", "servicecidrs") => SERVICE_CIDR,
        ("networking.k8s.io", "ipaddresses") => IP_ADDRESS,
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations" | "mutatingwebhookconfigurations") => WEBHOOKS,
        ("admissionregistration.k8s.io", "validatingadmissionpolicies") => ADMISSION_POLICY,
        ("admissionregistration.k8s.io", "mutatingadmissionpolicies") => MUTATING_POLICY,
        ("admissionregistration.k8s.io", _) => POLICY_BINDING,
        ("apiregistration.k8s.io", "apiservices") => API_SERVICE,
        ("certificates.k8s.io", "certificatesigningrequests") => CERTIFICATE_REQUEST,
        ("storage.k8s.io", "csinodes") => CSI_NODE,
        ("storage.k8s.io", "csidrivers") => CSI_DRIVER,
        ("storage.k8s.io", "volumeattachments") => VOLUME_ATTACHMENT,
        ("storage.k8s.io", "volumeattributesclasses") => ATTRIBUTES_CLASS,
        ("metrics.k8s.io", _) => NODE_METRICS,
        // Kinds that have no printer get the default one: name and date of creation.
        ("rbac.authorization.k8s.io" | "storage.k8s.io" | "", _) => NAMED,
        _ => AGED,
    }
}
