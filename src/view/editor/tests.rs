use serde_json::json;

use super::*;
use crate::keymap::Key;
use crate::kinds::schema::{Level, Mark};
use crate::model::draft::Blame;
use crate::model::edit::Place;

fn schema() -> Type {
    Type::inline(&json!({"type": "object", "properties": {
        "apiVersion": {"type": "string"}, "kind": {"type": "string"},
        "spec": {"type": "object", "properties": {
            "containers": {"type": "array", "items": {"type": "object", "properties": {
                "name": {"type": "string"},
                "imagePullPolicy": {"type": "string", "enum": ["Always", "IfNotPresent", "Never"]}}}},
            "replicas": {"type": "integer"},
            "serviceAccountName": {"type": "string"},
        }},
    }}))
    .expect("a schema")
}

fn editor(text: &str) -> Editor {
    let mut editor = Editor::new_object(Arc::new(Kind::default()), text, "new");
    editor.described(Ok(schema()));
    editor
}

fn press(editor: &mut Editor, keys: &str) {
    for key in Key::parse_all(keys).expect("keys") {
        assert!(editor.key(key), "{key} means nothing");
    }
}

fn write(editor: &mut Editor, text: &str) {
    for letter in text.chars() {
        let key = if letter == '\n' {
            "enter".into()
        } else if letter == ' ' {
            "space".into()
        } else {
            letter.to_string()
        };
        press(editor, &key);
    }
}

#[test]
fn yaml_is_written_without_a_thought_of_indentation() {
    let mut editor = editor("");
    write(&mut editor, "spec:\ncontainers:\n- name: a\nimage: b");
    assert_eq!(editor.text(), "spec:\n  containers:\n    - name: a\n      image: b");
    press(&mut editor, "enter backspace backspace backspace");
    write(&mut editor, "x: 1");
    assert_eq!(editor.text().lines().last(), Some("x: 1"));
    while editor.undo(true) {}
    assert!(!editor.is_changed() && editor.text().is_empty());
}

#[test]
fn selected_lines_move_in_and_out_together() {
    let mut editor = editor("a:\nb: 1\nc: 2\nd: 3");
    press(&mut editor, "down shift-down shift-down");
    editor.indent();
    assert_eq!(editor.text(), "a:\n  b: 1\n  c: 2\nd: 3");
    editor.indent();
    editor.shift(false);
    editor.shift(false);
    assert_eq!(editor.text(), "a:\nb: 1\nc: 2\nd: 3");
    assert!(editor.undo(true));
    assert_eq!(editor.text(), "a:\n  b: 1\n  c: 2\nd: 3", "a block is moved by one change");
}

#[test]
fn what_is_offered_is_put_in() {
    let mut editor = editor("spec:\n  ");
    press(&mut editor, "ctrl-end");
    write(&mut editor, "co");
    editor.suggest().expect("fields");
    press(&mut editor, "enter");
    assert_eq!(editor.text(), "spec:\n  containers:\n  - ");
    write(&mut editor, "im");
    editor.indent();
    assert_eq!(editor.text(), "spec:\n  containers:\n  - imagePullPolicy: ", "the only one that begins so");
    editor.suggest().expect("values");
    press(&mut editor, "down enter");
    assert_eq!(editor.text(), "spec:\n  containers:\n  - imagePullPolicy: IfNotPresent");
    assert_eq!(editor.spotted().map(|spotted| spotted.path.as_str()), Some("spec.containers[].imagePullPolicy"));
}

#[test]
fn names_of_the_cluster_are_offered_when_they_have_come() {
    let mut editor = editor("spec:\n  serviceAccountName: ");
    press(&mut editor, "ctrl-end");
    editor.suggest().expect("the names are on their way");
    let wanted = editor.names.take_wanted();
    assert_eq!(wanted.iter().map(|named| named.plural).collect::<Vec<_>>(), ["serviceaccounts"]);
    editor.named(wanted[0], vec!["default".into(), "robot".into()]);
    editor.look();
    press(&mut editor, "down enter");
    assert!(editor.text().ends_with("serviceAccountName: robot"));
}

