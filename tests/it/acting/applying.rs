//! `:apply` and `:diff`: files, folders and what is piped into the program, against a cluster that others write to as well.

use std::fs;
use std::path::Path;

use kubetui::cluster::write::journal::Journal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Desk;
use crate::cluster::{Kubectl, run};
use crate::driver::Setup;
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::{deployment, service};
use crate::scenarios::watches::{definition, group};

/// A folder of files by their names.
fn folder(files: &[(&str, String)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
    fs::write(path, text).expect("it is written");
}

/// Documents of a file.
fn documents(all: &[Value]) -> String {
    all.iter().map(|object| format!("---\n{object}\n")).collect()
}

fn map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

fn within(namespace: &str, mut object: Value) -> Value {
    object["metadata"]["namespace"] = namespace.into();
    object
}

/// What a manager owns, as FieldsV1.
fn owned<'a>(object: &'a Value, manager: &str, operation: &str) -> Option<&'a Value> {
    let entries = object["metadata"]["managedFields"].as_array()?;
    entries.iter().find(|entry| entry["manager"] == manager && entry["operation"] == operation).map(|entry| &entry["fieldsV1"])
}

pub async fn a_folder_is_applied_in_an_order_that_works(ground: &Ground) {
    let space = format!("{}-n", ground.namespace());
    let kind =
        json!({"apiVersion": format!("{}/v1", group(ground)), "kind": "Relic", "metadata": {"name": "one"}, "spec": {"size": "small"}});
    let files = folder(&[
        ("a.yaml", within(&space, kind).to_string()),
        ("app/web.yml", documents(&[within(&space, deployment("web", 1, "app:1")), within(&space, service("web", "web"))])),
        ("kinds.json", definition(ground, "relics").to_string()),
        ("z.yaml", documents(&[json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})])),
        ("README.md", "words".to_owned()),
    ]);
    let path = files.path().display().to_string();
    // Before discovery has ended, what is opened would be left for the view that was asked for.
    let desk = Desk::open(ground, "configmaps");
    desk.on("kube-root-ca.crt");
    desk.command(&format!("diff {path}"));
    let screen = desk.see("5 objects: 5 created");
    let at = |words: &str| screen.find(words).unwrap_or_else(|| panic!("no {words} in\n{screen}"));
    assert!(at("README.md") < at("+ namespace/"), "{screen}");
    desk.press("q");
    ground.until_gone(&format!("/api/v1/namespaces/{space}")).await;

    desk.command(&format!("apply {path}"));
    desk.yes(&["5 created?", "planned locally"]);
    desk.see("apply: 5 done");
    desk.press("esc");
    let made = |rest: &str| format!("/apis/{rest}");
    let web = made(&format!("apps/v1/namespaces/{space}/deployments/web"));
    let found = ground.get(&web).await.ok();
    assert!(owned(&found, "kubetui", "Apply").is_some_and(|fields| fields["f:spec"]["f:replicas"].is_object()), "{found}");
    let relic = made(&format!("{}/v1/namespaces/{space}/relics/one", group(ground)));
    assert_eq!(ground.get(&relic).await.ok()["spec"]["size"], "small");
    ground.get(&format!("/api/v1/namespaces/{space}/services/web")).await.ok();

    // As it is now, nothing is left to do.
    desk.refused(&format!("apply {path}"), "nothing to apply: all 5 objects are as");
    let files_changed = documents(&[within(&space, deployment("web", 2, "app:1")), within(&space, service("web", "web"))]);
    write(files.path(), "app/web.yml", &files_changed);
    desk.command(&format!("diff {path}"));
    let screen = desk.see("1 changed, 4 as it is");
    for words in ["~ deployment/web", "spec.replicas 1 → 2", "-   replicas: 1", "+   replicas: 2", "= service/web"] {
        assert!(screen.contains(words), "{words} is not in\n{screen}");
    }
    desk.press("q");
    assert_eq!(ground.get(&web).await.ok()["spec"]["replicas"], 1, "a comparison changes nothing");
    desk.command(&format!("apply {path}"));
    desk.yes(&["1 changed", "spec.replicas 1 → 2"]);
    ground.until_is(&web, &[("/spec/replicas", json!(2))]).await;

    ground.delete(&format!("/api/v1/namespaces/{space}"), &Value::Null).await.ok();
    let full = format!("relics.{}", group(ground));
    ground.delete(&format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{full}"), &Value::Null).await.ok();
}

