//! How good a pod's state is, and why it is no better, in the cluster's own words.

use std::fmt::Write;

use super::message::{ContainerStateTerminated, ContainerStatus, PodSpec, PodStatus};
use super::status::{Summary, is_over};
use crate::kinds::core::CoreCondition;
use crate::model::row::Health;

/// How many characters of a termination message are kept.
const LONGEST: usize = 300;

/// How the pod does. A container that crashed or cannot start makes it unhealthy, whatever word STATUS has for the pod;
/// what ends with the pod does not.
pub fn judge(status: &PodStatus, summary: &Summary<'_>, deleting: bool) -> Health {
    if status.phase == "Succeeded" {
        // What is on its way out is on its way, whatever else it is.
        return if deleting { Health::Progressing } else { Health::Healthy };
    }
    if matches!(status.phase.as_str(), "Failed" | "Unknown") || status.reason == "NodeLost" {
        return Health::Unhealthy;
    }
    if deleting {
        return Health::Progressing;
    }
    if culprit(status).is_some() || unschedulable(status) {
        return Health::Unhealthy;
    }
    match &*summary.reason {
        "Running" if status.holds("Ready") => Health::Healthy,
        "Completed" => Health::Healthy,
        _ => Health::Progressing,
    }
}

/// Why the pod is not healthy; `None` where STATUS says it all.
pub fn words(spec: &PodSpec, status: &PodStatus, condition: Health, deleting: bool) -> Option<String> {
    if condition == Health::Healthy {
        return None;
    }
    if !status.message.is_empty() {
        return Some(one_line(&status.message));
    }
    if deleting && !is_over(status) {
        return None;
    }
    if let Some(container) = culprit(status) {
        return Some(container_words(container));
    }
    let unmet = |kind: &str| status.condition(kind).filter(|c| !c.holds()).and_then(CoreCondition::words).map(one_line);
    if status.phase == "Pending" {
        // The containers' readiness is no news before they run.
        return unmet("PodScheduled").or_else(|| waiting_words(status)).or_else(|| unmet("Initialized"));
    }
    let gate = spec.readiness_gates.iter().filter_map(|gate| status.condition(&gate.condition_type)).find(|c| !c.holds());
    match gate.filter(|gate| !gate.message.is_empty()) {
        Some(gate) => Some(format!("{}: {}", gate.kind, one_line(&gate.message))),
        None => unmet("Ready"),
    }
}

/// The first container that is in a bad way.
fn culprit(status: &PodStatus) -> Option<&ContainerStatus> {
    status.init_container_statuses.iter().chain(&status.container_statuses).find(|c| is_broken(c))
}

/// Crashed, or waiting for something that does not come by itself.
fn is_broken(container: &ContainerStatus) -> bool {
    match (container.waiting(), container.terminated()) {
        (Some(waiting), _) => !matches!(waiting.reason.as_str(), "" | "ContainerCreating" | "PodInitializing"),
        (None, Some(terminated)) => terminated.exit_code() != 0 || terminated.signal() != 0,
        (None, None) => false,
    }
}

/// The scheduler found no node.
fn unschedulable(status: &PodStatus) -> bool {
    status.condition("PodScheduled").is_some_and(|c| !c.holds() && c.reason == "Unschedulable")
}

/// `app: OOMKilled, exit code 137, back-off 5m0s: what it left as its last words`.
fn container_words(container: &ContainerStatus) -> String {
    let mut out = format!("{}: ", container.name);
    match (container.waiting(), container.terminated(), container.last_terminated()) {
        (Some(waiting), _, Some(last)) if waiting.reason == "CrashLoopBackOff" => {
            push_end(&mut out, last);
            // Of "back-off 5m0s restarting failed container=app pod=web-1_shop(0f1e…)" the rest is known.
            let back_off = waiting.message.split(" restarting failed container").next().unwrap_or_default();
            if back_off.starts_with("back-off ") {
                out.push_str(", ");
                out.push_str(back_off);
            }
            push_last_words(&mut out, last);
        }
        (Some(waiting), ..) if waiting.message.is_empty() => out.push_str(&waiting.reason),
        (Some(waiting), ..) => out.push_str(&one_line(&waiting.message)),
        (None, Some(ended), _) => {
            push_end(&mut out, ended);
            push_last_words(&mut out, ended);
        }
        (None, None, _) => {}
    }
    out
}

/// `Error, exit code 1`, `signal 9`.
fn push_end(out: &mut String, end: &ContainerStateTerminated) {
    if !end.reason.is_empty() {
        out.push_str(&end.reason);
        out.push_str(", ");
    }
    // Writing to a String cannot fail.
    let _ = if end.signal() != 0 { write!(out, "signal {}", end.signal()) } else { write!(out, "exit code {}", end.exit_code()) };
}

fn push_last_words(out: &mut String, end: &ContainerStateTerminated) {
    if !end.message.is_empty() {
        out.push_str(": ");
        out.push_str(&one_line(&end.message));
    }
}

/// What the first container that waits says about it.
fn waiting_words(status: &PodStatus) -> Option<String> {
    let mut all = status.init_container_statuses.iter().chain(&status.container_statuses);
    let (container, waiting) = all.find_map(|c| Some((c, c.waiting().filter(|w| !w.message.is_empty())?)))?;
    Some(format!("{}: {}", container.name, one_line(&waiting.message)))
}

/// The text on one line, shortened: a termination message can be 4 KiB of log.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST));
    let mut left = LONGEST;
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        let length = word.chars().count() + 1;
        if length > left {
            out.extend(word.chars().take(left.saturating_sub(1)));
            out.push('…');
            break;
        }
        left -= length;
        out.push_str(word);
    }
    out
}
