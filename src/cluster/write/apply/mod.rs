//! `:apply` and `:diff`: what is written in files, against what is there.
//!
//! Everything is read ([`gather`]) and understood ([`documents`], [`resolve`]) before anything of it is planned, and everything
//! is planned ([`plan`]) before anything is sent ([`carry`]). A plan in which an object is refused, or in which others own what
//! would be changed, is not carried out: half of what belongs together is worse than none of it. Who takes over others' fields
//! says so (`--force`).
//!
//! A dry run writes nothing, but it is no read either: admission webhooks see it, and audit logs. So in read-only mode, and
//! where a guard rail denies it, a comparison is made here, without asking the server, and says so.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream;
use tokio::sync::watch;

use self::plan::{How, Planned, Ready};
use self::resolve::{Item, Resolved};
use super::acts::{Prepared, Work};
use super::plan::{PATIENCE, demand, typed};
use super::{Answer, Gate, Saying};
use crate::cluster::connect::Session;
use crate::event::Event;
use crate::model::act::{Act, Note, Obstacle, Plan, Said, Target};
use crate::model::apply::{Comparison, Fate, Manifests};
use crate::model::reference::Reference;

mod carry;
mod documents;
mod gather;
mod local;
mod migrate;
mod order;
mod plan;
mod resolve;

pub use gather::Piped;

/// So many objects are planned at once.
const AT_ONCE: usize = 8;

/// Plans, asks, and applies.
pub(super) async fn apply(gate: &Gate, saying: &Saying, manifests: &Manifests, mut answer: watch::Receiver<Answer>) {
    let Asked { question, items, ready } = match prepare(gate, manifests).await {
        Ok(asked) => asked,
        Err(why) => return saying.say(Said::Refused(why)).await,
    };
    saying.say(Said::Plan(Box::new(question))).await;
    let Ok(answered) = answer.wait_for(|answer| *answer != Answer::Open).await.map(|answer| *answer) else { return };
    if answered == Answer::Yes {
        carry::carry_out(gate, saying, &items, ready, answer).await;
    }
    saying.say(Said::Ended).await;
}

/// Compares what is written with what is there, for the text of this number. Nothing is sent but what reads, and dry runs.
pub fn compare(gate: Gate, number: u64, manifests: Manifests) {
    tokio::spawn(async move {
        let how = How { force: manifests.force, looks: true };
        let compared = match considered(&gate, &manifests, how).await {
            Ok(considered) => Ok(Box::new(considered.comparison())),
            Err(why) => Err(why.into()),
        };
        let _ = gate.out.send(Event::Compared(number, compared)).await;
    });
}

/// A question, and what is done when it is answered with yes.
struct Asked {
    question: Plan,
    items: Vec<Item>,
    ready: Vec<Option<Ready>>,
}

/// Everything that is written, and what would become of it; the same places in both.
struct Considered {
    items: Vec<Item>,
    planned: Vec<Planned>,
    notes: Vec<Note>,
}

impl Considered {
    fn targets(&self) -> impl Iterator<Item = (Fate, Target, Arc<str>)> {
        self.items.iter().zip(&self.planned).map(|(item, planned)| {
            let object = planned.ready.as_ref().map_or(&item.object, |ready| &ready.write.object).clone();
            let change = match planned.fate {
                Fate::New | Fate::Changed => Ok(planned.words.clone()),
                Fate::Same | Fate::Clash | Fate::Wrong => Err(planned.words.clone()),
            };
            let target = Target { object, change, notes: planned.notes.clone(), diff: planned.diff.clone() };
            (planned.fate, target, item.at.clone())
        })
    }

    fn comparison(&self) -> Comparison {
        Comparison { objects: self.targets().collect(), notes: self.notes.clone() }
    }

    /// Why nothing of it is applied.
    fn obstacle(&self, manifests: &Manifests) -> Option<Obstacle> {
        let all = self.items.iter().zip(&self.planned);
        let lines = |fate: Fate| {
            let of = all.clone().filter(move |(_, planned)| planned.fate == fate);
            of.map(|(item, planned)| format!("{}: {}: {}", item.at, item.object.title(), planned.words)).collect::<Vec<_>>()
        };
        let (wrong, clashes) = (lines(Fate::Wrong), lines(Fate::Clash));
        if wrong.is_empty() && clashes.is_empty() {
            return None;
        }
        // What cannot be read is not helped by force.
        let instead = wrong.is_empty().then(|| ("take them over …".to_owned(), manifests.forced()));
        let mut words = vec!["nothing is applied".to_owned()];
        words.extend(wrong);
        if !clashes.is_empty() {
            words.extend(clashes.into_iter().map(|line| format!("conflict: {line}")));
            words.push(format!(":{} takes these fields over; what is taken out of the files stays its owner's", manifests.forced()));
        }
        Some(Obstacle { why: words.join("\n"), instead })
    }
}