#[test]
fn marks_stand_at_their_letters_and_move_with_their_lines() {
    let mut editor = editor("a: 1\nß: x\nc: 3");
    let mark = |line, column, start, end| Mark {
        at: Place { start, end, line, column },
        path: String::new(),
        level: Level::Refused,
        message: format!("in line {line}"),
    };
    let version = editor.begin_check();
    editor.checked(version, &[mark(2, 4, 9, 10), mark(3, 1, 11, 12)]);
    assert_eq!(editor.signs().iter().map(|sign| (sign.row, sign.from, sign.to)).collect::<Vec<_>>(), [(1, 4, 5), (2, 0, 1)]);
    press(&mut editor, "enter enter");
    assert_eq!(editor.signs().iter().map(|sign| sign.row).collect::<Vec<_>>(), [3, 4]);
    assert!(editor.go_sign(true));
    assert_eq!((editor.buffer.cursor().row, editor.sign_here().map(|sign| sign.message.as_str())), (3, Some("in line 2")));
    editor.checked(version, &[]);
    assert_eq!(editor.signs().len(), 2, "what is found in an old version says nothing");
    editor.blame(&[
        Blame { at: None, message: "no".into(), server: true },
        Blame { at: Some(Place { line: 5, column: 1, start: 0, end: 1 }), message: "here".into(), server: true },
    ]);
    assert_eq!((editor.said.len(), editor.buffer.cursor().row), (1, 4));
    assert_eq!((editor.signs().len(), editor.problems()), (3, Some(("2 problems".into(), Level::Refused))), "the server says it too");
    write(&mut editor, "x");
    assert!(editor.said.is_empty() && editor.signs().iter().all(|sign| !sign.server), "the line may be right now");
}

#[test]
fn all_that_is_found_is_replaced_at_once() {
    let mut editor = editor("image: web:1\nname: Web\n# web\n");
    assert_eq!(editor.search("WEB").unwrap_err(), "\"WEB\" is not in this text");
    editor.search("web").expect("found");
    assert_eq!(editor.searched(), Some(("web", 1, 3)));
    editor.search_step(true).expect("found");
    assert_eq!((editor.buffer.cursor().row, editor.searched()), (1, Some(("web", 2, 3))));
    assert_eq!(editor.replace_all("web", "api$1"), Ok(3));
    assert_eq!(editor.text(), "image: api$1:1\nname: api$1\n# api$1\n");
    assert!(editor.undo(true));
    assert_eq!(editor.text(), "image: web:1\nname: Web\n# web\n");
    assert_eq!(editor.replace_all("/(\\w+): web/", "$1: x"), Ok(2));
    assert!(editor.replace_all("nothing", "x").is_err() && editor.replace_all("/[/", "x").is_err());
    assert_eq!(editor.replaceable("/[/").unwrap_err(), "no regular expression: unclosed character class");
    assert_eq!(editor.replaceable("nothing").unwrap_err(), "\"nothing\" is not in this text");
    editor.set_text("a-b c-d");
    assert_eq!(editor.replace_all("/(\\w)-(?<to>\\w)/", "$2_$1$$${to}$to"), Ok(2));
    assert_eq!(editor.text(), "b_a$bb d_c$dd");
    editor.set_text("a1b");
    assert_eq!((editor.replace_all("/[0-9]*/", "N"), editor.text()), (Ok(1), "aNb".into()), "what is empty is not found");
    editor.set_text("b");
    let unknown = editor.replace_all("/(b)/", "$2x").unwrap_err();
    assert_eq!(unknown, "what is looked for has no group $2 ($$ is a dollar)");
}

#[test]
fn what_is_saved_is_what_the_next_change_is_held_against() {
    let mut editor = editor("");
    let text = "kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: \"1\"";
    editor.set_text(text);
    assert!(editor.is_changed());
    let draft = editor.draft();
    assert_eq!(&*draft.text, text);
    press(&mut editor, "ctrl-end # y");
    let kind = Arc::new(Kind { singular: "configmap".into(), ..Kind::default() });
    let of = Reference { kind, namespace: "n".into(), name: "a".into(), uid: crate::model::row::Uid::new("7") };
    let stored = |version: &str| Arc::new(json!({"metadata": {"name": "a", "uid": "7", "resourceVersion": version}, "data": {"x": "1"}}));
    editor.saved(text, &of, stored("9"), stored("9"));
    assert!(editor.is_changed(), "something was typed meanwhile");
    assert_eq!(editor.base()["metadata"]["resourceVersion"], "9");
    assert_eq!(editor.subject.as_ref().map(|subject| (&*subject.namespace, &*subject.name)), Some(("n", "a")));
    // What is not known to be stored is not said to be.
    assert!(editor.undo(true) && editor.is_changed());
    editor.saved(text, &of, stored("10"), stored("10"));
    assert!(!editor.is_changed());
}

