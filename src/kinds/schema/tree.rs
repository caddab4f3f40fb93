//! Trees as values that are held against a schema.

use super::{Json, Shape};
use crate::model::edit::{Content, Node};
use crate::model::tree::Tree;

impl Json for Node {
    fn shape(&self) -> Shape<'_, Node> {
        match &self.content {
            Content::Scalar { value: Tree::Null | Tree::List(_) | Tree::Map(_), .. } => Shape::Null,
            Content::Scalar { value: Tree::Bool(_), .. } => Shape::Bool,
            Content::Scalar { value: Tree::Int(n), .. } => Shape::Integer(Some(*n)),
            Content::Scalar { value: Tree::Float(f), .. } => Shape::Float(*f),
            Content::Scalar { value: Tree::Text(text), .. } => Shape::Text(text),
            Content::List(items) => Shape::List(items),
            Content::Map(entries) => Shape::Map(Box::new(entries.iter().map(|entry| (entry.name.as_str(), &entry.node)))),
        }
    }
}

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
