//! OpenAPI v3 documents of custom resources: what apiextensions-apiserver's openapi builder publishes for their definitions.

use std::collections::VecDeque;
use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::demo::resources::Resource;
use crate::demo::tree::Tree;
use crate::kinds::schema::Document;

const COMPONENTS: &str = "#/components/schemas/";
const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
const METADATA: &str = "Standard object's metadata. More info: \
    https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
const EMBEDDED_API_VERSION: &str = "apiVersion defines the versioned schema of this representation of an object. More info: \
    https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
const EMBEDDED_KIND: &str = "kind is a string value representing the type of this object. In CamelCase. More info: \
    https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";

/// The document of a group version that custom resources make up.
#[derive(Clone, Debug)]
pub struct CustomDocument {
    path: String,
    text: Bytes,
    document: OnceLock<Option<Document>>,
}

impl CustomDocument {
    /// The document of a version of a group, from the CustomResourceDefinitions that are established in the group. `None` when
    /// none of them serves the version.
    pub fn of<'a>(group: &str, version: &str, definitions: impl IntoIterator<Item = &'a Tree>) -> Option<CustomDocument> {
        let mut schemas = Map::new();
        let mut paths = Map::new();
        for definition in definitions.into_iter().filter(|d| d.text("spec.group") == group) {
            let Some(resource) = Resource::of_definition(definition).into_iter().find(|r| *r.version == *version) else { continue };
            let schema = definition.item("spec.versions", "name", version).at("schema.openAPIV3Schema");
            describe(&resource, schema, definition.text("status.acceptedNames.listKind"), &mut schemas);
            operations(&resource, &mut paths);
        }
        if schemas.is_empty() {
            return None;
        }
        add_referred(&mut schemas);
        let info = json!({"title": "Kubernetes CRD Swagger", "version": "v0.1.0"});
        let whole = json!({"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}});
        Some(CustomDocument { path: format!("apis/{group}/{version}"), text: whole.to_string().into(), document: OnceLock::new() })
    }

    /// `apis/<group>/<version>`: where it is below `/openapi/v3/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// JSON.
    pub fn text(&self) -> &Bytes {
        &self.text
    }

    /// The reader of it; `None` when a definition's schema is none.
    pub fn schema(&self) -> Option<&Document> {
        self.document.get_or_init(|| Document::parse(self.text.clone()).ok()).as_ref()
    }
}

/// The kind and its list. (builder.buildKubeNative, buildListSchema)
fn describe(resource: &Resource, schema: &Tree, list_kind: &str, into: &mut Map<String, Value>) {
    let gvk = |kind: &str| json!([{"group": &*resource.group, "version": &*resource.version, "kind": kind}]);
    let metadata = |of: &str, description: &str| json!({"description": description, "allOf": [{"$ref": format!("{COMPONENTS}{of}")}]});
    let (api_version, kind) = type_meta();
    let mut own = Value::from(schema);
    if own.is_object() {
        embed(&mut own);
        own["properties"]["apiVersion"] = api_version.clone();
        own["properties"]["kind"] = kind.clone();
        own["properties"]["metadata"] = metadata(OBJECT_META, METADATA);
    } else {
        own = json!({"type": "object"});
    }
    own["x-kubernetes-group-version-kind"] = gvk(&resource.kind);
    let name = component(resource, &resource.kind);
    let items = format!(
        "List of {}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md",
        resource.plural
    );
    let list_metadata = "Standard list metadata. More info: \
        https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
    let list = json!({
        "description": format!("{list_kind} is a list of {}", resource.kind),
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": api_version,
            "items": {"description": items, "type": "array", "items": {"$ref": format!("{COMPONENTS}{name}")}},
            "kind": kind,
            "metadata": metadata(LIST_META, list_metadata),
        },
        "x-kubernetes-group-version-kind": gvk(list_kind),
    });
    into.insert(name, own);
    into.insert(component(resource, list_kind), list);
}

/// `com.example.v1.Widget`: the group is turned round.
fn component(resource: &Resource, kind: &str) -> String {
    let mut parts: Vec<&str> = resource.group.split('.').rev().collect();
    parts.extend([&*resource.version, kind]);
    parts.join(".")
}

