//! What a forward is aimed at: which pods, and which port of theirs. Made of the object as it is; a Service's is looked at
//! for as long as the forward is open, because its selector is what people switch from one version to another with.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::cluster::frames::Decoder;
use crate::kinds;
use crate::model::facts::{Facts, Selector};
use crate::model::forward::choice::Need;
use crate::model::forward::{Remote, ports};
use crate::model::kind::Kind;
use crate::model::row::Row;

/// How the pods of a forward are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster::write) enum By {
    /// The one pod of this name: another one of it is taken, too.
    Name(Arc<str>),
    /// Any that has these labels, as the API spells a selector; empty is all of the namespace.
    Labels(Arc<str>),
}

/// Which pods, and which port of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster::write) struct Aim {
    pub(in crate::cluster::write) by: By,
    /// The port of the pods.
    pub(in crate::cluster::write) wanted: Remote,
    pub(in crate::cluster::write) need: Need,
}

impl Aim {
    /// At a port of an object, with the number that one would expect on this machine.
    ///
    /// # Errors
    /// It has no such port, or no pods.
    pub(in crate::cluster::write) fn of(row: &Row, remote: &Remote) -> Result<(Aim, u16), String> {
        let ports::Meant { wanted, same } = ports::meant(&row.facts, remote)?;
        let (by, need) = behind(row)?;
        Ok((Aim { by, wanted, need }, same))
    }
}

/// An object as its table shows it.
///
/// # Errors
/// It is of a kind, or a version, of which nothing is known here.
pub(in crate::cluster::write) fn row(kind: &Arc<Kind>, object: &Value) -> Result<Row, String> {
    kinds::block(kind).ok_or_else(|| format!("nothing is known of the ports of {} of {}", kind.full_name(), kind.version))?;
    let bytes = serde_json::to_vec(object).map_err(|error| error.to_string())?;
    Decoder::new(kind.clone(), false).one(false, &Bytes::from(bytes)).map_err(|error| error.to_string())
}

/// How the pods behind an object are found, and which of them do.
fn behind(row: &Row) -> Result<(By, Need), String> {
    match &row.facts {
        Facts::Pod(pod) if matches!(&*pod.phase, "Succeeded" | "Failed") => {
            Err(format!("it is {}: nothing listens in it any more", pod.phase))
        }
        Facts::Pod(_) => Ok((By::Name((&*row.name).into()), Need::Running)),
        Facts::Service(service) => {
            let selector = service.selector.as_deref().ok_or("it has no selector")?;
            Ok((labels(selector), if service.publishes_not_ready { Need::Running } else { Need::Ready }))
        }
        Facts::Workload(workload) => Ok((labels(workload.selector.as_deref().ok_or("it has no selector")?), Need::Ready)),
        _ => Err("it has no pods".into()),
    }
}

fn labels(selector: &Selector) -> By {
    By::Labels(if selector.requirements.is_empty() { "".into() } else { selector.to_string().into() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::{apps, batch, pods, services};

    fn aim(block: &kinds::Block, object: Value, remote: Remote) -> Result<(Aim, u16), String> {
        Aim::of(&row(&Arc::new(block.as_kind()), &object)?, &remote)
    }

    #[test]
    fn a_services_pods_are_those_of_its_selector_at_its_target_port() {
        let service = |more: Value| {
            let mut spec = json!({"type": "ClusterIP", "clusterIP": "10.0.0.1", "selector": {"app": "web", "tier": "x"},
                "ports": [{"name": "http", "port": 80, "targetPort": "web", "protocol": "TCP"}]});
            for (key, value) in more.as_object().into_iter().flatten() {
                spec[key] = value.clone();
            }
            aim(&services::SERVICE, json!({"metadata": {"name": "web"}, "spec": spec}), Remote::Number(80))
        };
        let by = By::Labels("app=web,tier=x".into());
        let want = Aim { by: by.clone(), wanted: Remote::Name("web".into()), need: Need::Ready };
        assert_eq!(service(json!({})), Ok((want.clone(), 80)));
        let early = service(json!({"publishNotReadyAddresses": true})).unwrap().0;
        assert_eq!(early, Aim { need: Need::Running, ..want });
        assert!(service(json!({"selector": null})).is_err());
    }

    #[test]
    fn every_kind_that_can_be_forwarded_has_its_pods_and_ports() {
        let template = json!({"metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "app", "image": "i", "ports": [{"containerPort": 8080, "name": "http"}]}]}});
        let labels = json!({"app": "web"});
        let apps = [&apps::DEPLOYMENT, &apps::STATEFUL_SET, &apps::DAEMON_SET, &apps::REPLICA_SET, &apps::REPLICATION_CONTROLLER];
        for block in apps.into_iter().chain([&batch::JOB]) {
            let plain = block.kind == "ReplicationController";
            let selector = if plain { labels.clone() } else { json!({"matchLabels": labels}) };
            let object = json!({"metadata": {"name": "web"}, "spec": {"selector": selector, "template": template}});
            let (aimed, same) = aim(block, object, Remote::Name("http".into())).unwrap_or_else(|why| panic!("{block:?}: {why}"));
            assert_eq!((aimed.by, same), (By::Labels("app=web".into()), 8080), "{block:?}");
            assert_eq!(crate::kinds::ability::able("port-forward", &block.as_kind()), Ok(()));
        }
    }

    #[test]
    fn a_workloads_pods_are_those_of_its_selector_and_a_pod_is_itself() {
        let set = json!({"metadata": {"name": "web"}, "spec": {
            "selector": {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]},
            "template": {"spec": {"containers": [{"name": "app", "image": "i", "ports": [{"containerPort": 8080, "name": "http"}]}]}}}});
        let (aimed, same) = aim(&apps::DEPLOYMENT, set, Remote::Name("http".into())).unwrap();
        assert_eq!((aimed.by, same), (By::Labels("app=web,tier in (a,b)".into()), 8080));
        let pod = |phase: &str| json!({"metadata": {"name": "lone"}, "spec": {"containers": []}, "status": {"phase": phase}});
        let (aimed, _) = aim(&pods::POD, pod("Pending"), Remote::Number(80)).unwrap();
        assert_eq!((aimed.by, aimed.need), (By::Name("lone".into()), Need::Running));
        assert!(aim(&pods::POD, pod("Succeeded"), Remote::Number(80)).unwrap_err().contains("Succeeded"));
    }
}
