//! The one table: header, rows, cursor, marks. Only the rows on the screen are formatted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::columns::{self, Fit, Fitted, GAP};
use super::{Cut, notice, put, put_cell, usage};
use crate::model::metrics::Metrics;
use crate::model::row::{Align, Cell, Column, Health, Row, Source};
use crate::model::time::Seconds;
use crate::theme::{Scope, Theme};
use crate::view::hits::{Hits, Spot};
use crate::view::state::{State, View};
use crate::view::table::TableView;
use crate::view::text;

/// The cursor's bar and the mark stand before the first column.
const GUTTER: u16 = 2;

/// Draws the table on the screen.
pub fn draw(state: &mut State, buffer: &mut Buffer, area: Rect, hits: &mut Hits) {
    let now = state.clock.now();
    let Some(View::Table(view)) = state.stack.last_mut() else { return };
    view.height = area.height.saturating_sub(1) as usize;
    view.scroll();
    let Some(table) = state.tables.get(&view.place.key) else { return };
    let nodes = view.place.key.kind().is_some_and(|kind| &*kind.plural == "nodes" && kind.group.is_empty());
    let metrics = if nodes { &state.usage.nodes } else { &state.usage.pods };
    let inside = Rect { x: area.x + GUTTER, width: area.width.saturating_sub(GUTTER), ..area };
    let measured = !metrics.is_empty();
    if measured {
        for at in view.top..view.len().min(view.top + view.height) {
            if let Some((row, _)) = view.row(table, at) {
                view.spent = usage::widen(view.spent, row, metrics, nodes);
            }
        }
    }
    let shown: Vec<_> = view.columns().filter(|(_, column)| measured || !matches!(column.source, Source::Cpu | Source::Memory)).collect();
    let sorted = shown.iter().find(|(_, column)| view.shows_sorted && view.place.sorting.by == Some(column.source)).map(|(at, _)| *at);
    let fit = columns::fit_with(&shown, sorted, &table.store, view.spent, view.left, inside.width);
    view.left = fit.left;
    let painter = Painter { view, metrics, nodes, theme: &state.theme, now };
    if !table.store.is_empty() {
        painter.head(buffer, inside, &fit, hits);
    }
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
            painter.row(buffer, place, &fit.shown, row, ghost, at == view.cursor(), &mut line);
            hits.put(place, Spot::Row(row.uid.clone()));
        }
    }
}

struct Painter<'a> {
    view: &'a TableView,
    metrics: &'a Metrics,
    nodes: bool,
    theme: &'a Theme,
    now: Seconds,
}

impl Painter<'_> {
    fn column(&self, fitted: &Fitted) -> Option<&Column> {
        self.view.column(fitted.index)
    }

    fn head(&self, buffer: &mut Buffer, area: Rect, fit: &Fit, hits: &mut Hits) {
        let sort = self.view.place.sorting;
        for place in &fit.shown {
            let Some(column) = self.column(place) else { continue };
            let sorted = sort.by.unwrap_or(Source::Name) == column.source;
            let style = self.theme.style(if sorted { Scope::HeadSorted } else { Scope::Head });
            let name = text::safe(&column.name);
            let measure = match column.source {
                Source::Cpu | Source::Memory if self.nodes => " /node",
                Source::Cpu | Source::Memory => " /req",
                _ => "",
            };
            let measure = if text::width(&name) + measure.len() <= place.width as usize { measure } else { "" };
            let wide = (text::width(&name) + measure.len()) as u16;
            let x = area.x + place.x + if column.align == Align::Right { place.width.saturating_sub(wide) } else { 0 };
            hits.run(area.x + place.x, area.y, place.width, format!("sort {}", column.name));
            let end = put(buffer, x, area.y, &name, place.width, style);
            let end = put(buffer, end, area.y, measure, place.width, self.theme.style(Scope::Head));
            if sorted {
                // Within the column where there is room, else in the gap behind it: the header stays where its cells are.
                let room = (area.x + place.x + place.width + GAP - 1).min(area.right()).saturating_sub(end);
                let arrow = match (sort.descending, room > 1 && column.align == Align::Left) {
                    (false, true) => " ↑",
                    (true, true) => " ↓",
                    (false, false) => "↑",
                    (true, false) => "↓",
                };
                put(buffer, end, area.y, arrow, room, style);
            }
        }
        let style = self.theme.style(Scope::Head);
        if fit.hidden > 0 && area.width > 4 {
            put(buffer, area.right() - 2, area.y, " ›", 2, style);
        }
        if fit.left > 0 {
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
            let style = self.cell(row, column, place.width, line);
            let style = gone.unwrap_or(if marked && column.source == Source::Name { self.theme.style(Scope::Mark) } else { style });
            let words = matches!(column.source, Source::Cell(at) if matches!(row.cells.get(usize::from(at)), Some(Cell::Status(..))));
            let cut = if words { Cut::End } else { Cut::Middle };
            put_cell(buffer, area.x + GUTTER + place.x, area.y, line, place.width, column.align, cut, style);
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
    fn cell(&self, row: &Row, column: &Column, width: u16, line: &mut String) -> Style {
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
            Source::Cpu => self.used(usage::cpu_of(row, self.metrics, self.nodes), 0, width, line),
            Source::Memory => self.used(usage::memory_of(row, self.metrics, self.nodes), 1, width, line),
            Source::Cell(at) => {
                let Some(cell) = row.cells.get(usize::from(at)) else { return plain };
                cell.write(line, self.now);
                match cell {
                    Cell::Status(_, health) => self.theme.style(of_health(*health)),
                    Cell::None | Cell::Unknown | Cell::Age(_) | Cell::Span(..) => dim,
                    Cell::Ratio(have, want) if have < want => self.theme.style(of_health(row.health(self.now).max(Health::Progressing))),
                    Cell::Restarts(count, _) => {
                        // The number says more than half of the time beside it.
                        if line.len() > width as usize {
                            line.clear();
                            Cell::Number((*count).into()).write(line, self.now);
                        }
                        if *count > 0 && self.now < row.unsettled_until { self.theme.style(Scope::Progressing) } else { plain }
                    }
                    _ => plain,
                }
            }
        }
    }

    fn used(&self, used: usage::Use, at: usize, width: u16, line: &mut String) -> Style {
        used.write(self.view.spent[at], width, line);
        match used.share {
            Some(share) if share >= 0.75 => self.theme.bar(share),
            _ if used.used.is_empty() => self.theme.style(Scope::Dim),
            _ => self.theme.style(Scope::Text),
        }
    }
}

/// The look of a health.
pub fn of_health(health: Health) -> Scope {
    match health {
        Health::Healthy => Scope::Good,
        Health::Progressing => Scope::Progressing,
        Health::Unhealthy => Scope::Bad,
    }
}