/// How `apiVersion` and `kind` are described everywhere.
fn type_meta() -> (Value, Value) {
    let text = super::schema("", "v1").map(|d| d.text("io.k8s.api.core.v1.Namespace")).unwrap_or_default();
    let namespace: Value = serde_json::from_slice(text).unwrap_or_default();
    let field =
        |name: &str| Some(namespace["properties"][name].clone()).filter(Value::is_object).unwrap_or_else(|| json!({"type": "string"}));
    (field("apiVersion"), field("kind"))
}

/// What the builder writes into a schema: the metadata of embedded resources, and both types of an int-or-string.
fn embed(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(embed);
    }
    for below in ["items", "additionalProperties"] {
        if let Some(below) = schema.get_mut(below).filter(|s| s.is_object()) {
            embed(below);
        }
    }
    let is = |schema: &Value, extension: &str| schema.get(extension) == Some(&Value::Bool(true));
    if is(schema, "x-kubernetes-int-or-string") && schema.get("anyOf").is_none() {
        schema["anyOf"] = json!([{"type": "integer"}, {"type": "string"}]);
    }
    if is(schema, "x-kubernetes-embedded-resource") {
        let text = |description: &str| json!({"description": description, "type": "string"});
        schema["properties"]["apiVersion"] = text(EMBEDDED_API_VERSION);
        schema["properties"]["kind"] = text(EMBEDDED_KIND);
        schema["properties"]["metadata"] = json!({"description": METADATA, "allOf": [{"$ref": format!("{COMPONENTS}{OBJECT_META}")}]});
        let mut required = schema["required"].as_array().cloned().unwrap_or_default();
        for name in ["kind", "apiVersion"] {
            if !required.iter().any(|r| r == name) {
                required.push(name.into());
            }
        }
        schema["required"] = required.into();
    }
}

/// What kubectl reads of the paths: the kind (explain), and what PATCH takes (create, apply).
fn operations(resource: &Resource, into: &mut Map<String, Value>) {
    let gvk = json!({"group": &*resource.group, "version": &*resource.version, "kind": &*resource.kind});
    let operation = |action: &str| json!({"x-kubernetes-action": action, "x-kubernetes-group-version-kind": gvk, "responses": {"200": {"description": "OK"}}});
    let root = format!("/apis/{}/{}", resource.group, resource.version);
    let collection = if resource.namespaced {
        into.insert(format!("{root}/{}", resource.plural), json!({"get": operation("list")}));
        format!("{root}/namespaces/{{namespace}}/{}", resource.plural)
    } else {
        format!("{root}/{}", resource.plural)
    };
    let mut patch = operation("patch");
    let parameter = |name: &str, kind: &str| json!({"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": true}});
    patch["parameters"] = ["dryRun", "fieldManager", "fieldValidation"].map(|name| parameter(name, "string")).into_iter().collect();
    if let Some(parameters) = patch["parameters"].as_array_mut() {
        parameters.push(parameter("force", "boolean"));
    }
    // No strategic merge patch: custom resources have none.
    patch["requestBody"] =
        json!({"content": {"application/apply-patch+yaml": {}, "application/json-patch+json": {}, "application/merge-patch+json": {}}});
    into.insert(format!("{collection}/{{name}}"), json!({"patch": patch}));
    into.insert(collection, json!({"get": operation("list"), "post": operation("post")}));
}

/// Adds the built-in types that are referred to, from the recorded core document.
fn add_referred(schemas: &mut Map<String, Value>) {
    let Some(core) = super::schema("", "v1") else { return };
    let mut wanted = VecDeque::from([OBJECT_META.to_owned(), LIST_META.to_owned()]);
    while let Some(name) = wanted.pop_front() {
        if schemas.contains_key(&name) {
            continue;
        }
        let Ok(schema) = serde_json::from_slice::<Value>(core.text(&name)) else { continue };
        references(&schema, &mut wanted);
        schemas.insert(name, schema);
    }
}

fn references(schema: &Value, into: &mut VecDeque<String>) {
    match schema {
        Value::Object(map) => {
            into.extend(map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix(COMPONENTS)).map(str::to_owned));
            map.values().for_each(|below| references(below, into));
        }
        Value::Array(items) => items.iter().for_each(|below| references(below, into)),
        _ => {}
    }
}
