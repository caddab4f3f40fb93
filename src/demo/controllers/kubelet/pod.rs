//! The life of a pod: admitted, its volumes mounted, its init containers one after another, its containers together; and the
//! phase and the conditions that follow from them (`kubelet_pods.go`, `status/generate.go`).

use arcstr::ArcStr;

use serde_json::json;

use super::super::loads::is_sidecar;
use super::behaviour::Role;
use super::containers::{self, restarts};
use super::{Done, Look, images, needs};
use crate::demo::tree::Tree;
use crate::demo::world::SECOND;
use crate::model::time::parse;

/// The next step of a pod that is not on its way out.
pub(super) fn step(look: &mut Look, tree: &mut Tree) -> Done {
    if matches!(tree.text("status.phase"), "Succeeded" | "Failed") {
        return Done::Stays;
    }
    if tree.at("status.startTime").is_null() {
        admit(look, tree);
        return Done::Stays;
    }
    if let Some(limit) = tree.at("spec.activeDeadlineSeconds").as_i64() {
        let end = (parse(tree.text("status.startTime")).unwrap_or(0) + limit) * SECOND;
        if look.now >= end {
            exceed(look, tree);
            return Done::Stays;
        }
        look.wake(end);
    }
    if look.now < look.memo.step_at {
        look.wake(look.memo.step_at);
        return Done::Stays;
    }
    if tree.at("status.podIP").is_null() {
        if let Some(missing) = needs::volumes(look) {
            look.say("Warning", "FailedMount", &missing, "");
            // Back-offs of the volume manager; a look in between does no harm.
            look.wake(look.now + 8 * SECOND);
            return Done::Stays;
        }
        address(look, tree);
    }
    if init(look, tree) {
        for (list, statuses, role) in
            [("containers", "containerStatuses", Role::App), ("ephemeralContainers", "ephemeralContainerStatuses", Role::Ephemeral)]
        {
            for at in 0..tree["spec"][list].items().len() {
                advance(look, tree, list, statuses, at, role);
            }
        }
        end_sidecars(look, tree);
    }
    finish(look, tree, false);
    if matches!(tree.text("status.phase"), "Succeeded" | "Failed") {
        look.next = None;
    }
    Done::Stays
}

/// The kubelet has seen the pod: nothing runs yet.
fn admit(look: &mut Look, tree: &mut Tree) {
    let now = look.world.now_text();
    tree.set("status.startTime", now);
    tree.set("status.phase", "Pending");
    tree.set_default("status.qosClass", qos_class(&tree["spec"]));
    let initial = if tree.at("spec.initContainers").is_empty() { "ContainerCreating" } else { "PodInitializing" };
    for (list, statuses) in [("initContainers", "initContainerStatuses"), ("containers", "containerStatuses")] {
        let all: Vec<Tree> = tree["spec"][list].items().iter().map(|container| containers::waiting(container, initial)).collect();
        if !all.is_empty() {
            tree.at_mut("status").put(statuses, all);
        }
    }
    finish(look, tree, false);
    // Volumes and the sandbox take a moment.
    let delay = 300 + (images::hash(&look.pod.uid) % 500) as i64;
    look.memo.step_at = look.now + look.annotation("kubetui.test/start-after").unwrap_or(delay);
    look.wake(look.memo.step_at);
}

