//! A debug container: an ephemeral one that is added to a pod, as `kubectl debug` makes it (kubectl's
//! `generateDebugContainer`), and waited for.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::resolve::{idle, spec, state};
use crate::cluster::connect::Session;
use crate::cluster::write::acts::Case;
use crate::cluster::write::fields::Field;
use crate::cluster::write::run::stopped;
use crate::cluster::write::send::Write;
use crate::cluster::write::{Answer, Saying, read};
use crate::kinds::describe::json::Json;
use crate::model::act::{Said, Step};
use crate::model::reference::Reference;

/// How often the pod is looked at. One object, for as long as it is waited for: not worth a watch.
const LOOK: Duration = Duration::from_millis(500);
const LIST: &str = "/spec/ephemeralContainers";

/// The write that adds a container of this name.
pub(super) fn write(case: &Case<'_>, name: &str, image: &str, target: &str) -> Result<Write, String> {
    let mut container = json!({
        "name": name,
        "image": image,
        "stdin": true,
        "tty": true,
        "terminationMessagePolicy": "File",
    });
    if !target.is_empty() {
        container["targetContainerName"] = target.into();
    }
    let mut list = case.object.list("spec.ephemeralContainers").to_vec();
    list.push(container);
    let field = Field::new(case.object, LIST, Some(list.into()));
    let mut write = case.fields("debug", vec![field], format!("container {name} added"))?;
    write.subresource = "/ephemeralcontainers";
    Ok(write)
}

/// A name that no container of the pod has.
pub(super) fn name(pod: &Value, now: i64) -> String {
    // Names of containers are not used again, not even by those that ended.
    let names = (0..).map(|more| format!("debugger-{:x}", now + more));
    names.into_iter().find(|name| spec(pod, name).is_none()).unwrap_or_default()
}

/// Waits until the container runs, and says what it waits for. `None` when that is not wanted any more.
pub(super) async fn wait(
    saying: &Saying,
    at: usize,
    session: &Session,
    pod: &Reference,
    name: &str,
    answer: &mut watch::Receiver<Answer>,
) -> Option<Result<(), String>> {
    let look = async {
        let mut told = String::new();
        loop {
            let object = read::object(session, pod).await.map_err(|why| format!("the pod: {why}"))?;
            let state = state(&object, name);
            let words = idle(state);
            match state.at("waiting").text("reason") {
                _ if state.has("running") => return Ok(()),
                _ if state.has("terminated") => return Err(format!("container {name} ended at once: {words}")),
                "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" | "ImageInspectError" => {
                    return Err(format!("its image cannot be had: {words}. The container stays: :attach {name} when it runs"));
                }
                _ if words != told => {
                    saying.say(Said::Step(at, Step::Doing(vec![format!("container {name}: {words}")]))).await;
                    told = words;
                }
                _ => {}
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        ran = look => Some(ran),
        () = stopped(answer) => None,
    }
}
