//! A schema as it is written: what serde reads of it.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::Gvk;

/// Names and schemas, in the order in which they are written.
pub type Properties = Vec<(Box<str>, Arc<Node>)>;

/// A schema. What stands in a referred one is not in it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Node {
    /// The name of the component that it is.
    #[serde(skip)]
    pub component: Option<Box<str>>,
    #[serde(rename = "$ref")]
    pub reference: Option<Box<str>>,
    pub all_of: Vec<Below>,
    pub one_of: Vec<Alternative>,
    pub any_of: Vec<Alternative>,
    #[serde(rename = "type")]
    pub kind: Option<Box<str>>,
    pub format: Option<Box<str>>,
    pub description: Option<Box<str>>,
    #[serde(deserialize_with = "present")]
    pub default: Option<Value>,
    #[serde(rename = "enum")]
    pub enumeration: Vec<Value>,
    #[serde(deserialize_with = "fields")]
    pub properties: Properties,
    pub required: Vec<Box<str>>,
    pub items: Option<Below>,
    pub additional_properties: Option<Additional>,
    pub nullable: bool,
    pub pattern: Option<Box<str>>,
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    pub exclusive_minimum: bool,
    pub exclusive_maximum: bool,
    pub multiple_of: Option<f64>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub min_items: Option<u64>,
    pub max_items: Option<u64>,
    pub unique_items: bool,
    pub min_properties: Option<u64>,
    pub max_properties: Option<u64>,
    #[serde(rename = "x-kubernetes-group-version-kind")]
    pub kinds: Vec<Gvk>,
    #[serde(rename = "x-kubernetes-list-type")]
    pub list_type: Option<Box<str>>,
    #[serde(rename = "x-kubernetes-list-map-keys")]
    pub list_map_keys: Vec<Box<str>>,
    #[serde(rename = "x-kubernetes-map-type")]
    pub map_type: Option<Box<str>>,
    #[serde(rename = "x-kubernetes-patch-strategy")]
    pub patch_strategy: Option<Box<str>>,
    #[serde(rename = "x-kubernetes-patch-merge-key")]
    pub patch_merge_key: Option<Box<str>>,
    #[serde(rename = "x-kubernetes-preserve-unknown-fields")]
    pub preserve_unknown_fields: bool,
    #[serde(rename = "x-kubernetes-embedded-resource")]
    pub embedded_resource: bool,
    #[serde(rename = "x-kubernetes-int-or-string")]
    pub int_or_string: bool,
}

/// A schema below another one.
pub struct Below(pub Arc<Node>);

impl<'de> Deserialize<'de> for Below {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Below, D::Error> {
        Node::deserialize(from).map(|node| Below(Arc::new(node)))
    }
}

/// One of `oneOf` or `anyOf`: Kubernetes has these for scalars of several types, and in custom resources for rules that are
/// not about the form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Alternative {
    #[serde(rename = "type")]
    pub kind: Option<Box<str>>,
}

/// `additionalProperties`.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Additional {
    /// Any value is allowed, or none.
    Allowed(bool),
    /// Values of this type.
    Of(Below),
}

/// A default of `null` is one.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// A map in the order in which it is written.
fn fields<'de, D: Deserializer<'de>>(from: D) -> Result<Properties, D::Error> {
    struct Fields;
    impl<'de> Visitor<'de> for Fields {
        type Value = Properties;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("properties")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
            let mut out = Vec::with_capacity(from.size_hint().unwrap_or(8));
            while let Some((name, Below(node))) = from.next_entry()? {
                out.push((name, node));
            }
            Ok(out)
        }
    }
    from.deserialize_map(Fields)
}
