//! The registry of resources: what the recorded discovery documents say the API has, and what definitions of custom
//! resources add to it.

use arcstr::ArcStr;
use std::io::Read;
use std::sync::{Arc, OnceLock};

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::tree::Tree;
use crate::kinds::extensions::by_priority;

pub mod discovery;

/// `/api` and `/apis` as APIGroupDiscoveryList, recorded by `tests/record/openapi.sh`.
static RECORDED: &[u8] = include_bytes!("recorded/discovery.json.gz");

/// The aggregated API of metrics, whose priority (100) is below that of custom resources (1000).
const METRICS: &str = "metrics.k8s.io";

/// The verbs of a custom resource, as apiextensions-apiserver's DiscoveryController gives them.
const CUSTOM_VERBS: &[&str] = &["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

/// Those that are left while the definition is going away.
const TERMINATING_VERBS: &[&str] = &["delete", "deletecollection", "get", "list", "watch"];

/// The verbs of `status` and `scale`.
const SUBRESOURCE_VERBS: &[&str] = &["get", "patch", "update"];

/// A resource of one group and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// API group, empty for the core one.
    pub group: ArcStr,
    /// `v1`, …
    pub version: ArcStr,
    /// `Deployment`.
    pub kind: ArcStr,
    /// `deployments`: the name in URLs.
    pub plural: ArcStr,
    /// `deployment`; empty for metrics.
    pub singular: ArcStr,
    /// `deploy`, …
    pub short: Vec<ArcStr>,
    /// `all`, …
    pub categories: Vec<ArcStr>,
    /// Lives in namespaces.
    pub namespaced: bool,
    /// `create`, `delete`, …
    pub verbs: Vec<ArcStr>,
    /// `status`, `scale`, …
    pub subresources: Vec<Subresource>,
    /// A CustomResourceDefinition made it.
    pub custom: bool,
}

/// What hangs below each object of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subresource {
    /// `status`, `scale`, `eviction`, …
    pub name: ArcStr,
    /// The group of its kind: `policy` for `pods/eviction`.
    pub group: ArcStr,
    /// The version of its kind.
    pub version: ArcStr,
    /// The kind that it takes and gives: `Scale`, `Eviction`, …
    pub kind: ArcStr,
    /// `get`, `patch`, …
    pub verbs: Vec<ArcStr>,
}

impl Resource {
    /// `apps/v1`, or `v1` in the core group.
    pub fn api_version(&self) -> String {
        api_version(&self.group, &self.version)
    }

    /// It answers to a verb of discovery: `watch`, `deletecollection`, …
    pub fn has(&self, verb: &str) -> bool {
        self.verbs.iter().any(|v| **v == *verb)
    }

    /// One of its subresources.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|s| *s.name == *name)
    }

    /// What a CustomResourceDefinition makes: one for each served version, none before it is established.
    /// (apiextensions-apiserver's DiscoveryController.sync)
    pub fn of_definition(definition: &Tree) -> Vec<Resource> {
        let established = |kind: &str| definition.item("status.conditions", "type", kind).text("status") == "True";
        if !established("Established") {
            return Vec::new();
        }
        let verbs = if established("Terminating") { TERMINATING_VERBS } else { CUSTOM_VERBS };
        let spec = definition.at("spec");
        let names = definition.at("status.acceptedNames");
        let versions = spec.at("versions").items().iter().filter(|v| v.flag("served"));
        versions.map(|version| custom(spec, names, version, verbs)).collect()
    }
}

