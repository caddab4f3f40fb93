//! Lists: selectors, pages, versions and tables.

use serde_json::json;

use super::*;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

async fn five(ground: &Ground) {
    for (name, labels) in [
        ("a", json!({"tier": "front", "env": "prod"})),
        ("b", json!({"tier": "front", "env": "test"})),
        ("c", json!({"tier": "back", "env": "prod"})),
        ("d", json!({"tier": "back"})),
        ("e", json!({})),
    ] {
        let mut secret = config_map(name, labels);
        secret["kind"] = json!("Secret");
        secret["data"] = json!({"key": "dmFsdWU="});
        ground.post(&ground.core("secrets"), &secret).await.ok();
    }
}

pub async fn label_selectors_choose(ground: &Ground) {
    five(ground).await;
    for (selector, expected) in [
        ("tier=front", "a b"),
        ("tier==front,env=prod", "a"),
        ("tier!=front", "c d e"),
        ("env in (prod,test)", "a b c"),
        ("env notin (prod)", "b d e"),
        ("env", "a b c"),
        ("!env", "d e"),
        ("tier in (back),!env", "d"),
        ("tier=none", ""),
        ("", "a b c d e"),
    ] {
        let found = ground.items(&ground.core(&format!("secrets?labelSelector={}", encoded(selector)))).await;
        assert_eq!(names(&found).join(" "), expected, "{selector}");
    }
    for wrong in ["tier in", "a=b=c", "tier=(", "-x=1"] {
        ground.get(&ground.core(&format!("secrets?labelSelector={}", encoded(wrong)))).await.refused(400, "BadRequest");
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

pub async fn field_selectors_choose(ground: &Ground) {
    five(ground).await;
    for (selector, expected) in [("metadata.name=b", "b"), ("metadata.name!=b", "a c d e"), ("type=Opaque,metadata.name!=a", "b c d e")] {
        let found = ground.items(&ground.core(&format!("secrets?fieldSelector={}", encoded(selector)))).await;
        assert_eq!(names(&found).join(" "), expected, "{selector}");
    }
    ground.post(&ground.core("pods"), &pod("runs", "app:1")).await.ok();
    ground.post(&ground.core("pods"), &pod("waits", "no-such:1")).await.ok();
    let running = ground.until_is(&ground.core("pods/runs"), &[("/status/phase", json!("Running"))]).await;
    let node = text(&running, "/spec/nodeName");
    for (selector, expected) in [
        ("status.phase=Running".to_owned(), "runs"),
        ("status.phase!=Running".to_owned(), "waits"),
        (format!("spec.nodeName={node},metadata.name=runs"), "runs"),
        ("spec.nodeName=none".to_owned(), ""),
        ("spec.restartPolicy=Always".to_owned(), "runs waits"),
    ] {
        let found = ground.items(&ground.core(&format!("pods?fieldSelector={}", encoded(&selector)))).await;
        assert_eq!(names(&found).join(" "), expected, "{selector}");
    }
    let status = ground.get(&ground.core("pods?fieldSelector=spec.other%3Da")).await.refused(400, "BadRequest");
    assert_eq!(status["message"], "field label not supported: spec.other");
}

pub async fn pages_have_everything_once(ground: &Ground) {
    five(ground).await;
    let mut found = Vec::new();
    let mut path = ground.core("secrets?limit=2");
    let mut first = String::new();
    let mut left = Vec::new();
    loop {
        let page = ground.get(&path).await.ok();
        found.extend(page["items"].as_array().unwrap().clone());
        if first.is_empty() {
            first = version(&page).to_owned();
            // What comes in between is not in a list that has begun.
            ground.post(&ground.core("secrets"), &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bb"}})).await.ok();
        }
        assert_eq!(version(&page), first);
        left.push(number(&page, "/metadata/remainingItemCount"));
        match text(&page, "/metadata/continue") {
            "" => break,
            token => path = ground.core(&format!("secrets?limit=2&continue={}", encoded(token))),
        }
    }
    assert_eq!(names(&found), ["a", "b", "c", "d", "e"]);
    assert_eq!(left, [3, 1, 0]);
    let selected = ground.get(&ground.core("secrets?limit=1&labelSelector=env")).await.ok();
    assert!(selected["metadata"].get("remainingItemCount").is_none(), "with a selector nobody knows");
    assert!(!text(&selected, "/metadata/continue").is_empty());
    ground.get(&ground.core("secrets?limit=2&continue=nonsense")).await.refused(400, "BadRequest");
}

pub async fn versions_of_lists(ground: &Ground) {
    five(ground).await;
    let list = ground.get(&ground.core("secrets")).await.ok();
    let at = version(&list).to_owned();
    ground.delete(&ground.core("secrets/a"), &json!(null)).await.ok();
    let exact = ground.get(&ground.core(&format!("secrets?resourceVersion={at}&resourceVersionMatch=Exact"))).await.ok();
    assert_eq!((names(exact["items"].as_array().unwrap()).join(" "), version(&exact)), ("a b c d e".to_owned(), at.as_str()));
    let newer = ground.get(&ground.core(&format!("secrets?resourceVersion={at}&resourceVersionMatch=NotOlderThan"))).await.ok();
    assert!(version(&newer).parse::<u64>().unwrap() >= at.parse::<u64>().unwrap());
    ground.get(&ground.core("secrets?resourceVersion=0")).await.ok();
    let status = ground.get(&ground.core("secrets?resourceVersionMatch=Exact")).await.refused(422, "Invalid");
    assert_eq!(causes(&status), [("resourceVersionMatch", "FieldValueForbidden")]);
    ground.get(&ground.core("secrets?resourceVersion=abc")).await.refused(400, "BadRequest");
}

pub async fn tables_print_rows(ground: &Ground) {
    ground.post(&ground.core("pods"), &pod("one", "app:1")).await.ok();
    ground.until_is(&ground.core("pods/one"), &[("/status/phase", json!("Running"))]).await;
    let table = ground.get_as(&ground.core("pods"), TABLE).await.ok();
    assert_eq!((text(&table, "/kind"), text(&table, "/apiVersion")), ("Table", "meta.k8s.io/v1"));
    let columns: Vec<&str> = table["columnDefinitions"].as_array().unwrap().iter().map(|c| text(c, "/name")).collect();
    assert_eq!(columns, ["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates"]);
    let row = &table["rows"][0];
    assert_eq!(row["cells"].as_array().unwrap()[..4], [json!("one"), json!("1/1"), json!("Running"), json!("0")]);
    assert_eq!((text(&row["object"], "/kind"), name(&row["object"])), ("PartialObjectMetadata", "one"));
    let whole = ground.get_as(&ground.core("pods?includeObject=Object"), TABLE).await.ok();
    assert_eq!(text(&whole["rows"][0]["object"], "/spec/containers/0/image"), "app:1");
    let none = ground.get_as(&ground.core("pods?includeObject=None"), TABLE).await.ok();
    assert!(none["rows"][0]["object"].is_null(), "{none}");
    let single = ground.get_as(&ground.core("pods/one"), TABLE).await.ok();
    assert_eq!(single["rows"].as_array().unwrap().len(), 1);
    let partial = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    let list = ground.get_as(&ground.core("pods"), partial).await.ok();
    assert_eq!(text(&list, "/kind"), "PartialObjectMetadataList");
    assert!(list["items"][0].get("spec").is_none(), "{list}");
    let none = ground.get_as(&ground.core("pods"), "application/xml").await;
    assert_eq!(none.code, 406);
}