pub async fn who_owns_a_field_is_named_before_it_is_taken_over(ground: &Ground) {
    let path = ground.core("configmaps/one");
    let files = folder(&[
        ("one.yaml", map("one", json!({"a": "1", "b": "1"})).to_string()),
        ("two.yaml", map("two", json!({"x": "1"})).to_string()),
    ]);
    let from = files.path().display().to_string();
    let desk = Desk::open(ground, "configmaps");
    desk.on("kube-root-ca.crt");
    desk.command(&format!("apply {from}"));
    desk.yes(&["2 created?", &format!("name no namespace: they go to {}", ground.namespace())]);
    desk.see("apply: 2 done");
    desk.press("esc");
    ground.patch(&format!("{path}?fieldManager=somebody"), Patch::Merge, &json!({"data": {"a": "2"}})).await.ok();
    write(files.path(), "two.yaml", &map("two", json!({"x": "2"})).to_string());
    // Nothing of it is applied, neither what nobody objects to.
    desk.command(&format!("apply {from}"));
    let screen = desk.see("somebody owns data.a");
    assert!(screen.contains("nothing is applied") && screen.contains("apply --force"), "{screen}");
    desk.press("b");
    // What that would be stands there to be sent, and is asked about like everything.
    desk.see(&format!(":apply --force {from}"));
    desk.press("esc");
    desk.without("apply --force");
    assert_eq!(ground.get(&ground.core("configmaps/two")).await.ok()["data"]["x"], "1");
    desk.command(&format!("diff {from}"));
    desk.see("1 changed, 1 in conflict");
    desk.press("q");
    desk.command(&format!("apply --force {from}"));
    desk.yes(&["2 changed?", "somebody loses data.a", "data.a 2 → 1"]);
    desk.see("apply: 2 done");
    desk.press("esc");
    let one = ground.get(&path).await.ok();
    assert_eq!(one["data"], json!({"a": "1", "b": "1"}));
    assert!(owned(&one, "somebody", "Update").is_none(), "{one}");
    // What is taken out of the file goes.
    write(files.path(), "one.yaml", &map("one", json!({"b": "1"})).to_string());
    desk.command(&format!("apply {from}/one.yaml"));
    desk.yes(&["data.a goes"]);
    ground.until_is(&path, &[("/data", json!({"b": "1"}))]).await;
}

/// As `kubectl apply` does it from a client; where there is no kubectl, as it would have.
async fn applied_by_kubectl(ground: &Ground, collection: &str, object: &Value) {
    let Some(kubectl) = Kubectl::from_env() else {
        let mut object = object.clone();
        let copy = format!("{object}\n");
        object["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": copy});
        ground.post(&format!("{collection}?fieldManager=kubectl-client-side-apply"), &object).await.ok();
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let mut command = kubectl.command();
    command.arg("--kubeconfig").arg(&kubeconfig).args(["-n", ground.namespace(), "apply", "-f", "-"]);
    run(&mut command, &object.to_string()).expect("kubectl applies");
}

