use serde_json::json;

use super::*;

/// A document as a server writes it, small.
fn document() -> Document {
    let gvk = |kind: &str| json!([{"group": "example.com", "version": "v1", "kind": kind}]);
    let whole = json!({"openapi": "3.0.0", "paths": {"/x": {}}, "components": {"schemas": {
        "io.example.v1.Widget": {"type": "object", "description": "A widget.", "required": ["spec"], "properties": {
            "metadata": {"default": {}, "allOf": [{"$ref": "#/components/schemas/io.example.v1.Meta"}], "description": "Its own words."},
            "spec": {"$ref": "#/components/schemas/io.example.v1.WidgetSpec"},
        }, "x-kubernetes-group-version-kind": gvk("Widget")},
        "io.example.v1.Meta": {"type": "object", "description": "Meta.", "properties": {
            "labels": {"type": "object", "additionalProperties": {"type": "string", "default": ""}},
            "at": {"$ref": "#/components/schemas/io.example.v1.Time"},
        }},
        "io.example.v1.Time": {"type": "string", "format": "date-time"},
        "io.example.v1.Raw": {"type": "object"},
        "io.example.v1.Port": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
        "io.example.v1.Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
        "io.example.v1.WidgetSpec": {"type": "object", "properties": {
            "count": {"type": "integer", "format": "int32", "default": 3, "minimum": 1, "exclusiveMaximum": true, "maximum": 9},
            "data": {"type": "string", "format": "byte"},
            "parts": {"type": "array", "items": {"default": {}, "allOf": [{"$ref": "#/components/schemas/io.example.v1.Part"}]},
                "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "x-kubernetes-patch-merge-key": "name",
                "x-kubernetes-patch-strategy": "merge"},
            "port": {"$ref": "#/components/schemas/io.example.v1.Port"},
            "raw": {"allOf": [{"$ref": "#/components/schemas/io.example.v1.Raw"}]},
            "size": {"$ref": "#/components/schemas/io.example.v1.Quantity"},
        }},
        "io.example.v1.Part": {"type": "object", "properties": {"name": {"type": "string"}, "next": {"$ref": "#/components/schemas/io.example.v1.Part"}}},
        "io.example.v1.Round": {"$ref": "#/components/schemas/io.example.v1.Round"},
        "io.example.v1.Broken": {"type": 3},
        "io.example.v1.Renamed": {"type": "object", "x-kubernetes-group-version-kind": gvk("Other")},
    }}});
    Document::parse(whole.to_string()).expect("a document")
}

fn widget() -> Type {
    document().kind("example.com", "v1", "Widget").expect("a kind")
}

#[test]
fn kinds_are_found_by_what_they_say() {
    let document = document();
    assert_eq!(
        document.kind("example.com", "v1", "Widget").and_then(|t| t.component().map(str::to_owned)).as_deref(),
        Some("io.example.v1.Widget")
    );
    assert!(document.kind("example.com", "v2", "Widget").is_none());
    assert!(document.kind("example.com", "v1", "Other").is_some(), "its component has another name");
    assert!(document.kind("example.com", "v1", "Renamed").is_none());
}

#[test]
fn references_are_looked_through() {
    let widget = widget();
    let metadata = widget.field("metadata").expect("metadata");
    assert_eq!((metadata.form(), metadata.description()), (Form::Object, Some("Its own words.")));
    assert_eq!(metadata.default(), Some(&json!({})));
    assert_eq!(metadata.field("labels").and_then(|l| l.values()).map(|v| v.form()), Some(Form::String));
    assert_eq!(widget.at(["metadata", "labels", "any"]).map(|t| t.name()).as_deref(), Some("string"));
    assert!(widget.requires("spec") && !widget.requires("metadata"));
    assert_eq!(widget.fields().iter().map(|f| (&*f.name, f.required)).collect::<Vec<_>>(), [("metadata", false), ("spec", true)]);
}

