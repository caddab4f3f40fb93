//! What an API server's decoder would not take: fields that it does not know, and values of the wrong form.

use std::fmt;

use serde_json::Value;

use super::types::short;
use super::{Form, Type};
use crate::model::{quantity, time};

/// A JSON value, however it is held.
pub trait Json: Sized {
    /// What it is.
    fn shape(&self) -> Shape<'_, Self>;
}

/// See [`Json`].
pub enum Shape<'a, V> {
    /// `null`, which every decoder takes for nothing.
    Null,
    /// `true`, `false`.
    Bool,
    /// A whole number; `None` when it is beyond 64 bits.
    Integer(Option<i64>),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// A list.
    List(&'a [V]),
    /// Keys and values.
    Map(Box<dyn Iterator<Item = (&'a str, &'a V)> + 'a>),
}

impl Json for Value {
    fn shape(&self) -> Shape<'_, Value> {
        match self {
            Value::Null => Shape::Null,
            Value::Bool(_) => Shape::Bool,
            Value::Number(n) => match n.as_f64() {
                Some(f) if n.is_f64() => Shape::Float(f),
                _ => Shape::Integer(n.as_i64()),
            },
            Value::String(text) => Shape::Text(text),
            Value::Array(items) => Shape::List(items),
            Value::Object(map) => Shape::Map(Box::new(map.iter().map(|(key, value)| (key.as_str(), value)))),
        }
    }
}

/// A place in an object that a server does not take. Written out it is in the API server's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `spec.template.spec.containers[0].foo`.
    pub path: String,
    /// What is wrong there.
    pub fault: Fault,
}

/// See [`Problem`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The type has no such field. A server drops it, warns of it or refuses it, as `fieldValidation` says.
    Unknown,
    /// A value of another form; a server refuses it always.
    Mismatch {
        /// `string`, `number 1.5`, `bool`, `array`, `object`.
        found: String,
        /// The Go type: `int32`, `[]v1.Container`.
        wanted: String,
        /// The field as Go's decoder names it: `DeploymentSpec.spec.replicas`.
        field: String,
    },
    /// Text, or something else, that is no quantity.
    Quantity,
    /// Text that is no time.
    Time(String),
    /// Text that is no base64 from this byte on.
    Base64(usize),
}

impl Problem {
    /// It is an unknown field, which is refused only when validation is strict.
    pub fn is_unknown(&self) -> bool {
        self.fault == Fault::Unknown
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::Unknown => write!(f, "unknown field \"{}\"", self.path),
            Fault::Mismatch { found, wanted, field } => {
                write!(f, "json: cannot unmarshal {found} into Go struct field {field} of type {wanted}")
            }
            // apimachinery's resource.ErrFormatWrong.
            Fault::Quantity => f.write_str("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
            // encoding/base64's CorruptInputError.
            Fault::Base64(at) => write!(f, "illegal base64 data at input byte {at}"),
            Fault::Time(text) => write!(f, "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""),
        }
    }
}

/// Everything in a value that a type does not take, in the value's order.
///
/// Go has names for some scalar types that OpenAPI does not say (`v1.RestartPolicy` is `string` here), and structs within
/// structs that it does not say either. Of a custom resource a server decodes its metadata only: values of the wrong form in
/// the rest of it are for validation to refuse.
pub fn problems<V: Json>(of: &Type, value: &V) -> Vec<Problem> {
    found(of, value).into_iter().map(|found| found.problem).collect()
}

/// A problem with what it was found in.
pub struct Found<'v, V> {
    /// The value that is not taken.
    pub value: &'v V,
    /// Its type; of an unknown field the type that lacks it.
    pub of: Type,
    /// What is wrong.
    pub problem: Problem,
}

/// As [`problems`], with the values themselves.
pub fn found<'v, V: Json>(of: &Type, value: &'v V) -> Vec<Found<'v, V>> {
    let mut walk =
        Walk { out: Vec::new(), path: String::new(), fields: String::new(), owner: of.component().map(short).unwrap_or_default().into() };
    walk.value(of, value);
    walk.out
}

/// The unknown fields of a value as the API server words them: `unknown field "spec.template.spec.containers[0].foo"`.
pub fn unknown_fields<V: Json>(of: &Type, value: &V) -> Vec<String> {
    problems(of, value).iter().filter(|p| p.is_unknown()).map(Problem::to_string).collect()
}

/// Where the walk is.
struct Walk<'v, V> {
    out: Vec<Found<'v, V>>,
    /// With places in lists and keys of maps, as strict errors have it.
    path: String,
    /// Fields of structs only, as Go's decoder has it.
    fields: String,
    /// The struct that it is in.
    owner: String,
}

impl<'v, V: Json> Walk<'v, V> {
    fn value(&mut self, of: &Type, value: &'v V) {
        let form = of.form();
        match (form, value.shape()) {
            (_, Shape::Null) | (Form::Any, _) => {}
            (Form::Object, Shape::Map(entries)) => self.object(of, entries),
            (Form::Array, Shape::List(items)) => {
                if let Some(of) = of.items() {
                    self.list(&of, items);
                }
            }
            (Form::Boolean, Shape::Bool) | (Form::Number, Shape::Integer(_) | Shape::Float(_)) => {}
            (Form::String, Shape::Text(text)) => {
                if of.format() == Some("date-time") && time::parse(text).is_none() {
                    self.fault(of, value, Fault::Time(text.into()));
                } else if of.format() == Some("byte")
                    && let Some(at) = corrupt(text)
                {
                    self.fault(of, value, Fault::Base64(at));
                }
            }
            (Form::Integer | Form::IntOrString, Shape::Integer(Some(n))) if fits(of, n) => {}
            (Form::IntOrString, Shape::Text(_)) => {}
            (Form::Quantity, Shape::Integer(_) | Shape::Float(_)) => {}
            (Form::Quantity, Shape::Text(text)) if text.trim() == text && quantity::millis(text).is_some() => {}
            (Form::Quantity, _) => self.fault(of, value, Fault::Quantity),
            // RawExtension and FieldsV1 keep the text as it is.
            (Form::Object, _) if of.preserves_unknown() && !of.has_fields() => {}
            (_, shape) => self.mismatch(of, value, &shape),
        }
    }

