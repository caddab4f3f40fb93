//! Saving what somebody wrote: parsed, merged with what others did meanwhile, tried by the server (`dryRun=All`, strict field
//! validation), asked for with the difference that it would make, and sent as a JSON patch of that difference alone, or
//! created. What goes wrong is said of the line that it is about.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::acts::{Case, Prepared, Work};
use super::read;
use super::send::{Content, Refused, Write};
use super::{Gate, managed};
use crate::cluster::connect::Session;
use crate::cluster::schema;
use crate::event::Event;
use crate::kinds::apps::REVISION;
use crate::kinds::describe::json::Json;
use crate::kinds::draft::{own, stored};
use crate::kinds::schema::Guided;
use crate::model::act::{Intent, Note, Step};
use crate::model::draft::{Blame, Draft, Heard};
use crate::model::edit::{self, Document, Pair, Path, same_object};
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::model::row::Uid;
use crate::model::tree::Tree;

mod blame;
mod differ;

pub(super) use differ::{lines, made, of_lines};

/// A save that meets others' changes again and again ends after so many tries.
const TRIES: usize = 5;
/// What a server says whose webhook has side effects that it cannot leave out.
pub(super) const NO_DRY_RUN: &str = "does not support dry run";
/// What is to be known of a question that was not tried out for that reason.
const UNTRIED: &str = "a webhook refuses dry runs: this is what was written, and the server may store something else";
/// What it says of fields that it does not know.
const STRICT: &str = "strict decoding error";

/// One save, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Saving {
    pub(super) write: Write,
    pub(super) diff: Arc<[Pair]>,
    draft: Draft,
    /// What was written.
    mine: Tree,
    /// What is to be stored, of what one can write.
    wanted: Tree,
    of: Guided,
}

/// What a text is the object of: for one that is to be made, its kind and name stand in the text.
///
/// # Errors
/// The text cannot be read, or is of nothing that the server has; the editor has heard where.
pub(super) async fn resolve(gate: &Gate, intent: &Intent, draft: &Draft) -> Result<Intent, String> {
    let document = parsed(gate, draft).await?;
    let tree = document.tree();
    let blame = |field: &str, words: String| blame::at(&document, &Path::of_field(field), words);
    let (version, name) = (tree.text("apiVersion"), tree.text("kind"));
    let Some(kind) = gate.catalog.referred(version, name).cloned() else {
        let words = if version.is_empty() || name.is_empty() {
            "apiVersion and kind say what this is, and one of them is missing".to_owned()
        } else {
            format!("the server has no {name} of {version}")
        };
        return Err(wrong(gate, draft, vec![blame("kind", words)]).await);
    };
    let began = intent.targets.first();
    let mut namespace: Arc<str> = tree.text("metadata.namespace").into();
    if namespace.is_empty()
        && let Some(began) = began.filter(|_| kind.namespaced)
    {
        namespace = began.namespace.clone();
    }
    if kind.namespaced && namespace.is_empty() {
        let words = "metadata.namespace is missing, and several namespaces are looked at: say which one".to_owned();
        return Err(wrong(gate, draft, vec![blame("metadata", words)]).await);
    }
    let name = match (tree.text("metadata.name"), tree.text("metadata.generateName")) {
        ("", "") => return Err(wrong(gate, draft, vec![blame("metadata", "metadata.name is missing".to_owned())]).await),
        ("", begins) => format!("{begins}…"),
        (name, _) => name.to_owned(),
    };
    let target = Reference { kind, namespace, name: name.into(), uid: Uid::new("") };
    Ok(Intent { act: intent.act.clone(), targets: vec![target] })
}

