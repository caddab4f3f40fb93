//! The only place that knows kinds: partial message, columns, health and facts. One file an API group, one block a kind.
//!
//! A [`Block`] is a kind that this program decodes itself. Every other kind has none and is watched through the server's
//! own Table stream (see [`table`]); everything outside this folder treats both alike.

use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use serde::de::DeserializeOwned;

use crate::model::facts::{Facts, Operator, Requirement, Selector};
use crate::model::intern::Interner;
use crate::model::kind::Kind;
use crate::model::row::{Align, Cell, Column, Health, Owner, Row, Source, Uid};
use crate::model::time::Seconds;
use crate::model::tree::{ReadError, Tree};

pub mod ability;
pub mod apps;
pub mod autoscaling;
pub mod bare;
pub mod batch;
pub mod catalog;
pub mod changes;
pub mod conditions;
pub mod core;
pub mod describe;
pub mod discovery;
pub mod draft;
pub mod envelope;
pub mod events;
pub mod explain;
pub mod extensions;
pub mod manifest;
pub mod named;
pub mod networking;
pub mod nodes;
pub mod panes;
pub mod partial;
pub mod pods;
pub mod policy;
pub mod printed;
pub mod proof;
pub mod revisions;
pub mod schema;
pub mod services;
pub mod shown;
pub mod storage;
pub mod table;
pub mod taken;
pub mod template;
#[cfg(test)]
pub(crate) mod testing;
pub mod volumes;
#[cfg(test)]
mod wires;

use partial::{LabelSelector, ObjectMeta};

/// Every kind that is decoded here, in the order of `kubectl api-resources`.
pub static BLOCKS: &[&Block] = &[
    &events::EVENT,
    &core::NAMESPACE,
    &nodes::NODE,
    &volumes::PERSISTENT_VOLUME_CLAIM,
    &volumes::PERSISTENT_VOLUME,
    &pods::POD,
    &apps::REPLICATION_CONTROLLER,
    &core::SERVICE_ACCOUNT,
    &services::SERVICE,
    &extensions::CUSTOM_RESOURCE_DEFINITION,
    &apps::CONTROLLER_REVISION,
    &apps::DAEMON_SET,
    &apps::DEPLOYMENT,
    &apps::REPLICA_SET,
    &apps::STATEFUL_SET,
    &autoscaling::HORIZONTAL_POD_AUTOSCALER,
    &batch::CRON_JOB,
    &batch::JOB,
    &discovery::ENDPOINT_SLICE,
    &networking::INGRESS,
    &networking::NETWORK_POLICY,
    &policy::POD_DISRUPTION_BUDGET,
    &storage::STORAGE_CLASS,
];

/// The block that decodes a kind, if it has one. Group and plural decide, the version must be the block's own: another
/// version has other fields, and goes through the Table stream.
pub fn block(kind: &Kind) -> Option<&'static Block> {
    BLOCKS.iter().copied().find(|b| b.group == &*kind.group && b.plural == &*kind.plural && b.version == &*kind.version)
}

/// A kind that is decoded here. Static data: everything that tables and panes need to know of it.
pub struct Block {
    /// API group, empty for the core one.
    pub group: &'static str,
    /// The version whose messages these are.
    pub version: &'static str,
    /// `Pod`.
    pub kind: &'static str,
    /// `pods`.
    pub plural: &'static str,
    /// `pod`.
    pub singular: &'static str,
    /// `po`, …
    pub short: &'static [&'static str],
    /// Lives in namespaces.
    pub namespaced: bool,
    /// kubectl's columns, in kubectl's order, without NAMESPACE, NAME and AGE where they stand first and last: see [`columns`].
    pub columns: &'static [Head],
    /// Where `enter` leads.
    pub enter: Enter,
    /// Decodes one object.
    pub decode: fn(Wire, &[u8], &mut Interner) -> Result<Row, DecodeError>,
    /// An object to the partial message in protobuf, for servers of our own making.
    pub encode: fn(&Tree) -> Result<Vec<u8>, ReadError>,
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}/{}", self.plural, self.group, self.version)
    }
}

impl Block {
    /// The kind as discovery would say it, to start watching before discovery has answered.
    pub fn as_kind(&self) -> Kind {
        Kind {
            group: self.group.into(),
            version: self.version.into(),
            kind: self.kind.into(),
            plural: self.plural.into(),
            singular: self.singular.into(),
            short: self.short.iter().map(|&s| s.into()).collect(),
            namespaced: self.namespaced,
            watchable: true,
            listable: true,
            scalable: false,
        }
    }
}

