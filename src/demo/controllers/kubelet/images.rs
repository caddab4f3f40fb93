//! Images: how they are called in full, what they weigh, and pulling them (kubelet's image manager).

use serde_json::json;

use super::{Look, behaviour::Role, field};
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND};

/// A failed pull is tried again after this, doubling up to five minutes.
const BACK_OFF: Millis = 10 * SECOND;
const LONGEST: Millis = 300 * SECOND;
/// Images that a node tells of: more than `nodeStatusMaxImages`, because what a node has is read from there.
const KEPT: usize = 200;

/// A pull of an image for a pod.
#[derive(Clone, Debug)]
pub struct Pull {
    began: Millis,
    /// It ends, or is tried again.
    until: Millis,
    tries: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Pulling,
    Failed,
    BackOff,
}

/// The image's name with registry and tag: what the runtime calls it.
pub fn full_name(image: &str) -> String {
    let (first, rest) = image.split_once('/').unwrap_or(("", image));
    let mut name = if first.contains(['.', ':']) || first == "localhost" {
        image.to_owned()
    } else if first.is_empty() {
        format!("docker.io/library/{rest}")
    } else {
        format!("docker.io/{image}")
    };
    let last = name.rsplit('/').next().unwrap_or("");
    if !last.contains([':', '@']) {
        name.push_str(":latest");
    }
    name
}

/// Bits that a text always gives (FNV-1a).
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

/// 64 hexadecimal digits that a text always gives: what ids and digests look like.
pub fn digest(text: &str) -> String {
    let mut random = crate::demo::world::Random::new(hash(text));
    format!("{:016x}{:016x}{:016x}{:016x}", random.bits(), random.bits(), random.bits(), random.bits())
}

/// `imageID`: the repository and the digest.
pub fn image_id(full: &str) -> String {
    let (path, last) = full.rsplit_once('/').unwrap_or(("", full));
    let repository = last.split([':', '@']).next().unwrap_or(last);
    format!("{path}/{repository}@sha256:{}", digest(full))
}

/// Bytes.
fn size(full: &str) -> i64 {
    8_000_000 + (hash(full) % 180_000_000) as i64
}

/// Why a container must wait.
pub enum Wait {
    /// Its image is on its way: nothing new to tell.
    Pulling,
    /// Reason and message of its waiting.
    Because(&'static str, String),
}

/// Sees to it that the image of a container is there.
///
/// # Errors
/// It is not, yet.
pub fn ensure(look: &mut Look, container: &Tree, list: &str, role: Role) -> Result<(), Wait> {
    let image = container.text("image");
    let (full, about) = (full_name(image), field(list, container));
    let present = look.node.tree.at("status.images").items().iter().any(|i| i["names"].items().iter().any(|n| *n == *full));
    let policy = container["imagePullPolicy"].as_str().unwrap_or(if full.ends_with(":latest") { "Always" } else { "IfNotPresent" });
    let broken = image.contains("no-such");
    let key = image.into();
    let pull = look.memo.pulls.get(&key).cloned();
    if present && policy != "Always" && pull.is_none() && !broken {
        look.say("Normal", "Pulled", &format!("Container image {image:?} already present on machine"), &about);
        return Ok(());
    }
    if policy == "Never" {
        let message = format!("Container image {image:?} is not present with pull policy of Never");
        look.say("Warning", "ErrImageNeverPull", &message, &about);
        look.say("Warning", "Failed", "Error: ErrImageNeverPull", &about);
        look.wake(look.now + 12 * SECOND);
        return Err(Wait::Because("ErrImageNeverPull", message));
    }
    let now = look.now;
    match pull {
        Some(pull) if pull.state == State::Pulling && now < pull.until => {
            look.wake(pull.until);
            Err(Wait::Pulling)
        }
        Some(pull) if pull.state == State::Pulling && broken => {
            let why = refusal(&full);
            look.say("Warning", "Failed", &format!("Failed to pull image {image:?}: {why}"), &about);
            look.say("Warning", "Failed", "Error: ErrImagePull", &about);
            let wait = (BACK_OFF << pull.tries.min(5)).min(LONGEST);
            look.memo.pulls.insert(key, Pull { began: now, until: now + wait, tries: pull.tries + 1, state: State::Failed });
            look.wake(now + 3 * SECOND);
            Err(Wait::Because("ErrImagePull", why))
        }
        Some(pull) if pull.state == State::Pulling => {
            let took = go_seconds(pull.until - pull.began);
            let message =
                format!("Successfully pulled image {image:?} in {took} ({took} including waiting). Image size: {} bytes.", size(&full));
            look.say("Normal", "Pulled", &message, &about);
            look.memo.pulls.remove(&key);
            if !present {
                keep(look, &full);
            }
            Ok(())
        }
        Some(pull) if now < pull.until => {
            let why = refusal(&full);
            if pull.state == State::Failed && now < pull.began + 3 * SECOND {
                look.wake(pull.began + 3 * SECOND);
                return Err(Wait::Because("ErrImagePull", why));
            }
            let message = format!("Back-off pulling image {image:?}");
            if pull.state == State::Failed {
                look.say("Normal", "BackOff", &message, &about);
                look.say("Warning", "Failed", "Error: ImagePullBackOff", &about);
            }
            look.wake(pull.until);
            look.memo.pulls.insert(key, Pull { state: State::BackOff, ..pull });
            Err(Wait::Because("ImagePullBackOff", format!("{message}: ErrImagePull: {why}")))
        }
        again => {
            let tries = again.map_or(0, |pull| pull.tries);
            let takes = if present { 250 } else { 500 + (size(&full) / 150_000).min(1400) };
            // Containers of one pod are pulled one after another; those of an image that is there take no time.
            let takes = if role == Role::Ephemeral { takes / 2 } else { takes };
            look.say("Normal", "Pulling", &format!("Pulling image {image:?}"), &about);
            look.memo.pulls.insert(key, Pull { began: now, until: now + takes, tries, state: State::Pulling });
            look.wake(now + takes);
            Err(Wait::Pulling)
        }
    }
}

/// Milliseconds as Go writes a duration.
fn go_seconds(millis: Millis) -> String {
    if millis < SECOND {
        return format!("{millis}ms");
    }
    let text = format!("{}.{:03}", millis / SECOND, millis % SECOND);
    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
}

/// What containerd says when there is no such image.
fn refusal(full: &str) -> String {
    let head = format!("failed to pull and unpack image {full:?}: failed to resolve reference {full:?}");
    if full.starts_with("docker.io/") {
        let tail = "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed";
        return format!("{head}: {tail}");
    }
    format!("rpc error: code = NotFound desc = {head}: {full}: not found")
}

/// The node has the image from now on.
fn keep(look: &mut Look, full: &str) {
    let image: Tree = json!({"names": [image_id(full), full], "sizeBytes": size(full)}).into();
    let node = look.world.update(&look.node.reference(), |tree| {
        let images = tree.at_mut("status.images").items_mut();
        images.push(image);
        if images.len() > KEPT {
            images.remove(0);
        }
    });
    if let Some(node) = node {
        look.node = node;
    }
}
