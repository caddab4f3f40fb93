//! `y` and `:explain`: an object as YAML while it changes, the values of Secrets, and what fields mean.

use kubetui::cluster::write::journal::Journal;
use serde_json::{Value, json};

use super::Desk;
use crate::driver::Setup;
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::config_map;

/// The line that has these words, as it stands on the screen.
fn line<'a>(screen: &'a str, words: &str) -> Option<&'a str> {
    screen.lines().find(|line| line.contains(words))
}

pub async fn yaml_is_live_and_what_changed_is_marked(ground: &Ground) {
    let path = ground.core("configmaps/one");
    let mut one = config_map("one", json!({"tier": "back"}));
    one["data"] = json!({"mode": "0644", "text": "a: 1\nb: 2\n", "yes": "no"});
    ground.post(&ground.core("configmaps"), &one).await.ok();
    let desk = Desk::open(ground, "configmaps");
    desk.on("one");
    desk.press("y");
    let screen = desk.see("yes: \"no\"".trim_start_matches("yes: "));
    for words in ["apiVersion: v1", "  mode: \"0644\"", "  text: |", "    a: 1", "  \"yes\": \"no\"", "kind: ConfigMap", "    tier: back"] {
        assert!(line(&screen, words).is_some(), "{words} is not in\n{screen}");
    }
    assert!(line(&screen, "# managedFields: … 1 manager, x shows").is_some(), "{screen}");
    assert!(!screen.contains('▎'), "{screen}");
    desk.press("x");
    let screen = desk.see("fieldsType: FieldsV1");
    assert!(!screen.contains('▎'), "what is unfolded has not changed\n{screen}");
    desk.press("x");
    desk.see("x shows");

    ground.patch(&path, Patch::Merge, &json!({"data": {"mode": "0755", "new": "line"}})).await.ok();
    let screen = desk.see("0755");
    for words in ["mode: \"0755\"", "new: line", "resourceVersion: "] {
        assert!(line(&screen, words).is_some_and(|line| line.starts_with('▎')), "{words} is not marked in\n{screen}");
    }
    assert!(line(&screen, "a: 1").is_some_and(|line| !line.starts_with('▎')), "{screen}");

    desk.press("c y");
    desk.see("copied");
    let copied = desk.driver.copied().expect("a text");
    assert!(copied.starts_with("apiVersion: v1\ndata:\n  mode: \"0755\"\n  new: line\n  text: |\n    a: 1\n"), "{copied}");
    desk.press("c k");
    desk.wait("the command", |_| desk.driver.copied().is_some_and(|text| text.starts_with("kubectl ")));
    let copied = desk.driver.copied().expect("a command");
    assert!(copied.contains(" get configmap") && copied.ends_with(" one -o yaml"), "{copied}");

    // Its last state stays when it is gone, and can still be looked at otherwise.
    ground.delete(&path, &Value::Null).await.ok();
    let screen = desk.see("gone: its last state");
    assert!(screen.contains("mode: \"0755\""), "{screen}");
    desk.press("x");
    desk.wait("what was folded", |screen| screen.contains("fieldsType: FieldsV1") && screen.contains("gone: its last state"));
}

/// A Secret with a text and with bytes that are none.
async fn secret(ground: &Ground) {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"password\":\"aHVudGVyMi1odW50ZXIy\"}}",
        }},
        "data": {"password": "aHVudGVyMi1odW50ZXIy", "bytes": "/wABAg=="},
    });
    ground.post(&ground.core("secrets"), &secret).await.ok();
}

const VALUES: [&str; 2] = ["hunter2", "aHVudGVyMi1o"];

pub async fn values_of_a_secret_are_shown_when_asked_and_it_is_journalled(ground: &Ground) {
    secret(ground).await;
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let driver = Setup::new(&kubeconfig).namespace(ground.namespace()).resource("secrets").journal(folder.path()).size(100, 40).start();
    let place: std::path::PathBuf = folder.path().into();
    let desk = Desk::before(ground, driver, folder);
    desk.on("keys");
    desk.press("y");
    let screen = desk.see("password: •••• # 15 bytes");
    assert!(line(&screen, "bytes: •••• # 4 bytes").is_some(), "{screen}");
    assert!(line(&screen, "last-applied-configuration: •••• # ").is_some(), "{screen}");
    assert!(VALUES.iter().all(|value| !screen.contains(value)), "{screen}");
    desk.press("x");
    let screen = desk.see("password: hunter2-hunter2");
    assert!(line(&screen, "bytes: /wABAg== # base64 of 4 bytes that are no text").is_some(), "{screen}");
    assert!(line(&screen, "data: # decoded").is_some(), "{screen}");
    let mut seen = Vec::new();
    desk.wait("the journal", |_| {
        seen = Journal::open(Some(place.clone())).read(10);
        !seen.is_empty()
    });
    assert_eq!((seen.len(), &*seen[0].verb, &*seen[0].name, &*seen[0].method), (1, "reveal", "keys", "GET"));
    desk.press("x");
    desk.see("password: •••• # 15 bytes");
    // No file that was written has any of it, and there is nothing to be taken back.
    for entry in std::fs::read_dir(&place).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(VALUES.iter().all(|value| !text.contains(value)), "{}", path.display());
    }
    desk.press("esc");
    desk.refused("undo", "nothing was written in this context yet");
}

pub async fn a_guard_rail_asks_before_values_are_shown(ground: &Ground) {
    secret(ground).await;
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let rail = "[[guard.rail]]\nverbs = [\"reveal\"]\ndemand = \"confirm\"\n";
    let desk = Desk::with(ground, &kubeconfig, "secrets", rail);
    desk.on("keys");
    desk.press("y");
    desk.see("password: ••••");
    desk.press("x");
    let screen = desk.question(&["Show the values of secret/keys", "shown on this screen: 2"]);
    assert!(VALUES.iter().all(|value| !screen.contains(value)), "{screen}");
    desk.no();
    desk.see("password: ••••");
    desk.press("x");
    desk.yes(&["Show the values of secret/keys"]);
    desk.see("password: hunter2-hunter2");
}

pub async fn fields_are_explained_and_gone_into(ground: &Ground) {
    let desk = Desk::open(ground, "pods");
    desk.command("explain deployments.spec.strategy");
    let screen = desk.see("FIELD: strategy <DeploymentStrategy>");
    assert!(line(&screen, "GROUP:      apps").is_some(), "{screen}");
    assert!(line(&screen, "  rollingUpdate").is_some_and(|line| line.starts_with('▌')), "{screen}");
    desk.press("enter");
    let screen = desk.see("FIELD: rollingUpdate <RollingUpdateDeployment>");
    assert!(line(&screen, "maxSurge").is_some_and(|line| line.starts_with('▌')), "{screen}");
    desk.press("j");
    desk.wait("the next field", |screen| line(screen, "  maxUnavailable  ").is_some_and(|line| line.starts_with('▌')));
    desk.press("enter");
    desk.see("FIELD: maxUnavailable <IntOrString>");
    desk.press("esc");
    desk.see("FIELD: rollingUpdate");
    desk.press("esc");
    desk.see("FIELD: strategy");
    desk.press("esc");
    desk.see("No pods in");
    desk.refused("explain deployments.spec.stratgy", "deployments.spec has no field \"stratgy\"");
    desk.refused("explain nonsense.spec", "the server has no kind \"nonsense\"");
}
