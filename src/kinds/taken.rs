//! What others do to an object while its text is edited: what of it became another, and their changes in the text.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::apps::REVISION;
use super::draft::{own, stored, text, unnote};
use super::schema::Guided;
use super::shown::LAST_APPLIED;
use crate::model::edit::{self, Taken, differing, merge, with_servers};
use crate::model::kind::Kind;
use crate::model::tree::Tree;

/// An object as it is now, and what of it is not as an editor knows it.
#[derive(Clone, PartialEq)]
pub struct Moved {
    /// The fields, as people write them.
    pub fields: Vec<String>,
    /// It is being deleted, and was not.
    pub leaving: bool,
    /// The object as it is now.
    pub object: Arc<Value>,
}

/// It may hold values of a Secret: what is logged of it is where they differ.
impl fmt::Debug for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Moved {:?}", self.fields)
    }
}

impl Moved {
    /// What of an object that is `known` is another now. What says nothing new is not told of: its status, which nobody edits,
    /// and the annotations in which controllers and kubectl keep what its fields say.
    pub fn since(known: &Value, now: &Arc<Value>) -> Moved {
        let told = |object: &Value| {
            let mut tree = own(object);
            [REVISION, LAST_APPLIED].iter().for_each(|annotation| unnote(&mut tree, annotation));
            // The first label or annotation is told by its name, and not as the map that came with it.
            for map in ["labels", "annotations"] {
                if tree.at("metadata").get(map).is_none() {
                    tree.slot("metadata").put(map, Tree::map());
                }
            }
            tree
        };
        let leaving = |object: &Value| object["metadata"].get("deletionTimestamp").is_some();
        let fields = differing(&told(known), &told(now)).iter().map(ToString::to_string).collect();
        Moved { fields, leaving: leaving(now) && !leaving(known), object: now.clone() }
    }
}

/// A text with what others have done in it, and what it is held against from then on.
#[derive(Clone, PartialEq)]
pub struct Merge {
    /// The text.
    pub taken: Taken,
    /// The object that what is typed is held against: with what others have done in it.
    pub base: Arc<Value>,
    /// The object as they have made it.
    pub known: Arc<Value>,
}

