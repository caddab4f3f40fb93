//! Saving what was written: what others did meanwhile, what the server says, and what is never lost. The text is changed by a
//! program outside, as `E` has it, which waits where others are to be quicker.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::Desk;
use crate::driver::Setup;
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::{config_map, deployment, name, service, text, uid};
use crate::wait::wait_until;

const PATIENCE: Duration = Duration::from_secs(40);

/// An editor that does what `sed` is told, and ends when it may.
struct Outside {
    folder: PathBuf,
}

impl Outside {
    fn new(folder: &Path) -> Outside {
        let outside = Outside { folder: folder.to_owned() };
        let script = "cp \"$1\" FOLDER/given; sed -i -f FOLDER/steps \"$1\"; touch FOLDER/open; \
            while [ ! -e FOLDER/go ] && [ -d FOLDER ]; do sleep 0.02; done; rm -f FOLDER/open";
        fs::write(outside.folder.join("edit.sh"), script.replace("FOLDER", &outside.folder.display().to_string())).expect("is written");
        fs::write(outside.folder.join("go"), "").expect("is written");
        outside
    }

    fn program(&self) -> String {
        format!("sh {}", self.folder.join("edit.sh").display())
    }

    /// What it will do with the text.
    fn will(&self, steps: &str) {
        fs::write(self.folder.join("steps"), steps).expect("is written");
    }

    /// It is not to end before it may.
    fn holds(&self) {
        fs::remove_file(self.folder.join("go")).expect("it might");
    }

    /// It has the text, and what it was told is done.
    fn is_open(&self) {
        let open = self.folder.join("open");
        wait_until(PATIENCE, "the editor", || if open.exists() { Ok(()) } else { Err("it has not begun".to_owned()) });
    }

    fn may_end(&self) {
        fs::write(self.folder.join("go"), "").expect("is written");
    }

    /// The text that it was given.
    fn given(&self) -> String {
        fs::read_to_string(self.folder.join("given")).expect("it was given one")
    }
}

/// A view of the scenario's namespace, with an editor outside.
fn desk<'a>(ground: &'a Ground, resource: &str) -> (Desk<'a>, Outside) {
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let outside = Outside::new(folder.path());
    let program = outside.program();
    let setup = Setup::new(&kubeconfig).namespace(ground.namespace()).resource(resource).size(120, 40).journal(folder.path());
    let driver = setup.outside(&program).start();
    (Desk::before(ground, driver, folder), outside)
}

/// It is saved, and the table is on the screen again.
#[track_caller]
fn saved(desk: &Desk<'_>) {
    desk.wait("the table again", |screen| !screen.lines().next().unwrap_or_default().contains(" edit "));
}

/// What a question gives for kubectl.
fn copied(desk: &Desk<'_>) -> String {
    desk.press("c");
    desk.wait("the command", |_| desk.driver.copied().is_some());
    desk.driver.copied().unwrap_or_default()
}

async fn stored(ground: &Ground, path: &str) -> Value {
    ground.get(path).await.ok()
}

