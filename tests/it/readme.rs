//! The README says what the program says.

use std::fmt::Write;
use std::path::Path;

use kubetui::commands::{self, COMMANDS, Group};

use crate::screens::Stage;

const BEGIN: &str = "<!-- keys: made of the command table and keymaps/default.toml; INSTA_UPDATE=always cargo test readme writes it -->\n";
const END: &str = "<!-- end of keys -->\n";

/// Every command that has a key in a table, by the sections of the help.
fn keys() -> String {
    let stage = Stage::new((80, 24));
    let mut out = String::from("| key | command | what it does |\n| --- | --- | --- |\n");
    for group in Group::ALL.into_iter().filter(|group| !matches!(group, Group::Move | Group::Editing)) {
        for command in COMMANDS.iter().filter(|command| command.group == group) {
            let keys = commands::keys_of(&stage.state, command);
            if keys.is_empty() {
                continue;
            }
            let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            let usage = command.usage().replace('|', "\\|");
            writeln!(out, "| {} | `:{usage}` | {} |", keys.join(" "), command.doc.replace('|', "\\|")).expect("a string takes it");
        }
    }
    out
}

#[test]
fn the_keys_in_the_readme_are_those_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).expect("the README");
    let (before, rest) = text.split_once(BEGIN).expect("the README has a table of keys");
    let (table, after) = rest.split_once(END).expect("which ends");
    let want = keys();
    if std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        std::fs::write(&path, format!("{before}{BEGIN}{want}{END}{after}")).expect("written");
        return;
    }
    assert_eq!(table, want, "run INSTA_UPDATE=always cargo test readme");
}
