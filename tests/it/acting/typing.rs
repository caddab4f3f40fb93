//! `e`: an object's YAML as it is typed, checked against the server's schema and completed; and that nothing typed is lost.

use crossterm::event::{Event as Input, MouseButton, MouseEventKind};
use serde_json::json;

use super::{Desk, shows};
use crate::driver::Setup;
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::{config_map, deployment};

/// The line that has these words, as it stands on the screen.
fn line<'a>(screen: &'a str, words: &str) -> Option<&'a str> {
    screen.lines().find(|line| line.contains(words))
}

/// Puts the cursor behind the first of these words.
#[track_caller]
fn behind(desk: &Desk<'_>, words: &str) {
    desk.press("ctrl-home ctrl-f ctrl-u");
    desk.driver.type_text(words);
    desk.press("enter");
    desk.wait(&format!("{words} found"), |screen| shows(screen, &format!("/{words} 1 of ")));
    desk.press("right");
}

/// Opens an object in the editor.
#[track_caller]
fn open<'a>(ground: &'a Ground, resource: &str, name: &str) -> Desk<'a> {
    let desk = Desk::open(ground, resource);
    desk.on(name);
    desk.press("e");
    desk.see("● saved");
    desk
}

pub async fn what_is_typed_is_checked_explained_and_completed(ground: &Ground) {
    ground.post(&ground.core("configmaps"), &config_map("settings", json!({}))).await.ok();
    ground.post(&ground.apps("deployments"), &deployment("web", 0, "nginx:1")).await.ok();
    let desk = open(ground, "deployments", "web");
    let screen = desk.see("apiVersion: apps/v1");
    assert!(!screen.contains("managedFields") && !screen.contains("\nstatus:"), "{screen}");

    // What the field under the cursor is.
    behind(&desk, "replicas: 0");
    let screen = desk.see("Number of desired pods");
    assert!(line(&screen, "spec.replicas").is_some_and(|line| line.contains("<integer>")), "{screen}");

    // What is wrong is marked at its line, with what was probably meant, and goes when it is taken back.
    desk.press("enter");
    desk.driver.type_text("replica: 1");
    let screen = desk.wait("a mark", |screen| screen.contains("1 problem") && screen.contains("did you mean replicas"));
    assert!(line(&screen, "replica: 1").is_some_and(|line| line.starts_with('●')), "{screen}");
    desk.press("ctrl-w ctrl-w ctrl-w ctrl-u");
    desk.driver.type_text("  paused: 7");
    let screen = desk.see("true or false is wanted here, this is the number 7");
    assert!(line(&screen, "paused: 7").is_some_and(|line| line.starts_with('●')), "{screen}");
    desk.press("ctrl-home alt-down");
    desk.see("spec.paused");
    for _ in 0..24 {
        desk.press("ctrl-z");
    }
    desk.wait("the text as it was", |screen| screen.contains("● saved") && !screen.contains("problem"));

    // A field of which the beginning was typed, and a value that is one of several.
    behind(&desk, "image: nginx:1");
    desk.press("enter");
    desk.driver.type_text("workingD");
    desk.press("tab");
    desk.see("workingDir: ");
    desk.driver.type_text("/x");
    behind(&desk, "terminationMessagePolicy: File");
    desk.press("ctrl-w ctrl-space");
    desk.see("FallbackToLogsOnError");
    desk.driver.type_text("fall");
    desk.wait("one of them", |screen| !screen.contains("▌ File"));
    desk.press("enter");
    desk.see("terminationMessagePolicy: FallbackToLogsOnError");

    // A name that exists in the cluster.
    behind(&desk, "dnsPolicy: ClusterFirst");
    desk.press("enter");
    desk.driver.type_text("volumes:");
    desk.press("enter");
    desk.driver.type_text("- name: v");
    desk.press("enter");
    desk.driver.type_text("configMap:");
    desk.press("enter");
    desk.driver.type_text("name: ");
    desk.press("ctrl-space");
    desk.wait("the config maps", |screen| screen.contains("│ settings"));
    desk.driver.type_text("sett");
    desk.wait("the one", |screen| screen.contains("▌ settings"));
    desk.press("tab");
    let screen = desk.wait("a volume without a problem", |screen| screen.contains("name: settings") && !screen.contains("problem"));
    for words in ["      volumes:", "        - name: v", "          configMap:", "            name: settings"] {
        assert!(line(&screen, words).is_some(), "{words:?} is not in\n{screen}");
    }
    assert!(screen.contains("● not saved"), "{screen}");
}