pub async fn only_what_was_written_is_sent(ground: &Ground) {
    let path = ground.core("configmaps/one");
    ground.post(&ground.core("configmaps"), &config_map("one", json!({"tier": "back"}))).await.ok();
    let (desk, outside) = desk(ground, "configmaps");
    desk.on("one");
    outside.will("s/key: value/key: other/");
    desk.press("E");
    let screen = desk.question(&["Save configmap/one", "1 line changed", "key: value", "key: other"]);
    assert!(outside.given().starts_with("apiVersion: v1\ndata:\n  key: value\nkind: ConfigMap\n"), "{}", outside.given());
    assert!(!outside.given().contains("managedFields"), "{}", outside.given());
    assert!(screen.lines().any(|line| line.contains("-   key: value")), "{screen}");
    // The same for kubectl.
    assert!(copied(&desk).ends_with(r#" patch configmap/one --type=json -p '[{"op":"replace","path":"/data/key","value":"other"}]'"#));
    desk.press("y");
    desk.see("saved: 1 line changed");
    saved(&desk);
    let now = stored(ground, &path).await;
    assert_eq!(now["data"], json!({"key": "other"}));
    let fields = now["metadata"]["managedFields"].as_array().expect("managers");
    let ours = fields.iter().find(|entry| entry["manager"] == "kubetui").expect("ours");
    assert_eq!(ours["fieldsV1"], json!({"f:data": {"f:key": {}}}), "nothing else is taken over");

    // Nothing was changed: nothing is asked.
    outside.will("");
    desk.press("E");
    desk.see("nothing was changed");
    // And it is taken back, if it is still so.
    desk.command("undo");
    desk.question(&["configmap/one", "key: other", "key: value"]);
    let back = r#"{"op":"test","path":"/data/key","value":"other"},{"op":"replace","path":"/data/key","value":"value"}"#;
    desk.press("c");
    desk.wait("the command", |_| desk.driver.copied().is_some_and(|copied| copied.ends_with(&format!(" -p '[{back}]'"))));
    desk.press("y");
    ground.until_is(&path, &[("/data/key", json!("value"))]).await;
}

pub async fn what_others_write_meanwhile_is_merged_or_asked_for(ground: &Ground) {
    let path = ground.core("configmaps/shared");
    let mut shared = config_map("shared", json!({}));
    shared["data"] = json!({"mine": "1", "theirs": "1", "both": "1"});
    ground.post(&ground.core("configmaps"), &shared).await.ok();
    let (desk, outside) = desk(ground, "configmaps");
    desk.on("shared");
    let others = async |data: Value| ground.patch(&path, Patch::Merge, &json!({"data": data})).await.ok();

    // Another field, while the text is open.
    outside.will("s/mine: \"1\"/mine: \"2\"/");
    outside.holds();
    desk.press("E");
    outside.is_open();
    others(json!({"theirs": "2"})).await;
    outside.may_end();
    desk.yes(&["Save configmap/shared", "others have changed other fields meanwhile"]);
    ground.until_is(&path, &[("/data/mine", json!("2")), ("/data/theirs", json!("2"))]).await;
    saved(&desk);

    // Another field, while it is asked.
    outside.will("s/mine: \"2\"/mine: \"3\"/");
    desk.press("E");
    desk.question(&["Save configmap/shared"]);
    others(json!({"theirs": "3"})).await;
    desk.press("y");
    ground.until_is(&path, &[("/data/mine", json!("3")), ("/data/theirs", json!("3"))]).await;
    saved(&desk);

    // The same one: mine.
    outside.will("s/both: \"1\"/both: mine/");
    outside.holds();
    desk.press("E");
    outside.is_open();
    others(json!({"both": "yours"})).await;
    outside.may_end();
    let screen = desk.see("others have changed data.both meanwhile, which was 1");
    assert!(screen.contains("mine is stored") && screen.contains("yours stays"), "{screen}");
    desk.press("enter");
    desk.yes(&["Save configmap/shared", "both: yours", "both: mine"]);
    ground.until_is(&path, &[("/data/both", json!("mine"))]).await;
    saved(&desk);

    // The same one, between the question and its answer: theirs.
    outside.will("s/both: mine/both: again/");
    desk.press("E");
    desk.question(&["Save configmap/shared"]);
    others(json!({"both": "later"})).await;
    desk.press("y");
    desk.see("others have changed data.both meanwhile, which was mine");
    desk.press("down enter");
    // With their value nothing is left to save, and the text is still there.
    desk.see("nothing is left to save");
    assert_eq!(stored(ground, &path).await["data"]["both"], "later");
}

pub async fn lists_are_merged_by_what_tells_their_items_apart(ground: &Ground) {
    let path = ground.core("services/web");
    let mut balanced = service("web", "web");
    balanced["spec"]["type"] = json!("LoadBalancer");
    ground.post(&ground.core("services"), &balanced).await.ok();
    let (desk, outside) = desk(ground, "services");
    desk.on("web");
    // The same port for another protocol is another port.
    let with = |added: &str| {
        let named = "s/^    port: 80$/    name: tcp\\n    port: 80/";
        format!("{named}; s/^    targetPort: 8080$/    targetPort: 8080\\n{added}/")
    };
    outside.will(&with("  - name: udp\\n    port: 80\\n    protocol: UDP\\n    targetPort: 53"));
    desk.press("E");
    desk.yes(&["Save service/web", "protocol: UDP"]);
    ground.until_is(&path, &[("/spec/ports/1/protocol", json!("UDP")), ("/spec/ports/0/name", json!("tcp"))]).await;
    saved(&desk);
    // Status alone is nobody's change: no question, no note of others.
    outside.will("s/name: udp/name: dns/");
    outside.holds();
    desk.press("E");
    outside.is_open();
    let status = json!({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}});
    ground.patch(&format!("{path}/status"), Patch::Merge, &status).await.ok();
    // And a port that somebody else adds stays.
    let added = json!([{"op": "add", "path": "/spec/ports/-", "value": {"name": "more", "port": 81, "protocol": "TCP", "targetPort": 81}}]);
    ground.patch(&path, Patch::Json, &added).await.ok();
    outside.may_end();
    desk.yes(&["Save service/web", "name: dns", "others have changed other fields"]);
    let now = ground.until_is(&path, &[("/spec/ports/1/name", json!("dns")), ("/spec/ports/2/name", json!("more"))]).await;
    assert_eq!(now["spec"]["ports"].as_array().map(Vec::len), Some(3), "{now}");
    saved(&desk);

    // Entries that both sides add.
    let path = ground.apps("deployments/web");
    ground.post(&ground.apps("deployments"), &deployment("web", 1, "app:1")).await.ok();
    desk.view("deployments", "web");
    outside.will("s/^      - image: app:1$/      - env:\\n        - name: MINE\\n          value: \"1\"\\n        image: app:1/");
    outside.holds();
    desk.press("E");
    outside.is_open();
    let env = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "env": [{"name": "THEIRS", "value": "1"}]}]}}}});
    ground.patch(&path, Patch::Strategic, &env).await.ok();
    outside.may_end();
    desk.yes(&["Save deployment/web", "MINE", "its pods are replaced"]);
    let now = ground
        .until_object(&path, |now| {
            let env = now["spec"]["template"]["spec"]["containers"][0]["env"].as_array().map(Vec::len);
            (env != Some(2)).then(|| format!("{env:?} variables"))
        })
        .await;
    let env = &now["spec"]["template"]["spec"]["containers"][0]["env"];
    let names: Vec<&str> = env.as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
    assert!(names.contains(&"MINE") && names.contains(&"THEIRS"), "{names:?}");
}

