//! What pods and nodes use, from metrics.k8s.io. It cannot be watched: somebody asks every 15 s for what is on the screen.

use bytes::Bytes;
use prost::Message;

use super::connect::Session;
use super::error::ClusterError;
use super::request::{get_bytes, segment};
use crate::kinds::partial::{ObjectMeta, Quantity};
use crate::kinds::{DecodeError, List, envelope};

/// How often metrics are worth asking for: metrics-server itself measures every 15 s.
pub const PERIOD: std::time::Duration = std::time::Duration::from_secs(15);

const ACCEPT: &str = "application/vnd.kubernetes.protobuf,application/json";

/// Whose use is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// The pods of one namespace.
    Pods(String),
    /// The pods of all namespaces.
    AllPods,
    /// The nodes.
    Nodes,
}

impl Of {
    fn path(&self) -> String {
        match self {
            Of::Pods(namespace) => format!("/apis/metrics.k8s.io/v1beta1/namespaces/{}/pods", segment(namespace)),
            Of::AllPods => "/apis/metrics.k8s.io/v1beta1/pods".into(),
            Of::Nodes => "/apis/metrics.k8s.io/v1beta1/nodes".into(),
        }
    }
}

/// What one pod or node uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Its namespace; empty for a node.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// CPU in thousandths of a core.
    pub cpu: i64,
    /// Memory in bytes.
    pub memory: i64,
}

/// What the server says of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What is measured. Pods that have just begun are missing.
    Measured(Vec<Usage>),
    /// This cluster measures nothing, or does not tell this user, and why.
    Absent(String),
}

/// Asks once. That there are no metrics is an answer; an error is a connection that failed.
pub async fn usage(session: &Session, of: &Of) -> Result<Answer, ClusterError> {
    match get_bytes(session, &of.path(), ACCEPT).await {
        Ok((_, body)) => Ok(Answer::Measured(match of {
            Of::Nodes => decode::<NodeMetrics>(&body)?,
            _ => decode::<PodMetrics>(&body)?,
        })),
        Err(ClusterError::NotFound(_)) => Ok(Answer::Absent("no metrics-server in this cluster".into())),
        Err(ClusterError::Server { code: 503, .. }) => Ok(Answer::Absent("metrics-server does not answer".into())),
        Err(e @ ClusterError::Forbidden(_)) => Ok(Answer::Absent(e.to_string())),
        Err(e) => Err(e),
    }
}

crate::partial! {
    /// `metrics.v1beta1.PodMetrics`.
    PodMetrics {
        1 metadata: one ObjectMeta,
        4 containers: many ContainerMetrics,
    }

    /// `metrics.v1beta1.ContainerMetrics`.
    ContainerMetrics {
        1 name: text,
        2 usage: map Quantity,
    }

    /// `metrics.v1beta1.NodeMetrics`.
    NodeMetrics {
        1 metadata: one ObjectMeta,
        4 usage: map Quantity,
    }
}

/// A message of metrics.k8s.io.
trait Measured: Message + Default + serde::de::DeserializeOwned {
    fn usage(self) -> Usage;
}

impl Measured for PodMetrics {
    fn usage(self) -> Usage {
        add(self.metadata, self.containers.iter().map(|c| &c.usage))
    }
}

impl Measured for NodeMetrics {
    fn usage(self) -> Usage {
        add(self.metadata, std::iter::once(&self.usage))
    }
}

fn add<'a>(meta: Option<ObjectMeta>, parts: impl Iterator<Item = &'a std::collections::BTreeMap<String, Quantity>>) -> Usage {
    let meta = meta.unwrap_or_default();
    let (mut cpu, mut memory) = (0i64, 0i64);
    for part in parts {
        cpu = cpu.saturating_add(part.get("cpu").map_or(0, Quantity::millis));
        memory = memory.saturating_add(part.get("memory").map_or(0, Quantity::value));
    }
    Usage { namespace: meta.namespace, name: meta.name, cpu, memory }
}

fn decode<T: Measured>(body: &Bytes) -> Result<Vec<Usage>, DecodeError> {
    #[derive(serde::Deserialize)]
    struct Items<T> {
        #[serde(default = "Vec::new")]
        items: Vec<T>,
    }
    let Some(document) = envelope::open(body) else {
        return Ok(serde_json::from_slice::<Items<T>>(body).map_err(DecodeError::Json)?.items.into_iter().map(T::usage).collect());
    };
    let list = List::decode(document?.raw).map_err(DecodeError::Protobuf)?;
    list.items.into_iter().map(|item| Ok(T::decode(item).map_err(DecodeError::Protobuf)?.usage())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PODS: &str = r#"{"kind":"PodMetricsList","apiVersion":"metrics.k8s.io/v1beta1","metadata":{},"items":[
        {"metadata":{"name":"web-1","namespace":"shop"},"timestamp":"2026-11-21T07:31:00Z","window":"15s","containers":[
            {"name":"app","usage":{"cpu":"12345678n","memory":"48Mi"}},{"name":"proxy","usage":{"cpu":"1m","memory":"1Ki"}}]},
        {"metadata":{"name":"web-2","namespace":"shop"},"containers":[]}]}"#;

    #[test]
    fn containers_are_added_up_in_json_and_in_protobuf() {
        let expected = [
            Usage { namespace: "shop".into(), name: "web-1".into(), cpu: 14, memory: 48 * 1024 * 1024 + 1024 },
            Usage { namespace: "shop".into(), name: "web-2".into(), cpu: 0, memory: 0 },
        ];
        assert_eq!(decode::<PodMetrics>(&Bytes::from_static(PODS.as_bytes())).expect("decodes"), expected);
        #[derive(serde::Deserialize)]
        struct Items {
            items: Vec<PodMetrics>,
        }
        let items: Items = serde_json::from_str(PODS).expect("decodes");
        let list = List { metadata: None, items: items.items.iter().map(|i| i.encode_to_vec().into()).collect() };
        let sealed = envelope::seal("metrics.k8s.io/v1beta1", "PodMetricsList", &list);
        assert_eq!(decode::<PodMetrics>(&sealed).expect("decodes"), expected);
    }

    #[test]
    fn nodes_have_no_namespace() {
        let body = r#"{"items":[{"metadata":{"name":"node-1"},"usage":{"cpu":"1500m","memory":"2Gi"}}]}"#;
        let expected = [Usage { namespace: String::new(), name: "node-1".into(), cpu: 1500, memory: 2 << 30 }];
        assert_eq!(decode::<NodeMetrics>(&Bytes::from_static(body.as_bytes())).expect("decodes"), expected);
        assert!(decode::<NodeMetrics>(&Bytes::from_static(b"<html>")).is_err());
    }
}
