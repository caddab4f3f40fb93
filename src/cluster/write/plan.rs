//! From an intent to the question: every object read anew, what it demands, what will happen to how many.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream;

use super::acts::{self, Case, Prepared, Work, scale};
use super::read::{self, Lists};
use super::send::Content;
use super::{Gate, edit, effects};
use crate::cluster::connect::Session;
use crate::cluster::follow;
use crate::model::act::{Act, Intent, Note, Plan, Target, Weight, kubectl};
use crate::model::policy::Demand;
use crate::model::reference::Reference;

/// So many objects are read at once.
const AT_ONCE: usize = 8;
/// Neither a question nor its answer waits longer than this for a connection.
pub(super) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// The question, and what is to be done; the same places in both.
///
/// # Errors
/// Nothing of it can be done: why.
pub(super) async fn prepare(gate: &Gate, intent: &Intent) -> Result<(Plan, Vec<Option<Prepared>>), String> {
    let verb = intent.act.verb();
    for target in &intent.targets {
        if let Some(why) = gate.policy.denied(verb, &target.kind, &target.namespace) {
            return Err(why);
        }
    }
    let mut link = gate.link.clone();
    let session = tokio::time::timeout(PATIENCE, link.session()).await.map_err(|_| "there is no connection to the cluster".to_owned())?;
    let lists = &Lists::new(&session);
    let intent = &above(gate, lists, &session, intent).await?;
    if let Some(most) = gate.policy.most.filter(|most| intent.targets.len() > *most) {
        return Err(format!("{} objects at once are too many: this context allows at most {most}", intent.targets.len()));
    }
    let all: Vec<_> = intent.targets.iter().map(|target| one(gate, lists, &session, &intent.act, target)).collect();
    let prepared: Vec<Result<Prepared, String>> = stream::iter(all).buffered(AT_ONCE).collect().await;
    if let [Err(why)] = prepared.as_slice() {
        return Err(match intent.targets.first() {
            Some(target) => format!("{}: {why}", target.title()),
            None => why.clone(),
        });
    }
    let mut targets = Vec::new();
    let mut work = Vec::new();
    for (object, prepared) in intent.targets.iter().zip(prepared) {
        let (change, notes, diff, prepared) = match prepared {
            Ok(prepared) => (Ok(prepared.change.clone()), prepared.notes.clone(), prepared.work.diff(), Some(prepared)),
            Err(why) => (Err(why), Vec::new(), Arc::default(), None),
        };
        targets.push(Target { object: object.clone(), change, notes, diff });
        work.push(prepared);
    }
    let acted: Vec<&Reference> = targets.iter().filter(|target| target.change.is_ok()).map(|target| &target.object).collect();
    if acted.is_empty() {
        let each = targets.iter().filter_map(|target| Some(format!("{}: {}", target.object.title(), target.change.as_ref().err()?)));
        return Err(format!("there is nothing to {verb}: {}", each.collect::<Vec<_>>().join("; ")));
    }
    let (demand, why) = demand(gate, &intent.act, &targets, &work);
    let typed = typed(gate, demand, &acted);
    let instead = match (&intent.act, acted.as_slice()) {
        (Act::Scale(..), [one]) => scale::autoscaler(gate, lists, one)
            .await
            .map(|found| ("change its bounds instead".to_owned(), format!("bounds {} {}", found.min, found.max))),
        _ => None,
    };
    let kubectl = targets.iter().zip(&work).filter_map(|(target, prepared)| {
        let (object, context) = (&target.object, &*gate.context);
        let written = matches!(intent.act, Act::Edit(_) | Act::TakeBack(_));
        let patch = prepared.as_ref()?.work.patch().filter(|_| written);
        let patch = patch.and_then(|(operations, subresource)| kubectl::patch(object, context, subresource, &operations));
        Some(patch.unwrap_or_else(|| intent.act.kubectl(object, context)))
    });
    let kubectl = kubectl.collect();
    let mut notes = match intent.act {
        Act::Delete(_) | Act::Evict(_) => effects::staying(lists, &acted).await,
        _ => Vec::new(),
    };
    if gate.policy.dry_run && work.iter().flatten().any(|prepared| prepared.work.first().is_some()) {
        notes.push(Note::plain(match intent.act {
            Act::Drain(_) => "the server has tried the cordon (dryRun=All) and would take it; evictions are not tried",
            _ => "the server has tried it (dryRun=All) and would take it",
        }));
    }
    let title = title(&intent.act, &acted);
    Ok((Plan { act: intent.act.clone(), title, targets, notes, demand, typed, why, kubectl, instead }, work))
}

