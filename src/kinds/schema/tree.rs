//! Trees as values that are held against a schema.

use super::{Json, Shape};
use crate::model::tree::Tree;

impl Json for Tree {
    fn shape(&self) -> Shape<'_, Tree> {
        match self {
            Tree::Null => Shape::Null,
            Tree::Bool(_) => Shape::Bool,
            Tree::Int(n) => Shape::Integer(Some(*n)),
            Tree::Float(f) => Shape::Float(*f),
            Tree::Text(text) => Shape::Text(text),
            Tree::List(items) => Shape::List(items),
            Tree::Map(map) => Shape::Map(Box::new(map.iter())),
        }
    }
}