/// The text of an object, begun as `base`, with what others have done to it since it was `known`. All of it comes into the text
/// or nothing: what would be stored is the same with it and without, and nothing of theirs is taken for typed afterwards.
///
/// # Errors
/// It cannot be read as it is, the same was changed on both sides, or lines are not enough to tell whose is what.
pub fn take_in(kind: &Kind, of: &Guided, base: &Arc<Value>, known: &Arc<Value>, now: &Arc<Value>, typed: &str) -> Result<Merge, String> {
    let read = |written: &str| edit::read(written).map(|document| stored(kind, document.tree())).map_err(|fault| fault.to_string());
    let theirs = own(now);
    let mine =
        read(typed).map_err(|why| format!("the text cannot be read as it is ({why}): what others changed is merged when it is saved"))?;
    let merged = merge(&own(base), &theirs, &mine, of, &[]);
    if let Some(conflict) = merged.conflicts.first() {
        let more = if merged.conflicts.len() > 1 { format!(" (and {} more)", merged.conflicts.len() - 1) } else { String::new() };
        return Err(format!("you have changed {}{more} too: saving asks whose is stored", conflict.path));
    }
    // What was written here and what the server made of it differ: only what others did since comes to it.
    let held = match Arc::ptr_eq(base, known) {
        true => now.clone(),
        false => Arc::new(Value::from(&merge(&own(known), &theirs, &own(base), of, &[]).tree)),
    };
    let same = |base: &Value, mine: &Tree| {
        let again = merge(&own(base), &theirs, mine, of, &[]);
        again.conflicts.is_empty() && again.tree.equals(&merged.tree)
    };
    // What the server writes for itself nobody has typed, however old it is here.
    let was = text(kind, &Value::from(&with_servers(&own(known), &mine)));
    let is = text(kind, now);
    for close in [true, false] {
        let Some(taken) = edit::take_in(&was, &is, typed, close) else { continue };
        if read(&taken.text).is_ok_and(|mine| same(base, &mine) && same(&held, &mine)) {
            return Ok(Merge { taken, base: held, known: now.clone() });
        }
    }
    Err("what others changed cannot be told from what was typed by its lines: it is merged when the text is saved".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(replicas: u32, image: &str, version: &str) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "resourceVersion": version},
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "app", "image": image}]}}},
            "status": {"replicas": replicas},
        })
    }

    fn kind() -> Kind {
        Kind { group: "apps".into(), version: "v1".into(), plural: "deployments".into(), kind: "Deployment".into(), ..Kind::default() }
    }

    #[test]
    fn what_became_another_is_named_and_status_is_not() {
        let old = deployment(1, "app:1", "1");
        let mut now = deployment(3, "app:1", "2");
        assert_eq!(Moved::since(&old, &Arc::new(now.clone())).fields, ["spec.replicas"]);
        now["spec"]["replicas"] = json!(1);
        let moved = Moved::since(&old, &Arc::new(now.clone()));
        assert!(moved.fields.is_empty() && !moved.leaving);
        now["metadata"]["annotations"] = json!({REVISION: "2"});
        assert!(Moved::since(&old, &Arc::new(now.clone())).fields.is_empty(), "its controller");
        now["metadata"]["annotations"]["note"] = json!("b");
        now["metadata"]["labels"] = json!({"a": "b"});
        let named = Moved::since(&old, &Arc::new(now.clone())).fields;
        assert_eq!(named, ["metadata.annotations.note", "metadata.labels.a"]);
        now["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert!(Moved::since(&old, &Arc::new(now)).leaving);
    }

    fn taken(base: &Value, known: &Value, now: &Value, typed: &str) -> Result<Merge, String> {
        let [base, known, now] = [base, known, now].map(|object| Arc::new(object.clone()));
        let known = if base == known { base.clone() } else { known };
        take_in(&kind(), &Guided(None), &base, &known, &now, typed)
    }

    #[test]
    fn what_others_changed_comes_into_the_text_and_changes_nothing_of_what_is_stored() {
        let (base, now) = (deployment(1, "app:1", "1"), deployment(3, "app:1", "2"));
        let typed = text(&kind(), &base).replace("image: app:1", "image: app:2 # newer");
        let Merge { taken: came, base: held, known } = taken(&base, &base, &now, &typed).unwrap();
        assert_eq!((&*held, &*known), (&now, &now));
        assert!(came.text.contains("image: app:2 # newer") && came.text.contains("replicas: 3"), "{}", came.text);
        // And again: what came the first time is nobody's doing now.
        let later = deployment(4, "app:1", "3");
        let again = taken(&held, &known, &later, &came.text).unwrap();
        assert!(again.taken.text.contains("replicas: 4"), "{}", again.taken.text);
    }

    #[test]
    fn what_both_changed_is_named_and_nothing_is_taken() {
        let (base, now) = (deployment(1, "app:1", "1"), deployment(3, "app:2", "2"));
        let typed = text(&kind(), &base).replace("replicas: 1", "replicas: 7");
        let why = taken(&base, &base, &now, &typed).map(|_| ()).unwrap_err();
        assert_eq!(why, "you have changed spec.replicas too: saving asks whose is stored");
    }

    /// A line that stands elsewhere now is not touched by anybody who looks at lines alone: what others deleted would come back.
    #[test]
    fn what_was_moved_here_and_deleted_there_does_not_come_back() {
        let map = |data: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data});
        let (base, now) = (map(json!({"a": "1", "b": "2", "c": "3"})), map(json!({"b": "2", "c": "3"})));
        let typed = text(&kind(), &base).replace("  a: \"1\"\n", "").replace("  c: \"3\"\n", "  c: \"3\"\n  a: \"1\"\n");
        assert!(typed.contains("c: \"3\"\n  a: \"1\""), "{typed}");
        let why = taken(&base, &base, &now, &typed).map(|_| ()).unwrap_err();
        assert!(why.contains("merged when the text is saved"), "{why}");
    }

    /// What the server put in beside what was written, and others changed since: the text has no line for it.
    #[test]
    fn what_has_no_line_here_is_left_to_the_save() {
        let mut written = deployment(1, "app:1", "1");
        written["spec"].as_object_mut().unwrap().remove("replicas");
        let (stored, now) = (deployment(1, "app:1", "2"), deployment(3, "app:1", "3"));
        let came = taken(&written, &stored, &now, &text(&kind(), &written));
        let why = came.map(|merge| merge.taken.text).unwrap_err();
        assert!(why.contains("merged when the text is saved"), "{why}");
    }

    /// After a save the text is as it was written, without what the server has put in beside it.
    #[test]
    fn what_the_server_made_of_a_text_is_not_put_into_it_with_what_others_do() {
        let written = deployment(1, "app:1", "1");
        let mut stored = deployment(1, "app:1", "2");
        stored["spec"]["progressDeadlineSeconds"] = json!(600);
        let mut now = stored.clone();
        (now["spec"]["replicas"], now["metadata"]["resourceVersion"]) = (json!(5), json!("3"));
        // The text has the version yet that it was begun with.
        let Merge { taken: came, base: held, .. } = taken(&written, &stored, &now, &text(&kind(), &written)).unwrap();
        assert!(came.text.contains("replicas: 5") && !came.text.contains("progressDeadline"), "{}", came.text);
        assert!(came.text.contains("resourceVersion: \"3\""), "{}", came.text);
        assert_eq!((&held["spec"]["replicas"], held["spec"].get("progressDeadlineSeconds")), (&json!(5), None));
    }

    #[test]
    fn a_text_that_cannot_be_read_stays_as_it_is() {
        let (base, now) = (deployment(1, "app:1", "1"), deployment(3, "app:1", "2"));
        let typed = text(&kind(), &base).replace("image: app:1", "image: [");
        let why = taken(&base, &base, &now, &typed).map(|_| ()).unwrap_err();
        assert!(why.contains("line "), "{why}");
    }
}
