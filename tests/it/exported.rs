//! Every object of a cluster as it is exported: the server would make it again.

use kubetui::kinds::bare;
use kubetui::model::edit;
use kubetui::model::kind::Kind;
use kubetui::model::tree::Tree;
use serde_json::Value;

use crate::rewritten::kinds;
use crate::scenarios::ground::{self, Ground, play};

/// So many objects of each kind are given to the server.
const TRIED: usize = 5;
/// What makes a try say nothing of the text: there is no room for one more, or everything here goes.
const FULL: [&str; 3] = ["exceeded quota", "being terminated", "maximum"];

/// Why the server does not take an object; a name that is taken is seen last, after everything else was found good.
async fn refused(ground: &Ground, place: &str, object: &Tree) -> Option<String> {
    let answer = ground.post(&format!("{place}?dryRun=All&fieldValidation=Strict"), &Value::from(object)).await;
    let why = answer.body["message"].as_str().unwrap_or_default().to_owned();
    let taken = answer.code == 409 && answer.body["reason"] == "AlreadyExists";
    (answer.code != 201 && !taken && !FULL.iter().any(|full| why.contains(full))).then_some(why)
}

/// Under another name; where names are not free, under its own.
async fn is_taken(ground: &Ground, kind: &Kind, path: &str, object: &Value) -> Result<(), String> {
    let text = bare::text(kind, object);
    let tree = edit::read(&text).map_err(|fault| format!("{fault} in\n{text}"))?.tree();
    let name = tree.text("metadata.name").to_owned();
    let place = match tree.text("metadata.namespace") {
        "" => format!("{path}/{}", kind.plural),
        namespace => format!("{path}/namespaces/{namespace}/{}", kind.plural),
    };
    let mut renamed = tree.clone();
    renamed.set("metadata.name", format!("{}-again", &name[..name.len().min(50)]));
    if refused(ground, &place, &renamed).await.is_none() {
        return Ok(());
    }
    match refused(ground, &place, &tree).await {
        None => Ok(()),
        Some(why) => Err(format!("{}/{name}: {why}\n{text}", kind.plural)),
    }
}

async fn all(ground: &Ground) {
    let mut tried = 0;
    for (kind, path) in kinds(ground).await {
        // Events that were written in the core group's form are refused in this group's.
        if &*kind.group == "events.k8s.io" {
            continue;
        }
        let list = ground.get(&format!("{path}/{}", kind.plural)).await.ok();
        for item in list["items"].as_array().into_iter().flatten().take(TRIED) {
            let mut object = item.clone();
            // Items of a list do not say what they are.
            object["apiVersion"] = kind.api_version().into();
            object["kind"] = (*kind.kind).into();
            for gone in ["uid", "resourceVersion", "managedFields", "creationTimestamp"] {
                assert!(bare::exported(&kind, &object).at("metadata").get(gone).is_none(), "{gone} of {}", kind.plural);
            }
            is_taken(ground, &kind, &path, &object).await.unwrap_or_else(|why| panic!("{why}"));
            tried += 1;
        }
    }
    assert!(tried > 40, "{tried} objects prove little");
}

#[test]
fn every_object_of_the_demo_is_made_again_from_its_export() {
    play(ground::whole_demo("exported"), all);
}

#[test]
fn every_object_of_the_cluster_is_made_again_from_its_export() {
    play(ground::real("exported"), all);
}
