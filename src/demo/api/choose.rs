//! Which objects a list or a watch is about: namespace, labels, fields.

use crate::demo::http::Request;
use crate::demo::refusal::Refusal;
use crate::demo::selector::{self, FieldTerm};
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::model::facts::Selector;

use super::route::Route;

/// A choice of objects of one resource.
#[derive(Clone, Debug)]
pub struct Choice {
    /// `pods`, `deployments.apps`.
    pub key: String,
    /// `None` for all namespaces.
    pub namespace: Option<String>,
    labels: Selector,
    fields: Vec<FieldTerm>,
}

/// Fields that can be selected by, beside name and namespace: the `AddFieldLabelConversionFunc`s of pkg/apis/*/v1 and
/// each resource's `GetAttrs`.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "pods",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
    ),
    (
        "events",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    ("secrets", &["type"]),
    ("services", &["spec.clusterIP", "spec.type"]),
    ("namespaces", &["status.phase"]),
    ("nodes", &["spec.unschedulable"]),
    ("replicationcontrollers", &["status.replicas"]),
    ("replicasets.apps", &["status.replicas"]),
    ("jobs.batch", &["status.successful"]),
    ("certificatesigningrequests.certificates.k8s.io", &["spec.signerName"]),
];

impl Choice {
    /// What a request chooses.
    ///
    /// # Errors
    /// A selector that cannot be read, or a field that cannot be selected by.
    pub fn of(request: &Request, route: &Route) -> Result<Choice, Refusal> {
        let texts = |name: &str| request.parameter(name).unwrap_or("").to_owned();
        let labels =
            selector::parse(&texts("labelSelector")).map_err(|why| Refusal::bad_request(format!("unable to parse requirement: {why}")))?;
        let mut fields = selector::parse_fields(&texts("fieldSelector")).map_err(Refusal::bad_request)?;
        let own = FIELDS.iter().find(|(key, _)| *key == route.key).map_or(&[][..], |(_, own)| own);
        for (path, ..) in &fields {
            if !matches!(path.as_str(), "metadata.name" | "metadata.namespace") && !own.contains(&path.as_str()) {
                return Err(Refusal::bad_request(format!("field label not supported: {path}")));
            }
        }
        if !route.name.is_empty() {
            fields.push(("metadata.name".into(), true, route.name.clone()));
        }
        let namespace = (!route.namespace.is_empty()).then(|| route.namespace.clone());
        Ok(Choice { key: route.key.clone(), namespace, labels, fields })
    }

    /// The object is one of those.
    pub fn has(&self, object: &Object) -> bool {
        self.namespace.as_deref().is_none_or(|namespace| *object.namespace == *namespace) && self.selects(&object.tree)
    }

    /// It selects by labels or fields.
    pub fn is_narrow(&self) -> bool {
        !self.labels.requirements.is_empty() || !self.fields.is_empty()
    }

    fn selects(&self, tree: &Tree) -> bool {
        selector::matches(&self.labels, &tree["metadata"]["labels"])
            && self.fields.iter().all(|(path, equal, value)| (field(tree, path) == *value) == *equal)
    }

    /// The one name that is asked for, if it is one: then there is no need to look at all objects.
    pub fn only_name(&self) -> Option<&str> {
        self.fields.iter().find(|(path, equal, _)| path == "metadata.name" && *equal).map(|(.., value)| value.as_str())
    }

    /// The node whose pods are asked for, if it is one.
    pub fn only_node(&self) -> Option<&str> {
        let named = self.fields.iter().find(|(path, equal, value)| path == "spec.nodeName" && *equal && !value.is_empty());
        named.filter(|_| self.key == "pods").map(|(.., value)| value.as_str())
    }
}

/// A field as text, as `GetAttrs` has it.
fn field<'a>(tree: &'a Tree, path: &str) -> std::borrow::Cow<'a, str> {
    match (path, tree.at(path)) {
        ("source", _) => tree.text("source.component").into(),
        ("status.successful", _) => tree.int("status.succeeded", 0).to_string().into(),
        ("status.podIPs", _) => tree["status"]["podIPs"][0].text("ip").into(),
        (_, Tree::Text(text)) => (&**text).into(),
        (_, Tree::Int(n)) => n.to_string().into(),
        ("spec.unschedulable" | "spec.hostNetwork", value) => value.as_bool().unwrap_or(false).to_string().into(),
        ("status.replicas", _) => "0".into(),
        _ => "".into(),
    }
}
