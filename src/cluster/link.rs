//! The connection to one context's cluster: opened, proved, watched over, and opened again.
//!
//! One task owns it. It is the only one that tries again while the server is away, and tells the watches when it is back,
//! so that many watches do not knock at once; it notices half-open connections by a cheap request when all is silent, a
//! suspended machine by the clock, and a changed kubeconfig by a look at its files.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::connect::{self, ConnectError, Options, Session};
use super::error::ClusterError;
use super::kubeconfig::{ContextInfo, Loaded, Paths, Target};
use super::plugin::Credential;
use super::request;
use crate::event::Event;
use crate::model::state::{Context, Link};
use crate::model::time::{Clock, Seconds};

/// In place of when the server was heard last.
const NEVER: Seconds = 0;
/// How often the task looks up: at the clock, at the kubeconfig, at how long it has been silent.
const TICK: Duration = Duration::from_secs(2);
/// After so much silence from the server it is asked for a sign of life.
const SILENCE: Seconds = 6;
/// How long that may take. With [`SILENCE`] and [`TICK`] a half-open connection is noticed within 13 s.
const PROBE: Duration = Duration::from_secs(5);
/// The first proof, and those while the server is away: a person waits.
const FIRST: Duration = Duration::from_millis(2500);
/// A tick that comes so much late means that the machine slept.
const SLEPT: Duration = Duration::from_secs(10);
/// Between two tries while the server is away.
const AWAY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(4));
/// Between two tries while the credentials are refused: a plugin may open a browser each time.
const REFUSED: Duration = Duration::from_secs(30);

/// What the loop can ask of the link.
#[derive(Debug)]
pub enum Control {
    /// Try now.
    Retry,
    /// Time went by unseen (the program was suspended): everything is stale until proved.
    Doubt,
    /// A login on the terminal gave this.
    LoggedIn(Box<Credential>),
}

#[derive(Clone, Debug, Default)]
struct Linked {
    session: Option<Session>,
    /// Counts the times that the connection was found broken.
    broken: u64,
    why: Option<ClusterError>,
    /// Counts the times that it came back, or got new credentials.
    renewed: u64,
    /// The kubeconfig, once it was read again.
    loaded: Option<Arc<Loaded>>,
}

#[derive(Debug)]
struct Shared {
    heard: AtomicI64,
    suspect: Notify,
    /// The newest refusal of our credentials, and how often the link had been renewed when the credentials were taken.
    refused: watch::Sender<(u64, Option<ClusterError>)>,
    clock: Clock,
}

/// What the watches hold of the link.
#[derive(Clone, Debug)]
pub struct LinkHandle {
    linked: watch::Receiver<Linked>,
    shared: Arc<Shared>,
    broken: u64,
    renewed: u64,
}

impl LinkHandle {
    /// A copy that notices what happens from now on.
    pub fn mark(&self) -> LinkHandle {
        let (broken, renewed) = {
            let linked = self.linked.borrow();
            (linked.broken, linked.renewed)
        };
        LinkHandle { linked: self.linked.clone(), shared: self.shared.clone(), broken, renewed }
    }

    /// The session, as soon as there is one.
    pub async fn session(&mut self) -> Session {
        loop {
            if let Some(session) = self.linked.borrow_and_update().session.clone() {
                return session;
            }
            self.changed().await;
        }
    }

    /// The session, if there is one.
    pub fn current(&self) -> Option<Session> {
        self.linked.borrow().session.clone()
    }

    /// The kubeconfig as it was read last, where it has changed since the link was opened.
    pub fn loaded(&self) -> Option<Arc<Loaded>> {
        self.linked.borrow().loaded.clone()
    }

    /// Ends when the connection is found broken after the [`LinkHandle::mark`], with the reason.
    pub async fn broken(&mut self) -> ClusterError {
        loop {
            {
                let linked = self.linked.borrow_and_update();
                if linked.broken != self.broken {
                    return linked.why.clone().unwrap_or(ClusterError::Timeout(PROBE));
                }
            }
            self.changed().await;
        }
    }

    /// The connection was found broken after the [`LinkHandle::mark`], whatever it is now.
    pub fn is_broken(&self) -> bool {
        self.linked.borrow().broken != self.broken
    }

