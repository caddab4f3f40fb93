//! How long a Job waits after a failure before it makes the next pod (`backoff_utils.go`).
//!
//! kube-controller-manager keeps a record; here it is read from the pods, which are there as long as the Job is.

use crate::demo::store::Object;
use crate::demo::world::{Millis, SECOND};
use crate::model::time;

/// The first wait, and the longest.
const WAIT: (Millis, Millis) = (10 * SECOND, 600 * SECOND);

fn at(text: &str) -> Option<Millis> {
    time::parse(text).map(|at| at * SECOND)
}

/// When a pod ended, as well as it can be told: `getFinishedTime`.
pub fn ended(pod: &Object) -> Millis {
    let statuses = pod.tree.at("status.containerStatuses").items();
    let times: Option<Vec<Millis>> = statuses.iter().map(|status| at(status.text("state.terminated.finishedAt"))).collect();
    if let Some(last) = times.and_then(|times| times.into_iter().max()) {
        return last;
    }
    let ready = pod.tree.item("status.conditions", "type", "Ready");
    if ready["status"] == "False"
        && let Some(since) = at(ready.text("lastTransitionTime"))
    {
        return since;
    }
    if let Some(gone) = at(pod.tree.text("metadata.deletionTimestamp")) {
        return gone - pod.tree.int("metadata.deletionGracePeriodSeconds", 0) * SECOND;
    }
    at(pod.tree.text("metadata.creationTimestamp")).unwrap_or(0)
}

/// Until when to wait after so many failures in a row, the last of them at a time; `None` when that is over.
pub fn until(failures: i64, last: Millis, now: Millis) -> Option<Millis> {
    if failures <= 0 {
        return None;
    }
    let wait = (WAIT.0 << (failures - 1).min(16)).min(WAIT.1);
    Some(last + wait).filter(|until| *until > now)
}

/// Until when a Job waits: failures after its last success count.
pub fn of_job<'a>(failed: impl Iterator<Item = &'a Object>, succeeded: impl Iterator<Item = &'a Object>, now: Millis) -> Option<Millis> {
    let success = succeeded.map(ended).max();
    let failures: Vec<Millis> = failed.map(ended).filter(|at| success.is_none_or(|success| *at > success)).collect();
    until(failures.len() as i64, failures.iter().copied().max()?, now)
}
