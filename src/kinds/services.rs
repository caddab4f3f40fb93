//! Services.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use super::partial::{IntOrString, ObjectMeta, join};
use super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, selector_of_labels, text, wide};
use crate::model::facts::{Facts, Port, ServiceFacts};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

crate::partial! {
    /// `core.v1.Service`.
    Service {
        1 metadata: one ObjectMeta,
        2 spec: one ServiceSpec,
        3 status: one ServiceStatus,
    }

    /// `core.v1.ServiceSpec`.
    ServiceSpec {
        1 ports: many ServicePort,
        2 selector: map,
        #[serde(rename = "clusterIP")]
        3 cluster_ip: text,
        #[serde(rename = "type")]
        4 kind: text,
        #[serde(rename = "externalIPs")]
        5 external_ips: texts,
        10 external_name: text,
        11 external_traffic_policy: text,
        13 publish_not_ready_addresses: flag,
        #[serde(rename = "clusterIPs")]
        18 cluster_ips: texts,
        22 internal_traffic_policy: text,
    }

    /// `core.v1.ServicePort`.
    ServicePort {
        1 name: text,
        2 protocol: text,
        3 port: int,
        4 target_port: one IntOrString,
        5 node_port: int,
    }

    /// `core.v1.ServiceStatus`.
    ServiceStatus {
        1 load_balancer: one LoadBalancerStatus,
    }

    /// `core.v1.LoadBalancerStatus`.
    LoadBalancerStatus {
        1 ingress: many LoadBalancerIngress,
    }

    /// `core.v1.LoadBalancerIngress`.
    LoadBalancerIngress {
        1 ip: text,
        2 hostname: text,
    }
}

/// Services.
pub static SERVICE: Block = Block {
    group: "",
    version: "v1",
    kind: "Service",
    plural: "services",
    singular: "service",
    short: &["svc"],
    namespaced: true,
    columns: &[NAME, text("TYPE"), text("CLUSTER-IP"), text("EXTERNAL-IP"), text("PORT(S)"), AGE, wide("SELECTOR")],
    enter: Enter::SelectedPods,
    decode: decode::<Service>,
    encode: encode::<Service>,
};