pub async fn what_is_typed_is_not_lost_when_one_leaves(ground: &Ground) {
    ground.post(&ground.core("configmaps"), &config_map("one", json!({}))).await.ok();
    let desk = open(ground, "configmaps", "one");
    behind(&desk, "key: value");
    desk.driver.type_text("s");
    // First the search is put away.
    desk.press("esc esc");
    let screen = desk.see("configmap/one is not saved");
    for words in ["save", "throw away", "go on editing"] {
        assert!(line(&screen, words).is_some(), "{screen}");
    }
    desk.press("esc");
    desk.without("throw away");
    desk.see("key: values");

    // Another view is shown: the text is kept, and one is told.
    desk.press("f1 :");
    desk.driver.type_text("pods");
    desk.press("enter");
    desk.see("configmap/one is not saved: :unsaved goes back to it");
    desk.command("quit");
    desk.see("not saved: configmap/one; quit again to leave without it");
    desk.press("esc");
    desk.view("configmaps", "one");
    desk.press("e");
    desk.see("key: values");
    desk.press("ctrl-q");
    desk.see("throw away");
    desk.driver.type_text("throw");
    desk.press("enter");
    desk.see("is thrown away");
    desk.on("one");
    desk.press("e");
    let screen = desk.see("key: value");
    assert!(!screen.contains("key: values"), "{screen}");
    // What was not changed is left without a question.
    desk.press("esc");
    desk.on("one");
}

pub async fn blocks_pastes_and_replacements_are_one_change_each(ground: &Ground) {
    ground.post(&ground.core("configmaps"), &config_map("one", json!({"tier": "back"}))).await.ok();
    let desk = open(ground, "configmaps", "one");
    behind(&desk, "key: value");
    // Terminals send a carriage return for the end of a line.
    desk.driver.send(Input::Paste("\r  a: \"1\"\r  b: \"2\"\r  c: \"3\"".into()));
    let screen = desk.see("c: \"3\"");
    assert!(line(&screen, "   a: \"1\"").is_some() && line(&screen, "   b: \"2\"").is_some(), "{screen}");
    desk.press("shift-up shift-up tab");
    desk.wait("a block further in", |screen| line(screen, "     b: \"2\"").is_some() && line(screen, "     c: \"3\"").is_some());
    desk.press("ctrl-z");
    desk.wait("the block as it was", |screen| line(screen, "     b: \"2\"").is_none());
    desk.press("esc ctrl-r ctrl-u");
    desk.driver.type_text("\"");
    desk.press("enter");
    desk.driver.type_text("'");
    desk.press("enter");
    let screen = desk.see("10 places were replaced");
    assert!(line(&screen, "b: '2'").is_some(), "{screen}");
    desk.press("ctrl-z ctrl-z");
    desk.see("● saved");
    desk.press("ctrl-y");
    desk.see("b: \"2\"");

    // More than any server takes: it is said, and nothing is changed.
    desk.driver.send(Input::Paste("  y: 1\n".repeat(800_000)));
    let screen = desk.see("nothing was pasted: 5.3 MiB more would make the text larger than the 3.0 MiB");
    assert!(screen.contains("b: \"2\""), "{screen}");

    // The mouse: a press puts the cursor there, drawing it selects, and what is typed takes its place.
    desk.driver.mouse(MouseEventKind::Down(MouseButton::Left), "tier: back", 6);
    desk.driver.mouse(MouseEventKind::Drag(MouseButton::Left), "tier: back", 10);
    desk.press("ctrl-c");
    desk.see("copied");
    assert_eq!(desk.driver.copied().as_deref(), Some("back"));
    desk.driver.type_text("front");
    desk.see("tier: front");
    desk.press("home ctrl-v");
    desk.see("backtier: front");
}