pub async fn what_kubectl_applied_from_a_client_is_migrated(ground: &Ground) {
    let path = ground.core("configmaps/old");
    applied_by_kubectl(ground, &ground.core("configmaps"), &map("old", json!({"a": "1", "b": "1", "c": "1"}))).await;
    ground.patch(&format!("{path}?fieldManager=somebody"), Patch::Merge, &json!({"data": {"d": "1"}})).await.ok();
    let files = folder(&[("old.yaml", map("old", json!({"a": "1", "b": "1", "c": "1"})).to_string())]);
    let from = files.path().join("old.yaml").display().to_string();
    let state = tempfile::tempdir().expect("a folder");
    let home = tempfile::tempdir().expect("a folder");
    let kubeconfig = home.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let setup = Setup::new(&kubeconfig).namespace(ground.namespace()).resource("configmaps").journal(state.path());
    let desk = Desk::before(ground, setup.size(100, 40).start(), home);
    desk.on("old");
    // What is so already stays kubectl's.
    desk.refused(&format!("apply {from}"), "nothing to apply");
    assert!(owned(&ground.get(&path).await.ok(), "kubectl-client-side-apply", "Update").is_some());
    // What is not in the file any more goes, as it would with kubectl; what is another's stays.
    fs::write(&from, map("old", json!({"a": "2", "b": "1"})).to_string()).expect("written");
    desk.command(&format!("apply {from}"));
    desk.yes(&[
        "it was made with kubectl apply: first, what kubectl-client-side-apply owns of it becomes kubetui's",
        "data.a 1 → 2",
        "data.c goes",
    ]);
    desk.see("configmap/old: data.a 1 → 2");
    let now = ground.until_is(&path, &[("/data", json!({"a": "2", "b": "1", "d": "1"}))]).await;
    assert!(owned(&now, "kubectl-client-side-apply", "Update").is_none(), "{now}");
    assert!(owned(&now, "kubetui", "Apply").is_some_and(|fields| fields["f:data"]["f:a"].is_object()), "{now}");
    assert_eq!(now["metadata"]["annotations"], Value::Null, "kubectl's copy would be of another state");
    let entries = Journal::open(Some(state.path().to_owned())).recall(10);
    let methods: Vec<&str> = entries.iter().map(|entry| entry.verb.as_str()).collect();
    assert_eq!(methods, ["apply", "apply"], "the migration, and what was applied");
    assert_eq!(entries[0].sent[1]["path"], "/metadata/managedFields");
    assert_eq!(
        entries[1].before,
        json!({"/data/a": "1", "/data/c": "1"})
            .as_object()
            .map(|map| {
                let mut map = map.clone();
                let copy = "/metadata/annotations";
                if let Some(copied) = entries[1].before.get(copy) {
                    map.insert(copy.into(), copied.clone());
                }
                Value::Object(map)
            })
            .unwrap_or_default()
    );
    // And what was applied can be taken back.
    desk.command("undo");
    desk.yes(&["old"]);
    ground.until_is(&path, &[("/data/a", json!("1")), ("/data/c", json!("1"))]).await;
}

