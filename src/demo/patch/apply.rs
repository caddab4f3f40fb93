//! Server-side apply: what a manager wants, merged with what is there, as structured-merge-diff's `merge.Updater` does it.

use super::compare::{self, Differences, Part, part};
use super::owners::{self, Entry, Owner};
use crate::demo::refusal::Cause;
use crate::demo::tree::Tree;
use crate::kinds::schema::Type;
use crate::model::fields::{Set, Step, dropped, shown};

/// Who owns what was there before anybody's fields were noted. (`skipNonAppliedManager`)
const BEFORE: &str = "before-first-apply";

/// Other managers own fields that would be changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Conflict {
    /// `Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas`.
    pub message: String,
    /// One for each field.
    pub causes: Vec<Cause>,
}

/// How to apply.
#[derive(Clone, Debug)]
pub struct Apply {
    /// Who applies.
    pub owner: Owner,
    /// Others lose what they own.
    pub force: bool,
    /// Parts of the object that cannot be applied here: `f:status` for the object itself.
    pub ignored: &'static [&'static str],
    /// `metadata.managedFields[].time`.
    pub now: Tree,
}

/// Applies a configuration to an object (`Null` when there is none). The result has its new owners; it equals the object
/// when nothing is new.
///
/// # Errors
/// Others own what would be changed, and it is not forced.
pub fn apply(of: Option<&Type>, live: &Tree, config: &Tree, how: &Apply) -> Result<Tree, Conflict> {
    let mut entries = owners::read(live);
    let mut before = live.clone();
    before.remove("metadata.managedFields");
    if before.is_null() {
        before = Tree::map();
    } else if entries.is_empty() {
        let owner =
            Owner { manager: BEFORE.into(), applies: false, api_version: how.owner.api_version.clone(), subresource: String::new() };
        entries.push(Entry { owner, time: Tree::Null, fields: compare::fields(of, &before) });
    }
    let mut wanted = config.clone();
    for step in how.ignored {
        wanted.take(step.trim_start_matches("f:"));
    }
    let set = compare::fields(of, &wanted);
    let last = entries.iter().position(|entry| entry.owner == how.owner).map(|at| entries.remove(at));
    let merged = merge(of, &before, &wanted);
    let mut merged = match &last {
        Some(last) => prune(of, &merged, &last.fields, &set, &entries),
        None => merged,
    };
    let differences = Differences::between(of, &before, &merged);
    let written = differences.written();
    let mut conflicts: Vec<(String, Vec<Step>)> = Vec::new();
    for entry in &mut entries {
        let lost = entry.fields.intersection(&written);
        if !lost.is_empty() {
            let name = entry.shown();
            conflicts.extend(lost.paths().into_iter().map(|path| (name.clone(), path)));
        }
        entry.fields = entry.fields.difference(&lost).difference(&differences.removed);
    }
    if !how.force && !conflicts.is_empty() {
        return Err(conflict(conflicts));
    }
    let unchanged = last.as_ref().is_some_and(|last| {
        let mut own = vec![last.clone()];
        own[0].fields = set.clone();
        let (mut a, mut b) = (Tree::map(), Tree::map());
        owners::write(&mut a, own);
        owners::write(&mut b, vec![last.clone()]);
        a == b
    });
    if unchanged && merged.equals(&before) {
        return Ok(live.clone());
    }
    entries.push(Entry { owner: how.owner.clone(), time: how.now.clone(), fields: set });
    owners::write(&mut merged, entries);
    Ok(merged)
}

fn conflict(mut conflicts: Vec<(String, Vec<Step>)>) -> Conflict {
    conflicts.sort();
    let causes = conflicts.iter().map(|(manager, path)| Cause {
        reason: "FieldManagerConflict",
        field: shown(path),
        message: format!("conflict with {manager}"),
    });
    let causes = causes.collect();
    let message = if let [(manager, path)] = conflicts.as_slice() {
        format!("Apply failed with 1 conflict: conflict with {manager}: {}", shown(path))
    } else {
        let mut lines = Vec::new();
        let mut last = "";
        for (manager, path) in &conflicts {
            if manager != last {
                lines.push(format!("conflicts with {manager}:"));
                last = manager;
            }
            lines.push(format!("- {}", shown(path)));
        }
        format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
    };
    Conflict { message, causes }
}

