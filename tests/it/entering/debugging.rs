//! Debug containers.

use serde_json::{Value, json};

use super::{on_web, running};
use crate::acting::Desk;
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::pod;

/// What the kubelet of a real node would say: those of the control plane know no ephemeral containers.
async fn report(ground: &Ground, name: &str, state: &Value) {
    if !ground.is_real() {
        return;
    }
    let path = ground.core(&format!("pods/{name}"));
    let found = ground.until_object(&path, |pod| pod["spec"]["ephemeralContainers"][0]["name"].is_null().then(|| "none yet".into())).await;
    let container = found["spec"]["ephemeralContainers"][0]["name"].clone();
    let status = json!({"status": {"ephemeralContainerStatuses": [
        {"name": container, "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": state}]}});
    ground.patch(&format!("{path}/status"), Patch::Merge, &status).await.ok();
}

pub async fn a_debug_container_is_added_and_attached_to(ground: &Ground) {
    let desk = on_web(ground).await;
    desk.command("debug alpine:3");
    desk.question(&["Add a debug container to pod/web", "of image alpine:3, which sees the processes of app", "it stays in the pod"]);
    desk.no();
    let before = ground.get(&ground.core("pods/web")).await.ok();
    assert_eq!(before["spec"]["ephemeralContainers"], Value::Null, "nothing was done");
    desk.command("debug alpine:3");
    desk.yes(&["Add a debug container to pod/web"]);
    report(ground, "web", &json!({"running": {"startedAt": "2026-11-21T12:00:00Z"}})).await;
    desk.inside("debugging in");
    let made = ground.get(&ground.core("pods/web")).await.ok();
    let container = &made["spec"]["ephemeralContainers"][0];
    for (field, value) in
        [("image", json!("alpine:3")), ("targetContainerName", json!("app")), ("stdin", json!(true)), ("tty", json!(true))]
    {
        assert_eq!(container[field], value, "{container}");
    }
    if !ground.is_real() {
        desk.driver.type_bytes("echo in-$HOSTNAME\r");
        desk.inside("in-web\r\n");
    }
    desk.driver.type_bytes("\r~.");
    desk.back(": left");
    desk.journal(&["/pods/web/ephemeralcontainers", "/pods/web/attach", "debugging in debugger-"]);
    desk.press("esc");
    desk.press("U");
    desk.see("nothing was written in this context yet");
}

pub async fn an_image_that_cannot_be_pulled_is_said(ground: &Ground) {
    let desk = on_web(ground).await;
    desk.command("debug no-such:1");
    desk.yes(&["Add a debug container to pod/web"]);
    report(ground, "web", &json!({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image \"no-such:1\""}})).await;
    desk.see("its image cannot be had: ImagePullBackOff");
    assert!(!desk.driver.in_session());
}

pub async fn a_debug_container_that_is_waited_for_can_be_left(ground: &Ground) {
    let desk = on_web(ground).await;
    desk.command("debug slow-to-come:1");
    desk.question(&["Add a debug container to pod/web"]);
    desk.press("y");
    // Nothing lets the time of a demo go on here.
    desk.driver
        .wait("what it waits for", |screen| screen.contains("on the way") && screen.contains("debugger-") && screen.contains("leave it"));
    desk.press("esc");
    desk.driver.wait("that it is there", |screen| screen.contains("was added, and is not waited for"));
    for _ in 0..20 {
        desk.pass();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(desk.driver.session(), "", "the terminal is not taken away later");
}

pub async fn where_there_is_no_shell_a_debug_container_is_offered(ground: &Ground) {
    running(ground, &pod("bare", "gcr.io/distroless/static")).await;
    let desk = Desk::open(ground, "pods");
    desk.on("bare");
    desk.row("bare", "Running");
    desk.press("s");
    desk.see("there is no shell in container app");
    desk.see("nicolaka/netshoot");
    assert_eq!(desk.driver.session(), "", "the terminal was not taken for it");
    desk.press("enter");
    desk.yes(&["Add a debug container to pod/bare", "of image busybox, which sees the processes of app"]);
    desk.inside("debugging in");
    desk.driver.type_bytes("echo here\r");
    desk.inside("here\r\n");
    // Its first process ends, and it with it.
    desk.driver.type_bytes("exit\r");
    desk.back("it ended");
    let ended = "/status/ephemeralContainerStatuses/0/state/terminated/exitCode";
    ground.until_is(&ground.core("pods/bare"), &[(ended, json!(0)), ("/status/phase", json!("Running"))]).await;
}