pub async fn a_migrated_workload_becomes_what_the_plan_said(ground: &Ground) {
    let path = ground.apps("deployments/web");
    let mut web = deployment("web", 2, "app:1");
    let container = "/spec/template/spec/containers/0";
    let had = json!({"name": "app", "image": "app:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "ports": [{"containerPort": 8080}, {"containerPort": 9090, "name": "more"}]});
    web["metadata"]["annotations"] = json!({"note": "old"});
    *web.pointer_mut(container).expect("a container") = had;
    applied_by_kubectl(ground, &ground.apps("deployments"), &web).await;
    ground.until_is(&path, &[("/status/readyReplicas", json!(2))]).await;
    web["metadata"].as_object_mut().expect("a map").remove("annotations");
    web["spec"].as_object_mut().expect("a map").remove("replicas");
    *web.pointer_mut(container).expect("a container") =
        json!({"name": "app", "image": "app:2", "env": [{"name": "A", "value": "1"}], "ports": [{"containerPort": 8080}]});
    let files = folder(&[("web.json", web.to_string())]);
    let from = files.path().join("web.json").display().to_string();
    let desk = Desk::open(ground, "deployments");
    desk.on("web");
    desk.command(&format!("diff {from}"));
    desk.see("1 object: 1 changed");
    desk.press("c y");
    desk.see("copied");
    let screen = desk.driver.copied().expect("a text");
    for line in [
        "-   replicas: 2",
        "+   replicas: 1",
        "-         - name: B",
        "-         - containerPort: 9090",
        "+         image: app:2",
        "-     note: old",
    ] {
        assert!(screen.contains(line), "{line} is not in\n{screen}");
    }
    assert!(!screen.contains("-     deployment.kubernetes.io/revision"), "that is the controller's\n{screen}");
    desk.press("q");
    desk.command(&format!("apply {from}"));
    desk.yes(&["spec.replicas 2 → 1", "its pods are replaced"]);
    let now = ground.until_is(&path, &[("/spec/replicas", json!(1)), ("/spec/strategy/type", json!("RollingUpdate"))]).await;
    let app = now.pointer(container).expect("a container");
    assert_eq!(app["env"], json!([{"name": "A", "value": "1"}]));
    assert_eq!(app["ports"], json!([{"containerPort": 8080, "protocol": "TCP"}]));
    assert_eq!((&app["image"], now.pointer("/metadata/annotations/note")), (&json!("app:2"), None));
    ground.until_is(&path, &[("/status/updatedReplicas", json!(1)), ("/status/replicas", json!(1))]).await;
    desk.refused(&format!("apply {from}"), "nothing to apply: the object is as");
}

pub async fn nothing_is_applied_before_everything_can_be_read(ground: &Ground) {
    let files = folder(&[
        ("a.yaml", map("good", json!({"a": "1"})).to_string()),
        ("b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bad\n\tdata: x\n".to_owned()),
    ]);
    let from = files.path().display().to_string();
    let desk = Desk::open(ground, "configmaps");
    desk.on("kube-root-ca.crt");
    desk.refused(&format!("apply {from}"), "b.yaml:5:1:");
    fs::write(files.path().join("b.yaml"), "apiVersion: v1\nkind: ConfigMapp\nmetadata: {name: bad}\n").expect("written");
    desk.refused(&format!("apply {from}"), "the server has no ConfigMapp of v1");
    // A field that no schema has is refused by the server, and nothing is applied.
    fs::write(files.path().join("b.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\ndate: {}\n").expect("written");
    desk.command(&format!("apply {from}"));
    let screen = desk.see("nothing is applied");
    assert!(screen.contains("b.yaml:1: configmap/bad") && screen.contains("date"), "{screen}");
    desk.press("esc");
    assert_eq!(ground.get(&ground.core("configmaps/good")).await.code, 404);
    desk.refused(&format!("apply {from}/none.yaml"), "none.yaml: there is no such file");
}

pub async fn what_fails_costs_nothing_but_what_needs_it(ground: &Ground) {
    let space = format!("{}-p", ground.namespace());
    // In a namespace that is not there the server cannot try it.
    let mut wrong = within(&space, service("wrong", "web"));
    wrong["spec"]["ports"] = json!([{"port": 0}]);
    let all = documents(&[
        wrong,
        within(&space, map("right", json!({"a": "1"}))),
        // A controller makes it in every namespace.
        within(
            &space,
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}, "imagePullSecrets": [{"name": "pull"}]}),
        ),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}),
    ]);
    let files = folder(&[("all.yaml", all)]);
    let desk = Desk::open(ground, "configmaps");
    desk.on("kube-root-ca.crt");
    desk.command(&format!("apply {}", files.path().join("all.yaml").display()));
    desk.yes(&["4 created?", "planned locally: namespace/"]);
    let screen = desk.see("apply: 3 done, 1 failed");
    assert!(screen.contains("spec.ports[0].port"), "{screen}");
    desk.press("esc");
    assert_eq!(ground.get(&format!("/api/v1/namespaces/{space}/configmaps/right")).await.ok()["data"]["a"], "1");
    let account = format!("/api/v1/namespaces/{space}/serviceaccounts/default");
    ground.until_is(&account, &[("/imagePullSecrets", json!([{"name": "pull"}]))]).await;
    assert_eq!(ground.get(&format!("/api/v1/namespaces/{space}/services/wrong")).await.code, 404);
    ground.delete(&format!("/api/v1/namespaces/{space}"), &Value::Null).await.ok();
}

pub async fn in_read_only_mode_it_is_compared_here_and_nothing_is_sent(ground: &Ground) {
    let path = ground.core("configmaps/one");
    ground.post(&ground.core("configmaps"), &map("one", json!({"a": "1", "b": "1"}))).await.ok();
    let version = ground.get(&path).await.ok()["metadata"]["resourceVersion"].clone();
    let files = folder(&[("one.yaml", map("one", json!({"a": "2"})).to_string())]);
    let from = files.path().display().to_string();
    let home = tempfile::tempdir().expect("a folder");
    let kubeconfig = home.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let desk = Desk::with(ground, &kubeconfig, "configmaps", "read-only = true\n");
    desk.on("one");
    desk.refused(&format!("apply {from}"), "apply is not sent");
    desk.command(&format!("diff {from}"));
    let screen = desk.see("1 object: 1 changed");
    for words in ["apply is not sent", "the server may store something else", "-   a: \"1\"", "+   a: \"2\"", "   b: \"1\""] {
        assert!(super::shows(&screen, words), "{words} is not in\n{screen}");
    }
    assert_eq!(ground.get(&path).await.ok()["metadata"]["resourceVersion"], version);
}