/// What is there with what is wanted in it.
fn merge(of: Option<&Type>, live: &Tree, wanted: &Tree) -> Tree {
    match (part(of, wanted), live) {
        (Part::Map, Tree::Map(_)) => {
            let mut out = live.clone();
            for (key, value) in wanted.entries() {
                let (_, below) = compare::entry(of, key);
                match live.get(key) {
                    Some(before) => out.put(key, merge(below.as_ref(), before, value)),
                    None => out.put(key, value),
                }
            }
            out
        }
        (Part::Items, Tree::List(_)) => merge_items(of, live.items(), wanted.items()),
        _ if live.equals(wanted) => live.clone(),
        _ => wanted.clone(),
    }
}

/// Items in the order of what is wanted; those that are only there stay before what they were before. (`visitListItems`)
fn merge_items(of: Option<&Type>, live: &[Tree], wanted: &[Tree]) -> Tree {
    let steps = |items: &[Tree]| items.iter().map(|item| compare::item(of, item)).collect::<Vec<Step>>();
    let (live_steps, wanted_steps) = (steps(live), steps(wanted));
    let below = of.and_then(Type::items);
    let merged = |step: &Step, item: &Tree| match live_steps.iter().position(|s| s == step) {
        Some(at) => merge(below.as_ref(), &live[at], item),
        None => item.clone(),
    };
    let mut shared = wanted_steps.iter().filter(|step| live_steps.contains(step));
    let mut next_shared = shared.next();
    let mut out = Vec::with_capacity(live.len().max(wanted.len()));
    let (mut l, mut w) = (0, 0);
    while l < live.len() || w < wanted.len() {
        if let (Some(ours), Some(theirs)) = (live_steps.get(l), wanted_steps.get(w)) {
            if ours == theirs {
                out.push(merged(theirs, &wanted[w]));
                (l, w) = (l + 1, w + 1);
                next_shared = shared.next();
                continue;
            }
            if wanted_steps.contains(ours) && next_shared.is_some_and(|next| next != ours) {
                // It is wanted, but at another place.
                l += 1;
                continue;
            }
        }
        if let Some(ours) = live_steps.get(l) {
            match wanted_steps.iter().position(|step| step == ours) {
                None => {
                    out.push(live[l].clone());
                    l += 1;
                    continue;
                }
                Some(at) if at < w => l += 1,
                Some(_) => {}
            }
        }
        if let Some(theirs) = wanted_steps.get(w) {
            out.push(merged(theirs, &wanted[w]));
            w += 1;
            if next_shared == Some(theirs) {
                next_shared = shared.next();
            }
        }
    }
    Tree::list_of(out)
}

