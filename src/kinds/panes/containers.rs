//! The containers of one pod, as a table: `enter` on a pod leads here.

use std::sync::Arc;

use super::{Feeds, Weave, columns, no_labels, pseudo};
use crate::kinds::{Head, NAME, number, pods, text};
use crate::model::facts::{Container, Ended, Facts, Port, Role, State};
use crate::model::kind::Kind;
use crate::model::row::{Cell, Column, Health, Row, Uid};
use crate::model::store::Delta;
use crate::model::time;

const HEADS: &[Head] = &[
    NAME,
    text("ROLE"),
    text("READY"),
    text("STATE"),
    text("RESTARTS"),
    text("LAST STATE"),
    number("CPU REQ/LIM"),
    number("MEM REQ/LIM"),
    text("PORTS"),
    text("PROBES"),
    text("IMAGE"),
];

/// Makes a row of each container of the pod with this UID: another pod of the same name is not taken for it.
#[derive(Debug)]
pub struct Containers {
    pod: Uid,
    name: Arc<str>,
    kind: Arc<Kind>,
    shown: Vec<Uid>,
}

impl Containers {
    /// For one pod.
    pub fn new(pod: Uid, name: Arc<str>) -> Containers {
        Containers { pod, name, kind: pseudo("Container", "containers"), shown: Vec::new() }
    }
}

impl Weave for Containers {
    fn columns(&self) -> Arc<[Column]> {
        // All are in one pod: the first column would say the same in each row.
        columns(HEADS)[1..].into()
    }

    fn feeds(&self) -> Feeds {
        Feeds {
            kinds: vec![Arc::new(pods::POD.as_kind())],
            fields: Some(format!("metadata.name={}", self.name).into()),
            ..Feeds::default()
        }
    }

    fn weave(&mut self, _: usize, deltas: Vec<Delta>, out: &mut Vec<Delta>) {
        for delta in deltas {
            match delta {
                Delta::Upsert(row) if row.uid == self.pod => {
                    let Facts::Pod(facts) = &row.facts else { continue };
                    let rows: Vec<Row> = facts.containers.iter().enumerate().map(|(at, container)| self.row(&row, at, container)).collect();
                    let now: Vec<Uid> = rows.iter().map(|row| row.uid.clone()).collect();
                    out.extend(self.shown.iter().filter(|uid| !now.contains(uid)).cloned().map(Delta::Remove));
                    out.extend(rows.into_iter().map(Delta::Upsert));
                    self.shown = now;
                }
                Delta::Remove(uid) if uid == self.pod => out.extend(self.shown.drain(..).map(Delta::Remove)),
                _ => {}
            }
        }
    }
}

impl Containers {
    fn row(&self, pod: &Row, at: usize, container: &Container) -> Row {
        let spec = &container.spec;
        let role = match spec.role {
            Role::App => "app",
            Role::Init => "init",
            Role::Sidecar => "sidecar",
            Role::Ephemeral => "ephemeral",
        };
        let (state, condition, message) = state(container);
        let created = match container.state {
            State::Running(since) => since,
            _ => pod.created,
        };
        Row {
            kind: self.kind.clone(),
            // A container has no UID of its own; its place keeps the order of the pod.
            uid: Uid::Other(format!("{}/{at:03}/{}", self.pod, spec.name).into()),
            version: pod.version.clone(),
            namespace: pod.namespace.clone(),
            name: (&*spec.name).into(),
            labels: no_labels(),
            owner: None,
            created,
            deleting: pod.deleting,
            cells: vec![
                Cell::Text(role.into()),
                Cell::Text(if container.ready { "yes" } else { "no" }.into()),
                Cell::Status(state.into(), condition),
                Cell::Restarts(container.restarts, container.last.as_ref().and_then(|ended| ended.finished)),
                container.last.as_ref().map_or(Cell::Text("".into()), |ended| Cell::Text(ended_words(ended).into())),
                pair(spec.requests.cpu, spec.limits.cpu, cpu),
                pair(spec.requests.memory, spec.limits.memory, memory),
                Cell::Text(ports(&spec.ports).into()),
                Cell::Text(spec.probes.clone()),
                Cell::Text(spec.image.clone()),
            ]
            .into(),
            facts: Facts::None,
            condition,
            // Another container's restart does not make this one unsettled.
            unsettled_until: if container.restarts > 0 { pod.unsettled_until } else { 0 },
            message,
        }
    }
}

