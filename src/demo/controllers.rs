//! What keeps the cluster as it should be: one row for each controller, level-triggered as the real ones are.
//!
//! A controller sees every change and notes what to look at; when it looks, it takes what is stored as the truth, does the
//! next step, and says when to look again. It keeps no notes of its own that a restart could lose, save what is only there
//! to be quick.

pub mod condition;
pub mod cron_job;
pub mod daemon_set;
pub mod definitions;
pub mod deletion_order;
pub mod deployment;
pub mod disruption;
pub mod endpoints;
pub mod events;
mod family;
pub mod garbage;
#[cfg(test)]
mod ground;
pub mod hpa;
pub mod int_or_percent;
pub mod job;
pub mod kubelet;
pub mod load_balancer;
pub mod loads;
pub mod namespace;
pub mod nodes;
pub mod pods;
pub mod quota;
pub mod replica_set;
mod revisions;
pub mod scheduler;
pub mod stateful_set;
pub mod status;
pub mod volumes;

use super::store::{Change, Ref};
use super::story;
use super::world::World;

/// A controller.
pub struct Controller {
    /// What [`World::look`] calls it by: `deployment`.
    pub name: &'static str,
    /// Notes what to look at after a change. It is called for every change of the cluster: it must be quick.
    pub see: fn(&mut World, &Change),
    /// Looks at an object of its kind, which may be gone by now.
    pub sync: fn(&mut World, &Ref),
}

/// All of them. A change is shown to them in this order, so that what keeps pods acts on a new size before the Deployment
/// takes its next step: there is never a pod more than it allows, not even for a moment.
pub static CONTROLLERS: &[&Controller] = &[
    &namespace::NAMESPACES,
    &replica_set::REPLICA_SETS,
    &replica_set::REPLICATION_CONTROLLERS,
    &deployment::DEPLOYMENTS,
    &garbage::GARBAGE,
    &endpoints::ENDPOINTS,
    &disruption::BUDGETS,
    &hpa::AUTOSCALERS,
    &quota::QUOTAS,
    &load_balancer::INGRESSES,
    &load_balancer::LOAD_BALANCERS,
    &volumes::PROVISIONER,
    &volumes::VOLUMES,
    &volumes::CLAIMS,
    &volumes::attributes::ATTRIBUTES,
    &cron_job::CRON_JOBS,
    &job::TTL_AFTER_FINISHED,
    &job::JOBS,
    &daemon_set::DAEMON_SETS,
    &stateful_set::STATEFUL_SETS,
    &scheduler::SCHEDULER,
    &kubelet::KUBELET,
    &nodes::HEARTBEAT,
    &nodes::LIFECYCLE,
    &nodes::TAINTS,
    &definitions::DEFINITION,
    &events::EXPIRY,
    &story::churn::STORY,
];

/// Those of the control plane, all but the scheduler: tests of them play nodes themselves.
#[cfg(test)]
pub(in crate::demo) static WORKLOADS: &[&Controller] = &[
    &namespace::NAMESPACES,
    &replica_set::REPLICA_SETS,
    &replica_set::REPLICATION_CONTROLLERS,
    &deployment::DEPLOYMENTS,
    &garbage::GARBAGE,
    &endpoints::ENDPOINTS,
    &disruption::BUDGETS,
    &hpa::AUTOSCALERS,
    &quota::QUOTAS,
    &load_balancer::INGRESSES,
    &load_balancer::LOAD_BALANCERS,
    &volumes::PROVISIONER,
    &volumes::VOLUMES,
    &volumes::CLAIMS,
    &cron_job::CRON_JOBS,
    &job::TTL_AFTER_FINISHED,
    &job::JOBS,
    &daemon_set::DAEMON_SETS,
    &stateful_set::STATEFUL_SETS,
];

/// Those of nodes: tests of them make pods themselves.
#[cfg(test)]
pub(in crate::demo) static NODES: &[&Controller] =
    &[&scheduler::SCHEDULER, &kubelet::KUBELET, &nodes::HEARTBEAT, &nodes::LIFECYCLE, &nodes::TAINTS];