    /// What [`LinkHandle::renewed`] waits for was so already.
    pub fn is_renewed(&self) -> bool {
        self.linked.borrow().renewed != self.renewed
    }

    /// Ends when the server is back, there are new credentials, or a person asks for another try, after the [`LinkHandle::mark`].
    pub async fn renewed(&mut self) {
        while self.linked.borrow_and_update().renewed == self.renewed {
            self.changed().await;
        }
    }

    async fn changed(&mut self) {
        if self.linked.changed().await.is_err() {
            // The link is gone, and whoever waits here goes with it.
            std::future::pending::<()>().await;
        }
    }

    /// The server was heard just now.
    pub fn alive(&self) {
        self.shared.heard.store(self.now(), Ordering::Relaxed);
    }

    /// When the server was heard last.
    pub fn heard(&self) -> Seconds {
        self.shared.heard.load(Ordering::Relaxed)
    }

    /// The program's clock.
    pub fn now(&self) -> Seconds {
        self.shared.clock.now()
    }

    /// Something failed: prove the connection now.
    pub fn suspect(&self) {
        self.shared.suspect.notify_one();
    }

    /// The server refused the credentials of the session that was taken after the [`LinkHandle::mark`].
    pub fn refused(&self, error: &ClusterError) {
        self.shared.refused.send_replace((self.renewed, Some(error.clone())));
    }
}

/// The link as the loop holds it: it ends when this is dropped.
#[derive(Debug)]
pub struct LinkOwner {
    task: AbortHandle,
    control: mpsc::Sender<Control>,
    /// For watches and requests.
    pub handle: LinkHandle,
}

impl LinkOwner {
    /// Asks something of the link. What cannot be taken now is in good hands already: it is trying.
    pub fn control(&self, control: Control) {
        let _ = self.control.try_send(control);
    }
}

impl Drop for LinkOwner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Where a link goes, and what it was read from.
#[derive(Clone, Debug)]
pub struct Route {
    /// The kubeconfig as it was read.
    pub loaded: Loaded,
    /// Where it was read from, to read it again.
    pub paths: Paths,
    /// Which context, and the flags of the command line.
    pub options: Options,
}

/// Opens the link. Everything that happens to it comes as [`Event::Link`].
pub fn spawn(route: Route, clock: Clock, out: mpsc::Sender<Event>) -> LinkOwner {
    let (publish, linked) = watch::channel(Linked::default());
    // Nobody presses a key so often while one login takes its 30 s.
    let (control, asked) = mpsc::channel(256);
    let shared = Arc::new(Shared { heard: AtomicI64::new(NEVER), suspect: Notify::new(), refused: watch::Sender::default(), clock });
    let handle = LinkHandle { linked, shared: shared.clone(), broken: 0, renewed: 0 };
    let mut keeper = Keeper { route, publish, shared, out, asked, said: Link::Idle, noted: None };
    let task = tokio::spawn(async move { keeper.run().await });
    LinkOwner { task: task.abort_handle(), control, handle }
}

struct Keeper {
    route: Route,
    publish: watch::Sender<Linked>,
    shared: Arc<Shared>,
    out: mpsc::Sender<Event>,
    asked: mpsc::Receiver<Control>,
    said: Link,
    /// What was last said to be wrong with the kubeconfig.
    noted: Option<Arc<str>>,
}

/// Why the session has to be opened again.
enum Again {
    /// Now.
    Now,
    /// The credentials were refused: with the reason.
    Refused(ClusterError),
}

