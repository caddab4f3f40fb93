//! The loop. It owns everything that changes: state, watches, the connection. Tasks send events on one bounded channel;
//! keys come first, and what a key changes is drawn at once.

use std::io;
use std::time::{Duration, Instant};

use crossterm::event::Event as Input;
use rustc_hash::FxHashMap;
use tokio::sync::mpsc;

use crate::cluster::link::{self, LinkOwner, Route};
use crate::cluster::write::journal::Journal;
use crate::cluster::{logs, watch, write};
use crate::commands;
use crate::config::{Config, Flags};
use crate::drafts::Drafts;
use crate::effect::Effect;
use crate::event::{Event, WatchId, Wires};
use crate::model::draft::Left;
use crate::model::row::Uid;
use crate::model::scope::Scope;
use crate::remember::Memory;
use crate::terminal::signals::Signal;
use crate::view::draw;
use crate::view::place::Pane;
use crate::view::state::{Message, Overlay, State, Tone, View};
use crate::view::tables::TableKey;

mod acting;
mod contexts;
mod editing;
mod events;
mod forwards;
mod keeping;
mod keys;
mod logs_of;
mod looked;
mod making;
mod meanwhile;
mod mouse;
mod outside;
mod session;
mod settings;
pub mod surface;
mod tasks;

use surface::Surface;

/// What the cluster changes is drawn at most so often.
const FRAME: Duration = Duration::from_millis(16);
/// Ages, ghosts and polls are looked after so often.
const SECOND: Duration = Duration::from_secs(1);
/// How many events may wait: each is a batch.
const WAITING: usize = 64;
/// An information goes away after so long; an error stays until a key is pressed.
const INFORMED: Duration = Duration::from_secs(5);
/// So many inputs are taken before the next frame: a paste that comes as keys is one change.
const BURST: usize = 256;

/// What the program is started with.
pub struct Start {
    /// The kubeconfig and which context of it.
    pub route: Route,
    /// What `config.toml` says.
    pub config: Config,
    /// What the command line says of the same.
    pub flags: Flags,
    /// The namespaces that were asked for; else those of the settings, else the last ones of the context, else its own, else all.
    pub scope: Option<Scope>,
    /// The view that was asked for; else that of the settings, else the last one of the context, else the pods.
    pub resource: Option<String>,
    /// The views of last time.
    pub memory: Memory,
    /// Where what is written is kept.
    pub journal: Journal,
    /// Where what is typed and not saved is kept.
    pub drafts: Drafts,
    /// The program that `E` has texts edited by.
    pub outside: String,
    /// What was piped into the program.
    pub piped: write::Piped,
    /// What is wrong with files of the user's, to be said on the screen.
    pub problems: Vec<String>,
}

/// The running program.
pub struct App<S: Surface> {
    state: State,
    surface: S,
    route: Route,
    link: LinkOwner,
    events: mpsc::Receiver<Event>,
    out: mpsc::Sender<Event>,
    watches: FxHashMap<(TableKey, usize), (WatchId, watch::Handle)>,
    fed: FxHashMap<WatchId, (TableKey, usize)>,
    generation: u64,
    next: u64,
    follows: FxHashMap<u64, watch::Handle>,
    /// How the YAML that is followed is looked at.
    looks: looked::Looking,
    /// The objects of texts that are edited, as their editors know them.
    known: meanwhile::Known,
    /// What waits for values of Secrets.
    waiting: making::Waiting,
    logs: FxHashMap<u64, logs::Handle>,
    acts: FxHashMap<u64, write::Handle>,
    /// Port-forwards, which outlive the context that they were opened in.
    forwards: forwards::Forwards,
    /// What acts say. Unlike `events` it outlives the context: what is on its way when another one is entered is heard of.
    said: mpsc::Receiver<Event>,
    say: mpsc::Sender<Event>,
    /// Tells acts that nobody waits for them any more.
    leave: tokio::sync::watch::Sender<bool>,
    polls: tasks::Polls,
    /// A session that has opened, and waits for the terminal.
    session: Option<(u64, Box<Wires>)>,
    /// One has the terminal.
    talking: bool,
    memory: Memory,
    /// The last click on a row: a second one goes into it.
    clicked: mouse::Click,
    /// The upper left cell of the text in which the mouse was pressed.
    dragging: Option<(u16, u16)>,
    journal: Journal,
    drafts: Drafts,
    /// What of it is on disk.
    keeping: keeping::All,
    /// What earlier runs left behind, in the places of [`State::left`].
    left: Vec<Left>,
    /// The program that edits texts outside.
    outside: String,
    piped: write::Piped,
    config: Config,
    flags: Flags,
    /// What was last said to be wrong with the connection.
    alarm: Option<std::sync::Arc<str>>,
    /// The view to open as soon as its kind is known.
    wanted: Option<String>,
    drawn: Instant,
    /// Something changed that may be seen.
    touched: bool,
    quit: bool,
}