pub async fn a_secret_is_decoded_only_when_that_was_allowed(ground: &Ground) {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"},
        "data": {"password": "aHVudGVyMi1odW50ZXIy", "bytes": "/wABAg=="},
    });
    ground.post(&ground.core("secrets"), &secret).await.ok();
    let folder = tempfile::tempdir().expect("a folder");
    let place: std::path::PathBuf = folder.path().into();
    let kubeconfig = place.join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    std::fs::write(place.join("config.toml"), "[[guard.rail]]\nverbs = [\"reveal\"]\ndemand = \"confirm\"\n").expect("is written");
    let setup = Setup::new(&kubeconfig).namespace(ground.namespace()).resource("secrets").settings(&place).journal(&place);
    let desk = Desk::before(ground, setup.size(100, 40).start(), folder);
    desk.on("keys");
    desk.press("e");
    desk.question(&["Show the values of secret/keys"]);
    desk.no();
    let screen = desk.driver.screen();
    assert!(!screen.contains("hunter2") && screen.contains("▸ secrets "), "{screen}");
    desk.press("e");
    desk.yes(&["Show the values of secret/keys"]);
    let screen = desk.see("password: hunter2-hunter2");
    assert!(line(&screen, "in memory only").is_some(), "{screen}");
    assert!(line(&screen, "bytes: /wABAg==").is_some() && line(&screen, "stringData:").is_some(), "{screen}");
    behind(&desk, "password: hunter2-hunter2");
    desk.driver.type_text("-typed");
    desk.see("● not saved");
    for entry in std::fs::read_dir(&place).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
        assert!(!["hunter2", "aHVudGVyMi1o"].iter().any(|value| text.contains(value)), "{}", path.display());
    }
}

pub async fn what_cannot_be_saved_is_said_at_its_line(ground: &Ground) {
    ground.post(&ground.core("configmaps"), &config_map("one", json!({}))).await.ok();
    let desk = open(ground, "configmaps", "one");
    for (typed, said, at) in [
        ("\t x: 1", "tab", "␉ x: 1"),
        ("x: *nothing", "an alias (*name) of an anchor (&name) that is nowhere before it", "x: *nothing"),
        ("---\rkind: Pod\r", "another document begins here (2 in all)", "kind: Pod"),
        ("kind: Pod", "kind is here twice", "kind: Pod"),
    ] {
        desk.press("ctrl-end");
        desk.driver.send(Input::Paste(typed.into()));
        let screen = desk.wait(said, |screen| screen.contains("problem") && line(screen, at).is_some_and(|line| line.starts_with('●')));
        desk.press("ctrl-home alt-down");
        desk.wait(said, |screen| shows(screen, said) || shows(screen, "kind was changed from ConfigMap to Pod"));
        assert!(line(&screen, at).is_some(), "the text is as it was typed\n{screen}");
        desk.press("ctrl-z");
        desk.wait("the text as it was", |screen| screen.contains("● saved") && !screen.contains("problem"));
    }
    behind(&desk, "name: one");
    desk.driver.type_text("-more");
    desk.see("metadata.name was changed from one to one-more");
    desk.press("ctrl-z ctrl-z");
    desk.see("● saved");
}

