//! From an act and an object as it is now to what is sent.

use std::sync::Arc;

use serde_json::Value;

use super::Gate;
use super::copy::{self, Job};
use super::edit::{self, Saving};
use super::enter::{self, Entrance};
use super::fields::{self, Field};
use super::forward::Opening;
use super::managed;
use super::read::Lists;
use super::reveal;
use super::send::{Content, Write};
use crate::cluster::connect::Session;
use crate::kinds::ability;
use crate::kinds::shown::is_secret;
use crate::model::act::{Act, Note};
use crate::model::edit::Pair;
use crate::model::reference::Reference;

mod batch;
mod delete;
pub(super) mod drain;
mod expose;
mod forward;
mod meta;
mod node;
mod rollout;
pub(super) mod scale;
pub(super) mod take_back;

/// What is to be done to one object.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    /// What changes: `replicas 3 → 5`.
    pub(super) change: String,
    /// What else follows.
    pub(super) notes: Vec<Note>,
    pub(super) work: Work,
}

/// How it is carried out.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// One request.
    Write(Box<Write>),
    /// One request, with what the server would store against what it has.
    Shown(Box<Write>, Arc<[Pair]>),
    /// One request, and when it is one of several, its rollout is waited for.
    Rollout(Box<Write>),
    /// What somebody wrote is stored.
    Save(Box<Saving>),
    /// Files to or from a container.
    Copy(Box<Job>),
    /// A cordon, and then these evictions, each until its pod is gone; of the node of this name.
    Drain(Option<Box<Write>>, Vec<Write>, Arc<str>),
    /// Into a container.
    Enter(Box<Entrance>),
    /// A port-forward is opened, which listens already.
    Forward(Arc<Opening>),
    /// The values of this Secret are shown in the text of this number.
    Reveal(u64, Reference),
}

impl Work {
    /// The request that can be tried without being done.
    pub(super) fn first(&self) -> Option<&Write> {
        match self {
            Work::Write(write) | Work::Rollout(write) => Some(write),
            Work::Drain(write, ..) => write.as_deref(),
            // It was tried already, with what would come of it.
            Work::Copy(_) | Work::Save(_) | Work::Shown(..) => None,
            Work::Enter(entrance) => entrance.write.as_deref(),
            Work::Forward(_) | Work::Reveal(..) => None,
        }
    }

    /// The JSON patch that is sent for what somebody wrote or takes back, and to which subresource: kubectl has no shorter words
    /// for it. A Secret's has its values in it.
    pub(super) fn patch(&self) -> Option<(Vec<Value>, &'static str)> {
        let write = match self {
            Work::Save(saving) => &saving.write,
            Work::Shown(write, _) | Work::Write(write) => write,
            _ => return None,
        };
        if is_secret(&write.object.kind) {
            return None;
        }
        match &write.body {
            Content::Patch(operations, _) => Some((operations.clone(), write.subresource)),
            Content::Fields(fields) => Some((fields::patch(&write.seen, fields).as_array()?.clone(), write.subresource)),
            _ => None,
        }
    }

    /// What the server would store against what it has, where that is asked for.
    pub(super) fn diff(&self) -> Arc<[Pair]> {
        match self {
            Work::Save(saving) => saving.diff.clone(),
            Work::Shown(_, diff) => diff.clone(),
            _ => Arc::default(),
        }
    }
}

/// What an act is prepared from.
pub(super) struct Case<'a> {
    pub(super) gate: &'a Gate,
    pub(super) session: &'a Session,
    pub(super) lists: &'a Lists<'a>,
    pub(super) target: &'a Reference,
    /// The object as it is now.
    pub(super) object: &'a Value,
}

impl Case<'_> {
    /// A change of fields of the object itself.
    ///
    /// # Errors
    /// It is so already.
    pub(super) fn fields(&self, verb: &'static str, fields: Vec<Field>, change: String) -> Result<Write, String> {
        if fields.iter().all(Field::idle) {
            return Err(format!("it is so already: {}", change.rsplit("→ ").next().unwrap_or(&change)));
        }
        Ok(self.write(verb, "", self.object.clone(), Content::Fields(fields), change))
    }

    fn write(&self, verb: &'static str, subresource: &'static str, seen: Value, body: Content, done: String) -> Write {
        Write { object: self.target.clone(), seen, verb, subresource, body, done }
    }

    /// Who will have an opinion of it.
    fn managers(&self) -> Vec<Note> {
        managed::notes(self.object, true)
    }

    /// The kind of a name, as the server serves it.
    fn kind(&self, group: &str, version: &str, plural: &str) -> Result<std::sync::Arc<crate::model::kind::Kind>, String> {
        let found = self.gate.catalog.exact(group, version, plural);
        found.cloned().ok_or_else(|| format!("the server does not serve {plural} of {group}/{version}"))
    }
}

/// Prepares an act on one object.
///
/// # Errors
/// Why it is not done to this one.
pub(super) async fn prepare(case: &Case<'_>, act: &Act) -> Result<Prepared, String> {
    ability::able(act.verb(), &case.target.kind)?;
    match act {
        Act::Scale(to, seen) => scale::scale(case, *to, *seen).await,
        Act::Bounds(min, max) => scale::bounds(case, *min, *max),
        Act::Restart => rollout::restart(case),
        Act::Image(images) => rollout::image(case, images),
        Act::Pause => rollout::pause(case, true),
        Act::Resume => rollout::pause(case, false),
        Act::Undo(revision) => rollout::undo(case, *revision).await,
        Act::Label(changes) => meta::label(case, changes).await,
        Act::Annotate(changes) => meta::annotate(case, changes),
        Act::Delete(how) => delete::delete(case, *how).await,
        Act::Unfinalize(finalizer) => meta::unfinalize(case, finalizer),
        Act::Evict(grace) => delete::evict(case, *grace).await,
        Act::Cordon => node::cordon(case, true),
        Act::Uncordon => node::cordon(case, false),
        Act::Drain(grace) => drain::drain(case, *grace).await,
        Act::Taint(changes) => node::taint(case, changes).await,
        Act::Trigger => batch::trigger(case),
        Act::Suspend(suspend) => batch::suspend(case, *suspend),
        Act::Retry => batch::retry(case),
        Act::Expose(how) => expose::expose(case, how),
        Act::Copy(copying) => copy::prepare(case, copying).await,
        Act::Enter(entering) => enter::prepare(case, entering),
        Act::Forward(how) => forward::forward(case, how).await,
        Act::Reveal(number) => Ok(reveal::prepare(case, *number)),
        Act::Edit(draft) => edit::change(case, draft).await,
        Act::Create(draft) => edit::make(case.gate, case.session, case.target, draft).await,
        Act::Apply(_) => Err("what is written in files is applied as a whole".to_owned()),
        Act::TakeBack(number) => take_back::take_back(case.gate, case.session, case.target, *number).await,
    }
}

/// `replicas 3 → 5`.
fn arrow(what: &str, field: &Field) -> String {
    let spelled = |value: &Option<Value>| value.as_ref().map_or_else(|| "none".to_owned(), fields::spelled);
    format!("{what} {} → {}", spelled(&field.from), spelled(&field.to))
}
