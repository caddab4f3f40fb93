//! The journal on a real disk, and Secrets looked for in every byte of it.

use serde_json::{Value, json};

use super::*;

fn entry(number: u64) -> Entry {
    Entry {
        number,
        time: 1_700_000_000,
        context: "demo".into(),
        server: "https://127.0.0.1:6443".into(),
        user: "ann".into(),
        verb: "scale".into(),
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        resource: "deployments".into(),
        namespace: "shop".into(),
        name: "web".into(),
        uid: "u-1".into(),
        method: "PATCH".into(),
        path: "/apis/apps/v1/namespaces/shop/deployments/web/scale".into(),
        sent: json!([{"op": "replace", "path": "/spec/replicas", "value": 5}]),
        before: json!({"spec": {"replicas": 3}}),
        after: json!({"spec": {"replicas": 5}}),
        outcome: Ok("replicas 3 → 5".into()),
    }
}

fn secret(sent: Value, before: Value, after: Value) -> Entry {
    Entry { kind: "Secret".into(), api_version: "v1".into(), resource: "secrets".into(), sent, before, after, ..entry(1) }
}

fn numbers(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.number).collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn what_is_written_is_read_by_another_run_the_newest_last() {
    let dir = folder();
    let path = dir.path().join("state").join("kubetui");
    let journal = Journal::open(Some(path.clone()));
    assert!(journal.read(10).is_empty());
    for number in 1..=5 {
        journal.clone().write(&entry(number)).expect("written");
    }
    let other = Journal::open(Some(path.clone()));
    other.write(&Entry { time: 1_700_000_009, outcome: Err("replicas: Invalid value: -1".into()), ..entry(1) }).expect("written");
    let read = other.read(3);
    assert_eq!(numbers(&read), [4, 5, 1]);
    assert_eq!(read[0], entry(4));
    assert_eq!(read[2].outcome, Err("replicas: Invalid value: -1".into()));
    assert_eq!(numbers(&journal.read(100)), [1, 2, 3, 4, 5, 1]);
    // Two that overtook each other.
    other.write(&Entry { time: 1_700_000_010, ..entry(3) }).expect("written");
    other.write(&Entry { time: 1_700_000_010, ..entry(2) }).expect("written");
    assert_eq!(numbers(&other.read(3)), [1, 2, 3]);
    let text = fs::read_to_string(path.join(NAME)).expect("text");
    assert_eq!((text.lines().count(), text.ends_with('\n')), (8, true), "a line each");
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_it_even_where_it_was_open_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder();
    let mode = |name: &str| fs::metadata(dir.path().join(name)).expect("there").permissions().mode() & 0o777;
    let journal = Journal::sized(Some(dir.path().into()), 1000);
    journal.write(&entry(1)).expect("written");
    assert_eq!(mode(NAME), 0o600);
    fs::set_permissions(dir.path().join(NAME), fs::Permissions::from_mode(0o644)).expect("opened");
    journal.write(&entry(2)).expect("written");
    journal.write(&entry(3)).expect("written");
    assert_eq!((mode(NAME), mode(OLD), mode(LOCK)), (0o600, 0o600, 0o600));
}

#[test]
fn a_line_cut_off_by_a_crash_costs_itself_alone() {
    let dir = folder();
    let journal = Journal::open(Some(dir.path().into()));
    journal.write(&entry(1)).expect("written");
    journal.write(&entry(2)).expect("written");
    let path = dir.path().join(NAME);
    let bytes = fs::read(&path).expect("bytes");
    fs::write(&path, &bytes[..bytes.len() - 40]).expect("cut");
    assert_eq!(numbers(&journal.read(9)), [1]);
    journal.write(&entry(3)).expect("written");
    assert_eq!(numbers(&journal.read(9)), [1, 3]);
    // Bytes that are no text at all, in the middle.
    let mut bytes = b"\xff\xfe\0\n".to_vec();
    bytes.extend(fs::read(&path).expect("bytes"));
    fs::write(&path, bytes).expect("damaged");
    assert_eq!(numbers(&journal.read(9)), [1, 3]);
}