impl Object for Service {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printService`, with the load balancer's addresses whole: the server always prints them so.
    fn print(self, _: &ObjectMeta, interner: &mut Interner) -> Printed {
        let mut spec = self.spec.unwrap_or_default();
        if spec.cluster_ips.is_empty() && !spec.cluster_ip.is_empty() {
            spec.cluster_ips.push(std::mem::take(&mut spec.cluster_ip)); // servers before 1.20
        }
        let ingress = self.status.and_then(|s| s.load_balancer).unwrap_or_default().ingress;
        // A set in Go's words: sorted, each once.
        let ingress: BTreeSet<&str> = ingress
            .iter()
            .map(|i| if i.ip.is_empty() { &i.hostname } else { &i.ip })
            .map(String::as_str)
            .filter(|a| !a.is_empty())
            .collect();
        let external: Vec<&str> = match spec.kind.as_str() {
            "LoadBalancer" => ingress.into_iter().chain(spec.external_ips.iter().map(String::as_str)).collect(),
            "ExternalName" => vec![&spec.external_name],
            _ => spec.external_ips.iter().map(String::as_str).collect(),
        };
        let pending = spec.kind == "LoadBalancer" && external.is_empty();
        let condition = if pending { Health::Progressing } else { Health::Healthy };
        let external_cell = match spec.kind.as_str() {
            _ if pending => Cell::Status(interner.text("<pending>"), condition),
            "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName" => {
                if external.is_empty() {
                    Cell::None
                } else {
                    Cell::Text(interner.text(&external.join(",")))
                }
            }
            _ => Cell::Unknown,
        };
        let headless = spec.cluster_ips.first().is_some_and(|ip| ip == "None");
        let cluster_ip: Arc<str> = spec.cluster_ips.first().map(String::as_str).unwrap_or_default().into();
        let kind = interner.text(&spec.kind);
        let selector = (!spec.selector.is_empty()).then(|| {
            let selector = selector_of_labels(&spec.selector, interner);
            interner.selector(selector)
        });
        let facts = ServiceFacts {
            kind: kind.clone(),
            headless,
            selector,
            ports: spec.ports.iter().map(|port| port_fact(port, interner)).collect(),
            addresses: if headless { Box::default() } else { spec.cluster_ips.iter().map(|ip| ip.as_str().into()).collect() },
            external: external.into_iter().map(Into::into).collect(),
            internal_policy: interner.text(&spec.internal_traffic_policy),
            external_policy: interner.text(&spec.external_traffic_policy),
            publishes_not_ready: spec.publish_not_ready_addresses(),
        };
        Printed {
            cells: vec![
                Cell::Text(kind),
                Cell::text_or_none(cluster_ip),
                external_cell,
                Cell::text_or_none(interner.text(&ports(&spec.ports))),
                Cell::text_or_none(interner.text(&join(&spec.selector))),
            ],
            facts: Facts::Service(Box::new(facts)),
            condition,
            ..Printed::default()
        }
    }
}

/// kubectl's `makePortString`: `80:30080/TCP,53/UDP`.
fn ports(ports: &[ServicePort]) -> String {
    let mut out = String::new();
    for port in ports {
        if !out.is_empty() {
            out.push(',');
        }
        // Writing to a String cannot fail.
        let _ = write!(out, "{}", port.port());
        if let Some(node_port @ 1..) = port.node_port {
            let _ = write!(out, ":{node_port}");
        }
        out.push('/');
        out.push_str(&port.protocol);
    }
    out
}

fn port_fact(port: &ServicePort, interner: &mut Interner) -> Port {
    Port {
        name: interner.text(&port.name),
        number: number(port.port),
        protocol: interner.text(&port.protocol),
        target: interner.text(&port.target_port.as_ref().map(ToString::to_string).unwrap_or_default()),
        node_port: number(port.node_port),
    }
}

/// A port's number; 0 where there is none.
pub(super) fn number(port: Option<i32>) -> u16 {
    port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::wires::{cells, row};
    use serde_json::{Value, json};

    fn printed(spec: Value, ingress: Value) -> Vec<String> {
        cells(&row(&SERVICE, json!({"spec": spec, "status": {"loadBalancer": {"ingress": ingress}}})), 0)
    }

    #[test]
    fn every_type_is_printed_as_kubectl_prints_it() {
        let ports = json!([{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]);
        for (spec, ingress, want) in [
            (
                json!({"type": "ClusterIP", "clusterIPs": ["10.0.0.1", "fd00::1"], "ports": ports, "selector": {"b": "2", "a": "1"}}),
                json!(null),
                ["ClusterIP", "10.0.0.1", "<none>", "80:30080/TCP,53/UDP", "a=1,b=2"],
            ),
            (json!({"type": "ClusterIP", "clusterIP": "None"}), json!(null), ["ClusterIP", "None", "<none>", "<none>", "<none>"]),
            (
                json!({"type": "NodePort", "externalIPs": ["1.2.3.4", "1.2.3.5"]}),
                json!(null),
                ["NodePort", "<none>", "1.2.3.4,1.2.3.5", "<none>", "<none>"],
            ),
            (json!({"type": "LoadBalancer"}), json!(null), ["LoadBalancer", "<none>", "<pending>", "<none>", "<none>"]),
            (
                json!({"type": "LoadBalancer", "externalIPs": ["9.9.9.9"]}),
                json!([{"ip": "8.8.8.8"}, {"hostname": "a.example"}, {"ip": "8.8.8.8"}, {"ip": "1.1.1.1"}]),
                ["LoadBalancer", "<none>", "1.1.1.1,8.8.8.8,a.example,9.9.9.9", "<none>", "<none>"],
            ),
            (
                json!({"type": "ExternalName", "externalName": "db.example.test"}),
                json!(null),
                ["ExternalName", "<none>", "db.example.test", "<none>", "<none>"],
            ),
            (json!({}), json!(null), ["", "<none>", "<unknown>", "<none>", "<none>"]),
        ] {
            assert_eq!(printed(spec, ingress), want);
        }
    }

    #[test]
    fn facts_are_what_a_trace_needs() {
        let service = row(
            &SERVICE,
            json!({"spec": {
                "type": "ClusterIP", "clusterIPs": ["None"], "selector": {"app": "web"}, "publishNotReadyAddresses": true,
                "internalTrafficPolicy": "Local", "ports": [
                    {"name": "http", "port": 80, "protocol": "TCP", "targetPort": "web"},
                    {"name": "raw", "port": 81, "protocol": "TCP", "targetPort": 8081},
                ],
            }}),
        );
        let Facts::Service(facts) = &service.facts else { panic!("no facts") };
        assert!(facts.headless && facts.addresses.is_empty() && facts.publishes_not_ready);
        assert_eq!(facts.selector.as_ref().map(ToString::to_string).as_deref(), Some("app=web"));
        assert_eq!(
            facts.ports.iter().map(|p| (&*p.name, p.number, &*p.target)).collect::<Vec<_>>(),
            [("http", 80, "web"), ("raw", 81, "8081")]
        );
        assert_eq!((&*facts.internal_policy, &*facts.external_policy), ("Local", ""));
        assert_eq!(row(&SERVICE, json!({"spec": {"type": "LoadBalancer"}})).condition, Health::Progressing);
    }
}
