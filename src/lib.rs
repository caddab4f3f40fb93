//! # kubetui: a terminal dashboard for Kubernetes
//!
//! An async **watch** layer streams cluster objects into an in-memory **model**, which ratatui **views** draw; a key finds a
//! **command**, and a command changes the view or leaves an **effect** for the loop to carry out.
//!
//! ```text
//! API server ══ watch (protobuf) ══▶ rows ──bounded channel──▶ tables ──▶ view ──▶ terminal
//!     ▲                                                                    ▲
//!     └─ gate ◀─ plan ◀─ effect ◀── command ◀── key map ◀── key ──────────┘
//! ```
//!
//! ## The way of an object
//! [`cluster::watch`] runs one task for each stream: a streaming list of partial protobuf messages where the kind has a
//! [`kinds::Block`], the server's Table where it has none. [`cluster::frames`] cuts the bytes and decodes each object into a
//! [`model::row::Row`], the one row type of all kinds. [`cluster::feed`] keeps the newest change of each UID and sends
//! batches over one bounded channel. The loop ([`app`]) hands a batch to its table ([`view::tables`]); a table that is made of
//! several kinds passes it through a [`kinds::panes::Weave`] first. The [`model::store::Store`] keeps rows in order and
//! remembers which changed, so that the [`model::store::Listing`] on the screen looks at those alone.
//!
//! ## The way of a key
//! [`keymap`] (a trie a mode, from TOML) gives a command line, [`commands`] has one row for each command: name, doc, when it
//! applies and why not, what it does. It changes [`view::state::State`] at once and may leave an [`effect::Effect`]. The loop
//! draws before it waits again.
//!
//! ## The way of a write
//! A command makes an [`model::act::Intent`]: an act, and the objects as the person saw them. The loop gives it to the gate
//! ([`cluster::write`]), whose task reads each object anew, makes a [`model::act::Plan`] of it (what changes, what goes too,
//! who will put it back), and waits. The view asks ([`view::acting`]); a yes goes back to the same task, which sends what it
//! had prepared, with the UID and the old values as preconditions, and says of each object what came of it. Every request
//! that is not a read leaves from one function there, which asks the [`model::policy::Policy`] once more and keeps the
//! journal; undo is an act like the others, made from the journal's entry. A way into a pod is opened there too: a
//! port-forward is an act that begins a task (`cluster::write::forward`), which goes on until it is told to end, whatever is
//! looked at; what it says is listed in [`view::forwards`]. A copy of files is an act whose task runs `tar` in the container
//! (`cluster::write::copy`), with a thread beside it that packs or unpacks here and trusts nothing of what comes.
//!
//! A session in a container is an act too ([`model::session`]): the gate opens it and keeps the journal, its bytes pass
//! between the connection and the terminal as they are ([`event::Wires`], [`app`]), and the loop goes on beside it without
//! drawing.
//!
//! ## The way of a log line
//! Which pods belong is watched ([`model::log::Target`]); each life of a container is read by a task of its own, which goes on
//! where it was when the connection breaks and tells a gap from a pause; [`cluster::logs`] puts the lines in the order of their
//! times into blocks that never change ([`model::log::Block`]), the newest in memory and the others in a file without a name.
//! The view ([`view::log`]) has the same blocks, and reads those that it shows; filters and searches are counted by the task.
//!
//! ## The way of what is typed
//! [`view::editor`] has the text: lines, a cursor and a history, changed by a text area (tui-textarea) a piece at a time. What
//! is known of the field under the cursor ([`kinds::schema::field_at`]) is found at once in short texts, and by a task in long
//! ones; what is wrong ([`kinds::proof`]) is found by a task when the keys rest, of the newest version alone. Names that exist
//! ([`kinds::named`]) are listed without their objects. What others do to the object meanwhile is heard of
//! ([`cluster::follow`]) and can be put into the text, by its lines, as long as that changes nothing of what would be stored
//! ([`kinds::taken`]). What is saved is an act like the others ([`model::draft`]; `cluster::write::edit`): merged with what
//! others did meanwhile ([`model::edit::merge`]), tried by the server, shown as a difference, sent as a patch of that alone. A
//! text whose view goes is kept ([`view::unsaved`]), and all of them are on disk while they are typed, but for Secrets
//! ([`drafts`]).
//!
//! ## The way of what is made
//! A text for a new object comes from [`kinds::manifest`], or from the object that is copied ([`kinds::bare`]: without what the
//! server filled in); what has to be read for it is read by a task ([`effect::Making`]), and the editor takes it
//! ([`effect::Effect::Compose`]). An export is the same object in a file ([`cluster::export`]). What is seen to change of rows
//! and of whole objects is kept in [`model::history`], bounded, and read by `:history`; the revisions of workloads are read
//! beside them ([`kinds::revisions`]).
//!
//! ## Laws
//! 1. One loop owns everything mutable; tasks send events. No locks round model, view or app.
//! 2. The view never awaits, the model never draws, the cluster layer never knows the screen.
//! 3. Nothing polls what can be watched; nothing is drawn when nothing changed. Input first.
//! 4. The cursor and the marks belong to objects (UID), never to row numbers.
//! 5. The screen does not lie: each table says how true it is ([`model::state::Truth`]); nothing that the network does ends the
//!    program or empties a table.
//! 6. Nothing is written but by the gate, nothing without a question but what a prompt has just asked, and never to another
//!    object than the one that was seen.
//! 7. Nothing of the cluster reaches the terminal raw: everything passes [`view::text`].
//! 8. Data over code: kinds, commands, keys and themes are tables.
//!
//! ## The house
//! Imports go one way, and a test holds them to it: `app → commands → view → kinds → model`,
//! `commands → effect → cluster → kinds`.
//!
//! | folder | what it is for |
//! | --- | --- |
//! | [`model`] | what we know: row, facts, acts and what allows them (`act`, `policy`, `rights`), store and listing, filter language, metrics, scope, truth, time, how objects belong together (`relation`), what containers say (`log`), what was seen to change (`history`); `tree` (JSON whose parts are shared); `yaml` (JSON as kubectl prints it), `edit` (YAML to a tree with places, difference, three-way merge) |
//! | [`kinds`] | the only place that knows kinds: partial messages, columns, health, facts, what can be done to which (`ability`); `panes` (tables of several kinds), `describe` (kubectl's text), `shown` (an object's YAML as one looks at it, Secrets masked), `explain` (a schema as text), `draft` (an object as one edits it), `manifest` (texts for new objects), `bare` (what can be made again), `changes` and `revisions` (what is otherwise), `catalog` (names), `schema` (OpenAPI v3: types, problems, merge keys; what is wrong in a text, what could stand at a cursor), `proof` (what is wrong with a text that is to be an object), `taken` (what others do to it meanwhile), `named` (which fields name other objects), `envelope` (the outside of messages) |
//! | [`cluster`] | Kubernetes over the wire: kubeconfig, connect (own HTTP stack over kube's config and TLS), link (keeps the connection), discovery, watch, follow (one object: described, or its YAML), schema (OpenAPI v3 of a kind), export (objects into files), logs, metrics; `write` is the gate: plans, sends, waits, keeps the journal, asks for rights (`write::edit`: what somebody wrote; `write::apply`: whole files at once) |
//! | [`view`] | what is on the screen: tables that are fed, views, details, logs, picker, prompt, questions and what came of them (`acting`), texts that are edited (`editor`); `draw` puts it into cells, and leaves behind what a click means where (`hits`) |
//! | [`commands`] | every action, one row each |
//! | [`keymap`], [`theme`] | TOML from `keymaps/` and `themes/`, compiled in, overridden from the user's config folder ([`shelf`], [`problem`]) |
//! | [`config`] | `config.toml`: what a context looks like and allows, and where each value comes from |
//! | [`app`] | the loop, and the surface that it draws on |
//! | [`get`] | `kubetui get`: the same rows without a terminal |
//! | [`demo`], [`serve`] | the embedded cluster of `--demo` (a map of its own, at its door), and `kubetui demo serve`, which is it alone |
//! | [`terminal`] | raw mode and back on every way out; the terminal passed through to a session; signals; colours that the terminal has; the clipboard |
//! | [`remember`], [`drafts`], [`places`], [`log`], [`cli`] | the last view of each context, texts that are not saved, folders, the log file, the command line |
//!
//! One connection ([`cluster::link`]) is watched over by one task: it proves the server, notices silence and a suspended
//! machine, runs the reconnects that all watches wait for, and reads the kubeconfig again when it changes on disk.
//! What is watched follows from what is looked at: views name their tables ([`view::tables::TableKey`]), and the loop makes the
//! running watches equal to what those need.

pub mod app;
pub mod cli;
pub mod cluster;
pub mod commands;
pub mod config;
pub mod demo;
pub mod drafts;
pub mod effect;
pub mod event;
pub mod get;
pub mod keymap;
pub mod kinds;
pub mod log;
pub mod model;
pub mod places;
pub mod problem;
pub mod remember;
pub mod serve;
pub mod shelf;
pub mod terminal;
pub mod theme;
pub mod view;
