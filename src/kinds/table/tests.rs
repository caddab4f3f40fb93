//! Frames of these tests were recorded from kube-apiserver 1.36; what kubectl 1.36 printed for the same objects stands beside them.

use super::*;
use crate::model::kind::Kind;
use crate::model::row::{Health, Uid};
use crate::model::time;

const LIST: &[u8] = include_bytes!("../../../tests/frames/table-widgets-list.json");
const WATCH: &str = include_str!("../../../tests/frames/table-widgets-watch.jsonl");
const CONFIG_MAPS: &[u8] = include_bytes!("../../../tests/frames/table-configmaps-list.json");
const LEASES: &[u8] = include_bytes!("../../../tests/frames/table-leases-page.json");
const SECRETS: &str = include_str!("../../../tests/frames/table-secrets-watch.jsonl");

fn interner() -> Interner {
    Interner::new(Arc::new(Kind { kind: "Widget".into(), ..Kind::default() }))
}

fn names(columns: &[Column]) -> Vec<&str> {
    columns.iter().map(|c| &*c.name).collect()
}

fn printed(row: &Row) -> Vec<String> {
    row.cells.iter().map(|cell| cell.text(0)).collect()
}

fn events(frames: &'static str, namespaced: bool, interner: &mut Interner) -> Vec<(&'static str, Table)> {
    let event = |line: &'static str| {
        let (kind, object) = line.strip_prefix(r#"{"type":""#)?.split_once(r#"","object":"#)?;
        let table = decode_table(object.strip_suffix('}')?.as_bytes(), namespaced, interner).expect("a table");
        Some((kind, table))
    };
    frames.lines().map(event).collect::<Option<_>>().expect("watch events")
}

#[test]
fn a_list_has_the_columns_and_cells_that_kubectl_prints() {
    let table = decode_table(LIST, true, &mut interner()).expect("a table");
    let columns = table.columns.expect("columns");
    assert_eq!(names(&columns), ["NAMESPACE", "NAME", "PHASE", "READY", "SIZE", "WEIGHT", "ON", "STARTED", "NOTE", "AGE"]);
    let sources: Vec<Source> = columns.iter().map(|c| c.source).collect();
    use Source::{Age, Cell as At, Name, Namespace};
    assert_eq!(sources, [Namespace, Name, At(0), At(1), At(2), At(3), At(4), At(5), At(6), Age]);
    let wide: Vec<&str> = columns.iter().filter(|c| c.wide).map(|c| &*c.name).collect();
    assert_eq!(wide, ["WEIGHT", "NOTE"]);
    let right: Vec<&str> = columns.iter().filter(|c| c.align == Align::Right).map(|c| &*c.name).collect();
    assert_eq!(right, ["SIZE", "WEIGHT"]);

    let [big, one] = &table.rows[..] else { panic!("{:?}", table.rows) };
    assert_eq!(printed(&big.row), ["", "", "-4", "1e+22", "false", "", ""]);
    assert_eq!(printed(&one.row), ["Failed", "False", "3", "1.5", "true", "324d", "two..."]);
    assert_eq!((&*one.row.name, &*one.row.namespace, &*one.resource_version), ("one", "t-apps", "785"));
    assert_eq!(one.row.uid, Uid::new("2c72ec77-e758-49c0-a11b-2efc66a2b2c2"));
    assert_eq!(one.row.created, time::parse("2026-11-21T07:55:49Z").expect("a time"));
    assert_eq!(one.row.label("app").map(|v| &**v), Some("w"));
    assert_eq!(&*one.row.kind.kind, "Widget");
    assert_eq!((one.row.condition, big.row.condition), (Health::Unhealthy, Health::Healthy));
    assert_eq!(one.row.cells[2], Cell::Number(3));
    assert_eq!(one.row.cells[3], Cell::Quantity("1.5".into(), 1500));
    assert_eq!(table.resource_version, "785");
    assert!(!table.proceed.is_empty());
    assert!(!one.initial_end);
}

