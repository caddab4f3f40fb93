use serde_json::{Value, json};

use super::*;

#[test]
fn the_words_that_changed_are_known() {
    let pairs = side_by_side("a: 1\nimage: web:1.2\nz: 1\n", "a: 1\nimage: web:1.3\nextra: x\nz: 1\n");
    let pair = &pairs[1];
    let part =
        |side: &Option<Side>| side.as_ref().map(|side| side.changed.iter().map(|at| side.text[at.clone()].to_owned()).collect::<Vec<_>>());
    assert_eq!((part(&pair.old), part(&pair.new)), (Some(vec!["2".into()]), Some(vec!["3".into()])));
    assert_eq!((&pairs[2].old, pairs[2].new.as_ref().map(|side| side.line)), (&None, Some(3)));
    assert!(pairs[3].same && pairs.len() == 4);
}

#[test]
fn one_column_has_what_is_gone_before_what_is_new() {
    let old: String = (1..=20).map(|n| format!("line{n}: {n}\n")).collect();
    let new = old.replace("line10: 10", "line10: x").replace("line11: 11", "line11: y");
    let rows = unified(&side_by_side(&old, &new), 1);
    let kinds: String = rows
        .iter()
        .map(|row| match row {
            Row::Gap(_) => '@',
            Row::Same { .. } => ' ',
            Row::Gone(_) => '-',
            Row::New(_) => '+',
        })
        .collect();
    assert_eq!(kinds, "@ --++ @");
    assert_eq!((&rows[0], &rows[7]), (&Row::Gap(8), &Row::Gap(8)));
    assert_eq!(unified(&side_by_side(&old, &old), 3), [Row::Gap(20)]);
    assert!(unified(&[], 3).is_empty());
}

#[test]
fn secrets_differ_without_being_seen() {
    let secret = |path: &Path| matches!(path.0.as_slice(), [Step::Key(data), Step::Key(_)] if **data == *"data");
    let old = Tree::from(json!({"data": {"same": "hunter1", "other": "hunter2", "gone": "hunter3"}, "list": [{"x": "open"}]}));
    let new = Tree::from(json!({"data": {"same": "hunter1", "other": "hunter4", "new": "hunter5"}, "list": [{"x": "open"}]}));
    let (a, b) = masked(&old, &new, &secret);
    assert_eq!(Value::from(&a), json!({"data": {"same": "***", "other": "*** (before)", "gone": "***"}, "list": [{"x": "open"}]}));
    assert_eq!(Value::from(&b), json!({"data": {"same": "***", "other": "*** (after)", "new": "***"}, "list": [{"x": "open"}]}));
    assert!(a["list"].same(&old["list"]), "what has no secret is not copied");
    let rows = difference(&old, &new, |tree| serde_json::to_string_pretty(tree).expect("JSON"), &secret);
    assert!(!format!("{rows:?}").contains("hunter"));
}

#[test]
fn every_line_of_both_sides_is_there_once() {
    for seed in 0..500 {
        let mut random = crate::model::edit::testing::Random::new(seed);
        let mut text = |lines: usize| {
            (0..random.below(lines))
                .map(|_| format!("{}: é {}\n", ["a", "  b", "- c"][random.below(3)], random.below(9)))
                .collect::<String>()
        };
        let (old, new) = (text(30), text(30));
        let pairs = side_by_side(&old, &new);
        let side = |pick: fn(&Pair) -> &Option<Side>| {
            pairs.iter().filter_map(|pair| pick(pair).as_ref()).map(|side| side.text.clone() + "\n").collect::<String>()
        };
        assert_eq!((side(|p| &p.old), side(|p| &p.new)), (old, new), "seed {seed}");
        for side in pairs.iter().flat_map(|pair| pair.old.iter().chain(&pair.new)) {
            assert!(side.changed.iter().all(|at| side.text.get(at.clone()).is_some()), "seed {seed}");
        }
    }
}

#[test]
fn a_value_of_a_megabyte_is_compared_at_once() {
    let long = "x".repeat(1 << 20);
    let begun = Instant::now();
    let pairs = side_by_side(&format!("v: {long}a{long}"), &format!("v: {long}b{long}"));
    assert_eq!(pairs[0].old.as_ref().map(|side| side.changed.as_slice()), Some(std::slice::from_ref(&(3 + long.len()..4 + long.len()))));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
