//! `ValidateServiceCreate`, `ValidateServiceUpdate`.

use std::collections::HashSet;

use crate::demo::refusal::Cause;
use crate::demo::tree::Tree;

use super::causes::Causes;
use super::names;

/// A service, new or changed.
pub(super) fn check(causes: &mut Causes, new: &Tree, old: Option<&Tree>) {
    let spec = &new["spec"];
    let kind = spec.text("type");
    if let Some(old) = old {
        // An address may be given up for ExternalName, and taken anew after it.
        let named = |t: &Tree| t.text("spec.type") == "ExternalName";
        let (now, before) = (spec["clusterIPs"][0].clone(), old.at("spec.clusterIPs")[0].clone());
        if !named(new) && !named(old) && !before.is_null() && now != before {
            causes.invalid("spec.clusterIPs[0]", &spec["clusterIPs"], "may not change once set");
        }
    }
    let headless = spec.text("clusterIP") == "None";
    if spec["ports"].is_empty() && !headless && kind != "ExternalName" {
        causes.required("spec.ports", "");
    }
    match kind {
        "LoadBalancer" | "NodePort" if headless => {
            causes.invalid("spec.clusterIPs[0]", "None", &format!("may not be set to 'None' for {kind} services"));
        }
        "ExternalName" => {
            for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                if !spec[field].is_empty() {
                    causes.forbidden(&format!("spec.{field}"), "may not be set for ExternalName services");
                }
            }
            match spec.text("externalName").trim_end_matches('.') {
                "" => causes.required("spec.externalName", ""),
                name => causes.rule("spec.externalName", name, names::subdomain),
            }
        }
        _ => {}
    }
    ports(causes, spec);
    causes.labels("spec.selector", &spec["selector"]);
    causes.one_of("spec.sessionAffinity", &spec["sessionAffinity"], &["ClientIP", "None"], true);
    let timeout = spec.int("sessionAffinityConfig.clientIP.timeoutSeconds", 1);
    if spec.text("sessionAffinity") == "ClientIP" && !(1..=86_400).contains(&timeout) {
        causes.invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", timeout, "must be greater than 0 and less than 86400");
    }
    let address = spec.text("clusterIP");
    if !matches!(address, "" | "None") && address.parse::<std::net::IpAddr>().is_err() {
        causes.invalid("spec.clusterIPs[0]", address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    }
    for (at, ip) in spec["externalIPs"].items().iter().enumerate() {
        let ip = ip.as_str().unwrap_or("");
        if ip.parse::<std::net::IpAddr>().is_err() {
            causes.invalid(&format!("spec.externalIPs[{at}]"), ip, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        }
    }
    causes.one_of("spec.type", &spec["type"], &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], true);
    if kind == "ClusterIP" {
        for (at, _) in spec["ports"].items().iter().enumerate().filter(|(_, p)| p.int("nodePort", 0) != 0) {
            causes.forbidden(&format!("spec.ports[{at}].nodePort"), "may not be used when `type` is 'ClusterIP'");
        }
    }
    duplicates(causes, spec);
    if !spec["loadBalancerSourceRanges"].is_empty() && kind != "LoadBalancer" {
        causes.forbidden("spec.LoadBalancerSourceRanges", "may only be used when `type` is 'LoadBalancer'");
    }
    if !spec["allocateLoadBalancerNodePorts"].is_null() && kind != "LoadBalancer" {
        causes.forbidden("spec.allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'");
    }
    if !spec["loadBalancerClass"].is_null() && kind != "LoadBalancer" {
        causes.forbidden("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'");
    }
    let outside = matches!(kind, "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && !spec["externalIPs"].is_empty());
    if outside {
        causes.one_of("spec.externalTrafficPolicy", &spec["externalTrafficPolicy"], &["Cluster", "Local"], true);
    } else if !spec.text("externalTrafficPolicy").is_empty() {
        let why = "may only be set for externally-accessible services";
        causes.invalid("spec.externalTrafficPolicy", &spec["externalTrafficPolicy"], why);
    }
    causes.one_of("spec.internalTrafficPolicy", &spec["internalTrafficPolicy"], &["Cluster", "Local"], false);
}

fn ports(causes: &mut Causes, spec: &Tree) {
    let ports = spec["ports"].items();
    let mut seen = HashSet::new();
    for (at, port) in ports.iter().enumerate() {
        let field = |name: &str| format!("spec.ports[{at}].{name}");
        let name = port.text("name");
        if name.is_empty() {
            if ports.len() > 1 {
                causes.required(&field("name"), "");
            }
        } else {
            causes.rule(&field("name"), name, names::label);
            if !seen.insert(name) {
                causes.duplicate(&field("name"), name);
            }
        }
        let number = port.int("port", 0);
        if let Some(why) = names::port_number(number) {
            causes.invalid(&field("port"), number, why);
        }
        causes.one_of(&field("protocol"), &port["protocol"], &["SCTP", "TCP", "UDP"], true);
        causes.port(&field("targetPort"), &port["targetPort"]);
        if !port.text("appProtocol").is_empty() {
            causes.rule(&field("appProtocol"), port.text("appProtocol"), names::qualified);
        }
    }
}

fn duplicates(causes: &mut Causes, spec: &Tree) {
    let mut node_ports = HashSet::new();
    for (at, port) in spec["ports"].items().iter().enumerate() {
        let number = port.int("nodePort", 0);
        if number != 0 && !node_ports.insert((port.text("protocol"), number)) {
            causes.duplicate(&format!("spec.ports[{at}].nodePort"), number);
        }
    }
    let mut numbers = HashSet::new();
    for (at, port) in spec["ports"].items().iter().enumerate() {
        let (protocol, number) = (port.text("protocol"), port.int("port", 0));
        if !numbers.insert((protocol, number)) {
            let json = format!(r#"{{"Name":"","Protocol":{protocol:?},"AppProtocol":null,"Port":{number},"TargetPort":0,"NodePort":0}}"#);
            let message = format!("Duplicate value: {json}");
            causes.0.push(Cause { reason: "FieldValueDuplicate", field: format!("spec.ports[{at}]"), message });
        }
    }
}