/// A restart of a pod is one of the workload above it, once for all its pods; bounds are an autoscaler's.
async fn above(gate: &Gate, lists: &Lists<'_>, session: &Session, intent: &Intent) -> Result<Intent, String> {
    let mut targets: Vec<Reference> = Vec::new();
    for target in &intent.targets {
        let mut target = target.clone();
        while intent.act == Act::Restart && matches!(&*target.kind.plural, "pods" | "replicasets") {
            let owner = follow::owner_of(session, &target.kind, &target.namespace, &target.name, &target.uid).await;
            let owner = owner.map_err(|error| format!("{}: {error}", target.title()))?;
            let found = owner.and_then(|owner| {
                let kind = gate.catalog.referred(&owner.api_version, &owner.kind)?.clone();
                Some(Reference { kind, namespace: target.namespace.clone(), name: owner.name, uid: owner.uid })
            });
            target = found.ok_or_else(|| {
                format!("nothing that can be restarted owns {}: delete it, where something makes it anew", target.title())
            })?;
        }
        if matches!(intent.act, Act::Bounds(..)) && &*target.kind.plural != "horizontalpodautoscalers" {
            let found = scale::autoscaler(gate, lists, &target).await;
            target = found.ok_or_else(|| format!("no autoscaler scales {}: :scale does", target.title()))?.object;
        }
        if let Some(why) = gate.policy.denied(intent.act.verb(), &target.kind, &target.namespace) {
            return Err(why);
        }
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    Ok(Intent { act: intent.act.clone(), targets })
}

async fn one(gate: &Gate, lists: &Lists<'_>, session: &Session, act: &Act, target: &Reference) -> Result<Prepared, String> {
    let prepared = match act {
        // It may be about an object that is gone.
        Act::TakeBack(number) => acts::take_back::take_back(gate, session, target, *number).await?,
        // It is not there yet.
        Act::Create(draft) => edit::make(gate, session, target, draft).await?,
        _ => {
            let object = read::object(session, target).await?;
            acts::prepare(&Case { gate, session, lists, target, object: &object }, act).await?
        }
    };
    if let Some(write) = prepared.work.first().filter(|_| gate.policy.dry_run) {
        gate.rehearse(session, write).await.map_err(|why| format!("the dry run was refused: {why}"))?;
    }
    Ok(prepared)
}

/// What has to be typed for it to be done to these objects.
pub(super) fn typed(gate: &Gate, demand: Demand, acted: &[&Reference]) -> String {
    match (demand, acted) {
        (Demand::Name, [one]) => one.name.to_string(),
        (Demand::Name, many) => many.len().to_string(),
        (Demand::Context, _) => gate.context.to_string(),
        _ => String::new(),
    }
}

/// The strictest of what the act, its warnings and the rails ask for.
pub(super) fn demand(gate: &Gate, act: &Act, targets: &[Target], work: &[Option<Prepared>]) -> (Demand, String) {
    let mut demand = (act.demand(), String::new());
    let acted = || targets.iter().zip(work).filter_map(|(target, prepared)| Some((&target.object, &prepared.as_ref()?.work)));
    // Several at once, or something to be warned of, is a question always.
    let warned = targets.iter().any(|target| target.notes.iter().any(|note| note.weight == Weight::Warning));
    if acted().count() > 1 || warned || gate.policy.danger {
        demand.0 = demand.0.max(Demand::Confirm);
    }
    let mut ask = |verb: &str, object: &Reference| {
        if let Some(rail) = gate.policy.rail(verb, &object.kind, &object.namespace).filter(|rail| rail.demand > demand.0) {
            demand = (rail.demand, format!("guard rail ({})", rail.source));
        }
    };
    for (object, work) in acted() {
        ask(act.verb(), object);
        // What leads into a pod is asked of that, and of what it was meant for.
        if let Act::Enter(entering) = act
            && let Some(of) = &entering.of
        {
            ask(act.verb(), of);
        }
        // What is deleted by another command is deleted nevertheless, and so it is with what is evicted.
        if work.first().is_some_and(|write| matches!(write.body, Content::Delete(_))) {
            ask("delete", object);
        }
        // The way leads into a pod, whatever it is asked of.
        if let Work::Forward(opening) = work {
            ask(act.verb(), &opening.pods());
        }
        if let Work::Drain(_, evictions, _) = work {
            for write in evictions {
                ask(act.verb(), &write.object);
                ask("evict", &write.object);
            }
        }
    }
    demand
}

/// `Delete pod/web-1 in shop?`, `Restart 3 deployments in shop?`
fn title(act: &Act, objects: &[&Reference]) -> String {
    let verb = act.question();
    let what = match objects {
        [one] => one.title(),
        many => {
            let kind = &many[0].kind;
            let same = many.iter().all(|object| object.kind.kind == kind.kind);
            format!("{} {}", many.len(), if same { &*kind.plural } else { "objects" })
        }
    };
    let namespace = objects.first().map(|object| object.namespace.clone()).unwrap_or_default();
    let place = if namespace.is_empty() {
        String::new()
    } else if objects.iter().all(|object| object.namespace == namespace) {
        format!(" in {namespace}")
    } else {
        " of several namespaces".to_owned()
    };
    format!("{verb} {what}{place}?")
}
