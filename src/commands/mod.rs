//! Every action, one row each: name, doc, arguments, when it applies (and why not), what it does.
//!
//! The key map binds keys to command lines; the palette, the help, the footer and `kubetui completion` come from the same
//! rows. A command changes the screen's state at once and leaves what takes time to [`Effect`]s.

use crate::effect::Effect;
use crate::keymap::{Continuation, Key, Mode};
use crate::model::act::Act;
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
pub mod session;
mod views;

pub use help::keys_of;
pub use hints::hints;
pub use kubectl::kubectl_of;
pub use moves::{select, wheel};
pub use palette::{offer, open_resource, palette_choices, run_line, typed};

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

/// Always possible.
fn always(_: &State) -> Result<(), Refusal> {
    Ok(())
}

/// A table is on the screen.
fn on_table(state: &State) -> Result<(), Refusal> {
    state.table_view().map(|_| ()).ok_or_else(|| "only in a table".into())
}

/// An object is under the cursor, or described.
fn on_object(state: &State) -> Result<(), Refusal> {
    state.subject().map(|_| ()).ok_or_else(|| "there is no object under the cursor".into())
}

const fn command(
    name: &'static str,
    args: &'static str,
    doc: &'static str,
    group: Group,
    applies: fn(&State) -> Result<(), Refusal>,
    run: fn(&mut Context<'_>, &str) -> Result<(), Refusal>,
) -> Command {
    Command { name, args, doc, group, applies, run }
}

/// Every action.
pub static COMMANDS: &[Command] = &[
    command("enter", "", "Go down: to the pods, the containers, the jobs, the objects behind it", Group::Object, on_object, enter::enter),
    command("describe", "", "Describe it, live, as kubectl does", Group::Object, views::describable, views::describe),
    command("yaml", "", "Show it as YAML, live, as kubectl does", Group::Object, look::has_yaml, look::yaml),
    command(
        "reveal",
        "",
        "Show what is folded in YAML: managedFields, and the values of a Secret",
        Group::Object,
        look::on_yaml,
        look::reveal,
    ),
    command(
        "edit",
        "",
        "Edit it as YAML, beside its schema; what changes is asked before it is stored",
        Group::Act,
        editor::can_edit,
        editor::edit,
    ),
    command(
        "edit-outside",
        "",
        "Edit it in $KUBE_EDITOR or $EDITOR, and come back to what would change",
        Group::Act,
        editor::can_edit_outside,
        editor::outside,
    ),
    command("unsaved", "", "Go back to the text that was left and is not saved", Group::Views, editor::has_unsaved, editor::unsaved),
    command(
        "leave",
        "",
        "Close the list, the search; then the editor, asking what becomes of what is not saved",
        Group::Edit,
        editor::on_editor,
        editor::leave,
    ),
    command("text-undo", "", "Take back what was typed last", Group::Edit, editor::on_text, |c, _| editor::undo(c, true)),
    command("text-redo", "", "Type it again", Group::Edit, editor::on_text, |c, _| editor::undo(c, false)),
    command("suggest", "", "List what could stand here: fields, values, names that exist", Group::Edit, editor::on_text, editor::suggest),
    command("problem-next", "", "To the next place that is wrong", Group::Edit, editor::on_text, |c, _| editor::problem(c, true)),
    command("problem-previous", "", "To the place before that is wrong", Group::Edit, editor::on_text, |c, _| editor::problem(c, false)),
    command("replace", "", "Replace all that is found, in what is selected or everywhere", Group::Edit, editor::on_text, editor::replace),
    command("indent", "", "Move the selected lines in; complete the word; or spaces", Group::Edit, editor::on_text, |c, _| {
        editor::with(c, crate::view::editor::Editor::indent)
    }),
    command("outdent", "", "Move the selected lines, or the line, out", Group::Edit, editor::on_text, |c, _| {
        editor::with(c, |editor| editor.shift(false))
    }),
    command("delete-line", "", "Delete the line, or the selected ones", Group::Edit, editor::on_text, |c, _| {
        editor::with(c, crate::view::editor::Editor::delete_line)
    }),
    command("text-copy", "", "Copy what is selected, else the line", Group::Edit, editor::on_text, |c, _| editor::copy(c, false)),
    command("text-cut", "", "Cut what is selected, else the line", Group::Edit, editor::on_text, |c, _| editor::copy(c, true)),
    command("text-paste", "", "Paste what was copied in the editor last", Group::Edit, editor::on_text, editor::paste),
    command(
        "history",
        "",
        "Show what was seen to change of it, and what was written to it, live",
        Group::Object,
        views::describable,
        history::history,
    ),
    command(
        "revisions",
        "[REVISION] [REVISION]",
        "Show the revisions of a workload, or what one has otherwise than another",
        Group::Object,
        history::has_revisions,
        history::revisions,
    ),
    command(
        "export",
        "[FILE]",
        "Write it, or what is marked, to a file, without what the server filled in",
        Group::Object,
        making::can_export,
        making::export,
    ),
    command("explain", "[KIND.FIELD]", "Explain the fields of a kind, as the server describes them", Group::Object, always, look::explain),
    command("into", "", "Go into the field; in any other text, one line down", Group::Move, views::on_text, look::into),
    command("node", "", "Go to the node it runs on", Group::Object, enter::has_node, enter::node),
    command("owner", "", "Go to the object that owns it", Group::Object, enter::has_owner, enter::owner),
    command("logs", "[CONTAINER]…", "Read the log of its containers, of all that is marked", Group::Object, logs::can_logs, logs::logs),
    command(
        "previous",
        "[CONTAINER]…",
        "Read the log of the containers before their last restart",
        Group::Object,
        logs::can_logs,
        logs::previous,
    ),
    command("scale", "[REPLICAS]", "Scale it: to a number, by +1 or -1, or choose the number", Group::Act, act::can_scale, act::scale),
    command("bounds", "MIN MAX", "Set the bounds of its autoscaler", Group::Act, act::can_bounds, act::bounds),
    command("restart", "", "Restart it, pod by pod, by its own strategy", Group::Act, act::can_restart, |c, _| act::ask(c, Act::Restart)),
    command("image", "[CONTAINER=IMAGE]", "Set the images of its containers", Group::Act, act::can_image, act::image),
    command("pause", "", "Pause its rollout", Group::Act, act::can_pause, |c, _| act::ask(c, Act::Pause)),
    command("resume", "", "Resume its rollout", Group::Act, act::can_resume, |c, _| act::ask(c, Act::Resume)),
    command("rollout-undo", "[REVISION]", "Back to a revision, or to the one before", Group::Act, act::can_undo, act::rollout_undo),
    command("label", "KEY=VALUE|KEY-", "Set or take away labels, after saying what follows", Group::Act, act::can_label, act::label),
    command("annotate", "KEY=VALUE|KEY-", "Set or take away annotations", Group::Act, act::can_annotate, act::annotate),
    command(
        "delete",
        "[foreground|orphan] [--grace SECONDS] [--force]",
        "Delete it, after saying what goes with it",
        Group::Act,
        forward::can_delete,
        forward::delete,
    ),
    command("unfinalize", "FINALIZER", "Take a finalizer away that holds it", Group::Act, act::can_unfinalize, act::unfinalize),
    command("evict", "[--grace SECONDS]", "Evict the pod, if its budgets allow it", Group::Act, act::can_evict, act::evict),
    command("cordon", "", "Schedule nothing new onto the node", Group::Act, act::can_cordon, |c, _| act::ask(c, Act::Cordon)),
    command("uncordon", "", "Schedule onto the node again", Group::Act, act::can_uncordon, |c, _| act::ask(c, Act::Uncordon)),
    command("drain", "[--grace SECONDS]", "Cordon the node and evict what is on it", Group::Act, act::can_drain, act::drain),
    command("taint", "KEY=VALUE:EFFECT|KEY-", "Set or take away taints of the node", Group::Act, act::can_taint, act::taint),
    command("trigger", "", "Make a Job of the CronJob, now", Group::Act, act::can_trigger, |c, _| act::ask(c, Act::Trigger)),
    command("suspend", "", "Make no Jobs of the CronJob until it is unsuspended", Group::Act, act::can_suspend, |c, _| {
        act::ask(c, Act::Suspend(true))
    }),
    command("unsuspend", "", "Make Jobs of the CronJob again", Group::Act, act::can_suspend, |c, _| act::ask(c, Act::Suspend(false))),
    command("retry-job", "", "Make a new Job like this one, which stays", Group::Act, act::can_retry, |c, _| act::ask(c, Act::Retry)),
    command("expose", "[PORT[:TARGET]] [--name NAME] [--type TYPE]", "Make a Service for it", Group::Act, act::can_expose, act::expose),
    command(
        "new",
        "[KIND] [VARIANT]",
        "Begin a new object with a text that is ready to be made",
        Group::Act,
        making::can_make,
        making::new,
    ),
    command("clone", "[NAME]", "Begin a new object like it, of another name", Group::Act, making::can_clone, making::clone),
    command("shell", "[CONTAINER]", "Open a shell in it: bash, ash or sh", Group::Act, session::can_exec, session::shell),
    command(
        "exec",
        "[--container CONTAINER] COMMAND",
        "Run a command in it, with a terminal",
        Group::Act,
        session::can_exec,
        session::exec,
    ),
    command(
        "attach",
        "[CONTAINER]",
        "Show what it says from now on; typing into it is switched on by ~i",
        Group::Act,
        session::can_attach,
        session::attach,
    ),
    command(
        "debug",
        "[IMAGE] [--target CONTAINER]",
        "Add a debug container to the pod, and go into it",
        Group::Act,
        session::can_debug,
        session::debug,
    ),
    command(
        "cp",
        "[--container CONTAINER] FROM TO",
        "Copy files from a container (:PATH, POD:PATH) or into one, by tar",
        Group::Act,
        cp::can_cp,
        cp::cp,
    ),
    command(
        "apply",
        "[--force] PATH",
        "Apply a file, a folder, or - for what was piped into the program",
        Group::Act,
        apply::can_apply,
        apply::apply,
    ),
    command("diff", "[--force] PATH", "Show what :apply would do with a file, a folder or -", Group::Object, always, apply::diff),
    command(
        "shell-or-scale",
        "",
        "As k9s has it: open a shell in a pod, scale anything else",
        Group::Act,
        session::can_shell_or_scale,
        session::shell_or_scale,
    ),
    command(
        "port-forward",
        "[PORT|LOCAL:PORT]",
        "Forward a port of this machine to one of its ports",
        Group::Act,
        forward::can_forward,
        forward::forward,
    ),
    command(
        "undo",
        "[NUMBER]",
        "Take back what the journal has last, or the entry of a number",
        Group::Act,
        journal::can_undo,
        journal::undo,
    ),
    command("journal", "", "Show what was written, when and by whom", Group::Act, always, journal::journal),
    command("acts", "", "Show what came of what was done", Group::Act, always, act::acts),
    command("stop", "", "Begin nothing more of what is on its way", Group::Act, always, act::stop),
    command("forwards", "", "Show the port-forwards that are open; delete ends one", Group::Views, always, forward::forwards),
    command("view", "PANE", "Show a pane: pods, services, labels, rollouts or events", Group::Views, always, views::view),
    command("group", "", "Show each event, or group them by object and reason again", Group::Table, events::on_events, events::group),
    command("pane-next", "", "Show the next pane", Group::Views, always, |c, _| views::pane(c, 1)),
    command("pane-previous", "", "Show the pane before", Group::Views, always, |c, _| views::pane(c, -1)),
    command("palette", "[LINE]", "Go to any kind, context or namespace by name", Group::Views, always, palette::open),
    command("ctx", "[CONTEXT]", "Show another context's cluster", Group::Views, always, views::ctx),
    command("contexts", "", "Choose a context", Group::Views, always, |c, _| views::ctx(c, "")),
    command("ns", "[NAMES]", "Look at these namespaces: names, patterns with *, or all", Group::Views, always, views::ns),
    command("namespaces", "", "Choose a namespace", Group::Views, always, |c, _| views::ns(c, "")),
    command("all-namespaces", "", "Look at all namespaces", Group::Views, always, |c, _| views::ns(c, "*")),
    command("history-back", "", "Go to the view before", Group::Views, always, |c, _| views::travel(c, false)),
    command("history-forward", "", "Go forward again", Group::Views, always, |c, _| views::travel(c, true)),
    command("back", "", "Peel off the filter, the marks, then the view", Group::Views, always, views::back),
    command(
        "filter",
        "[TEXT]",
        "Filter: words !word \"exact\" /regex/ app=web status=Running restarts>3; lines by level>=warn",
        Group::Table,
        views::can_filter,
        views::filter,
    ),
    command("only-unhealthy", "", "Leave only what is not healthy", Group::Table, on_table, views::only_unhealthy),
    command("sort", "COLUMN", "Sort by a column; again turns it round", Group::Table, on_table, views::sort),
    command("sort-next", "", "Sort by the next column", Group::Table, on_table, |c, _| views::sort_step(c, 1)),
    command("sort-previous", "", "Sort by the column before", Group::Table, on_table, |c, _| views::sort_step(c, -1)),
    command("sort-flip", "", "Turn the order round", Group::Table, on_table, views::sort_flip),
    command("wide", "", "Show wide columns, as -o wide", Group::Table, on_table, views::wide),
    command("details", "", "Show or hide the details of the row", Group::Table, always, views::details),
    command("mark", "", "Mark it", Group::Table, moves::can_mark, moves::mark),
    command("mark-range", "", "Mark all from the last mark to here", Group::Table, on_table, moves::mark_range),
    command("mark-all", "", "Mark all that the filter leaves", Group::Table, on_table, moves::mark_all),
    command("cursor-down", "", "One row down", Group::Move, on_table, |c, _| moves::step(c, 1)),
    command("cursor-up", "", "One row up", Group::Move, on_table, |c, _| moves::step(c, -1)),
    command("cursor-top", "", "To the first row", Group::Move, on_table, |c, _| moves::step(c, isize::MIN / 2)),
    command("cursor-bottom", "", "To the last row", Group::Move, on_table, |c, _| moves::step(c, isize::MAX / 2)),
    command("page-down", "", "One page down", Group::Move, always, |c, _| moves::page(c, 1, 1)),
    command("page-up", "", "One page up", Group::Move, always, |c, _| moves::page(c, -1, 1)),
    command("half-page-down", "", "Half a page down", Group::Move, always, |c, _| moves::page(c, 1, 2)),
    command("half-page-up", "", "Half a page up", Group::Move, always, |c, _| moves::page(c, -1, 2)),
    command("scroll-left", "", "Sideways to the left", Group::Move, always, |c, _| moves::sideways(c, -1)),
    command("scroll-right", "", "Sideways to the right", Group::Move, always, |c, _| moves::sideways(c, 1)),
    command("scroll-down", "", "One line down", Group::Move, always, |c, _| moves::scroll(c, 1)),
    command("scroll-up", "", "One line up", Group::Move, always, |c, _| moves::scroll(c, -1)),
    command("top", "", "To the first line", Group::Move, always, |c, _| moves::scroll(c, isize::MIN / 2)),
    command("bottom", "", "To the last line", Group::Move, always, |c, _| moves::scroll(c, isize::MAX / 2)),
    command("search", "", "Search in the text", Group::Move, views::on_text, views::search),
    command("search-next", "", "To the next match", Group::Move, views::on_text, |c, _| views::search_step(c, true)),
    command("search-previous", "", "To the match before", Group::Move, views::on_text, |c, _| views::search_step(c, false)),
    command("wrap", "", "Wrap long lines, or scroll sideways", Group::Move, views::on_text, views::wrap),
    command(
        "copy",
        "WHAT [COLUMN]",
        "Copy name, namespace/name, a cell, the URL of a port-forward or the kubectl command; of marked rows, of all",
        Group::Object,
        copy::can_copy,
        copy::copy,
    ),
    command("since", "RANGE", "Read the log from there on: tail, tail 500, start, 90s, 5m, 2h, 1d", Group::Log, logs::on_log, logs::since),
    command("follow", "", "Follow the end of the log, or stop", Group::Log, logs::on_log, logs::follow),
    command("stamps", "[off|local|utc|ago]", "Show the times of lines: local, UTC, how long ago", Group::Log, logs::on_log, logs::stamps),
    command("json", "", "Show JSON as it came, in one line, or a line each field", Group::Log, logs::on_log, logs::json),
    command("unfold", "", "Unfold the JSON of the line, or fold it", Group::Log, logs::on_log, logs::unfold),
    command("around", "[more|less|LINES]", "Show lines round those that the filter leaves", Group::Log, logs::on_log, logs::context),
    command("containers", "[CONTAINER]…", "Choose which containers' log", Group::Log, logs::on_log, logs::containers),
    command("copy-lines", "", "Copy the marked lines, or the line", Group::Log, logs::on_log, logs::copy_lines),
    command(
        "save",
        "[FILE]",
        "Store the text in the cluster, after showing what changes; write the log, as the filter leaves it, to a file",
        Group::Log,
        editor::can_save,
        editor::save,
    ),
    command("help", "", "Show all keys", Group::Program, always, help::help),
    command(
        "mouse",
        "[on|off]",
        "Take the mouse, or give it back to the terminal to select text with",
        Group::Program,
        always,
        moves::mouse,
    ),
    command("theme", "[THEME]", "Look otherwise, for this run; the list tries each theme on", Group::Program, always, chosen::theme),
    command("keymap", "[KEYMAP]", "Use other keys, for this run", Group::Program, always, chosen::keymap),
    command(
        "login",
        "",
        "Log in: hand the terminal to the credential plugin or the login command",
        Group::Program,
        views::can_login,
        |c, _| {
            c.effects.push(Effect::Login);
            Ok(())
        },
    ),
    command("retry", "", "Try the connection now", Group::Program, always, |c, _| {
        c.effects.push(Effect::Retry);
        Ok(())
    }),
    command("redraw", "", "Draw everything anew", Group::Program, always, |c, _| {
        c.effects.push(Effect::Redraw);
        Ok(())
    }),
    command("background", "", "Stop, and come back with fg", Group::Program, always, |c, _| {
        c.effects.push(Effect::Suspend);
        Ok(())
    }),
    command("quit", "", "Quit; while something is on its way, when asked a second time", Group::Program, always, act::quit),
    command("complete", "", "Put the choice into the line", Group::Editing, always, palette::complete),
    command("instead", "", "Do what is offered instead", Group::Editing, always, act::instead),
    command("accept", "", "Take what was typed or chosen", Group::Editing, always, palette::accept),
    command("cancel", "", "Leave it as it was", Group::Editing, always, palette::cancel),
    command("picker-down", "", "The next in the list", Group::Editing, always, |c, _| palette::choose(c, 1)),
    command("picker-up", "", "The one before in the list", Group::Editing, always, |c, _| palette::choose(c, -1)),
];

/// Short names that people type: vim's and k9s'.
pub static ALIASES: &[(&str, &str)] = &[
    ("q", "quit"),
    ("q!", "quit"),
    ("context", "ctx"),
    ("namespace", "ns"),
    ("h", "help"),
    ("desc", "describe"),
    ("log", "logs"),
    ("forward", "port-forward"),
    ("pf", "forwards"),
];

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
