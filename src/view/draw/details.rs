//! The details of the row under the cursor: why it is not healthy, containers, owners, labels, events.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::table::of_health;
use super::{Cut, put, put_cell, put_end};
use crate::model::facts::{Condition, Container, Facts, Role, State as Doing};
use crate::model::reference::Reference;
use crate::model::row::{Align, Cell, Column, Health, Row, Source};
use crate::model::time::{self, Seconds};
use crate::theme::Scope;
use crate::view::state::State;
use crate::view::text;
use crate::view::wrap::broken_lines;

/// Labels stand before their values, so wide at least and at the most.
const LABEL: (u16, u16) = (11, 22);
/// From this height on long words go on in the next row.
const TALL: u16 = 20;

/// Draws the details.
pub fn draw(state: &State, buffer: &mut Buffer, area: Rect) {
    let Some(row) = state.selected() else { return };
    let labels = match &row.facts {
        Facts::Pod(pod) => pod.containers.iter().map(|container| text::width(&container.spec.name)).max(),
        Facts::None => cells(state, row).iter().map(|(column, _)| text::width(&column.name)).max(),
        _ => None,
    };
    let label = (labels.unwrap_or(0) as u16 + 2).clamp(LABEL.0, LABEL.1);
    let mut sheet = Sheet { state, buffer, area, y: area.y, now: state.now(), label };
    sheet.title(row);
    if let Some(message) = &row.message {
        let look = of_health(row.health(sheet.now));
        sheet.wrapped("why", message, look, 3);
    }
    if let Some(deleting) = row.deleting {
        sheet.field("deleting", &format!("since {}", time::age((sheet.now - deleting).max(0))), Scope::Progressing);
    }
    sheet.facts(row);
    sheet.owners(row);
    if !row.labels.is_empty() {
        let labels: Vec<String> = row.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        sheet.wrapped("labels", &labels.join("  "), Scope::Dim, 2);
    }
    sheet.events();
}

struct Sheet<'a> {
    state: &'a State,
    buffer: &'a mut Buffer,
    area: Rect,
    y: u16,
    now: Seconds,
    /// How wide labels are.
    label: u16,
}