impl Keeper {
    async fn run(&mut self) {
        let mut target = connect::target(&self.route.loaded, &self.route.options).ok();
        let mut refused = 0u32;
        loop {
            let doing = match connect::login_command(&self.route.loaded, &self.route.options) {
                Ok(Some(plugin)) if self.route.options.credential.is_none() => format!("asking {} for credentials", plugin.name()),
                _ => format!("connecting to {}", target.as_ref().map_or("the cluster", |target: &Target| target.server.as_str())),
            };
            if self.since().is_none() {
                self.say(Link::Connecting { since: self.shared.clock.now(), doing: doing.into() }).await;
            }
            let opened = connect::open(&self.route.loaded, &self.route.options).await;
            // A login's credential is good once; after it the plugin has one of its own.
            self.route.options.credential = None;
            let pause = match opened {
                Ok(session) => {
                    target = Some((**session.target()).clone());
                    self.publish.send_modify(|linked| {
                        linked.session = Some(session.clone());
                        linked.renewed += 1;
                    });
                    let began = Instant::now();
                    let again = self.keep(&session).await;
                    if began.elapsed() > REFUSED {
                        refused = 0;
                    }
                    match again {
                        Again::Now => {
                            refused = 0;
                            continue;
                        }
                        // New credentials may be had without a person: a plugin, a token file. Once.
                        Again::Refused(_) if refused == 0 => {
                            refused = 1;
                            continue;
                        }
                        Again::Refused(error) => {
                            self.unauthorized(&error).await;
                            REFUSED
                        }
                    }
                }
                Err(ConnectError::Cluster(error)) if error.is_login() => {
                    self.unauthorized(&error).await;
                    REFUSED
                }
                Err(error) => {
                    self.say(Link::Down { since: self.since(), why: error.to_string().into() }).await;
                    AWAY.1
                }
            };
            self.pause(pause).await;
        }
    }

    async fn unauthorized(&mut self, error: &ClusterError) {
        let login = matches!(connect::login_command(&self.route.loaded, &self.route.options), Ok(Some(_)));
        self.publish.send_modify(|linked| {
            linked.broken += 1;
            linked.why = Some(error.clone());
        });
        self.say(Link::Unauthorized { why: error.to_string().into(), login }).await;
    }

    /// When the server was heard last, by whomever: a watch may have shown rows before the first proof is there.
    fn since(&self) -> Option<Seconds> {
        let heard = self.shared.heard.load(Ordering::Relaxed);
        (heard != NEVER).then_some(heard)
    }

    async fn say(&mut self, link: Link) {
        if self.said != link {
            self.said = link.clone();
            let _ = self.out.send(Event::Link(link)).await;
        }
    }

