//! The forms that objects are answered in: JSON, metadata alone, Table, and protobuf for this program's own clients.
//!
//! Protobuf is of the partial messages that [`crate::kinds`] declares: whoever else asked for it would lose fields, and is
//! answered in JSON, as for a kind that has no protobuf.

use bytes::Bytes;
use prost::Message;
use serde_json::{Value, json};

use crate::demo::http::Request;
use crate::demo::protobuf;
use crate::demo::refusal::Refusal;
use crate::demo::resources::Resource;
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::kinds::envelope::{self, RawExtension, WatchEvent};
use crate::kinds::partial::ObjectMeta;
use crate::kinds::{self, Block, List, ListMeta};

use super::table::Printer;

/// Who may have protobuf: `kubetui/0.1.0`.
const OURS: &str = "kubetui/";
const JSON: &str = "application/json";

/// The form of an answer.
pub enum Form {
    /// The objects as they are.
    Json,
    /// `PartialObjectMetadata` in JSON.
    Metadata,
    /// The objects' partial messages.
    Protobuf(&'static Block),
    /// `PartialObjectMetadata` in protobuf.
    MetadataProtobuf,
    /// Rows.
    Table(Box<Printer>),
}

/// One entry of an Accept header, as far as it matters here.
struct Accepted<'a> {
    media: &'a str,
    /// `Table`, `PartialObjectMetadata`, `PartialObjectMetadataList`; empty for the objects.
    of: &'a str,
}

fn accepted(header: &str) -> impl Iterator<Item = Accepted<'_>> {
    header.split(',').map(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let media = parts.next().unwrap_or("");
        let of = parts.find_map(|part| part.strip_prefix("as=")).unwrap_or("");
        Accepted { media, of }
    })
}

impl Form {
    /// The first form of the Accept header that can be given. `definition` is that of a custom resource.
    ///
    /// # Errors
    /// 406: none of them can.
    pub fn of(request: &Request, resource: &Resource, definition: Option<&Tree>) -> Result<Form, Refusal> {
        let ours = request.header("user-agent").starts_with(OURS);
        let header = request.header("accept");
        let block = kinds::BLOCKS
            .iter()
            .copied()
            .find(|b| b.group == &*resource.group && b.plural == &*resource.plural && b.version == &*resource.version);
        for entry in accepted(if header.is_empty() { "*/*" } else { header }) {
            let json = matches!(entry.media, JSON | "*/*" | "application/*" | "");
            match (entry.of, block) {
                ("", Some(block)) if entry.media == protobuf::MEDIA && ours => return Ok(Form::Protobuf(block)),
                ("", _) if json => return Ok(Form::Json),
                ("Table", _) if json => {
                    let include = request.parameter("includeObject").unwrap_or("");
                    let printer = match definition {
                        Some(definition) => Printer::of_definition(resource, definition, include),
                        None => Printer::of(resource, include),
                    };
                    return Ok(Form::Table(Box::new(printer)));
                }
                ("PartialObjectMetadata" | "PartialObjectMetadataList", _) if json => return Ok(Form::Metadata),
                ("PartialObjectMetadata" | "PartialObjectMetadataList", _)
                    if entry.media == protobuf::MEDIA && ours && !resource.custom =>
                {
                    return Ok(Form::MetadataProtobuf);
                }
                _ => {}
            }
        }
        Err(Refusal::not_acceptable("application/json, application/yaml, application/vnd.kubernetes.protobuf"))
    }

