//! `ValidatePodSpec`, `ValidatePodUpdate`.

use std::collections::HashSet;

use crate::demo::refusal::Cause;
use crate::demo::tree::Tree;
use crate::kinds::describe::quantity::Quantity;
use crate::model::quantity::millis;

use super::causes::Causes;
use super::{environment, names};

/// The fields of a container that say how it is asked whether it is well.
const HANDLERS: [&str; 5] = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];

/// `MaxDNSNameservers`.
const NAMESERVERS: usize = 3;

/// A pod's spec at a path. `more` are volumes that the workload's controller adds.
pub(super) fn spec(causes: &mut Causes, spec: &Tree, at: &str, more: &[&str]) {
    let mut volumes: HashSet<&str> = more.iter().copied().collect();
    volumes_of(causes, spec, at, &mut volumes);
    let containers = spec["containers"].items();
    if containers.is_empty() {
        causes.required(&format!("{at}.containers"), "");
    }
    let mut names = HashSet::new();
    for (index, c) in containers.iter().enumerate() {
        let at = format!("{at}.containers[{index}]");
        container(causes, c, &at, &volumes);
        if !names.insert(c.text("name")) {
            causes.duplicate(&format!("{at}.name"), c.text("name"));
        }
        probes(causes, c, &at);
    }
    host_ports(causes, containers, &format!("{at}.containers"));
    for (index, c) in spec["initContainers"].items().iter().enumerate() {
        let at = format!("{at}.initContainers[{index}]");
        container(causes, c, &at, &volumes);
        if !names.insert(c.text("name")) {
            causes.duplicate(&format!("{at}.name"), c.text("name"));
        }
        if c.text("restartPolicy") == "Always" {
            probes(causes, c, &at);
        } else {
            for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if !c[field].is_null() {
                    causes.forbidden(&format!("{at}.{field}"), "may not be set for init containers without restartPolicy=Always");
                }
            }
        }
    }
    for (index, c) in spec["ephemeralContainers"].items().iter().enumerate() {
        let at = format!("{at}.ephemeralContainers[{index}]");
        container(causes, c, &at, &volumes);
        if !names.insert(c.text("name")) {
            causes.duplicate(&format!("{at}.name"), c.text("name"));
        }
        for field in ["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] {
            if !c[field].is_empty() {
                causes.forbidden(&format!("{at}.{field}"), "cannot be set for an Ephemeral Container");
            }
        }
        let target = c.text("targetContainerName");
        if !target.is_empty() && !containers.iter().any(|c| c.text("name") == target) {
            causes.0.push(Cause::not_found(format!("{at}.targetContainerName"), target));
        }
    }
    rest(causes, spec, at);
}

