//! What is wrong with a text that is to be an object, before a server has seen it.

use serde_json::Value;

use super::schema::{self, Level, Mark, Type};
use crate::model::edit::{self, Fault, OtherObject, Path};
use crate::model::kind::Kind;
use crate::model::tree::Tree;

/// All that is wrong, from the first line to the last: it cannot be read (that alone then), it does not fit the schema where
/// that is known, it is another object than the one that was read (`base`; `null` for one that is to be made).
pub fn marks(of: Option<&Type>, kind: &Kind, base: &Value, text: &str) -> Vec<Mark> {
    let document = match edit::read(text) {
        Ok(document) => document,
        Err(Fault { at, message }) => return vec![Mark { at, path: String::new(), level: Level::Refused, message }],
    };
    let mut marks = match of {
        Some(of) => schema::check(of, &document),
        None => document
            .twice
            .iter()
            .map(|twice| Mark {
                at: twice.again,
                path: twice.name.to_string(),
                level: Level::Refused,
                message: format!("{} is here twice: it stands in line {} already", twice.name, twice.first.line),
            })
            .collect(),
    };
    for mark in marks.iter_mut().filter(|mark| !mark.path.contains('.')) {
        // The schema has no name for the whole object.
        if let Some(rest) = mark.message.strip_prefix("Object has no field ") {
            mark.message = format!("{} has no field {rest}", kind.kind);
        }
    }
    let mine = document.tree();
    let same = if base.is_null() { named(kind, &mine) } else { edit::same_object(&identity(base), &identity(&Value::from(&mine))) };
    if let Err(other) = same {
        let at = document.root.nearest(&Path::of_field(other.field)).0.label();
        marks.push(Mark { at, path: other.field.to_owned(), level: Level::Refused, message: other.to_string() });
    }
    marks.sort_by_key(|mark| mark.at.start);
    marks
}

/// What tells an object from all others, and nothing else of it.
fn identity(object: &Value) -> Tree {
    let meta = &object["metadata"];
    Tree::from(serde_json::json!({
        "apiVersion": object["apiVersion"], "kind": object["kind"],
        "metadata": {"name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]},
    }))
}

/// A new object is of the kind that its text was begun with.
fn named(kind: &Kind, mine: &Tree) -> Result<(), OtherObject> {
    for (field, was) in [("apiVersion", kind.api_version()), ("kind", kind.kind.to_string())] {
        let is = mine.at(field).as_str().unwrap_or_default();
        if is != was {
            return Err(OtherObject { field, was, is: is.to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(base: &Value, text: &str) -> Vec<String> {
        let kind = Kind { version: "v1".into(), kind: "ConfigMap".into(), plural: "configmaps".into(), ..Kind::default() };
        marks(None, &kind, base, text).iter().map(|mark| format!("{}: {}", mark.at.line, mark.message)).collect()
    }

    #[test]
    fn another_object_a_second_document_and_what_cannot_be_read_are_marked_at_their_lines() {
        let base = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop", "uid": "1"}});
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n";
        assert_eq!(said(&base, text), [""; 0]);
        let renamed = said(&base, &text.replace("name: a", "name: b"));
        assert!(renamed.len() == 1 && renamed[0].starts_with("4: metadata.name was changed from a to b"), "{renamed:?}");
        let kind = said(&base, &text.replace("ConfigMap", "Secret"));
        assert!(kind[0].starts_with("2: kind was changed from ConfigMap to Secret"), "{kind:?}");
        assert!(said(&base, &format!("{text}---\na: 1\n"))[0].contains("another document begins here"));
        assert_eq!(said(&base, &format!("{text}\tx: 1\n")), ["6: a tab; YAML is indented with spaces"]);
        assert!(said(&base, &format!("{text}kind: ConfigMap\n")).iter().any(|said| said.contains("kind is here twice")));
        let new = said(&Value::Null, "apiVersion: v1\nkind: Pod\n");
        assert!(new[0].starts_with("2: kind was changed from ConfigMap to Pod"), "{new:?}");
    }
}
