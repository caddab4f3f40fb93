//! A tree that knows where in a text each of its parts stands.

use std::sync::Arc;

use arcstr::ArcStr;

use super::place::{Path, Place, Step};
use crate::model::tree::{Map, Tree};

/// A value and its place. What an alias stands for is shared, not copied.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands: for an alias, where the alias stands. A collection's place is its beginning.
    pub at: Place,
    /// Where its key stands, when it stands under one.
    pub key: Option<Place>,
    /// What it is.
    pub content: Content,
}

/// See [`Node`].
#[derive(Clone, Debug)]
pub enum Content {
    /// No collection.
    Scalar {
        /// Its meaning.
        value: Tree,
        /// It is text because of quotes, a block style or a tag.
        quoted: bool,
    },
    /// A list.
    List(Arc<Vec<Node>>),
    /// A map, in the text's order. A key that comes twice is there twice.
    Map(Arc<Vec<Entry>>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key as JSON has it.
    pub name: ArcStr,
    /// The value.
    pub node: Node,
}

impl Node {
    /// The value without places. Of equal keys the last counts, as for kubectl.
    pub fn tree(&self) -> Tree {
        match &self.content {
            Content::Scalar { value, .. } => value.clone(),
            Content::List(items) => items.iter().map(Node::tree).collect(),
            Content::Map(entries) => {
                Tree::Map(Arc::new(entries.iter().map(|entry| (entry.name.clone(), entry.node.tree())).collect::<Map>()))
            }
        }
    }

    /// The entries of a map; none where it is none.
    pub fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none where it is none.
    pub fn items(&self) -> &[Node] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// The value under a key; the last where there are several.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().rev().find(|entry| entry.name == *name).map(|entry| &entry.node)
    }

    /// Text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { value, .. } => value.as_str(),
            _ => None,
        }
    }

    /// What stands at a path; where the way ends early, the last that is there, and false. A server's error that names a
    /// field that was never written is shown at what it should have stood in.
    pub fn nearest(&self, path: &Path) -> (&Node, bool) {
        let mut node = self;
        for step in &path.0 {
            let next = match step {
                Step::Key(name) => node.get(name),
                Step::At(place) => node.items().get(*place),
                Step::Item(keys) => node.items().iter().find(|item| {
                    keys.iter().all(|(name, value)| match item.get(name).map(|node| &node.content) {
                        Some(Content::Scalar { value: found, .. }) => found == value,
                        _ => name.is_empty() && matches!(&item.content, Content::Scalar { value: found, .. } if found == value),
                    })
                }),
            };
            let Some(next) = next else { return (node, false) };
            node = next;
        }
        (node, true)
    }

    /// Its key's place, or its own where it stands under none: what to show when something is wrong with it as a field.
    pub fn label(&self) -> Place {
        self.key.unwrap_or(self.at)
    }
}
