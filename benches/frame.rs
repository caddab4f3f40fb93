//! What a frame costs: the screen of 100,000 pods brought up to date and drawn, 200 cells wide and 50 high, with details
//! beside the table. `cargo bench --bench frame`
//!
//! | | budget | usual | with all 100,000 rows marked |
//! | --- | --- | --- | --- |
//! | `cursor_moves` | 2 ms | 0.30–0.38 ms | 0.31 ms |
//! | `one_changes` | 2 ms | 0.29–0.35 ms | 1.6–1.9 ms |
//! | `one_comes_and_one_goes` | 2 ms | 0.29–0.35 ms | 1.6–1.9 ms |
//!
//! Medians, on two shared cores of an Intel Xeon in the cloud that others kept busy (load 3 to 5). Built with `lto = false` and
//! 16 codegen units.

#![expect(clippy::expect_used, reason = "a bench may panic")]

mod pods;

use divan::Bencher;
use kubetui::commands;
use kubetui::event::Update;
use kubetui::keymap::{self, Keymap};
use kubetui::model::row::{Cell, Row, Source, Uid};
use kubetui::model::scope::Scope;
use kubetui::model::state::{Context, Truth};
use kubetui::model::store::Delta;
use kubetui::model::time::Clock;
use kubetui::theme::Theme;
use kubetui::view::draw;
use kubetui::view::place::Pane;
use kubetui::view::state::State;
use kubetui::view::tables::TableKey;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::pods::{NOW, pods, scatter};

const TOTAL: usize = 100_000;

/// How the table is looked at.
const LOOKS: [&str; 6] = ["plain", "by node", "web", "not healthy", "all marked", "at the end"];

fn main() {
    divan::main();
}

/// The Pods pane, and the glass it is drawn on.
struct Screen {
    state: State,
    key: TableKey,
    glass: Terminal<TestBackend>,
    rows: Vec<Row>,
}

impl Screen {
    fn new(look: &str) -> Screen {
        let (keymap, _) = Keymap::load(keymap::DEFAULT, None, &commands::names());
        let mut state = State::new(Clock::fixed(NOW), Theme::default(), keymap, Context::default(), Vec::new(), Scope::All);
        let rows = pods(TOTAL);
        state.usage.pods = pods::metrics(&rows);
        let key = state.pane_key(Pane::Pods);
        state.tables.look(&key);
        let glass = Terminal::new(TestBackend::new(200, 50)).expect("a screen");
        let mut screen = Screen { state, key, glass, rows };
        let deltas = screen.rows.iter().cloned().map(Delta::Upsert).collect();
        screen.hear(Update { deltas, truth: Some(Truth::Live), ..Update::default() });
        screen.draw();
        let (view, table) = screen.state.table_mut().expect("a table");
        match look {
            "by node" => view.sort(Source::Cell(4)),
            "web" => view.filter("web"),
            "not healthy" => view.only_unhealthy(true),
            "all marked" => view.mark_all(table),
            "at the end" => view.go(table, TOTAL - 2000),
            _ => {}
        }
        screen.draw();
        screen
    }

    /// The watch has something to say.
    fn hear(&mut self, update: Update) {
        self.state.tables.apply(&self.key, 0, update, None, NOW);
    }

    fn delta(&mut self, delta: Delta) {
        self.hear(Update { deltas: vec![delta], ..Update::default() });
    }

    /// The cursor goes down one row.
    fn down(&mut self) {
        let (view, table) = self.state.table_mut().expect("a table");
        let at = view.cursor() + 1;
        if at == view.len() {
            view.go(table, 0);
        } else {
            view.step(table, 1);
        }
    }

    /// What the loop does for a frame.
    fn draw(&mut self) {
        self.state.refresh();
        self.state.hints = commands::hints(&self.state);
        let state = &mut self.state;
        self.glass.draw(|frame| draw::draw(state, frame)).expect("drawn");
    }
}

/// The cursor moves, and that is drawn. Budget: 2 ms.
#[divan::bench(args = LOOKS, sample_count = 1000, sample_size = 1)]
fn cursor_moves(bencher: Bencher, look: &str) {
    let mut screen = Screen::new(look);
    bencher.bench_local(|| {
        screen.down();
        screen.draw();
    });
}

/// A pod somewhere restarts, and the screen is drawn. Budget: 2 ms.
#[divan::bench(args = LOOKS, sample_count = 1000, sample_size = 1)]
fn one_changes(bencher: Bencher, look: &str) {
    let mut screen = Screen::new(look);
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        let mut row = screen.rows[scatter(number) % TOTAL].clone();
        row.cells[2] = Cell::Restarts(100 + number as u32, Some(NOW));
        screen.delta(Delta::Upsert(row));
        screen.draw();
    });
}

/// A pod goes and another comes, and the screen is drawn. Budget: 2 ms.
#[divan::bench(args = LOOKS, sample_count = 1000, sample_size = 1)]
fn one_comes_and_one_goes(bencher: Bencher, look: &str) {
    let mut screen = Screen::new(look);
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        let at = scatter(number) % TOTAL;
        screen.delta(Delta::Remove(screen.rows[at].uid.clone()));
        screen.rows[at].uid = Uid::new(&format!("{number:08x}-2222-4222-8333-{at:012x}"));
        screen.delta(Delta::Upsert(screen.rows[at].clone()));
        screen.draw();
    });
}
