//! `config.toml` in the config folder: what a context looks like, where it begins and what it allows.
//!
//! ```toml
//! theme = "nord"                       # for every context
//! [guard]
//! most = 20
//! [context."*-prod"]                   # for those whose name fits
//! read-only = true
//! [[context."*-prod".guard.rail]]
//! verbs = ["exec"]
//! demand = "deny"
//! ```
//!
//! Of one setting the most exact word counts: a flag of the command line, then the table of the context's own name, then
//! tables whose pattern fits, a later one before an earlier one, then the top of the file, then what is usual. Guard rails
//! add up in the opposite order, so that a `free` one lifts what is less exact ([`Policy::rail`]).
//!
//! What is wrong in the file is reported and the rest of it used. Where a mistake could take a guard away, the stricter
//! reading holds: a `read-only` that is no truth value is true, a demand that is not known denies.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::keymap;
use crate::model::log::LogSettings;
use crate::model::policy::{Policy, Rail};
use crate::model::scope::{self, Scope};
use crate::model::session::DEBUG_IMAGE;
use crate::problem::{Problem, Source};

pub mod check;
mod file;
mod names;
mod show;

use file::Layer;

/// The file's name in the config folder.
pub const FILE: &str = "config.toml";
/// The source of what nobody said.
const DEFAULT: &str = "default";

/// A value, and who said it: `--theme`, `config.toml:12`, `default`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    /// What.
    pub value: T,
    /// Who.
    pub source: Arc<str>,
}

impl<T> Said<T> {
    /// A value of this source.
    pub fn new(value: T, source: impl Into<Arc<str>>) -> Said<T> {
        Said { value, source: source.into() }
    }
}

/// What the command line says, and what the terminal is: it wins over the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--theme`.
    pub theme: Option<String>,
    /// `--keymap`.
    pub keymap: Option<String>,
    /// `--read-only`.
    pub read_only: Option<bool>,
    /// The theme that fits the terminal, for when nobody chose one; [`crate::theme::DARK`] where there is none.
    pub fitting: Option<&'static str>,
}

/// The file, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// The config folder; `None` where there is no home.
    pub folder: Option<PathBuf>,
    base: Layer,
    /// In the file's order: names of contexts, or patterns, and what is said of them.
    contexts: Vec<(String, Layer)>,
}

/// What holds in one context.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The theme's name.
    pub theme: Said<String>,
    /// The key map's name.
    pub keymap: Said<String>,
    /// Nothing is written.
    pub read_only: Said<bool>,
    /// The namespaces to begin with; as they were left last time where nobody says.
    pub namespace: Option<Said<Scope>>,
    /// The view to begin with, a pane or a kind; as it was left last time where nobody says.
    pub pane: Option<Said<String>>,
    /// The mouse belongs to the program.
    pub mouse: Said<bool>,
    /// Program and arguments of what logs in; the user's credential plugin where nobody says.
    pub login: Option<Said<Arc<[String]>>>,
    /// The image that is offered for a debug container.
    pub debug_image: Said<String>,
    /// Writes are tried with `dryRun=All` first.
    pub dry_run: Said<bool>,
    /// A mistake is dear: the header is red.
    pub danger: Said<bool>,
    /// At most so many objects at once; 0 is without limit.
    pub most: Said<usize>,
    /// The usual rails hold, too.
    pub defaults: Said<bool>,
    /// Rails of the file, the less exact first.
    pub rails: Vec<Rail>,
    /// So many of the last lines of each container are read first.
    pub log_tail: Said<u32>,
    /// With more containers at once than this, a log asks first.
    pub log_most: Said<usize>,
    /// The bytes that a log may keep in a file.
    pub log_spool: Said<u64>,
}

