//! The program: its command line, and one line on stderr with exit code 2 when it cannot begin.

use std::process::ExitCode;

use clap::Parser;
use kubetui::app::{self, Start, surface};
use kubetui::cli::{self, Cli, Command};
use kubetui::cluster::connect;
use kubetui::cluster::kubeconfig::{Loaded, Paths};
use kubetui::cluster::link::{self, Route};
use kubetui::cluster::write::journal::Journal;
use kubetui::demo::{self, Demo};
use kubetui::keymap::{self, Keymap};
use kubetui::model::state::Context;
use kubetui::model::time::Clock;
use kubetui::remember::Memory;
use kubetui::terminal::{detect, signals};
use kubetui::theme::Theme;
use kubetui::view::state::State;
use kubetui::{commands, places};
use tokio::sync::mpsc;

/// What could not be begun: a wrong kubeconfig, a cluster that does not answer, no terminal.
const FAILURE: u8 = 2;

fn main() -> ExitCode {
    // clap writes what is wrong with the command line by itself, and exits with 2 too.
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(e) => {
            eprintln!("kubetui: {}", kubetui::cluster::error::one_line(&format!("{e:#}")));
            ExitCode::from(FAILURE)
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    if let Some(file) = &cli.global.log_file {
        kubetui::log::start(file)?;
    }
    if let Some(contradiction) = cli.contradiction() {
        anyhow::bail!(contradiction);
    }
    match &cli.command {
        Some(Command::Completion { shell }) => cli::completion(*shell, &mut std::io::stdout().lock())?,
        Some(Command::Get(get)) => {
            let (loaded, _, _demo) = kubeconfig(cli)?;
            kubetui::get::to_stdout(&loaded, &cli.global.options(), cli.global.scope(), get)?;
        }
        Some(Command::Demo(cli::Demo::Serve(options))) => kubetui::serve::run(options, &mut std::io::stdout().lock())?,
        None => return dashboard(cli),
    }
    Ok(ExitCode::SUCCESS)
}

/// The kubeconfig and where it was read from; with `--demo` that of a demo, which runs until it is dropped. Its kubeconfig
/// is in no file.
fn kubeconfig(cli: &Cli) -> anyhow::Result<(Loaded, Paths, Option<Demo>)> {
    let Some(pods) = cli.global.demo else {
        let paths = cli.global.paths();
        return Ok((Loaded::load(&paths)?, paths, None));
    };
    let demo = demo::start(demo::Options { pods, ..demo::Options::default() })?;
    let loaded = Loaded::of_text("the demo's kubeconfig", &demo.kubeconfig())?;
    Ok((loaded, Paths::none(), Some(demo)))
}

/// The dashboard. Everything that can be wrong before it begins is said before the terminal is taken.
fn dashboard(cli: &Cli) -> anyhow::Result<ExitCode> {
    // Runs as long as the dashboard does, and ends behind it.
    let (loaded, paths, _demo) = kubeconfig(cli)?;
    let options = cli.global.options();
    let target = connect::target(&loaded, &options)?;
    if !detect::has_terminal() {
        anyhow::bail!("there is no terminal on stdout; `kubetui get` prints without one");
    }
    let config = places::config_folder();
    let (theme, mut problems) = Theme::load(detect::theme(), config.as_deref(), detect::depth());
    let (keymap, more) = Keymap::load(keymap::DEFAULT, config.as_deref(), &commands::names());
    problems.extend(more);
    let contexts = link::contexts(&loaded);
    let context = Context {
        name: target.context.as_str().into(),
        cluster: target.cluster.as_str().into(),
        user: target.user.unwrap_or_default().into(),
        namespace: target.namespace.unwrap_or_default().into(),
        server: target.server.into(),
    };
    let state = State::new(Clock::system(), theme, keymap, context, contexts, Default::default());
    let start = Start {
        route: Route { loaded, paths, options },
        scope: cli.global.scope(),
        resource: cli.resource.clone(),
        memory: Memory::load(),
        // What is done to a demo goes with it.
        journal: if cli.global.demo.is_some() { Journal::default() } else { Journal::open(places::state_folder()) },
        problems: problems.iter().map(ToString::to_string).collect(),
    };
    // The loop has the main thread; decoding goes beside it.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let code = runtime.block_on(async {
        let (tell, told) = mpsc::channel(4);
        signals::watch(move |signal| {
            let _ = tell.try_send(signal);
        })?;
        app::run(start, state, surface::Terminal::enter()?, told).await
    })?;
    // A credential plugin that hangs does not keep the program.
    runtime.shutdown_background();
    Ok(ExitCode::from(code))
}
