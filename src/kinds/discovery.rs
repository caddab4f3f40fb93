//! `discovery.k8s.io`: EndpointSlice, the way from a service to its pods.

use std::borrow::Cow;

use super::partial::ObjectMeta;
use super::services::number;
use super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, text};
use crate::model::facts::{Endpoint, Facts, Port, SliceFacts};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Uid};

crate::partial! {
    /// `discovery.v1.EndpointSlice`.
    EndpointSlice {
        1 metadata: one ObjectMeta,
        2 endpoints: many SliceEndpoint,
        3 ports: many EndpointPort,
        4 address_type: text,
    }

    /// `discovery.v1.Endpoint`.
    SliceEndpoint {
        1 addresses: texts,
        2 conditions: one EndpointConditions,
        4 target_ref: one TargetReference,
        6 node_name: text,
    }

    /// `discovery.v1.EndpointConditions`.
    EndpointConditions {
        1 ready: flag,
        2 serving: flag,
        3 terminating: flag,
    }

    /// `core.v1.ObjectReference` to what is behind an endpoint.
    TargetReference {
        1 kind: text,
        3 name: text,
        4 uid: text,
    }

    /// `discovery.v1.EndpointPort`.
    EndpointPort {
        1 name: text,
        2 protocol: text,
        3 port: int,
    }
}

/// Endpoint slices.
pub static ENDPOINT_SLICE: Block = Block {
    group: "discovery.k8s.io",
    version: "v1",
    kind: "EndpointSlice",
    plural: "endpointslices",
    singular: "endpointslice",
    short: &[],
    namespaced: true,
    columns: &[NAME, text("ADDRESSTYPE"), text("PORTS"), text("ENDPOINTS"), AGE],
    enter: Enter::Describe,
    decode: decode::<EndpointSlice>,
    encode: encode::<EndpointSlice>,
};

impl Object for EndpointSlice {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printEndpointSlice`. A slice is never unhealthy itself: that its endpoints are not ready is said by the
    /// pods and by the service's trace.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        // The server fills in an absent name with the empty one, so a port is a number or a name.
        let ports = self.ports.iter().map(|p| p.port.map_or_else(|| Cow::from(&p.name), |port| Cow::from(port.to_string())));
        let addresses = self.endpoints.iter().flat_map(|e| &e.addresses).map(Cow::from);
        let cells = vec![
            Cell::Text(interner.text(&self.address_type)),
            Cell::Text(interner.text(&first_three(ports))),
            Cell::Text(first_three(addresses).into()),
        ];
        let service = meta.labels.get("kubernetes.io/service-name").map(String::as_str).unwrap_or_default();
        let facts = SliceFacts {
            service: interner.text(service),
            ports: self.ports.iter().map(|port| port_fact(port, interner)).collect(),
            endpoints: self.endpoints.iter().map(|endpoint| endpoint_fact(endpoint, interner)).collect(),
        };
        Printed { cells, facts: Facts::Slice(Box::new(facts)), ..Printed::default() }
    }
}

/// kubectl's `listWithMoreString`, of at most three.
fn first_three<'a>(items: impl Iterator<Item = Cow<'a, str>>) -> String {
    const MAX: usize = 3;
    let mut list = Vec::with_capacity(MAX);
    let mut count = 0;
    for item in items {
        if count < MAX {
            list.push(item);
        }
        count += 1;
    }
    let list = list.join(",");
    if count > MAX {
        format!("{list} + {} more...", count - MAX)
    } else if list.is_empty() {
        "<unset>".to_owned()
    } else {
        list
    }
}

fn port_fact(port: &EndpointPort, interner: &mut Interner) -> Port {
    Port { name: interner.text(&port.name), number: number(port.port), protocol: interner.text(&port.protocol), ..Port::default() }
}

/// Absent conditions are read as the API says: ready unless it says no, serving as ready, not terminating.
fn endpoint_fact(endpoint: &SliceEndpoint, interner: &mut Interner) -> Endpoint {
    let conditions = endpoint.conditions.clone().unwrap_or_default();
    let ready = conditions.ready.unwrap_or(true);
    let pod = endpoint.target_ref.as_ref().filter(|target| target.kind == "Pod");
    Endpoint {
        address: endpoint.addresses.first().map(String::as_str).unwrap_or_default().into(),
        ready,
        serving: conditions.serving.unwrap_or(ready),
        terminating: conditions.terminating(),
        pod: pod.filter(|pod| !pod.uid.is_empty()).map(|pod| Uid::new(&pod.uid)),
        pod_name: pod.map_or("", |pod| &pod.name).into(),
        node: interner.text(&endpoint.node_name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::wires::{cells, row};
    use serde_json::json;

    #[test]
    fn three_are_listed_and_the_rest_counted() {
        let list = |n: usize| first_three((1..=n).map(|n| Cow::from(n.to_string())));
        assert_eq!([list(0), list(3), list(4), list(9)], ["<unset>", "1,2,3", "1,2,3 + 1 more...", "1,2,3 + 6 more..."]);
    }

    #[test]
    fn a_slice_leads_to_its_pods() {
        let slice = row(
            &ENDPOINT_SLICE,
            json!({
                "metadata": {"name": "web-x", "labels": {"kubernetes.io/service-name": "web"}},
                "addressType": "IPv4",
                "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "any"}],
                "endpoints": [
                    {"addresses": ["10.0.0.1"], "nodeName": "node-1", "targetRef": {"kind": "Pod", "name": "web-1", "uid": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"}},
                    {"addresses": ["10.0.0.2"], "conditions": {"ready": false, "serving": true, "terminating": true}},
                    {"addresses": ["10.0.0.3"], "conditions": {"ready": false}, "targetRef": {"kind": "VirtualMachine", "name": "vm"}},
                ],
            }),
        );
        assert_eq!(cells(&slice, 0), ["IPv4", "8080,any", "10.0.0.1,10.0.0.2,10.0.0.3"]);
        let Facts::Slice(facts) = &slice.facts else { panic!("no facts") };
        assert_eq!((&*facts.service, facts.ports[0].number, facts.ports[1].number), ("web", 8080, 0));
        let states: Vec<_> = facts.endpoints.iter().map(|e| (e.ready, e.serving, e.terminating, &*e.pod_name, e.pod.is_some())).collect();
        assert_eq!(states, [(true, true, false, "web-1", true), (false, true, true, "", false), (false, false, false, "", false)]);
    }
}
