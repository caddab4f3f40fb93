//! The life of one container: waiting, running, ended, and again.

use serde_json::json;

use super::behaviour::{self, Role, go_duration};
use super::{Look, field, formatted, images, needs, probes};
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND};
use crate::model::time::parse;

/// A crashed container is started again after this, doubling up to five minutes; the first time at once.
const BACK_OFF: i64 = 10;
const LONGEST: i64 = 300;
/// A container that ran so long begins with the first back-off again: twice the longest.
const CALM: i64 = 600;

/// `state.terminated` and the like: the time of it in milliseconds.
fn time(state: &Tree, key: &str) -> Millis {
    parse(state.text(key)).unwrap_or(0) * SECOND
}

/// What a container's status is before it was ever started.
pub fn waiting(container: &Tree, reason: &str) -> Tree {
    let mut status: Tree = json!({
        "name": container.text("name"), "image": container.text("image"), "imageID": "", "lastState": {}, "ready": false,
        "restartCount": 0, "started": false, "state": {"waiting": {"reason": reason}},
    })
    .into();
    let mounts = mounts(container);
    if !mounts.is_empty() {
        status.set("volumeMounts", mounts);
    }
    status
}

/// `volumeMounts` of a status: `RecursiveReadOnlyMounts`.
pub fn mounts(container: &Tree) -> Tree {
    let one = |mount: &Tree| {
        let mut status = Tree::texts([("mountPath", mount.text("mountPath")), ("name", mount.text("name"))]);
        if mount.flag("readOnly") {
            status.set("readOnly", true);
            let asked = mount.text("recursiveReadOnly");
            status.set("recursiveReadOnly", if matches!(asked, "Enabled" | "IfPossible") { "Enabled" } else { "Disabled" });
        }
        status
    };
    container["volumeMounts"].items().iter().map(one).collect()
}

/// Whether a container that ended is started again: `ContainerShouldRestart`, and what is so for each role.
pub fn restarts(pod: &Tree, container: &Tree, role: Role, code: i64) -> bool {
    for rule in container["restartPolicyRules"].items() {
        let codes = &rule["exitCodes"];
        let listed = codes["values"].items().iter().any(|value| value.as_i64() == Some(code));
        if listed == (codes["operator"] == "In") {
            return true;
        }
    }
    let policy = container["restartPolicy"].as_str().unwrap_or(pod.at("spec.restartPolicy").as_str().unwrap_or("Always"));
    match role {
        Role::Ephemeral => false,
        Role::Sidecar => true,
        Role::Init => code != 0 && policy != "Never",
        Role::App => policy == "Always" || policy == "OnFailure" && code != 0,
    }
}

/// The next step of one container; `list` is its place in the spec (`containers`).
pub fn step(look: &mut Look, container: &Tree, list: &str, role: Role, mut status: Tree) -> Tree {
    // Ended, backed off and started again can all be due.
    for _ in 0..3 {
        let before = status.clone();
        let state = &before["state"];
        if !state["running"].is_null() {
            run(look, container, list, role, &mut status);
        } else if !state["terminated"].is_null() {
            ended(look, container, list, role, &mut status);
        } else {
            wait(look, container, list, role, &mut status);
        }
        let kind = |s: &Tree| s["state"].entries().next().map(|(kind, _)| kind.to_owned());
        if kind(&status) == kind(&before) {
            break;
        }
        if !status["state"]["running"].is_null() && look.next.is_some_and(|next| next <= look.now + 50) {
            break;
        }
    }
    status
}

/// How long a container is kept back now, in seconds, and the container's crashes since it was calm.
fn back_off(look: &mut Look, name: &str, restarts: i64, end: &Tree) -> i64 {
    let ran = (time(end, "finishedAt") - time(end, "startedAt")) / SECOND;
    if ran >= CALM {
        look.memo.calm.insert(name.into(), restarts);
    }
    let crashes = restarts - look.memo.calm.get(name).copied().unwrap_or(0);
    if crashes <= 0 { 0 } else { (BACK_OFF << (crashes - 1).min(6)).min(LONGEST) }
}

fn ended(look: &mut Look, container: &Tree, list: &str, role: Role, status: &mut Tree) {
    let end = status["state"]["terminated"].clone();
    if !restarts(&look.pod.tree, container, role, end.int("exitCode", 0)) {
        return;
    }
    let name = container.text("name");
    let wait = back_off(look, name, status.int("restartCount", 0), &end);
    let finished = time(&end, "finishedAt");
    if look.now < finished + SECOND {
        look.wake(finished + SECOND);
    } else if wait == 0 {
        start(look, container, list, status);
    } else {
        let pod = formatted(&look.pod);
        let message = format!("Back-off restarting failed container {name} in pod {pod}");
        look.say("Warning", "BackOff", &message, &field(list, container));
        let message = format!("back-off {} restarting failed container={name} pod={pod}", go_duration(wait));
        let mut state = Tree::map();
        state.set("waiting", Tree::texts([("message", &*message), ("reason", "CrashLoopBackOff")]));
        status.set("state", state);
        status.put("lastState", Tree::map());
        status.set("lastState.terminated", end);
        look.wake(finished + wait * SECOND);
    }
}

