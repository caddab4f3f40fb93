//! What panes relate objects by: the parts of an object that are neither identity nor a cell.

use std::sync::Arc;

use super::row::{Health, Labels};
use super::time::Seconds;

/// Kind-specific facts of a row. Boxed, so that kinds without facts pay nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Facts {
    /// Nothing beyond identity, labels, owner and cells.
    #[default]
    None,
    /// A pod.
    Pod(Box<PodFacts>),
    /// A service.
    Service(Box<ServiceFacts>),
    /// An EndpointSlice.
    Slice(Box<SliceFacts>),
    /// Anything with a pod template or replicas: Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController, Job.
    Workload(Box<WorkloadFacts>),
    /// A node.
    Node(Box<NodeFacts>),
    /// An event.
    Event(Box<EventFacts>),
    /// Something that selects pods and is not a workload: NetworkPolicy, PodDisruptionBudget.
    Selects(Arc<Selector>),
    /// A CustomResourceDefinition.
    Definition(Box<DefinitionFacts>),
    /// A ControllerRevision's number, by which a StatefulSet's and a DaemonSet's history is ordered.
    Revision(i64),
}

/// Compute resources, zero where not set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Resources {
    /// Thousandths of a core.
    pub cpu: i64,
    /// Bytes.
    pub memory: i64,
}

impl std::ops::AddAssign for Resources {
    fn add_assign(&mut self, other: Resources) {
        self.cpu += other.cpu;
        self.memory += other.memory;
    }
}

/// What a container is to its pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// One of `spec.containers`.
    #[default]
    App,
    /// An init container that runs once.
    Init,
    /// An init container with `restartPolicy: Always` (KEP-753).
    Sidecar,
    /// Added for debugging.
    Ephemeral,
}

/// The part of a container that its pod's template gives: shared by all replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ContainerSpec {
    /// Its name.
    pub name: Arc<str>,
    /// What it is to the pod.
    pub role: Role,
    /// As written in the spec.
    pub image: Arc<str>,
    /// Declared ports.
    pub ports: Box<[Port]>,
    /// Which probes it has, in words: `liveness readiness startup`; empty when none.
    pub probes: Arc<str>,
    /// `resources.requests`.
    pub requests: Resources,
    /// `resources.limits`.
    pub limits: Resources,
}

/// A named, numbered port of a container, a service or a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Port {
    /// Empty when it has none.
    pub name: Arc<str>,
    /// 0 where the port is known by name only.
    pub number: u16,
    /// `TCP`, `UDP`, `SCTP`.
    pub protocol: Arc<str>,
    /// A service's target port as written: a number, a name, or empty.
    pub target: Arc<str>,
    /// A service's node port; 0 when it has none.
    pub node_port: u16,
}

/// What a container does now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing reported yet.
    #[default]
    Unknown,
    /// Waiting, and why.
    Waiting {
        /// `ContainerCreating`, `CrashLoopBackOff`, …
        reason: Arc<str>,
        /// The kubelet's words.
        message: Arc<str>,
    },
    /// Running since.
    Running(Seconds),
    /// Ended.
    Terminated(Ended),
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// `Completed`, `Error`, `OOMKilled`, …
    pub reason: Arc<str>,
    /// Exit code.
    pub code: i32,
    /// Signal, 0 when none.
    pub signal: i32,
    /// Start.
    pub started: Option<Seconds>,
    /// End.
    pub finished: Option<Seconds>,
}

/// One container of a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    /// What the template says of it.
    pub spec: Arc<ContainerSpec>,
    /// What it does now.
    pub state: State,
    /// How its run before this one ended.
    pub last: Option<Box<Ended>>,
    /// Restarts.
    pub restarts: u32,
    /// Passes its readiness probe.
    pub ready: bool,
}

