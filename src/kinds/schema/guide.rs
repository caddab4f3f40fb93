//! What a difference of two trees has to know of their type.

use super::Type;
use crate::model::edit::{Guide, Listing};
use crate::model::tree::Tree;

/// A type, or none where nothing is known.
#[derive(Clone, Debug, Default)]
pub struct Guided(pub Option<Type>);

impl Guide for Guided {
    fn field(&self, name: &str) -> Guided {
        Guided(self.0.as_ref().and_then(|of| of.field(name).or_else(|| of.values())))
    }

    fn item(&self) -> Guided {
        Guided(self.0.as_ref().and_then(Type::items))
    }

    /// As server-side apply has it; lists that say nothing of it but have a key for strategic merge patches go by that one.
    fn listing(&self) -> Listing {
        let Some(of) = &self.0 else { return Listing::Atomic };
        let keyed = |keys: &mut dyn Iterator<Item = &str>| {
            let items = of.items();
            let default =
                |name: &str| items.as_ref()?.field(name)?.default().filter(|value| !zero(value)).map(|value| Tree::from(value.clone()));
            Listing::Keyed(keys.map(|name| (name.into(), default(name))).collect())
        };
        match (of.list_type(), of.patch_merge_key()) {
            (Some("set"), _) => Listing::Set,
            (Some("map"), _) if !of.list_map_keys().is_empty() => keyed(&mut of.list_map_keys().iter().map(|name| &**name)),
            (None, Some(key)) => keyed(&mut std::iter::once(key)),
            _ => Listing::Atomic,
        }
    }

    fn atomic(&self) -> bool {
        self.0.as_ref().is_some_and(|of| of.map_type() == Some("atomic") || of.list_type() == Some("atomic"))
    }

    fn nullable(&self) -> bool {
        self.0.as_ref().is_none_or(|of| of.nullable() || of.form() == super::Form::Any)
    }
}

/// What Go has where nothing was written. The schema of a built-in type says it as the default of every field that is no
/// pointer, and it is none.
pub(super) fn zero(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}
