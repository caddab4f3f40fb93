//! What would become of one object: the server tries it (`dryRun=All`, strict field validation), and who objects is named.

use std::sync::Arc;

use serde_json::Value;

use super::resolve::Item;
use super::{local, migrate};
use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::request;
use crate::cluster::write::send::{Content, MANAGER, Refused, Write};
use crate::cluster::write::{Gate, edit, fields, managed};
use crate::kinds::describe::json::Json;
use crate::kinds::shown::is_secret;
use crate::model::act::{Note, Weight};
use crate::model::apply::Fate;
use crate::model::edit::Pair;
use crate::model::kind::Kind;
use crate::model::row::Uid;

/// So many fields are named.
const NAMED: usize = 3;
/// A value that is longer is not spelled out.
const SHORT: usize = 40;

/// What would become of it.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) fate: Fate,
    /// What changes, or why nothing does.
    pub(super) words: String,
    pub(super) notes: Vec<Note>,
    pub(super) diff: Arc<[Pair]>,
    /// What is to be sent.
    pub(super) ready: Option<Ready>,
}

/// One object, ready to be applied.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub(super) write: Write,
    /// Client-side `kubectl apply` owns it, and is to own it no more.
    pub(super) migrates: bool,
}

impl Planned {
    fn no(fate: Fate, words: String) -> Planned {
        Planned { fate, words, notes: Vec::new(), diff: Arc::default(), ready: None }
    }
}

/// How to plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// What others own is taken over.
    pub(super) force: bool,
    /// Nothing is going to be sent: what may not be tried is planned here.
    pub(super) looks: bool,
}

/// Plans one object. `items` are all of them.
pub(super) async fn one(gate: &Gate, session: &Session, how: How, item: &Item, items: &[Item]) -> Planned {
    let kind = &item.object.kind;
    let mut notes = Vec::new();
    if !item.needs.is_empty() {
        let needs: Vec<String> = item.needs.iter().map(|at| items[*at].object.title()).collect();
        let are = if needs.len() == 1 { "is" } else { "are" };
        notes.push(Note::plain(format!("planned locally: {} {are} made with it", needs.join(" and "))));
        return new(item, &item.config, notes, how).await;
    }
    let live = match request::get_json::<Value>(session, &request::object(kind, &item.object.namespace, &item.object.name)).await {
        Ok(live) => live,
        Err(ClusterError::NotFound(_)) => Value::Null,
        Err(error) => return Planned::no(Fate::Wrong, error.to_string()),
    };
    if live.pointer("/metadata/deletionTimestamp").is_some() {
        notes.push(Note::warning("it is being deleted: what is applied goes with it"));
    }
    // In read-only mode nothing is sent but what reads: webhooks and audit logs see dry runs too.
    if let Some(why) = gate.policy.denied("apply", kind, &item.object.namespace).filter(|_| how.looks) {
        return ours(session, item, &live, notes, how, &why).await;
    }
    let mut write = writing(item, &live, false);
    let clients = migrate::clients(&live);
    let mut would = gate.try_out(session, &write).await;
    if let Err(refused) = &would {
        let clashes = clashes(refused);
        if clashes.is_empty() {
            return match would {
                Err(refused) if refused.words.contains(edit::NO_DRY_RUN) => {
                    ours(session, item, &live, notes, how, "a webhook refuses dry runs").await
                }
                // Who may only look can compare nevertheless.
                Err(refused) if how.looks && forbidden(&refused.words) => ours(session, item, &live, notes, how, &refused.words).await,
                _ => Planned::no(Fate::Wrong, would.err().map(|refused| bound(item, refused.words)).unwrap_or_default()),
            };
        }
        let others: Vec<&Clash> = clashes.iter().filter(|clash| !clash.updates || !clients.contains(&clash.manager)).collect();
        if !others.is_empty() && !how.force {
            return Planned::no(Fate::Clash, owners(&others, "owns"));
        }
        if !others.is_empty() {
            notes.push(Note::warning(owners(&others, "loses")));
        }
        write = writing(item, &live, true);
        would = gate.try_out(session, &write).await;
    }
    let mut would = match would {
        Ok(would) => would,
        Err(refused) => return Planned::no(Fate::Wrong, refused.words),
    };
    if live.is_null() {
        return Planned { notes, ..new(item, &would, Vec::new(), how).await };
    }
    if !clients.is_empty() {
        if let Some(rehearsal) = migrate::rehearsal(&item.object, &live, &would) {
            would = match gate.try_out(session, &rehearsal).await {
                Ok(would) => would,
                Err(refused) => return Planned::no(Fate::Wrong, refused.words),
            };
        } else {
            would = live.clone();
        }
        let quiet = edit::lines(kind, &migrate::without_copy(&live), &migrate::without_copy(&would)).await;
        if quiet.iter().all(|pair| pair.same) {
            let words = format!("it is so already, and stays {}'s", clients.join(" and "));
            return Planned::no(Fate::Same, words);
        }
        notes.push(Note::warning(format!(
            "it was made with kubectl apply: first, what {} owns of it becomes {MANAGER}'s, and kubectl's copy of it goes",
            clients.join(" and ")
        )));
    }
    let diff = edit::lines(kind, &live, &would).await;
    let same = diff.iter().all(|pair| pair.same);
    if same && applied(&live) == applied(&would) {
        return Planned::no(Fate::Same, "it is so already".to_owned());
    }
    let words = if same { format!("its values stay: {MANAGER} comes to own them too") } else { changes(kind, &live, &would) };
    notes.extend(managed::notes(&live, true).into_iter().filter(|note| note.weight == Weight::Warning));
    if edit::rolls(kind) && live["spec"]["template"] != would["spec"]["template"] {
        notes.push(Note::plain("its pods are replaced: the template changes"));
    }
    let ready = Some(Ready { write: Write { done: words.clone(), ..writing(item, &live, how.force) }, migrates: !clients.is_empty() });
    Planned { fate: Fate::Changed, words, notes, diff, ready }
}

