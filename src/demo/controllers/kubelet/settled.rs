//! The status of a pod that has been running for a while, ready-made: what fills a cluster with a hundred thousand pods.

use arcstr::ArcStr;
use std::collections::HashMap;

use super::super::loads::is_sidecar;
use super::pod::{host_ip, qos_class, ready_since};
use super::{containers, images};
use crate::demo::store::Object;
use crate::demo::tree::Tree;

/// What the pods of one template have in common. One for each template: it takes the containers of the first pod as those of all.
#[derive(Default)]
pub struct Shared {
    /// Start and generation → conditions and the statuses of the containers, in all but what is each pod's own.
    parts: HashMap<(ArcStr, i64), Tree>,
    /// Node → its addresses, as the status lists them.
    hosts: HashMap<ArcStr, (Tree, Tree)>,
}

const LISTS: [(&str, &str); 2] = [("containers", "containerStatuses"), ("initContainers", "initContainerStatuses")];

/// The status of a pod that has run on `node` since `started` (as the API writes times), with the address `ip`. `pod` has its
/// name, UID and spec. Only what differs from pod to pod is new memory: addresses and container ids.
pub fn settled(pod: &Tree, node: &Object, ip: &str, started: &ArcStr, shared: &mut Shared) -> Tree {
    let generation = pod.int("metadata.generation", 0);
    let mut status = shared.parts.entry((started.clone(), generation)).or_insert_with(|| common(pod, started, generation)).clone();
    let (host, hosts) = shared.hosts.entry(node.name.clone()).or_insert_with(|| {
        let text: Tree = host_ip(&node.tree).into();
        let mut entry = Tree::map();
        entry.put("ip", &text);
        (text, Tree::list_of(vec![entry]))
    });
    status.put("hostIP", &*host);
    status.put("hostIPs", &*hosts);
    if pod.flag("spec.hostNetwork") {
        status.put("podIP", &*host);
        status.put("podIPs", &*hosts);
    } else {
        let text: Tree = ip.into();
        let mut entry = Tree::map();
        entry.put("ip", &text);
        status.put("podIP", text);
        status.put("podIPs", Tree::list_of(vec![entry]));
    }
    let uid = pod.text("metadata.uid");
    for (_, statuses) in LISTS {
        if status[statuses].is_empty() {
            continue;
        }
        for container in status.slot(statuses).items_mut() {
            let id = images::digest(&format!("{uid}/{}/0", container.text("name")));
            let id: Tree = format!("containerd://{id}").into();
            if !container["state"]["terminated"].is_null() {
                container.set("state.terminated.containerID", &id);
            }
            container.put("containerID", id);
        }
    }
    status
}

/// All of a status, with place for what is each pod's own.
fn common(pod: &Tree, started: &ArcStr, generation: i64) -> Tree {
    let mut status = Tree::map();
    for own in ["hostIP", "hostIPs", "podIP", "podIPs"] {
        status.put(own, Tree::Null);
    }
    status.put("conditions", ready_since(started, generation));
    status.put("phase", "Running");
    let given = pod.text("status.qosClass");
    status.put("qosClass", if given.is_empty() { qos_class(&pod["spec"]) } else { given });
    status.put("startTime", started);
    if generation > 0 {
        status.put("observedGeneration", generation);
    }
    for (list, statuses) in LISTS {
        let all: Vec<Tree> = pod["spec"][list].items().iter().map(|container| one(container, list, started)).collect();
        if !all.is_empty() {
            status.put(statuses, all);
        }
    }
    status
}

fn one(container: &Tree, list: &str, started: &ArcStr) -> Tree {
    let mut status = containers::waiting(container, "");
    let full = images::full_name(container.text("image"));
    status.put("imageID", images::image_id(&full));
    status.put("image", full);
    status.put("containerID", Tree::Null);
    let mut state = Tree::map();
    let ended = list == "initContainers" && !is_sidecar(container);
    if ended {
        let mut end = Tree::texts([("reason", "Completed")]);
        end.put("exitCode", 0);
        end.put("startedAt", started);
        end.put("finishedAt", started);
        end.put("containerID", Tree::Null);
        state.put("terminated", end);
    } else {
        state.set("running.startedAt", started);
    }
    status.put("state", state);
    status.put("ready", true);
    status.put("started", !ended);
    containers::resources(container, list, &mut status);
    status
}
