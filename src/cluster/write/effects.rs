//! What follows from a write beside the change itself: dependents that go too, budgets, pods that leave their owner,
//! endpoints that come and go.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde_json::Value;

use super::acts::Case;
use super::read::{self, Lists};
use crate::kinds::describe::json::Json;
use crate::kinds::partial::LabelSelector;
use crate::kinds::{self, Block, apps, batch, pods};
use crate::model::act::{Change, Note, Propagation};
use crate::model::facts::{Facts, PodFacts, Selector};
use crate::model::intern::Interner;
use crate::model::reference::Reference;
use crate::model::row::{Labels, Row, Uid};

/// How many of their owners' pods stay when these pods go: `2 of 5 pods of replicaset/web-1 stay`.
pub(super) async fn staying(lists: &Lists<'_>, going: &[&Reference]) -> Vec<Note> {
    let Some(first) = going.first().filter(|first| &*first.kind.plural == "pods") else { return Vec::new() };
    let mut notes = Vec::new();
    let mut namespaces: Vec<&str> = going.iter().map(|pod| &*pod.namespace).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    for namespace in namespaces {
        let rows = lists.rows(&first.kind, Some(namespace)).await.unwrap_or_default();
        // By owner, in the order of their pods: what it is called, how many pods it has, and how many of those go.
        let mut owners: Vec<(Uid, String, usize, usize)> = Vec::new();
        for row in rows.iter() {
            // What is on its way out does not stay.
            let Some(owner) = row.owner.as_ref().filter(|_| row.deleting.is_none()) else { continue };
            let goes = going.iter().any(|pod| pod.uid == row.uid);
            match owners.iter_mut().find(|(uid, ..)| *uid == owner.uid) {
                Some((_, _, all, gone)) => {
                    *all += 1;
                    *gone += usize::from(goes);
                }
                None => owners.push((owner.uid.clone(), format!("{}/{}", owner.kind.to_lowercase(), owner.name), 1, usize::from(goes))),
            }
        }
        for (_, name, all, gone) in owners.into_iter().filter(|(.., gone)| *gone > 0) {
            notes.push(match all - gone {
                0 => Note::warning(format!("no pod of {name} stays until a new one is ready")),
                stay => Note::plain(format!("{stay} of {all} pods of {name} stay")),
            });
        }
    }
    notes
}

/// Which kinds an object of a kind can own, level by level.
fn children(kind: &str) -> Vec<&'static Block> {
    match kind {
        "Deployment" => vec![&apps::REPLICA_SET, &pods::POD],
        "CronJob" => vec![&batch::JOB, &pods::POD],
        "ReplicaSet" | "ReplicationController" | "StatefulSet" | "DaemonSet" | "Job" => vec![&pods::POD],
        _ => Vec::new(),
    }
}

/// What is counted of a namespace that goes: what people would miss.
const MISSED: [&Block; 8] = [
    &apps::DEPLOYMENT,
    &apps::STATEFUL_SET,
    &apps::DAEMON_SET,
    &batch::CRON_JOB,
    &batch::JOB,
    &kinds::services::SERVICE,
    &kinds::volumes::PERSISTENT_VOLUME_CLAIM,
    &pods::POD,
];

/// What goes with an object, or stays behind.
pub(super) async fn of_deletion(case: &Case<'_>, propagation: Propagation) -> Vec<Note> {
    let namespace = &*case.target.namespace;
    match &*case.target.kind.kind {
        "Namespace" => return of_namespace(case).await,
        "Node" => return of_node(case).await,
        "CustomResourceDefinition" => return of_definition(case).await,
        "PersistentVolumeClaim" => return of_claim(case).await,
        _ => {}
    }
    let mut owners: FxHashSet<Uid> = FxHashSet::from_iter([case.target.uid.clone()]);
    let mut counts: Vec<(usize, String)> = Vec::new();
    for block in children(&case.target.kind.kind) {
        let kind = Arc::new(block.as_kind());
        let Some(rows) = case.lists.rows(&kind, Some(namespace)).await else {
            return vec![Note::warning(format!("what it owns cannot be read: {} may go too", kind.plural))];
        };
        let own: Vec<&Row> = rows.iter().filter(|row| row.owner.as_ref().is_some_and(|owner| owners.contains(&owner.uid))).collect();
        if !own.is_empty() {
            counts.push((own.len(), counted(own.len(), &kind.singular, &kind.plural)));
        }
        owners.extend(own.into_iter().map(|row| row.uid.clone()));
    }
    let mut notes = Vec::new();
    if !counts.is_empty() {
        let one = matches!(counts.as_slice(), [(1, _)]);
        let words: Vec<String> = counts.into_iter().map(|(_, words)| words).collect();
        let words = words.join(" and ");
        notes.push(match propagation {
            Propagation::Orphan => Note::plain(format!("{words} {}, without an owner", if one { "stays" } else { "stay" })),
            _ => Note::warning(format!("{words} {} too", if one { "goes" } else { "go" })),
        });
    }
    if &*case.target.kind.kind == "StatefulSet" {
        let templates = case.object.list("spec.volumeClaimTemplates").len();
        let policy = case.object.text("spec.persistentVolumeClaimRetentionPolicy.whenDeleted");
        match (templates, policy) {
            (0, _) => {}
            (_, "Delete") => notes.push(Note::warning("its claims go too, and what is on them")),
            _ => notes.push(Note::plain("its claims stay")),
        }
    }
    if &*case.target.kind.kind == "Pod" {
        notes.extend(of_pod(case).await);
    }
    notes
}

fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// Deleting a pod does not ask its budgets, so the question says them.
async fn of_pod(case: &Case<'_>) -> Vec<Note> {
    let budgets = budgets(case.lists, &case.target.namespace, case.object).await;
    let spent = budgets.into_iter().filter(|budget| budget.allowed <= 0);
    spent.map(|budget| Note::warning(format!("a deletion does not ask {}: evict does", budget.words()))).collect()
}

async fn of_namespace(case: &Case<'_>) -> Vec<Note> {
    let mut words = Vec::new();
    for block in MISSED {
        let kind = Arc::new(block.as_kind());
        if let Some(rows) = case.lists.rows(&kind, Some(&case.target.name)).await.filter(|rows| !rows.is_empty()) {
            words.push(counted(rows.len(), &kind.singular, &kind.plural));
        }
    }
    let list = if words.is_empty() { "everything in it goes".to_owned() } else { format!("everything in it goes: {}", words.join(", ")) };
    vec![Note::warning(list)]
}

async fn of_node(case: &Case<'_>) -> Vec<Note> {
    let kind = Arc::new(pods::POD.as_kind());
    let Some(rows) = case.lists.rows(&kind, None).await else { return Vec::new() };
    let on = |facts: &PodFacts| *facts.node == *case.target.name;
    let count = rows.iter().filter(|row| matches!(&row.facts, Facts::Pod(facts) if on(facts))).count();
    if count == 0 {
        return Vec::new();
    }
    vec![Note::warning(format!("deletes {} on it: drain it first", counted(count, "pod", "pods")))]
}

async fn of_definition(case: &Case<'_>) -> Vec<Note> {
    let text = |path: &str| case.object.text(path);
    let version =
        case.object.list("spec.versions").iter().find(|version| version.flag("served")).map(|v| v.text("name")).unwrap_or_default();
    let Some(kind) = case.gate.catalog.exact(text("spec.group"), version, text("spec.names.plural")).cloned() else { return Vec::new() };
    match case.lists.rows(&kind, None).await {
        Some(rows) => vec![Note::warning(format!("every object of it goes: {}", counted(rows.len(), &kind.singular, &kind.plural)))],
        None => vec![Note::warning("every object of it goes; how many cannot be read")],
    }
}

async fn of_claim(case: &Case<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let volume = case.object.text("spec.volumeName");
    if !volume.is_empty() {
        let kind = kinds::volumes::PERSISTENT_VOLUME.as_kind();
        let path = crate::cluster::request::object(&kind, "", volume);
        let policy = match crate::cluster::request::get_json::<Value>(case.session, &path).await {
            Ok(volume) => volume.text("spec.persistentVolumeReclaimPolicy").to_owned(),
            Err(_) => String::new(),
        };
        notes.push(match policy.as_str() {
            "Retain" => Note::plain(format!("persistentvolume/{volume} stays, with what is on it (Retain)")),
            "" => Note::warning(format!("persistentvolume/{volume} may go, with what is on it")),
            policy => Note::warning(format!("persistentvolume/{volume} goes, with what is on it ({policy})")),
        });
    }
    let kind = Arc::new(pods::POD.as_kind());
    if let Some(rows) = case.lists.rows(&kind, Some(&case.target.namespace)).await {
        let mounts = |facts: &PodFacts| facts.claims.iter().any(|claim| **claim == *case.target.name);
        let users: Vec<&str> =
            rows.iter().filter(|row| matches!(&row.facts, Facts::Pod(facts) if mounts(facts))).map(|row| &*row.name).collect();
        if !users.is_empty() {
            notes.push(Note::warning(format!("used by {}: it stays until they are gone", users.join(", "))));
        }
    }
    notes
}

/// A PodDisruptionBudget that holds a pod.
pub(super) struct Budget {
    name: String,
    /// Disruptions that it allows now.
    pub(super) allowed: i64,
    healthy: i64,
    needed: i64,
}

impl Budget {
    /// `payments-pdb: 0 allowed, 2/2 needed`.
    pub(super) fn words(&self) -> String {
        format!("{}: {} allowed, {}/{} needed", self.name, self.allowed, self.healthy, self.needed)
    }
}

