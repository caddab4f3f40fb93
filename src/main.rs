//! The program: its command line, and one line on stderr with exit code 2 when it cannot begin.

use std::process::ExitCode;

use clap::Parser;
use kubetui::cli::{self, Cli, Command};

/// What could not be begun: a wrong kubeconfig, a cluster that does not answer, no terminal.
const FAILURE: u8 = 2;

fn main() -> ExitCode {
    // clap writes what is wrong with the command line by itself, and exits with 2 too.
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("kubetui: {}", kubetui::cluster::error::one_line(&format!("{e:#}")));
            ExitCode::from(FAILURE)
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    match &cli.command {
        Some(Command::Completion { shell }) => Ok(cli::completion(*shell, &mut std::io::stdout().lock())?),
        Some(Command::Get(get)) => start(cli, Some(get)),
        None => start(cli, None),
    }
}

/// Loads the kubeconfig and starts what the command line asks for.
fn start(cli: &Cli, get: Option<&cli::Get>) -> anyhow::Result<()> {
    if let Some(file) = &cli.global.log_file {
        kubetui::log::start(file)?;
    }
    let loaded = kubetui::cluster::kubeconfig::Loaded::load(&cli.global.paths())?;
    let options = cli.global.options();
    if let Some(get) = get {
        return kubetui::get::to_stdout(&loaded, &options, cli.global.scope(), get);
    }
    let target = kubetui::cluster::connect::target(&loaded, &options)?;
    let what = cli.resource.as_deref().unwrap_or("pods");
    anyhow::bail!("{what} of {}: this build has no dashboard", target.context)
}
