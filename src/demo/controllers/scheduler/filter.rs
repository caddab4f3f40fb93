//! Which nodes a pod may go to, and why it may not go to the others: the filters of the default plugins, in their order.

use arcstr::ArcStr;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::loads::{Amounts, Host, Load, host_ports, requests};
use super::claims::Claims;
use super::terms;
use crate::demo::selector;
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, World};
use crate::model::facts::Selector;

type Reason = Cow<'static, str>;
/// A label of nodes and its value.
type Domain = (ArcStr, ArcStr);
/// Values of a label.
type Values = BTreeSet<ArcStr>;
/// Which victims are the better ones: the highest priority among them, and how many they are.
type Rank = (i64, usize);

/// Why a node is not for the pod.
pub struct Refused {
    /// In the words of the plugin.
    pub why: Vec<Reason>,
    /// Taking other pods away would not help: `UnschedulableAndUnresolvable`.
    pub for_good: bool,
}

fn for_good(why: &'static str) -> Option<Refused> {
    Some(Refused { why: vec![why.into()], for_good: true })
}

fn for_now(why: &'static str) -> Option<Refused> {
    Some(Refused { why: vec![why.into()], for_good: false })
}

/// A constraint of `topologySpreadConstraints` that must hold.
struct Spread {
    key: ArcStr,
    skew: i64,
    own: i64,
    least: i64,
    counts: BTreeMap<ArcStr, i64>,
}

/// What a pod wants, read once for all nodes.
pub struct Wish<'a> {
    pod: &'a Tree,
    /// What it asks for.
    pub asks: Amounts,
    ports: Vec<(ArcStr, ArcStr, i64)>,
    /// The one node that it can go to (a DaemonSet's pod).
    only: Option<&'a str>,
    /// Each of its affinity terms, with the places where it finds company; the key alone when it is the first of its kind.
    near: Vec<(ArcStr, Option<Values>)>,
    away: BTreeSet<Domain>,
    kept_away: BTreeSet<Domain>,
    spreads: Vec<Spread>,
    /// `spec.priority`.
    pub priority: i64,
    /// `preemptionPolicy: Never`.
    pub never_preempts: bool,
}

fn label(world: &World, node: &str, key: &str) -> Option<ArcStr> {
    match world.store.get("nodes", "", node)?.labels().get(key)? {
        Tree::Text(value) => Some(value.clone()),
        _ => None,
    }
}

/// The namespaces that a term of pod affinity looks into.
fn namespaces(world: &World, term: &Tree, own: &str) -> Vec<ArcStr> {
    let mut all: Vec<ArcStr> = term["namespaces"].items().iter().filter_map(|n| n.as_str().map(ArcStr::from)).collect();
    let by_label = &term["namespaceSelector"];
    if all.is_empty() && by_label.is_null() {
        return vec![own.into()];
    }
    if !by_label.is_null() {
        let wanted = selector::of(by_label);
        all.extend(world.store.list("namespaces", None).filter(|n| selector::matches(&wanted, n.labels())).map(|n| n.name.clone()));
    }
    all
}

/// Where pods that a term means run.
fn places(world: &World, term: &Tree, own: &str) -> BTreeSet<ArcStr> {
    let (wanted, key) = (selector::of(&term["labelSelector"]), term.text("topologyKey"));
    let pods = namespaces(world, term, own).into_iter().flat_map(|namespace| world.store.pods(&namespace, &wanted));
    let running = pods.filter(|pod| !pod.tree["spec"]["nodeName"].is_null() && !ended(pod));
    running.filter_map(|pod| label(world, pod.tree.text("spec.nodeName"), key)).collect()
}

fn ended(pod: &Object) -> bool {
    matches!(pod.tree.text("status.phase"), "Succeeded" | "Failed")
}

fn means(world: &World, term: &Tree, own: &str, pod: &Object) -> bool {
    selector::matches(&selector::of(&term["labelSelector"]), pod.labels()) && namespaces(world, term, own).contains(&pod.namespace)
}

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

