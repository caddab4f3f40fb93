//! From bytes of a watch or a list to rows: framing, envelopes, and which decoder reads what is inside.
//!
//! A protobuf frame is a 4-byte big-endian length and a `meta.v1.WatchEvent {1: type, 2: RawExtension {1: raw}}`; `raw` is
//! `k8s\0` and a `runtime.Unknown {1: typeMeta, 2: raw}`, whose `raw` is the object. A JSON frame is one line.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use prost::Message;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::{ClusterError, Status};
use crate::kinds::envelope::{self, WatchEvent};
use crate::kinds::partial::ObjectMeta;
use crate::kinds::table::decode_table;
use crate::kinds::{self, Block, DecodeError, List, ListMeta, Printed, Wire};
use crate::model::intern::Interner;
use crate::model::kind::Kind;
use crate::model::row::{Column, Row};

/// The longest frame that is taken. etcd holds 1.5 MB an object; a Table row or a bookmark is smaller.
const LONGEST: usize = 64 << 20;

/// The annotation on the bookmark that ends the initial events of a streaming list (KEP-3157).
const INITIAL_END: &str = "k8s.io/initial-events-end";

/// What one frame says.
#[derive(Debug)]
pub enum Frame {
    /// Added or modified; the row's `version` is where a watch resumes.
    Upsert(Box<Row>),
    /// Deleted. The row is the last state.
    Remove(Box<Row>),
    /// Nothing changed up to this resourceVersion.
    Bookmark {
        /// Where a watch resumes.
        version: Box<str>,
        /// The initial list is complete with it.
        initial_end: bool,
    },
    /// The server ends this watch and says why.
    Error(ClusterError),
    /// The server's columns, and the rows that came with them.
    Columns(Arc<[Column]>),
}

/// Cuts a byte stream into frames.
#[derive(Debug)]
pub struct Splitter {
    buffer: BytesMut,
    protobuf: bool,
    /// JSON: how much of the buffer is known to hold no line end.
    scanned: usize,
}

impl Splitter {
    /// For a protobuf or a JSON stream, as the answer's Content-Type says.
    pub fn new(protobuf: bool) -> Splitter {
        Splitter { buffer: BytesMut::new(), protobuf, scanned: 0 }
    }

    /// Takes what came from the network.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, without its length or line end.
    ///
    /// # Errors
    /// A frame longer than any object can be: the stream is not what it should be.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, ClusterError> {
        let too_long = || ClusterError::Decode(format!("a watch frame longer than {} MiB", LONGEST >> 20));
        if self.protobuf {
            let Some(head) = self.buffer.first_chunk::<4>() else { return Ok(None) };
            let length = u32::from_be_bytes(*head) as usize;
            if length > LONGEST {
                return Err(too_long());
            }
            if self.buffer.len() < 4 + length {
                self.buffer.reserve(4 + length - self.buffer.len());
                return Ok(None);
            }
            return Ok(Some(self.buffer.split_to(4 + length).freeze().slice(4..)));
        }
        match memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
            Some(at) => {
                let line = self.buffer.split_to(self.scanned + at + 1).freeze();
                self.scanned = 0;
                Ok(Some(line.slice(..line.len() - 1)))
            }
            None if self.buffer.len() > LONGEST => Err(too_long()),
            None => {
                self.scanned = self.buffer.len();
                Ok(None)
            }
        }
    }
}

/// Any object, as far as its metadata.
#[derive(Clone, PartialEq, Message, Deserialize)]
struct Meta {
    #[prost(message, optional, tag = 1)]
    #[serde(default)]
    metadata: Option<ObjectMeta>,
}

/// Takes `k8s\0` and the `runtime.Unknown` off an object.
fn unwrap_object(bytes: &Bytes) -> Result<Bytes, ClusterError> {
    match envelope::open(bytes) {
        Some(unknown) => Ok(unknown?.raw),
        None => Err(ClusterError::Decode("an object without the k8s prefix".into())),
    }
}

/// What an ERROR event says.
pub(super) fn reported(status: &Bytes) -> ClusterError {
    match Status::parse(status) {
        Some(status) => {
            let code = u16::try_from(status.code).unwrap_or(500);
            status.into_error(code)
        }
        None => ClusterError::Decode("the server reports an error that cannot be read".into()),
    }
}

