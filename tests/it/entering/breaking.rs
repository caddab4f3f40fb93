//! What breaks in the middle: the connection, the pod. The terminal is given back, and it is said why.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{on_web, running};
use crate::acting::Desk;
use crate::scenarios::ground::Ground;
use crate::scenarios::objects::pod;
use crate::swallow::Proxy;

/// A desk behind a proxy, with a shell that is open.
async fn behind_a_proxy(ground: &Ground) -> (Desk<'_>, Proxy, tempfile::TempDir) {
    running(ground, &pod("web", "app:1")).await;
    let folder = tempfile::tempdir().expect("a folder");
    let straight = folder.path().join("straight");
    ground.write_kubeconfig(&straight);
    let (proxy, through): (Proxy, PathBuf) = Proxy::before(&straight, folder.path());
    let desk = Desk::with(ground, &through, "pods", "");
    desk.on("web");
    desk.row("web", "Running");
    desk.press("s");
    desk.inside("container app");
    desk.driver.type_bytes("echo ready\r");
    desk.inside("ready\r\n");
    (desk, proxy, folder)
}

pub async fn a_connection_that_is_cut_gives_the_terminal_back(ground: &Ground) {
    let (desk, proxy, _folder) = behind_a_proxy(ground).await;
    let cut = Instant::now();
    proxy.cut();
    desk.said("── kubetui: cut off: the connection");
    desk.back("cut off: the connection");
    assert!(cut.elapsed() < Duration::from_secs(15), "{:?}", cut.elapsed());
    // Everything goes on once the server is back.
    proxy.forward();
    desk.see("● live");
    desk.driver.wait("the table alone", |screen| {
        if screen.contains("esc close") {
            desk.press("esc");
            std::thread::sleep(Duration::from_millis(100));
        }
        !screen.contains("esc close")
    });
    desk.press("s");
    desk.until("another shell", || desk.driver.in_session());
    desk.driver.type_bytes("\r~.");
    desk.back(": left");
}

pub async fn a_connection_that_hangs_is_left(ground: &Ground) {
    let (desk, proxy, _folder) = behind_a_proxy(ground).await;
    proxy.swallow();
    desk.driver.type_bytes("echo nobody-hears\r");
    let asked = Instant::now();
    desk.driver.type_bytes("~.");
    desk.until("the screen", || !desk.driver.in_session());
    assert!(asked.elapsed() < Duration::from_secs(10), "not because nothing was heard for long: {:?}", asked.elapsed());
    desk.see("a shell in app: left");
}

pub async fn a_connection_that_hangs_ends_by_itself(ground: &Ground) {
    let (desk, proxy, _folder) = behind_a_proxy(ground).await;
    proxy.swallow();
    let since = Instant::now();
    desk.said("nothing was heard for 20 s");
    desk.until("the screen", || !desk.driver.in_session());
    assert!(since.elapsed() < Duration::from_secs(32), "{:?}", since.elapsed());
}

pub async fn a_pod_that_goes_ends_its_shell(ground: &Ground) {
    let desk = on_web(ground).await;
    desk.press("s");
    desk.inside("container app");
    ground.delete(&ground.core("pods/web"), &json!({"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0})).await.ok();
    desk.back("exit code 137 (SIGKILL) (the pod is");
}