/// `qos.ComputePodQOS`.
pub fn qos_class(spec: &Tree) -> &'static str {
    let all = || spec["containers"].items().iter().chain(spec["initContainers"].items());
    let mut any = false;
    let mut guaranteed = true;
    for resources in all().map(|container| &container["resources"]) {
        for name in ["cpu", "memory"] {
            let (request, limit) = (&resources["requests"][name], &resources["limits"][name]);
            any |= !request.is_null() || !limit.is_null();
            guaranteed &= !limit.is_null() && (request.is_null() || request == limit);
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

fn address(look: &mut Look, tree: &mut Tree) {
    let ip = if tree.flag("spec.hostNetwork") {
        host_ip(&look.node.tree).to_owned()
    } else {
        match look.world.loads.free_address(&look.node) {
            Some(ip) => ip.to_string(),
            None => return,
        }
    };
    tree.set("status.podIP", &*ip);
    tree.set("status.podIPs", Tree::list_of(vec![Tree::texts([("ip", &*ip)])]));
}

/// The address of a node: `InternalIP`.
pub fn host_ip(node: &Tree) -> &str {
    node.item("status.addresses", "type", "InternalIP").text("address")
}

fn advance(look: &mut Look, tree: &mut Tree, list: &str, statuses: &str, at: usize, role: Role) -> Tree {
    let container = tree["spec"][list][at].clone();
    let name = container.text("name");
    let known = tree.at("status").item(statuses, "name", name).clone();
    let reason = if role == Role::Init || role == Role::Sidecar { "PodInitializing" } else { "ContainerCreating" };
    let before = if known.is_null() { containers::waiting(&container, reason) } else { known };
    let status = containers::step(look, &container, list, role, before);
    put(tree, statuses, status.clone());
    status
}

fn put(tree: &mut Tree, statuses: &str, status: Tree) {
    if tree.at("status").item(statuses, "name", status.text("name")).equals(&status) {
        return;
    }
    let list = tree.at_mut("status").slot(statuses).items_mut();
    match list.iter_mut().find(|s| s["name"] == status["name"]) {
        Some(slot) => *slot = status,
        None => list.push(status),
    }
}

/// The init containers, in order. True when the others may start, or have been started already.
fn init(look: &mut Look, tree: &mut Tree) -> bool {
    let running = tree.at("status.containerStatuses").items().iter().any(|s| !s["containerID"].is_null());
    for at in 0..tree.at("spec.initContainers").items().len() {
        let container = tree["spec"]["initContainers"][at].clone();
        let sidecar = is_sidecar(&container);
        let role = if sidecar { Role::Sidecar } else { Role::Init };
        if running && !sidecar {
            continue;
        }
        let status = advance(look, tree, "initContainers", "initContainerStatuses", at, role);
        let done = if sidecar { status.flag("started") } else { status.at("state.terminated.exitCode").as_i64() == Some(0) };
        if !done && !running {
            return false;
        }
    }
    true
}

/// Sidecars end when all else has ended for good.
fn end_sidecars(look: &mut Look, tree: &mut Tree) {
    if !all_ended(tree) {
        return;
    }
    let sidecars: Vec<Tree> = tree["spec"]["initContainers"].items().iter().filter(|c| is_sidecar(c)).cloned().collect();
    for sidecar in sidecars {
        let mut status = tree.item("status.initContainerStatuses", "name", sidecar.text("name")).clone();
        if !status["state"]["running"].is_null() {
            containers::stop(look, &mut status, 0, "Completed");
            put(tree, "initContainerStatuses", status);
        }
    }
}

fn all_ended(tree: &Tree) -> bool {
    let ended = |container: &Tree| {
        let code = &tree.item("status.containerStatuses", "name", container.text("name"))["state"]["terminated"]["exitCode"];
        code.as_i64().is_some_and(|code| !restarts(tree, container, Role::App, code))
    };
    tree.at("spec.containers").items().iter().all(ended)
}

/// `activeDeadlineSeconds` is over.
fn exceed(look: &mut Look, tree: &mut Tree) {
    let message = "Pod was active on the node longer than the specified deadline";
    look.say("Normal", "DeadlineExceeded", message, "");
    kill_all(look, tree, 137, "Error");
    tree.set("status.phase", "Failed");
    tree.set("status.reason", "DeadlineExceeded");
    tree.set("status.message", message);
    finish(look, tree, true);
    look.next = None;
}

/// Every container that runs ends now.
pub(super) fn kill_all(look: &mut Look, tree: &mut Tree, code: i64, reason: &str) {
    for statuses in ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] {
        for at in 0..tree["status"][statuses].items().len() {
            let mut status = tree["status"][statuses][at].clone();
            if !status["state"]["running"].is_null() {
                containers::stop(look, &mut status, code, reason);
                put(tree, statuses, status);
            }
        }
    }
}

/// Writes what follows from the containers: phase, conditions, the host's addresses. `terminal`: nothing is started again.
pub(super) fn finish(look: &mut Look, tree: &mut Tree, terminal: bool) {
    let host = host_ip(&look.node.tree).to_owned();
    tree.set("status.hostIP", &*host);
    tree.set("status.hostIPs", Tree::list_of(vec![Tree::texts([("ip", &*host)])]));
    let generation = tree.int("metadata.generation", 0);
    if generation > 0 {
        tree.set("status.observedGeneration", generation);
    }
    if !matches!(tree.text("status.phase"), "Succeeded" | "Failed") {
        tree.set("status.phase", phase(tree, terminal));
    }
    let now = look.world.now_text();
    let conditions = conditions(tree, &now);
    tree.set("status.conditions", conditions);
}

fn status_of<'a>(tree: &'a Tree, container: &Tree) -> &'a Tree {
    let name = container.text("name");
    match tree.item("status.containerStatuses", "name", name) {
        Tree::Null => tree.item("status.initContainerStatuses", "name", name),
        status => status,
    }
}

