//! The command line: kubectl's names and meanings, so that there is nothing to learn.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::cluster::connect::Options;
use crate::cluster::kubeconfig::Paths;
use crate::config::Flags;
use crate::model::scope::{self, Scope};
use crate::shelf::Shelf;
use crate::{keymap, places, theme};

/// A live dashboard of a Kubernetes cluster in the terminal.
#[derive(Parser, Clone, Debug)]
#[command(name = "kubetui", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to show first: a kind by any name that kubectl takes (pods, deploy, certificates.cert-manager.io)
    #[arg(value_name = "RESOURCE")]
    pub resource: Option<String>,

    /// Where to, as whom.
    #[command(flatten)]
    pub global: Global,

    /// What to do instead of opening the dashboard.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that stand before or after a subcommand.
#[derive(Args, Clone, Debug, Default)]
pub struct Global {
    /// The kubeconfig to read, instead of $KUBECONFIG and ~/.kube/config; never written
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub kubeconfig: Option<PathBuf>,

    /// The context of the kubeconfig to use
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,

    /// The namespaces to show: names and patterns with *, separated by commas or given several times
    #[arg(short, long = "namespace", global = true, value_name = "NAMES", value_delimiter = ',', value_parser = namespace)]
    pub namespaces: Vec<String>,

    /// Show all namespaces
    #[arg(short = 'A', long, global = true)]
    pub all_namespaces: bool,

    /// The cluster of the kubeconfig to use, instead of the context's
    #[arg(long, global = true, value_name = "NAME")]
    pub cluster: Option<String>,

    /// The user of the kubeconfig to use, instead of the context's
    #[arg(long, global = true, value_name = "NAME")]
    pub user: Option<String>,

    /// The user to impersonate
    #[arg(long = "as", global = true, value_name = "USER")]
    pub impersonate: Option<String>,

    /// A group to impersonate; can be given several times
    #[arg(long = "as-group", global = true, value_name = "GROUP")]
    pub groups: Vec<String>,

    /// A bearer token for the server, instead of the user's credentials
    #[arg(long, global = true, value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,

    /// How long a single request may take (5s, 2m); 0 is without limit [default: 15s]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub request_timeout: Option<Duration>,

    /// Take any certificate of the server: the connection is not safe then
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub insecure_skip_tls_verify: bool,

    /// Show a cluster that is made for the run, inside the program: to try it on, without one; with about so many pods
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, value_name = "PODS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub demo: Option<Option<u32>>,

    /// The theme, instead of that of config.toml
    #[arg(long, global = true, value_name = "NAME", value_parser = Shelved(&theme::SHELF), hide_possible_values = true)]
    pub theme: Option<String>,

    /// The key map, instead of that of config.toml
    #[arg(long, global = true, value_name = "NAME", value_parser = Shelved(&keymap::SHELF), hide_possible_values = true)]
    pub keymap: Option<String>,

    /// Write nothing to the cluster, whatever config.toml says
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub read_only: Option<bool>,

    /// Write what the program does to this file
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub log_file: Option<PathBuf>,
}

/// What `kubetui get --help` says of its output.
const GET: &str = "\
-o json prints one array with an object for each row:
  {\"kind\", \"apiVersion\", \"namespace\", \"name\", \"uid\", \"labels\": {…},
   \"created\", \"health\", \"message\", \"cells\": {…}}
created is a time as in 2026-11-21T07:31:00Z, or null. health is healthy, progressing or unhealthy,
and message says why, where the cluster does. cells has the text under each column, wide ones too,
by the column's name. namespace and message are left out where there is none.

CPU and MEM are there only where the cluster measures them.";

/// What to do instead of opening the dashboard.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Print the rows of a table and exit, for scripts
    #[command(after_long_help = GET)]
    Get(Get),
    /// The demo's cluster by itself
    #[command(subcommand)]
    Demo(Demo),
    /// What config.toml says, and what is wrong in it
    #[command(subcommand)]
    Config(Configuration),
    /// Print a script that completes this command line in a shell
    Completion {
        /// The shell
        shell: Shell,
    },
}

/// `kubetui config`.
#[derive(Subcommand, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Configuration {
    /// Say everything that is wrong in config.toml, in your themes and in your key maps; exit with 1 if something is
    Check,
    /// Print every setting that holds in a context (the current one, or --context), and where it comes from
    Show,
}

