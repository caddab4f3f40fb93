use super::*;

/// The names that the default key map needs.
const COMMANDS: &[&str] = &[
    "cursor-down",
    "cursor-up",
    "page-down",
    "page-up",
    "half-page-down",
    "half-page-up",
    "cursor-top",
    "cursor-bottom",
    "scroll-left",
    "scroll-right",
    "view",
    "group",
    "pane-next",
    "pane-previous",
    "all-namespaces",
    "filter",
    "palette",
    "back",
    "enter",
    "describe",
    "mark",
    "mark-range",
    "mark-all",
    "only-unhealthy",
    "wide",
    "sort-next",
    "sort-previous",
    "sort-flip",
    "node",
    "owner",
    "history-back",
    "history-forward",
    "help",
    "quit",
    "background",
    "login",
    "retry",
    "contexts",
    "namespaces",
    "details",
    "redraw",
    "scroll-down",
    "scroll-up",
    "top",
    "bottom",
    "search",
    "search-next",
    "search-previous",
    "wrap",
    "picker-down",
    "picker-up",
    "accept",
    "cancel",
    "complete",
    "copy",
    "logs",
    "previous",
    "since",
    "follow",
    "stamps",
    "json",
    "unfold",
    "containers",
    "around",
    "copy-lines",
    "save",
    "mouse",
    "acts",
    "annotate",
    "cordon",
    "delete",
    "drain",
    "evict",
    "expose",
    "forwards",
    "image",
    "instead",
    "label",
    "pause",
    "port-forward",
    "restart",
    "resume",
    "retry-job",
    "yaml",
    "history",
    "revisions",
    "reveal",
    "into",
    "rollout-undo",
    "scale",
    "shell",
    "attach",
    "stop",
    "suspend",
    "taint",
    "trigger",
    "uncordon",
    "undo",
    "unfinalize",
    "unsuspend",
    "edit",
    "edit-outside",
    "leave",
    "suggest",
    "text-undo",
    "text-redo",
    "text-merge",
    "problem-next",
    "problem-previous",
    "replace",
    "indent",
    "outdent",
    "delete-line",
    "text-copy",
    "text-cut",
    "text-paste",
];

fn merge(texts: &[&str]) -> (Keymap, Vec<String>) {
    let names = ["one.toml", "two.toml", "three.toml"];
    let sources: Vec<_> = texts.iter().zip(names).map(|(text, name)| Source { name, text }).collect();
    let (keymap, problems) = Keymap::from_sources(&sources, COMMANDS);
    (keymap, problems.iter().map(Problem::to_string).collect())
}

fn press(keymap: &Keymap, mode: Mode, keys: &str) -> Option<String> {
    let mut state = State::default();
    let mut last = None;
    for key in Key::parse_all(keys).unwrap() {
        last = match keymap.trie(mode).feed(&mut state, key) {
            Outcome::Command(command) => Some(command.to_string()),
            Outcome::Pending(_) | Outcome::None => None,
        };
    }
    last
}

#[test]
fn the_default_map_has_no_problem_and_uses_every_command() {
    let (keymap, problems) = Keymap::load(DEFAULT, None, COMMANDS);
    assert_eq!(problems, []);
    for command in COMMANDS {
        let is = |binding: &Binding| binding.command.as_deref().and_then(|line| line.split(' ').next()) == Some(*command);
        let bound = Mode::ALL.iter().any(|&mode| keymap.bindings(mode).iter().any(is));
        assert!(bound, "{command} has no key");
    }
    assert_eq!(press(&keymap, Mode::Table, "g g").as_deref(), Some("cursor-top"));
    assert_eq!(press(&keymap, Mode::Table, "3").as_deref(), Some("view labels"));
    assert_eq!(keymap.keys_for("cursor-top", Mode::Table), ["g g", "home"]);
    assert_eq!(keymap.keys_for("quit", Mode::Table), ["Q", "ctrl-c"]);
}

#[test]
fn the_map_of_k9s_has_no_problem_and_changes_nothing_by_one_key() {
    let commands: Vec<&str> = COMMANDS.iter().copied().chain(["sort", "shell-or-scale"]).collect();
    let (keymap, problems) = Keymap::load("k9s", None, &commands);
    assert_eq!(problems, []);
    for (keys, command) in
        [("g", "cursor-top"), ("G", "cursor-bottom"), ("-", "history-back"), ("c", "copy name"), ("A", "sort age"), ("d", "describe")]
    {
        assert_eq!(press(&keymap, Mode::Table, keys).as_deref(), Some(command), "{keys}");
    }
    // What asks first may do it; what kills there without a question does nothing here.
    assert_eq!(press(&keymap, Mode::Table, "ctrl-d").as_deref(), Some("delete"));
    assert_eq!(press(&keymap, Mode::Table, "ctrl-k"), None);
    assert_eq!(press(&keymap, Mode::Table, "s").as_deref(), Some("shell-or-scale"));
    let unknown = SHELF.unknown(None, "k8s");
    assert_eq!(unknown, "there is no key map \"k8s\"; did you mean k9s?");
}

