//! Ingresses, their classes, network policies, and the addresses of services.

use std::collections::BTreeSet;

use serde_json::Value;

use super::json::{Json, or};
use super::metadata::{
    annotations, condition_table, format_selector, labels, labels_and_annotations, moment_in_go, name, name_and_namespace,
};
use super::service::endpoints_of_port;
use super::writer::{Writer, line, part};
use super::{Context, Related, list};

fn paths(ingress: &Value) -> impl Iterator<Item = &Value> {
    ingress.list("spec.rules").iter().flat_map(|rule| rule.list("http.paths"))
}

/// The services that an ingress leads to, and their endpoint slices.
pub(super) fn ingress_related(ingress: &Value) -> Vec<Related> {
    let default = std::iter::once(ingress.at("spec.defaultBackend"));
    let names: BTreeSet<&str> = default
        .chain(paths(ingress).map(|path| path.at("backend")))
        .map(|backend| backend.text("service.name"))
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() {
        return Vec::new();
    }
    let namespace = ingress.text("metadata.namespace");
    let names: Vec<&str> = names.into_iter().collect();
    let slices = format!("kubernetes.io/service-name in ({})", names.join(","));
    // A field selector can name one object only.
    let one = if let [name] = names[..] { format!("metadata.name={name}") } else { String::new() };
    vec![
        list("/apis/discovery.k8s.io/v1/endpointslices", namespace, "labelSelector", &slices, "endpointslices"),
        list("/api/v1/services", namespace, "fieldSelector", &one, "services"),
    ]
}

pub(super) fn ingress(w: &mut Writer, cx: &Context<'_>) {
    let (ingress, spec) = (cx.object, cx.object.at("spec"));
    name(w, ingress);
    labels(w, "", "Labels", &ingress.pairs("metadata.labels"));
    line!(w, 0, "Namespace:\t{}", ingress.text("metadata.namespace"));
    let addresses: BTreeSet<&str> = ingress
        .list("status.loadBalancer.ingress")
        .iter()
        .map(|point| or(point.text("ip"), point.text("hostname")))
        .filter(|address| !address.is_empty())
        .collect();
    line!(w, 0, "Address:\t{}", addresses.into_iter().collect::<Vec<_>>().join(","));
    line!(w, 0, "Ingress Class:\t{}", spec.scalar("ingressClassName").unwrap_or_else(|| "<none>".to_owned()));
    let default = if spec.has("defaultBackend") { backend(cx, spec.at("defaultBackend")) } else { "<default>".to_owned() };
    line!(w, 0, "Default backend:\t{default}");
    let tls = spec.list("tls");
    if !tls.is_empty() {
        line!(w, 0, "TLS:");
    }
    for entry in tls {
        let hosts = entry.texts("hosts").join(",");
        match entry.text("secretName") {
            "" => line!(w, 1, "SNI routes {hosts}"),
            secret => line!(w, 1, "{secret} terminates {hosts}"),
        }
    }
    line!(w, 0, "Rules:\n  Host\tPath\tBackends");
    line!(w, 1, "----\t----\t--------");
    let mut any = false;
    for rule in spec.list("rules").iter().filter(|rule| rule.has("http")) {
        any = true;
        line!(w, 1, "{}\t", or(rule.text("host"), "*"));
        for path in rule.list("http.paths") {
            line!(w, 2, "\t{} \t{}", path.text("path"), backend(cx, path.at("backend")));
        }
    }
    if !any {
        line!(w, 1, "*\t*\t{default}");
    }
    annotations(w, "Annotations", &ingress.pairs("metadata.annotations"));
}

/// kubectl's `describeBackendV1`: `web:80 (10.0.0.1:8080)`.
fn backend(cx: &Context<'_>, backend: &Value) -> String {
    let (service, resource) = (backend.at("service"), backend.at("resource"));
    if !service.is_null() {
        let port = match service.int("port.number") {
            0 => service.text("port.name").to_owned(),
            number => number.to_string(),
        };
        let name = service.text("name");
        return match endpoints(cx, service) {
            Ok(endpoints) => format!("{name}:{port} ({endpoints})"),
            Err(error) => format!("{name}:{port} (<error: {error}>)"),
        };
    }
    if !resource.is_null() {
        let group = resource.scalar("apiGroup").unwrap_or_else(|| "<none>".to_owned());
        return format!("APIGroup: {group}, Kind: {}, Name: {}", resource.text("kind"), resource.text("name"));
    }
    String::new()
}

fn endpoints(cx: &Context<'_>, backend: &Value) -> Result<String, String> {
    let name = backend.text("name");
    let slices = cx.items("endpointslices")?;
    let services = cx.items("services")?;
    let service = services.iter().find(|s| s.text("metadata.name") == name).ok_or_else(|| format!("services \"{name}\" not found"))?;
    let (number, port_name) = (backend.int("port.number"), backend.text("port.name"));
    let port = service
        .list("spec.ports")
        .iter()
        .rev()
        .find(|port| (number != 0 && port.int("port") == number) || (!port_name.is_empty() && port.text("name") == port_name));
    let slices =
        slices.iter().filter(|slice| slice.at("metadata.labels").get("kubernetes.io/service-name").and_then(Value::as_str) == Some(name));
    Ok(endpoints_of_port(slices, port.map_or("", |port| port.text("name"))))
}