pub async fn what_is_gone_or_another_is_not_written_to(ground: &Ground) {
    let path = ground.core("configmaps/brief");
    let brief = config_map("brief", json!({}));
    let first = ground.post(&ground.core("configmaps"), &brief).await.ok();
    let (desk, outside) = desk(ground, "configmaps");
    desk.on("brief");
    outside.will("s/key: value/key: other/");
    outside.holds();
    desk.press("E");
    outside.is_open();
    ground.delete(&path, &Value::Null).await.ok();
    let second = ground.post(&ground.core("configmaps"), &brief).await.ok();
    assert_ne!(uid(&first), uid(&second));
    outside.may_end();
    desk.see("made anew meanwhile");
    desk.put_away();
    // What was written is still there.
    desk.see("key: other");
    ground.delete(&path, &Value::Null).await.ok();
    desk.press("ctrl-s");
    desk.see("it is gone");
    desk.put_away();
    desk.see("key: other");
}

pub async fn what_the_server_fills_in_is_seen_before_it_is_sent(ground: &Ground) {
    let path = ground.apps("deployments/web");
    ground.post(&ground.apps("deployments"), &deployment("web", 0, "app:1")).await.ok();
    let (desk, outside) = desk(ground, "deployments");
    desk.on("web");
    outside.will("s/^      - image: app:1$/      - name: side\\n        image: side:1\\n      - image: app:1/");
    desk.press("E");
    desk.question(&["Save deployment/web", "name: side", "terminationMessagePolicy: File"]);
    desk.press("y");
    saved(&desk);
    let now = stored(ground, &path).await;
    assert_eq!(now["spec"]["template"]["spec"]["containers"].as_array().map(Vec::len), Some(2));
    // What it filled in is no change of somebody else's for the next save.
    outside.will("s/image: side:1/image: side:2/");
    desk.press("E");
    let screen = desk.question(&["Save deployment/web", "image: side:2"]);
    assert!(!screen.contains("others"), "{screen}");
    desk.no();
}

