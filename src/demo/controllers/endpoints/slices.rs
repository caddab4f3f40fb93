//! The EndpointSlices of a service: up to a hundred endpoints each, those with the same ports together; what need not move
//! stays where it is (`reconcileByPortMapping`).

use arcstr::ArcStr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Backend, NAME, SLICE, addresses, belongs, families, hostname, is_v6, labels, ports, set_trigger, trigger};
use crate::demo::controllers::pods;
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, SECOND, World, controlled_by};

/// Endpoints in one slice: `--max-endpoints-per-slice`.
const FULL: usize = 100;

const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// A slice as it is to be.
struct Slice {
    /// As it is; `None` for a new one.
    stored: Option<Arc<Object>>,
    ports: Vec<Tree>,
    endpoints: Vec<Tree>,
    changed: bool,
}

/// Endpoints that are wanted with the same ports: by UID of their pods.
#[derive(Default)]
struct Group {
    ports: Vec<Tree>,
    endpoints: BTreeMap<ArcStr, Tree>,
}

/// Brings the slices of a service up to date.
pub fn sync(world: &mut World, service: &Arc<Object>, pods: &[Backend]) {
    let families: BTreeSet<&str> = families(service).into_iter().collect();
    let stored: Vec<Arc<Object>> = world.store.owned(&service.uid).filter(|slice| &*slice.resource == SLICE).cloned().collect();
    for strange in stored.iter().filter(|slice| !families.contains(slice.tree.text("addressType"))) {
        remove(world, strange);
    }
    let mut homeless = false;
    for family in families {
        let groups = groups(world, service, pods, family, &mut homeless);
        let ours: Vec<_> = stored.iter().filter(|slice| slice.tree["addressType"] == family).cloned().collect();
        sync_family(world, service, pods, family, groups, &ours);
    }
    if homeless {
        // A pod's node is not there: it may come yet.
        world.look_in(NAME, service.reference(), 5 * SECOND);
    }
}

fn remove(world: &mut World, slice: &Object) {
    // It may be gone by itself.
    let _ = world.delete(&slice.reference(), &Deletion::default());
}

/// What slices and groups of endpoints with the same ports have in common.
fn key(ports: &[Tree]) -> Vec<u8> {
    ports.iter().flat_map(Tree::json).collect()
}

fn groups(world: &World, service: &Object, pods: &[Backend], family: &str, homeless: &mut bool) -> BTreeMap<Vec<u8>, Group> {
    let mut groups: BTreeMap<Vec<u8>, Group> = BTreeMap::new();
    let mut known: Vec<Tree> = Vec::new();
    for pod in pods.iter().filter(|pod| belongs(pod, true)) {
        let ports = ports(service, pod, true);
        let group = groups.entry(key(&ports)).or_insert_with(|| Group { ports, ..Group::default() });
        let node = world.store.get("nodes", "", pod.tree.text("spec.nodeName"));
        if node.is_none() && !service.tree.flag("spec.publishNotReadyAddresses") {
            *homeless = true;
            continue;
        }
        let addresses: Tree = addresses(pod).into_iter().filter(|ip| is_v6(ip) == (family == "IPv6")).cloned().collect();
        if !addresses.is_empty() {
            group.endpoints.insert(pod.uid.clone(), endpoint(service, pod, node.map(|node| &**node), addresses, &mut known));
        }
    }
    groups
}

/// `podToEndpoint`. `known` are the conditions that others have.
fn endpoint(service: &Object, pod: &Backend, node: Option<&Object>, addresses: Tree, known: &mut Vec<Tree>) -> Tree {
    let (serving, terminating) = (pods::is_ready(pod), pod.terminating());
    let mut conditions = Tree::map();
    conditions.put("ready", service.tree.flag("spec.publishNotReadyAddresses") || (serving && !terminating));
    conditions.put("serving", serving);
    conditions.put("terminating", terminating);
    // There are few different ones, and very many endpoints.
    match known.iter().find(|other| **other == conditions) {
        Some(other) => conditions = other.clone(),
        None => known.push(conditions.clone()),
    }
    let mut endpoint = Tree::map();
    endpoint.put("addresses", addresses);
    endpoint.put("conditions", conditions);
    endpoint.put("targetRef", &pod.target);
    if !pod.tree.text("spec.nodeName").is_empty() {
        endpoint.put("nodeName", pod.tree.at("spec.nodeName"));
    }
    if let Some(zone) = node.map(|node| &node.labels()["topology.kubernetes.io/zone"]).filter(|zone| !zone.is_empty()) {
        endpoint.put("zone", zone);
    }
    if let Some(hostname) = hostname(pod, service) {
        endpoint.put("hostname", hostname);
    }
    endpoint
}