pub async fn what_others_change_meanwhile_is_said_and_taken_in(ground: &Ground) {
    let path = ground.core("configmaps/shared");
    let mut shared = config_map("shared", json!({}));
    shared["data"] = json!({"both": "b", "mine": "m", "theirs": "t"});
    ground.post(&ground.core("configmaps"), &shared).await.ok();
    let others = async |data: serde_json::Value| ground.patch(&path, Patch::Merge, &json!({"data": data})).await.ok();
    let desk = open(ground, "configmaps", "shared");

    // Nothing was typed yet: what is on the screen is old, and says so.
    others(json!({"theirs": "t2"})).await;
    let screen = desk.see("changed by others meanwhile: data.theirs; f5 takes it in");
    assert!(screen.contains("◌ changed by others") && screen.contains("theirs: t\n"), "{screen}");
    desk.press("f5");
    desk.wait("their value", |screen| screen.contains("theirs: t2") && screen.contains("● saved") && !screen.contains("meanwhile:"));

    // What was typed stays, with its comment, and theirs comes to it.
    behind(&desk, "mine: m");
    desk.driver.type_text("2 # why");
    others(json!({"theirs": "t3", "new": "fresh"})).await;
    desk.see("changed by others meanwhile: data.theirs, data.new; f5 takes it in");
    desk.press("f5");
    let taken = |screen: &str| screen.contains("theirs: t3") && screen.contains("new: fresh") && screen.contains("mine: m2 # why");
    desk.wait("both", |screen| taken(screen) && screen.contains("ctrl-z takes it out again"));
    desk.press("ctrl-z");
    desk.wait("theirs taken out", |screen| screen.contains("theirs: t2") && screen.contains("mine: m2 # why"));
    desk.press("ctrl-y");
    desk.wait("both again", taken);
    // The cursor is where it was typed, whatever came above it.
    desk.driver.type_text("!");
    desk.see("mine: m2 # why!");
    desk.press("ctrl-s");
    let screen = desk.question(&["Save configmap/shared", "mine: m2"]);
    let written = |words: &str| screen.contains(&format!("+   {words}")) || screen.contains(&format!("-   {words}"));
    assert!(written("mine: m2") && !written("theirs") && !written("new"), "what others changed is not written again\n{screen}");
    desk.press("y");
    ground.until_is(&path, &[("/data/mine", json!("m2")), ("/data/theirs", json!("t3")), ("/data/new", json!("fresh"))]).await;
    desk.see("● saved");

    // What they did between the text and the write is stored, and not in the text: it says so.
    behind(&desk, "mine: m2");
    desk.driver.type_text("x");
    desk.press("ctrl-s");
    desk.question(&["Save configmap/shared", "mine: m2x"]);
    others(json!({"theirs": "t4"})).await;
    desk.press("y");
    ground.until_is(&path, &[("/data/mine", json!("m2x")), ("/data/theirs", json!("t4"))]).await;
    let screen = desk.see("changed by others meanwhile: data.theirs");
    assert!(screen.contains("theirs: t3"), "{screen}");
    desk.press("f5");
    desk.wait("their value", |screen| screen.contains("theirs: t4") && screen.contains("● saved"));

    // The same field: nobody decides that but the person, and not before it is saved.
    behind(&desk, "both: b");
    desk.driver.type_text("-mine");
    others(json!({"both": "b-theirs"})).await;
    desk.see("changed by others meanwhile: data.both");
    desk.press("f5");
    let screen = desk.see("you have changed data.both too: saving asks whose is stored");
    assert!(screen.contains("● not saved") && screen.contains("both: b-mine"), "{screen}");
    desk.press("ctrl-s");
    desk.see("others have changed data.both meanwhile, which was b");
    desk.press("esc");
    desk.see("both: b-mine");

    ground.delete(&path, &serde_json::Value::Null).await.ok();
    let screen = desk.see("it was deleted meanwhile");
    assert!(screen.contains("✗ gone") && screen.contains("both: b-mine"), "{screen}");
    // Nothing is offered that cannot be. First the search is put away.
    desk.press("esc esc");
    let screen = desk.see("throw away");
    assert!(!screen.contains("store it in the cluster") && screen.contains("what is typed can still be copied"), "{screen}");
}

/// Texts as long as they can be are opened, searched and typed into; the machine is busy with other tests meanwhile.
pub async fn long_texts_are_typed_into(ground: &Ground) {
    let lines: String = (0..5000).map(|at| format!("line {at} of a text\n")).collect();
    let mut long = config_map("long", json!({}));
    long["data"] = json!({"many": lines, "one": "x".repeat(700_000)});
    ground.post(&ground.core("configmaps"), &long).await.ok();
    let desk = open(ground, "configmaps", "long");
    behind(&desk, "line 4321 of a text");
    desk.driver.type_text(" that was typed");
    desk.see("line 4321 of a text that was typed");
    behind(&desk, "one: x");
    desk.press("end");
    desk.driver.type_text("yyy");
    desk.see("xyyy");
    desk.press("home");
    desk.see("  one: xxxx");
    desk.press("ctrl-home");
    desk.see("apiVersion: v1");
}