pub(super) fn ingress_class(w: &mut Writer, cx: &Context<'_>) {
    name(w, cx.object);
    labels_and_annotations(w, cx.object);
    line!(w, 0, "Controller:\t{}", cx.object.text("spec.controller"));
    let parameters = cx.object.at("spec.parameters");
    if !parameters.is_null() {
        line!(w, 0, "Parameters:");
        if parameters.has("apiGroup") {
            line!(w, 1, "APIGroup:\t{}", parameters.text("apiGroup"));
        }
        line!(w, 1, "Kind:\t{}", parameters.text("kind"));
        line!(w, 1, "Name:\t{}", parameters.text("name"));
    }
}

pub(super) fn service_cidr(w: &mut Writer, cx: &Context<'_>) {
    name(w, cx.object);
    labels_and_annotations(w, cx.object);
    line!(w, 0, "CIDRs:\t{}", cx.object.texts("spec.cidrs").join(", "));
    let conditions = cx.object.list("status.conditions");
    if !conditions.is_empty() {
        line!(w, 0, "Status:");
        line!(w, 0, "Conditions:");
        condition_table(w, conditions);
    }
}

pub(super) fn ip_address(w: &mut Writer, cx: &Context<'_>) {
    name(w, cx.object);
    labels_and_annotations(w, cx.object);
    let parent = cx.object.at("spec.parentRef");
    if !parent.is_null() {
        line!(w, 0, "Parent Reference:");
        for (title, field) in [("Group", "group"), ("Resource", "resource"), ("Namespace", "namespace"), ("Name", "name")] {
            line!(w, 1, "{title}:\t{}", parent.text(field));
        }
    }
}

pub(super) fn network_policy(w: &mut Writer, cx: &Context<'_>) {
    let (policy, spec) = (cx.object, cx.object.at("spec"));
    name_and_namespace(w, policy);
    line!(w, 0, "Created on:\t{}", moment_in_go(policy, "metadata.creationTimestamp"));
    labels_and_annotations(w, policy);
    line!(w, 0, "Spec:");
    part!(w, 1, "PodSelector: ");
    match format_selector(spec.at("podSelector")) {
        none if none == "<none>" => line!(w, 2, "<none> (Allowing the specific traffic to all pods in this namespace)"),
        selector => line!(w, 2, "{selector}"),
    }
    let types = spec.texts("policyTypes");
    for (kind, word, peers, direction) in [("Ingress", "ingress", "from", "From"), ("Egress", "egress", "to", "To")] {
        if types.contains(&kind) {
            line!(w, 1, "Allowing {word} traffic:");
            rules(w, spec.list(word), word, peers, direction);
        } else {
            line!(w, 1, "Not affecting {word} traffic");
        }
    }
    line!(w, 1, "Policy Types: {}", or(&types.join(", "), "<none>"));
}

/// The rules of one direction; their peers stand in the field `peers`.
fn rules(w: &mut Writer, rules: &[Value], word: &str, peers: &str, direction: &str) {
    if rules.is_empty() {
        line!(w, 2, "<none> (Selected pods are isolated for {word} connectivity)");
    }
    for (at, rule) in rules.iter().enumerate() {
        if at > 0 {
            line!(w, 2, "----------");
        }
        ports(w, rule.list("ports"));
        let all = rule.list(peers);
        if all.is_empty() {
            let by = if word == "ingress" { "source" } else { "destination" };
            line!(w, 2, "{direction}: <any> (traffic not restricted by {by})");
        }
        for peer in all {
            line!(w, 2, "{direction}:");
            let selectors = [("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")];
            for (title, field) in selectors.into_iter().filter(|(_, field)| peer.has(field)) {
                line!(w, 3, "{title}: {}", format_selector(peer.at(field)));
            }
            if selectors.iter().all(|(_, field)| !peer.has(field)) && peer.has("ipBlock") {
                line!(w, 3, "IPBlock:");
                line!(w, 4, "CIDR: {}", peer.text("ipBlock.cidr"));
                line!(w, 4, "Except: {}", peer.texts("ipBlock.except").join(", "));
            }
        }
    }
}

fn ports(w: &mut Writer, ports: &[Value]) {
    if ports.is_empty() {
        line!(w, 2, "To Port: <any> (traffic allowed to all ports)");
    }
    for port in ports {
        let number = port.scalar("port").unwrap_or_else(|| "<nil>".to_owned());
        let protocol = port.scalar("protocol").unwrap_or_else(|| "TCP".to_owned());
        match port.scalar("endPort") {
            Some(end) => line!(w, 2, "To Port Range: {number}-{end}/{protocol}"),
            None => line!(w, 2, "To Port: {number}/{protocol}"),
        }
    }
}
