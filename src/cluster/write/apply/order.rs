//! In which order objects are applied: what others need comes first.

use super::resolve::Item;

/// Helm's `InstallOrder` (helm.sh/helm/v3/pkg/releaseutil), with definitions right behind namespaces, since their objects may
/// be in any place. What is not here has a definition, and comes behind all that is.
const FIRST: [&str; 34] = [
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "ResourceClaimTemplate",
    "ResourceClaim",
    "Event",
    "Lease",
];

/// What stands in the way of requests comes when everything that answers for it is there.
const LAST: [&str; 3] = ["APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// What is applied before what has a greater one.
pub(super) fn rank(kind: &str) -> usize {
    let place = |all: &[&str]| all.iter().position(|name| *name == kind);
    match (place(&FIRST), place(&LAST)) {
        (Some(at), _) => at,
        (None, Some(at)) => FIRST.len() + 1 + at,
        (None, None) => FIRST.len(),
    }
}

/// Puts objects in order; those of one rank stay as they were written.
pub(super) fn sort(items: &mut [Item]) {
    items.sort_by_key(|item| rank(&item.object.kind.kind));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_need_comes_first() {
        let mut kinds =
            ["Relic", "ValidatingWebhookConfiguration", "Deployment", "Service", "CustomResourceDefinition", "Secret", "Namespace"];
        kinds.sort_by_key(|kind| rank(kind));
        assert_eq!(
            kinds,
            ["Namespace", "CustomResourceDefinition", "Secret", "Service", "Deployment", "Relic", "ValidatingWebhookConfiguration"]
        );
    }
}