/// Reads, understands and plans.
async fn considered(gate: &Gate, manifests: &Manifests, how: How) -> Result<Considered, String> {
    let gathered = gather::gather(manifests, &gate.piped).await?;
    let left = gathered.left_out();
    let texts = gathered.texts;
    let read = tokio::task::spawn_blocking(move || documents::read(&texts)).await.map_err(|error| error.to_string())?;
    let written = read.map_err(|faults| faults.join("\n"))?;
    let session = session(gate).await?;
    let resolved = resolve::resolve(&session, &gate.catalog, manifests, written).await;
    let Resolved { items, mut notes } = resolved.map_err(|faults| faults.join("\n"))?;
    notes.extend(left.map(Note::plain));
    if !how.looks
        && let Some(why) = items.iter().find_map(|item| gate.policy.denied("apply", &item.object.kind, &item.object.namespace))
    {
        return Err(why);
    }
    let all: Vec<_> = items.iter().map(|item| plan::one(gate, &session, how, item, &items)).collect();
    let planned: Vec<Planned> = stream::iter(all).buffered(AT_ONCE).collect().await;
    Ok(Considered { items, planned, notes })
}

async fn session(gate: &Gate) -> Result<Session, String> {
    let mut link = gate.link.clone();
    tokio::time::timeout(PATIENCE, link.session()).await.map_err(|_| "there is no connection to the cluster".to_owned())
}

async fn prepare(gate: &Gate, manifests: &Manifests) -> Result<Asked, Obstacle> {
    if let Some(why) = &gate.policy.read_only {
        return Err(format!("read-only ({why}): apply is not sent; :diff {} shows what it would do", manifests.typed).into());
    }
    let how = How { force: manifests.force, looks: false };
    let considered = considered(gate, manifests, how).await?;
    if let Some(why) = considered.obstacle(manifests) {
        return Err(why);
    }
    let (comparison, count) = (considered.comparison(), considered.items.len());
    let acted = considered.planned.iter().filter(|planned| planned.ready.is_some()).count();
    if acted == 0 {
        let what = if count == 1 { "the object is".to_owned() } else { format!("all {count} objects are") };
        return Err(format!("nothing to apply: {what} as {} has it already", manifests.typed).into());
    }
    if let Some(most) = gate.policy.most.filter(|most| acted > *most) {
        return Err(format!("{acted} objects at once are too many: this context allows at most {most}").into());
    }
    let Considered { items, planned, mut notes } = considered;
    let ready: Vec<Option<Ready>> = planned.into_iter().map(|planned| planned.ready).collect();
    let prepared = |ready: &Option<Ready>| {
        let Ready { write, .. } = ready.as_ref()?;
        Some(Prepared { change: String::new(), notes: Vec::new(), work: Work::Write(Box::new(write.clone())) })
    };
    let work: Vec<Option<Prepared>> = ready.iter().map(prepared).collect();
    let act = Act::Apply(manifests.clone());
    let summary = comparison.summary();
    let targets: Vec<Target> = comparison.objects.into_iter().map(|(_, target, _)| target).collect();
    let (demand, why) = demand(gate, &act, &targets, &work);
    let objects: Vec<&Reference> = targets.iter().filter(|target| target.change.is_ok()).map(|target| &target.object).collect();
    let typed = typed(gate, demand, &objects);
    if acted > 1 {
        notes.push(Note::plain("in this order; what fails does not stop the others, but what needs it"));
    }
    let kubectl = objects.first().map(|object| act.kubectl(object, &gate.context)).into_iter().collect();
    let title = format!("Apply {}: {summary}?", manifests.typed);
    let question = Plan { act, title, targets, notes, demand, typed, why, kubectl, instead: None };
    Ok(Asked { question, items, ready })
}