/// Runs until the person quits; the exit code.
///
/// # Errors
/// The terminal is gone.
pub async fn run<S: Surface>(mut start: Start, state: State, surface: S, mut signals: mpsc::Receiver<Signal>) -> io::Result<u8> {
    if start.route.options.context.is_none() && !state.context.name.is_empty() {
        // Another program that makes another context the current one does not take this one's cluster away.
        start.route.options.context = Some(state.context.name.to_string());
    }
    let (out, events) = mpsc::channel(WAITING);
    let (say, said) = mpsc::channel(WAITING);
    let link = link::spawn(start.route.clone(), state.clock.clone(), out.clone());
    let mut app = App {
        state,
        surface,
        route: start.route,
        link,
        events,
        out,
        watches: FxHashMap::default(),
        fed: FxHashMap::default(),
        generation: u64::MAX,
        next: 0,
        follows: FxHashMap::default(),
        known: FxHashMap::default(),
        looks: looked::Looking::default(),
        waiting: making::Waiting::default(),
        logs: FxHashMap::default(),
        acts: FxHashMap::default(),
        forwards: forwards::Forwards::default(),
        said,
        say,
        leave: tokio::sync::watch::Sender::new(false),
        polls: tasks::Polls::default(),
        session: None,
        talking: false,
        memory: start.memory,
        clicked: None,
        dragging: None,
        journal: start.journal,
        drafts: start.drafts,
        keeping: keeping::All::default(),
        left: Vec::new(),
        outside: start.outside,
        piped: start.piped,
        config: start.config,
        flags: start.flags,
        alarm: None,
        wanted: None,
        drawn: Instant::now() - FRAME,
        touched: true,
        quit: false,
    };
    app.recall();
    app.enter(start.scope, start.resource);
    let mouse = app.state.mouse;
    app.surface.set_mouse(mouse)?;
    if let Some(problem) = start.problems.first() {
        let more = if start.problems.len() > 1 { format!(" (and {} more)", start.problems.len() - 1) } else { String::new() };
        app.state.error(format!("{problem}{more}"));
    }
    app.look_for_drafts();
    let code = app.work(&mut signals).await;
    app.keep_last();
    app.wind_up().await;
    app.remember();
    code
}

impl<S: Surface> App<S> {
    async fn work(&mut self, signals: &mut mpsc::Receiver<Signal>) -> io::Result<u8> {
        let mut second = tokio::time::interval(SECOND);
        second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.draw()?;
        while !self.quit {
            if let Some((number, wires)) = self.session.take() {
                if let Some(code) = self.talk(number, *wires, signals, &mut second).await? {
                    return Ok(code);
                }
                continue;
            }
            self.reconcile();
            let frame = self.touched.then(|| tokio::time::Instant::from_std(self.drawn + FRAME));
            let rest = self.rest();
            let settles = self.settles();
            let check = self.check_due();
            tokio::select! {
                biased;
                input = self.surface.next() => {
                    match input {
                        Some(input) => self.inputs(input?).await?,
                        // Whoever typed is gone, and the terminal with them.
                        None => self.quit = true,
                    }
                    if !self.quit {
                        self.draw()?;
                    }
                }
                signal = signals.recv() => match signal {
                    Some(Signal::Quit(number)) => return Ok(128u8.saturating_add(u8::try_from(number).unwrap_or(0))),
                    Some(Signal::Resumed) => self.resumed()?,
                    None => {}
                },
                () = sleep_until(frame), if frame.is_some() => self.draw()?,
                event = self.events.recv() => if let Some(event) = event {
                    self.take(event).await?;
                    // What is there already belongs to the same frame.
                    for _ in 0..WAITING {
                        match self.events.try_recv() {
                            Ok(event) => self.take(event).await?,
                            Err(_) => break,
                        }
                    }
                },
                event = self.said.recv() => if let Some(event) = event {
                    self.take(event).await?;
                    for _ in 0..WAITING {
                        match self.said.try_recv() {
                            Ok(event) => self.take(event).await?,
                            Err(_) => break,
                        }
                    }
                },
                _ = second.tick() => self.tick(),
                () = sleep_until(rest), if rest.is_some() => self.rested(),
                () = sleep_until(check), if check.is_some() => {
                    self.check_text();
                    self.keep_drafts();
                }
                () = sleep_until(settles), if settles.is_some() => {
                    self.state.dirty = true;
                    self.touch();
                }
            }
        }
        Ok(0)
    }

