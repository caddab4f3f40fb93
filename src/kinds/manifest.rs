//! Texts to begin a new object with: written by hand for the kinds that people make most, and for any other kind made from its
//! schema ([`sketch`]). Those written by hand are accepted by the API server as they stand.

use crate::model::kind::Kind;

pub mod sketch;

/// What is known of the object that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Its kind.
    pub kind: &'a Kind,
    /// Its name.
    pub name: &'a str,
    /// Its namespace; without meaning for a kind of cluster scope.
    pub namespace: &'a str,
}

/// A text by its kind.
struct Template {
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    /// Which of several of the kind; the first one is the usual one.
    variant: &'static str,
    text: &'static str,
}

macro_rules! templates {
    ($($group:literal $version:literal $plural:literal $variant:literal = $file:literal;)+) => {
        &[$(Template {
            group: $group,
            version: $version,
            plural: $plural,
            variant: $variant,
            text: include_str!(concat!("manifest/", $file, ".yaml")),
        }),+]
    };
}

static TEMPLATES: &[Template] = templates! {
    "" "v1" "pods" "" = "pod";
    "" "v1" "services" "clusterip" = "service-clusterip";
    "" "v1" "services" "nodeport" = "service-nodeport";
    "" "v1" "services" "loadbalancer" = "service-loadbalancer";
    "" "v1" "services" "externalname" = "service-externalname";
    "" "v1" "services" "headless" = "service-headless";
    "" "v1" "configmaps" "" = "configmap";
    "" "v1" "secrets" "" = "secret";
    "" "v1" "persistentvolumeclaims" "" = "persistentvolumeclaim";
    "" "v1" "persistentvolumes" "" = "persistentvolume";
    "" "v1" "serviceaccounts" "" = "serviceaccount";
    "" "v1" "namespaces" "" = "namespace";
    "" "v1" "resourcequotas" "" = "resourcequota";
    "" "v1" "limitranges" "" = "limitrange";
    "apps" "v1" "deployments" "" = "deployment";
    "apps" "v1" "replicasets" "" = "replicaset";
    "apps" "v1" "statefulsets" "" = "statefulset";
    "apps" "v1" "daemonsets" "" = "daemonset";
    "batch" "v1" "jobs" "" = "job";
    "batch" "v1" "cronjobs" "" = "cronjob";
    "networking.k8s.io" "v1" "ingresses" "" = "ingress";
    "networking.k8s.io" "v1" "networkpolicies" "" = "networkpolicy";
    "autoscaling" "v2" "horizontalpodautoscalers" "" = "horizontalpodautoscaler";
    "policy" "v1" "poddisruptionbudgets" "" = "poddisruptionbudget";
    "storage.k8s.io" "v1" "storageclasses" "" = "storageclass";
    "rbac.authorization.k8s.io" "v1" "roles" "" = "role";
    "rbac.authorization.k8s.io" "v1" "clusterroles" "" = "clusterrole";
    "rbac.authorization.k8s.io" "v1" "rolebindings" "" = "rolebinding";
    "rbac.authorization.k8s.io" "v1" "clusterrolebindings" "" = "clusterrolebinding";
    "scheduling.k8s.io" "v1" "priorityclasses" "" = "priorityclass";
    "apiextensions.k8s.io" "v1" "customresourcedefinitions" "" = "customresourcedefinition";
};

fn of(kind: &Kind) -> impl Iterator<Item = &'static Template> {
    TEMPLATES.iter().filter(|t| *t.group == *kind.group && *t.version == *kind.version && *t.plural == *kind.plural)
}

/// The types of a kind that there are texts for, the usual one first; none where there is but one text, or none.
pub fn variants(kind: &Kind) -> Vec<&'static str> {
    of(kind).map(|template| template.variant).filter(|variant| !variant.is_empty()).collect()
}

/// The text for a new object, of a type of it (empty is the usual one); `None` where it has to be made from the schema.
///
/// # Errors
/// There is no such type; the words name those that there are.
pub fn template(wanted: &Wanted<'_>, variant: &str) -> Result<Option<String>, String> {
    let found = of(wanted.kind).find(|template| variant.is_empty() || template.variant.eq_ignore_ascii_case(variant));
    if found.is_none() && !variant.is_empty() {
        let known = variants(wanted.kind).join(", ");
        let singular = &wanted.kind.singular;
        return Err(match known.as_str() {
            "" => format!("kubetui begins every {singular} with the same text: {variant:?} says nothing here"),
            known => format!("there is no {singular} of type {variant:?}: {known}"),
        });
    }
    Ok(found.map(|template| template.text.replace("{name}", wanted.name).replace("{namespace}", wanted.namespace)))
}

/// A name to begin with.
pub fn name(kind: &Kind) -> String {
    format!("new-{}", kind.kind.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::edit;

    fn kind(template: &Template) -> Kind {
        Kind {
            group: template.group.into(),
            version: template.version.into(),
            plural: template.plural.into(),
            singular: "thing".into(),
            ..Kind::default()
        }
    }

    #[test]
    fn every_text_is_one_object_of_its_kind_with_its_name() {
        for template in TEMPLATES {
            let kind = kind(template);
            let wanted = Wanted { kind: &kind, name: "n-1", namespace: "shop" };
            let text = super::template(&wanted, template.variant).unwrap().unwrap();
            let tree = edit::read(&text).unwrap_or_else(|fault| panic!("{}: {fault:?}", template.plural)).tree();
            assert_eq!(tree.text("apiVersion"), kind.api_version(), "{}", template.plural);
            assert_eq!(&template.plural[..3], &tree.text("kind").to_lowercase()[..3]);
            let definition = template.plural == "customresourcedefinitions";
            assert_eq!(tree.text("metadata.name"), if definition { "things.example.com" } else { "n-1" });
            assert!(matches!(tree.text("metadata.namespace"), "shop" | ""), "{}", template.plural);
            assert!(!text.contains("{name") && text.is_ascii(), "{}", template.plural);
        }
    }

    #[test]
    fn a_type_is_chosen_by_name_and_the_first_is_the_usual_one() {
        let services = kind(TEMPLATES.iter().find(|template| template.plural == "services").unwrap());
        let wanted = Wanted { kind: &services, name: "web", namespace: "shop" };
        assert_eq!(variants(&services), ["clusterip", "nodeport", "loadbalancer", "externalname", "headless"]);
        assert!(template(&wanted, "").unwrap().unwrap().contains("type: ClusterIP"));
        assert!(template(&wanted, "LoadBalancer").unwrap().unwrap().contains("type: LoadBalancer"));
        assert!(template(&wanted, "round").unwrap_err().contains("clusterip, nodeport"));
        let other = Kind { plural: "things".into(), singular: "thing".into(), ..Kind::default() };
        let wanted = Wanted { kind: &other, ..wanted };
        assert_eq!(template(&wanted, ""), Ok(None));
        assert!(template(&wanted, "blue").unwrap_err().contains("every thing with the same text"));
    }
}