#[test]
fn it_is_rotated_and_one_old_one_is_kept() {
    let dir = folder();
    let line = serde_json::to_vec(&entry(1)).expect("json").len() as u64 + 1;
    let journal = Journal::sized(Some(dir.path().into()), 3 * line);
    for number in 1..=8 {
        journal.write(&entry(number)).expect("written");
    }
    let length = |name: &str| fs::metadata(dir.path().join(name)).expect("there").len();
    assert_eq!((length(OLD), length(NAME)), (3 * line, 2 * line));
    assert_eq!(numbers(&journal.read(100)), [4, 5, 6, 7, 8]);
    assert_eq!(numbers(&journal.read(4)), [5, 6, 7, 8]);
    // An entry that is longer than all of it is kept all the same.
    journal.write(&Entry { name: "x".repeat(4 * line as usize), ..entry(9) }).expect("written");
    assert_eq!(numbers(&journal.read(100)), [7, 8, 9]);
}

#[test]
fn many_writers_at_once_lose_nothing_and_mix_nothing() {
    let dir = folder();
    let line = serde_json::to_vec(&entry(1000)).expect("json").len() as u64 + 1;
    // One rotation happens on the way, and not a second one.
    let most = 150 * line;
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let folder = dir.path().to_owned();
            scope.spawn(move || {
                let journal = Journal::sized(Some(folder), most);
                for number in 0..50 {
                    journal.write(&entry(1000 + writer * 100 + number)).expect("written");
                }
            });
        }
    });
    let mut read = numbers(&Journal::open(Some(dir.path().into())).read(1000));
    assert!(dir.path().join(OLD).exists());
    read.sort_unstable();
    let all: Vec<u64> = (0..4).flat_map(|writer| (0..50).map(move |number| 1000 + writer * 100 + number)).collect();
    assert_eq!(read, all);
}

#[test]
fn trouble_is_said_once_until_it_is_over() {
    let dir = folder();
    let place = dir.path().join("state");
    fs::write(&place, "a file where a folder has to be").expect("written");
    let journal = Journal::open(Some(place.clone()));
    let why = journal.write(&entry(1)).expect_err("cannot be written");
    assert!(why.starts_with(&format!("the journal is not kept in {}: ", place.join(NAME).display())), "{why}");
    assert_eq!(journal.clone().write(&entry(2)), Ok(()), "it was said");
    fs::remove_file(&place).expect("removed");
    assert_eq!(journal.write(&entry(3)), Ok(()));
    assert_eq!(numbers(&journal.read(9)), [3]);
    fs::remove_dir_all(&place).expect("removed");
    fs::write(&place, "").expect("written");
    assert!(journal.write(&entry(4)).is_err(), "it is news again");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    let dir = folder();
    std::os::unix::fs::symlink("/dev/full", dir.path().join(NAME)).expect("linked");
    let journal = Journal::open(Some(dir.path().into()));
    let why = journal.write(&entry(1)).expect_err("the disk is full");
    assert!(why.contains("journal.jsonl: No space left on device"), "{why}");
    assert_eq!(journal.write(&entry(2)), Ok(()), "it was said");
}

#[test]
fn no_folder_is_said_once_and_no_journal_says_nothing() {
    let nowhere = Journal::open(None);
    assert_eq!(nowhere.write(&entry(1)), Err("the journal is not kept: there is no folder for it".into()));
    assert_eq!(nowhere.write(&entry(2)), Ok(()));
    assert!(nowhere.read(9).is_empty());
    let none = Journal::default();
    assert_eq!(none.write(&entry(1)), Ok(()));
    assert!(none.read(9).is_empty());
}

/// In every byte of the folder, after the entry was written.
fn bytes_of(entry: &Entry) -> String {
    let dir = folder();
    let journal = Journal::open(Some(dir.path().into()));
    journal.write(entry).expect("written");
    assert_eq!(journal.read(1).len(), 1);
    let mut all = String::new();
    for file in fs::read_dir(dir.path()).expect("a folder") {
        all.push_str(&fs::read_to_string(file.expect("a file").path()).expect("text"));
    }
    all
}

/// `hunter2-éclair` and its base64.
const PLAIN: &str = "hunter2-éclair";
const ENCODED: &str = "aHVudGVyMi3DqWNsYWly";

fn clean(entry: &Entry, says: &[&str]) {
    let bytes = bytes_of(entry);
    for value in [PLAIN, ENCODED, "hunter2"] {
        assert!(!bytes.contains(value), "{value} is in {bytes}");
    }
    for word in says {
        assert!(bytes.contains(word), "{word} is not in {bytes}");
    }
}

