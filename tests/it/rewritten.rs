//! Every object of a cluster through the editor's text and back: nothing of it is another thing afterwards, for us and for the
//! server.

use kubetui::kinds::draft::{own, stored, text};
use kubetui::model::edit;
use kubetui::model::kind::Kind;
use kubetui::model::tree::Tree;
use serde_json::Value;

use crate::scenarios::ground::{self, Ground, play};

/// So many objects of each kind are given to the server.
const TRIED: usize = 4;
/// What changes with every write.
const NOISE: [&str; 2] = ["metadata.resourceVersion", "metadata.generation"];

/// Every kind that can be listed, read and replaced, with its path.
pub async fn kinds(ground: &Ground) -> Vec<(Kind, String)> {
    let mut versions = vec![("/api/v1".to_owned(), String::new(), "v1".to_owned())];
    let groups = ground.get("/apis").await.ok();
    for group in groups["groups"].as_array().into_iter().flatten() {
        let (group, version) =
            (group["name"].as_str().unwrap_or_default(), group["preferredVersion"]["version"].as_str().unwrap_or_default());
        versions.push((format!("/apis/{group}/{version}"), group.to_owned(), version.to_owned()));
    }
    let mut out = Vec::new();
    for (path, group, version) in versions {
        let Ok(list) = ground.get(&path).await.there() else { continue };
        for resource in list["resources"].as_array().into_iter().flatten() {
            let name = resource["name"].as_str().unwrap_or_default();
            let can = |verb: &str| resource["verbs"].as_array().is_some_and(|verbs| verbs.iter().any(|known| known == verb));
            if name.contains('/') || !["list", "get", "update"].iter().all(|verb| can(verb)) {
                continue;
            }
            let kind = Kind {
                group: group.as_str().into(),
                version: version.as_str().into(),
                kind: resource["kind"].as_str().unwrap_or_default().into(),
                plural: name.into(),
                namespaced: resource["namespaced"] == true,
                ..Kind::default()
            };
            out.push((kind, path.clone()));
        }
    }
    out
}

fn quiet(object: &Value) -> Tree {
    let mut tree = own(object);
    for field in NOISE {
        tree.remove(field);
    }
    tree
}

/// What is read from the text is what was written into it.
fn survives(kind: &Kind, object: &Value) -> Result<Tree, String> {
    let text = text(kind, object);
    let document = edit::read(&text).map_err(|fault| format!("{fault:?} in\n{text}"))?;
    let back = stored(kind, document.tree());
    let patch = edit::patch(&own(object), &back, &edit::Plain).map_err(|other| other.to_string())?;
    if !patch.is_empty() || !back.equals(&own(object)) {
        return Err(format!("{patch:?} of\n{text}"));
    }
    Ok(back)
}

async fn all(ground: &Ground) {
    let (mut read, mut tried) = (0, 0);
    for (kind, path) in kinds(ground).await {
        let list = ground.get(&format!("{path}/{}", kind.plural)).await.ok();
        for (at, item) in list["items"].as_array().into_iter().flatten().enumerate() {
            let mut object = item.clone();
            // Items of a list do not say what they are.
            object["apiVersion"] = kind.api_version().into();
            object["kind"] = (*kind.kind).into();
            let title = format!("{}/{}", kind.plural, object["metadata"]["name"].as_str().unwrap_or_default());
            survives(&kind, &object).unwrap_or_else(|why| panic!("{title}: {why}"));
            read += 1;
            if at >= TRIED {
                continue;
            }
            let place = match object["metadata"]["namespace"].as_str() {
                Some(namespace) => format!("{path}/namespaces/{namespace}/{title}"),
                None => format!("{path}/{title}"),
            };
            // Objects change while one looks, and go.
            ground
                .until(&format!("{title} as it is written"), async || {
                    let Ok(mut now) = ground.get(&place).await.there() else { return Ok(()) };
                    now["apiVersion"] = kind.api_version().into();
                    now["kind"] = (*kind.kind).into();
                    let back = Value::from(&survives(&kind, &now)?);
                    let answer = ground.put(&format!("{place}?dryRun=All&fieldValidation=Strict"), &back).await.there()?;
                    if quiet(&answer).equals(&quiet(&now)) { Ok(()) } else { Err(format!("the server reads {answer}\nand has {now}")) }
                })
                .await;
            tried += 1;
        }
    }
    assert!(read > 60 && tried > 40, "{read} objects, {tried} of them tried: that proves little");
}

#[test]
fn every_object_of_the_demo_survives_the_editor() {
    play(ground::whole_demo("rewritten"), all);
}

#[test]
fn every_object_of_the_cluster_survives_the_editor() {
    play(ground::real("rewritten"), all);
}
