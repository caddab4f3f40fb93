//! Unit tests of the printer, against what go-yaml prints.

use serde_json::json;

use super::*;

/// What each text is printed as in `a: …`; made with sigs.k8s.io/yaml.
const SCALARS: &[(&str, &str)] = &[
    ("", r#""""#),
    ("x", "x"),
    ("0644", r#""0644""#),
    ("08", r#""08""#),
    ("0o17", r#""0o17""#),
    ("0x1F", r#""0x1F""#),
    ("0x1G", "0x1G"),
    ("1_000", r#""1_000""#),
    ("1e3", r#""1e3""#),
    (".5", r#"".5""#),
    (".", "."),
    ("1.2.3", "1.2.3"),
    ("12:30:45", r#""12:30:45""#),
    ("12:61", "12:61"),
    ("2026-11-21", r#""2026-11-21""#),
    ("2026-02-30", "2026-02-30"),
    ("2026-11-21T21:00:00Z", r#""2026-11-21T21:00:00Z""#),
    ("yes", r#""yes""#),
    ("y", r#""y""#),
    ("null", r#""null""#),
    ("~", r#""~""#),
    (".NaN", r#"".NaN""#),
    ("-", "'-'"),
    ("- a", "'- a'"),
    ("-a", "-a"),
    ("---", "'---'"),
    ("#a", "'#a'"),
    ("a#b", "a#b"),
    ("a #b", "'a #b'"),
    ("a: b", "'a: b'"),
    ("a:b", "a:b"),
    ("a:", "'a:'"),
    ("it's", "it's"),
    ("'", "''''"),
    ("{}", "'{}'"),
    ("*", "'*'"),
    ("@a", "'@a'"),
    (" a", "' a'"),
    ("a ", "'a '"),
    ("a\tb", r#""a\tb""#),
    ("a\r\nb", r#""a\r\nb""#),
    ("a\nb", "|-\n  a\n  b"),
    ("a\nb\n", "|\n  a\n  b"),
    ("a\n\n", "|+\n  a\n"),
    ("\n", "|2+\n"),
    (" a\nb", "|2-\n   a\n  b"),
    ("a \nb", r#""a \nb""#),
    ("a\n b", "|-\n  a\n   b"),
    ("a\nb ", r#""a\nb ""#),
    ("\u{1F600}", r#""\U0001F600""#),
    ("\u{e9}", "\u{e9}"),
    ("\u{7f}", r#""\x7F""#),
    ("\u{1b}[0m", r#""\e[0m""#),
    ("\u{feff}a", r#""\uFEFF\x61""#),
    ("\u{a0}", "\u{a0}"),
];

#[test]
fn texts_are_quoted_as_go_yaml_quotes_them() {
    for (text, expected) in SCALARS {
        assert_eq!(print(&json!({ "a": text })).trim_end_matches('\n'), format!("a: {expected}").trim_end_matches('\n'), "{text:?}");
    }
}

#[test]
fn lists_stand_where_their_key_does_and_empty_ones_in_its_line() {
    let value = json!({
        "list": [{ "b": 1, "a": [[1, 2], [], {}] }, null, true],
        "none": {},
        "port10": 1, "port9": 2, "Upper": 3, "a-b": 4, "0": 5,
    });
    let expected = "\
\"0\": 5
Upper: 3
a-b: 4
list:
- a:
  - - 1
    - 2
  - []
  - {}
  b: 1
- null
- true
none: {}
port9: 2
port10: 1
";
    assert_eq!(print(&value), expected);
}

#[test]
fn long_lines_are_folded_at_the_first_space_behind_column_80() {
    let words = "word ".repeat(40);
    let text = print(
        &json!({ "spec": { "plain": words.trim_end(), "single": format!("# {}", words.trim_end()), "double": format!("\t{words}") } }),
    );
    assert!(text.lines().all(|line| line.len() <= 88), "{text}");
    assert_eq!(text.lines().count(), 10, "{text}");
    assert!(text.lines().filter(|line| line.starts_with("    word")).count() == 6, "{text}");
}

#[test]
fn keys_that_are_too_long_for_a_line_have_one_of_their_own() {
    let key = "k".repeat(129);
    assert_eq!(print(&json!({ &key: "v" })), format!("? {key}\n: v\n"));
    assert_eq!(print(&json!({ "a\nb": [1] })), "? |-\n  a\n  b\n: - 1\n");
    // Other readers take these for a number that there is not, a flag and a merge.
    assert_eq!(print(&json!({ "a": "1e999", "b": "yEs" })), "a: \"1e999\"\nb: \"yEs\"\n");
    assert_eq!(print(&json!({ "<<": 1, "true": 2 })), "\"<<\": 1\n\"true\": 2\n");
}

#[test]
fn numbers_are_gos() {
    let numbers = [
        (json!(1.0), "1"),
        (json!(-0.0), "0"),
        (json!(0.5), "0.5"),
        (json!(1e6), "1000000"),
        (json!(1234567.5), "1.2345675e+06"),
        (json!(0.00001), "1e-05"),
        (json!(1e20), "1e+20"),
        (json!(18446744073709551615u64), "18446744073709551615"),
        (json!(-9223372036854775808i64), "-9223372036854775808"),
    ];
    for (number, expected) in numbers {
        assert_eq!(print(&json!([number])), format!("- {expected}\n"));
    }
    assert_eq!((print(&json!(null)), print(&json!({}))), ("null\n".into(), "{}\n".into()));
}

#[test]
fn notes_are_comments_and_what_is_printed_stays_yaml() {
    let value = json!({ "a": { "b": "secret", "c": "x\ny\n", "d": [1], "e": 1, "f": {} } });
    let text = print_noted(&value, &|path, _| match path {
        ["a"] => Some(Note::Beside("of a".into())),
        ["a", "b"] => Some(Note::Other("***".into(), "6 bytes".into())),
        ["a", "c"] => Some(Note::Beside("lines".into())),
        ["a", "d"] => Some(Note::Beside("a list".into())),
        ["a", "e"] => Some(Note::Instead("e: folded".into())),
        ["a", "f"] => Some(Note::Beside("none".into())),
        _ => None,
    });
    let expected = "a: # of a\n  b: '***' # 6 bytes\n  c: | # lines\n    x\n    y\n  d: # a list\n  - 1\n  # e: folded\n  f: {} # none\n";
    assert_eq!(text, expected);
    let read: Value = serde_yaml::from_str(&text).unwrap();
    assert_eq!(read, json!({ "a": { "b": "***", "c": "x\ny\n", "d": [1], "f": {} } }));
}
