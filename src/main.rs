//! The program: its command line, and one line on stderr with exit code 2 when it cannot begin.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use kubetui::app::{self, Start, surface};
use kubetui::cli::{self, Cli, Command, Configuration};
use kubetui::cluster::connect;
use kubetui::cluster::kubeconfig::{Loaded, Paths};
use kubetui::cluster::link::{self, Route};
use kubetui::cluster::write::Piped;
use kubetui::cluster::write::journal::Journal;
use kubetui::config::{self, Config, Said};
use kubetui::demo::{self, Demo};
use kubetui::drafts::Drafts;
use kubetui::keymap::Keymap;
use kubetui::model::state::Context;
use kubetui::model::time::Clock;
use kubetui::remember::Memory;
use kubetui::terminal::background::Answer;
use kubetui::terminal::{detect, input, signals};
use kubetui::theme::{Depth, Theme};
use kubetui::view::chosen::Chosen;
use kubetui::view::state::State;
use kubetui::{commands, places};
use tokio::sync::mpsc;

/// `kubetui config check` found something.
const WRONG: u8 = 1;
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
        Some(Command::Config(what)) => return config(cli, *what),
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

/// `kubetui config`.
fn config(cli: &Cli, what: Configuration) -> anyhow::Result<ExitCode> {
    let folder = places::config_folder();
    let mut out = std::io::stdout().lock();
    match what {
        Configuration::Check => {
            let Some(folder) = folder else { anyhow::bail!("there is no config folder: no home is known") };
            let checked = config::check::check(&folder, &commands::names());
            out.write_all(checked.report(&folder).as_bytes())?;
            Ok(if checked.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(WRONG) })
        }
        Configuration::Show => {
            let (config, problems) = Config::load(folder.as_deref());
            problems.iter().for_each(|problem| eprintln!("kubetui: {problem}"));
            // What would hold in a context can be shown without a kubeconfig that has it.
            let current = || Some(kubeconfig(cli).ok()?.0.current()?.to_owned());
            let context = cli.global.context.clone().or_else(current).unwrap_or_default();
            let mut settings = config.settings(&context, &cli.global.flags(Some(detect::theme(Answer::Unasked))));
            settings.namespace = cli.global.scope().map(|scope| Said::new(scope, "--namespace")).or(settings.namespace);
            out.write_all(settings.show(&context, &config).as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The person's own editor, as kubectl finds it.
fn editor() -> String {
    let named = ["KUBE_EDITOR", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()));
    named.unwrap_or_else(|| if cfg!(windows) { "notepad" } else { "vi" }.to_owned())
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
    let folder = places::config_folder();
    let folder = folder.as_deref();
    let (config, mut problems) = Config::load(folder);
    // The terminal is asked only where its answer can count in some context: which theme fits it is known once it is ours.
    let open = cli.global.theme.is_none() && !config.says_theme();
    let flags = cli.global.flags(None);
    let settings = config.settings(&target.context, &flags);
    let depth = detect::depth();
    let (theme, more) = Theme::load(&settings.theme.value, folder, depth);
    problems.extend(more);
    let (keymap, more) = Keymap::load(&settings.keymap.value, folder, &commands::names());
    problems.extend(more);
    let contexts = link::contexts(&loaded);
    let context = Context {
        name: target.context.as_str().into(),
        cluster: target.cluster.as_str().into(),
        user: target.user.unwrap_or_default().into(),
        namespace: target.namespace.unwrap_or_default().into(),
        server: target.server.into(),
    };
    let mut state = State::new(Clock::system(), theme, keymap, context, contexts, Default::default());
    state.chosen = Chosen::new(folder, depth, &settings.theme.value, &settings.keymap.value);
    let mut start = Start {
        route: Route { loaded, paths, options },
        config,
        flags,
        scope: cli.global.scope(),
        resource: cli.resource.clone(),
        memory: Memory::load(),
        // What is done to a demo goes with it.
        journal: if cli.global.demo.is_some() { Journal::default() } else { Journal::open(places::state_folder()) },
        drafts: if cli.global.demo.is_some() { Drafts::default() } else { Drafts::open(places::state_folder()) },
        outside: editor(),
        piped: Piped::default(),
        problems: problems.iter().map(ToString::to_string).collect(),
    };
    // From here on keys are read where others would read standard input.
    start.piped = Piped::new(input::set_aside());
    // The loop has the main thread; decoding goes beside it.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let code = runtime.block_on(async {
        let (tell, told) = mpsc::channel(4);
        signals::watch(move |signal| {
            let _ = tell.try_send(signal);
        })?;
        let surface = surface::Terminal::enter(open && depth != Depth::None)?;
        start.flags.fitting = open.then(|| detect::theme(surface.answer()));
        app::run(start, state, surface, told).await
    })?;
    // A credential plugin that hangs does not keep the program.
    runtime.shutdown_background();
    Ok(ExitCode::from(code))
}
