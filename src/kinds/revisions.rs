//! The revisions of workloads: ReplicaSets of a Deployment, ControllerRevisions of a StatefulSet or DaemonSet. What
//! `kubectl rollout history` and `undo` are made of.

use std::collections::BTreeMap;

use serde_json::Value;

use super::apps::REVISION;
use super::describe::json::Json;
use super::describe::{Related, selected};
use crate::model::edit::{self, Row};
use crate::model::kind::Kind;
use crate::model::time::{self, Seconds};
use crate::model::yaml;

/// The annotation with what a revision was made for (`polymorphichelpers.ChangeCauseAnnotation`).
const CAUSE: &str = "kubernetes.io/change-cause";
/// Lines round a change that are the same.
const AROUND: usize = 3;

/// One revision of a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// Its number: the higher, the newer.
    pub number: i64,
    /// The object that keeps it.
    pub name: String,
    /// When that was made; 0 where it does not say. A revision that was gone back to keeps the time it was first made.
    pub created: Seconds,
    /// What somebody noted as the reason.
    pub cause: String,
    /// The images of its containers.
    pub images: Vec<String>,
    /// The pod template, without the hash that the controller adds.
    pub template: Value,
}

/// The kind of the objects that keep the revisions of a workload: group, version and plural. `None` where it has none.
pub fn keeper(kind: &Kind) -> Option<(&'static str, &'static str, &'static str)> {
    match (&*kind.group, &*kind.plural) {
        ("apps", "deployments") => Some(("apps", "v1", "replicasets")),
        ("apps", "statefulsets" | "daemonsets") => Some(("apps", "v1", "controllerrevisions")),
        _ => None,
    }
}

/// The revisions of the workload of this UID among all that keep some, the newest first.
pub fn of(kind: &Kind, uid: &str, keepers: &[Value]) -> Vec<Revision> {
    let owned = |object: &&Value| object.list("metadata.ownerReferences").iter().any(|owner| owner["uid"] == *uid);
    let one = if &*kind.plural == "deployments" { replica_set } else { controller_revision };
    let mut all: Vec<Revision> = keepers.iter().filter(owned).filter_map(one).collect();
    all.sort_by_key(|revision| std::cmp::Reverse(revision.number));
    all
}

fn replica_set(set: &Value) -> Option<Revision> {
    let number = set.get("metadata")?.get("annotations")?.get(REVISION)?.as_str()?.parse().ok()?;
    Some(revision(set, number, set.get("spec")?.get("template")?.clone()))
}

/// StatefulSets and DaemonSets keep a patch of themselves for each revision: `{"spec":{"template":{…,"$patch":"replace"}}}`.
fn controller_revision(object: &Value) -> Option<Revision> {
    let mut template = object.pointer("/data/spec/template")?.clone();
    template.as_object_mut()?.remove("$patch");
    Some(revision(object, object.get("revision")?.as_i64()?, template))
}

fn revision(object: &Value, number: i64, template: Value) -> Revision {
    let template = bare(template);
    Revision {
        number,
        name: object.text("metadata.name").to_owned(),
        created: time::parse(object.text("metadata.creationTimestamp")).unwrap_or(0),
        cause: object.pointer("/metadata/annotations").and_then(|all| all.get(CAUSE)?.as_str()).unwrap_or_default().to_owned(),
        images: template.list("spec.containers").iter().map(|container| container.text("image").to_owned()).collect(),
        template,
    }
}

/// Which of them a workload is of: the newest that has its template.
pub fn current(revisions: &[Revision], workload: &Value) -> Option<i64> {
    let template = workload.pointer("/spec/template")?;
    revisions.iter().find(|revision| same_template(&revision.template, template)).map(|revision| revision.number)
}

/// Templates are the same but for the hash that the controller adds.
pub fn same_template(one: &Value, other: &Value) -> bool {
    bare(one.clone()) == bare(other.clone())
}

/// A template without the ReplicaSet controller's label.
fn bare(mut template: Value) -> Value {
    if let Some(Value::Object(labels)) = template.pointer_mut("/metadata/labels") {
        labels.remove("pod-template-hash");
    }
    // Typed objects always have one, and it is always null.
    if let Some(Value::Object(metadata)) = template.get_mut("metadata") {
        metadata.remove("creationTimestamp");
    }
    template
}

/// The revisions of a workload, and which of them it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Revisions {
    /// All of them, the newest first.
    pub all: Vec<Revision>,
    /// The number of the current one; `None` before its controller has made it.
    pub current: Option<i64>,
    /// When they were looked at: ages are from then.
    pub at: Seconds,
}

