//! What a server serves: its kinds, found by every name that kubectl takes.
//!
//! Two requests ask for all of it (the aggregated form); a server that knows only the classic form is asked group by
//! group. A group that does not answer costs that group, and a note.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, stream};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, APIGroupList, APIResource, APIResourceList, APIVersions};
use kube::client::{APIGroupDiscovery, APIGroupDiscoveryList, APIResourceDiscovery};
use serde::Deserialize;

use super::connect::Session;
use super::error::ClusterError;
use super::request::{get_bytes, get_json};
use crate::kinds;
use crate::kinds::catalog::Catalog;
use crate::model::kind::Kind;

/// The aggregated form first, the classic one for servers that have no other.
const AGGREGATED: &str = "application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList,\
    application/json;v=v2beta1;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList,application/json";

/// So many requests are on their way at a time in the classic form.
const AT_ONCE: usize = 8;

/// One group as a server lists it, whichever form said so. Versions with the preferred one first.
struct Group {
    name: String,
    versions: Vec<(String, Vec<Resource>)>,
}

struct Resource {
    kind: Kind,
    categories: Vec<String>,
}

/// Asks a server what it serves. An error only when it says nothing at all.
pub async fn discover(session: &Session) -> Result<Catalog, ClusterError> {
    let (core, others) = futures::join!(get_bytes(session, "/api", AGGREGATED), get_bytes(session, "/apis", AGGREGATED));
    let mut notes = Vec::new();
    let mut groups = match core {
        Ok((_, body)) => core_groups(session, &body, &mut notes).await?,
        // A server of its own (no core group at all) is still of use.
        Err(ClusterError::NotFound(_)) => Vec::new(),
        Err(e) => return Err(e),
    };
    match others {
        Ok((_, body)) => groups.extend(named_groups(session, &body, &mut notes).await?),
        Err(e) => notes.push(format!("only the core group is known: {e}")),
    }
    Ok(assemble(groups, notes))
}

/// Which form a document has.
fn form(body: &Bytes) -> Result<String, ClusterError> {
    #[derive(Deserialize)]
    struct Form {
        #[serde(default)]
        kind: String,
    }
    Ok(serde_json::from_slice::<Form>(body)?.kind)
}

async fn core_groups(session: &Session, body: &Bytes, notes: &mut Vec<String>) -> Result<Vec<Group>, ClusterError> {
    if form(body)? == "APIGroupDiscoveryList" {
        return aggregated(body, notes);
    }
    let versions = serde_json::from_slice::<APIVersions>(body)?.versions;
    Ok(vec![classic(session, String::new(), versions, notes).await])
}

async fn named_groups(session: &Session, body: &Bytes, notes: &mut Vec<String>) -> Result<Vec<Group>, ClusterError> {
    if form(body)? == "APIGroupDiscoveryList" {
        return aggregated(body, notes);
    }
    let list: APIGroupList = serde_json::from_slice(body)?;
    let asked = stream::iter(list.groups).map(|group| async move {
        let mut notes = Vec::new();
        let versions = versions_of(&group);
        (classic(session, group.name, versions, &mut notes).await, notes)
    });
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    Ok(answers
        .into_iter()
        .map(|(group, more)| {
            notes.extend(more);
            group
        })
        .collect())
}

/// A group's versions, the preferred one first.
fn versions_of(group: &APIGroup) -> Vec<String> {
    let preferred = group.preferred_version.as_ref().map(|v| &v.version);
    let rest = group.versions.iter().map(|v| &v.version).filter(|&v| Some(v) != preferred);
    preferred.into_iter().chain(rest).cloned().collect()
}

async fn classic(session: &Session, name: String, versions: Vec<String>, notes: &mut Vec<String>) -> Group {
    let mut group = Group { name, versions: Vec::new() };
    for version in versions {
        let path = if group.name.is_empty() { format!("/api/{version}") } else { format!("/apis/{}/{version}", group.name) };
        match get_json::<APIResourceList>(session, &path).await {
            Ok(list) => {
                let scaled: Vec<String> = list.resources.iter().filter_map(|r| Some(r.name.strip_suffix("/scale")?.to_owned())).collect();
                let resources = list.resources.into_iter().filter_map(|r| of_classic(&group.name, &version, r, &scaled)).collect();
                group.versions.push((version, resources));
            }
            Err(e) => notes.push(broken(&group.name, &version, &e.to_string())),
        }
    }
    group
}

fn broken(group: &str, version: &str, why: &str) -> String {
    let name = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    format!("kinds of {name} are not known: {why}")
}

