use super::*;

/// The cursor stands where `^` does.
fn at(text: &str) -> Cursor {
    let place = text.find('^').expect("a cursor");
    let before = &text[..place];
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
    cursor(&text.replacen('^', "", 1), line, column)
}

fn said(text: &str) -> String {
    let found = at(text);
    let path: Vec<&str> = found.path.iter().map(|step| step.as_deref().unwrap_or("[]")).collect();
    format!("{:?} {} {}|{}", found.spot, path.join("."), found.typed, found.word)
}

const POD: &str = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: b\n  - name: c\n";

#[test]
fn keys_and_values_of_block_style() {
    assert_eq!(said("a^b: 1"), "Key  a|ab");
    assert_eq!(said("a: 1^2 # x"), "Value a 1|12");
    assert_eq!(said("a: ^"), "Value a |");
    assert_eq!(said("a: 1 # x^"), "Comment a |");
    assert_eq!(said("a: 1\nb:\n  c: d # x^\n"), "Comment b.c |");
    assert_eq!(said("a: 1\n# x^"), "Comment a |");
    assert_eq!(said(&format!("{POD}    im^")), "Key spec.containers.[] im|im");
    assert_eq!(said(&format!("{POD}    ^")), "Key spec.containers.[] |");
    assert_eq!(said(&format!("{POD}  - ^")), "Key spec.containers.[] |");
    assert_eq!(said(&format!("{POD}  ^")), "Key spec |");
    assert_eq!(said(&format!("{POD}^")), "Key  |");
    assert_eq!(said("spec:\n  ^"), "Key spec |");
    assert_eq!(said("- - a: 1\n    b: ^"), "Value [].[].b |");
    assert_eq!(said("metadata:\n  labels:\n    app.kubernetes.io/name: x^"), "Value metadata.labels.app.kubernetes.io/name x|x");
    assert_eq!(said("a:\n  é: ü^x"), "Value a.é ü|üx");
    assert_eq!(said("x: 1\n---\nb:\n  c: ^"), "Value b.c |");
}

#[test]
fn keys_that_are_there_are_known_above_and_below() {
    let found = at("spec:\n  a: 1\n  b:\n    a: 2\n  ^\n  c: |\n    d: 1\n  e: {f: 1}\nstatus: x\n");
    assert_eq!(found.beside, ["a", "b", "c", "e"]);
    assert_eq!(at("spec:\n- a: 1\n  ^\n  b: 1\n- c: 1\n").beside, ["a", "b"]);
    assert_eq!(at("spec:\n- a: 1\n  b^: 1\n- c: 1\n").beside, ["a"]);
}

#[test]
fn text_of_several_lines_has_no_fields() {
    assert_eq!(said("data:\n  x: |\n    a: 1\n    b^: 2\n"), "Text data.x |");
    assert_eq!(said("data:\n  x: |\n    a: 1\n\n  y^: 2\n"), "Key data y|y");
    assert_eq!(said("data:\n  x: \"a\n    b: ^\"\n  y: 1\n"), "Text data.x |");
    assert_eq!(said("data:\n  x: \"a\n    b: \"\n  y: ^1\n"), "Value data.y |1");
    assert_eq!(said("args:\n- >-\n  a: ^\n"), "Text args.[] |");
}

#[test]
fn flow_style_and_json() {
    assert_eq!(said("a: {b: 1, c^"), "Key a c|c");
    assert_eq!(said("a: {b: [1, {d: x^"), "Value a.b.[].d x|x");
    assert_eq!(said("a: {b: 1}\nc: ^"), "Value c |");
    assert_eq!(said("{\n  \"spec\": {\n    \"x\": \"y\",\n    \"repl^icas\": 1\n"), "Key spec repl|replicas");
    assert_eq!(at("{\"a\": 1, \"b\": {}, \"^").beside, ["a", "b"]);
    assert_eq!(said("{\"a\": {\"b\": \"c: {^"), "Value a.b c: {|c: {");
}

#[test]
fn columns_are_those_of_the_word() {
    assert_eq!(at("  é: v^al # c").columns, (6, 9));
    assert_eq!(at("  ké^y: val").columns, (3, 6));
    assert_eq!(at("    ^").columns, (5, 5));
    assert_eq!(at("a: {b: x^yz, c: 1}").columns, (8, 11));
}

#[test]
fn no_place_of_any_text_is_too_much() {
    let signs =
        [" ", "  ", "-", "- ", ":", ": ", "a", "é", "\n", "{", "}", "[", "]", "\"", "'", "|", ">", "#", ",", "&x ", "\t", "---\n", "\\"];
    for seed in 0..4000 {
        let mut random = crate::model::edit::testing::Random::new(seed);
        let text: String = (0..random.below(24)).map(|_| signs[random.below(signs.len())]).collect();
        for line in 0..6 {
            for column in 0..8 {
                let found = cursor(&text, line, column);
                assert!(found.columns.0 <= found.columns.1 && found.columns.0 > 0, "seed {seed}: {text:?} {line}:{column}");
            }
        }
    }
}
