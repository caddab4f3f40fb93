use serde_json::json;

use super::*;

fn kind() -> Type {
    Type::inline(&json!({"type": "object", "properties": {
        "kind": {"type": "string"},
        "spec": {"type": "object", "required": ["containers"], "description": "What is wanted.", "properties": {
            "containers": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string"}, "image": {"type": "string", "description": "The image."},
                "imagePullPolicy": {"type": "string", "enum": ["Always", "IfNotPresent", "Never"]},
                "args": {"type": "array", "items": {"type": "string"}},
                "tty": {"type": "boolean"}}}},
            "replicas": {"type": "integer", "default": 1},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "serviceAccountName": {"type": "string"},
        }},
    }}))
    .expect("a schema")
}

/// The cursor stands where `^` does.
fn at(text: &str) -> Spotted {
    let place = text.find('^').expect("a cursor");
    let line = 1 + text[..place].matches('\n').count();
    let column = 1 + text[..place].rsplit('\n').next().unwrap_or_default().chars().count();
    let known =
        |path: &[&str]| if path == ["spec", "serviceAccountName"] { vec!["default".to_owned(), "robot".to_owned()] } else { Vec::new() };
    field_at(&kind(), &text.replacen('^', "", 1), line, column, &known)
}

fn texts(spotted: &Spotted) -> Vec<&str> {
    spotted.completions.iter().map(|completion| completion.text.as_str()).collect()
}

#[test]
fn the_field_under_the_cursor_is_known() {
    let found = at("spec:\n  containers:\n  - name: a\n    im^age: b\n");
    assert_eq!(found.path, "spec.containers[].image");
    assert_eq!(found.of.as_ref().and_then(Type::description), Some("The image."));
    assert!(!found.required && at("spec:\n  containers:\n  - na^me: a\n").required);
    let value = at("spec:\n  replicas: 1^\n");
    assert_eq!((value.path.as_str(), value.of.as_ref().and_then(Type::default)), ("spec.replicas", Some(&json!(1))));
    let blank = at("spec:\n  ^\n");
    assert_eq!((blank.path.as_str(), blank.of.as_ref().and_then(Type::description)), ("spec", Some("What is wanted.")));
    assert!(at("spec:\n  nothing:\n    x: ^").of.is_none());
    assert_eq!(at("spec:\n  labels:\n    a/b: x^").of.map(|of| of.form()), Some(Form::String));
}

#[test]
fn what_could_stand_there_is_offered() {
    assert_eq!(texts(&at("spec:\n  ^\n")), ["containers", "labels", "replicas", "serviceAccountName"], "what is required comes first");
    assert_eq!(texts(&at("spec:\n  replicas: 1\n  ^\n  labels: {}\n")), ["containers", "serviceAccountName"]);
    let begun = at("spec:\n  containers:\n  - name: a\n    im^\n");
    assert_eq!(texts(&begun), ["image", "imagePullPolicy"]);
    assert_eq!(begun.cursor.columns, (5, 7));
    assert_eq!(texts(&at("spec:\n  containers:\n  - ^\n")), ["name", "args", "image", "imagePullPolicy", "tty"]);
    assert_eq!(texts(&at("spec:\n  containers:\n  - imagePullPolicy: ^")), ["Always", "IfNotPresent", "Never"]);
    assert_eq!(texts(&at("spec:\n  containers:\n  - imagePullPolicy: ne^")), ["Never"]);
    assert_eq!(texts(&at("spec:\n  containers:\n  - tty: ^")), ["true", "false"]);
    assert_eq!(texts(&at("spec:\n  serviceAccountName: ro^")), ["robot"]);
    assert_eq!(texts(&at("spec: {containers: [{na^")), ["name"]);
    assert!(at("spec:\n  containers:\n  - args:\n    - ^x").completions.is_empty());
    let first = &at("spec:\n  ^\n").completions[0];
    assert!(first.opens && first.required && first.of == "[]Object");
}
