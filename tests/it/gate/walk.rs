//! Read-only mode sends nothing but reads: by every command with arguments that make sense, on every kind, with marks and
//! without, by every key; and by every act at the gate itself.

use std::sync::Arc;

use kubetui::cluster::connect::Options;
use kubetui::cluster::kubeconfig::{Loaded, Paths};
use kubetui::cluster::link::{self, Route};
use kubetui::cluster::write::journal::Journal;
use kubetui::cluster::write::{self, Gate, Piped};
use kubetui::commands::{self, COMMANDS, Group};
use kubetui::event::Event;
use kubetui::keymap::{self, Key, Keymap, Mode};
use kubetui::kinds::catalog::Catalog;
use kubetui::model::act::{Act, Deletion, Exposing, Intent, Said};
use kubetui::model::apply::{Manifests, Origin};
use kubetui::model::copying::Copying;
use kubetui::model::forward::{Forwarding, Local, Remote};
use kubetui::model::policy::Policy;
use kubetui::model::reference::Reference;
use kubetui::model::row::Uid;
use kubetui::model::session::{Entering, Way};
use kubetui::model::time::Clock;

use super::{furnish, look, look_at, sent, settled, writes};
use crate::scripted::server::Server;

/// Kinds that commands make a difference between.
const KINDS: [&str; 12] = [
    "pods",
    "deployments",
    "statefulsets",
    "daemonsets",
    "replicasets",
    "jobs",
    "cronjobs",
    "services",
    "configmaps",
    "horizontalpodautoscalers",
    "nodes",
    "namespaces",
];

/// What a command is given, so that it gets as far as it can.
fn arguments(command: &str) -> &'static [&'static str] {
    match command {
        "scale" => &["5", "+1", ""],
        "bounds" => &["2 4"],
        "image" => &["app=web:2", "web:2", ""],
        "rollout-undo" => &["", "1"],
        "label" | "annotate" => &["a=b", "app-"],
        "delete" => &["", "orphan --grace 3", "--force"],
        "unfinalize" => &["a.io/b"],
        "taint" => &["a=b:NoExecute", "a-"],
        "expose" => &["", "80:8080 --name web"],
        "undo" => &["", "1"],
        "cp" => &[":/etc/hosts /tmp", "-c app /etc/hosts :/tmp/x"],
        "exec" => &["ls -l", "--container app ls", ""],
        "attach" | "shell" => &["", "app"],
        "debug" => &["", "busybox --target app"],
        "view" => &["services", "rollouts", "labels"],
        "ns" => &["shop", "*"],
        "sort" => &["name"],
        "filter" => &["a"],
        "ctx" => &["scripted"],
        "theme" | "keymap" => &["default"],
        _ => &[""],
    }
}

/// Opens the table of a kind, whatever was open before.
fn on(run: &super::Run, kind: &str) -> String {
    run.press("esc esc esc");
    run.command("ns *");
    run.command(kind);
    let named = |line: &str| {
        line.contains(&format!("▸ {kind}"))
            || (kind == "pods" && line.contains("1 Pods"))
            || (kind == "services" && line.contains("2 Services"))
    };
    run.wait(kind, |screen| screen.lines().next().is_some_and(named) && screen.contains("aa") && screen.contains("● live"))
}

#[test]
fn no_command_sends_anything_but_reads_in_read_only_mode() {
    let server = Server::start();
    furnish(&server);
    let run = look(&server, "read-only = true\n");
    run.see("● live");
    for kind in KINDS {
        for marked in [false, true] {
            on(&run, kind);
            // On another context's name nothing else would be tried; going there is tried at the end.
            for command in COMMANDS.iter().filter(|command| !matches!(command.name, "quit" | "ctx")) {
                if marked && !matches!(command.group, Group::Act | Group::Object) {
                    continue;
                }
                for arguments in arguments(command.name) {
                    if marked {
                        run.press("*");
                    }
                    run.command(&format!("{} {arguments}", command.name));
                    run.press("esc esc esc");
                    run.command(kind);
                }
            }
        }
        let screen = on(&run, kind);
        assert!(screen.to_lowercase().contains("read-only"), "the header says so:\n{screen}");
        assert!(writes(&server).is_empty(), "{kind}: {:?}", writes(&server));
    }
    // The reason is on the screen.
    on(&run, "pods");
    run.command("delete");
    run.see("read-only (");

    let (keymap, _) = Keymap::load(keymap::DEFAULT, None, &commands::names());
    for kind in ["pods", "deployments", "nodes", "cronjobs"] {
        for mode in [Mode::Table, Mode::Global, Mode::Text] {
            for binding in keymap.bindings(mode) {
                if binding.command.as_deref().is_none_or(|line| line == "quit") {
                    continue;
                }
                run.command(kind);
                run.press(&Key::print_all(&binding.keys));
                run.type_text("y");
                run.press("enter esc esc esc");
            }
        }
    }
    run.command("ctx scripted");
    on(&run, "nodes");
    assert!(writes(&server).is_empty(), "{:?}", writes(&server));
    assert!(server.requests().len() > 30, "it did look at things: {}", server.requests().len());
}