/// Takes away what the manager applied last time and does not want now, where nobody owns it or something in it.
fn prune(of: Option<&Type>, merged: &Tree, last: &Set, wanted: &Set, others: &[Entry]) -> Tree {
    let owned = others.iter().fold(wanted.clone(), |all, entry| all.union(&entry.fields));
    compare::without(of, merged, &dropped(last, &owned))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::demo::openapi;

    fn deployment() -> Option<Type> {
        openapi::kind("apps", "v1", "Deployment")
    }

    fn owner(manager: &str, applies: bool) -> Owner {
        Owner { manager: manager.into(), applies, api_version: "apps/v1".into(), subresource: String::new() }
    }

    fn applied(live: &Tree, config: Value, manager: &str, force: bool) -> Result<Tree, Conflict> {
        let how = Apply { owner: owner(manager, true), force, ignored: &["f:status"], now: "2026-11-21T08:00:00Z".into() };
        apply(deployment().as_ref(), live, &config.into(), &how)
    }

    fn config(image: &str, replicas: i64) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": replicas,
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": image}]}}}})
    }

    fn update(live: &Tree, manager: &str, change: impl FnOnce(&mut Tree)) -> Tree {
        let mut new = if live.is_null() { Tree::map() } else { live.clone() };
        change(&mut new);
        owners::note_update(deployment().as_ref(), live, &mut new, owner(manager, false), "2026-11-21T07:00:00Z".into());
        new
    }

    #[test]
    fn who_creates_owns_what_was_said_and_structs_by_value_are_nobodys() {
        let made = update(&Tree::Null, "kubectl", |new| *new = config("i", 1).into());
        assert_eq!(
            Value::from(&made.at("metadata.managedFields")[0]),
            json!({"manager": "kubectl", "operation": "Update", "apiVersion": "apps/v1", "time": "2026-11-21T07:00:00Z", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {"f:replicas": {}, "f:template": {"f:metadata": {"f:labels": {".": {}, "f:a": {}}},
            "f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:image": {}, "f:name": {}}}}}}}})
        );
    }

    #[test]
    fn an_applied_object_has_its_fields() {
        let made = applied(&Tree::Null, config("i", 1), "me", false).expect("is new");
        assert_eq!(
            Value::from(&made.at("metadata.managedFields")[0]["fieldsV1"]),
            json!({"f:spec": {"f:replicas": {}, "f:template": {"f:metadata": {"f:labels": {"f:a": {}}},
            "f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:image": {}, "f:name": {}}}}}}})
        );
        let again = applied(&made, config("i", 1), "me", false).expect("is the same");
        assert!(again.same(&made));
    }

    #[test]
    fn others_own_what_they_changed_until_it_is_forced() {
        let made = update(&Tree::Null, "kubectl", |new| *new = config("i", 1).into());
        assert!(applied(&made, config("i", 1), "me", false).is_ok(), "the same value is shared");
        let conflict = applied(&made, config("j", 1), "me", false).expect_err("is another's");
        assert_eq!(
            conflict.message,
            r#"Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.template.spec.containers[name="c"].image"#
        );
        assert_eq!(conflict.causes[0].field, r#".spec.template.spec.containers[name="c"].image"#);
        let both = applied(&made, config("j", 2), "me", false).expect_err("are another's");
        assert_eq!(
            both.message,
            "Apply failed with 2 conflicts: conflicts with \"kubectl\" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name=\"c\"].image"
        );
        let forced = applied(&made, config("j", 1), "me", true).expect("is forced");
        assert_eq!(forced.at("spec.template.spec.containers")[0].text("image"), "j");
        let kubectl = &owners::read(&forced)[1];
        assert!(kubectl.owner.manager == "kubectl" && !kubectl.fields.write().at("f:spec.f:template").is_null());
        assert!(!serde_json::to_string(&kubectl.fields.write()).expect("text").contains("f:image"));
    }

    #[test]
    fn what_is_not_wanted_any_more_goes_when_nobody_else_has_it() {
        let mut first = config("i", 3);
        first["metadata"]["labels"] = json!({"x": "1", "y": "2"});
        first["spec"]["template"]["spec"]["containers"] = json!([{"name": "c", "image": "i"}, {"name": "d", "image": "i"}]);
        let made = applied(&Tree::Null, first, "me", false).expect("is new");
        let edited = update(&made, "kubectl-edit", |new| new.set("metadata.labels.y", "3"));
        let mut second = config("i", 3);
        second["spec"].as_object_mut().expect("map").remove("replicas");
        let now = applied(&edited, second, "me", false).expect("nothing is changed");
        assert_eq!(Value::from(now.at("metadata.labels")), json!({"y": "3"}));
        assert!(now.at("spec.replicas").is_null());
        assert_eq!(now.at("spec.template.spec.containers").items().len(), 1);
        assert_eq!(now.text("metadata.name"), "web");
    }

    #[test]
    fn what_was_there_before_belongs_to_nobody_known() {
        let live: Tree = config("i", 1).into();
        let conflict = applied(&live, config("i", 2), "me", false).expect_err("was there");
        assert!(conflict.message.contains(r#"conflict with "before-first-apply" using apps/v1: .spec.replicas"#), "{}", conflict.message);
    }

    #[test]
    fn list_keys_have_defaults_and_sets_their_values() {
        let service = openapi::kind("", "v1", "Service");
        let how = Apply {
            owner: Owner { manager: "me".into(), applies: true, api_version: "v1".into(), subresource: String::new() },
            force: false,
            ignored: &["f:status"],
            now: Tree::Null,
        };
        let config: Tree =
            json!({"metadata": {"name": "s", "finalizers": ["example.com/hold"]}, "spec": {"ports": [{"port": 80}], "selector": {"a": "b"}}}).into();
        let made = apply(service.as_ref(), &Tree::Null, &config, &how).expect("is new");
        assert_eq!(
            Value::from(&made.at("metadata.managedFields")[0]["fieldsV1"]),
            json!({"f:metadata": {"f:finalizers": {"v:\"example.com/hold\"": {}}},
            "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}, "f:selector": {}}})
        );
    }
}
