//! Services, and the endpoints behind them.

use serde_json::Value;

use super::json::{Json, or};
use super::metadata::{joined, labels_and_annotations, name_and_namespace};
use super::probe::host_and_port;
use super::writer::{Writer, line};
use super::{Context, Related, list};

/// The endpoint slices of a service.
pub(super) fn related(service: &Value) -> Vec<Related> {
    let selector = format!("kubernetes.io/service-name={}", service.text("metadata.name"));
    vec![list("/apis/discovery.k8s.io/v1/endpointslices", service.text("metadata.namespace"), "labelSelector", &selector, "endpointslices")]
}

pub(super) fn describe(w: &mut Writer, cx: &Context<'_>) {
    let (service, spec) = (cx.object, cx.object.at("spec"));
    name_and_namespace(w, service);
    labels_and_annotations(w, service);
    line!(w, 0, "Selector:\t{}", joined(&spec.pairs("selector")));
    line!(w, 0, "Type:\t{}", spec.text("type"));
    if spec.has("ipFamilyPolicy") {
        line!(w, 0, "IP Family Policy:\t{}", spec.text("ipFamilyPolicy"));
    }
    line!(w, 0, "IP Families:\t{}", or(&spec.texts("ipFamilies").join(","), "<none>"));
    line!(w, 0, "IP:\t{}", spec.text("clusterIP"));
    line!(w, 0, "IPs:\t{}", or(&spec.texts("clusterIPs").join(","), "<none>"));
    for (title, text) in [
        ("External IPs", spec.texts("externalIPs").join(",")),
        ("Desired LoadBalancer IP", spec.text("loadBalancerIP").to_owned()),
        ("External Name", spec.text("externalName").to_owned()),
        ("LoadBalancer Ingress", ingress(service.list("status.loadBalancer.ingress"))),
    ] {
        if !text.is_empty() {
            line!(w, 0, "{title}:\t{text}");
        }
    }
    for port in spec.list("ports") {
        port_lines(w, cx, port);
    }
    line!(w, 0, "Session Affinity:\t{}", spec.text("sessionAffinity"));
    for (title, text) in [
        ("External Traffic Policy", spec.text("externalTrafficPolicy").to_owned()),
        ("Internal Traffic Policy", spec.text("internalTrafficPolicy").to_owned()),
        ("HealthCheck NodePort", spec.scalar("healthCheckNodePort").filter(|port| port != "0").unwrap_or_default()),
        ("LoadBalancer Source Ranges", spec.texts("loadBalancerSourceRanges").join(",")),
        ("Traffic Distribution", spec.text("trafficDistribution").to_owned()),
    ] {
        if !text.is_empty() {
            line!(w, 0, "{title}:\t{text}");
        }
    }
}

fn port_lines(w: &mut Writer, cx: &Context<'_>, port: &Value) {
    let name = or(port.text("name"), "<unset>");
    let protocol = port.text("protocol");
    line!(w, 0, "Port:\t{name}\t{}/{protocol}", port.int("port"));
    line!(w, 0, "TargetPort:\t{}/{protocol}", port.scalar("targetPort").unwrap_or_else(|| "0".to_owned()));
    if port.has("appProtocol") {
        line!(w, 0, "AppProtocol:\t{}", port.text("appProtocol"));
    }
    if port.int("nodePort") != 0 {
        line!(w, 0, "NodePort:\t{name}\t{}/{protocol}", port.int("nodePort"));
    }
    match cx.items("endpointslices") {
        Ok(slices) => line!(w, 0, "Endpoints:\t{}", endpoints_of_port(slices, port.text("name"))),
        Err(error) => line!(w, 0, "Endpoints:\t<error: {error}>"),
    }
}