fn sync_family(
    world: &mut World,
    service: &Arc<Object>,
    pods: &[Backend],
    family: &str,
    groups: BTreeMap<Vec<u8>, Group>,
    stored: &[Arc<Object>],
) {
    let labels = labels(service, &[(SERVICE_NAME, &*service.name), (MANAGED_BY, CONTROLLER)]);
    let (mut wanted, mut free): (Vec<Slice>, Vec<Arc<Object>>) = (Vec::new(), Vec::new());
    let mut by_ports: BTreeMap<Vec<u8>, Vec<Arc<Object>>> = BTreeMap::new();
    for slice in stored {
        by_ports.entry(key(slice.tree["ports"].items())).or_default().push(slice.clone());
    }
    for (ports, group) in groups {
        let existing = by_ports.remove(&ports).unwrap_or_default();
        place(group, existing, &labels, &mut wanted, &mut free);
    }
    free.extend(by_ports.into_values().flatten());
    if wanted.is_empty() {
        // A service that nobody answers for has one slice that says so.
        let says_so = |slice: &Arc<Object>| slice.tree["endpoints"].is_empty() && slice.tree["ports"].is_empty();
        let at = free.iter().position(says_so);
        let stored = at.map(|at| free.remove(at));
        let changed = stored.as_ref().is_none_or(|stored| !stored.labels().equals(&labels));
        wanted.push(Slice { stored, ports: Vec::new(), endpoints: Vec::new(), changed });
    }
    let time = trigger(service, pods);
    for mut slice in wanted.into_iter().filter(|slice| slice.changed) {
        // Those that are empty now are filled anew before others are made.
        let stored = slice.stored.take().or_else(|| free.pop());
        let list = |items: Vec<Tree>| if items.is_empty() { Tree::Null } else { Tree::list_of(items) };
        let (endpoints, ports) = (list(slice.endpoints), list(slice.ports));
        let change = |tree: &mut Tree| {
            tree.put("endpoints", endpoints);
            tree.put("ports", ports);
            tree.set("metadata.labels", &labels);
            tree.set("metadata.generation", tree.int("metadata.generation", 0) + 1);
            set_trigger(tree, &time);
        };
        if let Some(stored) = stored {
            world.update(&stored.reference(), change);
            continue;
        }
        let mut tree = Tree::texts([("apiVersion", "discovery.k8s.io/v1"), ("kind", "EndpointSlice"), ("addressType", family)]);
        tree.set("metadata.generateName", format!("{}-", service.name));
        tree.set("metadata.namespace", &service.namespace);
        tree.push("metadata.ownerReferences", controlled_by(service));
        change(&mut tree);
        // Only a namespace that is on its way out refuses it.
        let _ = world.create(SLICE, tree);
    }
    for slice in free {
        remove(world, &slice);
    }
}

/// Places the endpoints of a group: those that have a slice stay in it, others fill slices that change anyway, then one
/// that has room for all of them, then new ones.
fn place(mut group: Group, existing: Vec<Arc<Object>>, labels: &Tree, wanted: &mut Vec<Slice>, free: &mut Vec<Arc<Object>>) {
    let mut slices: Vec<Slice> = Vec::new();
    for stored in existing {
        let before = stored.tree["endpoints"].items();
        let kept = before.iter().filter_map(|endpoint| {
            let now = group.endpoints.remove(endpoint["targetRef"].text("uid"))?;
            Some(if now.equals(endpoint) { (endpoint.clone(), false) } else { (now, true) })
        });
        let (endpoints, updated): (Vec<Tree>, Vec<bool>) = kept.unzip();
        let changed = endpoints.len() != before.len() || updated.contains(&true);
        if changed && endpoints.is_empty() {
            free.push(stored);
            continue;
        }
        let changed = changed || !stored.labels().equals(labels);
        slices.push(Slice { ports: stored.tree["ports"].items().to_vec(), stored: Some(stored), endpoints, changed });
    }
    // In the order of their addresses' pods, so that the same pods give the same slices.
    let mut left: Vec<Tree> = std::mem::take(&mut group.endpoints).into_values().collect();
    left.reverse();
    let mut changing: Vec<&mut Slice> = slices.iter_mut().filter(|slice| slice.changed).collect();
    changing.sort_by_key(|slice| std::cmp::Reverse(slice.endpoints.len()));
    for slice in changing {
        fill(slice, &mut left);
    }
    while !left.is_empty() {
        let fits = |slice: &&mut Slice| !slice.changed && slice.endpoints.len() + left.len() <= FULL;
        let fullest = slices.iter_mut().filter(fits).max_by_key(|slice| slice.endpoints.len());
        if let Some(slice) = fullest {
            fill(slice, &mut left);
            continue;
        }
        let mut slice = Slice { stored: None, ports: group.ports.clone(), endpoints: Vec::new(), changed: true };
        fill(&mut slice, &mut left);
        slices.push(slice);
    }
    wanted.append(&mut slices);
}

fn fill(slice: &mut Slice, left: &mut Vec<Tree>) {
    while slice.endpoints.len() < FULL
        && let Some(endpoint) = left.pop()
    {
        slice.endpoints.push(endpoint);
        slice.changed = true;
    }
}
