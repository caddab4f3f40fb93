//! What the tests of blocks share: an object is read from JSON and from protobuf, and both must give the same row.

use std::sync::Arc;

use super::{BLOCKS, Block, Wire, columns};
use crate::model::intern::Interner;
use crate::model::row::{Row, Source};

/// The moment at which tests print ages: 2026-11-21T08:00:00Z.
pub const NOW: i64 = 1_795_248_000;

/// Decodes an object from JSON, and once more from what the block encodes it to.
pub fn row(block: &Block, json: &str) -> Row {
    let mut interner = Interner::new(Arc::new(block.as_kind()));
    let from_json = (block.decode)(Wire::Json, json.as_bytes(), &mut interner).expect("JSON is read");
    let protobuf = (block.encode)(&serde_json::from_str(json).expect("JSON is read")).expect("is encoded");
    let from_protobuf = (block.decode)(Wire::Protobuf, &protobuf, &mut interner).expect("protobuf is read");
    assert_eq!(from_json, from_protobuf, "the two wires differ");
    let cells = columns(block).iter().filter(|c| matches!(c.source, Source::Cell(_))).count();
    assert_eq!(from_json.cells.len(), cells, "one cell a column");
    assert!(BLOCKS.iter().any(|known| std::ptr::eq(*known, block)), "{block:?} stands in BLOCKS");
    from_json
}

/// The cells of a row as they are printed at [`NOW`].
pub fn cells(row: &Row) -> Vec<String> {
    row.cells.iter().map(|cell| cell.text(NOW)).collect()
}

/// The headers that a block's cells stand under.
pub fn heads(block: &Block) -> Vec<&'static str> {
    block.columns.iter().map(|head| head.name).collect()
}
