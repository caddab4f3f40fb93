use std::time::Instant;

use crate::kinds::schema::Type;
use crate::model::edit::read;

use super::*;

fn pod() -> Type {
    Type::inline(&serde_json::json!({"type": "object", "required": ["spec"], "properties": {
        "kind": {"type": "string"},
        "spec": {"type": "object", "required": ["containers"], "properties": {
            "restartPolicy": {"type": "string", "enum": ["Always", "Never", "OnFailure"], "default": "Always"},
            "replicas": {"type": "integer", "format": "int32"},
            "hostNetwork": {"type": "boolean"},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "containers": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items":
                {"type": "object", "required": ["name", "policy"], "properties": {
                    "name": {"type": "string"}, "image": {"type": "string"}, "policy": {"type": "string", "default": "x"},
                    "args": {"type": "array", "items": {"type": "string"}}}}},
        }},
    }}))
    .expect("a schema")
}

fn marks(text: &str) -> Vec<String> {
    let document = read(text).unwrap_or_else(|fault| panic!("{fault}"));
    check(&pod(), &document)
        .iter()
        .map(|mark| format!("{}:{} {:?} {}: {}", mark.at.line, mark.at.column, mark.level, mark.path, mark.message))
        .collect()
}

#[test]
fn each_mistake_is_marked_where_it_stands_with_what_was_meant() {
    let text = "kind: Pod\nspec:\n  replica: 3\n  replicas: \"3\"\n  restartPolicy: Allways\n  hostNetwork: 'true'\n  labels:\n    on: yes\n  containers:\n  - image: a\n    args: x\n    imge: b\n  - name: 1\n  replicas: 1\n";
    assert_eq!(
        marks(text),
        [
            "3:3 Dropped spec.replica: Object has no field replica; did you mean replicas?",
            "4:13 Refused spec.replicas: a whole number (of 32 bits) is wanted here, this is text; take the quotes away",
            "5:18 Refused spec.restartPolicy: there is no Allways here; did you mean Always?",
            "6:16 Refused spec.hostNetwork: true or false is wanted here, this is text; take the quotes away",
            "8:9 Refused spec.labels.true: text is wanted here, this is true; put it in quotes",
            "10:5 Refused spec.containers[0]: name is missing here; Object needs it",
            "11:11 Refused spec.containers[0].args: a list ([]string) is wanted here, this is text; begin each item with a dash (-)",
            "12:5 Dropped spec.containers[0].imge: Object has no field imge; did you mean image?",
            "13:11 Refused spec.containers[1].name: text is wanted here, this is the number 1; put it in quotes",
            "14:3 Refused replicas: replicas is here twice: it stands in line 4 already",
        ]
    );
    assert_eq!(marks("kind: Pod\n"), ["1:1 Refused : spec is missing here; Object needs it"]);
    assert!(marks("spec:\n  restartPolicy: Never\n  containers: [{name: a}]\n").is_empty());
    assert_eq!(marks("spec: {restartPolicy: 7, containers: []}\n").len(), 2, "of the wrong type, and none of the values");
}

#[test]
fn a_key_press_in_five_thousand_lines_is_quick() {
    let mut text = "kind: Pod\nspec:\n  containers:\n".to_owned();
    for n in 0..1250 {
        text.push_str(&format!("  - name: c{n}\n    image: registry.example/team/app:{n}\n    args:\n    - --number={n}\n"));
    }
    let begun = Instant::now();
    let document = read(&text).expect("YAML");
    let parsed = begun.elapsed();
    assert!(check(&pod(), &document).is_empty());
    let checked = begun.elapsed();
    println!("5,000 lines: read in {parsed:?}, checked in {:?}", checked - parsed);
    assert!(checked.as_millis() < 5000, "{checked:?}: read in {parsed:?}");
}
