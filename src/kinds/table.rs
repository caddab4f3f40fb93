//! The server's own tables: how every kind without a block is listed and watched.
//!
//! The server prints the columns (`application/json;as=Table;v=v1;g=meta.k8s.io`, in a watch with `;stream=watch`), so
//! each CustomResourceDefinition's printer columns work with no code, and with `includeObject=Metadata` no value of a
//! Secret or ConfigMap comes over the wire. Three things are to be known of it:
//!
//! - In a watch only the first event has `columnDefinitions`; the [`Interner`] keeps them for the rows that follow, so
//!   that each watch decodes with one interner, as it does for every other kind.
//! - The initial list ends with an event whose one row has blank cells and whose object carries the annotation
//!   `k8s.io/initial-events-end`.
//! - Dates come as text ("5d") that freezes until the object changes. The age is therefore computed from
//!   `creationTimestamp`; of any other date column only the server's text is known, and it is shown as it came.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::partial::{ObjectMeta, OwnerReference, Time, nullable};
use super::{DecodeError, ListMeta, Printed, assemble};
use crate::model::intern::Interner;
use crate::model::row::{Align, Cell, Column, Row, Source};

mod health;

/// The annotation on the event that ends the initial list of a watch (KEP-3157).
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// What the API server's printers say of an age column (the documentation of `metadata.creationTimestamp`); some
/// CustomResourceDefinitions copy it.
const CREATION: &str = "CreationTimestamp is a timestamp";

/// What it says of a printer column that has no description of its own, before the JSONPath.
const JSON_PATH: &str = "Custom resource definition column (in JSONPath format): ";

/// A list's page, or the object of one watch event.
#[derive(Debug)]
pub struct Table {
    /// Only where the server sent them: with each list and with a watch's first event.
    pub columns: Option<Arc<[Column]>>,
    /// The objects; in a watch there is one.
    pub rows: Vec<TableRow>,
    /// `metadata.resourceVersion`, of the list or of the event's object.
    pub resource_version: String,
    /// The token of the next page; empty on the last one.
    pub proceed: String,
}

/// One object of a table.
#[derive(Debug)]
pub struct TableRow {
    /// Blank in a bookmark.
    pub row: Row,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
    /// Not an object, but the end of the initial list.
    pub initial_end: bool,
}

/// Decodes a `meta.k8s.io/v1 Table`: a page of a list, or the `object` of a watch event. `namespaced` puts NAMESPACE
/// before the server's columns. All events of a watch go through the same interner. Errors where it is not such JSON.
pub fn decode_table(json: &[u8], namespaced: bool, interner: &mut Interner) -> Result<Table, DecodeError> {
    let wire: WireTable = serde_json::from_slice(json).map_err(DecodeError::Json)?;
    let columns = wire.column_definitions.filter(|definitions| !definitions.is_empty()).map(|definitions| {
        let columns = columns(&definitions, namespaced);
        interner.set_columns(columns.clone());
        columns
    });
    let known = interner.columns().cloned().unwrap_or_default();
    let own = known.get(usize::from(namespaced)..).unwrap_or_default();
    let rows = wire.rows.unwrap_or_default().into_iter().map(|row| row.read(own, interner)).collect();
    Ok(Table { columns, rows, resource_version: wire.metadata.resource_version, proceed: wire.metadata.proceed })
}

/// The table's columns. Cells are numbered without those that the row itself has: the name and the age.
fn columns(definitions: &[Definition], namespaced: bool) -> Arc<[Column]> {
    let namespace = namespaced.then(|| Column { name: "NAMESPACE".into(), source: Source::Namespace, wide: false, align: Align::Left });
    let mut cells = 0;
    let own = definitions.iter().map(|definition| {
        let source = match definition {
            _ if definition.format == "name" => Source::Name,
            _ if definition.is_age() => Source::Age,
            _ => {
                cells += 1;
                Source::Cell(cells - 1)
            }
        };
        let align = if matches!(&*definition.kind, "integer" | "number") { Align::Right } else { Align::Left };
        Column { name: definition.name.to_uppercase().into(), source, wide: definition.priority != 0, align }
    });
    namespace.into_iter().chain(own).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTable<'a> {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(borrow, default)]
    column_definitions: Option<Vec<Definition<'a>>>,
    #[serde(borrow, default)]
    rows: Option<Vec<WireRow<'a>>>,
}

#[derive(Deserialize)]
struct Definition<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    format: Cow<'a, str>,
    #[serde(borrow, default)]
    description: Cow<'a, str>,
    #[serde(default)]
    priority: i32,
}

impl Definition<'_> {
    /// Whether it is the time since the object was created: so the printers of the API server describe it, and so most
    /// CustomResourceDefinitions have it. A column of another time that is called Age is not, as far as its path is told.
    fn is_age(&self) -> bool {
        if !self.name.eq_ignore_ascii_case("age") {
            return false;
        }
        match (&*self.kind, self.description.strip_prefix(JSON_PATH)) {
            ("date", Some(path)) => path == ".metadata.creationTimestamp",
            ("date", None) => true,
            ("string", _) => self.description.starts_with(CREATION),
            _ => false,
        }
    }
}

