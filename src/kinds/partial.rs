//! Partial messages: one definition of a Kubernetes object, decoded from protobuf and from JSON, encoded to protobuf.
//!
//! Only the fields that a row needs are declared; prost skips the others at no cost. Tags are those of the API's
//! `generated.proto` files. In JSON, `null` and a missing field are both the default, as Go has it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::model::quantity;
use crate::model::time::{self, Seconds};

/// `null` is the default, as in Go.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(d: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

/// Declares partial messages as tables: `TAG field: type`, where type is one of `text` (string), `texts` (strings),
/// `int` (optional int32), `long` (optional int64), `flag` (optional bool), `one T` (optional message),
/// `many T` (repeated message), `map` (string to string), `map T` (string to message). An attribute before the tag goes to the field
/// (`#[serde(rename = "podIP")]` where camelCase does not give the API's spelling).
#[macro_export]
macro_rules! partial {
    () => {};
    ($(#[$m:meta])* $name:ident { $($body:tt)* } $($rest:tt)*) => {
        $crate::partial!(@ [$(#[$m])* $name] [] $($body)*);
        $crate::partial!($($rest)*);
    };
    (@ [$(#[$m:meta])* $name:ident] [$($done:tt)*]) => {
        #[derive(Clone, PartialEq, ::prost::Message, ::serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        $(#[$m])*
        #[allow(missing_docs)] // fields are the API's own, documented there
        pub struct $name { $($done)* }
    };
    (@ $head:tt [$($done:tt)*] $(#[$m:meta])* $tag:literal $f:ident: text, $($rest:tt)*) => {
        $crate::partial!(@ $head [$($done)* $(#[$m])* #[prost(string, tag = $tag)] #[serde(deserialize_with = "crate::kinds::partial::nullable")] pub $f: String,] $($rest)*);
    };
    (@ $head:tt [$($done:tt)*] $(#[$m:meta])* $tag:literal $f:ident: texts, $($rest:tt)*) => {
        $crate::partial!(@ $head [$($done)* $(#[$m])* #[prost(string, repeated, tag = $tag)] #[serde(deserialize_with = "crate::kinds::partial::nullable")] pub $f: Vec<String>,] $($rest)*);
    };
    (@ $head:tt [$($done:tt)*] $(#[$m:meta])* $tag:literal $f:ident: int, $($rest:tt)*) => {
        $crate::partial!(@ $head [$($done)* $(#[$m])* #[prost(int32, optional, tag = $tag)] pub $f: Option<i32>,] $($rest)*);
    };
    (@ $head:tt [$($done:tt)*] $(#[$m:meta])* $tag:literal $f:ident: long, $($rest:tt)*) => {
        $crate::partial!(@ $head [$($done)* $(#[$m])* #[prost(int64, optional, tag = $tag)] pub $f: Option<i64>,] $($rest)*);
    };
    (@ $head:tt [$($done:tt)*] $(#[$m:meta])* $tag:literal $f:ident: flag, $($rest:tt)*) => {
        $crate::partial!(@ $head [$($done)* $(#[$m])* #[prost(bool, optional, tag = $tag)] pub $f: Option<bool>,] $($rest)*);
    };
    (@ $head:tt [$($done:tt)*] $(#[$m:meta])* $tag:literal $f:ident: one $t:ty, $($rest:tt)*) => {
        $crate::partial!(@ $head [$($done)* $(#[$m])* #[prost(message, optional, tag = $tag)] pub $f: Option<$t>,] $($rest)*);
    };
    (@ $head:tt [$($done:tt)*] $(#[$m:meta])* $tag:literal $f:ident: many $t:ty, $($rest:tt)*) => {
        $crate::partial!(@ $head [$($done)* $(#[$m])* #[prost(message, repeated, tag = $tag)] #[serde(deserialize_with = "crate::kinds::partial::nullable")] pub $f: Vec<$t>,] $($rest)*);
    };
    (@ $head:tt [$($done:tt)*] $(#[$m:meta])* $tag:literal $f:ident: map, $($rest:tt)*) => {
        $crate::partial!(@ $head [$($done)* $(#[$m])* #[prost(btree_map = "string, string", tag = $tag)] #[serde(deserialize_with = "crate::kinds::partial::nullable")] pub $f: ::std::collections::BTreeMap<String, String>,] $($rest)*);
    };
    (@ $head:tt [$($done:tt)*] $(#[$m:meta])* $tag:literal $f:ident: map $t:ty, $($rest:tt)*) => {
        $crate::partial!(@ $head [$($done)* $(#[$m])* #[prost(btree_map = "string, message", tag = $tag)] #[serde(deserialize_with = "crate::kinds::partial::nullable")] pub $f: ::std::collections::BTreeMap<String, $t>,] $($rest)*);
    };
}

partial! {
    /// `meta.v1.ObjectMeta`.
    ObjectMeta {
        1 name: text,
        3 namespace: text,
        5 uid: text,
        6 resource_version: text,
        7 generation: long,
        8 creation_timestamp: one Time,
        9 deletion_timestamp: one Time,
        11 labels: map,
        12 annotations: map,
        13 owner_references: many OwnerReference,
        14 finalizers: texts,
    }

    /// `meta.v1.OwnerReference`.
    OwnerReference {
        1 kind: text,
        3 name: text,
        4 uid: text,
        5 api_version: text,
        6 controller: flag,
    }

    /// `meta.v1.LabelSelector`.
    LabelSelector {
        1 match_labels: map,
        2 match_expressions: many LabelSelectorRequirement,
    }

    /// `meta.v1.LabelSelectorRequirement`.
    LabelSelectorRequirement {
        1 key: text,
        2 operator: text,
        3 values: texts,
    }

    /// `meta.v1.Condition`, and every kind's own conditions: they share these tags only by name, so each kind whose
    /// tags differ declares its own.
    Condition {
        #[serde(rename = "type")]
        1 kind: text,
        2 status: text,
        3 observed_generation: long,
        4 last_transition_time: one Time,
        5 reason: text,
        6 message: text,
    }
}

/// `meta.v1.Time` and `MicroTime`: seconds and nanoseconds in protobuf, RFC 3339 in JSON.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Time {
    /// Since 1970.
    #[prost(int64, optional, tag = 1)]
    pub seconds: Option<i64>,
    /// Below a second.
    #[prost(int32, optional, tag = 2)]
    pub nanos: Option<i32>,
}

impl Time {
    /// Whole seconds since 1970.
    pub fn at(&self) -> Seconds {
        self.seconds.unwrap_or(0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(d)?;
        let seconds = time::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no RFC 3339 time")))?;
        Ok(Time { seconds: Some(seconds), nanos: None })
    }
}

/// `resource.Quantity`: a message with one string in protobuf, a string or a number in JSON.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Quantity {
    /// Canonical spelling, as the server gives it.
    #[prost(string, tag = 1)]
    pub string: String,
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Quantity { string: scalar(d)? })
    }
}

/// `intstr.IntOrString`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct IntOrString {
    /// 0 for a number, 1 for a string.
    #[prost(int64, optional, tag = 1)]
    pub kind: Option<i64>,
    /// The number.
    #[prost(int32, optional, tag = 2)]
    pub int: Option<i32>,
    /// The string.
    #[prost(string, tag = 3)]
    pub text: String,
}

impl std::fmt::Display for IntOrString {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.kind == Some(1) { f.write_str(&self.text) } else { write!(f, "{}", self.int.unwrap_or(0)) }
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(match serde_json::Value::deserialize(d)? {
            serde_json::Value::String(text) => IntOrString { kind: Some(1), int: None, text },
            number => IntOrString { kind: Some(0), int: number.as_i64().map(|n| n as i32), text: String::new() },
        })
    }
}

/// A JSON string or number as text.
fn scalar<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Ok(match serde_json::Value::deserialize(d)? {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    })
}

impl Quantity {
    /// The value in thousandths; see [`quantity_millis`].
    pub fn millis(&self) -> i64 {
        quantity_millis(&self.string)
    }

    /// The value in whole units, rounded up as Go's `Quantity.Value` does.
    pub fn value(&self) -> i64 {
        let millis = self.millis();
        if millis == i64::MAX { i64::MAX } else { millis.div_euclid(1000) + i64::from(millis.rem_euclid(1000) != 0) }
    }
}

/// The value of a `resource.Quantity` in thousandths (see [`quantity::millis`]); 0 when it is none.
pub fn quantity_millis(text: &str) -> i64 {
    quantity::millis(text).unwrap_or(0)
}

/// A map that is shown as `k=v,…`.
pub fn join(pairs: &BTreeMap<String, String>) -> String {
    pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    #[test]
    fn quantities_have_their_value() {
        for (text, millis) in [
            ("250m", 250),
            ("1", 1000),
            ("0.5", 500),
            ("1Ki", 1_024_000),
            ("128Mi", 134_217_728_000),
            ("1k", 1_000_000),
            ("1e3", 1_000_000),
            ("100n", 1),
            ("", 0),
            ("x", 0),
            ("1E", i64::MAX),
        ] {
            assert_eq!(quantity_millis(text), millis, "{text}");
        }
    }

    #[test]
    fn one_definition_reads_both_wires() {
        let json = r#"{"name":"a","creationTimestamp":"1970-01-01T00:01:00Z","labels":null,"ownerReferences":[{"kind":"ReplicaSet","controller":true}]}"#;
        let meta: ObjectMeta = serde_json::from_str(json).expect("parses");
        assert_eq!(meta.creation_timestamp.map(|t| t.at()), Some(60));
        assert_eq!(ObjectMeta::decode(&meta.encode_to_vec()[..]).expect("decodes"), meta);
        assert_eq!(meta.owner_references[0].controller, Some(true));
    }
}
