//! A program without a cluster, and its screen as text.

use super::*;

/// A state, what feeds it, and a screen.
pub struct Stage {
    pub state: State,
    pub feeder: Feeder,
    size: (u16, u16),
}

impl Stage {
    /// The sample, connected and live, on a screen of this size.
    pub fn new(size: (u16, u16)) -> Stage {
        let mut stage = Stage::bare(size, Feeder::new(sample::objects()));
        sample::connect(&mut stage.state);
        stage
    }

    /// Nothing connected yet.
    pub fn bare(size: (u16, u16), feeder: Feeder) -> Stage {
        let (theme, problems) = Theme::load(theme::DARK, None, Depth::Truecolor);
        assert!(problems.is_empty(), "{problems:?}");
        let (keymap, problems) = Keymap::load(keymap::DEFAULT, None, &commands::names());
        assert!(problems.is_empty(), "{problems:?}");
        let contexts = sample::contexts();
        let mut state = State::new(Clock::fixed(NOW), theme, keymap, contexts[0].clone(), contexts, Scope::All);
        state.catalog = Catalog::builtin();
        state.size = size;
        Stage { state, feeder, size }
    }

    /// Carries out a command line, as a key would.
    pub fn run(&mut self, line: &str) -> &mut Stage {
        self.settle();
        commands::run(&mut self.state, &mut Vec::new(), line);
        self.settle();
        self
    }

    /// The cursor on a row of this name.
    pub fn on(&mut self, name: &str) -> &mut Stage {
        self.settle();
        let (view, table) = self.state.table_mut().expect("a table");
        let at = (0..view.len()).find(|&at| view.row(table, at).is_some_and(|(row, _)| &*row.name == name)).expect("the row is there");
        view.go(table, at);
        self.settle();
        self
    }

    /// The filter as it is being typed.
    pub fn typing(&mut self, filter: &str) -> &mut Stage {
        self.run("filter");
        if let Some((view, _)) = self.state.table_mut() {
            view.filter(filter);
        }
        self.state.overlay = Overlay::Filter(Line::new(filter), String::new());
        self
    }

    /// Text typed into the list that is open.
    pub fn picking(&mut self, text: &str) -> &mut Stage {
        let Overlay::Picker(picker) = &mut self.state.overlay else { panic!("no list is open") };
        picker.line.insert(text);
        commands::typed(&mut self.state);
        self
    }

    /// A search in what is open, taken.
    pub fn searching(&mut self, text: &str) -> &mut Stage {
        let Overlay::Search(line, _) = &mut self.state.overlay else { panic!("no search is open") };
        line.insert(text);
        self.run("accept")
    }

    pub fn settle(&mut self) {
        self.feeder.feed(&mut self.state);
    }

    /// The screen as it is drawn.
    pub fn draw(&mut self) -> Buffer {
        self.draw_at(self.size)
    }

    /// The screen of another size.
    pub fn draw_at(&mut self, size: (u16, u16)) -> Buffer {
        self.settle();
        self.state.hints = commands::hints(&self.state);
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a screen");
        terminal.draw(|frame| draw::draw(&mut self.state, frame)).expect("drawn");
        terminal.backend().buffer().clone()
    }

    /// The screen as text.
    pub fn text(&mut self) -> String {
        text(&self.draw())
    }

    /// The screen as text, and below it a letter for the look of each cell.
    pub fn looks(&mut self) -> String {
        let buffer = self.draw();
        format!("{}\n{}", text(&buffer), looks(&buffer))
    }
}

/// The text of a screen, without spaces at the ends of its lines.
pub fn text(buffer: &Buffer) -> String {
    let width = buffer.area.width.max(1) as usize;
    let mut out = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            // The second half of a wide character is a cell of its own, and is not written.
            if skip == 0 {
                line.push_str(cell.symbol());
                skip = kubetui::view::text::width(cell.symbol()).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The looks of a screen: a letter for each, `.` for the plain one, and what the letters mean.
pub fn looks(buffer: &Buffer) -> String {
    let width = buffer.area.width.max(1) as usize;
    let mut known: Vec<(Color, Color, Modifier)> = vec![(Color::Reset, Color::Reset, Modifier::empty())];
    let mut out = String::new();
    for row in buffer.content.chunks(width) {
        let line: String = row
            .iter()
            .map(|cell| {
                let look = (cell.fg, cell.bg, cell.modifier);
                let at = known.iter().position(|other| *other == look).unwrap_or_else(|| {
                    known.push(look);
                    known.len() - 1
                });
                if at == 0 { '.' } else { char::from(b'a' + (at as u8 - 1)) }
            })
            .collect();
        out.push_str(line.trim_end_matches('.'));
        out.push('\n');
    }
    for (at, (fg, bg, modifier)) in known.iter().enumerate().skip(1) {
        let _ = writeln!(out, "{} = {fg} on {bg} {modifier:?}", char::from(b'a' + (at as u8 - 1)));
    }
    out
}