/// kubectl's `buildIngressString`.
fn ingress(points: &[Value]) -> String {
    let texts = points.iter().map(|point| match (point.text("ip"), point.scalar("ipMode")) {
        ("", _) => point.text("hostname").to_owned(),
        (ip, Some(mode)) => format!("{ip} ({mode})"),
        (ip, None) => ip.to_owned(),
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// How many endpoints are shown by address.
const SHOWN: usize = 3;

/// kubectl's `formatEndpointSlices`: the ready addresses of a port, the first three of them.
pub(super) fn endpoints_of_port<'a>(slices: impl IntoIterator<Item = &'a Value>, port_name: &str) -> String {
    let (mut shown, mut count, mut more, mut any) = (Vec::new(), 0, false, false);
    for slice in slices {
        any = true;
        let ports = slice.list("ports");
        // A headless service can have no ports.
        let ports: Vec<Option<&Value>> =
            if ports.is_empty() { vec![None] } else { ports.iter().filter(|port| port.text("name") == port_name).map(Some).collect() };
        for port in ports {
            for endpoint in slice.list("endpoints") {
                // Before looking at its readiness, as kubectl does it.
                more |= shown.len() == SHOWN;
                if endpoint.at("conditions.ready") == &Value::Bool(false) {
                    continue;
                }
                if !more {
                    let address = endpoint.texts("addresses").first().copied().unwrap_or_default();
                    shown.push(port.map_or_else(|| address.to_owned(), |port| host_and_port(address, &port.int("port").to_string())));
                }
                count += 1;
            }
        }
    }
    match (any, more) {
        (false, _) => "<none>".to_owned(),
        (true, false) => shown.join(","),
        (true, true) => format!("{} + {} more...", shown.join(","), count - SHOWN),
    }
}

pub(super) fn endpoint_slice(w: &mut Writer, cx: &Context<'_>) {
    let slice = cx.object;
    name_and_namespace(w, slice);
    labels_and_annotations(w, slice);
    line!(w, 0, "AddressType:\t{}", slice.text("addressType"));
    let unset = |object: &Value, path: &str| object.scalar(path).unwrap_or_else(|| "<unset>".to_owned());
    let ports = slice.list("ports");
    if ports.is_empty() {
        line!(w, 0, "Ports: <unset>");
    } else {
        line!(w, 0, "Ports:");
        line!(w, 1, "Name\tPort\tProtocol");
        line!(w, 1, "----\t----\t--------");
    }
    for port in ports {
        line!(w, 1, "{}\t{}\t{}", or(port.text("name"), "<unset>"), unset(port, "port"), port.text("protocol"));
    }
    let endpoints = slice.list("endpoints");
    line!(w, 0, "Endpoints:{}", if endpoints.is_empty() { " <none>" } else { "" });
    for endpoint in endpoints {
        line!(w, 1, "- Addresses:\t{}", or(&endpoint.texts("addresses").join(", "), "<none>"));
        line!(w, 2, "Conditions:");
        line!(w, 3, "Ready:\t{}", unset(endpoint, "conditions.ready"));
        line!(w, 2, "Hostname:\t{}", unset(endpoint, "hostname"));
        if endpoint.has("targetRef") {
            line!(w, 2, "TargetRef:\t{}/{}", endpoint.text("targetRef.kind"), endpoint.text("targetRef.name"));
        }
        line!(w, 2, "NodeName:\t{}", unset(endpoint, "nodeName"));
        line!(w, 2, "Zone:\t{}", unset(endpoint, "zone"));
    }
}

pub(super) fn endpoints(w: &mut Writer, cx: &Context<'_>) {
    name_and_namespace(w, cx.object);
    labels_and_annotations(w, cx.object);
    line!(w, 0, "Subsets:");
    for subset in cx.object.list("subsets") {
        for (title, field) in [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")] {
            let addresses = subset.list(field).iter().map(|address| address.text("ip")).collect::<Vec<_>>().join(",");
            line!(w, 1, "{title}:\t{}", or(&addresses, "<none>"));
        }
        let ports = subset.list("ports");
        if !ports.is_empty() {
            line!(w, 1, "Ports:");
            line!(w, 2, "Name\tPort\tProtocol");
            line!(w, 2, "----\t----\t--------");
        }
        for port in ports {
            line!(w, 2, "{}\t{}\t{}", or(port.text("name"), "<unset>"), port.int("port"), port.text("protocol"));
        }
        w.line_end("");
    }
}

#[cfg(test)]
mod tests {
    use super::endpoints_of_port;
    use serde_json::{Value, json};

    #[test]
    fn the_first_three_ready_endpoints_are_shown() {
        let slice = |addresses: &[&str]| {
            let endpoints: Vec<Value> = addresses.iter().map(|a| json!({"addresses": [a], "conditions": {"ready": *a != "x"}})).collect();
            json!({"ports": [{"name": "web", "port": 80}, {"name": "b", "port": 81}], "endpoints": endpoints})
        };
        assert_eq!(endpoints_of_port(&[], "web"), "<none>");
        assert_eq!(endpoints_of_port(&[slice(&["x"])], "web"), "");
        assert_eq!(endpoints_of_port(&[slice(&["1.1.1.1", "x"]), slice(&["::1"])], "web"), "1.1.1.1:80,[::1]:80");
        assert_eq!(endpoints_of_port(&[slice(&["1", "2", "3", "4", "5"])], "b"), "1:81,2:81,3:81 + 2 more...");
        assert_eq!(endpoints_of_port(&[json!({"endpoints": [{"addresses": ["1"]}]})], ""), "1");
    }
}
