//! Validation of what is small: networking, budgets, autoscaling, RBAC, classes, nodes, leases, definitions.

use std::collections::HashSet;

use serde_json::Value;

use crate::demo::refusal::Cause;
use crate::demo::tree::Tree;
use crate::kinds::describe::quantity::Quantity;

use super::causes::Causes;
use super::names;

/// Ingresses.
pub(super) fn ingress(causes: &mut Causes, new: &Tree) {
    let spec = &new["spec"];
    if spec["rules"].is_empty() && spec["defaultBackend"].is_null() {
        causes.invalid("spec", Value::Null, "either `defaultBackend` or `rules` must be specified");
    }
    if !spec["defaultBackend"].is_null() {
        backend(causes, &spec["defaultBackend"], "spec.defaultBackend");
    }
    for (at, rule) in spec["rules"].items().iter().enumerate() {
        let host = rule.text("host");
        if !host.is_empty() {
            causes.rule(&format!("spec.rules[{at}].host"), host.strip_prefix("*.").unwrap_or(host), names::subdomain);
        }
        if !rule["http"].is_null() && rule.at("http.paths").is_empty() {
            causes.required(&format!("spec.rules[{at}].http.paths"), "");
        }
        for (which, path) in rule.at("http.paths").items().iter().enumerate() {
            let at = format!("spec.rules[{at}].http.paths[{which}]");
            let types = ["Exact", "ImplementationSpecific", "Prefix"];
            match path.text("pathType") {
                "" => {
                    causes.required(&format!("{at}.pathType"), "pathType must be specified");
                    continue;
                }
                "Exact" | "Prefix" => {
                    let text = path.text("path");
                    if !text.starts_with('/') {
                        causes.invalid(&format!("{at}.path"), text, "must be an absolute path");
                    }
                    for bad in ["//", "/./", "/../", "%2f", "%2F"].into_iter().filter(|bad| text.contains(bad)) {
                        causes.invalid(&format!("{at}.path"), text, &format!("must not contain '{bad}'"));
                    }
                }
                "ImplementationSpecific" => {
                    let text = path.text("path");
                    if !text.is_empty() && !text.starts_with('/') {
                        causes.invalid(&format!("{at}.path"), text, "must be an absolute path");
                    }
                }
                other => causes.0.push(Cause::not_supported(format!("{at}.pathType"), other, &types)),
            }
            backend(causes, &path["backend"], &format!("{at}.backend"));
        }
    }
}

fn backend(causes: &mut Causes, backend: &Tree, at: &str) {
    let service = &backend["service"];
    if service.is_null() {
        if backend["resource"].is_null() {
            causes.invalid(at, "", "resource or service backend is required");
        }
        return;
    }
    if !backend["resource"].is_null() {
        return causes.invalid(at, "", "cannot set both resource and service backends");
    }
    match service.text("name") {
        "" => causes.required(&format!("{at}.service.name"), ""),
        name => causes.rule(&format!("{at}.service.name"), name, names::label),
    }
    let (name, number) = (service.text("port.name"), service.int("port.number", 0));
    if !name.is_empty() && number != 0 {
        causes.invalid(at, "", "cannot set both port name & port number");
    } else if !name.is_empty() {
        causes.rule(&format!("{at}.service.port.name"), name, names::port_name);
    } else if number != 0 {
        if let Some(why) = names::port_number(number) {
            causes.invalid(&format!("{at}.service.port.number"), number, why);
        }
    } else {
        causes.required(at, "port name or number is required");
    }
}