/// `kubetui demo`.
#[derive(Subcommand, Clone, Debug)]
pub enum Demo {
    /// Serve it until ctrl-c, for kubectl and any other client
    Serve(Serve),
}

/// `kubetui demo serve`.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    /// The port of 127.0.0.1 to listen on [default: any that is free]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub port: u16,

    /// The kubeconfig to write, for its owner only, and to remove at the end; a file with other clusters is left alone
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub kubeconfig: Option<PathBuf>,

    /// About how many pods there are
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub pods: Option<u32>,

    /// How many pods change each second, beside what happens by itself
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub churn: u32,
}

/// `kubetui get`.
#[derive(Args, Clone, Debug)]
pub struct Get {
    /// The kind, by any name that kubectl takes
    #[arg(value_name = "RESOURCE")]
    pub resource: String,

    /// How to print it
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,

    /// Only the rows that match, as the filter prompt has it (status=Running restarts>3)
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,

    /// The column to sort by, ! in front turns the order around
    #[arg(long, value_name = "COLUMN")]
    pub sort_by: Option<String>,
}

/// How `get` prints.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Columns, as kubectl has them
    #[default]
    Table,
    /// Columns, with those that need room
    Wide,
    /// One array of objects with all columns: see --help
    Json,
    /// kind/name, a line each
    Name,
}

fn namespace(word: &str) -> Result<String, String> {
    scope::checked(word).map(str::to_owned)
}