/// What stands beside a workload and has its revisions.
const KEEPERS: &str = "keepers";

/// What has to be read for them, beside the workload: they have the labels of its template, and so those that it selects by.
pub fn related(kind: &Kind, workload: &Value) -> Vec<Related> {
    let list = |(group, version, plural)| selected(&format!("/apis/{group}/{version}/{plural}"), workload, KEEPERS);
    keeper(kind).map(list).unwrap_or_default()
}

impl Revisions {
    /// Of a workload and what was read beside it.
    ///
    /// # Errors
    /// That could not be read: the server's words.
    pub fn of(kind: &Kind, workload: &Value, answers: &BTreeMap<&'static str, Value>, at: Seconds) -> Result<Revisions, String> {
        let answer = answers.get(KEEPERS).unwrap_or(&Value::Null);
        if let Some(why) = answer.get("error").and_then(Value::as_str) {
            return Err(why.to_owned());
        }
        let all = of(kind, workload.text("metadata.uid"), answer.list("items"));
        Ok(Revisions { current: current(&all, workload), all, at })
    }

    /// The revision of a number; the current one where none is named.
    ///
    /// # Errors
    /// There is none: those that there are.
    pub fn get(&self, number: Option<i64>) -> Result<&Revision, String> {
        let wanted = number.or(self.current).ok_or("its controller has not made the current revision yet")?;
        self.all.iter().find(|revision| revision.number == wanted).ok_or_else(|| {
            let numbers: Vec<String> = self.all.iter().rev().map(|revision| revision.number.to_string()).collect();
            format!("there is no revision {wanted}: {}", numbers.join(", "))
        })
    }
}

/// What one revision has otherwise than another one: the pod templates, line by line.
pub fn difference(from: &Revision, to: &Revision) -> Vec<Row> {
    edit::unified(&edit::side_by_side(&yaml::print(&from.template), &yaml::print(&to.template)), AROUND)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(plural: &str) -> Kind {
        Kind { group: "apps".into(), version: "v1".into(), plural: plural.into(), ..Kind::default() }
    }

    fn template(image: &str, hash: &str) -> Value {
        json!({"metadata": {"creationTimestamp": null, "labels": {"app": "web", "pod-template-hash": hash}},
            "spec": {"containers": [{"name": "app", "image": image}]}})
    }

    #[test]
    fn replica_sets_of_the_deployment_are_its_revisions_the_newest_first() {
        let set = |number: &str, owner: &str, image: &str| {
            json!({"metadata": {"name": format!("web-{number}"), "creationTimestamp": "1970-01-01T00:01:00Z",
                "annotations": {REVISION: number, CAUSE: "because"}, "ownerReferences": [{"uid": owner}]},
                "spec": {"template": template(image, number)}})
        };
        let sets = [set("2", "u", "web:2"), set("10", "u", "web:10"), set("11", "other", "x"), json!({"metadata": {}})];
        let found = of(&kind("deployments"), "u", &sets);
        assert_eq!(found.iter().map(|revision| revision.number).collect::<Vec<_>>(), [10, 2]);
        let first = &found[0];
        assert_eq!(
            (first.name.as_str(), first.created, first.cause.as_str(), &*first.images),
            ("web-10", 60, "because", &["web:10".to_owned()][..])
        );
        let workload = json!({"spec": {"template": template("web:2", "other")}});
        assert_eq!(current(&found, &workload), Some(2));
        let rows = difference(&found[1], &found[0]);
        assert!(rows.iter().any(|row| matches!(row, Row::Gone(side) if side.text.contains("image: web:2"))), "{rows:?}");
        assert!(rows.iter().any(|row| matches!(row, Row::New(side) if side.text.contains("image: web:10"))), "{rows:?}");
    }

    #[test]
    fn controller_revisions_keep_a_patch() {
        let mut kept = template("db:1", "x");
        kept["$patch"] = json!("replace");
        let revision =
            json!({"revision": 3, "metadata": {"name": "db-1", "ownerReferences": [{"uid": "u"}]}, "data": {"spec": {"template": kept}}});
        let found = of(&kind("statefulsets"), "u", &[revision]);
        assert!(same_template(&found[0].template, &template("db:1", "y")) && found[0].template.get("$patch").is_none());
        assert_eq!((found[0].number, found[0].created), (3, 0));
        assert_eq!(keeper(&kind("statefulsets")), Some(("apps", "v1", "controllerrevisions")));
        assert_eq!(keeper(&kind("replicasets")), None);
    }
}
