//! What is not done, and why.

use serde_json::json;

use super::running;
use crate::acting::Desk;
use crate::driver::Setup;
use crate::scenarios::ground::Ground;
use crate::scenarios::objects::{deployment, pod, ready};

pub async fn several_are_entered_one_at_a_time(ground: &Ground) {
    running(ground, &pod("one", "app:1")).await;
    running(ground, &pod("two", "app:1")).await;
    let desk = Desk::open(ground, "pods");
    desk.on("one");
    desk.on("two");
    desk.press("*");
    desk.press("s");
    desk.see("2 objects are marked, and one goes into one at a time");
    desk.refused("exec ls", "2 objects are marked");
    assert_eq!(desk.driver.session(), "");
}

pub async fn read_only_refuses_and_a_rail_asks(ground: &Ground) {
    running(ground, &pod("web", "app:1")).await;
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    {
        let desk = Desk::with(ground, &kubeconfig, "pods", "read-only = true\n");
        desk.on("web");
        desk.row("web", "Running");
        desk.press("s");
        desk.see("read-only (config.toml:1): exec is not sent");
        desk.press("a");
        desk.see("attach is not sent");
        desk.refused("debug alpine", "debug is not sent");
        desk.refused("exec ls", "exec is not sent");
        assert_eq!(desk.driver.session(), "");
    }
    let desk = Desk::with(ground, &kubeconfig, "pods", "[[guard.rail]]\nverbs = [\"exec\"]\ndemand = \"confirm\"\n");
    desk.on("web");
    desk.row("web", "Running");
    desk.press("s");
    desk.question(&["Open a shell in pod/web", "bash, ash or sh in container app"]);
    desk.no();
    assert_eq!(desk.driver.session(), "");
    desk.press("s");
    desk.yes(&["Open a shell in pod/web"]);
    desk.inside("a shell in");
    desk.driver.type_bytes("exit\r");
    desk.back("exit code");
    // What the rail is not about is not asked.
    desk.press("a");
    desk.inside("attached to");
    desk.driver.type_bytes("q");
    desk.back(": left");
}

pub async fn who_may_not_is_told_so(ground: &Ground) {
    running(ground, &pod("web", "app:1")).await;
    let desk = Desk::as_user(ground, if ground.is_real() { "viewer" } else { "demo-viewer" }, "pods");
    desk.on("web");
    desk.row("web", "Running");
    // Rights are asked for when the cursor rests; before that, the server says it.
    loop {
        desk.press("s");
        let told = desk.wait("a refusal", |screen| ["may not create pods/exec in", "is forbidden"].iter().any(|why| screen.contains(why)));
        if told.contains("may not create pods/exec in") {
            break;
        }
        desk.press("esc");
        desk.without("esc close");
    }
    desk.refused("attach", "may not create pods/attach in");
    desk.refused("debug busybox", "may not patch pods/ephemeralcontainers in");
    assert_eq!(desk.driver.session(), "");
}

pub async fn what_does_not_run_is_not_entered(ground: &Ground) {
    ground.post(&ground.core("pods"), &pod("pulls", "no-such:1")).await.ok();
    let desk = Desk::open(ground, "pods");
    desk.on("pulls");
    desk.wait("it waits", |screen| screen.contains("ErrImagePull") || screen.contains("ImagePullBackOff"));
    desk.press("s");
    desk.see("no container of pulls runs");
    desk.refused("attach", "no container of pulls runs");
}

pub async fn a_pod_that_was_made_anew_runs_nothing(ground: &Ground) {
    running(ground, &pod("web", "app:1")).await;
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let trace = if ground.is_real() { folder.path().join("trace").display().to_string() } else { "/tmp/trace".to_owned() };
    let desk = Desk::with(ground, &kubeconfig, "pods", "[[guard.rail]]\nverbs = [\"exec\"]\ndemand = \"confirm\"\n");
    desk.on("web");
    desk.row("web", "Running");
    desk.command(&format!("exec touch {trace}"));
    desk.question(&["Run touch"]);
    ground.delete(&ground.core("pods/web"), &json!({"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0})).await.ok();
    ground.until_gone(&ground.core("pods/web")).await;
    running(ground, &pod("web", "app:1")).await;
    desk.press("y");
    desk.see("another object of the same name");
    assert_eq!(desk.driver.session(), "");
    // What was asked of the one that is gone was not done to the other.
    drop(desk);
    let desk = Desk::open(ground, "pods");
    desk.on("web");
    desk.row("web", "Running");
    desk.command(&format!("exec sh -c 'ls {trace}; sleep 1'"));
    desk.inside("No such file");
}

pub async fn a_rail_about_what_it_is_asked_of_holds(ground: &Ground) {
    ground.post(&ground.apps("deployments"), &deployment("shop", 1, "app:1")).await.ok();
    let pods = ground.until_count(&ground.core("pods"), 1).await;
    let name = pods[0]["metadata"]["name"].as_str().expect("a name").to_owned();
    ground.until_object(&ground.core(&format!("pods/{name}")), |pod| (!ready(pod)).then(|| pod["status"].to_string())).await;
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let rail = "[[guard.rail]]\nverbs = [\"exec\"]\nkinds = [\"deployments.apps\"]\ndemand = \"confirm\"\n";
    let desk = Desk::with(ground, &kubeconfig, "deployments", rail);
    desk.on("shop");
    desk.press("s");
    desk.question(&[&format!("Open a shell in pod/{name}")]);
    desk.no();
    assert_eq!(desk.driver.session(), "");
    // The pod itself is not what it is about.
    desk.view("pods", &name);
    desk.press("s");
    desk.inside("a shell in");
    desk.driver.type_bytes("exit\r");
    desk.back("exit code");
}

pub async fn a_session_is_in_the_journal_from_its_beginning(ground: &Ground) {
    running(ground, &pod("web", "app:1")).await;
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let setup = Setup::new(&kubeconfig).namespace(ground.namespace()).resource("pods").size(100, 40).journal(folder.path());
    let path = folder.path().join("journal.jsonl");
    let desk = Desk::before(ground, setup.start(), folder);
    desk.on("web");
    desk.row("web", "Running");
    desk.command("exec sh -c 'echo password=hunter2 here; sleep 3' -phunter2 --token hunter2");
    desk.inside("here");
    let journal = std::fs::read_to_string(&path).expect("a journal, while it goes on");
    assert!(journal.lines().count() == 1 && journal.contains(": opened"), "{journal}");
    desk.inside("any key goes back");
    desk.driver.type_bytes(" ");
    desk.back("exit code 0");
    let journal = std::fs::read_to_string(&path).expect("a journal");
    assert!(journal.lines().count() == 2 && journal.contains("exit code 0"), "{journal}");
    assert!(!journal.contains("hunter2") && journal.contains("here; sleep 3"), "{journal}");
}