/// Where `enter` leads from a row of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enter {
    /// The containers of a pod.
    Containers,
    /// The pods that the row's selector matches, in its namespace (a service).
    SelectedPods,
    /// The pods that it owns, directly or through ReplicaSets: matched by its selector.
    OwnedPods,
    /// The pods on this node.
    PodsOnNode,
    /// The jobs it owns (a CronJob).
    OwnedJobs,
    /// The namespace becomes the scope of what was looked at before.
    Scope,
    /// The table of the kind that it defines (a CustomResourceDefinition).
    Instances,
    /// Describe it.
    Describe,
}

/// One column of a block; its place among those with [`From::Cell`] is its place in `Row::cells`.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// kubectl's header.
    pub name: &'static str,
    /// Only with `-o wide`.
    pub wide: bool,
    /// Side.
    pub align: Align,
    /// What stands in it.
    pub from: From,
}

/// What stands in a block's column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The next of the row's cells.
    Cell,
    /// The object's name.
    Name,
    /// The object's age.
    Age,
    /// CPU in use beside the request.
    Cpu,
    /// Memory in use beside the request.
    Memory,
}

/// A column of words.
pub const fn text(name: &'static str) -> Head {
    Head { name, wide: false, align: Align::Left, from: From::Cell }
}

/// A column of numbers.
pub const fn number(name: &'static str) -> Head {
    Head { name, wide: false, align: Align::Right, from: From::Cell }
}

/// A column of words that `-o wide` adds.
pub const fn wide(name: &'static str) -> Head {
    Head { name, wide: true, align: Align::Left, from: From::Cell }
}

/// NAME.
pub const NAME: Head = Head { name: "NAME", wide: false, align: Align::Left, from: From::Name };
/// AGE.
pub const AGE: Head = Head { name: "AGE", wide: false, align: Align::Left, from: From::Age };
/// CPU, from metrics.
pub const CPU: Head = Head { name: "CPU", wide: false, align: Align::Right, from: From::Cpu };
/// Memory, from metrics.
pub const MEM: Head = Head { name: "MEM", wide: false, align: Align::Right, from: From::Memory };

/// The table columns of a block: NAMESPACE first where the kind has namespaces, then the block's own.
pub fn columns(block: &Block) -> Arc<[Column]> {
    columns_of(block.namespaced, block.columns)
}

/// The table columns that heads describe, NAMESPACE first where wanted.
pub fn columns_of(namespaced: bool, heads: &[Head]) -> Arc<[Column]> {
    let mut cells = 0;
    let namespace = namespaced.then(|| Column { name: "NAMESPACE".into(), source: Source::Namespace, wide: false, align: Align::Left });
    let own = heads.iter().map(|head| {
        let source = match head.from {
            From::Cell => {
                cells += 1;
                Source::Cell(cells - 1)
            }
            From::Name => Source::Name,
            From::Age => Source::Age,
            From::Cpu => Source::Cpu,
            From::Memory => Source::Memory,
        };
        Column { name: head.name.into(), source, wide: head.wide, align: head.align }
    });
    namespace.into_iter().chain(own).collect()
}

/// How bytes on the wire are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// The object's message, without envelope.
    Protobuf,
    /// The object in JSON.
    Json,
}