pub async fn what_is_piped_into_the_program_is_applied(ground: &Ground) {
    let files = folder(&[("x", documents(&[map("piped", json!({"a": "1"}))]))]);
    let home = tempfile::tempdir().expect("a folder");
    let kubeconfig = home.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let input = fs::File::open(files.path().join("x")).expect("it is there");
    let setup = Setup::new(&kubeconfig).namespace(ground.namespace()).resource("configmaps").piped(input);
    let desk = Desk::before(ground, setup.size(100, 40).start(), home);
    desk.on("kube-root-ca.crt");
    desk.command("diff -");
    desk.see("standard input:2");
    desk.press("q");
    desk.command("apply -");
    desk.yes(&["Apply -: 1 created?"]);
    ground.until_is(&ground.core("configmaps/piped"), &[("/data", json!({"a": "1"}))]).await;
    // The journal takes back what was made.
    desk.see("configmap/piped: created");
    desk.command("undo");
    desk.yes(&["piped"]);
    ground.until_gone(&ground.core("configmaps/piped")).await;
    let other = Desk::open(ground, "configmaps");
    other.on("kube-root-ca.crt");
    other.refused("apply -", "nothing was piped into the program");
}

pub async fn who_may_only_look_compares_and_applies_nothing(ground: &Ground) {
    ground.post(&ground.core("configmaps"), &map("one", json!({"a": "1"}))).await.ok();
    let files = folder(&[("one.yaml", map("one", json!({"a": "2"})).to_string())]);
    let from = files.path().display().to_string();
    let desk = Desk::as_user(ground, if ground.is_real() { "viewer" } else { "demo-viewer" }, "configmaps");
    desk.on("one");
    desk.command(&format!("apply {from}"));
    desk.see("cannot patch resource \"configmaps\"");
    desk.put_away();
    desk.command(&format!("diff {from}"));
    let screen = desk.see("1 object: 1 changed");
    assert!(screen.contains("+   a: \"2\"") && super::shows(&screen, "the server may store something else"), "{screen}");
    assert_eq!(ground.get(&ground.core("configmaps/one")).await.ok()["data"]["a"], "1");
}

pub async fn values_of_secrets_are_neither_shown_nor_kept(ground: &Ground) {
    let secret = |value: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": value}});
    let files = folder(&[("s.yaml", secret("hunter2-first").to_string())]);
    let from = files.path().join("s.yaml").display().to_string();
    let (state, home) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let kubeconfig = home.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let setup = Setup::new(&kubeconfig).namespace(ground.namespace()).resource("configmaps").journal(state.path());
    let desk = Desk::before(ground, setup.size(100, 40).start(), home);
    desk.on("kube-root-ca.crt");
    let path = ground.core("secrets/s");
    let values = ["hunter2", "aHVudGVyMi1maXJzdA", "aHVudGVyMi1zZWNvbmQ"];
    let hidden = |text: &str| values.iter().all(|value| !text.contains(value));
    for (value, asked, done) in
        [("hunter2-first", "1 created?", "secret/s: created"), ("hunter2-second", "1 changed?", "secret/s: data.password")]
    {
        fs::write(&from, secret(value).to_string()).expect("written");
        desk.command(&format!("diff {from}"));
        let screen = desk.see("password: ");
        assert!(hidden(&screen), "{screen}");
        desk.press("q");
        desk.command(&format!("apply {from}"));
        let screen = desk.question(&[asked]);
        assert!(hidden(&screen), "{screen}");
        desk.yes(&[asked]);
        let screen = desk.see(done);
        assert!(hidden(&screen), "{screen}");
    }
    assert_eq!(ground.get(&path).await.ok()["data"]["password"], "aHVudGVyMi1zZWNvbmQ=");
    let mut kept = 0;
    for entry in fs::read_dir(state.path()).expect("the journal's folder") {
        let text = fs::read_to_string(entry.expect("a file").path()).unwrap_or_default();
        assert!(hidden(&text), "{text}");
        kept += text.lines().count();
    }
    assert!(kept >= 2, "both are in the journal");
}