/// Prepares a change of an object that is there.
///
/// # Errors
/// It cannot be saved: why. The editor has heard where, or what is to be decided first.
pub(super) async fn change(case: &Case<'_>, draft: &Draft) -> Result<Prepared, String> {
    let Case { gate, session, target, .. } = case;
    let document = parsed(gate, draft).await?;
    let of = Guided(schema::of(session, &target.kind).await.ok());
    let mine = stored(&target.kind, document.tree());
    let base = own(&draft.base);
    if let Err(other) = same_object(&base, &mine) {
        let blame = blame::at(&document, &Path::of_field(other.field), other.to_string());
        return Err(wrong(gate, draft, vec![blame]).await);
    }
    let mut now = case.object.clone();
    let mut tries = TRIES;
    let (mut write, would, wanted, mut notes) = loop {
        let Merging { wanted, met } = match merging(draft, target, &now, &mine, &of) {
            Ok(merging) => merging,
            Err(clash) => return Err(clashed(gate, draft, clash).await),
        };
        let mut write = patched(target, &now, &wanted, &of, true).map_err(|other| other.to_string())?;
        if idle(&write) {
            let words = "others have made the same changes: nothing is left to save";
            return Err(if met { words } else { "nothing to save: it is stored as it is written" }.into());
        }
        let mut notes = managed::notes(&now, true);
        if met {
            notes.push(Note::plain("others have changed other fields meanwhile: theirs stay, and yours come to them"));
        }
        let tried = match gate.try_out(session, &write).await {
            // What was there before, and the server does not know, is nobody's mistake now.
            Err(refused) if refused.words.contains(STRICT) && !brought(&refused, &base, &mine) => {
                write = patched(target, &now, &wanted, &of, false).map_err(|other| other.to_string())?;
                gate.try_out(session, &write).await
            }
            tried => tried,
        };
        match tried {
            Ok(would) => break (write, would, wanted, notes),
            Err(refused) if refused.words.contains(NO_DRY_RUN) => {
                notes.push(Note::warning(UNTRIED));
                break (write, Value::from(&wanted), wanted, notes);
            }
            Err(refused) => {
                // Objects whose status is busy move between two requests.
                let newer = read::object(session, target).await.ok().filter(|newer| version(newer) != version(&now));
                match newer {
                    Some(newer) if tries > 0 => (now, tries) = (newer, tries - 1),
                    _ => return Err(wrong(gate, draft, blame::of(&document, &target.kind, &refused)).await),
                }
            }
        }
    };
    let now = &now;
    let diff = lines(&target.kind, now, &would).await;
    if diff.iter().all(|pair| pair.same) {
        return Err("the server would store what it has already: it drops or overrules what was written".into());
    }
    if rolls(&target.kind) && now["spec"]["template"] != would["spec"]["template"] {
        notes.push(Note::plain("its pods are replaced: the template changes"));
    }
    let change = of_lines(&diff);
    write.done = format!("saved: {change}");
    let saving = Saving { write, diff, draft: draft.clone(), mine, wanted, of };
    Ok(Prepared { change, notes, work: Work::Save(Box::new(saving)) })
}

/// Prepares a new object.
///
/// # Errors
/// As [`change`].
pub(super) async fn make(gate: &Gate, session: &Session, target: &Reference, draft: &Draft) -> Result<Prepared, String> {
    let document = parsed(gate, draft).await?;
    let mine = stored(&target.kind, document.tree());
    let mut wanted = mine.clone();
    if target.kind.namespaced {
        wanted.set("metadata.namespace", &*target.namespace);
    }
    let mut write = Write {
        object: target.clone(),
        seen: Value::Object(Map::new()),
        verb: "create",
        subresource: "",
        body: Content::Create(Value::from(&wanted)),
        done: String::new(),
    };
    let mut notes = Vec::new();
    let would = match gate.try_out(session, &write).await {
        Ok(would) => would,
        Err(refused) if refused.words.contains(NO_DRY_RUN) => {
            notes.push(Note::warning(UNTRIED));
            Value::from(&wanted)
        }
        Err(refused) => return Err(wrong(gate, draft, blame::of(&document, &target.kind, &refused)).await),
    };
    let diff = made(&target.kind, &would).await;
    let change = "it is made".to_owned();
    write.done = "made".to_owned();
    let saving = Saving { write, diff, draft: draft.clone(), mine, wanted, of: Guided(None) };
    Ok(Prepared { change, notes, work: Work::Save(Box::new(saving)) })
}

