//! The one table: header, rows, cursor, marks. Only the rows on the screen are formatted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::columns::{self, Fitted};
use super::{notice, put, put_middle};
use crate::kinds::panes::containers::{cpu, memory};
use crate::model::facts::{Facts, Resources};
use crate::model::metrics::Metrics;
use crate::model::row::{Align, Cell, Column, Health, Row, Source};
use crate::model::time::Seconds;
use crate::theme::{Scope, Theme};
use crate::view::state::{State, View};
use crate::view::table::TableView;
use crate::view::text;

/// The cursor's bar and the mark stand before the first column.
const GUTTER: u16 = 2;

/// Draws the table on the screen.
pub fn draw(state: &mut State, buffer: &mut Buffer, area: Rect) {
    let now = state.clock.now();
    let Some(View::Table(view)) = state.stack.last_mut() else { return };
    view.height = area.height.saturating_sub(1) as usize;
    view.scroll();
    let Some(table) = state.tables.get(&view.place.key) else { return };
    let nodes = view.place.key.kind().is_some_and(|kind| &*kind.plural == "nodes" && kind.group.is_empty());
    let usage = if nodes { &state.usage.nodes } else { &state.usage.pods };
    let inside = Rect { x: area.x + GUTTER, width: area.width.saturating_sub(GUTTER), ..area };
    let measured = !usage.is_empty();
    let shown = view.columns().filter(|(_, column)| measured || !matches!(column.source, Source::Cpu | Source::Memory));
    let (fitted, hidden) = columns::fit(shown, &table.store, view.left, inside.width);
    let painter = Painter { view, usage, nodes, theme: &state.theme, now };
    painter.head(buffer, inside, &fitted, hidden);
    if view.is_empty() {
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        notice::empty(state, buffer, body);
        return;
    }
    let mut line = String::new();
    for y in 0..view.height.min(view.len() - view.top) {
        let at = view.top + y;
        if let Some((row, ghost)) = view.row(table, at) {
            let place = Rect { y: area.y + 1 + y as u16, height: 1, ..area };
            painter.row(buffer, place, &fitted, row, ghost, at == view.cursor(), &mut line);
        }
    }
}

struct Painter<'a> {
    view: &'a TableView,
    usage: &'a Metrics,
    nodes: bool,
    theme: &'a Theme,
    now: Seconds,
}