fn rest(causes: &mut Causes, spec: &Tree, at: &str) {
    let field = |name: &str| format!("{at}.{name}");
    causes.one_of(&field("restartPolicy"), &spec["restartPolicy"], &["Always", "OnFailure", "Never"], true);
    let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    causes.one_of(&field("dnsPolicy"), &spec["dnsPolicy"], &policies, true);
    causes.labels(&field("nodeSelector"), &spec["nodeSelector"]);
    for (index, secret) in spec["imagePullSecrets"].items().iter().enumerate() {
        if secret.text("name").is_empty() {
            causes.required(&field(&format!("imagePullSecrets[{index}].name")), "");
        }
    }
    dns(causes, spec, &field("dnsConfig"));
    for (name, rule) in [("serviceAccountName", names::subdomain as names::Rule), ("nodeName", names::subdomain)] {
        if !spec.text(name).is_empty() {
            causes.rule(&field(name), spec.text(name), rule);
        }
    }
    if let Some(seconds) = spec["activeDeadlineSeconds"].as_i64().filter(|s| !(1..=i64::from(i32::MAX)).contains(s)) {
        causes.invalid(&field("activeDeadlineSeconds"), seconds, "must be between 1 and 2147483647, inclusive");
    }
    for name in ["hostname", "subdomain"] {
        if !spec.text(name).is_empty() {
            causes.rule(&field(name), spec.text(name), names::label);
        }
    }
    for (index, toleration) in spec["tolerations"].items().iter().enumerate() {
        let at = field(&format!("tolerations[{index}]"));
        let (key, operator, effect) = (toleration.text("key"), toleration.text("operator"), toleration.text("effect"));
        if !key.is_empty() {
            causes.rule(&format!("{at}.key"), key, names::qualified);
        } else if operator != "Exists" {
            causes.invalid(
                &format!("{at}.operator"),
                operator,
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            );
        }
        if !toleration["tolerationSeconds"].is_null() && effect != "NoExecute" {
            causes.invalid(&format!("{at}.effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
        }
        match operator {
            "Equal" | "" => causes.rule(&format!("{at}.operator"), toleration.text("value"), names::value),
            "Exists" if !toleration.text("value").is_empty() => {
                causes.invalid(&format!("{at}.operator"), toleration, "value must be empty when `operator` is 'Exists'");
            }
            _ => causes.one_of(&format!("{at}.operator"), &toleration["operator"], &["Equal", "Exists"], false),
        }
        causes.one_of(&format!("{at}.effect"), &toleration["effect"], &["NoSchedule", "PreferNoSchedule", "NoExecute"], false);
    }
    if !spec.text("priorityClassName").is_empty() {
        causes.rule(&field("priorityClassName"), spec.text("priorityClassName"), names::subdomain);
    }
    causes.one_of(&field("preemptionPolicy"), &spec["preemptionPolicy"], &["PreemptLowerPriority", "Never"], false);
}

/// `validatePodDNSConfig`.
fn dns(causes: &mut Causes, spec: &Tree, at: &str) {
    let config = &spec["dnsConfig"];
    let servers = config["nameservers"].items();
    if spec.text("dnsPolicy") == "None" {
        if config.is_null() {
            return causes.required(at, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        if servers.is_empty() {
            return causes.required(&format!("{at}.nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None");
        }
    }
    if servers.len() > NAMESERVERS {
        let why = format!("must not have more than {NAMESERVERS} nameservers");
        causes.invalid(&format!("{at}.nameservers"), &config["nameservers"], &why);
    }
    for (index, server) in servers.iter().enumerate() {
        let server = server.as_str().unwrap_or("");
        if server.parse::<std::net::IpAddr>().is_err() {
            let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            causes.invalid(&format!("{at}.nameservers[{index}]"), server, why);
        }
    }
    for (index, _) in config["options"].items().iter().enumerate().filter(|(_, option)| option.text("name").is_empty()) {
        causes.required(&format!("{at}.options[{index}]"), "must not be empty");
    }
}

fn volumes_of<'a>(causes: &mut Causes, spec: &'a Tree, at: &str, names: &mut HashSet<&'a str>) {
    let mut seen = HashSet::new();
    for (index, volume) in spec["volumes"].items().iter().enumerate() {
        let at = format!("{at}.volumes[{index}]");
        for (number, (source, value)) in volume.entries().filter(|(key, value)| *key != "name" && !value.is_null()).enumerate() {
            let field = format!("{at}.{source}");
            if number > 0 {
                causes.forbidden(&field, "may not specify more than 1 volume type");
                continue;
            }
            let needs: &[&str] = match source {
                "secret" => &["secretName"],
                "configMap" => &["name"],
                "persistentVolumeClaim" => &["claimName"],
                "hostPath" => &["path"],
                "nfs" => &["server", "path"],
                "csi" => &["driver"],
                _ => &[],
            };
            for need in needs.iter().filter(|need| value.text(need).is_empty()) {
                causes.required(&format!("{field}.{need}"), "");
            }
        }
        let name = volume.text("name");
        if name.is_empty() {
            causes.required(&format!("{at}.name"), "");
            continue;
        }
        let before = causes.0.len();
        causes.rule(&format!("{at}.name"), name, names::label);
        if before == causes.0.len() && !seen.insert(name) {
            causes.duplicate(&format!("{at}.name"), name);
        }
        names.insert(name);
    }
}

/// `validateContainerCommon`.
fn container(causes: &mut Causes, c: &Tree, at: &str, volumes: &HashSet<&str>) {
    let field = |name: &str| format!("{at}.{name}");
    if c.text("name").is_empty() {
        causes.required(&field("name"), "");
    } else {
        causes.rule(&field("name"), c.text("name"), names::label);
    }
    if c.text("image").is_empty() {
        causes.required(&field("image"), "");
    }
    causes.one_of(&field("terminationMessagePolicy"), &c["terminationMessagePolicy"], &["FallbackToLogsOnError", "File"], true);
    ports(causes, c, at);
    environment::check(causes, c, at);
    mounts(causes, c, at, volumes);
    causes.one_of(&field("imagePullPolicy"), &c["imagePullPolicy"], &["Always", "IfNotPresent", "Never"], true);
    resources(causes, &c["resources"], &field("resources"));
    if c.at("securityContext").flag("privileged") && c.at("securityContext")["allowPrivilegeEscalation"].as_bool() == Some(false) {
        causes.invalid(
            &field("securityContext"),
            &c["securityContext"],
            "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        );
    }
}

fn ports(causes: &mut Causes, c: &Tree, at: &str) {
    let mut names = HashSet::new();
    for (index, port) in c["ports"].items().iter().enumerate() {
        let at = format!("{at}.ports[{index}]");
        let name = port.text("name");
        if !name.is_empty() {
            let before = causes.0.len();
            causes.rule(&format!("{at}.name"), name, names::port_name);
            if before == causes.0.len() && !names.insert(name) {
                causes.duplicate(&format!("{at}.name"), name);
            }
        }
        match port.int("containerPort", 0) {
            0 => causes.required(&format!("{at}.containerPort"), ""),
            number => {
                if let Some(why) = names::port_number(number) {
                    causes.invalid(&format!("{at}.containerPort"), number, why);
                }
            }
        }
        let host = port.int("hostPort", 0);
        if let Some(why) = names::port_number(host).filter(|_| host != 0) {
            causes.invalid(&format!("{at}.hostPort"), host, why);
        }
        causes.one_of(&format!("{at}.protocol"), &port["protocol"], &["SCTP", "TCP", "UDP"], true);
    }
}

fn host_ports(causes: &mut Causes, containers: &[Tree], at: &str) {
    let mut taken = HashSet::new();
    for (index, c) in containers.iter().enumerate() {
        for (which, port) in c["ports"].items().iter().enumerate() {
            let host = port.int("hostPort", 0);
            let key = format!("{}/{}/{host}", port.text("protocol"), port.text("hostIP"));
            if host != 0 && !taken.insert(key.clone()) {
                causes.duplicate(&format!("{at}[{index}].ports[{which}].hostPort"), key);
            }
        }
    }
}

fn mounts(causes: &mut Causes, c: &Tree, at: &str, volumes: &HashSet<&str>) {
    let mut paths = HashSet::new();
    for (index, mount) in c["volumeMounts"].items().iter().enumerate() {
        let at = format!("{at}.volumeMounts[{index}]");
        let (name, path) = (mount.text("name"), mount.text("mountPath"));
        if name.is_empty() {
            causes.required(&format!("{at}.name"), "");
        }
        if !volumes.contains(name) {
            causes.0.push(Cause::not_found(format!("{at}.name"), name));
        }
        if path.is_empty() {
            causes.required(&format!("{at}.mountPath"), "");
        }
        if !paths.insert(path) {
            causes.invalid(&format!("{at}.mountPath"), path, "must be unique");
        }
    }
}

/// `ValidateContainerResourceRequirements`.
fn resources(causes: &mut Causes, resources: &Tree, at: &str) {
    for which in ["limits", "requests"] {
        for (name, amount) in resources[which].entries() {
            let at = format!("{at}.{which}");
            let text = amount.as_str().unwrap_or("0");
            let value = Quantity::parse(text);
            if !name.contains('/') && !matches!(name, "cpu" | "memory" | "ephemeral-storage") && !name.starts_with("hugepages-") {
                causes.invalid(&format!("{at}[{name}]"), name, "must be a standard resource type or fully qualified");
                causes.invalid(&format!("{at}[{name}]"), name, "must be a standard resource for containers");
            }
            if millis(text).is_some_and(|n| n < 0) {
                causes.invalid(&format!("{at}[{name}]"), value.to_string(), "must be greater than or equal to 0");
            }
            let limit = resources["limits"][name].as_str();
            if which == "requests" {
                let overcommit = !name.contains('/') && !name.starts_with("hugepages-");
                match limit.map(|limit| (limit, value.compare(Quantity::parse(limit)))) {
                    Some((limit, order)) if order.is_ne() && !overcommit => {
                        causes.invalid(&at, value.to_string(), &format!("must be equal to {name} limit of {}", Quantity::parse(limit)));
                    }
                    Some((limit, order)) if order.is_gt() => {
                        let why = format!("must be less than or equal to {name} limit of {}", Quantity::parse(limit));
                        causes.invalid(&at, value.to_string(), &why);
                    }
                    None if !overcommit => {
                        causes.required(&at.replace(".requests", ".limits"), "Limit must be set for non overcommitable resources");
                    }
                    _ => {}
                }
            }
        }
    }
}

fn probes(causes: &mut Causes, c: &Tree, at: &str) {
    for hook in ["postStart", "preStop"] {
        let handler_of = c.at("lifecycle").get(hook).filter(|h| !h.is_null());
        if let Some(hook_of) = handler_of {
            handler(causes, hook_of, &format!("{at}.lifecycle.{hook}"));
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let probe = &c[name];
        if probe.is_null() {
            continue;
        }
        let at = format!("{at}.{name}");
        handler(causes, probe, &at);
        let fields = ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"];
        causes.nonnegative(probe, &at, &fields);
        if let Some(grace) = probe["terminationGracePeriodSeconds"].as_i64().filter(|&g| g <= 0) {
            causes.invalid(&format!("{at}.terminationGracePeriodSeconds"), grace, "must be greater than 0");
        }
        let successes = probe.int("successThreshold", 1);
        if name != "readinessProbe" && successes != 1 {
            causes.invalid(&format!("{at}.successThreshold"), successes, "must be 1");
        }
    }
}

fn handler(causes: &mut Causes, of: &Tree, at: &str) {
    let mut found = false;
    for name in HANDLERS {
        let handler = &of[name];
        if handler.is_null() {
            continue;
        }
        let at = format!("{at}.{name}");
        if found {
            causes.forbidden(&at, "may not specify more than 1 handler type");
            continue;
        }
        found = true;
        match name {
            "exec" if handler["command"].is_empty() => causes.required(&format!("{at}.command"), ""),
            "httpGet" => {
                if handler.text("path").is_empty() {
                    causes.required(&format!("{at}.path"), "");
                }
                causes.port(&format!("{at}.port"), &handler["port"]);
                causes.one_of(&format!("{at}.scheme"), &handler["scheme"], &["HTTP", "HTTPS"], true);
            }
            "tcpSocket" | "grpc" => causes.port(&format!("{at}.port"), &handler["port"]),
            _ => {}
        }
    }
    if !found {
        causes.required(at, "must specify a handler type");
    }
}

const UPDATABLE: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// A changed pod.
pub(super) fn update(causes: &mut Causes, new: &Tree, old: &Tree) {
    let (new, old) = (&new["spec"], &old["spec"]);
    for list in ["containers", "initContainers"] {
        if new[list].items().len() != old[list].items().len() {
            causes.forbidden(&format!("spec.{list}"), "pod updates may not add or remove containers");
            return;
        }
        for (index, _) in new[list].items().iter().enumerate().filter(|(_, c)| c.text("image").is_empty()) {
            causes.required(&format!("spec.{list}[{index}].image"), "");
        }
    }
    match (new["activeDeadlineSeconds"].as_i64(), old["activeDeadlineSeconds"].as_i64()) {
        (Some(now), Some(before)) if now > before => {
            causes.invalid("spec.activeDeadlineSeconds", now, "must be less than or equal to previous value");
            return;
        }
        (None, Some(_)) => {
            causes.invalid("spec.activeDeadlineSeconds", &Tree::Null, "must not update from a positive integer to nil value");
        }
        _ => {}
    }
    let kept = |t: &Tree| {
        let same = |n: &Tree| ["key", "operator", "value", "effect"].iter().all(|part| n[*part].equals(&t[*part]));
        new["tolerations"].items().iter().any(same)
    };
    if !old["tolerations"].items().iter().all(kept) {
        causes.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
    }
    let gated = |t: &Tree| old["schedulingGates"].items().contains(t);
    for (index, gate) in new["schedulingGates"].items().iter().enumerate().filter(|(_, gate)| !gated(gate)) {
        causes.forbidden(
            &format!("spec.schedulingGates[{index}].name"),
            &format!("only deletion is allowed, but found new scheduling gate '{}'", gate.text("name")),
        );
    }
    let mut munged = new.clone();
    for list in ["containers", "initContainers"] {
        for (at, before) in old[list].items().iter().enumerate() {
            if munged[list][at]["image"] != before["image"] {
                munged.slot(list).items_mut()[at].put("image", &before["image"]);
            }
        }
    }
    for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        if old[field].is_null() {
            munged.take(field);
        } else {
            munged.put(field, &old[field]);
        }
    }
    if old.int("terminationGracePeriodSeconds", 0) < 0 && munged.int("terminationGracePeriodSeconds", 0) == 1 {
        munged.put("terminationGracePeriodSeconds", &old["terminationGracePeriodSeconds"]);
    }
    if !munged.equals(old) {
        causes.forbidden("spec", &format!("{UPDATABLE}\n{}", difference(&munged, old)));
    }
}

/// What differs: upstream prints a `cmp.Diff` of Go structs here; these are the fields of it that differ.
fn difference(new: &Tree, old: &Tree) -> String {
    let mut keys: Vec<&str> = new.entries().chain(old.entries()).map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys.dedup();
    let text = |tree: &Tree| String::from_utf8_lossy(&tree.json()).into_owned();
    let differing = keys.into_iter().filter(|key| !new[*key].equals(&old[*key]));
    differing.map(|key| format!("- {key}: {}\n+ {key}: {}\n", text(&new[key]), text(&old[key]))).collect()
}