impl Config {
    /// Reads `config.toml` of a folder; without one, or without the file, nothing is said.
    pub fn load(folder: Option<&Path>) -> (Config, Vec<Problem>) {
        let Some(folder) = folder else { return (Config::default(), Vec::new()) };
        let path = folder.join(FILE);
        let name = path.display().to_string();
        let (mut config, problems) = match fs::read_to_string(&path) {
            Ok(text) => Config::read(Source { name: &name, text: &text }, Some(folder)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Default::default(),
            Err(error) => (Config::default(), vec![Problem { file: name, line: 0, message: error.to_string() }]),
        };
        config.folder = Some(folder.to_owned());
        (config, problems)
    }

    /// Reads the text of such a file. `folder` holds the themes and key maps that it may name.
    pub fn read(source: Source<'_>, folder: Option<&Path>) -> (Config, Vec<Problem>) {
        let mut problems = Vec::new();
        let (base, contexts) = file::read(source, folder, &mut problems);
        (Config { folder: folder.map(Path::to_owned), base, contexts }, problems)
    }

    /// A theme is said for every context: what would fit the terminal does not count.
    pub fn says_theme(&self) -> bool {
        self.base.theme.is_some()
    }

    /// What is said of a context, the most exact first.
    fn layers(&self, context: &str) -> impl DoubleEndedIterator<Item = &Layer> {
        let own = self.contexts.iter().rev().filter(move |(name, _)| name == context);
        let fits = move |name: &str| name != context && !scope::is_name(name) && scope::matches(name, context);
        let fitting = self.contexts.iter().rev().filter(move |(name, _)| fits(name));
        own.chain(fitting).map(|(_, layer)| layer).chain([&self.base])
    }

    /// What holds in a context; an empty name is no context.
    pub fn settings(&self, context: &str, flags: &Flags) -> Settings {
        let usual = |text: &str| Said::new(text.to_owned(), DEFAULT);
        let flag = |value: &Option<String>, name: &str| value.clone().map(|value| Said::new(value, name));
        let theme = || {
            let fitting = flags.fitting.unwrap_or(crate::theme::DARK);
            Said::new(fitting.to_owned(), format!("{DEFAULT}: dark, or light on a light terminal"))
        };
        let danger = self.first(context, |layer| &layer.danger).unwrap_or_else(|| match Policy::is_dangerous(context) {
            true => Said::new(true, format!("{DEFAULT}: by the context's name")),
            false => Said::new(false, DEFAULT),
        });
        let defaults = self.first(context, |layer| &layer.defaults).unwrap_or_else(|| Said::new(true, DEFAULT));
        let most =
            self.first(context, |layer| &layer.most).unwrap_or_else(|| match Policy::usual_most(danger.value).filter(|_| defaults.value) {
                Some(most) => Said::new(most, format!("{DEFAULT}: where a mistake is dear")),
                None => Said::new(0, DEFAULT),
            });
        let logs = LogSettings::default();
        Settings {
            theme: flag(&flags.theme, "--theme").or_else(|| self.first(context, |layer| &layer.theme)).unwrap_or_else(theme),
            keymap: flag(&flags.keymap, "--keymap")
                .or_else(|| self.first(context, |layer| &layer.keymap))
                .unwrap_or_else(|| usual(keymap::DEFAULT)),
            read_only: flags
                .read_only
                .map(|on| Said::new(on, "--read-only"))
                .or_else(|| self.first(context, |layer| &layer.read_only))
                .unwrap_or_else(|| Said::new(false, DEFAULT)),
            namespace: self.first(context, |layer| &layer.namespace),
            pane: self.first(context, |layer| &layer.pane),
            mouse: self.first(context, |layer| &layer.mouse).unwrap_or_else(|| Said::new(true, DEFAULT)),
            login: self.first(context, |layer| &layer.login),
            debug_image: self.first(context, |layer| &layer.debug_image).unwrap_or_else(|| usual(DEBUG_IMAGE)),
            dry_run: self.first(context, |layer| &layer.dry_run).unwrap_or_else(|| Said::new(false, DEFAULT)),
            danger,
            most,
            defaults,
            log_tail: self.first(context, |layer| &layer.log_tail).unwrap_or_else(|| Said::new(logs.tail, DEFAULT)),
            log_most: self.first(context, |layer| &layer.log_most).unwrap_or_else(|| Said::new(logs.most, DEFAULT)),
            log_spool: self.first(context, |layer| &layer.log_spool).unwrap_or_else(|| Said::new(logs.spool, DEFAULT)),
            rails: self.layers(context).rev().flat_map(|layer| &layer.rails).cloned().collect(),
        }
    }

    /// The most exact word of the file on one setting.
    fn first<T: Clone>(&self, context: &str, of: impl Fn(&Layer) -> &Option<Said<T>>) -> Option<Said<T>> {
        self.layers(context).find_map(|layer| of(layer).clone())
    }
}

impl Settings {
    /// How much of a log is read and kept.
    pub fn logs(&self) -> LogSettings {
        LogSettings { tail: self.log_tail.value, most: self.log_most.value, spool: self.log_spool.value }
    }

    /// What the context allows.
    pub fn policy(&self) -> Policy {
        let usual = if self.defaults.value { Policy::usual_rails() } else { Vec::new() };
        Policy {
            read_only: self.read_only.value.then(|| self.read_only.source.clone()),
            danger: self.danger.value,
            most: Some(self.most.value).filter(|most| *most > 0),
            dry_run: self.dry_run.value,
            rails: usual.into_iter().chain(self.rails.iter().cloned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
