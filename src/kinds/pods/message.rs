//! The parts of `core.v1.Pod` that a row needs.

use crate::kinds::core::CoreCondition;
use crate::kinds::partial::{ObjectMeta, Quantity, Time};

crate::partial! {
    /// `core.v1.Pod`.
    Pod {
        1 metadata: one ObjectMeta,
        2 spec: one PodSpec,
        3 status: one PodStatus,
    }

    /// `core.v1.PodSpec`.
    PodSpec {
        1 volumes: many Volume,
        2 containers: many Container,
        8 service_account_name: text,
        10 node_name: text,
        20 init_containers: many Container,
        28 readiness_gates: many PodReadinessGate,
        34 ephemeral_containers: many EphemeralContainer,
        40 resources: one ResourceRequirements,
    }

    /// `core.v1.Container`.
    Container {
        1 name: text,
        2 image: text,
        6 ports: many ContainerPort,
        8 resources: one ResourceRequirements,
        10 liveness_probe: one Present,
        11 readiness_probe: one Present,
        22 startup_probe: one Present,
        24 restart_policy: text,
    }

    /// `core.v1.EphemeralContainer`: a container inside, with a container's tags; inline in JSON.
    EphemeralContainer {
        #[serde(flatten)]
        1 ephemeral_container_common: one Container,
    }

    /// `core.v1.ContainerPort`.
    ContainerPort {
        1 name: text,
        3 container_port: int,
        4 protocol: text,
    }

    /// `core.v1.ResourceRequirements`.
    ResourceRequirements {
        1 limits: map Quantity,
        2 requests: map Quantity,
    }

    /// `core.v1.PodReadinessGate`.
    PodReadinessGate {
        1 condition_type: text,
    }

    /// `core.v1.Volume`; its source is inline in JSON.
    Volume {
        1 name: text,
        #[serde(flatten)]
        2 volume_source: one VolumeSource,
    }

    /// `core.v1.VolumeSource`, those that are claims.
    VolumeSource {
        10 persistent_volume_claim: one PersistentVolumeClaimVolumeSource,
        29 ephemeral: one Present,
    }

    /// `core.v1.PersistentVolumeClaimVolumeSource`.
    PersistentVolumeClaimVolumeSource {
        1 claim_name: text,
    }

    /// Any message of which it matters only that it is there.
    Present {
    }

    /// `core.v1.PodStatus`.
    PodStatus {
        1 phase: text,
        2 conditions: many CoreCondition,
        3 message: text,
        4 reason: text,
        #[serde(rename = "podIP")]
        6 pod_ip: text,
        8 container_statuses: many ContainerStatus,
        10 init_container_statuses: many ContainerStatus,
        11 nominated_node_name: text,
        13 ephemeral_container_statuses: many ContainerStatus,
    }

    /// `core.v1.ContainerStatus`.
    ContainerStatus {
        1 name: text,
        2 state: one ContainerState,
        3 last_state: one ContainerState,
        4 ready: flag,
        5 restart_count: int,
        9 started: flag,
    }

    /// `core.v1.ContainerState`.
    ContainerState {
        1 waiting: one ContainerStateWaiting,
        2 running: one ContainerStateRunning,
        3 terminated: one ContainerStateTerminated,
    }

    /// `core.v1.ContainerStateWaiting`.
    ContainerStateWaiting {
        1 reason: text,
        2 message: text,
    }

    /// `core.v1.ContainerStateRunning`.
    ContainerStateRunning {
        1 started_at: one Time,
    }

    /// `core.v1.ContainerStateTerminated`.
    ContainerStateTerminated {
        1 exit_code: int,
        2 signal: int,
        3 reason: text,
        4 message: text,
        5 started_at: one Time,
        6 finished_at: one Time,
    }
}

impl Container {
    /// An init container that keeps running beside the others (KEP-753).
    pub fn is_sidecar(&self) -> bool {
        self.restart_policy == "Always"
    }
}

impl ContainerStatus {
    /// `state.waiting`.
    pub fn waiting(&self) -> Option<&ContainerStateWaiting> {
        self.state.as_ref()?.waiting.as_ref()
    }

    /// `state.running`.
    pub fn running(&self) -> Option<&ContainerStateRunning> {
        self.state.as_ref()?.running.as_ref()
    }

    /// `state.terminated`.
    pub fn terminated(&self) -> Option<&ContainerStateTerminated> {
        self.state.as_ref()?.terminated.as_ref()
    }

    /// `lastState.terminated`: how the run before this one ended.
    pub fn last_terminated(&self) -> Option<&ContainerStateTerminated> {
        self.last_state.as_ref()?.terminated.as_ref()
    }
}

impl PodStatus {
    /// The condition of this type.
    pub fn condition(&self, kind: &str) -> Option<&CoreCondition> {
        self.conditions.iter().find(|c| c.kind == kind)
    }

    /// The condition of this type is True.
    pub fn holds(&self, kind: &str) -> bool {
        self.condition(kind).is_some_and(CoreCondition::holds)
    }
}