/// A condition of any object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// `Ready`, `Available`, …
    pub kind: Arc<str>,
    /// `True`, `False`, `Unknown`.
    pub status: Arc<str>,
    /// CamelCase reason, may be empty.
    pub reason: Arc<str>,
    /// Words for a person, may be empty.
    pub message: Arc<str>,
    /// Last transition.
    pub since: Option<Seconds>,
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodFacts {
    /// `spec.nodeName`, empty while not scheduled.
    pub node: Arc<str>,
    /// `status.podIP`, empty while it has none.
    pub ip: Arc<str>,
    /// `status.phase`.
    pub phase: Arc<str>,
    /// The Ready condition is True.
    pub ready: bool,
    /// `spec.serviceAccountName`.
    pub service_account: Arc<str>,
    /// In the order of init (with sidecars), app, ephemeral.
    pub containers: Box<[Container]>,
    /// What explains a pod: of the kubelet's usual conditions those that are not True, and every other one (readiness
    /// gates, `DisruptionTarget`, …).
    pub conditions: Box<[Condition]>,
    /// Sum over app containers and sidecars, or what the pod as a whole asks for.
    pub requests: Resources,
    /// Sum over app containers and sidecars, or what the pod as a whole may use.
    pub limits: Resources,
    /// Names of claims it mounts, those of generic ephemeral volumes too.
    pub claims: Box<[Arc<str>]>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceFacts {
    /// `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`.
    pub kind: Arc<str>,
    /// `spec.clusterIP` is `None`.
    pub headless: bool,
    /// `None` for a service without a selector, whose endpoints somebody else makes.
    pub selector: Option<Arc<Selector>>,
    /// Ports.
    pub ports: Box<[Port]>,
    /// `spec.clusterIPs`; none for a headless service.
    pub addresses: Box<[Arc<str>]>,
    /// Load balancer ingress and external IPs; an ExternalName's name.
    pub external: Box<[Arc<str>]>,
    /// `spec.internalTrafficPolicy`: `Cluster` or `Local`, may be empty.
    pub internal_policy: Arc<str>,
    /// `spec.externalTrafficPolicy`: `Cluster` or `Local`, empty where nothing comes from outside.
    pub external_policy: Arc<str>,
    /// `spec.publishNotReadyAddresses`: pods count as endpoints before they are ready.
    pub publishes_not_ready: bool,
}

/// An EndpointSlice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SliceFacts {
    /// The label `kubernetes.io/service-name`, empty when it belongs to none.
    pub service: Arc<str>,
    /// Ports.
    pub ports: Box<[Port]>,
    /// Endpoints.
    pub endpoints: Box<[Endpoint]>,
}

/// One endpoint of a slice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoint {
    /// First address.
    pub address: Arc<str>,
    /// `conditions.ready`, true when absent.
    pub ready: bool,
    /// `conditions.serving`, `ready` when absent.
    pub serving: bool,
    /// `conditions.terminating`.
    pub terminating: bool,
    /// UID of the pod behind it, where `targetRef` names one.
    pub pod: Option<super::row::Uid>,
    /// Name of the pod behind it, may be empty.
    pub pod_name: Arc<str>,
    /// Node, may be empty.
    pub node: Arc<str>,
}

/// A workload: what it wants and what it has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkloadFacts {
    /// Which pods are its own.
    pub selector: Option<Arc<Selector>>,
    /// `spec.replicas` (a DaemonSet's desired number, a Job's parallelism).
    pub desired: i32,
    /// Pods there are.
    pub current: i32,
    /// Pods of the newest template.
    pub updated: i32,
    /// Ready pods.
    pub ready: i32,
    /// Available pods.
    pub available: i32,
    /// `RollingUpdate`, `Recreate`, `OnDelete`; empty where there is none.
    pub strategy: Arc<str>,
    /// As written: a number or a percentage; empty where not set.
    pub max_surge: Arc<str>,
    /// As written: a number or a percentage; empty where not set.
    pub max_unavailable: Arc<str>,
    /// `spec.paused` of a Deployment, `suspend` of a Job.
    pub paused: bool,
    /// The annotation `deployment.kubernetes.io/revision` of a Deployment or ReplicaSet, or `status.updateRevision` of a
    /// StatefulSet (a ControllerRevision's name). A DaemonSet's status names none: its newest ControllerRevision is it.
    pub revision: Arc<str>,
    /// `spec.updateStrategy.rollingUpdate.partition` of a StatefulSet: pods of a lower ordinal keep the old revision.
    pub partition: i32,
    /// `spec.minReadySeconds`: how long a pod must be ready before it is available.
    pub min_ready: i32,
    /// `spec.progressDeadlineSeconds` of a Deployment.
    pub deadline: Option<i32>,
    /// `metadata.generation` is newer than `status.observedGeneration`: the controller has not seen the change yet.
    pub unobserved: bool,
    /// Conditions, all of them.
    pub conditions: Box<[Condition]>,
    /// Names of the template's containers and images, in order.
    pub images: Box<[(Arc<str>, Arc<str>)]>,
    /// The ports that the template's containers declare, in order.
    pub ports: Box<[Port]>,
    /// What a rollout is at, in words for the Rollouts pane (`kubectl rollout status`), and how good that is.
    pub progress: Option<(Arc<str>, Health)>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeFacts {
    /// What can be requested.
    pub allocatable: Resources,
    /// How many pods fit.
    pub pods: i64,
    /// Taints as `key=value:Effect`.
    pub taints: Box<[Arc<str>]>,
    /// Conditions, all of them.
    pub conditions: Box<[Condition]>,
    /// `spec.unschedulable`.
    pub cordoned: bool,
    /// `topology.kubernetes.io/zone`.
    pub zone: Arc<str>,
    /// `node.kubernetes.io/instance-type`.
    pub instance: Arc<str>,
}