/// Sends it. What others did since it was asked for is merged where it is about other fields.
pub(super) async fn carry_out(gate: &Gate, session: &Session, saving: Saving) -> Step {
    let Saving { mut write, draft, mine, mut wanted, of, .. } = saving;
    for _ in 0..TRIES {
        // Nearly always it is as it was: then one request is saved, and no refusal stands in the journal.
        if matches!(write.body, Content::Patch(..)) {
            let now = match read::object(session, &write.object).await {
                Ok(now) => now,
                Err(why) => return Step::Failed(format!("{why}; what was written is still in the editor")),
            };
            if version(&now) != version(&write.seen) {
                let theirs = own(&now);
                let merged = edit::merge(&own(&write.seen), &theirs, &wanted, &of, &[]);
                if !merged.conflicts.is_empty() {
                    return Step::Failed(again(gate, &draft, &write.object, &now, &of).await);
                }
                wanted = merged.tree;
                let strict = matches!(write.body, Content::Patch(_, true));
                let done = write.done.clone();
                match patched(&write.object, &now, &wanted, &of, strict) {
                    Ok(next) => write = Write { done, ..next },
                    Err(other) => return Step::Failed(other.to_string()),
                }
                if idle(&write) {
                    heard(gate, &draft, saved(&draft, &mine, &write, now, &of)).await;
                    return Step::Done("others have made the same changes: nothing was left to save".to_owned());
                }
            }
        }
        match gate.send(session, &write).await {
            Ok(answer) => {
                heard(gate, &draft, saved(&draft, &mine, &write, answer, &of)).await;
                return Step::Done(write.done);
            }
            Err(failure) => {
                let moved = match (&write.body, read::object(session, &write.object).await) {
                    (Content::Patch(..), Ok(now)) => version(&now) != version(&write.seen),
                    _ => false,
                };
                if !moved {
                    let words = blame::plain(failure.words()).to_owned();
                    heard(gate, &draft, Heard::Wrong(vec![Blame { at: None, message: words.clone(), server: true }])).await;
                    return Step::Failed(words);
                }
            }
        }
    }
    Step::Failed(format!("it was changed by others {TRIES} times while it was saved: save it again"))
}

/// What an editor hears of what is stored. What was made has a name and a UID now. What others did between the text and the
/// write is stored and not in the text: the object is known without it, and the editor says so.
fn saved(draft: &Draft, mine: &Tree, write: &Write, object: Value, guide: &Guided) -> Heard {
    let word = |field: &str| object.text(field);
    let of = Reference { name: word("metadata.name").into(), uid: Uid::new(word("metadata.uid")), ..write.object.clone() };
    let mut written = Value::from(mine);
    for field in ["uid", "resourceVersion"] {
        if let (Some(value), Some(map)) = (object["metadata"].get(field), written.get_mut("metadata").and_then(Value::as_object_mut)) {
            map.insert(field.to_owned(), value.clone());
        }
    }
    let missed = !draft.seen.is_null() && version(&write.seen) != version(&draft.seen);
    let known = match missed {
        true => Value::from(&edit::merge(&own(&write.seen), &own(&object), &own(&draft.seen), guide, &[]).tree),
        false => object,
    };
    Heard::Saved { text: draft.text.clone(), written: Arc::new(written), of, known: Arc::new(known) }
}

/// What is to be stored after others have had their say.
struct Merging {
    wanted: Tree,
    /// They have changed something.
    met: bool,
}

/// What has to be decided: the conflicts, and the object as others have made it.
type Clash = Box<Heard>;

/// Others may have changed the object since the text was begun: their changes and mine, unless both changed the same.
fn merging(draft: &Draft, target: &Reference, now: &Value, mine: &Tree, of: &Guided) -> Result<Merging, Clash> {
    let (base, theirs) = (own(&draft.base), own(now));
    let met = !still(&own(&draft.seen)).equals(&still(&theirs));
    // Answers are to the conflicts with one state of the object, and to no other.
    let answers = match &draft.answers {
        Some((answers, about)) if still(&own(about)).equals(&still(&theirs)) => answers.clone(),
        _ => Arc::default(),
    };
    let merged = edit::merge(&base, &theirs, mine, of, &answers);
    if merged.conflicts.len() > answers.len() {
        let clash = Heard::Clash { draft: draft.clone(), of: target.clone(), conflicts: merged.conflicts, theirs: Arc::new(now.clone()) };
        return Err(Box::new(clash));
    }
    Ok(Merging { wanted: merged.tree, met })
}