impl<'a> Wish<'a> {
    /// Reads what a pod wants.
    pub fn of(world: &World, pod: &'a Object) -> Wish<'a> {
        let spec = &pod.tree["spec"];
        let affinity = &spec["affinity"];
        let terms = affinity["nodeAffinity"][REQUIRED]["nodeSelectorTerms"].items();
        let only = match terms {
            [term] => term["matchFields"].items().iter().find(|f| f.text("operator") == "In").and_then(|f| f["values"][0].as_str()),
            _ => None,
        };
        let near = affinity["podAffinity"][REQUIRED].items().iter().map(|term| {
            let found = places(world, term, &pod.namespace);
            let first = found.is_empty() && means(world, term, &pod.namespace, pod);
            (ArcStr::from(term.text("topologyKey")), (!first).then_some(found))
        });
        let away = affinity["podAntiAffinity"][REQUIRED].items().iter().flat_map(|term| {
            let key: ArcStr = term.text("topologyKey").into();
            places(world, term, &pod.namespace).into_iter().map(move |value| (key.clone(), value))
        });
        let mut kept_away = BTreeSet::new();
        for other in world.loads.unsociable.iter().filter_map(|other| world.store.find(other)) {
            for term in other.tree.at("spec.affinity.podAntiAffinity")[REQUIRED].items() {
                let key = term.text("topologyKey");
                if means(world, term, &other.namespace, pod)
                    && let Some(value) = label(world, other.tree.text("spec.nodeName"), key)
                {
                    kept_away.insert((key.into(), value));
                }
            }
        }
        let mut wish = Wish {
            pod: &pod.tree,
            asks: requests(spec),
            ports: host_ports(spec),
            only,
            near: near.collect(),
            away: away.collect(),
            kept_away,
            spreads: Vec::new(),
            priority: spec.int("priority", 0),
            never_preempts: spec["preemptionPolicy"] == "Never",
        };
        let constraints = spec["topologySpreadConstraints"].items().iter();
        wish.spreads = constraints.filter(|c| c["whenUnsatisfiable"] == "DoNotSchedule").map(|c| wish.spread(world, pod, c)).collect();
        wish
    }

    fn spread(&self, world: &World, pod: &Object, constraint: &Tree) -> Spread {
        let key: ArcStr = constraint.text("topologyKey").into();
        let mut labels = constraint["labelSelector"].clone();
        for name in constraint["matchLabelKeys"].items().iter().filter_map(Tree::as_str) {
            if let Some(value) = pod.labels().get(name) {
                labels.at_mut("matchLabels").put(name, value);
            }
        }
        let wanted: Selector = selector::of(&labels);
        let hosts = world.loads.hosts().iter().filter(|host| self.node_affinity(&host.node));
        let mut counts: BTreeMap<ArcStr, i64> =
            hosts.filter_map(|host| host.node.labels().get(&key)?.as_str().map(|v| (v.into(), 0))).collect();
        for other in world.store.pods(&pod.namespace, &wanted) {
            if !other.terminating()
                && !ended(&other)
                && let Some(place) = label(world, other.tree.text("spec.nodeName"), &key)
                && let Some(count) = counts.get_mut(&place)
            {
                *count += 1;
            }
        }
        let fewer = (counts.len() as i64) < constraint.int("minDomains", 1);
        let least = if fewer { 0 } else { counts.values().min().copied().unwrap_or(0) };
        let own = i64::from(selector::matches(&wanted, pod.labels()));
        Spread { key, skew: constraint.int("maxSkew", 1), own, least, counts }
    }

    fn node_affinity(&self, node: &Object) -> bool {
        let spec = &self.pod["spec"];
        let required = &spec["affinity"]["nodeAffinity"][REQUIRED];
        spec["nodeSelector"].entries().all(|(key, value)| node.labels().get(key) == Some(value))
            && (required.is_null() || terms::node_selector(required, node))
    }

    /// Why the pod may not go to a node; `None` when it may.
    pub fn refuses(&self, host: &Host, load: Option<&Load>, claims: &Claims) -> Option<Refused> {
        let node = &*host.node;
        if self.only.is_some_and(|name| name != &*node.name) {
            return for_good("node(s) didn't satisfy plugin(s) [NodeAffinity]");
        }
        let tolerations = &self.pod["spec"]["tolerations"];
        if host.cordoned && !terms::tolerated(tolerations, &unschedulable()) {
            return for_good("node(s) were unschedulable");
        }
        let hard = |taint: &&Tree| matches!(taint.text("effect"), "NoSchedule" | "NoExecute");
        let taints = node.tree["spec"]["taints"].items();
        if taints.iter().filter(hard).any(|taint| !terms::tolerated(tolerations, taint)) {
            return for_good("node(s) had untolerated taint(s)");
        }
        if !self.node_affinity(node) {
            return for_good("node(s) didn't match Pod's node affinity/selector");
        }
        if load.is_some_and(|load| self.ports.iter().any(|want| load.ports.iter().any(|taken| clash(want, taken)))) {
            return for_now("node(s) didn't have free ports for the requested pod ports");
        }
        let default = Load::default();
        let load = load.unwrap_or(&default);
        self.fit(host, &load.asked, load.pods).or_else(|| claims.refuses(node).and_then(for_good)).or_else(|| self.company(node))
    }

    /// The plugin `NodeResourcesFit`.
    fn fit(&self, host: &Host, used: &Amounts, pods: usize) -> Option<Refused> {
        let mut refused = Refused { why: Vec::new(), for_good: false };
        if pods + 1 > host.room {
            refused.why.push("Too many pods".into());
        }
        let mut check = |asked: i64, has: i64, used: i64, why: Reason| {
            if asked > 0 && asked > has - used {
                refused.for_good |= asked > has;
                refused.why.push(why);
            }
        };
        let (asks, has) = (&self.asks, &host.allocatable);
        check(asks.cpu, has.cpu, used.cpu, "Insufficient cpu".into());
        check(asks.memory, has.memory, used.memory, "Insufficient memory".into());
        check(asks.storage, has.storage, used.storage, "Insufficient ephemeral-storage".into());
        for (name, asked) in &asks.others {
            let of = |amounts: &Amounts| amounts.others.get(name).copied().unwrap_or(0);
            check(*asked, of(has), of(used), format!("Insufficient {name}").into());
        }
        (!refused.why.is_empty()).then_some(refused)
    }

    /// The plugins `PodTopologySpread` and `InterPodAffinity`.
    fn company(&self, node: &Object) -> Option<Refused> {
        let labels = node.labels();
        for spread in &self.spreads {
            let Some(place) = labels[&*spread.key].as_str() else {
                return for_good("node(s) didn't match pod topology spread constraints (missing required label)");
            };
            if spread.counts.get(place).copied().unwrap_or(0) + spread.own - spread.least > spread.skew {
                return for_now("node(s) didn't match pod topology spread constraints");
            }
        }
        let found = |(key, places): &(ArcStr, Option<Values>)| {
            labels[&**key].as_str().is_some_and(|value| places.as_ref().is_none_or(|places| places.contains(value)))
        };
        if !self.near.iter().all(found) {
            return for_good("node(s) didn't match pod affinity rules");
        }
        let here = |(key, value): &Domain| labels[&**key] == **value;
        if self.away.iter().any(here) {
            return for_now("node(s) didn't match pod anti-affinity rules");
        }
        if self.kept_away.iter().any(here) {
            return for_now("node(s) didn't satisfy existing pods anti-affinity rules");
        }
        None
    }
}

/// The taint that a cordoned node has, or will have in a moment.
fn unschedulable() -> Tree {
    Tree::texts([("key", "node.kubernetes.io/unschedulable"), ("effect", "NoSchedule")])
}

fn clash(a: &(ArcStr, ArcStr, i64), b: &(ArcStr, ArcStr, i64)) -> bool {
    a.0 == b.0 && a.2 == b.2 && (a.1 == b.1 || &*a.1 == "0.0.0.0" || &*b.1 == "0.0.0.0")
}

/// Preemption: deletes pods of lower priority from one of these nodes, the fewest and least important that make room. The
/// name of the node; `None` where it would not help. Only what is short of resources is made room in.
pub fn make_room(world: &mut World, pod: &Object, wish: &Wish, hosts: &[usize], claims: &Claims) -> Option<String> {
    if wish.never_preempts {
        return None;
    }
    let mut best: Option<(Rank, ArcStr, Vec<Arc<Object>>)> = None;
    for &at in hosts {
        let host = &world.loads.hosts()[at];
        let Some(load) = world.loads.of(&host.node.name).filter(|load| load.has_less_than(wish.priority)) else { continue };
        let mut lesser: Vec<Arc<Object>> =
            world.store.on_node(&host.node.name).filter(|p| p.tree.int("spec.priority", 0) < wish.priority && !ended(p)).cloned().collect();
        if lesser.iter().any(|p| p.terminating()) || lesser.is_empty() {
            continue;
        }
        lesser.sort_by_key(|p| p.tree.int("spec.priority", 0));
        let bare = Load::default();
        if wish.refuses(host, Some(&bare), claims).is_some() {
            continue;
        }
        let (mut used, mut pods, mut victims) = (load.asked.clone(), load.pods, Vec::new());
        for victim in lesser {
            if wish.fit(host, &used, pods).is_none() {
                break;
            }
            let freed = requests(&victim.tree["spec"]);
            used.cpu -= freed.cpu;
            used.memory -= freed.memory;
            used.storage -= freed.storage;
            for (name, amount) in freed.others {
                *used.others.entry(name).or_default() -= amount;
            }
            pods = pods.saturating_sub(1);
            victims.push(victim);
        }
        let highest = victims.iter().map(|p| p.tree.int("spec.priority", 0)).max().unwrap_or(0);
        let rank = (highest, victims.len());
        if !victims.is_empty() && wish.fit(host, &used, pods).is_none() && best.as_ref().is_none_or(|(other, ..)| rank < *other) {
            best = Some((rank, host.node.name.clone(), victims));
        }
    }
    let (_, node, victims) = best?;
    for victim in victims {
        let message = format!("Preempted by pod {} on node {node}", pod.uid);
        world.event(&victim, "Normal", "Preempted", &message, "default-scheduler");
        let _ = world.delete(&victim.reference(), &Deletion::default());
    }
    Some(node.to_string())
}