#[test]
fn a_watch_sends_its_columns_once() {
    let mut interner = interner();
    let events = events(WATCH, true, &mut interner);
    let kinds: Vec<_> = events.iter().map(|(kind, table)| (*kind, &*table.rows[0].row.name, table.rows[0].initial_end)).collect();
    assert_eq!(
        kinds,
        [
            ("ADDED", "big", false),
            ("ADDED", "one", false),
            ("ADDED", "two", false),
            ("BOOKMARK", "", true),
            ("MODIFIED", "two", false),
            ("DELETED", "big", false),
        ]
    );
    let with_columns: Vec<bool> = events.iter().map(|(_, table)| table.columns.is_some()).collect();
    assert_eq!(with_columns, [true, false, false, false, false, false]);
    assert_eq!(printed(&events[1].1.rows[0].row), ["Failed", "False", "3", "1.5", "true", "324d", "two..."]);
    assert_eq!(printed(&events[4].1.rows[0].row), [""; 7]);
    assert_eq!(events[3].1.rows[0].row.condition, Health::Healthy);
    assert_eq!(events[5].1.resource_version, "788");
    assert_eq!(events[5].1.rows[0].resource_version, "788");
}

#[test]
fn a_watch_of_nothing_still_has_columns_and_an_end() {
    let events = events(SECRETS, true, &mut interner());
    let [(kind, table)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((*kind, table.rows[0].initial_end), ("BOOKMARK", true));
    assert_eq!(names(table.columns.as_ref().expect("columns")), ["NAMESPACE", "NAME", "TYPE", "DATA", "AGE"]);
}

#[test]
fn built_in_kinds_have_their_age_computed() {
    let table = decode_table(CONFIG_MAPS, true, &mut interner()).expect("a table");
    let columns = table.columns.expect("columns");
    assert_eq!(names(&columns), ["NAMESPACE", "NAME", "DATA", "AGE"]);
    assert_eq!(columns[3].source, Source::Age);
    assert_eq!(printed(&table.rows[0].row), ["1"]);
    let table = decode_table(LEASES, true, &mut interner()).expect("a table");
    assert_eq!(names(&table.columns.expect("columns")), ["NAMESPACE", "NAME", "HOLDER", "AGE"]);
    assert_eq!(table.rows.len(), 1);
    assert!(table.rows[0].row.cells[0].text(0).contains('_'), "a holder's identity");
}

#[test]
fn only_the_age_of_the_object_is_computed() {
    for (kind, description, age) in [
        ("date", "Custom resource definition column (in JSONPath format): .metadata.creationTimestamp", true),
        ("date", "Custom resource definition column (in JSONPath format): .status.startedAt", false),
        ("date", "Time since creation", true),
        ("string", "CreationTimestamp is a timestamp representing the server time when this object was created.", true),
        ("string", "Custom resource definition column (in JSONPath format): .spec.age", false),
        ("integer", "Years", false),
    ] {
        let json = format!(
            r#"{{"columnDefinitions":[{{"name":"Name","type":"string","format":"name"}},{{"name":"Age","type":"{kind}","description":"{description}"}}]}}"#
        );
        let table = decode_table(json.as_bytes(), false, &mut interner()).expect("a table");
        let columns = table.columns.expect("columns");
        assert_eq!((&columns[0].source, columns[1].source == Source::Age), (&Source::Name, age), "{kind} {description}");
    }
}

#[test]
fn odd_rows_are_read_too() {
    let json = br#"{"columnDefinitions":[{"name":"N","type":"string"},{"name":"M","type":"string"}],"rows":[
        {"cells":["a"],"object":null},
        {"cells":[["x",1],{"k":"v"},"more than columns"],"object":{"metadata":{"name":"b","labels":null,"annotations":null}}},
        {"cells":null},
        {"cells":["tab\t\u001b[31m\"q\"","x\r\ny"]}]}"#;
    let table = decode_table(json, false, &mut interner()).expect("a table");
    let cells: Vec<_> = table.rows.iter().map(|row| printed(&row.row)).collect();
    assert_eq!(cells[0], ["a", ""]);
    assert_eq!(cells[1], [r#"["x",1]"#, r#"{"k":"v"}"#]);
    assert_eq!(cells[2], ["", ""]);
    assert_eq!(cells[3], ["tab\t\u{1b}[31m\"q\"", "x..."]);
    assert!(decode_table(br#"{"kind":"Table","rows":null}"#, true, &mut interner()).expect("a table").rows.is_empty());
    assert!(decode_table(b"404 page not found", true, &mut interner()).is_err());
}

/// What Go prints for the same values with `%v`.
#[test]
fn floats_are_spelled_as_go_spells_them() {
    for (number, text) in [
        (1.5, "1.5"),
        (0.1, "0.1"),
        (-2.25, "-2.25"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (0.00001, "1e-05"),
        (1.25e-7, "1.25e-07"),
    ] {
        assert_eq!(go_float(number), text);
    }
}