/// NetworkPolicies.
pub(super) fn network(causes: &mut Causes, new: &Tree) {
    let spec = &new["spec"];
    causes.selector("spec.podSelector", &spec["podSelector"]);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (at, rule) in spec[direction].items().iter().enumerate() {
            for (which, port) in rule["ports"].items().iter().enumerate() {
                let at = format!("spec.{direction}[{at}].ports[{which}]");
                causes.one_of(&format!("{at}.protocol"), &port["protocol"], &["TCP", "UDP", "SCTP"], false);
                if !port["port"].is_null() {
                    causes.port(&format!("{at}.port"), &port["port"]);
                }
            }
            for (which, peer) in rule[peers].items().iter().enumerate() {
                let at = format!("spec.{direction}[{at}].{peers}[{which}]");
                if peer.is_empty() {
                    causes.required(&at, "must specify a peer");
                }
                causes.selector(&format!("{at}.podSelector"), &peer["podSelector"]);
                causes.selector(&format!("{at}.namespaceSelector"), &peer["namespaceSelector"]);
                let block = &peer["ipBlock"];
                if block.is_null() {
                    continue;
                }
                let cidr = block.text("cidr");
                let valid = cidr
                    .split_once('/')
                    .is_some_and(|(ip, bits)| ip.parse::<std::net::IpAddr>().is_ok() && bits.parse::<u8>().is_ok_and(|b| b <= 128));
                match cidr {
                    "" => causes.required(&format!("{at}.ipBlock.cidr"), ""),
                    _ if !valid => {
                        causes.invalid(
                            &format!("{at}.ipBlock.cidr"),
                            cidr,
                            "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
                        );
                    }
                    _ => {}
                }
                if !peer["podSelector"].is_null() || !peer["namespaceSelector"].is_null() {
                    causes.forbidden(&at, "may not specify both ipBlock and another peer");
                }
            }
        }
    }
    for (at, kind) in spec["policyTypes"].items().iter().enumerate() {
        causes.one_of(&format!("spec.policyTypes[{at}]"), kind, &["Ingress", "Egress"], false);
    }
}

/// PodDisruptionBudgets.
pub(super) fn budget(causes: &mut Causes, new: &Tree) {
    let spec = &new["spec"];
    let (least, most) = (&spec["minAvailable"], &spec["maxUnavailable"]);
    if !least.is_null() && !most.is_null() {
        let policy = &spec["unhealthyPodEvictionPolicy"];
        let json = format!(
            r#"{{"MinAvailable":{least:?},"Selector":{:?},"MaxUnavailable":{most:?},"UnhealthyPodEvictionPolicy":{policy:?}}}"#,
            spec["selector"]
        );
        causes.printed("FieldValueInvalid", "spec", "Invalid value", &json, "minAvailable and maxUnavailable cannot be both set");
    }
    causes.count_or_percent("spec.minAvailable", least, true);
    causes.count_or_percent("spec.maxUnavailable", most, true);
    causes.selector("spec.selector", &spec["selector"]);
    causes.one_of("spec.unhealthyPodEvictionPolicy", &spec["unhealthyPodEvictionPolicy"], &["AlwaysAllow", "IfHealthyBudget"], false);
}