fn custom(spec: &Tree, names: &Tree, version: &Tree, verbs: &[&str]) -> Resource {
    let group: ArcStr = spec.text("group").into();
    let name: ArcStr = version.text("name").into();
    let kind: ArcStr = names.text("kind").into();
    let mut subresources = Vec::new();
    if version.at("subresources").get("status").is_some_and(|s| !s.is_null()) {
        let (group, version, kind) = (group.clone(), name.clone(), kind.clone());
        subresources.push(Subresource { name: "status".into(), group, version, kind, verbs: texts(SUBRESOURCE_VERBS) });
    }
    if version.at("subresources").get("scale").is_some_and(|s| !s.is_null()) {
        subresources.push(Subresource {
            name: "scale".into(),
            group: "autoscaling".into(),
            version: "v1".into(),
            kind: "Scale".into(),
            verbs: texts(SUBRESOURCE_VERBS),
        });
    }
    let list = |field: &str| names.at(field).items().iter().filter_map(Tree::as_str).map(ArcStr::from).collect();
    Resource {
        group,
        version: name,
        kind,
        plural: names.text("plural").into(),
        singular: names.text("singular").into(),
        short: list("shortNames"),
        categories: list("categories"),
        namespaced: spec.text("scope") == "Namespaced",
        verbs: texts(verbs),
        subresources,
        custom: true,
    }
}

fn texts(all: &[&str]) -> Vec<ArcStr> {
    all.iter().map(|&text| text.into()).collect()
}

/// `apps/v1`, or `v1` in the core group.
fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// Everything that the API has. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Registry {
    groups: Vec<Group>,
}

/// The versions of a group, the preferred one first.
#[derive(Clone, Debug)]
struct Group {
    name: ArcStr,
    versions: Vec<Version>,
}

/// The resources of a version, in the order of discovery.
#[derive(Clone, Debug)]
struct Version {
    name: ArcStr,
    resources: Vec<Arc<Resource>>,
}

impl Registry {
    /// What was recorded, without custom resources. It is read once, when it is first asked for.
    pub fn recorded() -> Registry {
        static READ: OnceLock<Registry> = OnceLock::new();
        READ.get_or_init(|| Registry { groups: read(RECORDED).unwrap_or_default() }).clone()
    }

    /// A resource by the names in its URL.
    pub fn get(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Resource>> {
        self.version(group, version)?.resources.iter().find(|r| *r.plural == *plural)
    }

    /// A resource by its kind: the first that has it (`pods`, not a subresource).
    pub fn of_kind(&self, group: &str, version: &str, kind: &str) -> Option<&Arc<Resource>> {
        self.version(group, version)?.resources.iter().find(|r| *r.kind == *kind)
    }

    /// A resource in the version that the group prefers.
    pub fn preferred(&self, group: &str, plural: &str) -> Option<&Arc<Resource>> {
        self.group(group)?.versions.iter().find_map(|v| v.resources.iter().find(|r| *r.plural == *plural))
    }

    /// All resources, in the order of discovery.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.groups.iter().flat_map(|g| &g.versions).flat_map(|v| &v.resources)
    }

    /// There is such a version of a group (an unknown one is answered with `404 page not found`, as text).
    pub fn has_version(&self, group: &str, version: &str) -> bool {
        self.version(group, version).is_some()
    }

    fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|g| *g.name == *name)
    }

    fn version(&self, group: &str, version: &str) -> Option<&Version> {
        self.group(group)?.versions.iter().find(|v| *v.name == *version)
    }

    /// Takes over what a CustomResourceDefinition says now, in place of what it said before.
    pub fn define(&mut self, definition: &Tree) {
        self.forget(definition);
        for resource in Resource::of_definition(definition) {
            self.add(resource);
        }
    }

    /// Forgets the resources of a definition that is gone, and groups and versions that are empty then.
    pub fn forget(&mut self, definition: &Tree) {
        let (group, plural) = (definition.text("spec.group"), definition.text("spec.names.plural"));
        if let Some(group) = self.groups.iter_mut().find(|g| *g.name == *group) {
            for version in &mut group.versions {
                version.resources.retain(|r| !r.custom || *r.plural != *plural);
            }
            group.versions.retain(|v| !v.resources.is_empty());
        }
        self.groups.retain(|g| !g.versions.is_empty());
    }

    /// Groups of custom resources stand in the order of their names, before metrics; versions in Kubernetes' order.
    fn add(&mut self, resource: Resource) {
        let custom = |g: &Group| g.versions.iter().any(|v| v.resources.iter().any(|r| r.custom));
        let at = self.groups.iter().position(|g| g.name == resource.group).unwrap_or_else(|| {
            let after = |g: &Group| *g.name == *METRICS || (custom(g) && g.name > resource.group);
            let at = self.groups.iter().position(after).unwrap_or(self.groups.len());
            self.groups.insert(at, Group { name: resource.group.clone(), versions: Vec::new() });
            at
        });
        let versions = &mut self.groups[at].versions;
        let at = versions.iter().position(|v| v.name == resource.version).unwrap_or_else(|| {
            let before = |v: &Version| by_priority(&v.name, &resource.version).is_lt();
            let at = versions.iter().take_while(|v| before(v)).count();
            versions.insert(at, Version { name: resource.version.clone(), resources: Vec::new() });
            at
        });
        let resources = &mut versions[at].resources;
        let at = resources.partition_point(|r| r.plural < resource.plural);
        resources.insert(at, Arc::new(resource));
    }
}

