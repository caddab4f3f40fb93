//! The rows of the command table: every action, and other names for some.

use super::{
    Command, Context, Group, Refusal, act, apply, chosen, copy, cp, editor, enter, events, forward, help, history, journal, logs, look,
    making, moves, palette, session, views,
};
use crate::effect::Effect;
use crate::model::act::Act;
use crate::view::state::State;

/// Always possible.
fn always(_: &State) -> Result<(), Refusal> {
    Ok(())
}

/// A table is on the screen.
pub(super) fn on_table(state: &State) -> Result<(), Refusal> {
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
    command("text-merge", "", "Put what others have changed meanwhile into the text", Group::Edit, editor::was_moved, editor::merge),
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
