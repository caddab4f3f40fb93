//! Which fields hold the name of another object: what exists can be offered there. From the field's own name and that of what
//! holds it, so that it is true of custom resources too, which embed the same types.

/// A kind that is named: its group and the plural of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named {
    /// Empty for the core group.
    pub group: &'static str,
    /// `configmaps`
    pub plural: &'static str,
}

const fn named(group: &'static str, plural: &'static str) -> Named {
    Named { group, plural }
}

const CONFIG_MAP: Named = named("", "configmaps");
const SECRET: Named = named("", "secrets");
const ACCOUNT: Named = named("", "serviceaccounts");

/// The holder's name (empty for any), the field's name, and what it names. (core/v1, networking/v1 and storage/v1 types.go)
const FIELDS: &[(&str, &str, Named)] = &[
    ("configMap", "name", CONFIG_MAP),
    ("configMapRef", "name", CONFIG_MAP),
    ("configMapKeyRef", "name", CONFIG_MAP),
    ("secret", "name", SECRET),
    ("secretRef", "name", SECRET),
    ("secretKeyRef", "name", SECRET),
    ("imagePullSecrets", "name", SECRET),
    ("secrets", "name", SECRET),
    ("", "secretName", SECRET),
    ("", "serviceAccountName", ACCOUNT),
    ("spec", "serviceAccount", ACCOUNT),
    ("", "priorityClassName", named("scheduling.k8s.io", "priorityclasses")),
    ("", "storageClassName", named("storage.k8s.io", "storageclasses")),
    ("", "ingressClassName", named("networking.k8s.io", "ingressclasses")),
    ("", "runtimeClassName", named("node.k8s.io", "runtimeclasses")),
    ("", "claimName", named("", "persistentvolumeclaims")),
    ("spec", "volumeName", named("", "persistentvolumes")),
    ("spec", "nodeName", named("", "nodes")),
    ("service", "name", named("", "services")),
    ("metadata", "namespace", named("", "namespaces")),
    ("", "namespace", named("", "namespaces")),
];

/// What a field names, by its path without lists: `["spec", "volumes", "configMap", "name"]`.
pub fn at(path: &[&str]) -> Option<Named> {
    let (field, above) = path.split_last()?;
    let holder = above.last().copied().unwrap_or_default();
    FIELDS.iter().find(|(of, name, _)| name == field && (of.is_empty() || *of == holder)).map(|(_, _, named)| *named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_name_objects_are_known() {
        let plural = |path: &str| at(&path.split('.').collect::<Vec<_>>()).map(|named| named.plural);
        assert_eq!(plural("spec.template.spec.volumes.configMap.name"), Some("configmaps"));
        assert_eq!(plural("spec.containers.env.valueFrom.secretKeyRef.name"), Some("secrets"));
        assert_eq!(plural("spec.tls.secretName"), Some("secrets"));
        assert_eq!(plural("spec.serviceAccountName"), Some("serviceaccounts"));
        assert_eq!(plural("spec.containers.name"), None);
        assert_eq!(plural("metadata.name"), None);
        assert_eq!(plural(""), None);
    }
}