/// The recorded file: both lists.
#[derive(Deserialize)]
struct Recorded {
    api: RecordedList,
    apis: RecordedList,
}

#[derive(Deserialize)]
struct RecordedList {
    items: Vec<RecordedGroup>,
}

#[derive(Deserialize)]
struct RecordedGroup {
    metadata: RecordedName,
    versions: Vec<RecordedVersion>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RecordedName {
    name: String,
}

#[derive(Deserialize)]
struct RecordedVersion {
    version: String,
    resources: Vec<RecordedResource>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RecordedResource {
    resource: String,
    singular_resource: String,
    scope: String,
    response_kind: RecordedKind,
    verbs: Vec<String>,
    short_names: Vec<String>,
    categories: Vec<String>,
    subresources: Vec<RecordedSubresource>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RecordedSubresource {
    subresource: String,
    response_kind: RecordedKind,
    verbs: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RecordedKind {
    group: String,
    version: String,
    kind: String,
}

/// `None` for what is no recorded discovery; a test reads the one that is compiled in.
fn read(packed: &[u8]) -> Option<Vec<Group>> {
    let mut text = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut text).ok()?;
    let recorded: Recorded = serde_json::from_slice(&text).ok()?;
    Some(recorded.api.items.into_iter().chain(recorded.apis.items).map(group).collect())
}

fn group(recorded: RecordedGroup) -> Group {
    let name: ArcStr = recorded.metadata.name.into();
    let versions = recorded.versions.into_iter().map(|version| {
        let of: ArcStr = version.version.into();
        let resources = version.resources.into_iter().map(|r| Arc::new(resource(&name, &of, r))).collect();
        Version { name: of, resources }
    });
    let versions = versions.collect();
    Group { name, versions }
}

/// A kind of no group and no version is of the resource's own.
fn resource(group: &ArcStr, version: &ArcStr, recorded: RecordedResource) -> Resource {
    let shared = |all: Vec<String>| all.into_iter().map(ArcStr::from).collect();
    let subresources = recorded.subresources.into_iter().map(|sub| {
        let own = sub.response_kind.version.is_empty();
        Subresource {
            name: sub.subresource.into(),
            group: if own { group.clone() } else { sub.response_kind.group.into() },
            version: if own { version.clone() } else { sub.response_kind.version.into() },
            kind: sub.response_kind.kind.into(),
            verbs: shared(sub.verbs),
        }
    });
    Resource {
        group: group.clone(),
        version: version.clone(),
        kind: recorded.response_kind.kind.into(),
        plural: recorded.resource.into(),
        singular: recorded.singular_resource.into(),
        short: shared(recorded.short_names),
        categories: shared(recorded.categories),
        namespaced: recorded.scope == "Namespaced",
        verbs: shared(recorded.verbs),
        subresources: subresources.collect(),
        custom: false,
    }
}

#[cfg(test)]
mod tests;