/// A ConfigMap with this value, in this version, as `take_in` finds it in the text.
fn valued(version: &str, value: &str) -> Arc<Value> {
    Arc::new(json!({"kind": "ConfigMap", "metadata": {"name": "a", "uid": "7", "resourceVersion": version}, "data": {"x": value}}))
}

/// Others have made it `to`: what a task finds, and the editor takes.
fn others(editor: &mut Editor, to: &Arc<Value>) {
    let kind = Kind::default();
    let (base, known) = (editor.base().clone(), editor.known().clone());
    let of = crate::kinds::schema::Guided(None);
    let merge = crate::kinds::taken::take_in(&kind, &of, &base, &known, to, &editor.text()).expect("it can be taken in");
    editor.take_in(merge);
}

fn opened(object: &Arc<Value>) -> Editor {
    let kind = Arc::new(Kind { singular: "configmap".into(), ..Kind::default() });
    let mut editor = Editor::of(Reference { kind, namespace: "n".into(), name: "a".into(), uid: crate::model::row::Uid::new("7") });
    editor.opened(Ok((object.clone(), crate::kinds::draft::text(&Kind::default(), object))));
    editor
}

#[test]
fn what_others_did_is_held_against_what_it_was_held_against_when_it_is_taken_out() {
    let (one, two) = (valued("1", "old"), valued("2", "new"));
    let mut editor = opened(&one);
    others(&mut editor, &two);
    assert!(editor.text().contains("x: new") && !editor.is_changed());
    assert!(Arc::ptr_eq(editor.base(), &two) && Arc::ptr_eq(editor.known(), &two));
    assert!(editor.undo(true) && editor.text().contains("x: old") && !editor.is_changed(), "nobody has typed anything");
    assert!(Arc::ptr_eq(editor.base(), &one) && Arc::ptr_eq(editor.known(), &one));
    assert!(editor.undo(false) && Arc::ptr_eq(editor.base(), &two));
    // Something else is typed where it was taken out: it is held against what was there then.
    assert!(editor.undo(true));
    press(&mut editor, "ctrl-end # y");
    assert!(editor.is_changed() && Arc::ptr_eq(editor.base(), &one));
}

#[test]
fn what_others_did_cannot_be_taken_out_of_what_is_stored() {
    let (one, two) = (valued("1", "old"), valued("2", "new"));
    let mut editor = opened(&one);
    press(&mut editor, "ctrl-end #");
    others(&mut editor, &two);
    press(&mut editor, "y");
    let (text, of) = (editor.text(), editor.subject.clone().expect("an object"));
    editor.saved(&text, &of, two.clone(), two.clone());
    assert!(!editor.is_changed());
    assert!(editor.undo(true) && editor.is_changed() && editor.text().contains("x: new"), "what was typed since can be");
    assert!(!editor.undo(true), "and nothing before it");
    assert!(editor.undo(false) && !editor.is_changed());

    // One that is taken out when it is stored cannot come back by itself.
    others(&mut editor, &valued("3", "newest"));
    assert!(editor.undo(true));
    let text = editor.text();
    editor.saved(&text, &of, two.clone(), two);
    assert!(!editor.undo(false) && editor.text().contains("x: new\n") && !editor.is_changed());
}

