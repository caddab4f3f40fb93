//! Startup, readiness and liveness probes: when they pass, by the spec's times and the program's behaviour.

use super::behaviour::Behaviour;
use super::{Look, field};
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND};

/// A minute in which a flaky program is ready for the first part.
const CYCLE: Millis = 60 * SECOND;
const READY_PART: Millis = 40 * SECOND;
/// A program that hangs does so after this.
const HANGS: Millis = 30 * SECOND;

/// What the probes of a running container say.
pub struct Probed {
    /// `started`.
    pub started: bool,
    /// `ready`.
    pub ready: bool,
    /// It failed its liveness probe: which message its end is announced with.
    pub killed: bool,
}

fn seconds(probe: &Tree, key: &str, otherwise: i64) -> Millis {
    probe.int(key, otherwise) * SECOND
}

/// How a failed probe is told.
fn failure(look: &Look, kind: &str, probe: &Tree) -> String {
    let ip = look.pod.tree.text("status.podIP");
    let port = |of: &Tree| of["port"].as_i64().map_or_else(|| of.text("port").to_owned(), |port| port.to_string());
    let why = if !probe["httpGet"].is_null() {
        "HTTP probe failed with statuscode: 503".to_owned()
    } else if !probe["tcpSocket"].is_null() {
        format!("dial tcp {ip}:{}: connect: connection refused", port(&probe["tcpSocket"]))
    } else if !probe["grpc"].is_null() {
        format!("timeout: failed to connect service \"{ip}:{}\" within 1s: context deadline exceeded", port(&probe["grpc"]))
    } else {
        String::new()
    };
    format!("{kind} probe failed: {why}")
}

/// Tells of a failed probe, once in its period, and comes back for the next.
fn fails(look: &mut Look, container: &Tree, list: &str, kind: &'static str, probe: &Tree, since: Millis) {
    let period = seconds(probe, "periodSeconds", 10).max(SECOND);
    let key = (container.text("name").into(), kind);
    let due = look.memo.told.get(&key).map_or(since, |told| told + period);
    if look.now < due {
        look.wake(due);
        return;
    }
    let message = failure(look, kind, probe);
    look.say("Warning", "Unhealthy", &message, &field(list, container));
    look.memo.told.insert(key, look.now);
    look.wake(look.now + period);
}

/// Probes a container that has been running since `start`.
pub fn probe(look: &mut Look, container: &Tree, list: &str, behaviour: &Behaviour, start: Millis) -> Probed {
    let now = look.now;
    let mut probed = Probed { started: true, ready: false, killed: false };
    let startup = &container["startupProbe"];
    let mut up = start + behaviour.answers_after;
    if !startup.is_null() {
        up = up.max(start + seconds(startup, "initialDelaySeconds", 0).max(SECOND));
        if now < up {
            probed.started = false;
            look.wake(up);
            return probed;
        }
    }
    let liveness = &container["livenessProbe"];
    if behaviour.hangs && !liveness.is_null() {
        let period = seconds(liveness, "periodSeconds", 10);
        let first = start + HANGS.max(seconds(liveness, "initialDelaySeconds", 0));
        let dead = first + period * (liveness.int("failureThreshold", 3) - 1).max(0);
        if now >= dead {
            probed.killed = true;
            return probed;
        }
        if now >= first {
            fails(look, container, list, "Liveness", liveness, first);
        } else {
            look.wake(first);
        }
        look.wake(dead);
    }
    let readiness = &container["readinessProbe"];
    let ready_at = if readiness.is_null() {
        up
    } else {
        let again = seconds(readiness, "periodSeconds", 10) * (readiness.int("successThreshold", 1) - 1).max(0);
        up.max(start + seconds(readiness, "initialDelaySeconds", 0).max(SECOND)) + again
    };
    if now < ready_at {
        look.wake(ready_at);
        return probed;
    }
    let phase = (now - start).rem_euclid(CYCLE);
    probed.ready = !(behaviour.never_ready || behaviour.flaky && phase >= READY_PART);
    if behaviour.flaky {
        look.wake(now - phase + if phase < READY_PART { READY_PART } else { CYCLE });
    }
    if !probed.ready && !readiness.is_null() {
        fails(look, container, list, "Readiness", readiness, ready_at);
    }
    probed
}
