//! What other panes relate a pod by.

use std::sync::Arc;

use super::message::{Container, ContainerPort, ContainerStateTerminated, ContainerStatus, PodSpec, PodStatus, ResourceRequirements};
use crate::kinds::nodes::resources;
use crate::kinds::services::number;
use crate::model::facts::{self, ContainerSpec, Ended, PodFacts, Port, Resources, Role, State};
use crate::model::intern::Interner;

/// The conditions that the kubelet and the scheduler give every pod: no news when they are True.
const USUAL: [&str; 5] = ["PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"];

/// All facts of a pod.
pub fn facts(name: &str, spec: &PodSpec, status: &PodStatus, interner: &mut Interner) -> PodFacts {
    let ephemeral = spec.ephemeral_containers.iter().filter_map(|e| e.ephemeral_container_common.as_ref());
    let all = (spec.init_containers.iter().map(|c| (c, if c.is_sidecar() { Role::Sidecar } else { Role::Init })))
        .chain(spec.containers.iter().map(|c| (c, Role::App)))
        .chain(ephemeral.map(|c| (c, Role::Ephemeral)));
    let containers: Box<[_]> = all.map(|(container, role)| container_fact(container, role, status, interner)).collect();
    let (requests, limits) = demands(spec, &containers);
    PodFacts {
        node: interner.text(&spec.node_name),
        // Nobody else has it: not worth a place in the interner.
        ip: status.pod_ip.as_str().into(),
        phase: interner.text(&status.phase),
        ready: status.holds("Ready"),
        service_account: interner.text(&spec.service_account_name),
        containers,
        conditions: status
            .conditions
            .iter()
            .filter(|c| !(c.holds() && USUAL.contains(&c.kind.as_str())))
            .map(|c| c.fact(interner))
            .collect(),
        requests,
        limits,
        claims: spec
            .volumes
            .iter()
            .filter_map(|volume| {
                let source = volume.volume_source.as_ref()?;
                match &source.persistent_volume_claim {
                    Some(claim) => Some(claim.claim_name.as_str().into()),
                    None => source.ephemeral.as_ref().map(|_| format!("{name}-{}", volume.name).into()),
                }
            })
            .collect(),
    }
}

/// What the pod asks for and may use while it runs: its containers and sidecars, unless the pod as a whole says it
/// (`spec.resources`, each resource by itself).
fn demands(spec: &PodSpec, containers: &[facts::Container]) -> (Resources, Resources) {
    let (mut requests, mut limits) = (Resources::default(), Resources::default());
    for container in containers.iter().filter(|c| matches!(c.spec.role, Role::App | Role::Sidecar)) {
        requests += container.spec.requests;
        limits += container.spec.limits;
    }
    if let Some(whole) = &spec.resources {
        let (whole_requests, whole_limits) = (resources(&whole.requests), resources(&whole.limits));
        for (own, whole) in [(&mut requests, whole_requests), (&mut limits, whole_limits)] {
            own.cpu = if whole.cpu > 0 { whole.cpu } else { own.cpu };
            own.memory = if whole.memory > 0 { whole.memory } else { own.memory };
        }
    }
    (requests, limits)
}

fn container_fact(container: &Container, role: Role, pod: &PodStatus, interner: &mut Interner) -> facts::Container {
    let statuses = match role {
        Role::App => &pod.container_statuses,
        Role::Init | Role::Sidecar => &pod.init_container_statuses,
        Role::Ephemeral => &pod.ephemeral_container_statuses,
    };
    let status = statuses.iter().find(|s| s.name == container.name);
    facts::Container {
        spec: spec_fact(container, role, interner),
        state: status.map_or(State::Unknown, |s| state_fact(s, interner)),
        last: status.and_then(ContainerStatus::last_terminated).map(|t| Box::new(end_fact(t, interner))),
        restarts: status.map_or(0, |s| u32::try_from(s.restart_count()).unwrap_or(0)),
        ready: status.is_some_and(ContainerStatus::ready),
    }
}

fn spec_fact(container: &Container, role: Role, interner: &mut Interner) -> Arc<ContainerSpec> {
    let nothing = ResourceRequirements::default();
    let own = container.resources.as_ref().unwrap_or(&nothing);
    let spec = ContainerSpec {
        name: interner.text(&container.name),
        role,
        image: interner.text(&container.image),
        ports: container.ports.iter().map(|port| port.fact(interner)).collect(),
        probes: interner.text(probes(container)),
        requests: resources(&own.requests),
        limits: resources(&own.limits),
    };
    interner.container(spec)
}

impl ContainerPort {
    /// As a fact; a protocol that is not said is TCP (`SetDefaults_ContainerPort`).
    pub fn fact(&self, interner: &mut Interner) -> Port {
        let protocol = if self.protocol.is_empty() { "TCP" } else { &self.protocol };
        Port { name: interner.text(&self.name), number: number(self.container_port), protocol: interner.text(protocol), ..Port::default() }
    }
}

fn probes(container: &Container) -> &'static str {
    match (container.liveness_probe.is_some(), container.readiness_probe.is_some(), container.startup_probe.is_some()) {
        (false, false, false) => "",
        (true, false, false) => "liveness",
        (false, true, false) => "readiness",
        (false, false, true) => "startup",
        (true, true, false) => "liveness readiness",
        (true, false, true) => "liveness startup",
        (false, true, true) => "readiness startup",
        (true, true, true) => "liveness readiness startup",
    }
}

fn state_fact(status: &ContainerStatus, interner: &mut Interner) -> State {
    if let Some(waiting) = status.waiting() {
        return State::Waiting { reason: interner.text(&waiting.reason), message: interner.text(&waiting.message) };
    }
    if let Some(running) = status.running() {
        return State::Running(running.started_at.map_or(0, |t| t.at()));
    }
    status.terminated().map_or(State::Unknown, |t| State::Terminated(end_fact(t, interner)))
}

fn end_fact(end: &ContainerStateTerminated, interner: &mut Interner) -> Ended {
    Ended {
        reason: interner.text(&end.reason),
        code: end.exit_code(),
        signal: end.signal(),
        started: end.started_at.and_then(|t| t.seconds),
        finished: end.finished_at.and_then(|t| t.seconds),
    }
}
