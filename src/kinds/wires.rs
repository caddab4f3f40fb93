//! For tests: objects over both wires, and what a real server printed of the objects it sent.

use serde_json::Value;

use super::{Block, Wire};
use crate::model::intern::Interner;
use crate::model::row::Row;
use crate::model::time::Seconds;

/// The row of an object in JSON, which must be the same over protobuf.
pub fn row(block: &Block, object: Value) -> Row {
    let json = object.to_string().into_bytes();
    let mut interner = Interner::new(block.as_kind().into());
    let row = (block.decode)(Wire::Json, &json, &mut interner).expect("JSON decodes");
    let message = (block.encode)(&json).expect("JSON encodes");
    assert_eq!((block.decode)(Wire::Protobuf, &message, &mut interner).expect("protobuf decodes"), row, "the wires differ");
    row
}

/// A row's cells as text.
pub fn cells(row: &Row, now: Seconds) -> Vec<String> {
    row.cells.iter().map(|cell| cell.text(now)).collect()
}
