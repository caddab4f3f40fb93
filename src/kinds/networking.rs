//! The networking.k8s.io group: Ingress and NetworkPolicy.

use std::collections::BTreeSet;

use super::partial::{LabelSelector, ObjectMeta};
use super::template::selector_cell;
use super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, text};
use crate::model::facts::Facts;
use crate::model::intern::Interner;
use crate::model::row::Cell;

crate::partial! {
    /// `networking.v1.Ingress`.
    Ingress {
        1 metadata: one ObjectMeta,
        2 spec: one IngressSpec,
        3 status: one IngressStatus,
    }
    /// `networking.v1.IngressSpec`.
    IngressSpec {
        2 tls: many IngressTls,
        3 rules: many IngressRule,
        4 ingress_class_name: text,
    }
    /// `networking.v1.IngressTLS`: only that there is one counts.
    IngressTls {
        2 secret_name: text,
    }
    /// `networking.v1.IngressRule`.
    IngressRule {
        1 host: text,
    }
    /// `networking.v1.IngressStatus`.
    IngressStatus {
        1 load_balancer: one IngressLoadBalancer,
    }
    /// `networking.v1.IngressLoadBalancerStatus`.
    IngressLoadBalancer {
        1 ingress: many IngressPoint,
    }
    /// `networking.v1.IngressLoadBalancerIngress`.
    IngressPoint {
        1 ip: text,
        2 hostname: text,
    }
    /// `networking.v1.NetworkPolicy`.
    NetworkPolicy {
        1 metadata: one ObjectMeta,
        2 spec: one NetworkPolicySpec,
    }
    /// `networking.v1.NetworkPolicySpec`.
    NetworkPolicySpec {
        1 pod_selector: one LabelSelector,
    }
}

/// Ingresses.
pub static INGRESS: Block = Block {
    group: "networking.k8s.io",
    version: "v1",
    kind: "Ingress",
    plural: "ingresses",
    singular: "ingress",
    short: &["ing"],
    namespaced: true,
    columns: &[NAME, text("CLASS"), text("HOSTS"), text("ADDRESS"), text("PORTS"), AGE],
    enter: Enter::Describe,
    decode: decode::<Ingress>,
    encode: encode::<Ingress>,
};

/// NetworkPolicies.
pub static NETWORK_POLICY: Block = Block {
    group: "networking.k8s.io",
    version: "v1",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    singular: "networkpolicy",
    short: &["netpol"],
    namespaced: true,
    columns: &[NAME, text("POD-SELECTOR"), AGE],
    enter: Enter::SelectedPods,
    decode: decode::<NetworkPolicy>,
    encode: encode::<NetworkPolicy>,
};

impl Object for Ingress {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printIngress`. The address is spelled out as with `-o wide`; without, kubectl cuts it at 16 bytes.
    /// An Ingress without an address is healthy: many controllers never write one.
    fn print(self, _: &ObjectMeta, interner: &mut Interner) -> Printed {
        let (spec, status) = (self.spec.unwrap_or_default(), self.status.unwrap_or_default());
        let class = if spec.ingress_class_name.is_empty() { Cell::None } else { Cell::Text(interner.text(&spec.ingress_class_name)) };
        let points = status.load_balancer.unwrap_or_default().ingress;
        let addresses: BTreeSet<&str> = points.iter().map(|p| if p.ip.is_empty() { &*p.hostname } else { &*p.ip }).collect();
        let addresses: Vec<&str> = addresses.into_iter().filter(|a| !a.is_empty()).collect();
        let cells = vec![
            class,
            Cell::Text(interner.text(&hosts(&spec.rules))),
            Cell::Text(interner.text(&addresses.join(","))),
            Cell::Text(interner.text(if spec.tls.is_empty() { "80" } else { "80, 443" })),
        ];
        Printed { cells, ..Printed::default() }
    }
}

/// kubectl's `formatHosts`: at most three of them, `*` for none.
fn hosts(rules: &[IngressRule]) -> String {
    const MOST: usize = 3;
    let mut list = Vec::new();
    let mut more = false;
    for rule in rules {
        // Counted as kubectl does: a rule without a host after the third host counts too.
        more |= list.len() == MOST;
        if !more && !rule.host.is_empty() {
            list.push(rule.host.as_str());
        }
    }
    match (list.is_empty(), more) {
        (true, _) => "*".into(),
        (false, false) => list.join(","),
        (false, true) => format!("{} + {} more...", list.join(","), rules.len() - MOST),
    }
}

impl Object for NetworkPolicy {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printNetworkPolicy`. The empty selector is every pod of the namespace.
    fn print(self, _: &ObjectMeta, interner: &mut Interner) -> Printed {
        let message = self.spec.unwrap_or_default().pod_selector.unwrap_or_default();
        let (selector, cell) = selector_cell(Some(&message), interner);
        Printed { cells: vec![cell], facts: selector.map_or(Facts::None, Facts::Selects), ..Printed::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cells, heads, row};
    use super::*;

    #[test]
    fn ingresses_print_as_kubectl_does() {
        assert_eq!(heads(&INGRESS), ["NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"]);
        for (spec, status, printed) in [
            ("", "", ["<none>", "*", "", "80"]),
            (
                r#""ingressClassName":"nginx","tls":[{"hosts":["a"]}],"rules":[{"host":"a.b"},{"http":{}},{"host":"c.d"}]"#,
                r#""loadBalancer":{"ingress":[{"ip":"10.0.0.2"},{"hostname":"lb.example.com"},{"ip":"10.0.0.1","hostname":"x"}]}"#,
                ["nginx", "a.b,c.d", "10.0.0.1,10.0.0.2,lb.example.com", "80, 443"],
            ),
            (r#""rules":[{"host":"a"},{"host":"b"},{"host":"c"}]"#, "", ["<none>", "a,b,c", "", "80"]),
            (
                r#""rules":[{"host":"a"},{"host":"b"},{"host":"c"},{"host":"d"},{"host":"e"}]"#,
                "",
                ["<none>", "a,b,c + 2 more...", "", "80"],
            ),
        ] {
            let json = format!(r#"{{"metadata":{{"name":"web","uid":"u"}},"spec":{{{spec}}},"status":{{{status}}}}}"#);
            assert_eq!(cells(&row(&INGRESS, &json)), printed);
        }
    }

    #[test]
    fn network_policies_print_as_kubectl_does() {
        assert_eq!(heads(&NETWORK_POLICY), ["NAME", "POD-SELECTOR", "AGE"]);
        for (selector, printed) in [
            ("{}", "<none>"),
            (r#"{"matchLabels":{"b":"2","a":"1"}}"#, "a=1,b=2"),
            (
                r#"{"matchLabels":{"m":"1"},"matchExpressions":[{"key":"z","operator":"Exists"},{"key":"a","operator":"NotIn","values":["y","x"]},
                   {"key":"k","operator":"In","values":["only"]},{"key":"b","operator":"DoesNotExist"}]}"#,
                "a notin (x,y),!b,k in (only),m=1,z",
            ),
        ] {
            let json = format!(r#"{{"metadata":{{"name":"web","uid":"u"}},"spec":{{"podSelector":{selector}}}}}"#);
            let row = row(&NETWORK_POLICY, &json);
            assert_eq!(cells(&row), [printed]);
            let Facts::Selects(selector) = &row.facts else { panic!("{:?}", row.facts) };
            assert_eq!(selector.to_string(), printed);
        }
    }
}
