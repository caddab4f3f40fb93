//! Attach.

use serde_json::json;

use super::{on_web, running};
use crate::acting::Desk;
use crate::scenarios::ground::Ground;
use crate::scenarios::objects::pod;

pub async fn attach_shows_output_and_types_when_that_is_switched_on(ground: &Ground) {
    let mut talks = pod("talks", "app:1");
    talks["spec"]["containers"][0]["stdin"] = json!(true);
    talks["spec"]["containers"][0]["tty"] = json!(true);
    running(ground, &talks).await;
    let desk = Desk::open(ground, "pods");
    desk.on("talks");
    desk.row("talks", "Running");
    desk.press("a");
    desk.inside("its output only: ~ i types into it");
    // The log of a container goes on, where it is no file that nobody writes to.
    let heading = desk.driver.session().len();
    desk.until("output", || ground.is_real() || desk.driver.session().len() > heading);
    desk.driver.type_bytes("echo swallowed\r");
    desk.driver.type_bytes("~i");
    desk.inside("what is typed goes in now");
    if !ground.is_real() {
        desk.driver.type_bytes("echo typed-it\r");
        desk.inside("typed-it\r\n");
    }
    assert!(!desk.driver.session().contains("swallowed"), "what was typed before went nowhere");
    desk.driver.type_bytes("\r~.");
    desk.back("attached to app: left");
    // Nothing was stopped.
    ground.until_is(&ground.core("pods/talks"), &[("/status/phase", json!("Running"))]).await;
    desk.journal(&["attached to app: left", "/pods/talks/attach"]);
}

pub async fn a_container_without_input_says_so(ground: &Ground) {
    let desk = on_web(ground).await;
    desk.press("a");
    desk.inside("it takes no input: ctrl-c leaves");
    desk.driver.type_bytes("~i");
    desk.inside("the container takes no standard input");
    desk.driver.type_bytes("\u{3}");
    desk.back("attached to app: left");
}
