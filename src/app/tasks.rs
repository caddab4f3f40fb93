//! What the loop has done for it: discovery, metrics, owners, descriptions, a login.

use std::io;
use std::time::Instant;

use futures::StreamExt;

use super::App;
use super::surface::Surface;
use crate::cluster::connect;
use crate::cluster::link::Control;
use crate::cluster::metrics::{self, Answer, Of};
use crate::cluster::write::access;
use crate::cluster::{discovery, follow, list};
use crate::commands::paths;
use crate::event::{Event, Measured, Measurement};
use crate::kinds;
use crate::model::facts::Resources;
use crate::model::reference::Reference;
use crate::model::rights::Ask;
use crate::model::row::Source;
use crate::model::scope::Scope;
use crate::model::state::Link;

/// What the server serves is asked again when the palette opens, at most so often.
const DISCOVERY: std::time::Duration = std::time::Duration::from_secs(20);
/// After a try that failed it is asked again no sooner than this.
const UNDISCOVERED: std::time::Duration = std::time::Duration::from_secs(5);
/// No more namespaces than this are asked for one by one.
const NAMED: usize = 20;
/// Pods of more namespaces than this are measured all at once.
const NAMESPACES: usize = 3;

/// So many questions of rights are on the way at once.
const AT_ONCE: usize = 4;

/// What is asked for again and again.
#[derive(Debug, Default)]
pub struct Polls {
    /// When the server last said what it serves.
    pub discovered: Option<Instant>,
    /// It is asked now.
    pub discovering: bool,
    /// When it was last asked in vain.
    pub undiscovered: Option<Instant>,
    /// For which scope the server was asked whether its namespaces are there, and whether nothing was in them.
    named: Option<(Scope, bool)>,
    /// Use is asked for now.
    pub measuring: bool,
    measured: Option<(Instant, Vec<Of>)>,
}

impl<S: Surface> App<S> {
    /// Asks what the server serves.
    pub(super) fn discover(&mut self) {
        let fresh = self.polls.discovered.is_some_and(|at| at.elapsed() < DISCOVERY)
            || self.polls.undiscovered.is_some_and(|at| at.elapsed() < UNDISCOVERED);
        let Some(session) = self.link.handle.current().filter(|_| !fresh && !self.polls.discovering) else { return };
        self.polls.discovering = true;
        let out = self.out.clone();
        tokio::spawn(async move {
            let found = discovery::discover(&session).await;
            let _ = out.send(Event::Discovered(found.map(Box::new).map_err(|e| e.to_string().into()))).await;
        });
    }

    /// Reads the folder that a path leads into which is being typed.
    pub(super) fn list_folder(&mut self) {
        let Some(folder) = self.state.folder.take_asked() else { return };
        let out = self.say.clone();
        tokio::task::spawn_blocking(move || {
            let names = paths::names(&folder);
            let _ = out.blocking_send(Event::Listed(folder, names));
        });
    }

    /// Asks again what the server serves, where it could not say it: without that, half of the kinds are not there.
    pub(super) fn discover_at_last(&mut self) {
        if self.polls.discovered.is_none() && matches!(self.state.link, Link::Up { .. }) {
            self.discover();
        }
    }

    /// Asks whether the namespaces that are looked at are there: once for each scope, and when everything in them is gone.
    pub(super) fn ask_namespaces(&mut self) {
        let Some(names) = self.state.scope.names().filter(|_| matches!(self.state.link, Link::Up { .. })) else { return };
        let table = self.state.table_view().and_then(|view| self.state.tables.get(&view.place.key));
        let empty = table.is_some_and(|table| table.truth().complete() && table.store.is_empty());
        let asked = Some((self.state.scope.clone(), empty));
        let Some(session) = self.link.handle.current().filter(|_| self.polls.named != asked) else { return };
        let (names, scope, out) = (names[..names.len().min(NAMED)].to_vec(), self.state.scope.clone(), self.out.clone());
        self.polls.named = asked;
        tokio::spawn(async move {
            let absent = list::absent(&session, &names).await;
            let _ = out.send(Event::Absent(scope, absent)).await;
        });
    }

    /// The palette opened: kinds may have come since.
    pub(super) fn rediscover(&mut self) {
        if matches!(self.state.link, Link::Up { .. }) {
            self.polls.discovering = false;
            self.polls.undiscovered = None;
            self.discover();
        }
    }

    /// Asks what is in use, for what is on the screen, every 15 s.
    pub(super) fn measure(&mut self) {
        if !matches!(self.state.link, Link::Up { .. }) || self.polls.measuring {
            return;
        }
        let wanted = self.wanted_metrics();
        let due = match &self.polls.measured {
            Some((at, of)) => at.elapsed() >= metrics::PERIOD || (*of != wanted && at.elapsed() >= super::SECOND),
            None => true,
        };
        let Some(session) = self.link.handle.current().filter(|_| due && !wanted.is_empty()) else { return };
        self.polls.measured = Some((Instant::now(), wanted.clone()));
        self.polls.measuring = true;
        let out = self.out.clone();
        tokio::spawn(async move {
            for of in wanted {
                let found = match metrics::usage(&session, &of).await {
                    Ok(Answer::Measured(usage)) => Measured::Entries(
                        usage.into_iter().map(|u| (u.namespace, u.name, Resources { cpu: u.cpu, memory: u.memory })).collect(),
                    ),
                    Ok(Answer::Absent(why)) => Measured::Absent(why.into()),
                    Err(error) => {
                        tracing::debug!(%error, "metrics");
                        Measured::Unknown
                    }
                };
                let namespace = if let Of::Pods(namespace) = &of { Some(namespace.clone()) } else { None };
                let _ = out.send(Event::Measured(Measurement { nodes: of == Of::Nodes, namespace, found })).await;
            }
        });
    }