/// Reads frames and lists of one kind.
#[derive(Debug)]
pub struct Decoder {
    block: Option<&'static Block>,
    metadata_only: bool,
    namespaced: bool,
    /// The server has no Table for the kind, and the columns that stand in for one were said.
    plain: bool,
    interner: Interner,
}

/// One page of a list.
#[derive(Debug, Default)]
pub struct Page {
    /// Where a watch starts.
    pub version: String,
    /// What to ask the next page with; empty when this is the last.
    pub proceed: String,
    /// The server's columns.
    pub columns: Option<Arc<[Column]>>,
    /// Rows.
    pub rows: Vec<Row>,
}

impl Decoder {
    /// For a kind; `metadata_only` where nothing but identity and labels is wanted.
    pub fn new(kind: Arc<Kind>, metadata_only: bool) -> Decoder {
        let block = if metadata_only { None } else { kinds::block(&kind) };
        Decoder { block, metadata_only, namespaced: kind.namespaced, plain: false, interner: Interner::new(kind) }
    }

    /// The Accept header of a list or (`watch`) of a stream.
    pub fn accept(&self, watch: bool) -> String {
        let stream = if watch { ";stream=watch" } else { "" };
        if self.metadata_only {
            metadata(if watch { "PartialObjectMetadata" } else { "PartialObjectMetadataList" }, stream)
        } else if self.block.is_some() {
            format!("application/vnd.kubernetes.protobuf{stream},application/json{stream}")
        } else {
            format!("application/json;as=Table;v=v1;g=meta.k8s.io{stream},application/json{stream}")
        }
    }

    /// The Accept header of one object's identity and labels, for a decoder of nothing else: see [`Decoder::one`].
    pub fn accept_one() -> String {
        metadata("PartialObjectMetadata", "")
    }