#[test]
fn long_texts_are_typed_into() {
    let map: String = (0..5000).map(|row| format!("  key-{row}: value\n")).collect();
    let line = format!("  large: \"{}\"\n", "x".repeat(1 << 20));
    let mut editor = editor(&format!("data:\n{line}{map}"));
    for (keys, times) in [("down end left", 1), ("a", 20), ("ctrl-end a", 1), ("enter b", 20)] {
        for _ in 0..times {
            press(&mut editor, keys);
            editor.fit(80, 40);
            for row in editor.top..editor.top + 40 {
                editor.parts(row);
            }
        }
    }
    // What is done to every line is one change: it would take half an hour if it were one each.
    let begun = Instant::now();
    press(&mut editor, "alt-a");
    editor.indent();
    assert_eq!(editor.replace_all("value", "word"), Ok(5000));
    assert!(editor.undo(true) && editor.undo(true) && editor.undo(false));
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    let text = editor.text();
    assert!(text.contains(&format!("x{}\"\n", "a".repeat(20))));
    assert_eq!(text.lines().filter(|line| line.trim() == "b").count(), 20);
    assert!(editor.paste(&"y\n".repeat(5 << 19)).unwrap_err().contains("5.0 MiB"));
    assert_eq!(editor.text(), text);
}

/// Whatever is pressed in whatever order: the text is what its length says, the cursor stands between letters, and undo leads
/// back to what was there.
#[test]
fn any_keys_keep_the_text_whole() {
    let keys = [
        "a",
        "-",
        ":",
        "space",
        "ß",
        "日",
        "enter",
        "backspace",
        "del",
        "left",
        "right",
        "up",
        "down",
        "home",
        "end",
        "pgup",
        "pgdn",
        "shift-left",
        "shift-right",
        "shift-up",
        "shift-down",
        "ctrl-left",
        "ctrl-right",
        "ctrl-w",
        "ctrl-u",
        "ctrl-del",
        "ctrl-home",
        "ctrl-end",
        "alt-a",
        "shift-home",
    ];
    let pasted =
        ["e\u{301}\u{200d}\t", "spec:\r\n  containers:\r  - name: x\n", "\u{1b}[31m", "👩\u{200d}💻", "\n\n", "- \"a\n b\"\n", "|"];
    let mut seed = 11u64;
    let mut roll = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for _ in 0..60 {
        let begun = "spec:\n  replicas: 1\n  containers:\n  - name: ä\n";
        let mut editor = editor(begun);
        for _ in 0..120 {
            match roll(14) {
                0 => editor.indent(),
                1 => editor.shift(false),
                2 => editor.delete_line(),
                3 => drop(editor.copy(roll(2) == 0)),
                4 => drop(editor.paste_own()),
                5 => drop(editor.paste(pasted[roll(pasted.len())])),
                6 => drop(editor.undo(roll(3) > 0)),
                7 => drop(editor.suggest()),
                8 => drop(editor.replace_all(["a", "name", "/\\s+/"][roll(3)], ["", "日本", "b\u{301}"][roll(3)])),
                9 => drop(editor.search(["a", "name", "日"][roll(3)])),
                10 => editor.point(roll(30) as isize - 5, roll(12) as isize - 3, roll(2) == 0),
                _ => drop(editor.key(Key::parse(keys[roll(keys.len())]).expect("a key"))),
            }
            editor.look();
            editor.fit(20, 6);
            let (text, cursor) = (editor.text(), editor.buffer.cursor());
            assert_eq!(editor.buffer.bytes(), text.len());
            assert!(editor.buffer.line(cursor.row).is_char_boundary(cursor.byte), "{cursor:?} in {text:?}");
            for row in editor.top..(editor.top + 6).min(editor.buffer.lines().len()) {
                let line = editor.buffer.line(row).to_owned();
                assert!(editor.parts(row).iter().all(|(range, _)| line.get(range.clone()).is_some()), "{line:?}");
            }
            let parts = editor.parts(cursor.row);
            let anew: Vec<_> = crate::view::paint::yaml(editor.buffer.lines()).swap_remove(cursor.row);
            assert_eq!(parts, anew, "what is kept of {text:?} is what it would be from its beginning");
        }
        // What was undone last is not made again: the text as it is now is the end of the past.
        editor.paste("#").expect("fits");
        let end = editor.text();
        while editor.undo(true) {}
        assert_eq!(editor.text(), begun);
        assert!(!editor.is_changed());
        while editor.undo(false) {}
        assert_eq!(editor.text(), end);
    }
}