    /// The Content-Type of an answer, or of a stream.
    pub fn content_type(&self, stream: bool) -> &'static str {
        match (self, stream) {
            (Form::Protobuf(_) | Form::MetadataProtobuf, false) => protobuf::MEDIA,
            (Form::Protobuf(_) | Form::MetadataProtobuf, true) => "application/vnd.kubernetes.protobuf;stream=watch",
            (_, false) => JSON,
            (_, true) => JSON,
        }
    }

    /// One object as an answer.
    pub fn object(&self, resource: &Resource, tree: &Tree, now: i64) -> Bytes {
        match self {
            Form::Json => tree.json().into(),
            Form::Metadata => metadata(tree).to_string().into(),
            Form::Protobuf(block) => envelope::seal_encoded(&resource.api_version(), block.kind, message(block, tree)),
            Form::MetadataProtobuf => envelope::seal_encoded("meta.k8s.io/v1", "PartialObjectMetadata", meta_message(tree)),
            Form::Table(printer) => {
                let mut out = printer.head(&tree["metadata"]["resourceVersion"], None);
                printer.row(&mut out, tree, now);
                out.extend_from_slice(b"]}");
                out.into()
            }
        }
    }

    /// What a list begins with; empty in protobuf, which [`Form::list_end`] puts round the items.
    pub fn list_start(&self, resource: &Resource, meta: &ListMeta) -> Vec<u8> {
        let (kind, version) = match self {
            Form::Table(printer) => return printer.head(&Tree::from(meta.resource_version.as_str()), Some(meta)),
            Form::Metadata => ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned()),
            _ => (format!("{}List", resource.kind), resource.api_version()),
        };
        let head = json!({"kind": kind, "apiVersion": version, "metadata": list_meta(meta)}).to_string();
        // The items come after it, in pieces.
        let mut out = head.into_bytes();
        out.pop();
        out.extend_from_slice(b",\"items\":[");
        out
    }

    /// Appends one item of a list; those of custom resources say their kind. `first` items have no comma before them.
    pub fn list_item(&self, out: &mut Vec<u8>, tree: &Tree, custom: bool, first: bool, now: i64) {
        if !first {
            out.push(b',');
        }
        match self {
            Form::Metadata => out.extend_from_slice(metadata(tree).to_string().as_bytes()),
            Form::Table(printer) => printer.row(out, tree, now),
            _ if custom => drop(serde_json::to_writer(out, tree)),
            _ => {
                // The list says what they are.
                let mut item = tree.clone();
                item.take("apiVersion");
                item.take("kind");
                drop(serde_json::to_writer(out, &item));
            }
        }
    }

    /// What a list ends with.
    pub fn list_end(&self) -> &'static [u8] {
        b"]}"
    }

    /// A list in protobuf, whole: its length stands before it.
    pub fn protobuf_list<'a>(&self, resource: &Resource, meta: &ListMeta, objects: impl Iterator<Item = &'a Tree>) -> Bytes {
        let encode = |tree| match self {
            Form::Protobuf(block) => message(block, tree),
            _ => meta_message(tree),
        };
        let items = objects.map(|tree| encode(tree).into()).collect();
        let list = List { metadata: Some(meta.clone()), items };
        match self {
            Form::Protobuf(block) => envelope::seal(&resource.api_version(), &format!("{}List", block.kind), &list),
            _ => envelope::seal("meta.k8s.io/v1", "PartialObjectMetadataList", &list),
        }
    }

    /// It is one of the two that are protobuf.
    pub fn is_protobuf(&self) -> bool {
        matches!(self, Form::Protobuf(_) | Form::MetadataProtobuf)
    }

    /// Appends an event of a watch. `first` is the first of its stream: a Table's columns come with that one.
    pub fn event(&self, out: &mut Vec<u8>, what: &str, resource: &Resource, object: &Object, first: bool, now: i64) {
        match self {
            Form::Protobuf(_) | Form::MetadataProtobuf => frame(out, what, self.object(resource, &object.tree, now)),
            Form::Json => line(out, what, |out| drop(serde_json::to_writer(out, &object.tree))),
            Form::Metadata => line(out, what, |out| out.extend_from_slice(metadata(&object.tree).to_string().as_bytes())),
            Form::Table(printer) => line(out, what, |out| {
                out.extend(printer.head_of_event(&object.tree["metadata"]["resourceVersion"], first));
                printer.row(out, &object.tree, now);
                out.extend_from_slice(b"]}");
            }),
        }
    }

    /// Appends a bookmark: a version that a watch may go on from, and whether it ends the initial list.
    pub fn bookmark(&self, out: &mut Vec<u8>, resource: &Resource, version: u64, end_of_list: bool, first: bool) {
        let mut tree = Tree::texts([("kind", &*resource.kind), ("apiVersion", &resource.api_version())]);
        tree.set("metadata.resourceVersion", version.to_string());
        tree.set("metadata.creationTimestamp", Tree::Null);
        if end_of_list {
            tree.at_mut("metadata.annotations").put("k8s.io/initial-events-end", "true");
        }
        match self {
            Form::Protobuf(_) | Form::MetadataProtobuf => {
                tree.at_mut("metadata").take("creationTimestamp");
                let message = meta_message(&tree);
                let raw = match self {
                    Form::Protobuf(block) => envelope::seal_encoded(&resource.api_version(), block.kind, message),
                    _ => envelope::seal_encoded("meta.k8s.io/v1", "PartialObjectMetadata", message),
                };
                frame(out, "BOOKMARK", raw);
            }
            Form::Json => line(out, "BOOKMARK", |out| drop(serde_json::to_writer(out, &tree))),
            Form::Metadata => line(out, "BOOKMARK", |out| out.extend_from_slice(metadata(&tree).to_string().as_bytes())),
            Form::Table(printer) => line(out, "BOOKMARK", |out| {
                out.extend(printer.head_of_event(&tree["metadata"]["resourceVersion"], first));
                printer.blank_row(out, &tree);
                out.extend_from_slice(b"]}");
            }),
        }
    }

    /// Appends an error: the last event of a watch.
    pub fn error(&self, out: &mut Vec<u8>, refusal: &Refusal) {
        if self.is_protobuf() {
            let status = StatusMessage {
                metadata: Some(ListMeta::default()),
                status: "Failure".into(),
                message: refusal.message.clone(),
                reason: refusal.reason.into(),
                code: refusal.code.into(),
            };
            frame(out, "ERROR", envelope::seal("v1", "Status", &status));
        } else {
            line(out, "ERROR", |out| out.extend_from_slice(refusal.status().to_string().as_bytes()));
        }
    }
}

