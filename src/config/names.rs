//! The names that a file may use for kinds: everything that kubectl takes for Kubernetes' own, without asking a server. A
//! custom resource is written with its group.

use std::sync::Arc;

use crate::kinds::catalog::Catalog;
use crate::model::kind::Kind;
use crate::problem::did_you_mean;

/// Kinds that Kubernetes has beside those that are decoded here, as `kubectl api-resources` (1.36) lists them: group,
/// plural, kind, short names.
const OTHERS: &[(&str, &str, &str, &[&str])] = &[
    ("", "configmaps", "ConfigMap", &["cm"]),
    ("", "endpoints", "Endpoints", &["ep"]),
    ("", "limitranges", "LimitRange", &["limits"]),
    ("", "podtemplates", "PodTemplate", &[]),
    ("", "resourcequotas", "ResourceQuota", &["quota"]),
    ("", "secrets", "Secret", &[]),
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies", "MutatingAdmissionPolicy", &[]),
    ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", &[]),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", &[]),
    ("admissionregistration.k8s.io", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", &[]),
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", &[]),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", &[]),
    ("apiregistration.k8s.io", "apiservices", "APIService", &[]),
    ("certificates.k8s.io", "certificatesigningrequests", "CertificateSigningRequest", &["csr"]),
    ("coordination.k8s.io", "leases", "Lease", &[]),
    ("flowcontrol.apiserver.k8s.io", "flowschemas", "FlowSchema", &[]),
    ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", "PriorityLevelConfiguration", &[]),
    ("networking.k8s.io", "ingressclasses", "IngressClass", &[]),
    ("networking.k8s.io", "ipaddresses", "IPAddress", &["ip"]),
    ("networking.k8s.io", "servicecidrs", "ServiceCIDR", &[]),
    ("node.k8s.io", "runtimeclasses", "RuntimeClass", &[]),
    ("rbac.authorization.k8s.io", "clusterrolebindings", "ClusterRoleBinding", &[]),
    ("rbac.authorization.k8s.io", "clusterroles", "ClusterRole", &[]),
    ("rbac.authorization.k8s.io", "rolebindings", "RoleBinding", &[]),
    ("rbac.authorization.k8s.io", "roles", "Role", &[]),
    ("resource.k8s.io", "deviceclasses", "DeviceClass", &[]),
    ("resource.k8s.io", "resourceclaims", "ResourceClaim", &[]),
    ("resource.k8s.io", "resourceclaimtemplates", "ResourceClaimTemplate", &[]),
    ("resource.k8s.io", "resourceslices", "ResourceSlice", &[]),
    ("scheduling.k8s.io", "priorityclasses", "PriorityClass", &["pc"]),
    ("storage.k8s.io", "csidrivers", "CSIDriver", &[]),
    ("storage.k8s.io", "csinodes", "CSINode", &[]),
    ("storage.k8s.io", "csistoragecapacities", "CSIStorageCapacity", &[]),
    ("storage.k8s.io", "volumeattachments", "VolumeAttachment", &[]),
    ("storage.k8s.io", "volumeattributesclasses", "VolumeAttributesClass", &["vac"]),
];

/// Every kind of Kubernetes' own.
pub(super) fn catalog() -> Catalog {
    let mut catalog = Catalog::builtin();
    catalog.kinds.extend(OTHERS.iter().map(|(group, plural, kind, short)| {
        Arc::new(Kind {
            group: (*group).into(),
            version: "v1".into(),
            kind: (*kind).into(),
            plural: (*plural).into(),
            singular: kind.to_lowercase().into(),
            short: short.iter().map(|name| Arc::from(*name)).collect(),
            listable: true,
            ..Kind::default()
        })
    }));
    catalog.preferred = catalog.kinds.len();
    catalog
}

/// The plural under which a rail meets a kind, with its group where the name is not the plural itself; any name with a dot
/// may be a custom resource's.
///
/// # Errors
/// Kubernetes has no such kind; the words name what is like it.
pub(super) fn kind(catalog: &Catalog, name: &str) -> Result<Arc<str>, String> {
    let plain = name.trim().to_lowercase();
    match catalog.find(&plain) {
        Ok(kind) if *kind.plural == *plain => Ok(plain.into()),
        Ok(kind) => Ok(kind.full_name().into()),
        Err(_) if plain.contains('.') => Ok(plain.into()),
        Err(_) => {
            let near = did_you_mean(&plain, catalog.preferred().iter().map(|kind| &*kind.plural));
            let hint = if near.is_empty() { "; a custom resource is written with its group, as in widgets.example.com" } else { &near };
            Err(format!("Kubernetes has no kind {name:?}{hint}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_the_names_that_kubectl_takes() {
        let catalog = catalog();
        for (name, full) in [
            ("pods", "pods"),
            ("nodes", "nodes"),
            ("sts", "statefulsets.apps"),
            ("Deployment", "deployments.apps"),
            ("deployments", "deployments"),
            ("deployments.apps", "deployments.apps"),
            ("Secret", "secrets"),
            ("cm", "configmaps"),
            ("clusterrole", "clusterroles.rbac.authorization.k8s.io"),
            ("Widgets.example.com", "widgets.example.com"),
        ] {
            assert_eq!(kind(&catalog, name).as_deref(), Ok(full), "{name}");
        }
        assert_eq!(kind(&catalog, "secrts"), Err("Kubernetes has no kind \"secrts\"; did you mean secrets?".into()));
        let error = kind(&catalog, "widgets").expect_err("no such kind");
        assert_eq!(error, "Kubernetes has no kind \"widgets\"; a custom resource is written with its group, as in widgets.example.com");
    }

    #[test]
    fn no_kind_is_there_twice() {
        let catalog = catalog();
        let mut names: Vec<String> = catalog.kinds.iter().map(|kind| kind.full_name()).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