    /// Takes an input, and those that wait behind it.
    async fn inputs(&mut self, first: Input) -> io::Result<()> {
        self.input(first).await?;
        for _ in 0..BURST {
            if self.quit {
                break;
            }
            let Some(next) = self.surface.ready().await else { break };
            self.input(next?).await?;
        }
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        self.sift_logs();
        let changed = self.state.refresh();
        let dirty = std::mem::take(&mut self.state.dirty);
        self.touched = false;
        if changed || dirty {
            self.drawn = Instant::now();
            self.state.hints = commands::hints(&self.state);
            commands::offer(&mut self.state);
            let state = &mut self.state;
            self.surface.draw(|frame| draw::draw(state, frame))?;
            self.ask_rights();
            self.tend_editor();
            self.list_folder();
            self.follow_edited();
            self.forget_drafts();
        }
        Ok(())
    }

    /// Something may have to be drawn.
    fn touch(&mut self) {
        self.touched = true;
    }

    /// Once a second: ages move on, rows settle, what nobody looks at is forgotten, polls are due.
    fn tick(&mut self) {
        let now = self.state.now();
        self.state.tables.advance(now);
        self.state.dirty = true;
        self.touch();
        let old = |message: &Message| message.tone == Tone::Info && message.since.elapsed() >= INFORMED;
        if !self.talking && self.state.message.as_ref().is_some_and(old) {
            self.state.message = None;
        }
        self.look();
        self.measure();
        self.discover_at_last();
        self.ask_namespaces();
        self.keep_drafts();
    }

    /// Keeps what is on the screen fed, and forgets what is not.
    fn look(&mut self) {
        let mut keep: Vec<TableKey> = Vec::new();
        for view in &self.state.stack {
            if let View::Table(view) = view {
                keep.push(view.place.key.clone());
            }
        }
        keep.extend(self.state.details.events.clone());
        // The tabs count, so their tables are fed as soon as the first one is complete; labels are counted on demand, being
        // a watch of every kind.
        let complete =
            self.state.table_view().and_then(|view| self.state.tables.get(&view.place.key)).is_some_and(|table| table.truth().complete());
        for pane in [Pane::Pods, Pane::Services, Pane::Rollouts] {
            let key = self.state.pane_key(pane);
            if complete || self.state.tables.get(&key).is_some() {
                self.state.tables.look(&key);
                keep.push(key);
            }
        }
        for key in &keep {
            self.state.tables.look(key);
        }
        self.state.tables.forget(|key| keep.contains(key));
    }

    /// Starts the watches that are wanted and stops those that are not.
    fn reconcile(&mut self) {
        if self.generation == self.state.tables.generation() {
            return;
        }
        self.generation = self.state.tables.generation();
        let mut kept: FxHashMap<(TableKey, usize), (WatchId, watch::Handle)> = FxHashMap::default();
        let fallback = self.fallback();
        for (key, feed, spec) in self.state.tables.wanted() {
            let name = (key.clone(), feed);
            let running = self.watches.remove(&name).unwrap_or_else(|| {
                self.next += 1;
                let id = WatchId(self.next);
                (id, watch::spawn(id, spec.clone(), fallback.clone(), self.link.handle.clone(), self.out.clone()))
            });
            kept.insert(name, running);
        }
        self.watches = kept;
        self.fed = self.watches.iter().map(|(name, (id, _))| (*id, name.clone())).collect();
    }