/// A tree without what changes with every write.
fn still(tree: &Tree) -> Tree {
    let mut tree = tree.clone();
    for field in ["metadata.resourceVersion", "metadata.generation"] {
        tree.remove(field);
    }
    // A Deployment's controller counts there.
    if tree["metadata"]["annotations"].get(REVISION).is_some() {
        tree.slot("metadata").slot("annotations").take(REVISION);
    }
    tree
}

/// The patch that makes an object what is wanted, if it is still the one that was seen.
fn patched(target: &Reference, now: &Value, wanted: &Tree, of: &Guided, strict: bool) -> Result<Write, edit::OtherObject> {
    let mut operations = vec![
        json!({"op": "test", "path": "/metadata/uid", "value": now["metadata"]["uid"]}),
        json!({"op": "test", "path": "/metadata/resourceVersion", "value": now["metadata"]["resourceVersion"]}),
    ];
    operations.extend(edit::patch(&own(now), wanted, of)?);
    let body = Content::Patch(operations, strict);
    Ok(Write { object: target.clone(), seen: now.clone(), verb: "edit", subresource: "", body, done: String::new() })
}

/// Nothing but its preconditions is in it.
fn idle(write: &Write) -> bool {
    matches!(&write.body, Content::Patch(operations, _) if operations.len() <= 2)
}

fn version(object: &Value) -> &str {
    object.text("metadata.resourceVersion")
}

/// Kinds that replace their pods when their template changes.
pub(super) fn rolls(kind: &Kind) -> bool {
    &*kind.group == "apps" && matches!(&*kind.plural, "deployments" | "statefulsets" | "daemonsets")
}

/// One of the fields that a strict server names was not there before.
fn brought(refused: &Refused, base: &Tree, mine: &Tree) -> bool {
    let fields = Path::in_message(&refused.words);
    let there = |tree: &Tree, path: &Path| blame::find(tree, path).is_some();
    fields.is_empty() || fields.iter().any(|path| !there(base, path) && there(mine, path))
}

/// Reads the one object of a text.
async fn parsed(gate: &Gate, draft: &Draft) -> Result<Document, String> {
    let text = draft.text.clone();
    let read = tokio::task::spawn_blocking(move || edit::read(&text)).await.map_err(|error| error.to_string())?;
    let blames = match read {
        Ok(document) if document.twice.is_empty() => return Ok(document),
        Ok(document) => blame::twice(&document),
        Err(fault) => vec![Blame { at: Some(fault.at), message: fault.message, server: false }],
    };
    Err(wrong(gate, draft, blames).await)
}

/// Says what is wrong to the editor, and gives it in one line.
async fn wrong(gate: &Gate, draft: &Draft, blames: Vec<Blame>) -> String {
    let words = match blames.as_slice() {
        [] => "it cannot be saved".to_owned(),
        [one] => said(one),
        [first, rest @ ..] => format!("{} (and {} more)", said(first), rest.len()),
    };
    heard(gate, draft, Heard::Wrong(blames)).await;
    words
}

fn said(blame: &Blame) -> String {
    match blame.at {
        Some(place) => format!("line {}: {}", place.line, blame.message),
        None => blame.message.clone(),
    }
}

/// Has the conflicts decided.
async fn clashed(gate: &Gate, draft: &Draft, clash: Clash) -> String {
    let words = match &*clash {
        Heard::Clash { conflicts, .. } => {
            let paths: Vec<String> = conflicts.iter().map(|conflict| conflict.path.to_string()).collect();
            format!("others have changed {} meanwhile", paths.join(", "))
        }
        _ => String::new(),
    };
    heard(gate, draft, *clash).await;
    words
}

/// Between the question and its answer others have changed the same fields: what stands in the text is held against that.
async fn again(gate: &Gate, draft: &Draft, target: &Reference, now: &Value, of: &Guided) -> String {
    let document = match parsed(gate, draft).await {
        Ok(document) => document,
        Err(why) => return why,
    };
    match merging(draft, target, now, &stored(&target.kind, document.tree()), of) {
        Err(clash) => clashed(gate, draft, clash).await,
        // With an answer that was given before.
        Ok(_) => "it was changed by others meanwhile: save it again".to_owned(),
    }
}

async fn heard(gate: &Gate, draft: &Draft, heard: Heard) {
    let _ = gate.out.send(Event::Drafted(draft.editor, heard)).await;
}

#[cfg(test)]
mod tests;