    fn wanted_metrics(&self) -> Vec<Of> {
        let Some(view) = self.state.table_view() else { return Vec::new() };
        if !view.columns().any(|(_, column)| column.source == Source::Cpu) {
            return Vec::new();
        }
        if view.place.key.kind().is_some_and(|kind| &*kind.plural == "nodes") {
            return vec![Of::Nodes];
        }
        let scope = view.place.key.scope();
        if let Some(namespace) = scope.single() {
            return vec![Of::Pods(namespace.to_string())];
        }
        let Some(table) = self.state.tables.get(&view.place.key) else { return Vec::new() };
        let mut shown: Vec<String> =
            (view.top..view.top + view.height).filter_map(|at| Some(view.row(table, at)?.0.namespace.to_string())).collect();
        shown.dedup();
        shown.sort();
        shown.dedup();
        if view.needs_metrics() || shown.len() > NAMESPACES {
            return vec![Of::AllPods];
        }
        shown.into_iter().map(Of::Pods).collect()
    }

    /// The cursor has come to rest: its events and owners are wanted.
    pub(super) fn rested(&mut self) {
        let events = self.state.kind_of(&kinds::events::EVENT);
        let Some((row, rested)) = self.state.table_view().and_then(|view| Some((view.selected(&self.state.tables)?.clone(), view.rested)))
        else {
            return;
        };
        if self.state.details.follow(Some(&row), rested, &events) {
            if let Some(key) = self.state.details.events.clone() {
                self.state.tables.look(&key);
            }
            self.look();
            self.ask_owner();
            self.state.dirty = true;
            self.touch();
        }
    }

    /// Asks what this user may do with the object under the cursor, once that rests, and what else somebody wanted to know of
    /// rights and is not known. Called after each draw: what is drawn is what somebody wants to know.
    pub(super) fn ask_rights(&mut self) {
        let rests = self.state.table_view().is_none_or(|view| view.rested.elapsed() >= crate::view::details::REST);
        let Some(session) = self.link.handle.current().filter(|_| rests && matches!(self.state.link, Link::Up { .. })) else { return };
        let now = Instant::now();
        if let Some(of) = self.state.subject().filter(|of| !of.kind.version.is_empty()) {
            self.state.rights.look(&of.kind, &of.namespace, &of.name, now);
        }
        let asks = self.state.rights.take(now);
        if asks.is_empty() {
            return;
        }
        let out = self.out.clone();
        tokio::spawn(async move {
            let each = |ask: Ask| async {
                let said = access::ask(&session, &ask).await;
                let _ = out.send(Event::Rights(ask, said)).await;
            };
            futures::stream::iter(asks).for_each_concurrent(AT_ONCE, each).await;
        });
    }

    /// Asks for the owner of the farthest owner that is known.
    pub(super) fn ask_owner(&mut self) {
        let Some((namespace, owner)) = self.state.details.ask.take() else { return };
        let kind = self.state.catalog.referred(&owner.api_version, &owner.kind).cloned();
        let (Some(kind), Some(session)) = (kind, self.link.handle.current()) else { return };
        let out = self.out.clone();
        tokio::spawn(async move {
            let found = follow::owner_of(&session, &kind, &namespace, &owner.name, &owner.uid).await.unwrap_or_default();
            let _ = out.send(Event::Owner(owner, found)).await;
        });
    }

    /// Fills a text view for as long as it is open.
    pub(super) fn describe(&mut self, number: u64, subject: &Reference) {
        let follow = follow::describe(number, subject.clone(), self.link.handle.clone(), self.out.clone());
        self.follows.insert(number, follow);
    }

    /// Hands the terminal to the login command of the settings, else to the credential plugin.
    pub(super) async fn login(&mut self) -> io::Result<()> {
        if self.login_by_command()? {
            return Ok(());
        }
        let plugin = match connect::login_command(&self.route.loaded, &self.route.options) {
            Ok(Some(plugin)) => plugin,
            Ok(None) => {
                self.state.error("this context has no login plugin");
                return Ok(());
            }
            Err(error) => {
                self.state.error(error.to_string());
                return Ok(());
            }
        };
        let mut command = plugin.login();
        // The loop stands still meanwhile, as it must: the terminal belongs to the plugin. Watches go on reading.
        let output = self.surface.hand_over(|| {
            println!("kubetui: logging in with {} …", plugin.name());
            command.output()
        })?;
        self.state.dirty = true;
        match output.map_err(|e| e.to_string()).and_then(|output| plugin.read(&output).map_err(|e| e.to_string())) {
            Ok(credential) => {
                self.state.message = None;
                self.link.control(Control::LoggedIn(Box::new(credential)));
            }
            Err(why) => self.state.error(why),
        }
        Ok(())
    }
}
