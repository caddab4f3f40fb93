use super::*;
use crate::model::kind::Kind;
use crate::model::policy::Demand;
use crate::problem::Source;

fn read(text: &str) -> (Config, Vec<String>) {
    let (config, problems) = Config::read(Source { name: "config.toml", text }, None);
    (config, problems.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn good(text: &str) -> Config {
    let (config, problems) = read(text);
    assert_eq!(problems, Vec::<String>::new());
    config
}

fn said<T: Clone>(said: &Said<T>) -> (T, String) {
    (said.value.clone(), said.source.to_string())
}

/// Every setting, and contexts that say it again.
const FULL: &str = r##"
theme = "light"
keymap = "default"
read-only = false
namespace = ["shop", "team-*"]
pane = "rollouts"
mouse = false
login-command = ["aws", "sso", "login", "--profile=a \"b\""]
dry-run = true

[guard]
most = 1_00

[[guard.rail]]
verbs = ["exec", "delete"]
kinds = ["sts", "secrets"]
namespaces = "kube-*"
demand = "deny"

[context."arn:aws:eks:eu-west-1:1:cluster/*"]
theme = "dark"
read-only = true

[context."*cluster/shop"]
theme = "high-contrast"
danger = true
pane = "certificates.cert-manager.io"
guard.defaults = false

[context."arn:aws:eks:eu-west-1:1:cluster/shop"]
theme = "monochrome"
namespace = "*"
debug-image = "registry.corp/tools:1"

[[context."arn:aws:eks:eu-west-1:1:cluster/shop".guard.rail]]
kinds = ["secrets"]
demand = "free"
"##;
const SHOP: &str = "arn:aws:eks:eu-west-1:1:cluster/shop";

#[test]
fn without_a_file_everything_is_usual() {
    let (config, problems) = Config::load(None);
    assert!(problems.is_empty());
    let settings = config.settings("kind-dev", &Flags::default());
    assert_eq!(said(&settings.theme), ("dark".into(), "default: dark, or light on a light terminal".into()));
    assert_eq!(said(&settings.keymap), ("default".into(), "default".into()));
    assert_eq!((settings.namespace.clone(), settings.pane.clone(), settings.login.clone()), (None, None, None));
    assert_eq!(said(&settings.mouse), (true, "default".into()));
    assert_eq!(settings.policy(), Policy::of("kind-dev"));
    let live = config.settings("go-live", &Flags { fitting: Some("light"), ..Flags::default() });
    assert_eq!(live.policy(), Policy::of("go-live"));
    assert_eq!(said(&live.theme).0, "light");
    assert_eq!(said(&live.danger), (true, "default: by the context's name".into()));
    assert_eq!(said(&live.most), (10, "default: where a mistake is dear".into()));
}

#[test]
fn the_most_exact_word_counts() {
    let config = good(FULL);
    let of = |context: &str| config.settings(context, &Flags::default());
    assert_eq!(said(&of("other").theme), ("light".into(), "config.toml:2".into()));
    assert_eq!(said(&of("arn:aws:eks:eu-west-1:1:cluster/web").theme), ("dark".into(), "config.toml:21".into()));
    let shop = of(SHOP);
    assert_eq!(said(&shop.theme), ("monochrome".into(), "config.toml:31".into()), "its own name before every pattern");
    assert_eq!(said(&shop.read_only), (true, "config.toml:22".into()), "what the exact table does not say, a pattern does");
    assert_eq!(said(&of("my-cluster/shop").theme), ("high-contrast".into(), "config.toml:25".into()));
    assert_eq!(shop.namespace, Some(Said::new(Scope::All, "config.toml:32")));
    assert_eq!(of("other").namespace.map(|said| said.value.to_string()), Some("shop, team-*".into()));
    assert_eq!(shop.pane.as_ref().map(said), Some(("certificates.cert-manager.io".into(), "config.toml:27".into())));
    assert_eq!(shop.login.as_ref().map(|login| login.value.len()), Some(4));
    assert_eq!((shop.debug_image.value.as_str(), &*shop.debug_image.source), ("registry.corp/tools:1", "config.toml:33"));
    assert_eq!((said(&shop.most), shop.policy().most), ((100, "config.toml:12".into()), Some(100)));
    let flags = Flags { theme: Some("dark".into()), keymap: None, read_only: Some(false), fitting: Some("light") };
    let flagged = config.settings(SHOP, &flags);
    assert_eq!(said(&flagged.theme), ("dark".into(), "--theme".into()));
    assert_eq!(said(&flagged.read_only), (false, "--read-only".into()));
    assert_eq!(said(&flagged.keymap), ("default".into(), "config.toml:3".into()));
}

#[test]
fn of_two_patterns_the_later_one_counts() {
    let config = good("[context.\"eu-*\"]\ntheme = \"light\"\n[context.\"*-1\"]\ntheme = \"dark\"\n");
    assert_eq!(config.settings("eu-1", &Flags::default()).theme.value, "dark");
    assert_eq!(config.settings("eu-2", &Flags::default()).theme.value, "light");
    let config = good("[context.\"*-1\"]\ntheme = \"dark\"\n[context.\"eu-*\"]\ntheme = \"light\"\n");
    assert_eq!(config.settings("eu-1", &Flags::default()).theme.value, "light");
}

#[test]
fn rails_add_up_and_say_where_they_are_from() {
    let config = good(FULL);
    let kind = |group: &str, plural: &str| Kind { group: group.into(), plural: plural.into(), ..Kind::default() };
    let (sets, secrets) = (kind("apps", "statefulsets"), kind("", "secrets"));
    let rail = |policy: &Policy, verb: &str, kind: &Kind, namespace: &str| {
        policy.rail(verb, kind, namespace).map(|rail| (rail.demand, rail.source.to_string()))
    };
    let other = config.settings("other", &Flags::default()).policy();
    assert_eq!(rail(&other, "delete", &sets, "kube-system"), Some((Demand::Deny, "config.toml:14".into())));
    assert_eq!(rail(&other, "delete", &sets, "shop"), Some((Demand::Name, "by default".into())));
    assert_eq!(rail(&other, "exec", &secrets, "kube-system"), Some((Demand::Deny, "config.toml:14".into())));
    assert_eq!(rail(&other, "scale", &sets, "kube-system"), None);
    let shop = config.settings(SHOP, &Flags::default()).policy();
    assert_eq!(rail(&shop, "delete", &sets, "shop"), None, "the usual ones are taken away");
    assert_eq!(rail(&shop, "delete", &secrets, "kube-system"), Some((Demand::Free, "config.toml:35".into())));
    assert_eq!((shop.read_only.as_deref(), shop.danger, shop.dry_run), (Some("config.toml:22"), true, true));
}

#[test]
fn without_the_usual_there_is_no_usual_limit() {
    let config =
        good("guard.defaults = false\n[context.bank]\ndanger = true\nguard.defaults = true\n[context.free-prod.guard]\nmost = 0\n");
    assert_eq!(config.settings("eu-prod", &Flags::default()).policy(), Policy { danger: true, ..Policy::default() });
    assert_eq!(config.settings("bank", &Flags::default()).policy().most, Some(10), "danger that is said limits as danger that is seen");
    assert_eq!(said(&config.settings("free-prod", &Flags::default()).most), (0, "config.toml:6".into()));
}

#[test]
fn mistakes_are_named_with_their_line_and_the_rest_is_used() {
    let (config, problems) = read(
        "thme = \"dark\"\ntheme = \"drak\"\nkeymap = 5\nread-only = \"yes\"\nnamespace = \"a/b\"\npane = \"pdos\"\nmouse = 1\nlogin-command = \"aws login\"\ndry-run = true\n\
         [guard]\nmost = -1\nmoost = 1\n[[guard.rail]]\nverbs = [\"delte\", \"scale\"]\nkinds = \"widgets\"\nnamespace = \"a\"\ndemand = \"dney\"\n[[guard.rail]]\nverbs = 7\n\
         [context.a]\ndanger = 1\ncontext = 1\n[context.b]\ntheme = \"dark\"\n[logs]\ntail = \"all\"\nmost = 0\nspool = \"1K\"\nspol = 1\n",
    );
    assert_eq!(
        problems,
        [
            "config.toml:1: there is no setting \"thme\"; did you mean theme?",
            "config.toml:2: there is no theme \"drak\"; did you mean dark?",
            "config.toml:3: this has to be the name of a key map, in quotes",
            "config.toml:4: read-only has to be true or false; until it is, it counts as true",
            "config.toml:5: \"a/b\" is no namespace: letters, digits and -, with * and ? as a pattern",
            "config.toml:6: Kubernetes has no kind \"pdos\"; did you mean pods?",
            "config.toml:7: mouse has to be true or false",
            "config.toml:8: login-command has to be a list of a program and its arguments: [\"aws\", \"sso\", \"login\"]",
            "config.toml:11: most has to be a number of objects; 0 is without limit",
            "config.toml:12: a guard has no \"moost\"; did you mean most?",
            "config.toml:14: there is no verb \"delte\"; did you mean delete?",
            "config.toml:15: Kubernetes has no kind \"widgets\"; a custom resource is written with its group, as in widgets.example.com",
            "config.toml:16: a rail has no \"namespace\"; did you mean namespaces?",
            "config.toml:17: there is no demand \"dney\"; did you mean deny? (until this is right, it denies)",
            "config.toml:18: a rail needs a demand: free, confirm, name, context, deny; until it has one, it denies",
            "config.toml:19: verbs has to be a list of names, in quotes; until it is, it stands for all",
            "config.toml:21: danger has to be true or false",
            "config.toml:22: there is no setting \"context\"",
            "config.toml:26: tail has to be a number of lines",
            "config.toml:27: most has to be a number of containers",
            "config.toml:28: spool has to be a size, in quotes: \"1Gi\", \"500M\"",
            "config.toml:29: logs have no \"spol\"; did you mean spool?",
        ]
    );
    let settings = config.settings("b", &Flags::default());
    assert_eq!(said(&settings.theme), ("dark".into(), "config.toml:24".into()));
    assert!(settings.dry_run.value && settings.read_only.value, "{settings:?}");
    assert_eq!(settings.rails.iter().map(|rail| rail.demand).collect::<Vec<_>>(), [Demand::Deny, Demand::Deny]);
    assert_eq!(settings.rails[0].verbs.iter().map(|verb| &**verb).collect::<Vec<_>>(), ["delte", "scale"], "the list is no longer");
}

#[test]
fn what_is_shown_says_the_same_when_it_is_read() {
    fn plain(mut settings: Settings) -> (Settings, Policy) {
        fn forget<T>(said: &mut Said<T>) {
            said.source = "".into();
        }
        let settings_of = &mut settings;
        forget(&mut settings_of.theme);
        forget(&mut settings_of.keymap);
        for truth in [
            &mut settings_of.read_only,
            &mut settings_of.mouse,
            &mut settings_of.dry_run,
            &mut settings_of.danger,
            &mut settings_of.defaults,
        ] {
            forget(truth);
        }
        forget(&mut settings_of.most);
        forget(&mut settings_of.log_tail);
        forget(&mut settings_of.log_most);
        forget(&mut settings_of.log_spool);
        forget(&mut settings_of.debug_image);
        settings_of.namespace.iter_mut().for_each(forget);
        settings_of.pane.iter_mut().for_each(forget);
        settings_of.login.iter_mut().for_each(forget);
        settings_of.rails.iter_mut().for_each(|rail| rail.source = "".into());
        let mut policy = settings.policy();
        policy.read_only = policy.read_only.map(|_| "".into());
        (settings, policy)
    }
    let flags = Flags { read_only: Some(true), fitting: Some("light"), ..Flags::default() };
    for text in [
        "",
        "[logs]\ntail = 5\nspool = \"2Mi\"\n[context.other.logs]\nmost = 3\nspool = \"1500000\"\n",
        FULL,
        "guard.defaults = false\nread-only = true\n",
    ] {
        let config = good(text);
        for context in ["", "other", SHOP, "eu-prod \"1\""] {
            let settings = config.settings(context, &flags);
            let shown = settings.show(context, &config);
            let again = good(&shown).settings(context, &Flags::default());
            assert_eq!(plain(again), plain(settings), "{context}:\n{shown}");
        }
    }
}

#[test]
fn what_is_shown_says_where_it_is_from() {
    let config = good(
        "theme = \"light\"\n[context.eu-prod]\nread-only = true\n[[context.eu-prod.guard.rail]]\nverbs = [\"exec\"]\ndemand = \"deny\"\n",
    );
    let flags = Flags { keymap: Some("k9s".into()), ..Flags::default() };
    let shown = config.settings("eu-prod", &flags).show("eu-prod", &config);
    let rest = shown.split_once("\n\n").expect("a head").1;
    assert_eq!(
        rest,
        r##"theme = "light"                          # config.toml:1
keymap = "k9s"                           # --keymap
read-only = true                         # config.toml:3
# namespace: as it was left last time, else the context's own, else all
# pane: as it was left last time, else the pods
mouse = true                             # default
# login-command: the credential plugin of the user
debug-image = "busybox"                  # default
dry-run = false                          # default
danger = true                            # default: by the context's name

[guard]
most = 10                                # default: where a mistake is dear
defaults = true                          # default

# [[guard.rail]]                           # by default
# verbs = ["delete"]
# kinds = ["namespaces", "customresourcedefinitions.apiextensions.k8s.io", "persistentvolumes", "persistentvolumeclaims", "statefulsets.apps", "nodes"]
# demand = "name"

[[guard.rail]]                           # config.toml:4
verbs = ["exec"]
demand = "deny"

[logs]
tail = 1000                              # default
most = 50                                # default
spool = "1Gi"                            # default
"##
    );
}

#[test]
fn every_file_of_the_folder_is_checked() {
    let folder = std::env::temp_dir().join(format!("kubetui-config-{}", std::process::id()));
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    let check = || {
        let checked = check::check(&folder, &["quit"]);
        checked.report(&folder).replace(&format!("{}/", folder.display()), "").replace(&folder.display().to_string(), "FOLDER")
    };
    assert_eq!(check(), "nothing wrong: there are no settings, themes or key maps in FOLDER\n");
    write("themes/mine.toml", "inherits = \"other\"\n");
    write("themes/other.toml", "[scopes]\n\"ui.text\" = \"red\"\n");
    write(FILE, "theme = \"mine\"\n");
    assert_eq!(check(), "nothing wrong in 3 files:\n  config.toml\n  themes/mine.toml\n  themes/other.toml\n");
    write(FILE, "theme = \"mien\"\n");
    write("themes/other.toml", "[scopes]\n\"ui.txt\" = \"red\"\n");
    assert_eq!(
        check(),
        "config.toml:1: there is no theme \"mien\"; did you mean mine?\n\
         themes/other.toml:2: there is no scope \"ui.txt\"; did you mean ui.text?\n2 problems in 3 files\n"
    );
    fs::remove_dir_all(&folder).expect("removed");
}