/// Bytes that are not what they should be.
#[derive(Debug)]
pub enum DecodeError {
    /// Not the protobuf message it should be.
    Protobuf(prost::DecodeError),
    /// Not the JSON it should be.
    Json(serde_json::Error),
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DecodeError::Protobuf(e) => write!(f, "the server's protobuf cannot be read: {e}"),
            DecodeError::Json(e) => write!(f, "the server's JSON cannot be read: {e}"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// A partial message that a row can be made of.
pub trait Object: Message + Default + DeserializeOwned {
    /// Its metadata.
    fn take_meta(&mut self) -> ObjectMeta;
    /// Its cells, facts and health. `meta` is what [`Object::take_meta`] gave.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed;
}

/// What an object's block makes of it, beyond identity.
#[derive(Debug, Default)]
pub struct Printed {
    /// In the order of the block's [`From::Cell`] columns.
    pub cells: Vec<Cell>,
    /// For other panes.
    pub facts: Facts,
    /// How it does.
    pub condition: Health,
    /// See `Row::unsettled_until`.
    pub unsettled_until: Seconds,
    /// Why it is not healthy.
    pub message: Option<Arc<str>>,
}

/// Decodes one object into a row: the function that a block's `decode` is.
pub fn decode<T: Object>(wire: Wire, bytes: &[u8], interner: &mut Interner) -> Result<Row, DecodeError> {
    let mut object = match wire {
        Wire::Protobuf => T::decode(bytes).map_err(DecodeError::Protobuf)?,
        Wire::Json => serde_json::from_slice::<T>(bytes).map_err(DecodeError::Json)?,
    };
    let meta = object.take_meta();
    let printed = object.print(&meta, interner);
    Ok(assemble(&meta, printed, interner))
}

/// Encodes one object: the function that a block's `encode` is.
pub fn encode<T: Object>(object: &Tree) -> Result<Vec<u8>, ReadError> {
    Ok(T::deserialize(object)?.encode_to_vec())
}

/// Identity from the metadata, the rest as printed.
pub fn assemble(meta: &ObjectMeta, printed: Printed, interner: &mut Interner) -> Row {
    Row {
        kind: interner.kind().clone(),
        uid: uid(meta),
        version: meta.resource_version.as_str().into(),
        namespace: interner.text(&meta.namespace),
        name: meta.name.as_str().into(),
        labels: interner.labels(&meta.labels),
        owner: owner(meta, interner),
        created: meta.creation_timestamp.map_or(0, |t| t.at()),
        deleting: meta.deletion_timestamp.map(|t| t.at()),
        cells: printed.cells.into_boxed_slice(),
        facts: printed.facts,
        // Terminating is on the way, whatever else it is.
        condition: if meta.deletion_timestamp.is_some() { printed.condition.max(Health::Progressing) } else { printed.condition },
        unsettled_until: printed.unsettled_until,
        message: printed.message,
    }
}

/// The UID; objects of servers that give none (metrics) are told apart by namespace and name.
fn uid(meta: &ObjectMeta) -> Uid {
    if meta.uid.is_empty() { Uid::Other(format!("{}/{}", meta.namespace, meta.name).into()) } else { Uid::new(&meta.uid) }
}

fn owner(meta: &ObjectMeta, interner: &mut Interner) -> Option<Arc<Owner>> {
    let reference = meta.owner_references.iter().find(|r| r.controller == Some(true)).or(meta.owner_references.first())?;
    let owner = Owner {
        api_version: interner.text(&reference.api_version),
        kind: interner.text(&reference.kind),
        name: interner.text(&reference.name),
        uid: Uid::new(&reference.uid),
    };
    Some(interner.owner(owner))
}

/// `matchLabels` alone, as services and replication controllers have it.
pub fn selector_of_labels<'a>(labels: impl IntoIterator<Item = (&'a String, &'a String)>, interner: &mut Interner) -> Selector {
    let requirements = labels.into_iter().map(|(key, value)| Requirement {
        key: interner.text(key),
        operator: Operator::Equals,
        values: [interner.text(value)].into(),
    });
    Selector { requirements: requirements.collect() }
}

/// A label selector as workloads have it. An operator that we do not know matches nothing.
pub fn selector(message: &LabelSelector, interner: &mut Interner) -> Arc<Selector> {
    let mut all = selector_of_labels(&message.match_labels, interner).requirements.into_vec();
    for expression in &message.match_expressions {
        let mut values: Box<[_]> = expression.values.iter().map(|v| interner.text(v)).collect();
        values.sort();
        let operator = match expression.operator.as_str() {
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            _ => Operator::In,
        };
        all.push(Requirement { key: interner.text(&expression.key), operator, values });
    }
    // As apimachinery's selectors are printed: by key, and the values of a key in order too.
    all.sort_by(|a, b| a.key.cmp(&b.key));
    interner.selector(Selector { requirements: all.into() })
}

/// A list in protobuf whose items stay undecoded: any `XList` message.
#[derive(Clone, PartialEq, Message)]
pub struct List {
    /// Continue token and version.
    #[prost(message, optional, tag = 1)]
    pub metadata: Option<ListMeta>,
    /// The objects' messages.
    #[prost(bytes = "bytes", repeated, tag = 2)]
    pub items: Vec<Bytes>,
}

crate::partial! {
    /// `meta.v1.ListMeta`.
    ListMeta {
        2 resource_version: text,
        #[serde(rename = "continue")]
        3 proceed: text,
        4 remaining_item_count: long,
    }
}