fn of_classic(group: &str, version: &str, resource: APIResource, scaled: &[String]) -> Option<Resource> {
    // `pods/log`: a subresource.
    if resource.name.contains('/') {
        return None;
    }
    let verbs = &resource.verbs;
    let kind = Kind {
        group: group.into(),
        version: version.into(),
        kind: resource.kind.as_str().into(),
        singular: singular(&resource.singular_name, &resource.kind),
        plural: resource.name.as_str().into(),
        short: resource.short_names.iter().flatten().map(|s| s.as_str().into()).collect(),
        namespaced: resource.namespaced,
        watchable: verbs.iter().any(|v| v == "watch"),
        listable: verbs.iter().any(|v| v == "list"),
        scalable: scaled.contains(&resource.name),
    };
    Some(Resource { kind, categories: resource.categories.unwrap_or_default() })
}

/// Old servers leave the singular out; it is the kind in small letters then, as kubectl has it.
fn singular(said: &str, kind: &str) -> Arc<str> {
    if said.is_empty() { kind.to_lowercase().into() } else { said.into() }
}

fn aggregated(body: &Bytes, notes: &mut Vec<String>) -> Result<Vec<Group>, ClusterError> {
    let list: APIGroupDiscoveryList = serde_json::from_slice(body)?;
    Ok(list.items.into_iter().map(|group| of_aggregated(group, notes)).collect())
}

fn of_aggregated(group: APIGroupDiscovery, notes: &mut Vec<String>) -> Group {
    let mut out = Group { name: group.metadata.and_then(|m| m.name).unwrap_or_default(), versions: Vec::new() };
    for version in group.versions {
        let name = version.version.unwrap_or_default();
        if version.freshness.as_deref() == Some("Stale") {
            notes.push(broken(&out.name, &name, "the server behind it does not answer"));
            continue;
        }
        let resources = version.resources.into_iter().filter_map(|r| of_resource(&out.name, &name, r)).collect();
        out.versions.push((name, resources));
    }
    out
}

fn of_resource(group: &str, version: &str, resource: APIResourceDiscovery) -> Option<Resource> {
    let plural = resource.resource?;
    // A resource that has only subresources has no kind of its own.
    let kind = resource.response_kind.and_then(|k| k.kind).filter(|k| !k.is_empty())?;
    let kind = Kind {
        group: group.into(),
        version: version.into(),
        singular: singular(resource.singular_resource.as_deref().unwrap_or_default(), &kind),
        kind: kind.into(),
        plural: plural.into(),
        short: resource.short_names.iter().map(|s| s.as_str().into()).collect(),
        namespaced: resource.scope.as_deref() == Some("Namespaced"),
        watchable: resource.verbs.iter().any(|v| v == "watch"),
        listable: resource.verbs.iter().any(|v| v == "list"),
        scalable: resource.subresources.iter().any(|sub| sub.subresource.as_deref() == Some("scale")),
    };
    Some(Resource { kind, categories: resource.categories })
}