#[derive(Deserialize)]
struct WireRow<'a> {
    #[serde(borrow, default)]
    cells: Option<Vec<Value<'a>>>,
    #[serde(default)]
    object: Option<Partial>,
}

/// `meta.v1.PartialObjectMetadata`.
#[derive(Default, Deserialize)]
struct Partial {
    #[serde(default)]
    metadata: Metadata,
}

/// What rows need of `ObjectMeta`. Annotations are looked through, not kept: they can be longer than all the rest.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: String,
    namespace: String,
    uid: String,
    resource_version: String,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    #[serde(deserialize_with = "nullable")]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "nullable")]
    owner_references: Vec<OwnerReference>,
    annotations: InitialEnd,
}

impl WireRow<'_> {
    fn read(self, columns: &[Column], interner: &mut Interner) -> TableRow {
        let meta = self.object.unwrap_or_default().metadata;
        let initial_end = meta.annotations.0;
        let mut printed = Printed::default();
        let mut values = self.cells.unwrap_or_default().into_iter();
        for column in columns {
            let value = values.next().unwrap_or(Value::Null);
            if !matches!(column.source, Source::Cell(_)) {
                continue;
            }
            let cell = value.cell(interner);
            let health = match &cell {
                Cell::Text(text) if !initial_end => health::of(&column.name, text),
                _ => None,
            };
            printed.condition = printed.condition.max(health.unwrap_or_default());
            printed.cells.push(match (cell, health) {
                (Cell::Text(text), Some(health)) => Cell::Status(text, health),
                (cell, _) => cell,
            });
        }
        let meta = ObjectMeta {
            name: meta.name,
            namespace: meta.namespace,
            uid: meta.uid,
            resource_version: meta.resource_version,
            creation_timestamp: meta.creation_timestamp,
            deletion_timestamp: meta.deletion_timestamp,
            labels: meta.labels,
            owner_references: meta.owner_references,
            ..ObjectMeta::default()
        };
        TableRow { row: assemble(&meta, printed, interner), resource_version: meta.resource_version, initial_end }
    }
}

/// One cell as it comes.
enum Value<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(Cow<'a, str>),
    /// An array or a map: the printers of today make none.
    Other(serde_json::Value),
}

impl Value<'_> {
    /// As kubectl prints it: nothing is an empty cell, and of several lines it prints the first.
    fn cell(self, interner: &mut Interner) -> Cell {
        match self {
            Value::Null => Cell::Text(interner.text("")),
            Value::Bool(truth) => Cell::Text(interner.text(if truth { "true" } else { "false" })),
            Value::Integer(number) => Cell::Number(number),
            Value::Float(number) => Cell::Quantity(interner.text(&go_float(number)), (number * 1000.0) as i64),
            Value::Text(text) => match text.find(['\n', '\r', '\x0c']) {
                Some(end) => Cell::Text(interner.text(&format!("{}...", &text[..end]))),
                None => Cell::Text(interner.text(&text)),
            },
            Value::Other(value) => Cell::Text(interner.text(&value.to_string())),
        }
    }
}

/// Go's `%v` of a float64: the fewest digits that tell it from its neighbours, an exponent below 1e-4 and from 1e21 on.
fn go_float(number: f64) -> String {
    if number == 0.0 || (1e-4..1e21).contains(&number.abs()) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Cells;
        impl<'de> Visitor<'de> for Cells {
            type Value = Value<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a table cell")
            }
            fn visit_unit<E>(self) -> Result<Value<'de>, E> {
                Ok(Value::Null)
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Value<'de>, E> {
                Ok(Value::Bool(truth))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
                Ok(Value::Integer(number))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
                Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
                Ok(Value::Float(number))
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
                Ok(Value::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
                Ok(Value::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Value<'de>, A::Error> {
                serde_json::Value::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(Value::Other)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value<'de>, A::Error> {
                serde_json::Value::deserialize(de::value::MapAccessDeserializer::new(map)).map(Value::Other)
            }
        }
        d.deserialize_any(Cells)
    }
}

/// Whether annotations hold the end of the initial list.
#[derive(Default)]
struct InitialEnd(bool);

impl<'de> Deserialize<'de> for InitialEnd {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Annotations;
        impl<'de> Visitor<'de> for Annotations {
            type Value = InitialEnd;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("annotations")
            }
            fn visit_unit<E>(self) -> Result<InitialEnd, E> {
                Ok(InitialEnd(false))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InitialEnd, A::Error> {
                let mut end = false;
                while let Some(key) = map.next_key::<Key>()? {
                    if key.0 == INITIAL_EVENTS_END {
                        end = map.next_value::<Key>()?.0 == "true";
                    } else {
                        map.next_value::<de::IgnoredAny>()?;
                    }
                }
                Ok(InitialEnd(end))
            }
        }
        d.deserialize_any(Annotations)
    }
}

/// A string that is borrowed where it has no escapes; `Cow` alone never borrows as the key of a map.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests;