#[test]
fn the_same_is_sent_where_writes_are_allowed() {
    // What shows that the test above would have seen it.
    let server = Server::start();
    furnish(&server);
    let run = look_at(&server, "", "nodes");
    run.wait("the nodes", |screen| screen.contains("aa") && screen.contains("● live"));
    run.command("cordon");
    settled(&run, "cordon");
    run.press("y");
    let found = sent(&server, 1);
    assert_eq!((found[0].method.as_str(), found[0].path.as_str()), ("PATCH", "/api/v1/nodes/aa"));
}

/// One of each; an act that is not here does not compile.
fn every_act() -> Vec<Act> {
    let enter =
        |way| Act::Enter(Box::new(Entering { way, container: Some("app".into()), size: (80, 24), image: "busybox".into(), of: None }));
    let copy = |into| Act::Copy(Copying { into, container: None, remote: "/etc/hosts".into(), local: "/etc/hosts".into() });
    let all = vec![
        Act::Scale(5, None),
        Act::Bounds(2, 4),
        Act::Restart,
        Act::Image(vec![("app".into(), "web:2".into())]),
        Act::Pause,
        Act::Resume,
        Act::Undo(None),
        Act::Label(vec![("a".into(), Some("b".into()))]),
        Act::Annotate(vec![("a".into(), Some("b".into()))]),
        Act::Delete(Deletion::default()),
        Act::Unfinalize("a.io/b".into()),
        Act::Evict(None),
        Act::Cordon,
        Act::Uncordon,
        Act::Drain(None),
        Act::Taint(vec![("a:NoSchedule".into(), Some("b".into()))]),
        Act::Trigger,
        Act::Suspend(true),
        Act::Retry,
        Act::Expose(Exposing::default()),
        Act::Forward(Forwarding { local: Local::Same, remote: Remote::Number(80) }),
        Act::TakeBack(1),
        Act::Apply(Manifests { from: Origin::Input, typed: "-".into(), force: true, namespace: Ok("shop".into()) }),
        copy(false),
        copy(true),
        enter(Way::Shell),
        enter(Way::Run(Arc::new(["ls".to_owned()]))),
        enter(Way::Attach),
        enter(Way::Debug(Some("busybox".into()))),
    ];
    for act in &all {
        match act {
            Act::Scale(..) | Act::Bounds(..) | Act::Restart | Act::Image(_) | Act::Pause | Act::Resume | Act::Undo(_) => {}
            Act::Label(_) | Act::Annotate(_) | Act::Delete(_) | Act::Unfinalize(_) | Act::Evict(_) | Act::Cordon => {}
            Act::Uncordon | Act::Drain(_) | Act::Taint(_) | Act::Trigger | Act::Suspend(_) | Act::Retry => {}
            Act::Expose(_)
            | Act::Forward(_)
            | Act::Reveal(_)
            | Act::Edit(_)
            | Act::Create(_)
            | Act::Apply(_)
            | Act::TakeBack(_)
            | Act::Enter(_)
            | Act::Copy(_) => {}
        }
    }
    all
}

#[test]
fn the_gate_itself_refuses_every_act_in_read_only_mode() {
    let server = Server::start();
    furnish(&server);
    let folder = tempfile::tempdir().expect("a folder");
    let paths = Paths::of(Some(&server.kubeconfig(folder.path(), "")));
    let loaded = Loaded::load(&paths).expect("it can be read");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (out, mut events) = tokio::sync::mpsc::channel(64);
        let route = Route { loaded, paths, options: Options::default() };
        let link = link::spawn(route, Clock::system(), out.clone());
        link.handle.clone().session().await;
        let (_leave, leaving) = tokio::sync::watch::channel(false);
        let catalog = Arc::new(Catalog::builtin());
        let gate = Gate {
            link: link.handle.clone(),
            policy: Policy { read_only: Some("--read-only".into()), ..Policy::default() },
            context: "scripted".into(),
            user: "somebody".into(),
            server: "https://127.0.0.1".into(),
            catalog: catalog.clone(),
            journal: Arc::new([]),
            disk: Journal::default(),
            piped: Piped::default(),
            leaving,
            out,
        };
        let (mut number, mut count) = (0, 0);
        for act in every_act() {
            for kind in KINDS {
                // Before discovery not all of them are known.
                let Ok(kind) = catalog.find(kind) else { continue };
                let namespace = if kind.namespaced { "shop" } else { "" };
                let target = Reference { kind, namespace: namespace.into(), name: "aa".into(), uid: Uid::new("") };
                number += 1;
                let handle = write::begin(gate.clone(), number, Intent { act: act.clone(), targets: vec![target] });
                handle.confirm();
                let said = loop {
                    match events.recv().await.expect("it goes on") {
                        Event::Act(of, said) if of == number => break said,
                        _ => {}
                    }
                };
                count += 1;
                assert!(
                    matches!(&said, Said::Refused(obstacle) if obstacle.why.starts_with("read-only (--read-only)")),
                    "{act:?}: {said:?}"
                );
            }
        }
        assert!(count >= 100, "{count} were tried");
    });
    assert!(writes(&server).is_empty(), "{:?}", writes(&server));
}