/// `getPhase`.
fn phase(tree: &Tree, terminal: bool) -> &'static str {
    let (mut pending_init, mut pending_sidecars) = (0, 0);
    let (mut running, mut waiting, mut stopped, mut lasting, mut succeeded, mut unknown) = (0, 0, 0, 0, 0, 0);
    let code = |state: &Tree| state["terminated"]["exitCode"].as_i64();
    for container in tree.at("spec.initContainers").items() {
        let status = status_of(tree, container);
        let (state, last) = (&status["state"], &status["lastState"]);
        if is_sidecar(container) {
            if !state["running"].is_null() {
                running += 1;
                pending_sidecars += usize::from(!status.flag("started"));
            } else if code(state).is_none() && code(last).is_none() {
                pending_sidecars += 1;
                waiting += 1;
            }
            continue;
        }
        match code(state).or_else(|| code(last).filter(|_| state["running"].is_null())) {
            Some(0) => {}
            Some(code) if !restarts(tree, container, Role::Init, code) => return "Failed",
            Some(_) => {}
            None => pending_init += 1,
        }
    }
    for container in tree.at("spec.containers").items() {
        let status = status_of(tree, container);
        let (state, last) = (&status["state"], &status["lastState"]);
        match code(state).or_else(|| code(last).filter(|_| !state["waiting"].is_null())) {
            _ if status.is_null() => unknown += 1,
            _ if !state["running"].is_null() => running += 1,
            Some(ended) => {
                stopped += 1;
                lasting += usize::from(!restarts(tree, container, Role::App, ended));
                succeeded += usize::from(code(state) == Some(0));
            }
            None => waiting += 1,
        }
    }
    let started = tree.at("status.containerStatuses").items().iter().any(|s| !s["containerID"].is_null());
    if pending_init > 0 || pending_sidecars > 0 && !started || waiting > 0 {
        return "Pending";
    }
    match (running > 0, stopped > 0, unknown) {
        (true, _, 0) => "Running",
        (false, true, 0) if !terminal && stopped != lasting => "Running",
        (false, true, 0) if stopped == succeeded => "Succeeded",
        (false, true, 0) => "Failed",
        _ => "Pending",
    }
}

const OWN: [&str; 5] = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

