//! A type: a schema with what it refers to.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::node::{Additional, Node};
use super::{COMPONENTS, Document};

/// How far references are followed: real ones go one or two steps, and none may lead round in a circle for ever.
const DEEPEST: usize = 16;

/// What a value of a type looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A map with fields of known names, of any names, or both.
    Object,
    /// A list.
    Array,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A whole number or text: a port by number or name, replicas or a percentage.
    IntOrString,
    /// A number or text: `0.5`, `500m`.
    Quantity,
    /// Whatever.
    Any,
}

/// A type of a document. Cheap to clone. References, and an `allOf` of one, are looked through: a description or default beside
/// them comes before what they refer to.
#[derive(Clone)]
pub struct Type {
    document: Document,
    node: Arc<Node>,
}

/// A field of an object.
#[derive(Clone, Debug)]
pub struct Field {
    /// `replicas`.
    pub name: Box<str>,
    /// What stands in it.
    pub of: Type,
    /// It has to be there.
    pub required: bool,
}

impl Type {
    pub(super) fn new(document: Document, node: Arc<Node>) -> Type {
        Type { document, node }
    }

    /// The schema at this place, and those that it refers to, one after the other.
    fn layers(&self) -> impl Iterator<Item = &Node> {
        Layers { document: &self.document, next: Some(&self.node), left: DEEPEST }
    }

    fn find<'a, T>(&'a self, part: impl Fn(&'a Node) -> Option<T>) -> Option<T> {
        self.layers().find_map(part)
    }

    fn below(&self, node: &Arc<Node>) -> Type {
        Type { document: self.document.clone(), node: node.clone() }
    }

    /// What a value looks like.
    pub fn form(&self) -> Form {
        self.find(form).unwrap_or(Form::Any)
    }

    /// The fields of an object, in the document's order.
    pub fn fields(&self) -> Vec<Field> {
        let fields = self.layers().flat_map(|node| &node.properties);
        fields.map(|(name, node)| Field { name: name.clone(), of: self.below(node), required: self.requires(name) }).collect()
    }

    /// A field of an object. What is below `metadata` of an embedded resource is not described, and is `None`.
    pub fn field(&self, name: &str) -> Option<Type> {
        self.find(|node| node.properties.iter().find(|(n, _)| **n == *name)).map(|(_, node)| self.below(node))
    }

    /// A field has to be there.
    pub fn requires(&self, name: &str) -> bool {
        self.layers().any(|node| node.required.iter().any(|n| **n == *name))
    }