    /// Reads one object that was asked for by its name.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn one(&mut self, protobuf: bool, bytes: &Bytes) -> Result<Row, ClusterError> {
        if protobuf { self.row(Wire::Protobuf, &unwrap_object(bytes)?) } else { self.row(Wire::Json, bytes) }
    }

    /// Rows come as the server's Table.
    pub fn is_table(&self) -> bool {
        self.block.is_none() && !self.metadata_only
    }

    fn row(&mut self, wire: Wire, bytes: &[u8]) -> Result<Row, ClusterError> {
        match self.block {
            Some(block) => Ok((block.decode)(wire, bytes, &mut self.interner)?),
            None => {
                let meta = self.meta(wire, bytes)?;
                Ok(kinds::assemble(&meta, Printed::default(), &mut self.interner))
            }
        }
    }

    fn meta(&self, wire: Wire, bytes: &[u8]) -> Result<ObjectMeta, ClusterError> {
        let object = match wire {
            Wire::Protobuf => Meta::decode(bytes).map_err(DecodeError::Protobuf)?,
            Wire::Json => serde_json::from_slice::<Meta>(bytes).map_err(DecodeError::Json)?,
        };
        Ok(object.metadata.unwrap_or_default())
    }

    /// Reads one frame of a stream; a Table frame can hold several rows.
    ///
    /// # Errors
    /// The frame cannot be read. A frame in which the server reports an error is [`Frame::Error`].
    pub fn frame(&mut self, protobuf: bool, bytes: Bytes, out: &mut Vec<Frame>) -> Result<(), ClusterError> {
        if protobuf {
            let event = WatchEvent::decode(bytes).map_err(DecodeError::Protobuf)?;
            let raw = event.object.unwrap_or_default().raw;
            if event.kind == "ERROR" {
                out.push(Frame::Error(reported(&raw)));
                return Ok(());
            }
            let object = unwrap_object(&raw)?;
            return self.object(&event.kind, Wire::Protobuf, &object, out);
        }
        #[derive(Deserialize)]
        struct Line<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            #[serde(borrow)]
            object: &'a RawValue,
        }
        let line: Line<'_> = serde_json::from_slice(&bytes).map_err(DecodeError::Json)?;
        let object = line.object.get().as_bytes();
        if line.kind == "ERROR" {
            out.push(Frame::Error(reported(&bytes.slice_ref(object))));
            return Ok(());
        }
        // A server that has no Table for a kind answers with the objects.
        if self.is_table() && has_rows(line.object.get()) {
            self.table(line.kind, object, out)
        } else {
            self.object(line.kind, Wire::Json, object, out)
        }
    }

    /// NAMESPACE, NAME and AGE, for a server that answers with objects where a Table was asked for; said once.
    fn plain_columns(&mut self) -> Option<Arc<[Column]>> {
        (self.is_table() && !std::mem::replace(&mut self.plain, true))
            .then(|| kinds::columns_of(self.namespaced, &[kinds::NAME, kinds::AGE]))
    }

    fn object(&mut self, event: &str, wire: Wire, object: &[u8], out: &mut Vec<Frame>) -> Result<(), ClusterError> {
        out.extend(self.plain_columns().map(Frame::Columns));
        out.push(match event {
            "BOOKMARK" => {
                let meta = self.meta(wire, object)?;
                let initial_end = meta.annotations.get(INITIAL_END).is_some_and(|v| v == "true");
                Frame::Bookmark { version: meta.resource_version.into(), initial_end }
            }
            "DELETED" => Frame::Remove(Box::new(self.row(wire, object)?)),
            _ => Frame::Upsert(Box::new(self.row(wire, object)?)),
        });
        Ok(())
    }

    fn table(&mut self, event: &str, json: &[u8], out: &mut Vec<Frame>) -> Result<(), ClusterError> {
        let table = decode_table(json, self.namespaced, &mut self.interner)?;
        out.extend(table.columns.map(Frame::Columns));
        for row in table.rows {
            let version = row.resource_version.as_str().into();
            out.push(match event {
                _ if row.initial_end => Frame::Bookmark { version, initial_end: true },
                "BOOKMARK" => Frame::Bookmark { version, initial_end: false },
                "DELETED" => Frame::Remove(Box::new(row.row)),
                _ => Frame::Upsert(Box::new(row.row)),
            });
        }
        Ok(())
    }

    /// Reads one page of a list.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn page(&mut self, protobuf: bool, bytes: Bytes) -> Result<Page, ClusterError> {
        if protobuf {
            let list = List::decode(unwrap_object(&bytes)?).map_err(DecodeError::Protobuf)?;
            let rows = list.items.iter().map(|item| self.row(Wire::Protobuf, item)).collect::<Result<_, _>>()?;
            let meta = list.metadata.unwrap_or_default();
            return Ok(Page { version: meta.resource_version, proceed: meta.proceed, columns: None, rows });
        }
        let text = std::str::from_utf8(&bytes).map_err(|e| ClusterError::Decode(format!("the list is not UTF-8: {e}")))?;
        if self.is_table() && has_rows(text) {
            let table = decode_table(&bytes, self.namespaced, &mut self.interner)?;
            let rows = table.rows.into_iter().map(|row| row.row).collect();
            return Ok(Page { version: table.resource_version, proceed: table.proceed, columns: table.columns, rows });
        }
        #[derive(Deserialize)]
        struct JsonList<'a> {
            #[serde(default)]
            metadata: Option<ListMeta>,
            #[serde(borrow, default)]
            items: Option<Vec<&'a RawValue>>,
        }
        let list: JsonList<'_> = serde_json::from_str(text).map_err(DecodeError::Json)?;
        let items = list.items.unwrap_or_default();
        let rows = items.iter().map(|item| self.row(Wire::Json, item.get().as_bytes())).collect::<Result<_, _>>()?;
        let meta = list.metadata.unwrap_or_default();
        Ok(Page { version: meta.resource_version, proceed: meta.proceed, columns: self.plain_columns(), rows })
    }
}

/// The Accept header of metadata alone.
fn metadata(name: &str, stream: &str) -> String {
    let with = format!("as={name};g=meta.k8s.io;v=v1");
    format!("application/vnd.kubernetes.protobuf;{with}{stream},application/json;{with}{stream}")
}

/// An answer's Content-Type is protobuf.
pub fn is_protobuf(content_type: &str) -> bool {
    content_type.starts_with("application/vnd.kubernetes.protobuf")
}

/// Whether a JSON object is a Table: the server writes `kind` first.
fn has_rows(json: &str) -> bool {
    let head = &json.as_bytes()[..json.len().min(200)];
    memchr::memmem::find(head, b"\"kind\":\"Table\"").is_some()
}