/// An event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventFacts {
    /// `Warning` or `Normal`.
    pub kind: Arc<str>,
    /// CamelCase reason.
    pub reason: Arc<str>,
    /// Words for a person.
    pub message: Arc<str>,
    /// How often.
    pub count: i64,
    /// When last.
    pub last: Seconds,
    /// When first.
    pub first: Seconds,
    /// Who says so.
    pub source: Arc<str>,
    /// Group and version of what it is about: `apps/v1`. Empty where whoever made the event did not say.
    pub object_version: Arc<str>,
    /// Kind of what it is about.
    pub object_kind: Arc<str>,
    /// Name of what it is about.
    pub object_name: Arc<str>,
    /// UID of what it is about.
    pub object_uid: Option<super::row::Uid>,
}

/// A CustomResourceDefinition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DefinitionFacts {
    /// API group.
    pub group: Arc<str>,
    /// Plural name.
    pub plural: Arc<str>,
    /// Kind.
    pub kind: Arc<str>,
    /// The version to read: the first that is served, in order of priority.
    pub version: Arc<str>,
}

/// A label selector: `matchLabels` and `matchExpressions`, all of which must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selector {
    /// Requirements in order of their keys, as kubectl prints them.
    pub requirements: Box<[Requirement]>,
}

/// One requirement of a selector.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// The label's key.
    pub key: Arc<str>,
    /// What must hold.
    pub operator: Operator,
    /// The values to compare with; empty for Exists and DoesNotExist.
    pub values: Box<[Arc<str>]>,
}

/// Operators of label selectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// The one value: what `matchLabels` and a service's selector mean, spelled `key=value`.
    Equals,
    /// One of the values.
    In,
    /// None of the values; an object without the key matches.
    NotIn,
    /// The key is there.
    Exists,
    /// The key is not there.
    DoesNotExist,
}

impl Selector {
    /// Whether the labels satisfy every requirement. The empty selector matches everything: whoever gives an empty
    /// one another meaning (a Service's) keeps an `Option`.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements
            .iter()
            .all(|requirement| requirement.holds(labels.iter().find(|(key, _)| *key == requirement.key).map(|(_, value)| &**value)))
    }
}

impl Requirement {
    /// Whether the key's value, or that the key is not there, satisfies it.
    pub fn holds(&self, value: Option<&str>) -> bool {
        let among = |value: &str| self.values.iter().any(|v| **v == *value);
        match self.operator {
            Operator::Equals | Operator::In => value.is_some_and(among),
            Operator::NotIn => !value.is_some_and(among),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

/// kubectl's spelling: `app=web,tier in (a,b),!old`; `<none>` when empty.
impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.requirements.is_empty() {
            return f.write_str("<none>");
        }
        for (at, requirement) in self.requirements.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            let key = &requirement.key;
            let values = &requirement.values;
            match requirement.operator {
                Operator::Equals => write!(f, "{key}={}", values.join(","))?,
                Operator::In => write!(f, "{key} in ({})", values.join(","))?,
                Operator::NotIn => write!(f, "{key} notin ({})", values.join(","))?,
                Operator::Exists => write!(f, "{key}")?,
                Operator::DoesNotExist => write!(f, "!{key}")?,
            }
        }
        Ok(())
    }
}