fn assemble(groups: Vec<Group>, notes: Vec<String>) -> Catalog {
    let mut discovery = Catalog { notes, told: true, ..Catalog::default() };
    let mut others = Vec::new();
    for group in groups {
        // Each resource with its versions, in the order in which they were listed.
        let mut resources: indexmap::IndexMap<Arc<str>, Vec<Resource>> = indexmap::IndexMap::new();
        for resource in group.versions.into_iter().flat_map(|(_, resources)| resources) {
            resources.entry(resource.kind.plural.clone()).or_default().push(resource);
        }
        for mut versions in resources.into_values() {
            let decoded = versions.iter().position(|r| kinds::block(&r.kind).is_some()).unwrap_or(0);
            let Resource { kind, categories } = versions.remove(decoded);
            // The block's own words, so that a kind that was watched before discovery answered is the same after it.
            let known = kinds::block(&kind).filter(|_| kind.watchable && kind.listable);
            let kind = Arc::new(known.map_or(kind, |block| block.as_kind()));
            for category in categories {
                discovery.categories.entry(category).or_default().push(kind.clone());
            }
            discovery.kinds.push(kind);
            others.extend(versions.into_iter().map(|r| Arc::new(r.kind)));
        }
    }
    discovery.preferred = discovery.kinds.len();
    discovery.kinds.extend(others);
    discovery
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from a kube-apiserver 1.36 with metrics-server, trimmed to a few groups.
    fn recorded() -> Catalog {
        let core = Bytes::from_static(include_bytes!("../../tests/frames/discovery-api.json"));
        let others = Bytes::from_static(include_bytes!("../../tests/frames/discovery-apis.json"));
        let mut notes = Vec::new();
        let mut groups = aggregated(&core, &mut notes).expect("decodes");
        groups.extend(aggregated(&others, &mut notes).expect("decodes"));
        assemble(groups, notes)
    }

    fn found(text: &str) -> String {
        let discovery = recorded();
        discovery.find(text).map_or_else(|e| e.to_string(), |k| format!("{}/{}", k.full_name(), k.version))
    }

    #[test]
    fn every_name_that_kubectl_takes_is_found() {
        for (text, kind) in [
            ("pods", "pods/v1"),
            ("pod", "pods/v1"),
            ("po", "pods/v1"),
            ("Pod", "pods/v1"),
            (" PO ", "pods/v1"),
            ("deploy", "deployments.apps/v1"),
            ("deployments.apps", "deployments.apps/v1"),
            ("deployments.v1.apps", "deployments.apps/v1"),
            ("deploy.apps", "deployments.apps/v1"),
            ("deployments.ap", "deployments.apps/v1"),
            ("ev", "events/v1"),
            ("events.events.k8s.io", "events.events.k8s.io/v1"),
            ("pods.v1.", "pods/v1"),
            ("nodes", "nodes/v1"),
            ("nodes.metrics.k8s.io", "nodes.metrics.k8s.io/v1beta1"),
            ("hpa", "horizontalpodautoscalers.autoscaling/v2"),
            ("hpa.v1.autoscaling", "horizontalpodautoscalers.autoscaling/v1"),
        ] {
            assert_eq!(found(text), kind, "{text}");
        }
    }

    #[test]
    fn what_is_not_there_comes_with_what_is_like_it() {
        assert_eq!(found("deploymnets"), "the server has no kind \"deploymnets\"; did you mean deployments?");
        assert_eq!(found("event"), "events/v1");
        assert_eq!(found("evnts"), "the server has no kind \"evnts\"; did you mean events, events.events.k8s.io?");
        assert_eq!(found("zzzzz"), "the server has no kind \"zzzzz\"");
        assert_eq!(found("pods.apps"), "the server has no kind \"pods.apps\"; did you mean pods, pods.metrics.k8s.io?");
        assert_eq!(found(""), "the server has no kind \"\"");
        assert_eq!(found("tokenreviews"), "tokenreviews cannot be listed");
    }

    #[test]
    fn categories_and_verbs_are_known() {
        let discovery = recorded();
        let all: Vec<_> = discovery.categories["all"].iter().map(|k| k.full_name()).collect();
        assert!(all.starts_with(&["pods".into(), "services".into()]) || all.contains(&"pods".into()), "{all:?}");
        assert!(all.contains(&"deployments.apps".to_owned()));
        let metrics = discovery.find("nodes.metrics.k8s.io").expect("metrics");
        assert!(!metrics.watchable && metrics.listable && !metrics.namespaced);
        let set = discovery.referred("apps/v1", "ReplicaSet").expect("a kind");
        assert_eq!(&*set.plural, "replicasets");
        assert!(discovery.exact("apps", "v2", "replicasets").is_none());
    }

    #[test]
    fn a_stale_group_costs_itself_and_a_note() {
        let text = include_str!("../../tests/frames/discovery-apis.json");
        let (head, tail) = text.split_once("metrics.k8s.io").expect("metrics are in it");
        let stale = format!("{head}metrics.k8s.io{}", tail.replacen("\"Current\"", "\"Stale\"", 1));
        let mut notes = Vec::new();
        let discovery = assemble(aggregated(&stale.into_bytes().into(), &mut notes).expect("decodes"), notes);
        assert_eq!(discovery.notes, ["kinds of metrics.k8s.io/v1beta1 are not known: the server behind it does not answer"]);
        assert!(discovery.find("nodes.metrics.k8s.io").is_err());
        assert!(discovery.find("deploy").is_ok());
    }

    #[test]
    fn the_version_of_a_block_is_preferred() {
        let kind = |version: &str| Resource { kind: Kind { version: version.into(), ..kinds::BLOCKS[0].as_kind() }, categories: vec![] };
        let block = kinds::BLOCKS[0];
        let versions = vec![("v9".to_owned(), vec![kind("v9")]), (block.version.to_owned(), vec![kind(block.version)])];
        let discovery = assemble(vec![Group { name: block.group.into(), versions }], vec![]);
        assert_eq!(&*discovery.find(block.plural).expect("a kind").version, block.version);
        assert_eq!(discovery.kinds.len(), 2);
        assert_eq!(discovery.preferred().len(), 1);
    }

    #[test]
    fn classic_resources_say_the_same() {
        let list: APIResourceList =
            serde_json::from_str(include_str!("../../tests/frames/discovery-classic-apps-v1.json")).expect("decodes");
        let resources: Vec<_> = list.resources.into_iter().filter_map(|r| of_classic("apps", "v1", r, &[])).collect();
        let discovery = recorded();
        for resource in &resources {
            assert_eq!(discovery.exact("apps", "v1", &resource.kind.plural).map(|k| &**k), Some(&resource.kind));
        }
        assert!(resources.iter().any(|r| &*r.kind.plural == "deployments" && r.categories == ["all"]));
    }

    #[test]
    fn builtin_kinds_can_be_found_at_once() {
        assert_eq!(Catalog::builtin().find("ns").map(|k| k.plural.to_string()), Ok("namespaces".into()));
    }
}