/// Why it is refused; where the file is of one state of the object only, that is said.
fn bound(item: &Item, words: String) -> String {
    let fields: Vec<&str> = ["metadata.resourceVersion", "metadata.uid"].into_iter().filter(|field| item.config.has(field)).collect();
    if fields.is_empty() {
        return words;
    }
    format!("{words} (it is written with {}, for that object as it was then: without, it is for any)", fields.join(" and "))
}

/// The user may not do it: RBAC's words, and not those of a quota, which are a 403 too.
fn forbidden(words: &str) -> bool {
    words.contains("\" cannot patch resource \"") || words.contains("\" cannot create resource \"")
}

/// What is not there is made, `would` is how.
async fn new(item: &Item, would: &Value, notes: Vec<Note>, how: How) -> Planned {
    let diff = edit::made(&item.object.kind, would).await;
    let write = Write { done: "created".to_owned(), ..writing(item, &Value::Null, how.force) };
    Planned { fate: Fate::New, words: "it is made".to_owned(), notes, diff, ready: Some(Ready { write, migrates: false }) }
}

/// Planned locally, and why.
async fn ours(session: &Session, item: &Item, live: &Value, mut notes: Vec<Note>, how: How, why: &str) -> Planned {
    let kind = &item.object.kind;
    notes.push(Note::warning(format!("{why}: this is what was written, and the server may store something else")));
    if live.is_null() {
        return new(item, &item.config, notes, how).await;
    }
    let would = local::laid(session, kind, live, &item.config).await;
    let diff = edit::lines(kind, live, &would).await;
    if diff.iter().all(|pair| pair.same) {
        return Planned { notes, ..Planned::no(Fate::Same, "as far as is known, it is so already".to_owned()) };
    }
    let words = changes(kind, live, &would);
    let ready =
        Ready { write: Write { done: words.clone(), ..writing(item, live, how.force) }, migrates: !migrate::clients(live).is_empty() };
    Planned { fate: Fate::Changed, words, notes, diff, ready: Some(ready) }
}

/// The request: of an object that is there, for none but that one.
fn writing(item: &Item, live: &Value, force: bool) -> Write {
    let mut object = item.object.clone();
    let mut config = item.config.clone();
    if let Some(uid) = live.pointer("/metadata/uid").and_then(Value::as_str) {
        object.uid = Uid::new(uid);
        if !config.has("metadata.uid") {
            config["metadata"]["uid"] = uid.into();
        }
    }
    let body = Content::Apply(config, force);
    Write { object, seen: live.clone(), verb: "apply", subresource: "", body, done: String::new() }
}

/// What this program has applied of an object, as its owners say.
fn applied(object: &Value) -> Option<&Value> {
    let entries = object.pointer("/metadata/managedFields")?.as_array()?;
    let ours = |entry: &&Value| entry["manager"] == *MANAGER && entry["operation"] == "Apply" && entry["subresource"].is_null();
    entries.iter().find(ours)?.get("fieldsV1")
}

/// A field that another manager owns.
#[derive(Debug, PartialEq, Eq)]
struct Clash {
    manager: String,
    /// It was changed by an update; else it was applied.
    updates: bool,
    /// `spec.replicas`.
    field: String,
}

