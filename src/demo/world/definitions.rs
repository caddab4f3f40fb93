//! What the API has: the registry of resources and the types of kinds, with those of custom resources as they are defined now.

use std::collections::BTreeMap;

use super::World;
use crate::demo::openapi::{self, CustomDocument};
use crate::demo::resources::{Registry, Resource};
use crate::demo::store::{Change, Object, Verb};
use crate::demo::tree::Tree;
use crate::kinds::schema::Type;
use std::sync::Arc;

/// The resource of definitions.
pub const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// What the definitions add to the recorded documents.
#[derive(Default)]
pub(super) struct Documents(BTreeMap<(String, String), CustomDocument>);

impl World {
    /// All resources.
    pub fn resources(&self) -> &Registry {
        &self.resources
    }

    /// The OpenAPI documents of custom resources, by group and version.
    pub fn custom_documents(&self) -> impl Iterator<Item = &CustomDocument> {
        self.documents.0.values()
    }

    /// The type of a kind.
    pub fn type_of(&self, group: &str, version: &str, kind: &str) -> Option<Type> {
        openapi::kind(group, version, kind).or_else(|| {
            let document = self.documents.0.get(&(group.to_owned(), version.to_owned()))?;
            document.schema()?.kind(group, version, kind)
        })
    }

    /// The definition of a custom resource.
    pub fn definition(&self, resource: &Resource) -> Option<Arc<Object>> {
        self.get(DEFINITIONS, "", &format!("{}.{}", resource.plural, resource.group))
    }

    /// Takes over what a changed definition says.
    pub(crate) fn define(&mut self, change: &Change) {
        let definition = &change.object.tree;
        match change.verb {
            Verb::Deleted => self.resources.forget(definition),
            Verb::Added | Verb::Modified => self.resources.define(definition),
        }
        let group = definition.text("spec.group").to_owned();
        self.documents.0.retain(|(of, _), _| *of != group);
        let definitions: Vec<Tree> = self.store.list(DEFINITIONS, None).map(|object| object.tree.clone()).collect();
        let versions = definitions.iter().filter(|d| d.text("spec.group") == group).flat_map(|d| d.at("spec.versions").items());
        for version in versions.map(|version| version.text("name")) {
            if let Some(document) = CustomDocument::of(&group, version, &definitions) {
                self.documents.0.insert((group.clone(), version.to_owned()), document);
            }
        }
    }
}