    fn object(&mut self, of: &Type, entries: impl Iterator<Item = (&'v str, &'v V)>) {
        let owner = of.component().map(short).filter(|_| of.has_fields()).map(str::to_owned);
        let outer = owner.map(|owner| std::mem::replace(&mut self.owner, owner));
        let open = of.preserves_unknown();
        let embedded = of.embedded_resource();
        let implied = |key: &str| embedded && matches!(key, "apiVersion" | "kind" | "metadata");
        let values = of.values();
        for (key, value) in entries {
            let (path, fields) = (self.path.len(), self.fields.len());
            self.path.push_str(if path == 0 { "" } else { "." });
            self.path.push_str(key);
            if let Some(of) = of.field(key) {
                self.fields.push('.');
                self.fields.push_str(key);
                self.value(&of, value);
            } else if let Some(of) = &values {
                self.value(of, value);
            } else if !open && !implied(key) {
                self.fault(of, value, Fault::Unknown);
            }
            self.path.truncate(path);
            self.fields.truncate(fields);
        }
        if let Some(outer) = outer {
            self.owner = outer;
        }
    }

    fn list(&mut self, of: &Type, items: &'v [V]) {
        for (at, item) in items.iter().enumerate() {
            let path = self.path.len();
            self.path.push_str(&format!("[{at}]"));
            self.value(of, item);
            self.path.truncate(path);
        }
    }

    fn mismatch(&mut self, of: &Type, value: &'v V, found: &Shape<'_, V>) {
        // Only numbers that would be of the right kind are written out.
        let numeric = matches!(of.form(), Form::Integer | Form::IntOrString);
        let found = match found {
            Shape::Null => "null".into(),
            Shape::Bool => "bool".into(),
            Shape::Integer(Some(n)) if numeric => format!("number {n}"),
            Shape::Float(n) if numeric => format!("number {n}"),
            Shape::Integer(_) | Shape::Float(_) => "number".into(),
            Shape::Text(_) => "string".into(),
            Shape::List(_) => "array".into(),
            Shape::Map(_) => "object".into(),
        };
        let field = format!("{}{}", self.owner, self.fields);
        self.fault(of, value, Fault::Mismatch { found, wanted: go_type(of), field });
    }

    fn fault(&mut self, of: &Type, value: &'v V, fault: Fault) {
        self.out.push(Found { value, of: of.clone(), problem: Problem { path: self.path.clone(), fault } });
    }
}

/// Where text stops being base64, as Go's decoder sees it (`decodeQuantum`); `None` where it is.
fn corrupt(text: &str) -> Option<usize> {
    let breaks = |byte: u8| matches!(byte, b'\n' | b'\r');
    let bytes = text.as_bytes();
    let (mut at, mut digits) = (0, 0);
    loop {
        let Some(&byte) = bytes.get(at) else {
            // What is left of four digits is looked at from its start.
            return (digits > 0).then(|| at - digits);
        };
        at += 1;
        match byte {
            _ if breaks(byte) => {}
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => digits = (digits + 1) % 4,
            b'=' if digits >= 2 => break,
            _ => return Some(at - 1),
        }
    }
    let rest = |from: usize| (from..bytes.len()).find(|&at| !breaks(bytes[at]));
    if digits == 2 {
        match rest(at) {
            None => return Some(bytes.len()),
            Some(next) if bytes[next] != b'=' => return Some(next),
            Some(next) => at = next + 1,
        }
    }
    rest(at)
}

/// A whole number is within the bounds of its format. An IntOrString holds 32 bits.
fn fits(of: &Type, n: i64) -> bool {
    match of.format() {
        Some("int32" | "int-or-string") => i32::try_from(n).is_ok(),
        _ => true,
    }
}

/// The name of a type in Go, as its decoder prints it.
fn go_type(of: &Type) -> String {
    match of.form() {
        Form::Array => format!("[]{}", of.items().map_or_else(|| "interface {}".into(), |of| go_type(&of))),
        Form::Object => match (of.values(), of.component()) {
            (Some(values), _) => format!("map[string]{}", go_type(&values)),
            (None, Some(component)) => go_struct(component),
            (None, None) => "map[string]interface {}".into(),
        },
        Form::String if of.format() == Some("byte") => "[]uint8".into(),
        Form::String => "string".into(),
        Form::Integer => of.format().unwrap_or("int64").into(),
        Form::Number => "float64".into(),
        Form::Boolean => "bool".into(),
        Form::IntOrString => "int32".into(),
        Form::Quantity => "resource.Quantity".into(),
        Form::Any => "interface {}".into(),
    }
}

/// `v1.Container` of `io.k8s.api.core.v1.Container`.
fn go_struct(component: &str) -> String {
    let mut parts = component.rsplitn(3, '.');
    match (parts.next(), parts.next()) {
        (Some(name), Some(package)) => format!("{package}.{name}"),
        _ => component.into(),
    }
}
