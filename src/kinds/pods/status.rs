//! READY, STATUS and RESTARTS of a pod, by the rule of kubectl's `printPod`.

use std::borrow::Cow;

use super::message::{ContainerStateTerminated, ContainerStatus, PodSpec, PodStatus};
use crate::model::time::Seconds;

/// What kubectl's columns say.
#[derive(Debug)]
pub struct Summary<'a> {
    /// STATUS.
    pub reason: Cow<'a, str>,
    /// Ready containers, sidecars among them.
    pub ready: u32,
    /// Containers, sidecars among them.
    pub total: u32,
    /// Restarts: of the init containers while they run, else of containers and sidecars.
    pub restarts: u32,
    /// When the run before the last of those restarts ended.
    pub last_restart: Option<Seconds>,
}

/// Restarts and the last one's time over some containers.
#[derive(Clone, Copy, Default)]
struct Restarts {
    count: u32,
    last: Option<Seconds>,
}

impl Restarts {
    fn add(&mut self, container: &ContainerStatus) {
        self.count += u32::try_from(container.restart_count()).unwrap_or(0);
        self.last = self.last.max(container.last_terminated().and_then(|t| t.finished_at?.seconds));
    }
}

/// kubectl's `printPod`.
pub fn summarize<'a>(spec: &PodSpec, status: &'a PodStatus, deleting: bool) -> Summary<'a> {
    let mut summary = Summary {
        reason: Cow::from(if status.reason.is_empty() { &status.phase } else { &status.reason }),
        ready: 0,
        total: (spec.containers.len() + spec.init_containers.iter().filter(|c| c.is_sidecar()).count()) as u32,
        restarts: 0,
        last_restart: None,
    };
    if status.conditions.iter().any(|c| c.kind == "PodScheduled" && c.reason == "SchedulingGated") {
        summary.reason = Cow::from("SchedulingGated");
    }
    let (initializing, all, sidecars) = init(spec, status, &mut summary);
    let mut restarts = all;
    if !initializing || status.holds("Initialized") {
        restarts = sidecars;
        main(status, &mut summary, &mut restarts);
    }
    if deleting && status.reason == "NodeLost" {
        summary.reason = Cow::from("Unknown");
    } else if deleting && !is_over(status) {
        summary.reason = Cow::from("Terminating");
    }
    summary.restarts = restarts.count;
    summary.last_restart = restarts.last;
    summary
}

/// The phase is final.
pub fn is_over(status: &PodStatus) -> bool {
    matches!(status.phase.as_str(), "Succeeded" | "Failed")
}

/// The init containers up to the first that has not done its part: whether there is one, and the restarts of all of them
/// and of the sidecars.
fn init<'a>(spec: &PodSpec, status: &'a PodStatus, summary: &mut Summary<'a>) -> (bool, Restarts, Restarts) {
    let (mut all, mut sidecars) = (Restarts::default(), Restarts::default());
    for (at, container) in status.init_container_statuses.iter().enumerate() {
        let sidecar = spec.init_containers.iter().any(|c| c.name == container.name && c.is_sidecar());
        all.add(container);
        if sidecar {
            sidecars.add(container);
        }
        let terminated = container.terminated();
        if terminated.is_some_and(|t| t.exit_code() == 0) {
            continue;
        }
        if sidecar && container.started() {
            summary.ready += u32::from(container.ready());
            continue;
        }
        let waiting = container.waiting().map_or("", |w| w.reason.as_str());
        summary.reason = match (terminated, waiting) {
            (Some(terminated), _) => format!("Init:{}", ended(terminated)),
            (None, "" | "PodInitializing") => format!("Init:{at}/{}", spec.init_containers.len()),
            (None, reason) => format!("Init:{reason}"),
        }
        .into();
        return (true, all, sidecars);
    }
    (false, all, sidecars)
}

/// The app containers, from the last to the first: the first one's reason is what stays.
fn main<'a>(status: &'a PodStatus, summary: &mut Summary<'a>, restarts: &mut Restarts) {
    let mut running = false;
    let mut error = None;
    for container in status.container_statuses.iter().rev() {
        restarts.add(container);
        if let Some(waiting) = container.waiting().filter(|w| !w.reason.is_empty()) {
            summary.reason = Cow::from(&waiting.reason);
        } else if let Some(terminated) = container.terminated() {
            summary.reason = ended(terminated);
            if terminated.exit_code() != 0 {
                error = Some(summary.reason.clone());
            }
        } else if container.ready() && container.running().is_some() {
            running = true;
            summary.ready += 1;
        }
    }
    if summary.reason == "Completed" {
        if running && status.holds("Ready") {
            summary.reason = Cow::from("Running");
        } else if let Some(error) = error {
            summary.reason = error;
        } else if running {
            summary.reason = Cow::from("NotReady");
        }
    }
}

/// The word for how a container ended.
fn ended(terminated: &ContainerStateTerminated) -> Cow<'_, str> {
    if !terminated.reason.is_empty() {
        Cow::from(&terminated.reason)
    } else if terminated.signal() != 0 {
        Cow::from(format!("Signal:{}", terminated.signal()))
    } else {
        Cow::from(format!("ExitCode:{}", terminated.exit_code()))
    }
}

/// How many of its readiness gates are True.
pub fn passed_gates(spec: &PodSpec, status: &PodStatus) -> u32 {
    spec.readiness_gates.iter().filter(|gate| status.holds(&gate.condition_type)).count() as u32
}