    /// The namespace to look at where all of them are forbidden.
    fn fallback(&self) -> Option<std::sync::Arc<str>> {
        let own = &self.state.context.namespace;
        Some(if own.is_empty() { "default".into() } else { own.clone() })
    }

    /// The object under the cursor stays for a moment when it vanishes.
    fn kept(&self, key: &TableKey) -> Option<Uid> {
        self.state.table_view().filter(|view| view.place.key == *key).and_then(|view| view.place.cursor.clone())
    }

    /// Another program had the terminal, and time went by.
    fn resumed(&mut self) -> io::Result<()> {
        self.surface.repaint()?;
        self.link.control(link::Control::Doubt);
        self.state.dirty = true;
        self.draw()
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) -> io::Result<()> {
        for effect in effects {
            match effect {
                Effect::Quit => self.quit = true,
                Effect::Suspend => {
                    if let Err(error) = self.surface.suspend() {
                        self.state.error(format!("cannot be suspended here: {error}"));
                    }
                    self.link.control(link::Control::Doubt);
                    self.state.dirty = true;
                }
                Effect::Redraw => {
                    self.surface.repaint()?;
                    self.state.dirty = true;
                }
                Effect::Retry => self.link.control(link::Control::Retry),
                Effect::Open(line) => self.wanted = Some(line),
                Effect::Connect(name) => self.connect(&name),
                Effect::Describe(number, subject) => self.describe(number, &subject),
                Effect::Yaml(number, subject, looks) => self.show_yaml(number, subject, looks),
                Effect::Look(number, looks) => self.look_at(number, looks),
                Effect::Explain(number, kind, path) => self.explain(number, &kind, path),
                Effect::Edit(number, subject) => self.open_editor(number, subject),
                Effect::Schema(number, kind) => self.fetch_schema(number, kind),
                Effect::Compose { kind, title, text } => self.compose(kind, &title, &text),
                Effect::TakeIn(number) => self.take_in(number),
                Effect::Outside(number) => self.outside(number)?,
                Effect::TakeUp(at) => self.take_up(at),
                Effect::Compare(number, manifests) => write::compare(self.gate(), number, manifests),
                Effect::Revisions(number, of) => self.follow_revisions(number, of),
                Effect::Make(making) => self.make(making),
                Effect::MakeShown(number, count, making) => self.await_shown(number, count, making),
                Effect::Logs(number, wanted) => self.read_log(number, *wanted),
                Effect::Log(number, ask) => self.ask_log(number, ask),
                Effect::Ask(number, intent) => self.ask(number, intent),
                Effect::Confirm(number) => self.confirm(number),
                Effect::Stop(number) => self.stop(number),
                Effect::Unforward(number) => self.forwards.stop(number),
                Effect::Login => self.login().await?,
                Effect::Mouse(on) => {
                    self.surface.set_mouse(on)?;
                    let key = self.key_of("mouse");
                    self.state.info(if on {
                        format!("the mouse is taken: {key} gives it back")
                    } else {
                        format!("the mouse is the terminal's: select text with it, {key} takes it again")
                    });
                }
                Effect::Copy { said, text } => match self.surface.copy(&text) {
                    Ok(way) => self.state.info(format!("copied ({way}): {said}")),
                    Err(why) => self.state.error(format!("{said} is not copied: {why}")),
                },
            }
        }
        // Texts that are closed are not followed any more.
        let open = |number: &u64| self.state.texts().any(|text| text.id == *number) || self.state.edits(*number);
        self.follows.retain(|number, _| open(number));
        self.looks.retain(|number, _| open(number));
        self.known.retain(|number, _| open(number));
        self.close_logs();
        Ok(())
    }

    /// When the cursor will have rested long enough for its details to be asked for.
    fn rest(&self) -> Option<tokio::time::Instant> {
        let view = self.state.table_view()?;
        let row = view.selected(&self.state.tables)?;
        let wanted = self.state.details_wanted
            && draw::has_details(self.state.size)
            && !matches!(self.state.overlay, Overlay::Help(_))
            && !row.kind.version.is_empty();
        let known = self.state.details.of.as_ref().is_some_and(|of| of.uid == row.uid);
        (wanted && !known).then(|| tokio::time::Instant::from_std(view.rested + crate::view::details::REST))
    }
}

async fn sleep_until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