impl Sheet<'_> {
    fn room(&self) -> u16 {
        self.area.bottom().saturating_sub(self.y)
    }

    /// How many rows one value may take: words are whole where there is room for them.
    fn rows(&self) -> u16 {
        if self.area.height >= TALL { 3 } else { 1 }
    }

    fn title(&mut self, row: &Row) {
        if self.room() == 0 {
            return;
        }
        // A group of events has no name of its own but what it says.
        let group = row.kind.version.is_empty() && matches!(row.facts, Facts::Event(_));
        let title = if group { row.name.to_string() } else { Reference::of(row).title() };
        let x =
            put_end(self.buffer, self.area.x + 1, self.y, &title, self.area.width.saturating_sub(2), self.state.theme.style(Scope::Strong));
        if !row.namespace.is_empty() {
            let words = format!("  in {}", row.namespace);
            put_end(self.buffer, x, self.y, &words, self.area.right().saturating_sub(x), self.state.theme.style(Scope::Dim));
        }
        self.y += 1;
    }

    fn label(&mut self, label: &str) -> u16 {
        let room = self.label.min(self.area.width.saturating_sub(1));
        put_cell(
            self.buffer,
            self.area.x + 1,
            self.y,
            label,
            room.saturating_sub(2),
            Align::Left,
            Cut::Middle,
            self.state.theme.style(Scope::Dim),
        );
        self.area.x + 1 + room
    }

    fn field(&mut self, label: &str, value: &str, look: Scope) {
        if self.room() == 0 || value.is_empty() {
            return;
        }
        let x = self.label(label);
        put_end(self.buffer, x, self.y, value, self.area.right().saturating_sub(x), self.state.theme.style(look));
        self.y += 1;
    }

    /// A value over so many rows at the most, broken between words.
    fn wrapped(&mut self, label: &str, value: &str, look: Scope, rows: u16) {
        if self.room() == 0 {
            return;
        }
        let x = self.label(label);
        let width = self.area.right().saturating_sub(x);
        let style = self.state.theme.style(look);
        let safe = text::safe(value);
        for line in broken_lines(&safe, width as usize, rows.min(self.room()).into()) {
            put(self.buffer, x, self.y, &line, width, style);
            self.y += 1;
        }
    }

    fn facts(&mut self, row: &Row) {
        match &row.facts {
            Facts::Pod(pod) => {
                let place: Vec<&str> = [&*pod.node, &*pod.ip].into_iter().filter(|words| !words.is_empty()).collect();
                self.field("node", &place.join("   "), Scope::Text);
                for container in &pod.containers {
                    // The newest events matter more than the tenth container.
                    if self.room() <= 2 {
                        break;
                    }
                    self.container(container);
                }
                self.conditions(&pod.conditions);
            }
            Facts::Service(service) => {
                let addresses: Vec<&str> = service.addresses.iter().chain(&service.external).map(|a| &**a).collect();
                self.field("type", &service.kind, Scope::Text);
                self.field("addresses", &addresses.join("  "), Scope::Text);
                let ports: Vec<String> = service
                    .ports
                    .iter()
                    .map(|port| {
                        let name = if port.name.is_empty() { String::new() } else { format!("{} ", port.name) };
                        let node = if port.node_port == 0 { String::new() } else { format!(", node port {}", port.node_port) };
                        format!(
                            "{name}{}/{} → {}{node}",
                            port.number,
                            port.protocol,
                            if port.target.is_empty() { port.number.to_string() } else { port.target.to_string() }
                        )
                    })
                    .collect();
                self.wrapped("ports", &ports.join("   "), Scope::Text, 2);
                let selector =
                    service.selector.as_ref().map_or_else(|| "none: its endpoints are made by somebody else".to_owned(), |s| s.to_string());
                self.field("selector", &selector, Scope::Text);
            }
            Facts::Workload(workload) => {
                if let Some((words, health)) = &workload.progress {
                    self.field("rollout", words, of_health(*health));
                }
                let counts = format!(
                    "{} desired   {} updated   {} ready   {} available",
                    workload.desired, workload.updated, workload.ready, workload.available
                );
                self.field("replicas", &counts, Scope::Text);
                let images: Vec<String> = workload.images.iter().map(|(name, image)| format!("{name}: {image}")).collect();
                self.wrapped("images", &images.join("   "), Scope::Text, 2);
                if let Some(selector) = &workload.selector {
                    self.field("selector", &selector.to_string(), Scope::Text);
                }
                self.conditions(&workload.conditions);
            }
            Facts::Node(node) => {
                let place: Vec<&str> = [&*node.zone, &*node.instance].into_iter().filter(|words| !words.is_empty()).collect();
                self.field("zone", &place.join("   "), Scope::Text);
                let taints: Vec<&str> = node.taints.iter().map(|taint| &**taint).collect();
                self.wrapped("taints", &taints.join("  "), Scope::Text, 2);
                self.conditions(&node.conditions);
            }
            Facts::Event(event) => {
                self.field("about", &format!("{}/{}", event.object_kind.to_lowercase(), event.object_name), Scope::Text);
                // A warning's words stand above already.
                if row.message.as_ref() != Some(&event.message) {
                    self.wrapped("message", &event.message, Scope::Text, 4);
                }
            }
            Facts::Selects(selector) => self.field("selector", &selector.to_string(), Scope::Text),
            Facts::None => {
                // What the table shortens or has no room for stands here in full.
                for (column, cell) in cells(self.state, row) {
                    self.wrapped(&column.name.to_lowercase(), &cell.text(self.now), Scope::Text, 2);
                }
            }
            Facts::Slice(_) | Facts::Definition(_) | Facts::Revision(_) => {}
        }
    }

    fn container(&mut self, container: &Container) {
        let role = match container.spec.role {
            Role::App => "",
            Role::Init => "init",
            Role::Sidecar => "sidecar",
            Role::Ephemeral => "ephemeral",
        };
        let ago = |at: Seconds| time::age((self.now - at).max(0));
        let message = match &container.state {
            Doing::Waiting { message, .. } => message.to_string(),
            _ => String::new(),
        };
        let (words, health) = match &container.state {
            Doing::Unknown => ("waiting".to_owned(), Health::Progressing),
            Doing::Waiting { reason, .. } => {
                let bad = reason.contains("BackOff") || reason.contains("Err");
                (reason.to_string(), if bad { Health::Unhealthy } else { Health::Progressing })
            }
            Doing::Running(since) if container.ready => (format!("running {}, ready", ago(*since)), Health::Healthy),
            Doing::Running(since) if matches!(container.spec.role, Role::Ephemeral) => {
                (format!("running {}", ago(*since)), Health::Healthy)
            }
            Doing::Running(since) => (format!("running {}, not ready", ago(*since)), Health::Progressing),
            Doing::Terminated(ended) => {
                let when = ended.finished.map(|at| format!(" {} ago", ago(at))).unwrap_or_default();
                (format!("{} {}{when}", ended.reason, ended.code), if ended.code == 0 { Health::Healthy } else { Health::Unhealthy })
            }
        };
        let mut line = if role.is_empty() { words } else { format!("{role}   {words}") };
        if container.restarts > 0 {
            line.push_str(&format!("   {} restarts", container.restarts));
        }
        if let Some(last) = &container.last {
            let when = last.finished.map(|at| format!(", {} ago", ago(at))).unwrap_or_default();
            line.push_str(&format!("   last {} {}{when}", last.reason, last.code));
        }
        if !message.is_empty() {
            line.push_str("   ");
            line.push_str(&message);
        }
        let look = if health == Health::Healthy { Scope::Text } else { of_health(health) };
        self.wrapped(&container.spec.name, &line, look, self.rows());
    }

    /// The conditions that say something: those that are not as they should be.
    fn conditions(&mut self, conditions: &[Condition]) {
        for condition in conditions {
            if self.room() <= 1 {
                return;
            }
            // Pressure and the like are good when False.
            let good_when_false =
                ["Pressure", "Unavailable", "Failure", "Failed", "Suspended"].iter().any(|end| condition.kind.ends_with(end));
            let good = (&*condition.status == "True") != good_when_false;
            if good {
                continue;
            }
            let words = [&*condition.kind, &*condition.status, &*condition.reason, &*condition.message];
            let words: Vec<&str> = words.into_iter().filter(|words| !words.is_empty()).collect();
            self.field("condition", &words.join("  "), Scope::Progressing);
        }
    }

    fn owners(&mut self, row: &Row) {
        let Some(owner) = &row.owner else { return };
        let known = self.state.details.of.as_ref().is_some_and(|of| of.uid == row.uid);
        let owners = if known { &self.state.details.owners[..] } else { std::slice::from_ref(owner) };
        let chain: Vec<String> = owners.iter().rev().map(|owner| format!("{}/{}", owner.kind, owner.name)).collect();
        self.field("owner", &chain.join(" ▸ "), Scope::Text);
    }

    fn events(&mut self) {
        let Some(table) = self.state.details.events.as_ref().and_then(|key| self.state.tables.get(key)) else { return };
        let mut events: Vec<(&Row, &crate::model::facts::EventFacts)> = table
            .store
            .iter()
            .filter_map(|row| match &row.facts {
                Facts::Event(event) => Some((row, &**event)),
                _ => None,
            })
            .collect();
        events.sort_by_key(|(_, event)| std::cmp::Reverse(event.last));
        for (at, (_, event)) in events.iter().enumerate() {
            if self.room() == 0 {
                return;
            }
            let age = time::age((self.now - event.last).max(0));
            let count = if event.count > 1 { format!(" ×{}", event.count) } else { String::new() };
            let look = if &*event.kind == "Warning" { Scope::Warning } else { Scope::Dim };
            let words = format!("{age:<5} {}{count}  {}", event.reason, event.message);
            self.wrapped(if at == 0 { "events" } else { "" }, &words, look, self.rows());
        }
    }
}

/// The cells of a row that say something, with their columns.
fn cells<'a>(state: &'a State, row: &'a Row) -> Vec<(&'a Column, &'a Cell)> {
    let Some(table) = state.table_view().and_then(|view| state.tables.get(&view.place.key)) else { return Vec::new() };
    let own = table.columns.iter().filter_map(|column| match column.source {
        Source::Cell(at) => Some((column, row.cells.get(usize::from(at))?)),
        _ => None,
    });
    own.filter(|(column, cell)| {
        let empty = matches!(cell, Cell::None | Cell::Unknown) || matches!(cell, Cell::Text(text) if text.is_empty());
        !empty && &*column.name != "NAME"
    })
    .collect()
}
