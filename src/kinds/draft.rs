//! An object as one edits it: what the server writes for itself is left out, and a Secret's values stand as text in
//! `stringData`, as the API itself has it for writing; those that are no text stay base64 in `data`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::shown;
use crate::model::kind::Kind;
use crate::model::tree::Tree;
use crate::model::yaml;

/// What of an object can be edited: all but `status` and `metadata.managedFields`.
pub fn own(object: &Value) -> Tree {
    let mut tree = Tree::from(object.clone());
    tree.take("status");
    tree.remove("metadata.managedFields");
    tree
}

/// Takes an annotation away, and the map of them with the last one.
pub fn unnote(tree: &mut Tree, annotation: &str) {
    if tree.at("metadata.annotations").get(annotation).is_some() {
        tree.at_mut("metadata.annotations").take(annotation);
        if tree.at("metadata.annotations").is_empty() {
            tree.remove("metadata.annotations");
        }
    }
}

/// The text in which an object is edited.
pub fn text(kind: &Kind, object: &Value) -> String {
    let mut tree = own(object);
    if shown::is_secret(kind) {
        decode(&mut tree);
    }
    yaml::print(&Value::from(&tree))
}

/// What somebody wrote, as it is stored. (The registry's `PrepareForCreate` of Secrets)
pub fn stored(kind: &Kind, written: Tree) -> Tree {
    let mut tree = written;
    tree.take("status");
    tree.remove("metadata.managedFields");
    if shown::is_secret(kind) {
        encode(&mut tree);
    }
    tree
}

/// Values that are text and would be written as such.
fn decode(tree: &mut Tree) {
    let texts: Vec<(String, String)> = tree
        .at("data")
        .entries()
        .filter_map(|(name, value)| {
            let text = String::from_utf8(STANDARD.decode(value.as_str()?).ok()?).ok()?;
            let plain = !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n'));
            plain.then(|| (name.to_owned(), text))
        })
        .collect();
    if texts.is_empty() {
        return;
    }
    let data = tree.slot("data");
    for (name, _) in &texts {
        data.take(name);
    }
    if tree.at("data").is_empty() {
        tree.take("data");
    }
    let strings = tree.slot("stringData");
    for (name, text) in texts {
        strings.put(&name, text);
    }
}

/// What is written as text takes the place of what stands in `data`.
fn encode(tree: &mut Tree) {
    let Some(strings) = tree.take("stringData") else { return };
    let encoded: Vec<(String, String)> =
        strings.entries().filter_map(|(name, value)| Some((name.to_owned(), STANDARD.encode(value.as_str()?)))).collect();
    if encoded.is_empty() {
        return;
    }
    if tree.at("data").is_null() {
        tree.put("data", Tree::map());
    }
    let data = tree.slot("data");
    for (name, text) in encoded {
        data.put(&name, text);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::edit;

    fn kind(plural: &str) -> Kind {
        Kind { version: "v1".into(), plural: plural.into(), ..Kind::default() }
    }

    #[test]
    fn a_secret_is_edited_as_text_and_stored_as_it_was() {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": "s", "managedFields": [{"manager": "kubectl"}]},
            "data": {"binary": "/wA=", "number": "OA==", "text": "YQpiCg==", "empty": "", "bell": "Bw=="},
        });
        let kind = kind("secrets");
        let text = text(&kind, &secret);
        assert!(text.contains("stringData:\n  empty: \"\"\n  number: \"8\"\n  text: |\n    a\n    b\n"), "{text}");
        assert!(text.contains("data:\n  bell: Bw==\n  binary: /wA=\n"), "{text}");
        assert!(!text.contains("managedFields"), "{text}");
        let written = edit::read(&text).unwrap().tree();
        assert!(stored(&kind, written).equals(&own(&secret)));
    }

    #[test]
    fn a_secret_without_values_stays_so() {
        for secret in [json!({"kind": "Secret"}), json!({"kind": "Secret", "data": {}})] {
            let written = edit::read(&text(&kind("secrets"), &secret)).unwrap().tree();
            assert!(stored(&kind("secrets"), written).equals(&own(&secret)), "{secret}");
        }
    }

    #[test]
    fn what_the_server_writes_is_left_out() {
        let object = json!({"kind": "ConfigMap", "data": {"a": "Yg=="}, "status": {"x": 1}});
        let text = text(&kind("configmaps"), &object);
        assert_eq!(text, "data:\n  a: Yg==\nkind: ConfigMap\n");
    }
}