/// `meta.v1.Status`.
#[derive(Clone, PartialEq, Message)]
struct StatusMessage {
    #[prost(message, optional, tag = 1)]
    metadata: Option<ListMeta>,
    #[prost(string, tag = 2)]
    status: String,
    #[prost(string, tag = 3)]
    message: String,
    #[prost(string, tag = 4)]
    reason: String,
    #[prost(int32, tag = 6)]
    code: i32,
}

/// Any object's metadata, which has the same tag in all of them.
#[derive(Clone, PartialEq, Message)]
struct MetaMessage {
    #[prost(message, optional, tag = 1)]
    metadata: Option<ObjectMeta>,
}

fn meta_message(tree: &Tree) -> Vec<u8> {
    let metadata = serde::Deserialize::deserialize(&tree["metadata"]).ok();
    MetaMessage { metadata }.encode_to_vec()
}

/// A stored object has been through the schema: what does not encode cannot be there, and is shown without its fields.
fn message(block: &Block, tree: &Tree) -> Vec<u8> {
    (block.encode)(tree).unwrap_or_else(|_| meta_message(tree))
}

/// `PartialObjectMetadata`.
pub fn metadata(tree: &Tree) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": Value::from(&tree["metadata"])})
}

/// A list's metadata in JSON.
pub fn list_meta(meta: &ListMeta) -> Value {
    let mut out = json!({"resourceVersion": meta.resource_version});
    if !meta.proceed.is_empty() {
        out["continue"] = meta.proceed.as_str().into();
    }
    if let Some(remaining) = meta.remaining_item_count {
        out["remainingItemCount"] = remaining.into();
    }
    out
}

fn frame(out: &mut Vec<u8>, what: &str, raw: Bytes) {
    let event = WatchEvent { kind: what.into(), object: Some(RawExtension { raw }) };
    out.extend_from_slice(&(event.encoded_len() as u32).to_be_bytes());
    // A vector takes what it is given.
    let _ = event.encode(out);
}

fn line(out: &mut Vec<u8>, what: &str, object: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(br#"{"type":""#);
    out.extend_from_slice(what.as_bytes());
    out.extend_from_slice(br#"","object":"#);
    object(out);
    out.extend_from_slice(b"}\n");
}