fn whole() -> Value {
    let applied = json!({"apiVersion": "v1", "kind": "Secret", "data": {"password": ENCODED}}).to_string();
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "db", "labels": {"tier": "web"}, "annotations": {LAST: applied, "note": "kept"}},
        "data": {"password": ENCODED, "user": "cm9vdA=="}, "stringData": {"again": PLAIN},
    })
}

const LAST: &str = "kubectl.kubernetes.io/last-applied-configuration";

#[test]
fn a_secret_that_is_deleted_leaves_its_keys_but_no_value() {
    let entry = secret(json!({"propagationPolicy": "Background"}), whole(), Value::Null);
    clean(&entry, &["password", "user", "again", "tier", "kept", "Opaque", NOT_KEPT, "Background"]);
    assert!(!bytes_of(&entry).contains("cm9vdA"));
    let kept = redact(&entry);
    assert_eq!(kept.before["data"], json!({"password": NOT_KEPT, "user": NOT_KEPT}));
    assert_eq!(kept.before["metadata"]["annotations"], json!({LAST: NOT_KEPT, "note": "kept"}));
    assert_eq!(kept.before["metadata"]["labels"], json!({"tier": "web"}));
}

#[test]
fn patches_of_secrets_keep_their_paths() {
    let patch = json!([
        {"op": "test", "path": "/metadata/uid", "value": "u-1"},
        {"op": "test", "path": "/data/password", "value": ENCODED},
        {"op": "replace", "path": "/data", "value": {"password": ENCODED}},
        {"op": "add", "path": "/stringData/x", "value": PLAIN},
        {"op": "add", "path": "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration", "value": PLAIN},
        {"op": "add", "path": "/metadata/annotations", "value": {LAST: PLAIN}},
        {"op": "replace", "path": "", "value": whole()},
        {"op": "remove", "path": "/data/old"},
        {"op": "add", "path": "/database", "value": "a field of its own"},
    ]);
    let entry = secret(patch, json!(ENCODED), json!([PLAIN]));
    clean(&entry, &["/data/password", "/stringData/x", "u-1", "/data/old", "a field of its own"]);
    assert_eq!(redact(&entry).sent[2], json!({"op": "replace", "path": "/data", "value": {"password": NOT_KEPT}}));
    // A merge patch; null takes a key away.
    let entry = secret(json!({"data": {"password": ENCODED, "old": null}}), json!({"/data/password": ENCODED}), whole());
    clean(&entry, &[r#""old":null"#]);
    // A document as text, that can be read, and that cannot.
    clean(&secret(json!(whole().to_string()), json!(format!("{{data: {PLAIN}")), Value::Null), &["tier"]);
    clean(&secret(json!(format!("kind: Secret\nstringData:\n  password: {PLAIN}\n")), Value::Null, Value::Null), &[NOT_KEPT]);
}

#[test]
fn labels_of_a_secret_are_no_secret() {
    let patch = json!([{"op": "test", "path": "/metadata/labels/tier", "value": "web"}, {"op": "replace", "path": "/metadata/labels/tier", "value": "db"}]);
    let labelled = secret(patch, json!("web"), json!("db"));
    assert_eq!(redact(&labelled), labelled);
    assert_eq!(redact(&entry(1)), entry(1), "nor is what is of other kinds");
    let config = Entry { kind: "ConfigMap".into(), before: json!({"kind": "ConfigMap", "data": {"a": "b"}}), ..entry(1) };
    assert_eq!(redact(&config), config);
}

#[test]
fn secrets_within_lists_are_found() {
    let list = json!({"kind": "List", "items": [{"kind": "ConfigMap", "data": {"k": "plain"}}, {"kind": "List", "items": [whole()]}]});
    let typed = json!({"kind": "SecretList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}, "data": {"p": ENCODED}}]});
    clean(&Entry { kind: "List".into(), sent: list, before: typed, after: json!([whole()]), ..entry(1) }, &["plain"]);
}

#[test]
fn a_server_that_quotes_a_value_is_not_quoted() {
    let words = format!("Secret \"db\" is invalid: data[password]: Invalid value: {PLAIN:?} ({ENCODED})");
    let entry = Entry { outcome: Err(words), ..secret(json!({"data": {"password": ENCODED}}), Value::Null, Value::Null) };
    clean(&entry, &["is invalid: data[password]: Invalid value"]);
    let words = format!("illegal: {ENCODED}");
    clean(
        &Entry { outcome: Err(words), ..secret(json!({"stringData": {"p": PLAIN}}), Value::Null, Value::Null) },
        &["illegal: (not kept)"],
    );
}