    /// The names of the fields that have to be there.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        self.layers().flat_map(|node| &node.required).map(|name| &**name)
    }

    /// It has fields of known names.
    pub fn has_fields(&self) -> bool {
        self.layers().any(|node| !node.properties.is_empty())
    }

    /// The type of a list's items.
    pub fn items(&self) -> Option<Type> {
        self.find(|node| node.items.as_ref()).map(|below| self.below(&below.0))
    }

    /// The type of a map's values, where any key is allowed.
    pub fn values(&self) -> Option<Type> {
        self.find(|node| match &node.additional_properties {
            Some(Additional::Of(below)) => Some(&below.0),
            _ => None,
        })
        .map(|node| self.below(node))
    }

    /// The type at a path of fields, through the items of lists and the values of maps:
    /// `["spec", "containers", "image"]`.
    pub fn at<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Option<Type> {
        path.into_iter().try_fold(self.clone(), |of, name| {
            let mut of = of;
            while let Some(items) = of.items() {
                of = items;
            }
            of.field(name).or_else(|| of.values())
        })
    }

    /// The default, as the server writes it into what lacks it.
    pub fn default(&self) -> Option<&Value> {
        self.find(|node| node.default.as_ref())
    }

    /// The values that are allowed; none where any is.
    pub fn enumeration(&self) -> &[Value] {
        self.find(|node| Some(node.enumeration.as_slice()).filter(|all| !all.is_empty())).unwrap_or_default()
    }

    /// What the server says of it.
    pub fn description(&self) -> Option<&str> {
        self.find(|node| node.description.as_deref())
    }

    /// What is said of it at this place, whatever it refers to.
    pub fn own_description(&self) -> Option<&str> {
        self.node.description.as_deref()
    }

    /// What is said of it at this place, and then of what it refers to.
    pub fn descriptions(&self) -> impl Iterator<Item = &str> {
        self.layers().filter_map(|node| node.description.as_deref()).filter(|said| !said.is_empty())
    }

    /// `int32`, `int64`, `date-time`, `byte`, …
    pub fn format(&self) -> Option<&str> {
        self.find(|node| node.format.as_deref())
    }

    /// How apply merges a list: `atomic`, `set` or `map`.
    pub fn list_type(&self) -> Option<&str> {
        self.find(|node| node.list_type.as_deref())
    }

    /// The keys by which apply tells the items of a `map` list apart.
    pub fn list_map_keys(&self) -> &[Box<str>] {
        self.find(|node| Some(node.list_map_keys.as_slice()).filter(|all| !all.is_empty())).unwrap_or_default()
    }

    /// How apply merges an object: `atomic` or `granular`.
    pub fn map_type(&self) -> Option<&str> {
        self.find(|node| node.map_type.as_deref())
    }

    /// How a strategic merge patch merges it: `merge`, `replace`, `retainKeys`, or several with commas between.
    pub fn patch_strategy(&self) -> Option<&str> {
        self.find(|node| node.patch_strategy.as_deref())
    }

    /// The key by which a strategic merge patch tells a list's items apart.
    pub fn patch_merge_key(&self) -> Option<&str> {
        self.find(|node| node.patch_merge_key.as_deref())
    }

    /// `null` is allowed, and is not the same as nothing (custom resources).
    pub fn nullable(&self) -> bool {
        self.layers().any(|node| node.nullable)
    }

    /// Fields that are not described are kept: `x-kubernetes-preserve-unknown-fields`, `additionalProperties: true`, and the
    /// built-in types that have no fields at all (RawExtension, FieldsV1).
    pub fn preserves_unknown(&self) -> bool {
        let mut described = false;
        let mut component = false;
        for node in self.layers() {
            if node.preserve_unknown_fields || matches!(node.additional_properties, Some(Additional::Allowed(true))) {
                return true;
            }
            described |= !node.properties.is_empty() || node.additional_properties.is_some();
            component |= node.component.is_some();
        }
        component && !described
    }

    /// A whole object with `apiVersion`, `kind` and `metadata` (custom resources).
    pub fn embedded_resource(&self) -> bool {
        self.layers().any(|node| node.embedded_resource)
    }

    /// The regular expression that text has to match.
    pub fn pattern(&self) -> Option<&str> {
        self.find(|node| node.pattern.as_deref())
    }

    /// The least number, and whether it is itself too small.
    pub fn minimum(&self) -> Option<(f64, bool)> {
        self.find(|node| node.minimum.map(|n| (n, node.exclusive_minimum)))
    }

    /// The largest number, and whether it is itself too large.
    pub fn maximum(&self) -> Option<(f64, bool)> {
        self.find(|node| node.maximum.map(|n| (n, node.exclusive_maximum)))
    }

    /// What a number has to be a multiple of.
    pub fn multiple_of(&self) -> Option<f64> {
        self.find(|node| node.multiple_of)
    }

    /// The least and the largest number of characters of text.
    pub fn length(&self) -> (Option<u64>, Option<u64>) {
        (self.find(|node| node.min_length), self.find(|node| node.max_length))
    }

    /// The least and the largest number of items of a list.
    pub fn item_count(&self) -> (Option<u64>, Option<u64>) {
        (self.find(|node| node.min_items), self.find(|node| node.max_items))
    }

    /// The least and the largest number of entries of an object.
    pub fn field_count(&self) -> (Option<u64>, Option<u64>) {
        (self.find(|node| node.min_properties), self.find(|node| node.max_properties))
    }

    /// No two items of a list may be equal.
    pub fn unique_items(&self) -> bool {
        self.layers().any(|node| node.unique_items)
    }

    /// The component that describes it: `io.k8s.api.core.v1.Container`.
    pub fn component(&self) -> Option<&str> {
        self.find(|node| node.component.as_deref())
    }

    /// Its name as `kubectl explain` has it between `<` and `>`: `string`, `Container`, `[]Container`, `map[string]string`.
    /// (kubectl's explain/v2/templates/plaintext.tmpl, `typeGuess`)
    pub fn name(&self) -> String {
        for node in self.layers() {
            if let Some(items) = &node.items {
                return format!("[]{}", self.below(&items.0).name());
            }
            if let Some(Additional::Of(values)) = &node.additional_properties {
                return format!("map[string]{}", self.below(&values.0).name());
            }
            if let Some(reference) = &node.reference {
                let target = self.document.resolve(reference).and_then(|node| node.kind.as_deref());
                return match target {
                    None | Some("object") => short(reference.strip_prefix(COMPONENTS).unwrap_or(reference)).into(),
                    Some(scalar) => scalar.into(),
                };
            }
            if node.all_of.len() != 1 || !node.properties.is_empty() {
                return match node.kind.as_deref() {
                    None | Some("object") => "Object".into(),
                    Some(scalar) => scalar.into(),
                };
            }
        }
        "Object".into()
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.name())
    }
}

/// `Container` of `io.k8s.api.core.v1.Container`.
pub(super) fn short(component: &str) -> &str {
    component.rsplit('.').next().unwrap_or(component)
}

/// See [`Type::layers`].
struct Layers<'a> {
    document: &'a Document,
    next: Option<&'a Arc<Node>>,
    left: usize,
}

impl<'a> Iterator for Layers<'a> {
    type Item = &'a Node;

    fn next(&mut self) -> Option<&'a Node> {
        let node = self.next.take()?;
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            self.next = match (&node.reference, node.all_of.as_slice()) {
                (Some(reference), _) => self.document.resolve(reference),
                (None, [only]) => Some(&only.0),
                _ => None,
            };
        }
        Some(node)
    }
}

/// The form that one layer says; `None` leaves it to the next one.
fn form(node: &Node) -> Option<Form> {
    if node.int_or_string || node.format.as_deref() == Some("int-or-string") {
        return Some(Form::IntOrString);
    }
    let Some(kind) = node.kind.as_deref() else {
        let alternatives = if node.one_of.is_empty() { &node.any_of } else { &node.one_of };
        let has = |kind: &str| alternatives.iter().any(|a| a.kind.as_deref() == Some(kind));
        if has("string") && has("integer") {
            return Some(Form::IntOrString);
        }
        if has("string") && has("number") {
            return Some(Form::Quantity);
        }
        return (!node.properties.is_empty()).then_some(Form::Object);
    };
    match kind {
        "object" => Some(Form::Object),
        "array" => Some(Form::Array),
        "string" => Some(Form::String),
        "integer" => Some(Form::Integer),
        "number" => Some(Form::Number),
        "boolean" => Some(Form::Boolean),
        _ => None,
    }
}