/// The budgets of a pod; none where they cannot be read.
pub(super) async fn budgets(lists: &Lists<'_>, namespace: &str, pod: &Value) -> Vec<Budget> {
    let kind = kinds::policy::POD_DISRUPTION_BUDGET.as_kind();
    let labels = labels(pod);
    let found = lists.objects(&kind, namespace).await.unwrap_or_default();
    let own = found.iter().filter(|budget| selector(budget.at("spec.selector")).is_some_and(|selector| selector.matches(&labels)));
    own.map(|budget| Budget {
        name: budget.text("metadata.name").to_owned(),
        allowed: budget.int("status.disruptionsAllowed"),
        healthy: budget.int("status.currentHealthy"),
        needed: budget.int("status.desiredHealthy"),
    })
    .collect()
}

/// A label selector as the API has it.
pub(super) fn selector(value: &Value) -> Option<Arc<Selector>> {
    let message: LabelSelector = serde_json::from_value(value.clone()).ok()?;
    Some(kinds::selector(&message, &mut Interner::default()))
}

fn labels(object: &Value) -> Labels {
    let pairs = object.pairs("metadata.labels");
    pairs.into_iter().map(|(key, value)| (Arc::from(key), Arc::from(value))).collect()
}

/// What other labels make of a pod: whose it is no more, and which services find it.
pub(super) async fn of_labels(case: &Case<'_>, changes: &[Change]) -> Vec<Note> {
    if &*case.target.kind.kind != "Pod" || !case.target.kind.group.is_empty() {
        let template = case.object.has("spec.template");
        return if template { vec![Note::plain("its pods keep their labels: the template is not changed")] } else { Vec::new() };
    }
    let before = labels(case.object);
    let mut after: Vec<(Arc<str>, Arc<str>)> = before.to_vec();
    for (key, value) in changes {
        after.retain(|(known, _)| known != key);
        after.extend(value.as_ref().map(|value| (key.clone(), value.clone())));
    }
    after.sort();
    let after: Labels = after.into();
    let mut notes = Vec::new();
    let namespace = Some(&*case.target.namespace);
    // Only what nobody controls is adopted (ControllerRefManager.ClaimPods).
    let free = !case.object.list("metadata.ownerReferences").iter().any(|owner| owner.flag("controller"));
    for block in [&apps::REPLICA_SET, &apps::STATEFUL_SET, &apps::DAEMON_SET, &apps::REPLICATION_CONTROLLER, &batch::JOB] {
        let kind = Arc::new(block.as_kind());
        for row in case.lists.rows(&kind, namespace).await.unwrap_or_default().iter() {
            let Facts::Workload(facts) = &row.facts else { continue };
            let Some(selector) = &facts.selector else { continue };
            let owns = read::owned_by(case.object, &row.uid.to_string());
            if owns && !selector.matches(&after) {
                let then = match &*kind.kind {
                    "StatefulSet" => format!("which cannot make {} again while this one has its name", case.target.name),
                    _ => "which makes a new pod".to_owned(),
                };
                notes.push(Note::warning(format!("it leaves {}/{}, {then}", kind.singular, row.name)));
            } else if free && selector.matches(&after) && !selector.matches(&before) {
                notes.push(Note::warning(format!("{}/{} selects it then, and takes it as one of its own", kind.singular, row.name)));
            }
        }
    }
    let kind = Arc::new(kinds::services::SERVICE.as_kind());
    for row in case.lists.rows(&kind, namespace).await.unwrap_or_default().iter() {
        let Facts::Service(facts) = &row.facts else { continue };
        let Some(selector) = &facts.selector else { continue };
        match (selector.matches(&before), selector.matches(&after)) {
            (true, false) => notes.push(Note::warning(format!("service/{} does not send to it any more", row.name))),
            (false, true) => notes.push(Note::plain(format!("service/{} sends to it then", row.name))),
            _ => {}
        }
    }
    notes
}

/// Pods that a NoExecute taint evicts.
pub(super) async fn of_no_execute(case: &Case<'_>, key: &str, value: &str) -> Vec<Note> {
    let path = format!(
        "{}{}",
        pods::POD.as_kind().path(None),
        crate::cluster::request::query(&[("fieldSelector", &format!("spec.nodeName={}", case.target.name))])
    );
    let Ok(list) = crate::cluster::request::get_json::<Value>(case.session, &path).await else {
        return vec![Note::warning("NoExecute: pods that do not tolerate it are evicted")];
    };
    let tolerates = |toleration: &Value| {
        let operator = toleration.text("operator");
        let name = toleration.text("key");
        let effect = toleration.text("effect");
        (effect.is_empty() || effect == "NoExecute")
            && match operator {
                "Exists" => name.is_empty() || name == key,
                _ => name == key && toleration.text("value") == value,
            }
    };
    let leaving = list.list("items").iter().filter(|pod| !pod.list("spec.tolerations").iter().any(tolerates)).count();
    vec![Note::warning(format!("NoExecute: evicts {} on it, whatever budgets say", counted(leaving, "pod", "pods")))]
}