pub async fn what_is_wrong_is_said_of_its_line_and_nothing_is_lost(ground: &Ground) {
    let path = ground.apps("deployments/web");
    let made = ground.post(&ground.apps("deployments"), &deployment("web", 0, "app:1")).await.ok();
    let (desk, outside) = desk(ground, "deployments");
    desk.on("web");
    let laughs = "s/^kind: Deployment$/kind: Deployment\\na: \\&a [x, x, x, x, x, x, x, x, x]\\nb: \\&b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\\n\
        c: \\&c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\\nd: \\&d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\\ne: \\&e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\\n\
        f: [*e, *e, *e, *e, *e, *e, *e, *e, *e]/";
    let wrong: [(&str, &str); 9] = [
        ("s/^  replicas: 0$/  replicas: -1/", "must be greater than or equal to 0"),
        ("s/^  replicas: 0$/  replica: 1/", "there is no field spec.replica"),
        ("s/^  replicas: 0$/\treplicas: 1/", "a tab; YAML is indented with spaces"),
        ("s/^  replicas: 0$/  replicas: 1\\n  replicas: 2/", "replicas is here twice"),
        (laughs, "stand for far more than is written"),
        ("s/^  replicas: 0$/  replicas: *nobody/", "that is nowhere before it"),
        ("$a---\\nkind: Other", "another document begins here (2 in all)"),
        ("s/^kind: Deployment$/kind: StatefulSet/", "kind was changed from Deployment to StatefulSet"),
        ("s/^  name: web$/  name: other/", "metadata.name was changed from web to other"),
    ];
    for (steps, words) in wrong {
        outside.will(steps);
        desk.press("E");
        let screen = desk.wait(words, |screen| screen.contains("deployment/web edit") && super::shows(screen, words));
        assert!(!screen.contains("yes, save"), "{screen}");
        desk.put_away();
        // The text is there as it was written, and can be thrown away.
        desk.press("esc");
        desk.see("is not saved");
        desk.driver.type_text("throw");
        desk.press("enter");
        desk.see("is thrown away");
        desk.view_named("deployments");
        desk.on("web");
    }
    // What is no text cannot be taken into the editor: it stays where it was written.
    outside.will("s/^  replicas: 0$/  replicas: \\xff/");
    desk.press("E");
    let screen = desk.see("the byte 0xff is no UTF-8 text");
    let flat: String = screen.split_whitespace().collect();
    let kept = flat.split_once("itisstillin").and_then(|(_, rest)| rest.find(".yaml").map(|end| rest[..end + 5].to_owned()));
    let kept = kept.unwrap_or_else(|| panic!("where it is: {screen}"));
    let bytes = fs::read(&kept).unwrap_or_else(|why| panic!("{kept}: {why}"));
    assert!(bytes.windows(12).any(|some| some == b" replicas: \xff"), "{}", String::from_utf8_lossy(&bytes));
    fs::remove_file(&kept).expect("it was there");
    // Its controller writes its status meanwhile.
    assert_eq!(stored(ground, &path).await["metadata"]["generation"], made["metadata"]["generation"]);
    assert_eq!((name(&made), text(&made, "/kind")), ("web", "Deployment"));
}

pub async fn a_secret_is_written_as_text_and_stands_in_no_file(ground: &Ground) {
    const BEFORE: &str = "hunter2-before";
    const AFTER: &str = "hunter3-after";
    let path = ground.core("secrets/pass");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pass"}, "stringData": {"password": BEFORE}, "data": {"binary": "/wA="},
    });
    ground.post(&ground.core("secrets"), &secret).await.ok();
    let (desk, outside) = desk(ground, "secrets");
    desk.on("pass");
    outside.will(&format!("s/{BEFORE}/{AFTER}/"));
    desk.press("E");
    let screen = desk.question(&["Save secret/pass", "*** (before)", "*** (after)"]);
    let review = screen.split("Save secret/pass").nth(1).unwrap_or_default();
    assert!(!review.contains(BEFORE) && !review.contains(AFTER), "{screen}");
    assert!(outside.given().contains(&format!("stringData:\n  password: {BEFORE}\n")), "{}", outside.given());
    assert!(copied(&desk).ends_with(" edit secret/pass"), "its values are in its patch");
    desk.press("y");
    saved(&desk);
    let now = stored(ground, &path).await;
    assert_eq!(now["data"], json!({"binary": "/wA=", "password": "aHVudGVyMy1hZnRlcg=="}));
    assert!(now.get("stringData").is_none());
    let journal = fs::read_to_string(outside.folder.join("journal.jsonl")).expect("a journal");
    for value in [BEFORE, AFTER, "aHVudGVyMy1hZnRlcg", "aHVudGVyMi1iZWZvcmU"] {
        assert!(!journal.contains(value), "{value} is in the journal");
    }
    // What was edited outside was in memory alone: nothing of it is left.
    let left = fs::read_dir("/dev/shm")
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| fs::read_to_string(entry.path()).is_ok_and(|text| text.contains(AFTER)));
    assert!(!left, "a file in memory is left");
}
