//! What the program in a container does: its image's name says it.

use super::Look;
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND};

/// A Job's pod runs so long, where it does not say.
const JOB: Millis = 2 * SECOND;

/// The program in a container.
pub struct Behaviour {
    /// It ends by itself: after how long, with which code, and why.
    pub ends: Option<(Millis, i64, &'static str)>,
    /// It answers its probes after this.
    pub answers_after: Millis,
    /// It never becomes ready.
    pub never_ready: bool,
    /// It is ready for 40 seconds of each minute.
    pub flaky: bool,
    /// It stops answering its liveness probe after half a minute.
    pub hangs: bool,
}

/// Which list of a pod a container is in, and how it is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It ends before others start.
    Init,
    /// An init container that stays.
    Sidecar,
    /// A container.
    App,
    /// It was added for debugging.
    Ephemeral,
}

/// What the program of a container does.
pub fn of(look: &Look, container: &Tree, role: Role) -> Behaviour {
    let image = container.text("image");
    let is = |name: &str| image.contains(name);
    let owned_by_job = look.pod.controller().is_some_and(|owner| owner["kind"] == "Job");
    let run_for = look.annotation("kubetui.test/run-for");
    let ends = match role {
        Role::Ephemeral => None,
        Role::Init if is("wait") => None,
        _ if is("crash") => Some((SECOND, 1, "Error")),
        _ if is("oom") => Some((40 * SECOND, 137, "OOMKilled")),
        Role::Init => Some((SECOND, i64::from(is("fail")), if is("fail") { "Error" } else { "Completed" })),
        Role::Sidecar => None,
        Role::App if owned_by_job || run_for.is_some() => {
            let fails = is("fail");
            Some((run_for.unwrap_or(JOB), i64::from(fails), if fails { "Error" } else { "Completed" }))
        }
        Role::App => None,
    };
    Behaviour {
        ends,
        answers_after: if is("slow") { 5 * SECOND } else { 0 },
        never_ready: is("never-ready"),
        flaky: is("flaky"),
        hangs: is("hang"),
    }
}

/// Reads a duration as Go writes it (`1m30s`, `500ms`); `None` when it is none.
pub fn duration(text: &str) -> Option<Millis> {
    let mut rest = text.trim();
    let mut sum = 0f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let scale = match unit {
            "ms" => 1.0,
            "s" => 1e3,
            "m" => 60e3,
            "h" => 3600e3,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * scale;
        rest = after;
    }
    Some(sum as Millis)
}

/// Seconds as Go writes a duration: `10s`, `1m20s`, `5m0s`.
pub fn go_duration(seconds: i64) -> String {
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) }
}
