//! `config.toml` as a person has it: `kubetui config`, what the program makes of it in each context, and the README's
//! example.

use std::path::{Path, PathBuf};

use kubetui::config::{Config, Flags};
use kubetui::problem::Source;
use kubetui::theme::{Depth, Scope, Theme};
use ratatui::style::Color;

use crate::binary::configured;
use crate::driver::{Driver, Setup};
use crate::keys::nowhere;

/// A config folder with these files in it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = home.path().join("kubetui").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    home
}

fn of(home: &tempfile::TempDir) -> PathBuf {
    home.path().join("kubetui")
}

#[test]
fn check_names_every_problem_of_every_file() {
    let good = folder(&[
        ("config.toml", "theme = \"mine\"\nkeymap = \"mine\"\n"),
        ("themes/mine.toml", "inherits = \"dark\"\n"),
        ("keymaps/mine.toml", "[table]\n\"alt-z\" = \"quit\"\n"),
    ]);
    let config = nowhere(good.path(), &["here"]);
    let ran = configured(&config, good.path(), &["config", "check"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(ran.out.starts_with("nothing wrong in 3 files:\n"), "{}", ran.out);
    for file in ["config.toml", "themes/mine.toml", "keymaps/mine.toml"] {
        assert!(ran.out.contains(&of(&good).join(file).display().to_string()), "{file} in {}", ran.out);
    }

    let bad = folder(&[
        ("config.toml", "theme = \"mien\"\n[guard]\nmost = \"ten\"\n"),
        ("themes/mine.toml", "inherits = \"drak\"\n"),
        ("keymaps/mine.toml", "[table]\n\"alt-z\" = \"qiut\"\n"),
    ]);
    let ran = configured(&config, bad.path(), &["config", "check"]);
    let lines: Vec<String> = ran.out.replace(&format!("{}/", of(&bad).display()), "").lines().map(str::to_owned).collect();
    assert_eq!(
        lines,
        [
            "config.toml:1: there is no theme \"mien\"; did you mean mine?",
            "config.toml:3: most has to be a number of objects; 0 is without limit",
            "themes/mine.toml:1: there is no theme \"drak\"; did you mean dark?",
            "keymaps/mine.toml:2: there is no command \"qiut\"; did you mean quit?",
            "4 problems in 3 files",
        ]
    );
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));

    let none = tempfile::tempdir().expect("a folder");
    let ran = configured(&config, none.path(), &["config", "check"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("nothing wrong: there are no settings"), "{}", ran.out);
}

#[test]
fn show_says_what_holds_and_reads_again() {
    let home = folder(&[("config.toml", "theme = \"light\"\n[context.\"*prod*\"]\nread-only = true\nnamespace = [\"shop\"]\n")]);
    let config = nowhere(home.path(), &["eu-prod", "dev"]);
    let shown = |arguments: &[&str]| {
        let ran = configured(&config, home.path(), &[&["config", "show"], arguments].concat());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        let (_, problems) = Config::read(Source { name: "config.toml", text: &ran.out }, None);
        assert_eq!(problems, [], "{}", ran.out);
        ran.out
    };
    let line = |shown: &str, key: &str| {
        let line = shown.lines().find(|line| line.trim_start_matches("# ").starts_with(key)).unwrap_or_else(|| panic!("{key} in {shown}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let current = shown(&[]);
    assert!(current.starts_with("# What holds in the context \"eu-prod\".\n"), "{current}");
    assert_eq!(line(&current, "theme"), "theme = \"light\" # config.toml:1");
    assert_eq!(line(&current, "read-only"), "read-only = true # config.toml:3");
    assert_eq!(line(&current, "namespace"), "namespace = [\"shop\"] # config.toml:4");
    assert_eq!(line(&current, "most"), "most = 10 # default: where a mistake is dear");
    let dev = shown(&["--context", "dev", "--theme", "dark", "--read-only", "-n", "a,b"]);
    assert_eq!(line(&dev, "theme"), "theme = \"dark\" # --theme");
    assert_eq!(line(&dev, "read-only"), "read-only = true # --read-only");
    assert_eq!(line(&dev, "namespace"), "namespace = [\"a\", \"b\"] # --namespace");
    assert_eq!(line(&dev, "danger"), "danger = false # default");
    assert!(shown(&["--context", "not-there"]).contains("# What holds in the context \"not-there\"."));
}

#[test]
fn a_flag_that_names_nothing_is_refused_before_anything_begins() {
    let home = folder(&[("themes/mine.toml", "inherits = \"dark\"\n")]);
    let config = nowhere(home.path(), &["here"]);
    let ran = configured(&config, home.path(), &["--theme", "mien"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("there is no theme \"mien\"; did you mean mine?"), "{}", ran.err);
    let ran = configured(&config, home.path(), &["config", "show", "--theme", "mine"]);
    assert!(ran.code == 0 && ran.out.contains("\"mine\""), "{ran:?}");
}

/// The program over contexts whose server does not answer. The list of contexts that opens then is left.
fn start(config: &Path, settings: &Path) -> Driver {
    let driver = Setup::new(config).own_scope().settings(settings).size(100, 20).start();
    driver.see("does not answer");
    driver.press("ctrl-c");
    driver
}

fn background(driver: &Driver) -> Color {
    driver.buffer().content[200].bg
}

#[test]
fn each_context_has_its_own_settings() {
    let home = folder(&[
        (
            "config.toml",
            "theme = \"tokyo-night\"\nkeymap = \"mine\"\nmouse = false\n[context.eu-prod]\nmouse = true\nread-only = true\ntheme = \"catppuccin-mocha\"\nnamespace = [\"shop\", \"team-*\"]\npane = \"rollouts\"\nkeymap = \"default\"\n",
        ),
        ("keymaps/mine.toml", "[table]\n\"Z\" = \"view labels\"\n"),
    ]);
    let config = nowhere(home.path(), &["dev", "eu-prod"]);
    let base = |name: &str| Theme::load(name, None, Depth::Truecolor).0.style(Scope::Background).bg.expect("its own background");
    let driver = start(&config, &of(&home));
    driver.wait("the theme of the file", |screen| screen.starts_with(" dev ▸ default") && background(&driver) == base("tokyo-night"));
    driver.press("Z");
    driver.wait("the key of the file", |screen| screen.contains("3 Labels") && !screen.contains("read-only"));

    assert!(!driver.has_mouse());
    driver.command("ctx eu-prod");
    driver.wait("what the other context says", |screen| screen.starts_with(" read-only eu-prod ▸ shop, team-*"));
    driver.see("does not answer");
    driver.press("ctrl-c");
    assert_eq!(background(&driver), base("catppuccin-mocha"));
    // The header is on the danger's background.
    let danger = Theme::load("catppuccin-mocha", None, Depth::Truecolor).0.style(Scope::HeaderDanger);
    assert_eq!(Some(driver.buffer().content[0].bg), danger.bg);
    assert!(driver.has_mouse());
    driver.wait("the pane of the settings", |screen| screen.contains("4 Rollouts"));
    driver.press("Z");

    // What was chosen for this run stays; what was not goes with the context.
    driver.command("theme gruvbox-dark");
    driver.wait("the theme", |_| background(&driver) == base("gruvbox-dark"));
    driver.command("ctx dev");
    driver.wait("the first context again", |screen| screen.starts_with(" dev ▸ default"));
    driver.see("does not answer");
    assert_eq!(background(&driver), base("gruvbox-dark"));
    driver.quit();
}

#[cfg(unix)]
#[test]
fn the_login_command_logs_in() {
    let home = tempfile::tempdir().expect("a folder");
    let done = home.path().join("done");
    let script =
        format!("test -e {} || {{ echo 'nobody has logged in' >&2; exit 1; }}; echo '{{\"status\":{{\"token\":\"t\"}}}}'", done.display());
    let user = serde_json::json!({ "exec": { "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script], "interactiveMode": "Never" } });
    let config = crate::kubeconfig::Kubeconfig::read(&nowhere(home.path(), &["here"])).with_user("person", user);
    let config = config.with_context_of("here", "person").write(&home.path().join("with-login"));
    let login = |words: &[&str]| {
        let text = format!("login-command = {}\n", serde_json::json!(words));
        std::fs::create_dir_all(home.path().join("settings")).expect("made");
        std::fs::write(home.path().join("settings/config.toml"), text).expect("written");
        let driver = Setup::new(&config).context("here").settings(&home.path().join("settings")).size(100, 20).start();
        driver.see("You are not logged in");
        driver.press("ctrl-l");
        driver
    };
    let driver = login(&["sh", "-c", "exit 3"]);
    driver.see("sh (config.toml:1): failed (exit status: 3)");
    driver.quit();
    let driver = login(&["no-such-login-program"]);
    driver.see("no-such-login-program (config.toml:1): cannot be run");
    driver.quit();
    let driver = login(&["touch", done.to_str().expect("UTF-8")]);
    // The plugin is asked again, and now gives what opens the connection.
    driver.see("does not answer");
    driver.quit();
}

#[test]
fn the_readmes_example_says_what_it_says() {
    let readme = include_str!("../../README.md");
    let section = readme.split_once("\n## Configuration\n").expect("the section").1;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let text = section.split_once("```toml\n").and_then(|(_, rest)| rest.split_once("```")).expect("an example").0;
    let (config, problems) = Config::read(Source { name: "README.md", text }, None);
    assert_eq!(problems, []);
    let prod = config.settings("eu-prod-1", &Flags::default());
    assert!(prod.read_only.value && prod.danger.value, "{prod:?}");
    assert_eq!(prod.policy().most, Some(5));
    let dev = config.settings("kind-dev", &Flags::default());
    assert_eq!((dev.theme.value.as_str(), dev.pane.map(|said| said.value).as_deref()), ("catppuccin-mocha", Some("rollouts")));
    assert!(dev.rails.iter().any(|rail| rail.demand == kubetui::model::policy::Demand::Deny));
    assert!(dev.login.is_some() && !dev.mouse.value && !dev.read_only.value);
    for (name, _) in kubetui::theme::SHELF.compiled {
        assert!(section.contains(&format!("`{name}`")), "{name} is named");
    }
    for key in ["theme", "keymap", "read-only", "namespace", "pane", "mouse", "login-command", "dry-run", "danger", "guard"] {
        assert!(section.contains(key), "{key} is described");
    }
}
