//! Trees to JSON text.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Tree;

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Tree::Null => to.serialize_unit(),
            Tree::Bool(b) => to.serialize_bool(*b),
            Tree::Int(n) => to.serialize_i64(*n),
            Tree::Float(f) => to.serialize_f64(*f),
            Tree::Text(text) => to.serialize_str(text),
            Tree::List(items) => to.collect_seq(items.iter()),
            Tree::Map(map) => {
                let mut entries = to.serialize_map(Some(map.len()))?;
                for (key, value) in map.iter() {
                    entries.serialize_entry(key, value)?;
                }
                entries.end()
            }
        }
    }
}

impl Tree {
    /// JSON text. A tree has nothing that JSON cannot write.
    pub fn json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        // Writing to memory does not fail, and keys are strings.
        let _ = serde_json::to_writer(&mut out, self);
        out
    }
}