/// The conflicts that a refusal names, one a cause: `conflict with "kubectl-edit" using apps/v1`. (fieldmanager's
/// `NewConflictError` and `printManager`)
fn clashes(refused: &Refused) -> Vec<Clash> {
    let clash = |cause: &crate::cluster::error::StatusCause| {
        let who = cause.message.strip_prefix("conflict with ")?;
        let mut quoted = serde_json::Deserializer::from_str(who).into_iter::<String>();
        let manager = quoted.next()?.ok()?;
        let updates = who[quoted.byte_offset()..].contains(" using ");
        Some(Clash { manager, updates, field: cause.field.trim_start_matches('.').to_owned() })
    };
    refused.causes.iter().filter_map(clash).collect()
}

/// `kubectl-edit owns spec.replicas and spec.paused; helm owns data.a`.
fn owners(clashes: &[&Clash], verb: &str) -> String {
    let mut by: Vec<(&str, Vec<&str>)> = Vec::new();
    for clash in clashes {
        match by.iter_mut().find(|(manager, _)| *manager == clash.manager) {
            Some((_, fields)) if fields.contains(&clash.field.as_str()) => {}
            Some((_, fields)) => fields.push(&clash.field),
            None => by.push((&clash.manager, vec![&clash.field])),
        }
    }
    let words = by.into_iter().map(|(manager, fields)| {
        let who = if manager == MANAGER { format!("{MANAGER} (changed by hand)") } else { manager.to_owned() };
        format!("{who} {verb} {}", fields.join(", "))
    });
    words.collect::<Vec<_>>().join("; ")
}

/// `spec.replicas 3 → 5, spec.template.spec.containers`.
fn changes(kind: &Kind, before: &Value, after: &Value) -> String {
    let (before, after) = fields::apart(before, after);
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return String::new() };
    let plain = |value: &Value| !is_secret(kind) && !value.is_object() && !value.is_array();
    let (labels, own): (Vec<_>, Vec<_>) = after.iter().partition(|(pointer, _)| pointer.starts_with("/metadata/"));
    let words: Vec<String> = own
        .into_iter()
        .chain(labels)
        .map(|(pointer, to)| {
            let name = fields::dotted(pointer);
            let from = before.get(pointer).unwrap_or(&Value::Null);
            let short = |value: &Value| fields::spelled(value).chars().count() <= SHORT;
            match (from.is_null(), to.is_null()) {
                (false, true) => format!("{name} goes"),
                (true, false) if plain(to) && short(to) => format!("{name} {}", fields::spelled(to)),
                (false, false) if plain(from) && plain(to) && short(from) && short(to) => {
                    format!("{name} {} → {}", fields::spelled(from), fields::spelled(to))
                }
                _ => name,
            }
        })
        .collect();
    match words.len() {
        count if count > NAMED => format!("{} and {} more", words[..NAMED].join(", "), count - NAMED),
        _ => words.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::error::StatusCause;

    #[test]
    fn owners_are_named_as_the_server_names_them() {
        let cause = |message: &str, field: &str| StatusCause { message: message.into(), field: field.into() };
        let causes = vec![
            cause("conflict with \"kubectl-edit\" using apps/v1", ".spec.replicas"),
            cause("conflict with \"kubectl-edit\" using apps/v1", ".spec.paused"),
            cause("conflict with \"he\\\"lm\" with subresource \"scale\"", ".data.a"),
            cause("conflict with \"kubetui\" using v1", ".data.b"),
            cause("must be small", "spec.x"),
        ];
        let found = clashes(&Refused { causes, ..Refused::default() });
        assert_eq!(found.iter().map(|clash| clash.updates).collect::<Vec<_>>(), [true, true, false, true]);
        assert_eq!(
            owners(&found.iter().collect::<Vec<_>>(), "owns"),
            "kubectl-edit owns spec.replicas, spec.paused; he\"lm owns data.a; kubetui (changed by hand) owns data.b"
        );
    }

    #[test]
    fn changes_are_named_by_their_fields() {
        let before = json!({"spec": {"replicas": 3, "list": [1], "gone": 1}, "metadata": {"labels": {"a/b": "1"}}});
        let after = json!({"spec": {"replicas": 5, "list": [2]}, "metadata": {"labels": {"a/b": "1", "new": "x"}}});
        let kind = Kind::default();
        let words = changes(&kind, &before, &after);
        assert!(words.contains("spec.replicas 3 → 5") && words.contains("spec.gone goes") && words.ends_with(" and 1 more"), "{words}");
        assert_eq!(changes(&kind, &json!({"spec": {"gone": 1}}), &json!({"spec": {}})), "spec.gone goes");
        let secrets = Kind { plural: "secrets".into(), ..Kind::default() };
        assert_eq!(changes(&secrets, &json!({"data": {"a": "eA=="}}), &json!({"data": {"a": "eQ=="}})), "data.a");
    }
}