fn wait(look: &mut Look, container: &Tree, list: &str, role: Role, status: &mut Tree) {
    let end = status["lastState"]["terminated"].clone();
    if status["state"]["waiting"]["reason"] == "CrashLoopBackOff" {
        let wait = back_off(look, container.text("name"), status.int("restartCount", 0), &end);
        let due = time(&end, "finishedAt") + wait * SECOND;
        if look.now < due {
            look.wake(due);
            return;
        }
    }
    let because = |status: &mut Tree, reason: &str, message: &str| {
        let mut state = Tree::map();
        state.set("waiting", Tree::texts([("message", message), ("reason", reason)]));
        status.set("state", state);
    };
    match images::ensure(look, container, list, role) {
        Err(images::Wait::Pulling) => {}
        Err(images::Wait::Because(reason, message)) => because(status, reason, &message),
        Ok(()) => match needs::environment(look, container) {
            Some(missing) => {
                look.say("Warning", "Failed", &format!("Error: {missing}"), &field(list, container));
                because(status, "CreateContainerConfigError", &missing);
                // The next sync of a pod that could not be started.
                look.wake(look.now + 12 * SECOND);
            }
            None => begin(look, container, list, status),
        },
    }
}

/// Starts a container again, whose image is there because it ran.
fn start(look: &mut Look, container: &Tree, list: &str, status: &mut Tree) {
    let image = container.text("image");
    look.say("Normal", "Pulled", &format!("Container image {image:?} already present on machine"), &field(list, container));
    begin(look, container, list, status);
}

fn begin(look: &mut Look, container: &Tree, list: &str, status: &mut Tree) {
    let about = field(list, container);
    look.say("Normal", "Created", "Container created", &about);
    look.say("Normal", "Started", "Container started", &about);
    let ended = match &status["state"]["terminated"] {
        Tree::Null => status["lastState"]["terminated"].clone(),
        end => end.clone(),
    };
    if !ended.is_null() {
        status.set("restartCount", status.int("restartCount", 0) + 1);
        status.put("lastState", Tree::map());
        status.set("lastState.terminated", ended);
    }
    let now = look.world.now_text();
    let full = images::full_name(container.text("image"));
    let id = images::digest(&format!("{}/{}/{}", look.pod.uid, container.text("name"), status.int("restartCount", 0)));
    status.set("containerID", format!("containerd://{id}"));
    status.set("imageID", images::image_id(&full));
    status.set("image", full);
    let mut state = Tree::map();
    state.set("running.startedAt", now);
    status.set("state", state);
    resources(container, list, status);
    look.memo.told.retain(|(name, _), _| **name != *container.text("name"));
}

/// `resources` and `allocatedResources`: what the container was given (`InPlacePodVerticalScaling`).
pub fn resources(container: &Tree, list: &str, status: &mut Tree) {
    if list == "ephemeralContainers" {
        return;
    }
    let given = &container["resources"];
    status.set("resources", if given.is_null() { Tree::map() } else { given.clone() });
    let requests = &given["requests"];
    if requests.is_empty() {
        status.remove("allocatedResources");
    } else {
        status.set("allocatedResources", requests);
    }
}

fn run(look: &mut Look, container: &Tree, list: &str, role: Role, status: &mut Tree) {
    resources(container, list, status);
    let started = time(&status["state"]["running"], "startedAt");
    let behaviour = behaviour::of(look, container, role);
    if let Some((after, code, reason)) = behaviour.ends {
        if look.now >= started + after {
            stop(look, status, code, reason);
            if role == Role::Init {
                status.set("ready", code == 0);
            }
            look.wake(look.now + SECOND);
            return;
        }
        look.wake(started + after);
    }
    if role == Role::Ephemeral {
        return;
    }
    let probed = probes::probe(look, container, list, &behaviour, started);
    if probed.killed {
        let message = format!("Container {} failed liveness probe, will be restarted", container.text("name"));
        look.say("Normal", "Killing", &message, &field(list, container));
        stop(look, status, 137, "Error");
        look.wake(look.now + SECOND);
        return;
    }
    status.set("started", probed.started);
    // An init container is ready when it has ended well.
    status.set("ready", probed.ready && role != Role::Init);
}

/// The container ends now.
pub fn stop(look: &mut Look, status: &mut Tree, code: i64, reason: &str) {
    let now = look.world.now_text();
    note_end(status, now, code, reason);
}

/// What is told of a container that has ended.
pub fn note_end(status: &mut Tree, now: Tree, code: i64, reason: &str) {
    let mut end = Tree::texts([("reason", reason)]);
    end.set("containerID", &status["containerID"]);
    end.set("exitCode", code);
    end.set("finishedAt", now);
    end.set("startedAt", &status["state"]["running"]["startedAt"]);
    let mut state = Tree::map();
    state.set("terminated", end);
    status.set("state", state);
    status.set("started", false);
    status.set("ready", false);
}