/// All conditions: those of others first, then the kubelet's in its order.
fn conditions(tree: &Tree, now: &Tree) -> Tree {
    let old = tree.at("status.conditions");
    let mut all: Vec<Tree> = old.items().iter().filter(|c| !OWN.contains(&c.text("type"))).cloned().collect();
    let phase = tree.text("status.phase");
    let sandbox = !tree.at("status.podIP").is_null() && !matches!(phase, "Succeeded" | "Failed");
    let containers = containers_ready(tree, phase);
    let ready = match &containers {
        None => gates(tree, &all),
        not => not.clone(),
    };
    let no = |reason: &'static str, message: String| Some((reason, message));
    let found: [(bool, Option<(&'static str, String)>); 5] = [
        (sandbox, None),
        match initialized(tree) {
            _ if phase == "Succeeded" => (true, no("PodCompleted", String::new())),
            None => (true, None),
            why => (false, why),
        },
        (ready.is_none(), ready),
        (containers.is_none(), containers),
        (true, None),
    ];
    let generation = tree.int("metadata.generation", 0);
    for (kind, (holds, why)) in OWN.into_iter().zip(found) {
        let status = if holds { "True" } else { "False" };
        let before = old.items().iter().find(|c| c["type"] == kind).filter(|c| c["status"] == status);
        let mut condition = Tree::texts([("status", status), ("type", kind)]);
        condition.put("lastProbeTime", Tree::Null);
        condition.set("lastTransitionTime", before.map_or(now, |c| &c["lastTransitionTime"]));
        if generation > 0 {
            condition.set("observedGeneration", generation);
        }
        if let Some((reason, message)) = why {
            condition.set("reason", reason);
            if !message.is_empty() {
                condition.set("message", message);
            }
        }
        all.push(condition);
    }
    Tree::list_of(all)
}

/// `[a b]`: how Go prints names.
fn go_list(names: &[&str]) -> String {
    format!("[{}]", names.join(" "))
}

/// Why `Initialized` is false.
fn initialized(tree: &Tree) -> Option<(&'static str, String)> {
    if tree.at("status.containerStatuses").items().iter().any(|s| !s["containerID"].is_null()) {
        return None;
    }
    let done = |container: &&Tree| {
        let status = status_of(tree, container);
        if is_sidecar(container) { status.flag("started") } else { status.at("state.terminated.exitCode").as_i64() == Some(0) }
    };
    let not: Vec<&str> = tree.at("spec.initContainers").items().iter().filter(|c| !done(c)).map(|c| c.text("name")).collect();
    (!not.is_empty()).then(|| ("ContainersNotInitialized", format!("containers with incomplete status: {}", go_list(&not))))
}

/// Why `ContainersReady` is false.
fn containers_ready(tree: &Tree, phase: &str) -> Option<(&'static str, String)> {
    match phase {
        "Succeeded" => return Some(("PodCompleted", String::new())),
        "Failed" => return Some(("PodFailed", String::new())),
        _ => {}
    }
    let sidecars = tree.at("spec.initContainers").items().iter().filter(|c| is_sidecar(c));
    let all = sidecars.chain(tree.at("spec.containers").items());
    let not: Vec<&str> = all.filter(|c| !status_of(tree, c).flag("ready")).map(|c| c.text("name")).collect();
    (!not.is_empty()).then(|| ("ContainersNotReady", format!("containers with unready status: {}", go_list(&not))))
}

/// Why `Ready` is false although the containers are: `readinessGates`.
fn gates(tree: &Tree, others: &[Tree]) -> Option<(&'static str, String)> {
    let missing = |gate: &Tree| {
        let kind = gate.text("conditionType");
        match others.iter().find(|c| c["type"] == *kind) {
            None => Some(format!("corresponding condition of pod readiness gate {kind:?} does not exist.")),
            Some(c) if c["status"] != "True" => {
                Some(format!("the status of pod readiness gate {kind:?} is not \"True\", but {}", c.text("status")))
            }
            Some(_) => None,
        }
    };
    let why: Vec<String> = tree.at("spec.readinessGates").items().iter().filter_map(missing).collect();
    (!why.is_empty()).then(|| ("ReadinessGatesNotReady", why.join(", ")))
}

/// The conditions of a pod that has been ready since `since`.
pub(super) fn ready_since(since: &ArcStr, generation: i64) -> Tree {
    let one = |kind: &str| {
        let mut condition: Tree = json!({"type": kind, "status": "True", "lastProbeTime": null}).into();
        condition.set("lastTransitionTime", since);
        if generation > 0 {
            condition.set("observedGeneration", generation);
        }
        condition
    };
    OWN.into_iter().map(one).collect()
}
