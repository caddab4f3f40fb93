//! Every action, one row each: name, doc, arguments, when it applies (and why not), what it does.
//!
//! The key map binds keys to command lines; the palette, the help, the footer and `kubetui completion` come from the same
//! rows. A command changes the screen's state at once and leaves what takes time to [`Effect`]s.

use crate::effect::Effect;
use crate::keymap::{Continuation, Key, Mode};
use crate::view::state::{Overlay, State, Way};

pub mod act;
mod apply;
mod args;
mod chosen;
pub mod clash;
mod copy;
mod cp;
pub mod editor;
mod enter;
mod events;
mod forward;
mod help;
mod hints;
mod history;
mod journal;
mod kubectl;
mod logs;
mod look;
mod making;
mod moves;
mod palette;
pub mod paths;
pub mod session;
mod table;
mod views;

pub use help::keys_of;
pub use hints::hints;
pub use kubectl::kubectl_of;
pub use moves::{select, wheel};
pub use palette::{offer, open_resource, palette_choices, run_line, typed};
pub use table::{ALIASES, COMMANDS};

/// Why a command cannot be done now, or was not.
pub type Refusal = String;

/// What a command works on.
pub struct Context<'a> {
    /// The screen.
    pub state: &'a mut State,
    /// What is to be done outside of it.
    pub effects: &'a mut Vec<Effect>,
}

/// One action.
pub struct Command {
    /// Its name: kubectl's verb where there is one.
    pub name: &'static str,
    /// What it takes, as usage; empty when nothing.
    pub args: &'static str,
    /// What it does, for the help: an imperative sentence without a full stop.
    pub doc: &'static str,
    /// Where it stands in the help.
    pub group: Group,
    /// Why it cannot be done now.
    pub applies: fn(&State) -> Result<(), Refusal>,
    /// Does it.
    pub run: fn(&mut Context<'_>, &str) -> Result<(), Refusal>,
}

impl Command {
    /// Its name and what it takes.
    pub fn usage(&self) -> String {
        format!("{} {}", self.name, self.args).trim_end().to_owned()
    }
}

/// Sections of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Where to look.
    Views,
    /// Moving about.
    Move,
    /// What is shown of a table.
    Table,
    /// About the object under the cursor.
    Object,
    /// What changes objects.
    Act,
    /// About a text that is edited.
    Edit,
    /// About a log.
    Log,
    /// The program and the connection.
    Program,
    /// Belongs to a prompt or a list, and not into the help of a table.
    Editing,
}

impl Group {
    /// As the help names it.
    pub fn title(self) -> &'static str {
        match self {
            Group::Views => "Views",
            Group::Move => "Move",
            Group::Table => "Table",
            Group::Object => "Object",
            Group::Act => "Change",
            Group::Edit => "Editor",
            Group::Log => "Log",
            Group::Program => "Program",
            Group::Editing => "Prompts and lists",
        }
    }

    /// In the order of the help.
    pub const ALL: [Group; 9] =
        [Group::Object, Group::Act, Group::Edit, Group::Log, Group::Views, Group::Table, Group::Move, Group::Program, Group::Editing];
}

/// A command by its name or alias.
pub fn find(name: &str) -> Option<&'static Command> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
    COMMANDS.iter().find(|command| command.name == name)
}

/// The names that a key map may bind.
pub fn names() -> Vec<&'static str> {
    COMMANDS.iter().map(|command| command.name).collect()
}

/// Runs a command line: a name and what follows it. What is refused is said on the screen.
pub fn run(state: &mut State, effects: &mut Vec<Effect>, line: &str) {
    let (name, args) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let Some(command) = find(name) else {
        state.error(format!("there is no command {name:?}"));
        return;
    };
    ran(state, command);
    let done = call(&mut Context { state, effects }, command, args.trim());
    state.dirty = true;
    if let Err(why) = done {
        state.error(why);
    }
}

/// Does it, if it can be done now. What takes nothing is not done to something else than was named behind it.
fn call(c: &mut Context<'_>, command: &Command, args: &str) -> Result<(), Refusal> {
    (command.applies)(c.state)?;
    if command.args.is_empty() && !args.is_empty() {
        return Err(format!(
            "{} takes nothing behind it, and {args:?} stands there: it is done to what is marked, or under the cursor",
            command.name
        ));
    }
    (command.run)(c, args)
}

/// The log's debug level has every command that is run. What is done to an object is done to the one that is under the cursor
/// now, and not to the one that was before the filter that was typed in the same breath.
fn ran(state: &mut State, command: &Command) {
    if matches!(command.group, Group::Act | Group::Object) {
        state.refresh();
    }
    tracing::debug!(target: "kubetui::commands", command = command.name);
}

/// What can follow the keys pressed so far, with what each does, or why it cannot now.
pub fn ways(state: &State, next: Vec<Continuation>) -> Vec<Way> {
    let way = |next: Continuation| {
        let command = next.command.unwrap_or_default();
        let (name, args) = command.split_once(' ').unwrap_or((&command, ""));
        let row = find(name);
        let doc = row.map_or("", |row| args::doc_of(row, args).unwrap_or(row.doc));
        let refused = row.and_then(|row| (row.applies)(state).err()).map(Into::into);
        Way { key: Key::print_all(&[next.key]), command, doc, refused }
    };
    next.into_iter().map(way).collect()
}

/// Whether the keyboard belongs to a line that is typed.
pub fn typing(state: &State) -> bool {
    match &state.overlay {
        Overlay::Filter(..) | Overlay::Search(..) | Overlay::Replace(..) | Overlay::Picker(_) | Overlay::Scale(_) => true,
        Overlay::Ask(question) => question.types(),
        Overlay::None => state.editor().is_some(),
        Overlay::Help(_) | Overlay::Acts(_) => false,
    }
}

/// The mode whose help is shown.
pub fn help_mode(state: &State) -> Mode {
    match state.mode() {
        mode @ (Mode::Text | Mode::Log | Mode::Edit) => mode,
        _ => Mode::Table,
    }
}
