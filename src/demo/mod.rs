//! The embedded cluster of `--demo`: a small Kubernetes API over real HTTPS on loopback, with controllers, nodes and a
//! story. Nothing outside knows that a cluster is this one: the same client code talks to it.
//!
//! Everything that is decided is decided in one place and without waiting: `world::World` holds the objects, the time and
//! what is due, `api` answers one call on it, controllers react to what changed. Only `serve` knows sockets and tasks.
//!
//! ```text
//! client ══ HTTPS ══▶ serve ──Request──▶ api ──▶ admission, patch ──▶ world (store, time, timers)
//!                       ▲                 │                              │ changes    ▲ next steps
//!                       └─────Answer──────┘                              ▼            │
//!                                                                      controllers ───┘
//! ```
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`serve`], [`http`], [`channel`] | sockets, TLS, accounts and their kubeconfig; HTTP without sockets; several streams over one websocket |
//! | [`api`] | one call in, one answer out: routing, lists, watches, writes, tables; [`refusal`] has the words of a no, [`roles`] says who may |
//! | [`admission`], [`patch`], [`protobuf`] | what is filled in and what is refused; the four patches; bodies in protobuf |
//! | [`resources`], [`openapi`] | what kinds there are and their schemas, recorded from a real server (`recorded/`), and those of definitions |
//! | [`world`], [`store`], [`running`] | the cluster and its time; objects, versions, indexes; the world among threads |
//! | [`controllers`] | one row for each controller, the scheduler, the kubelets and the nodes among them |
//! | [`container`], [`traffic`], [`logs`], [`shell`], [`metrics`] | what goes on in a container: what it says, what `exec` finds there, what it uses |
//! | [`story`] | what is going on when somebody looks: manifests, large clusters, churn |

pub mod admission;
pub mod api;
pub mod channel;
pub mod container;
pub mod controllers;
pub mod http;
pub mod logs;
pub mod metrics;
pub mod openapi;
pub mod patch;
pub mod protobuf;
pub mod refusal;
pub mod resources;
pub mod roles;
pub mod running;
pub mod selector;
pub mod serve;
pub mod shell;
pub mod store;
pub mod story;
pub mod traffic;
pub mod world;

pub use crate::model::tree;

use std::net::SocketAddr;
use std::sync::Arc;

use api::Api;
use running::{Running, Time};
use serve::{ServeError, Server};
use tokio::runtime::{Builder, Runtime};
use world::{Millis, World};

/// What a demo is to be like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How many pods there are, about; `None` for the story alone.
    pub pods: Option<u32>,
    /// How many pods change each second, beside what the story does.
    pub churn: u32,
    /// Three nodes and nothing on them, in place of the story: as a test begins.
    pub empty: bool,
    /// Where it listens on 127.0.0.1; 0 for any port that is free.
    pub port: u16,
}

/// A running demo. It ends when it is dropped.
pub struct Demo {
    running: Arc<Running>,
    server: Server,
    threads: Threads,
}

/// The demo's own runtime. A plain one cannot be dropped by a task of another one.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Demo {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Its kubeconfig (YAML), with a context for each of [`serve::USERS`].
    pub fn kubeconfig(&self) -> String {
        self.server.kubeconfig()
    }

    /// Moves the time of a demo that was started by [`start_at`], and does all that is due until then.
    pub fn pass(&self, milliseconds: Millis) {
        self.running.pass(milliseconds);
    }

    /// Ends it, and lets answers that are on their way be read: a second at most. Not to be called by a task.
    pub fn stop(mut self) {
        if let Some(runtime) = self.threads.0.take() {
            runtime.block_on(self.server.stop());
            runtime.shutdown_background();
        }
    }
}

/// Starts a cluster, on threads of its own so that nobody else's tasks wait for it.
///
/// # Errors
/// The port is taken, or the system gives no threads or random numbers.
pub fn start(options: Options) -> Result<Demo, ServeError> {
    let time = Time::System;
    let world = world(&options, time.now());
    serving(Running::new(world, time), options.port)
}

/// Starts a cluster whose time stands still until [`Demo::pass`]: for tests, which then need not wait.
///
/// # Errors
/// As [`start`].
pub fn start_at(now: Millis, options: Options) -> Result<Demo, ServeError> {
    serving(Running::new(world(&options, now), Time::Told(now.into())), options.port)
}

/// The cluster that the options describe.
fn world(options: &Options, now: Millis) -> World {
    if options.empty {
        return story::nothing(now, now as u64);
    }
    let mut world = story::tell(now, now as u64, options.pods.unwrap_or(0) as usize);
    story::churn::keep_busy(&mut world, options.churn);
    world
}

/// Serves a world on threads of its own.
fn serving(running: Arc<Running>, port: u16) -> Result<Demo, ServeError> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        // They take turns on the world: more would only wait for each other.
        .max_blocking_threads(8)
        .thread_name("demo")
        .enable_all()
        .build()
        .map_err(|e| ServeError::Runtime(e.to_string()))?;
    let threads = Threads(Some(runtime));
    let server = {
        let _entered = threads.0.as_ref().map(Runtime::enter);
        let server = Server::start(Arc::new(Api::new(running.clone())), port)?;
        running.with(|world| story::publish(world, server.authority()));
        tokio::spawn(running.clone().drive());
        server
    };
    Ok(Demo { running, server, threads })
}