/// HorizontalPodAutoscalers.
pub(super) fn autoscaler(causes: &mut Causes, new: &Tree) {
    let spec = &new["spec"];
    let (least, most) = (spec.int("minReplicas", 1), spec.int("maxReplicas", 0));
    if least < 1 {
        causes.invalid("spec.minReplicas", least, "must be greater than or equal to 1");
    }
    if most < 1 {
        causes.required("spec.maxReplicas", "must be set and greater than 0");
    }
    if most < least {
        causes.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`");
    }
    let target = &spec["scaleTargetRef"];
    for field in ["kind", "name"] {
        match target.text(field) {
            "" => causes.required(&format!("spec.scaleTargetRef.{field}"), ""),
            text => causes.rule(&format!("spec.scaleTargetRef.{field}"), text, names::segment),
        }
    }
    if target.text("apiVersion").is_empty() {
        causes.invalid("spec.scaleTargetRef.apiVersion", "", "apiVersion must specify API group");
    }
    let outside = spec["metrics"].items().iter().any(|m| matches!(m.text("type"), "Object" | "External"));
    if least == 0 && !outside {
        causes.forbidden("spec.metrics", "must specify at least one Object or External metric to support scaling to zero replicas");
    }
}

/// Roles and their bindings.
pub(super) fn rbac(causes: &mut Causes, resource: &str, new: &Tree, old: Option<&Tree>) {
    for (at, rule) in new["rules"].items().iter().enumerate() {
        let field = |name: &str| format!("rules[{at}].{name}");
        if rule["verbs"].is_empty() {
            causes.required(&field("verbs"), "verbs must contain at least one value");
        }
        if !rule["nonResourceURLs"].is_empty() {
            if resource.starts_with("roles.") {
                causes.invalid(&field("nonResourceURLs"), &rule["nonResourceURLs"], "namespaced rules cannot apply to non-resource URLs");
            }
            if ["apiGroups", "resources", "resourceNames"].iter().any(|part| !rule[*part].is_empty()) {
                causes.invalid(
                    &field("nonResourceURLs"),
                    &rule["nonResourceURLs"],
                    "rules cannot apply to both regular resources and non-resource URLs",
                );
            }
            continue;
        }
        if rule["apiGroups"].is_empty() {
            causes.required(&field("apiGroups"), "resource rules must supply at least one api group");
        }
        if rule["resources"].is_empty() {
            causes.required(&field("resources"), "resource rules must supply at least one resource");
        }
    }
    if !resource.contains("bindings") {
        return;
    }
    let reference = &new["roleRef"];
    let kinds: &[&str] = if resource.starts_with("cluster") { &["ClusterRole"] } else { &["Role", "ClusterRole"] };
    if !kinds.contains(&reference.text("kind")) {
        causes.0.push(Cause::not_supported("roleRef.kind", reference.text("kind"), kinds));
    }
    match reference.text("name") {
        "" => causes.required("roleRef.name", ""),
        name => causes.rule("roleRef.name", name, names::segment),
    }
    for (at, subject) in new["subjects"].items().iter().enumerate() {
        let field = |name: &str| format!("subjects[{at}].{name}");
        if subject.text("name").is_empty() {
            causes.required(&field("name"), "");
        }
        match subject.text("kind") {
            "ServiceAccount" => {
                causes.rule(&field("name"), subject.text("name"), names::subdomain);
                if resource.starts_with("cluster") && subject.text("namespace").is_empty() {
                    causes.required(&field("namespace"), "");
                }
            }
            "User" | "Group" => {}
            other => causes.0.push(Cause::not_supported(field("kind"), other, &["ServiceAccount", "User", "Group"])),
        }
    }
    if let Some(old) = old
        && !reference.equals(&old["roleRef"])
    {
        causes.invalid("roleRef", reference, "cannot change roleRef");
    }
}

/// StorageClasses.
pub(super) fn storage_class(causes: &mut Causes, new: &Tree, old: Option<&Tree>) {
    if let Some(old) = old {
        for field in ["parameters", "provisioner", "reclaimPolicy"] {
            if !new[field].equals(&old[field]) {
                causes.forbidden(field, &format!("updates to {field} are forbidden."));
            }
        }
        return causes.immutable("volumeBindingMode", &new["volumeBindingMode"], &old["volumeBindingMode"]);
    }
    match new.text("provisioner") {
        "" => causes.required("provisioner", ""),
        name => causes.rule("provisioner", &name.to_lowercase(), names::qualified),
    }
    causes.one_of("reclaimPolicy", &new["reclaimPolicy"], &["Delete", "Retain"], false);
    causes.one_of("volumeBindingMode", &new["volumeBindingMode"], &["Immediate", "WaitForFirstConsumer"], true);
}

/// PriorityClasses.
pub(super) fn priority_class(causes: &mut Causes, new: &Tree, old: Option<&Tree>) {
    if let Some(old) = old {
        causes.immutable("value", &new["value"], &old["value"]);
        return causes.immutable("preemptionPolicy", &new["preemptionPolicy"], &old["preemptionPolicy"]);
    }
    let (name, value) = (new.text("metadata.name"), new.int("value", 0));
    if name.starts_with("system-") {
        if !matches!((name, value), ("system-cluster-critical", 2_000_000_000) | ("system-node-critical", 2_000_001_000)) {
            let why = format!(
                "priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class"
            );
            causes.forbidden("metadata.name", &why);
        }
    } else if value > 1_000_000_000 {
        causes.forbidden("value", "maximum allowed value of a user defined priority is 1000000000");
    }
    causes.one_of("preemptionPolicy", &new["preemptionPolicy"], &["PreemptLowerPriority", "Never"], false);
}

/// Nodes.
pub(super) fn node(causes: &mut Causes, new: &Tree) {
    let mut seen = HashSet::new();
    for (at, taint) in new.at("spec.taints").items().iter().enumerate() {
        // Upstream says metadata.
        let field = format!("metadata.taints[{at}]");
        let (key, effect) = (taint.text("key"), taint.text("effect"));
        causes.rule(&format!("{field}.key"), key, names::qualified);
        causes.rule(&format!("{field}.value"), taint.text("value"), names::value);
        causes.one_of(&format!("{field}.effect"), &taint["effect"], &["NoSchedule", "PreferNoSchedule", "NoExecute"], true);
        if !seen.insert((key, effect)) {
            let (value, added) = (taint.text("value"), &taint["timeAdded"]);
            let json = format!(r#"{{"Key":{key:?},"Value":{value:?},"Effect":{effect:?},"TimeAdded":{added:?}}}"#);
            causes.printed("FieldValueDuplicate", &field, "Duplicate value", &json, "taints must be unique by key and effect pair");
        }
    }
}

/// Leases.
pub(super) fn lease(causes: &mut Causes, new: &Tree) {
    if let Some(seconds) = new.at("spec.leaseDurationSeconds").as_i64().filter(|&s| s <= 0) {
        causes.invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0");
    }
    causes.nonnegative(&new["spec"], "spec", &["leaseTransitions"]);
}

/// LimitRanges.
pub(super) fn limits(causes: &mut Causes, new: &Tree) {
    for (at, item) in new.at("spec.limits").items().iter().enumerate() {
        let read = |which: &str, name: &str| item[which][name].as_str().map(|text| (text.to_owned(), Quantity::parse(text)));
        let mut names: Vec<&str> =
            ["min", "max", "default", "defaultRequest"].iter().flat_map(|w| item[*w].entries().map(|(k, _)| k)).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let pairs = [
                ("min", "max", "min", "min", "max value"),
                ("min", "defaultRequest", "defaultRequest", "min", "default request value"),
                ("defaultRequest", "max", "defaultRequest", "default request", "max value"),
                ("defaultRequest", "default", "defaultRequest", "default request", "default limit value"),
                ("min", "default", "default", "min", "default value"),
                ("default", "max", "default", "default", "max value"),
            ];
            for (low, high, field, first, second) in pairs {
                if let (Some((low_text, low)), Some((high_text, high))) = (read(low, name), read(high, name))
                    && low.compare(high).is_gt()
                {
                    // Upstream shows the lesser of the two of a default request, and the greater of all others.
                    let shown = if (field, first) == ("defaultRequest", "min") { high_text.clone() } else { low_text.clone() };
                    let why = format!("{first} value {low_text} is greater than {second} {high_text}");
                    causes.invalid(&format!("spec.limits[{at}].{field}[{name}]"), shown, &why);
                }
            }
        }
    }
}

/// ResourceQuotas.
pub(super) fn quota(causes: &mut Causes, new: &Tree) {
    const KNOWN: &[&str] = &[
        "cpu",
        "memory",
        "ephemeral-storage",
        "requests.cpu",
        "requests.memory",
        "requests.storage",
        "requests.ephemeral-storage",
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
        "pods",
        "services",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    ];
    for (name, amount) in new.at("spec.hard").entries() {
        let field = format!("spec.hard[{name}]");
        if !name.contains('/') && !KNOWN.contains(&name) && !name.contains("hugepages-") {
            causes.invalid(&field, name, "must be a standard resource type or fully qualified");
            causes.invalid(&field, name, "must be a standard resource for quota");
        }
        let amount = Quantity::parse(amount.as_str().unwrap_or("0"));
        if amount.sign() < 0 {
            causes.invalid(&field, amount.to_string(), "must be greater than or equal to 0");
        }
    }
}

/// CustomResourceDefinitions.
pub(super) fn definition(causes: &mut Causes, new: &Tree, old: Option<&Tree>) {
    let spec = &new["spec"];
    let wanted = format!("{}.{}", spec.text("names.plural"), spec.text("group"));
    if new.text("metadata.name") != wanted {
        causes.invalid("metadata.name", new.text("metadata.name"), "must be spec.names.plural+\".\"+spec.group");
    }
    match spec.text("group") {
        "" => causes.required("spec.group", ""),
        group if !group.contains('.') => causes.invalid("spec.group", group, "should be a domain with at least one dot"),
        group => causes.rule("spec.group", group, names::subdomain),
    }
    causes.one_of("spec.scope", &spec["scope"], &["Cluster", "Namespaced"], true);
    let versions = spec["versions"].items();
    if versions.is_empty() {
        causes.required("spec.versions", "");
    }
    let mut seen = HashSet::new();
    for (at, version) in versions.iter().enumerate() {
        causes.rule(&format!("spec.versions[{at}].name"), version.text("name"), names::label);
        if !seen.insert(version.text("name")) {
            causes.invalid("spec.versions", &spec["versions"], "must contain unique version names");
        }
        if version.at("schema.openAPIV3Schema").is_null() {
            causes.required(&format!("spec.versions[{at}].schema.openAPIV3Schema"), "");
        }
    }
    if versions.iter().filter(|v| v.flag("storage")).count() != 1 {
        causes.invalid("spec.versions", &spec["versions"], "must have exactly one version marked as storage version");
    }
    for name in ["plural", "singular", "kind", "listKind"] {
        let text = spec.at("names").text(name);
        if text.is_empty() {
            causes.required(&format!("spec.names.{name}"), "");
        } else {
            causes.rule(&format!("spec.names.{name}"), &text.to_lowercase(), names::label);
        }
    }
    if new.at("status.storedVersions").is_empty() {
        causes.invalid("status.storedVersions", Value::Null, "must have at least one stored version");
    }
    let Some(old) = old else { return };
    for field in ["group", "scope"] {
        causes.immutable(&format!("spec.{field}"), &spec[field], &old["spec"][field]);
    }
    causes.immutable("spec.names.kind", spec.at("names.kind"), old.at("spec.names.kind"));
    causes.immutable("spec.names.plural", spec.at("names.plural"), old.at("spec.names.plural"));
}

/// EndpointSlices.
pub(super) fn slice(causes: &mut Causes, new: &Tree, old: Option<&Tree>) {
    causes.one_of("addressType", &new["addressType"], &["FQDN", "IPv4", "IPv6"], true);
    for (at, endpoint) in new["endpoints"].items().iter().enumerate() {
        if endpoint["addresses"].is_empty() {
            causes.required(&format!("endpoints[{at}].addresses"), "must contain at least 1 address");
        }
    }
    if let Some(old) = old {
        causes.immutable("addressType", &new["addressType"], &old["addressType"]);
    }
}

/// RuntimeClasses.
pub(super) fn runtime(causes: &mut Causes, new: &Tree, old: Option<&Tree>) {
    causes.rule("handler", new.text("handler"), names::label);
    if let Some(old) = old {
        causes.immutable("handler", &new["handler"], &old["handler"]);
    }
}
