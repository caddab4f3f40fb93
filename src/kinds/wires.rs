//! For tests: objects over both wires, and what a real server printed of the objects it sent.

use prost::Message;
use serde_json::Value;

use super::{Block, List, Wire, columns};
use crate::model::facts::Facts;
use crate::model::intern::Interner;
use crate::model::row::{Column, Row, Source};
use crate::model::time::{self, Seconds};

/// The row of an object in JSON, which must be the same over protobuf.
pub fn row(block: &Block, object: Value) -> Row {
    let json = object.to_string().into_bytes();
    let mut interner = Interner::new(block.as_kind().into());
    let row = (block.decode)(Wire::Json, &json, &mut interner).expect("JSON decodes");
    let message = (block.encode)(&object.into()).expect("encodes");
    assert_eq!((block.decode)(Wire::Protobuf, &message, &mut interner).expect("protobuf decodes"), row, "the wires differ");
    row
}

/// A row's cells as text.
pub fn cells(row: &Row, now: Seconds) -> Vec<String> {
    row.cells.iter().map(|cell| cell.text(now)).collect()
}

#[derive(Clone, PartialEq, prost::Message)]
struct Envelope {
    #[prost(bytes = "bytes", tag = 2)]
    raw: bytes::Bytes,
}

/// The message in a recorded answer: behind `k8s\0`, in a `runtime.Unknown`.
fn message<T: prost::Message + Default>(answer: &[u8]) -> T {
    let envelope = Envelope::decode(answer.strip_prefix(b"k8s\0").expect("magic")).expect("runtime.Unknown");
    T::decode(envelope.raw).expect("a message")
}

/// What a server sent of some objects, and what it printed of them itself.
struct Recorded {
    block: &'static Block,
    protobuf: &'static [u8],
    json: &'static str,
    table: &'static str,
}

macro_rules! recorded {
    ($block:expr, $name:literal) => {
        Recorded {
            block: &$block,
            protobuf: include_bytes!(concat!("../../tests/frames/", $name, ".pb")),
            json: include_str!(concat!("../../tests/frames/", $name, ".json")),
            table: include_str!(concat!("../../tests/frames/", $name, ".table.json")),
        }
    };
}

#[rustfmt::skip]
static RECORDED: &[Recorded] = &[
    recorded!(super::pods::POD, "pods"),
    recorded!(super::services::SERVICE, "services"),
    recorded!(super::discovery::ENDPOINT_SLICE, "endpointslices"),
    recorded!(super::nodes::NODE, "nodes"),
    recorded!(super::events::EVENT, "events"),
    recorded!(super::core::NAMESPACE, "namespaces"),
    recorded!(super::core::SERVICE_ACCOUNT, "serviceaccounts"),
    recorded!(super::volumes::PERSISTENT_VOLUME, "persistentvolumes"),
    recorded!(super::volumes::PERSISTENT_VOLUME_CLAIM, "persistentvolumeclaims"),
];

impl Recorded {
    /// The rows of what came as protobuf, which must be those of what came as JSON.
    fn rows(&self) -> Vec<Row> {
        let mut interner = Interner::new(self.block.as_kind().into());
        let list: List = message(self.protobuf);
        let json: Value = serde_json::from_str(self.json).expect("JSON");
        let objects = json["items"].as_array().expect("items");
        assert_eq!(list.items.len(), objects.len());
        let row = |(message, object): (&bytes::Bytes, &Value)| {
            let row = (self.block.decode)(Wire::Protobuf, message, &mut interner).expect("protobuf decodes");
            let other = (self.block.decode)(Wire::Json, object.to_string().as_bytes(), &mut interner).expect("JSON decodes");
            assert_eq!(row, other, "the wires differ");
            row
        };
        list.items.iter().zip(objects).map(row).collect()
    }

    /// The cell of a column, as the table shows it.
    fn shown(row: &Row, source: Source, now: Seconds) -> Option<String> {
        match source {
            Source::Name => Some(row.name.to_string()),
            Source::Age => Some(time::age(now - row.created)),
            Source::Cell(at) => Some(row.cells[usize::from(at)].text(now)),
            _ => None,
        }
    }
}

#[test]
fn rows_are_what_the_server_prints() {
    for recorded in RECORDED {
        let table: Value = serde_json::from_str(recorded.table).expect("JSON");
        let printed: Vec<Vec<String>> = table["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| row.as_array().expect("cells").iter().map(|c| c.as_str().map_or_else(|| c.to_string(), str::to_owned)).collect())
            .collect();
        let columns = columns(recorded.block);
        let of_kubectl = |c: &&Column| !matches!(c.source, Source::Namespace | Source::Cpu | Source::Memory);
        // kubectl keeps the server's order, and leaves out what has a priority unless the output is wide.
        let heads: Vec<(String, bool)> = columns.iter().filter(of_kubectl).map(|c| (c.name.to_string(), c.wide)).collect();
        let served: Vec<(String, bool)> = table["columns"]
            .as_array()
            .expect("columns")
            .iter()
            .map(|c| (c[0].as_str().expect("a name").to_uppercase(), c[1] != 0))
            .collect();
        assert_eq!(heads, served, "{:?}", recorded.block);
        let now = table["now"].as_i64().expect("a moment");
        let rows: Vec<Vec<String>> =
            recorded.rows().iter().map(|row| columns.iter().filter_map(|c| Recorded::shown(row, c.source, now)).collect()).collect();
        assert!(!rows.is_empty());
        assert_eq!(rows, printed, "{:?}", recorded.block);
    }
}

/// 1.2 KB: what a pod may take in memory, all told, with the parts that it shares with nobody.
#[test]
fn a_pod_fits_its_budget() {
    let object: bytes::Bytes = {
        let envelope = Envelope::decode(&include_bytes!("../../tests/frames/pod.pb")[4..]).expect("runtime.Unknown");
        envelope.raw
    };
    let row = (super::pods::POD.decode)(Wire::Protobuf, &object, &mut Interner::default()).expect("decodes");
    let Facts::Pod(facts) = &row.facts else { panic!("no facts") };
    assert_eq!((row.cells.len(), facts.containers.len(), facts.conditions.len()), (7, 2, 0));
    // Each allocation costs the allocator up to 16 bytes more.
    let parts = [
        size_of::<Row>(),
        row.name.len(),
        size_of_val(&*row.cells),
        size_of_val(&**facts),
        size_of_val(&*facts.containers),
        16 + facts.ip.len(),
    ];
    let bytes: usize = parts.iter().map(|part| part + 16).sum();
    assert!(bytes <= 1200, "{bytes} bytes: {parts:?}");
}