fn state(container: &Container) -> (String, Health, Option<Arc<str>>) {
    match &container.state {
        State::Unknown => ("Waiting".into(), Health::Progressing, None),
        State::Waiting { reason, message } => {
            let bad = matches!(&**reason, "CrashLoopBackOff" | "ImagePullBackOff" | "InvalidImageName") || reason.contains("Err");
            let health = if bad { Health::Unhealthy } else { Health::Progressing };
            (reason.to_string(), health, (!message.is_empty()).then(|| message.clone()))
        }
        State::Running(_) if container.ready || matches!(container.spec.role, Role::Ephemeral | Role::Init) => {
            ("Running".into(), Health::Healthy, None)
        }
        State::Running(_) => ("Running, not ready".into(), Health::Progressing, None),
        State::Terminated(ended) => {
            let health = if ended.code == 0 { Health::Healthy } else { Health::Unhealthy };
            (ended_words(ended), health, None)
        }
    }
}

/// `OOMKilled 137`, `Completed`, `Error 1`; the time stands in RESTARTS.
fn ended_words(ended: &Ended) -> String {
    let reason = if ended.reason.is_empty() { "Terminated" } else { &ended.reason };
    let mut words = match (ended.code, ended.signal) {
        (0, _) => reason.to_owned(),
        (code, 0) => format!("{reason} {code}"),
        (code, signal) => format!("{reason} {code}, signal {signal}"),
    };
    if let (Some(started), Some(finished)) = (ended.started, ended.finished) {
        words.push_str(" after ");
        time::write_age(&mut words, finished - started);
    }
    words
}

fn pair(request: i64, limit: i64, spell: fn(i64) -> String) -> Cell {
    let or_dash = |value: i64| if value == 0 { "–".to_owned() } else { spell(value) };
    Cell::Quantity(format!("{}/{}", or_dash(request), or_dash(limit)).into(), request)
}

/// Thousandths of a core as kubectl top has them: `250m`, `2`.
pub fn cpu(millis: i64) -> String {
    if millis % 1000 == 0 { (millis / 1000).to_string() } else { format!("{millis}m") }
}

/// Bytes as kubectl top has them, in the largest unit that loses little: `128Mi`, `3Gi`.
pub fn memory(bytes: i64) -> String {
    const UNITS: [&str; 6] = ["", "Ki", "Mi", "Gi", "Ti", "Pi"];
    let mut value = bytes as f64;
    let mut unit = 0;
    // Four digits before the next unit: 1536Mi says more than 1Gi.
    while value >= 10_000.0 && unit + 1 < UNITS.len()
        || (unit < 2 && value >= 1024.0)
        || (unit < 5 && value >= 1024.0 && value % 1024.0 == 0.0)
    {
        value /= 1024.0;
        unit += 1;
    }
    format!("{:.0}{}", value, UNITS[unit])
}

fn ports(ports: &[Port]) -> String {
    let one = |port: &Port| {
        let protocol = if &*port.protocol == "TCP" || port.protocol.is_empty() { String::new() } else { format!("/{}", port.protocol) };
        if port.name.is_empty() { format!("{}{protocol}", port.number) } else { format!("{}:{}{protocol}", port.name, port.number) }
    };
    ports.iter().map(one).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_spelled_shortly() {
        assert_eq!(cpu(250), "250m");
        assert_eq!(cpu(2000), "2");
        for (bytes, text) in [
            (0, "0"),
            (128 << 20, "128Mi"),
            (1 << 30, "1Gi"),
            (1536 << 20, "1536Mi"),
            (100 << 30, "100Gi"),
            (4 << 40, "4Ti"),
            (2048, "2Ki"),
            (50_000_000, "48Mi"),
        ] {
            assert_eq!(memory(bytes), text, "{bytes}");
        }
    }
}