/// A name of something on a shelf: what is compiled in, or in the user's config folder.
#[derive(Clone, Debug)]
struct Shelved(&'static Shelf);

impl TypedValueParser for Shelved {
    type Value = String;

    fn parse_ref(&self, command: &clap::Command, _: Option<&clap::Arg>, value: &OsStr) -> Result<String, clap::Error> {
        let folder = places::config_folder();
        match value.to_str().filter(|name| self.0.names(folder.as_deref()).iter().any(|known| known == name)) {
            Some(name) => Ok(name.to_owned()),
            None => {
                let message = self.0.unknown(folder.as_deref(), &value.to_string_lossy());
                Err(clap::Error::raw(clap::error::ErrorKind::InvalidValue, format!("{message}\n")).with_cmd(command))
            }
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        // A script is kept: it completes what every kubetui has.
        Some(Box::new(self.0.compiled.iter().map(|(name, _)| PossibleValue::new(*name))))
    }
}

impl Cli {
    /// What contradicts itself, in one line. clap tells flags apart only where they stand beside each other, and these may
    /// stand before and after a subcommand.
    pub fn contradiction(&self) -> Option<String> {
        let global = &self.global;
        let flags = [
            ("--kubeconfig", global.kubeconfig.is_some()),
            ("--cluster", global.cluster.is_some()),
            ("--user", global.user.is_some()),
            ("--token", global.token.is_some()),
        ];
        let given = flags.into_iter().filter(|(flag, given)| *given && (*flag != "--kubeconfig" || !self.serves())).map(|(flag, _)| flag);
        let given: Vec<&str> = given.collect();
        match (global.demo.is_some(), self.serves()) {
            (true, true) => Some("--demo cannot be used with `demo serve`: write --pods there".into()),
            (true, false) if !given.is_empty() => {
                Some(format!("--demo is a cluster of its own: it cannot be used with {}", given.join(", ")))
            }
            _ => None,
        }
    }

    /// It is `demo serve`.
    fn serves(&self) -> bool {
        matches!(self.command, Some(Command::Demo(Demo::Serve(_))))
    }
}

impl Global {
    /// The files of the kubeconfig.
    pub fn paths(&self) -> Paths {
        Paths::of(self.kubeconfig.as_deref())
    }

    /// The namespaces that were asked for; `None` when none were.
    pub fn scope(&self) -> Option<Scope> {
        // As in kubectl, -A wins.
        if self.all_namespaces {
            return Some(Scope::All);
        }
        (!self.namespaces.is_empty()).then(|| Scope::parse(self.namespaces.iter().map(String::as_str)))
    }

    /// What is said about looks and keys, and whether anything is written; `fitting` is the theme for this terminal.
    pub fn flags(&self, fitting: Option<&'static str>) -> Flags {
        Flags { theme: self.theme.clone(), keymap: self.keymap.clone(), read_only: self.read_only, fitting }
    }

    /// What is said about the connection.
    pub fn options(&self) -> Options {
        Options {
            context: self.context.clone(),
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            impersonate: self.impersonate.clone(),
            groups: self.groups.clone(),
            token: self.token.clone(),
            timeout: self.request_timeout,
            insecure: self.insecure_skip_tls_verify,
            credential: None,
        }
    }
}

/// Writes a shell's completion script.
pub fn completion(shell: Shell, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    // clap_complete panics when it cannot write (a closed pipe): it gets a buffer, which always can.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "kubetui", &mut script);
    out.write_all(&script)
}

/// client-go's `ParseTimeout`: whole seconds, or Go's durations (`1h30m`, `1.5s`, `500ms`).
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time: write 5s, 2m, 1h30m, or 0 for no limit");
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let scale = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return Err(wrong()),
        };
        total += number.parse::<f64>().map_err(|_| wrong())? * scale;
        rest = tail;
    }
    // An empty text has no parts: it is no time either.
    if text.is_empty() { Err(wrong()) } else { Duration::try_from_secs_f64(total).map_err(|_| wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Cli {
        Cli::try_parse_from(line.split(' ')).unwrap_or_else(|e| panic!("{line}: {e}"))
    }

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_resource_and_a_subcommand_are_told_apart() {
        assert_eq!(parse("kubetui").resource, None);
        let cli = parse("kubetui deploy -n shop");
        assert_eq!((cli.resource.as_deref(), cli.command.is_none()), (Some("deploy"), true));
        let cli = parse("kubetui --context a get deploy -A -o name --filter x=y");
        let Some(Command::Get(get)) = cli.command else { panic!("get") };
        assert_eq!((get.resource.as_str(), get.output, get.filter.as_deref()), ("deploy", Output::Name, Some("x=y")));
        assert_eq!((cli.global.context.as_deref(), cli.global.scope()), (Some("a"), Some(Scope::All)));
        assert!(matches!(parse("kubetui completion fish").command, Some(Command::Completion { shell: Shell::Fish })));
        assert!(Cli::try_parse_from(["kubetui", "get"]).is_err());
        assert!(Cli::try_parse_from(["kubetui", "get", "po", "-o", "yaml"]).is_err());
    }

    #[test]
    fn flags_stand_before_and_after_the_subcommand() {
        for line in ["kubetui --context a get po", "kubetui get --context a po", "kubetui get po --context=a", "kubetui po --context a"] {
            assert_eq!(parse(line).global.context.as_deref(), Some("a"), "{line}");
        }
    }

    #[test]
    fn namespaces_are_lists_and_patterns() {
        assert!(Cli::try_parse_from(["kubetui", "-n", "a/b"]).is_err(), "a part of a path");
        let scope = parse("kubetui -n a,b* --namespace c").global.scope().expect("a scope");
        assert!(scope.contains("a") && scope.contains("bb") && scope.contains("c") && !scope.contains("d"));
        assert_eq!(parse("kubetui -n a -A").global.scope(), Some(Scope::All));
        assert_eq!(parse("kubetui").global.scope(), None);
    }

    #[test]
    fn the_connection_is_overridden() {
        let options = parse(
            "kubetui --as jane --as-group a --as-group b --token t --cluster c --user u --request-timeout 0 --insecure-skip-tls-verify",
        )
        .global
        .options();
        assert_eq!((options.impersonate.as_deref(), options.groups.as_slice()), (Some("jane"), &["a".to_owned(), "b".to_owned()][..]));
        assert_eq!((options.token.as_deref(), options.cluster.as_deref(), options.user.as_deref()), (Some("t"), Some("c"), Some("u")));
        assert_eq!((options.timeout, options.insecure), (Some(Duration::ZERO), true));
        assert!(!parse("kubetui --insecure-skip-tls-verify=false").global.options().insecure);
        assert_eq!(parse("kubetui --insecure-skip-tls-verify pods").resource.as_deref(), Some("pods"));
    }

    #[test]
    fn times_are_gos() {
        for (text, millis) in
            [("0", 0), ("5", 5000), ("5s", 5000), ("1m", 60_000), ("1h30m", 5_400_000), ("1.5s", 1500), ("250ms", 250), ("0s", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "x", "5x", "s", "-1", "-1s", "1.2.3s", "1h5"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn looks_keys_and_read_only_are_flags() {
        let flags = parse("kubetui --theme light --keymap default --read-only pods").global.flags(Some("dark"));
        let given = Flags { theme: Some("light".into()), keymap: Some("default".into()), read_only: Some(true), fitting: Some("dark") };
        assert_eq!(flags, given);
        assert_eq!(parse("kubetui --read-only=false").global.read_only, Some(false));
        assert_eq!(parse("kubetui config show --theme light --context a").global.flags(None).theme.as_deref(), Some("light"));
        assert!(matches!(parse("kubetui config check").command, Some(Command::Config(Configuration::Check))));
        let error = Cli::try_parse_from(["kubetui", "--theme", "ligth"]).expect_err("no such theme").to_string();
        assert!(error.contains("there is no theme \"ligth\"; did you mean light?"), "{error}");
    }

    #[test]
    fn a_demo_has_as_many_pods_as_are_asked_for() {
        assert_eq!(parse("kubetui").global.demo, None);
        assert_eq!(parse("kubetui --demo").global.demo, Some(None));
        assert_eq!(parse("kubetui --demo=1000 --context demo-viewer").global.demo, Some(Some(1000)));
        let cli = parse("kubetui --demo pods");
        assert_eq!((cli.global.demo, cli.resource.as_deref()), (Some(None), Some("pods")));
        assert_eq!(parse("kubetui get po --demo=7").global.demo, Some(Some(7)));
        for wrong in ["--demo=0", "--demo=x", "--demo=", "--demo=2000000"] {
            assert!(Cli::try_parse_from(["kubetui", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_demo_is_served() {
        for line in [
            "kubetui demo serve --port 7 --kubeconfig k --pods 5 --churn 3",
            "kubetui --kubeconfig k demo serve --port 7 --pods 5 --churn 3",
        ] {
            let cli = parse(line);
            assert_eq!(cli.contradiction(), None);
            assert_eq!(cli.global.kubeconfig, Some("k".into()), "{line}");
            let Some(Command::Demo(Demo::Serve(serve))) = cli.command else { panic!("serve") };
            assert_eq!((serve.port, serve.pods, serve.churn), (7, Some(5), 3));
        }
        let Some(Command::Demo(Demo::Serve(serve))) = parse("kubetui demo serve").command else { panic!("serve") };
        assert_eq!((serve.port, serve.kubeconfig, serve.pods, serve.churn), (0, None, None, 0));
        for wrong in ["--port=70000", "--pods=0", "--churn=-1"] {
            assert!(Cli::try_parse_from(["kubetui", "demo", "serve", wrong]).is_err(), "{wrong}");
        }
        assert!(Cli::try_parse_from(["kubetui", "demo"]).is_err());
    }

    #[test]
    fn a_demo_is_no_other_cluster() {
        for flag in ["--kubeconfig", "--cluster", "--user", "--token"] {
            for line in
                [format!("kubetui --demo {flag} x"), format!("kubetui --demo get po {flag} x"), format!("kubetui {flag} x get po --demo")]
            {
                assert!(parse(&line).contradiction().is_some_and(|words| words.ends_with(flag)), "{line}");
            }
            assert_eq!(parse(&format!("kubetui {flag} x")).contradiction(), None);
        }
        assert!(parse("kubetui --demo demo serve").contradiction().is_some());
        assert_eq!(parse("kubetui --demo --context demo-viewer --as jane -n shop").contradiction(), None);
    }

    #[test]
    fn completion_is_written_for_each_shell() {
        for &shell in Shell::value_variants() {
            let mut script = Vec::new();
            completion(shell, &mut script).expect("a script");
            let script = String::from_utf8_lossy(&script);
            assert!(script.contains("all-namespaces"), "{shell}");
            // The others do not complete what comes behind a flag.
            let completes = matches!(shell, Shell::Bash | Shell::Fish | Shell::Zsh);
            assert!(!completes || script.contains("high-contrast"), "{shell}");
        }
    }
}
