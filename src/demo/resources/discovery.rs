//! The registry as discovery documents: aggregated, and one by one as it was before.

use arcstr::ArcStr;
use serde_json::{Map, Value, json};

use super::{Group, Registry, Resource, Subresource, Version, api_version};

/// The Content-Type of an aggregated document.
pub const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

impl Registry {
    /// `/api` (the core group) or `/apis` (all others) for a client that accepts [`AGGREGATED`].
    pub fn aggregated(&self, core: bool) -> Value {
        let items: Vec<Value> = self.groups.iter().filter(|g| g.name.is_empty() == core).map(aggregated_group).collect();
        json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
    }

    /// `/api`: APIVersions. `server` is `host:port`, as clients of any address reach it.
    pub fn versions(&self, server: &str) -> Value {
        let versions: Vec<&str> = self.group("").map(|g| g.versions.iter().map(|v| &*v.name).collect()).unwrap_or_default();
        let addresses = json!([{"clientCIDR": "0.0.0.0/0", "serverAddress": server}]);
        json!({"kind": "APIVersions", "versions": versions, "serverAddressByClientCIDRs": addresses})
    }

    /// `/apis`: APIGroupList.
    pub fn group_list(&self) -> Value {
        let groups: Vec<Value> = self.groups.iter().filter(|g| !g.name.is_empty()).map(|g| Value::Object(classic_group(g))).collect();
        json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
    }

    /// `/apis/<group>`: APIGroup. `None` for a group that there is not, which is answered with `404 page not found`.
    pub fn api_group(&self, group: &str) -> Option<Value> {
        let mut out = classic_group(self.group(group).filter(|g| !g.name.is_empty())?);
        out.insert("kind".into(), "APIGroup".into());
        out.insert("apiVersion".into(), "v1".into());
        Some(Value::Object(out))
    }

    /// `/api/v1`, `/apis/<group>/<version>`: APIResourceList. `None` for a version that there is not.
    pub fn resource_list(&self, group: &str, version: &str) -> Option<Value> {
        let resources: Vec<Value> = self.version(group, version)?.resources.iter().flat_map(|r| classic_resource(r)).collect();
        let mut out = json!({"kind": "APIResourceList", "groupVersion": api_version(group, version), "resources": resources});
        // The core group's list is of the version before all groups: it does not say so itself.
        if !group.is_empty() {
            out["apiVersion"] = "v1".into();
        }
        Some(out)
    }
}

fn aggregated_group(group: &Group) -> Value {
    let versions: Vec<Value> = group.versions.iter().map(aggregated_version).collect();
    let metadata = if group.name.is_empty() { json!({}) } else { json!({"name": &*group.name}) };
    json!({"metadata": metadata, "versions": versions})
}

fn aggregated_version(version: &Version) -> Value {
    let resources: Vec<Value> = version.resources.iter().map(|r| aggregated_resource(r)).collect();
    json!({"version": &*version.name, "resources": resources, "freshness": "Current"})
}

fn aggregated_resource(resource: &Resource) -> Value {
    let mut out = Map::new();
    out.insert("resource".into(), (*resource.plural).into());
    out.insert("responseKind".into(), response_kind(resource, &resource.group, &resource.version, &resource.kind));
    out.insert("scope".into(), if resource.namespaced { "Namespaced" } else { "Cluster" }.into());
    out.insert("singularResource".into(), (*resource.singular).into());
    out.insert("verbs".into(), names(&resource.verbs));
    insert_names(&mut out, "shortNames", &resource.short);
    insert_names(&mut out, "categories", &resource.categories);
    if !resource.subresources.is_empty() {
        let all = resource.subresources.iter().map(|sub| {
            json!({
                "subresource": &*sub.name,
                "responseKind": response_kind(resource, &sub.group, &sub.version, &sub.kind),
                "verbs": names(&sub.verbs),
            })
        });
        out.insert("subresources".into(), all.collect());
    }
    Value::Object(out)
}

/// Built-in resources leave their own group and version out, custom ones say them.
fn response_kind(resource: &Resource, group: &str, version: &str, kind: &str) -> Value {
    if !resource.custom && *resource.group == *group && *resource.version == *version {
        return json!({"group": "", "version": "", "kind": kind});
    }
    json!({"group": group, "version": version, "kind": kind})
}

fn classic_group(group: &Group) -> Map<String, Value> {
    let versions: Vec<Value> =
        group.versions.iter().map(|v| json!({"groupVersion": api_version(&group.name, &v.name), "version": &*v.name})).collect();
    let mut out = Map::new();
    out.insert("name".into(), (*group.name).into());
    out.insert("preferredVersion".into(), versions.first().cloned().unwrap_or_default());
    out.insert("versions".into(), versions.into());
    out
}

fn classic_resource(resource: &Resource) -> impl Iterator<Item = Value> {
    let mut out = Map::new();
    out.insert("name".into(), (*resource.plural).into());
    out.insert("singularName".into(), (*resource.singular).into());
    out.insert("namespaced".into(), resource.namespaced.into());
    out.insert("kind".into(), (*resource.kind).into());
    out.insert("verbs".into(), names(&resource.verbs));
    insert_names(&mut out, "shortNames", &resource.short);
    insert_names(&mut out, "categories", &resource.categories);
    std::iter::once(Value::Object(out)).chain(resource.subresources.iter().map(|sub| classic_subresource(resource, sub)))
}

fn classic_subresource(resource: &Resource, sub: &Subresource) -> Value {
    let mut out = Map::new();
    out.insert("name".into(), format!("{}/{}", resource.plural, sub.name).into());
    out.insert("singularName".into(), "".into());
    out.insert("namespaced".into(), resource.namespaced.into());
    if (&sub.group, &sub.version) != (&resource.group, &resource.version) {
        out.insert("group".into(), (*sub.group).into());
        out.insert("version".into(), (*sub.version).into());
    }
    out.insert("kind".into(), (*sub.kind).into());
    out.insert("verbs".into(), names(&sub.verbs));
    Value::Object(out)
}

fn names(all: &[ArcStr]) -> Value {
    all.iter().map(|name| Value::from(&**name)).collect()
}

/// Go's `omitempty`.
fn insert_names(out: &mut Map<String, Value>, key: &str, all: &[ArcStr]) {
    if !all.is_empty() {
        out.insert(key.into(), names(all));
    }
}