#[test]
fn keys_of_later_commands_are_free() {
    let (keymap, _) = Keymap::load(DEFAULT, None, COMMANDS);
    for key in ["x", "-", "+"] {
        assert_eq!(press(&keymap, Mode::Table, key), None, "{key}");
    }
}

#[test]
fn modes_have_the_global_keys_below_them_and_prompts_type() {
    let (keymap, problems) = merge(&[
        "[global]\n\"ctrl-c\" = \"quit\"\n\"?\" = \"help\"\n\"ctrl-z\" = \"suspend\"\n[prompt]\n\"ctrl-c\" = \"cancel\"\n\"ctrl-z\" = \"\"\n",
    ]);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(press(&keymap, Mode::Table, "ctrl-c").as_deref(), Some("quit"));
    assert_eq!(press(&keymap, Mode::Table, "?").as_deref(), Some("help"));
    assert_eq!(press(&keymap, Mode::Prompt, "ctrl-c").as_deref(), Some("cancel"));
    assert_eq!(press(&keymap, Mode::Prompt, "?"), None, "it is typed");
    assert_eq!(press(&keymap, Mode::Prompt, "ctrl-z"), None, "it is taken away there");
}

#[test]
fn a_later_file_wins_and_unbinds() {
    let (keymap, problems) = merge(&[
        "[table]\n\"j\" = \"cursor-down\"\n\"k\" = \"cursor-up\"\n\"down\" = \"cursor-down\"\n",
        "[table]\n\"j\" = \"help\"\n\"k\" = false\n\"s\" = \"cursor-down\"\n",
    ]);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(press(&keymap, Mode::Table, "j").as_deref(), Some("help"));
    assert_eq!(press(&keymap, Mode::Table, "k"), None);
    assert_eq!(keymap.keys_for("cursor-down", Mode::Table), ["s", "down"], "the user's own first");
    assert!(keymap.keys_for("cursor-up", Mode::Table).is_empty());
}

#[test]
fn a_key_cannot_be_a_command_and_a_beginning() {
    let (keymap, problems) =
        merge(&["[table]\n\"g g\" = \"cursor-top\"\n\"g\" = \"help\"\n\"g g\" = \"wide\"\n\"G\" = \"node\"\n\"shift-g\" = \"owner\"\n"]);
    assert_eq!(press(&keymap, Mode::Table, "g g").as_deref(), Some("cursor-top"));
    assert_eq!(press(&keymap, Mode::Table, "G").as_deref(), Some("node"));
    assert!(
        problems.contains(&"one.toml:3: \"g\" and \"g g\" (line 2) cannot both be bound: one begins with the other".to_owned()),
        "{problems:?}"
    );
    assert!(problems.contains(&"one.toml:6: \"G\" is bound already, on line 5".to_owned()), "{problems:?}");
    assert!(problems.iter().any(|problem| problem.starts_with("one.toml:4: duplicate key")), "{problems:?}");
}

#[test]
fn hiding_a_sequence_is_said_unless_it_is_meant() {
    let first = "[table]\n\"g g\" = \"cursor-top\"\n";
    let (keymap, problems) = merge(&[first, "[table]\n\"g\" = \"help\"\n"]);
    assert_eq!(press(&keymap, Mode::Table, "g").as_deref(), Some("help"));
    assert_eq!(problems, ["two.toml:2: \"g\" hides \"g g\" (cursor-top, one.toml:2): say so with \"g g\" = false in [table]"]);
    let (keymap, problems) = merge(&[first, "[table]\n\"g\" = \"help\"\n\"g g\" = false\n"]);
    assert_eq!(press(&keymap, Mode::Table, "g").as_deref(), Some("help"));
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn a_users_files_lie_over_what_is_compiled_in() {
    let config = std::env::temp_dir().join(format!("kubetui-keymaps-{}", std::process::id()));
    std::fs::create_dir_all(config.join("keymaps")).unwrap();
    std::fs::write(config.join("keymaps/default.toml"), "[table]\n\"j\" = \"wide\"\n\"k\" = \"wid\"\n").unwrap();
    std::fs::write(config.join("keymaps/mine.toml"), "[table]\n\"G\" = \"help\"\n").unwrap();
    let (keymap, problems) = Keymap::load("mine", Some(&config), COMMANDS);
    let (_, unknown) = Keymap::load("mien", Some(&config), COMMANDS);
    std::fs::remove_dir_all(&config).unwrap();
    assert_eq!(press(&keymap, Mode::Table, "j").as_deref(), Some("wide"));
    assert_eq!(press(&keymap, Mode::Table, "k").as_deref(), Some("cursor-up"), "a mistake changes nothing");
    assert_eq!(press(&keymap, Mode::Table, "G").as_deref(), Some("help"));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].to_string().ends_with("default.toml:3: there is no command \"wid\"; did you mean wide?"), "{problems:?}");
    assert!(unknown.iter().any(|problem| problem.message == "there is no key map \"mien\"; did you mean mine?"), "{unknown:?}");
}