#[test]
fn forms_names_and_rules() {
    let spec = widget().field("spec").expect("spec");
    let of = |name: &str| spec.field(name).expect(name);
    let all: Vec<_> = spec.fields().iter().map(|f| (f.of.form(), f.of.name())).collect();
    assert_eq!(
        all,
        [
            (Form::Integer, "integer".into()),
            (Form::String, "string".into()),
            (Form::Array, "[]Part".into()),
            (Form::IntOrString, "Port".into()),
            (Form::Object, "Raw".into()),
            (Form::Quantity, "Quantity".into()),
        ]
    );
    let parts = of("parts");
    assert_eq!((parts.list_type(), parts.patch_merge_key(), parts.patch_strategy()), (Some("map"), Some("name"), Some("merge")));
    assert_eq!(parts.list_map_keys(), ["name"].map(Box::<str>::from));
    assert_eq!(of("count").minimum(), Some((1.0, false)));
    assert_eq!(of("count").maximum(), Some((9.0, true)));
    assert!(of("raw").preserves_unknown() && !spec.preserves_unknown());
    assert_eq!(widget().at(["metadata"]).map(|m| m.name()).as_deref(), Some("Meta"));
    assert_eq!(widget().at(["metadata", "labels"]).map(|m| m.name()).as_deref(), Some("map[string]string"));
    assert_eq!(widget().at(["metadata", "at"]).map(|m| m.name()).as_deref(), Some("string"));
}

#[test]
fn what_is_wrong_in_a_document_is_anything() {
    let document = document();
    assert_eq!(document.named("io.example.v1.Round").expect("it is there").form(), Form::Any);
    assert!(document.named("io.example.v1.Broken").is_none());
    assert!(Document::parse("{").is_err_and(|e| e.to_string().starts_with("not an OpenAPI v3 document")));
}

#[test]
fn problems_are_in_the_servers_words() {
    let value = json!({"metadata": {"labels": {"a": "b", "c": 1}, "at": "abc", "foo": 1}, "spec": {
        "count": "3", "data": 3, "size": "1.5x", "port": true, "raw": {"any": 1},
        "parts": [{"name": "a", "next": {"name": "b", "bar": 1}}, "c", {"name": null}],
    }, "x": null});
    let words: Vec<String> = problems(&widget(), &value).iter().map(Problem::to_string).collect();
    assert_eq!(
        words,
        [
            r#"parsing time "abc" as "2006-01-02T15:04:05Z07:00": cannot parse "abc" as "2006""#,
            r#"unknown field "metadata.foo""#,
            "json: cannot unmarshal number into Go struct field Meta.metadata.labels of type string",
            "json: cannot unmarshal string into Go struct field WidgetSpec.spec.count of type int32",
            "json: cannot unmarshal number into Go struct field WidgetSpec.spec.data of type []uint8",
            r#"unknown field "spec.parts[0].next.bar""#,
            "json: cannot unmarshal string into Go struct field WidgetSpec.spec.parts of type v1.Part",
            "json: cannot unmarshal bool into Go struct field WidgetSpec.spec.port of type int32",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            r#"unknown field "x""#,
        ]
    );
    assert_eq!(problems(&widget(), &json!({"spec": {"count": 5_000_000_000_i64}}))[0].path, "spec.count");
    assert!(problems(&widget(), &json!({"spec": {"count": null, "size": 0.5, "port": "http"}})).is_empty());
}

#[test]
fn an_inline_schema_knows_no_more_than_it_says() {
    let of = Type::inline(&json!({"type": "object", "properties": {
        "empty": {"type": "object"},
        "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        "port": {"x-kubernetes-int-or-string": true},
        "other": {"type": "object", "x-kubernetes-embedded-resource": true},
        "size": {"type": "string", "enum": ["S", "M"], "pattern": "^[SM]$", "maxLength": 1, "nullable": true},
    }}))
    .expect("a schema");
    let value = json!({"empty": {"a": 1}, "open": {"b": 1}, "port": 80, "other": {"apiVersion": "v1", "c": 1}});
    assert_eq!(unknown_fields(&of, &value), [r#"unknown field "empty.a""#, r#"unknown field "other.c""#]);
    let size = of.field("size").expect("size");
    assert_eq!((size.enumeration().len(), size.pattern(), size.length(), size.nullable()), (2, Some("^[SM]$"), (None, Some(1)), true));
    assert!(Type::inline(&json!([1])).is_err());
}
