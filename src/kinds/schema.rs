//! The one reader of a server's OpenAPI v3 documents: what a kind's fields are, how lists are merged, what is unknown.
//!
//! A document of one group and version is a megabyte of text, of which a question needs a few components. Parsing cuts the text
//! into components and looks no further; each is read when it is first asked for, and kept. Documents and types may be
//! shared between threads.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

mod check;
mod guide;
mod node;
mod spot;
mod strict;
mod tree;
mod types;

pub use check::{Level, Mark, check};
pub use guide::Guided;
pub use spot::{Completion, Known, Spotted, field_at};
pub use strict::{Fault, Found, Json, Problem, Shape, found, problems, unknown_fields};
pub use types::{Field, Form, Type};

use node::Node;

/// The beginning of a reference to a component.
const COMPONENTS: &str = "#/components/schemas/";

/// Text that is no OpenAPI v3 document.
#[derive(Debug)]
pub struct SchemaError(serde_json::Error);

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an OpenAPI v3 document: {}", self.0)
    }
}

impl std::error::Error for SchemaError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// An OpenAPI v3 document. Cheap to clone: clones share what has been read.
#[derive(Clone)]
pub struct Document(Arc<Inner>);

struct Inner {
    text: Bytes,
    components: FxHashMap<Box<str>, Component>,
    /// Components by group, version and kind, for those that are not found by their names.
    kinds: OnceLock<Vec<(Gvk, Box<str>)>>,
}

struct Component {
    text: Range<usize>,
    node: OnceLock<Option<Arc<Node>>>,
}

/// An entry of `x-kubernetes-group-version-kind`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct Gvk {
    group: String,
    version: String,
    kind: String,
}

/// The outline of a document.
#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(borrow, default)]
    components: Schemas<'a>,
}

#[derive(Default, Deserialize)]
struct Schemas<'a> {
    #[serde(borrow, default)]
    schemas: std::collections::BTreeMap<Box<str>, &'a RawValue>,
}

/// The part of a component that says which kinds it is of.
#[derive(Deserialize)]
struct Kinds {
    #[serde(rename = "x-kubernetes-group-version-kind", default)]
    kinds: Vec<Gvk>,
}

impl Document {
    /// Cuts a document into its components, without reading them.
    ///
    /// # Errors
    /// It is no JSON, or its `components` are not what OpenAPI v3 has there.
    pub fn parse(text: impl Into<Bytes>) -> Result<Document, SchemaError> {
        let text = text.into();
        let outline: Outline<'_> = serde_json::from_slice(&text).map_err(SchemaError)?;
        let start = text.as_ptr() as usize;
        let components = outline.components.schemas.into_iter().map(|(name, raw)| {
            let from = raw.get().as_ptr() as usize - start;
            (name, Component { text: from..from + raw.get().len(), node: OnceLock::new() })
        });
        let components = components.collect();
        Ok(Document(Arc::new(Inner { text, components, kinds: OnceLock::new() })))
    }

    /// A document of nothing but inline types: see [`Type::inline`].
    fn empty() -> Document {
        Document(Arc::new(Inner { text: Bytes::new(), components: FxHashMap::default(), kinds: OnceLock::new() }))
    }

    /// The type of a kind, found by the component's `x-kubernetes-group-version-kind`.
    pub fn kind(&self, group: &str, version: &str, kind: &str) -> Option<Type> {
        let wanted = |k: &Gvk| k.group == group && k.version == version && k.kind == kind;
        let named = |name: &str| name.rsplit('.').next() == Some(kind);
        let by_name = self.0.components.keys().find(|name| named(name) && self.component(name).is_some_and(|n| n.kinds.iter().any(wanted)));
        if let Some(name) = by_name {
            return self.named(name);
        }
        let kinds = self.0.kinds.get_or_init(|| self.index());
        kinds.iter().find(|(k, _)| wanted(k)).and_then(|(_, name)| self.named(name))
    }

    /// The type of a component, by its name (`io.k8s.api.core.v1.PodSpec`).
    pub fn named(&self, name: &str) -> Option<Type> {
        self.component(name).map(|node| Type::new(self.clone(), node.clone()))
    }

    /// The names of all components, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.components.keys().map(|name| &**name)
    }

    /// The text of a component; empty where there is none.
    pub fn text(&self, name: &str) -> &[u8] {
        self.0.components.get(name).and_then(|c| self.0.text.get(c.text.clone())).unwrap_or_default()
    }

    /// What a reference (`#/components/schemas/…`) refers to.
    fn resolve(&self, reference: &str) -> Option<&Arc<Node>> {
        self.component(reference.strip_prefix(COMPONENTS)?)
    }

    /// A component, read now if it was not. One that cannot be read is as one that is not there: what it describes may be
    /// anything.
    fn component(&self, name: &str) -> Option<&Arc<Node>> {
        let component = self.0.components.get(name)?;
        let read = || {
            let mut node: Node = serde_json::from_slice(self.0.text.get(component.text.clone())?).ok()?;
            node.component = Some(name.into());
            Some(Arc::new(node))
        };
        component.node.get_or_init(read).as_ref()
    }

    fn index(&self) -> Vec<(Gvk, Box<str>)> {
        let finder = memchr::memmem::Finder::new("\"x-kubernetes-group-version-kind\"");
        let mut out = Vec::new();
        for name in self.0.components.keys() {
            let text = self.text(name);
            if finder.find(text).is_some()
                && let Ok(found) = serde_json::from_slice::<Kinds>(text)
            {
                out.extend(found.kinds.into_iter().map(|kind| (kind, name.clone())));
            }
        }
        out
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document of {} components", self.0.components.len())
    }
}

impl Type {
    /// A type that is written out, as a CustomResourceDefinition's `openAPIV3Schema`.
    ///
    /// # Errors
    /// It is no schema.
    pub fn inline(schema: &Value) -> Result<Type, SchemaError> {
        let node = Node::deserialize(schema).map_err(SchemaError)?;
        Ok(Type::new(Document::empty(), Arc::new(node)))
    }
}

#[cfg(test)]
mod tests;