impl Painter<'_> {
    fn column(&self, fitted: &Fitted) -> Option<&Column> {
        self.view.column(fitted.index)
    }

    fn head(&self, buffer: &mut Buffer, area: Rect, fitted: &[Fitted], hidden: usize) {
        let sort = self.view.place.sorting;
        for place in fitted {
            let Some(column) = self.column(place) else { continue };
            let sorted = sort.by.unwrap_or(Source::Name) == column.source;
            let style = self.theme.style(if sorted { Scope::HeadSorted } else { Scope::Head });
            let name = text::safe(&column.name);
            let words = match (sorted, sort.descending) {
                (true, false) => format!("{name} ↑"),
                (true, true) => format!("{name} ↓"),
                _ => name.into_owned(),
            };
            let words = if column.align == Align::Right { text::pad(&words, place.width as usize, Align::Right) } else { words };
            put(buffer, area.x + place.x, area.y, &words, place.width, style);
        }
        let style = self.theme.style(Scope::Head);
        if hidden > 0 && area.width > 4 {
            put(buffer, area.right() - 2, area.y, " ›", 2, style);
        }
        if self.view.left > 0 {
            put(buffer, area.x.saturating_sub(2), area.y, "‹", 1, style);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call, in the loop above it")]
    fn row(&self, buffer: &mut Buffer, area: Rect, fitted: &[Fitted], row: &Row, ghost: bool, cursor: bool, line: &mut String) {
        let marked = self.view.marks.contains(&row.uid);
        let gone = ghost.then(|| self.theme.style(Scope::Gone));
        for place in fitted {
            let Some(column) = self.column(place) else { continue };
            line.clear();
            let style = self.cell(row, column, line);
            let style = gone.unwrap_or(if marked && column.source == Source::Name { self.theme.style(Scope::Mark) } else { style });
            let x = area.x + GUTTER + place.x;
            if column.align == Align::Right {
                let safe = text::safe(line);
                let fitted = text::fit_middle(&safe, place.width as usize);
                let room = place.width.saturating_sub(text::width(&fitted) as u16);
                put(buffer, x + room, area.y, &fitted, place.width - room, style);
            } else {
                put_middle(buffer, x, area.y, line, place.width, style);
            }
        }
        if marked {
            put(buffer, area.x + 1, area.y, "✓", 1, self.theme.style(Scope::Mark));
        }
        if cursor {
            buffer.set_style(area, self.theme.style(Scope::Cursor));
            put(buffer, area.x, area.y, "▌", 1, self.theme.style(Scope::CursorBar));
        }
    }

    /// Writes a cell's text and gives its look.
    fn cell(&self, row: &Row, column: &Column, line: &mut String) -> Style {
        let plain = self.theme.style(Scope::Text);
        let dim = self.theme.style(Scope::Dim);
        match column.source {
            Source::Namespace => {
                line.push_str(&row.namespace);
                dim
            }
            Source::Name => {
                line.push_str(&row.name);
                plain
            }
            Source::Age => {
                if row.created == 0 {
                    line.push_str("<unknown>");
                } else {
                    Cell::Age(row.created).write(line, self.now);
                }
                dim
            }
            Source::Labels => {
                for (at, (key, value)) in row.labels.iter().enumerate() {
                    line.push_str(if at > 0 { "," } else { "" });
                    line.push_str(key);
                    line.push('=');
                    line.push_str(value);
                }
                dim
            }
            Source::Cpu => self.used(row, line, |of| of.cpu, cpu),
            Source::Memory => self.used(row, line, |of| of.memory, memory),
            Source::Cell(at) => {
                let Some(cell) = row.cells.get(usize::from(at)) else { return plain };
                cell.write(line, self.now);
                match cell {
                    Cell::Status(_, health) => self.theme.style(of_health(*health)),
                    Cell::None | Cell::Unknown | Cell::Age(_) | Cell::Span(..) => dim,
                    Cell::Ratio(have, want) if have < want => self.theme.style(of_health(row.health(self.now).max(Health::Progressing))),
                    Cell::Restarts(1.., _) if self.now < row.unsettled_until => self.theme.style(Scope::Progressing),
                    _ => plain,
                }
            }
        }
    }

    /// What is used beside what was asked for: `12m ▂ 250m`; of nodes, beside what there is.
    fn used(&self, row: &Row, line: &mut String, pick: fn(Resources) -> i64, spell: fn(i64) -> String) -> Style {
        let of = match &row.facts {
            Facts::Pod(pod) => pick(pod.requests),
            Facts::Node(node) => pick(node.allocatable),
            _ => 0,
        };
        let Some(used) = self.usage.get(&row.namespace, &row.name).map(pick) else {
            if of > 0 && !self.nodes {
                line.push_str("– ");
                line.push_str(&spell(of));
            }
            return self.theme.style(Scope::Dim);
        };
        line.push_str(&spell(used));
        if of == 0 {
            return self.theme.style(Scope::Text);
        }
        let share = used as f64 / of as f64;
        if self.nodes {
            line.push_str(&format!(" {:.0}%", share * 100.0));
        } else {
            line.push(' ');
            line.push(bar(share));
            line.push(' ');
            line.push_str(&spell(of));
        }
        if share >= 0.75 { self.theme.bar(share) } else { self.theme.style(Scope::Text) }
    }
}

/// One of eight heights for a share of what was asked for; more than that is full.
fn bar(share: f64) -> char {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    BARS[((share * 8.0) as usize).min(7)]
}

/// The look of a health.
pub fn of_health(health: Health) -> Scope {
    match health {
        Health::Healthy => Scope::Good,
        Health::Progressing => Scope::Progressing,
        Health::Unhealthy => Scope::Bad,
    }
}