    /// Waits before the next try, or until there is a reason for it.
    async fn pause(&mut self, pause: Duration) {
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return,
                control = self.asked.recv() => {
                    self.take(control);
                    return;
                }
                () = tokio::time::sleep(TICK) => if self.reread().await { return },
            }
        }
    }

    fn take(&mut self, control: Option<Control>) {
        if let Some(Control::LoggedIn(credential)) = control {
            self.route.options.credential = Some(*credential);
        }
    }

    /// Proves the session, watches over it, and ends when it has to be opened again.
    async fn keep(&mut self, session: &Session) -> Again {
        let mut refusals = self.shared.refused.subscribe();
        let mut up = false;
        let mut away = AWAY.0;
        let mut probe_at = Some(Instant::now());
        let mut last = Instant::now();
        let mut ticked = std::time::SystemTime::now();
        loop {
            if probe_at.is_some_and(|at| at <= Instant::now()) {
                probe_at = None;
                last = Instant::now();
                match request::version(&session.with_timeout(if up { PROBE } else { FIRST })).await {
                    Ok(version) => {
                        self.shared.heard.store(self.shared.clock.now(), Ordering::Relaxed);
                        if !up {
                            up = true;
                            away = AWAY.0;
                            self.publish.send_modify(|linked| linked.renewed += 1);
                        }
                        self.say(Link::Up { version: version.unwrap_or_default().into() }).await;
                    }
                    Err(error) if error.is_login() => return Again::Refused(error),
                    // Busy, and there.
                    Err(ClusterError::TooManyRequests { .. }) if up => {
                        self.shared.heard.store(self.shared.clock.now(), Ordering::Relaxed);
                    }
                    Err(error) => {
                        up = false;
                        self.publish.send_modify(|linked| {
                            linked.broken += 1;
                            linked.why = Some(error.clone());
                        });
                        self.say(Link::Down { since: self.since(), why: error.to_string().into() }).await;
                        probe_at = Some(Instant::now() + away);
                        away = (away * 2).min(AWAY.1);
                    }
                }
            }
            let wake = probe_at.unwrap_or_else(|| Instant::now() + TICK).min(Instant::now() + TICK);
            tokio::select! {
                () = tokio::time::sleep_until(wake) => {}
                () = self.shared.suspect.notified(), if up => {
                    // Many watches fail at once: one proof serves them all.
                    probe_at = Some((last + Duration::from_millis(300)).max(Instant::now()));
                }
                _ = refusals.changed() => {
                    let (taken, error) = refusals.borrow_and_update().clone();
                    // What was refused to credentials that are not in use any more says nothing of those that are.
                    if let Some(error) = error.filter(|_| taken == self.publish.borrow().renewed) {
                        return Again::Refused(error);
                    }
                }
                control = self.asked.recv() => match control {
                    Some(Control::Retry) => {
                        probe_at = Some(Instant::now());
                        // Watches that wait before they try again do it now.
                        self.publish.send_modify(|linked| linked.renewed += 1);
                    }
                    Some(Control::Doubt) => {
                        self.doubt("the program was suspended");
                        probe_at = Some(Instant::now());
                        up = false;
                    }
                    other => {
                        self.take(other);
                        return Again::Now;
                    }
                },
            }
            if self.reread().await {
                return Again::Now;
            }
            let now = std::time::SystemTime::now();
            if now.duration_since(ticked).is_ok_and(|gap| gap > TICK + SLEPT) {
                // The machine slept.
                self.doubt("this machine was suspended");
                probe_at = Some(Instant::now());
                up = false;
            }
            ticked = now;
            let silent = self.shared.clock.now() - self.shared.heard.load(Ordering::Relaxed);
            // Before zero: the clock was put back, and says nothing of how long it was.
            if up && !(0..SILENCE).contains(&silent) && probe_at.is_none() {
                probe_at = Some(Instant::now());
            }
        }
    }

    /// What was true before need not be any more.
    fn doubt(&self, why: &str) {
        self.publish.send_modify(|linked| {
            linked.broken += 1;
            linked.why = Some(ClusterError::Unreachable(why.into()));
        });
    }

    /// Reads the kubeconfig again if it changed on disk. True when the session has to be opened again for it.
    async fn reread(&mut self) -> bool {
        if !self.route.loaded.fingerprint().has_changed() {
            return false;
        }
        let paths = self.route.paths.clone();
        let loaded = match tokio::task::spawn_blocking(move || Loaded::load(&paths)).await {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(error)) => {
                // Half-written files are read again at the next look; what was read before stays in force.
                self.note(error.to_string().into()).await;
                return false;
            }
            Err(_) => return false,
        };
        self.noted = None;
        let before = connect::target(&self.route.loaded, &self.route.options);
        let contexts = contexts(&loaded);
        self.route.loaded = loaded.clone();
        self.publish.send_modify(|linked| linked.loaded = Some(Arc::new(loaded)));
        let _ = self.out.send(Event::Contexts(contexts)).await;
        match (before, connect::target(&self.route.loaded, &self.route.options)) {
            (Ok(before), Ok(after)) if before.server != after.server || before.user != after.user || before.cluster != after.cluster => {
                let _ = self.out.send(Event::Moved).await;
                false
            }
            (_, Ok(_)) => true,
            (_, Err(error)) => {
                // That the context itself is gone can be seen from the contexts.
                let named = self.route.options.context.as_deref();
                if named.is_none_or(|name| self.route.loaded.contexts().iter().any(|context| context.name == name)) {
                    self.note(error.to_string().into()).await;
                }
                false
            }
        }
    }

    /// Says what is wrong with the kubeconfig: once, however often it is looked at.
    async fn note(&mut self, words: Arc<str>) {
        if self.noted.as_ref() != Some(&words) {
            self.noted = Some(words.clone());
            let _ = self.out.send(Event::Note(words)).await;
        }
    }
}

/// The contexts of a kubeconfig, for the picker.
pub fn contexts(loaded: &Loaded) -> Vec<Context> {
    let context = |info: ContextInfo| Context {
        name: info.name.into(),
        cluster: info.cluster.into(),
        user: info.user.unwrap_or_default().into(),
        namespace: info.namespace.unwrap_or_default().into(),
        server: info.server.unwrap_or_default().into(),
    };
    loaded.contexts().into_iter().map(context).collect()
}
