//! Objects in protobuf as trees: kubectl and other programs on client-go send what they make of built-in kinds this way.
//!
//! How the messages are laid out, and which fields their JSON leaves out when they are zero, is recorded from the API's own
//! sources by `tests/record/messages.py`. The answer is always JSON: every client takes that too.

use std::collections::HashMap;
use std::io::Read;
use std::sync::OnceLock;

use bytes::{Buf, Bytes};
use flate2::read::GzDecoder;
use k8s_openapi::ByteString;
use prost::encoding::{WireType, decode_key, decode_varint};

use crate::demo::tree::Tree;
use crate::kinds::envelope;

/// The media type.
pub const MEDIA: &str = "application/vnd.kubernetes.protobuf";

static RECORDED: &[u8] = include_bytes!("recorded/messages.txt.gz");

/// Where the messages of every group's options are.
const META: &str = "k8s.io.apimachinery.pkg.apis.meta.v1";

/// A message's fields by their numbers.
struct Layout<'a> {
    fields: Vec<(u32, Field<'a>)>,
    /// In JSON it is the list that its only field holds: `Verbs`, `ExtraValue`.
    list: bool,
}

#[derive(Clone, Copy)]
struct Field<'a> {
    name: &'a str,
    of: Kind<'a>,
    repeated: bool,
    /// From text.
    map: bool,
    /// Its own fields stand in its place.
    inlined: bool,
    /// JSON tells it though it is zero.
    told: bool,
}

#[derive(Clone, Copy)]
enum Kind<'a> {
    Text,
    Int,
    Bool,
    Double,
    Bytes,
    Message(&'a str),
}

/// The layouts by the messages' full names: `k8s.io.api.core.v1.Pod`. Empty when what was recorded cannot be read, which a
/// test does.
fn layouts() -> &'static HashMap<&'static str, Layout<'static>> {
    static TEXT: OnceLock<String> = OnceLock::new();
    static LAYOUTS: OnceLock<HashMap<&str, Layout>> = OnceLock::new();
    LAYOUTS.get_or_init(|| {
        let text = TEXT.get_or_init(|| {
            let mut text = String::new();
            let unpacked = GzDecoder::new(RECORDED).read_to_string(&mut text);
            if unpacked.is_ok() { text } else { String::new() }
        });
        text.lines().filter_map(layout).collect()
    })
}

/// Reads a line: `k8s.io.api.core.v1.EnvVar 1:name:?:s 2:value::s 3:valueFrom:?:k8s.io.api.core.v1.EnvVarSource`.
fn layout(line: &str) -> Option<(&str, Layout<'_>)> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let fields = words.filter_map(|word| {
        let mut parts = word.splitn(4, ':');
        let number = parts.next()?.parse().ok()?;
        let (name, signs, of) = (parts.next()?, parts.next()?, parts.next()?);
        let of = match of {
            "s" => Kind::Text,
            "i" => Kind::Int,
            "b" => Kind::Bool,
            "d" => Kind::Double,
            "y" => Kind::Bytes,
            message => Kind::Message(message),
        };
        let has = |sign| signs.contains(sign);
        Some((number, Field { name, of, repeated: has('['), map: has('{'), inlined: has('~'), told: has('?') }))
    });
    Some((name.trim_end_matches('='), Layout { fields: fields.collect(), list: name.ends_with('=') }))
}

/// Reads a document in its envelope, which says what it is. `None` for a kind that has no protobuf, as no custom one has.
///
/// # Errors
/// What is wrong with it.
pub fn object(document: &[u8]) -> Option<Result<Tree, String>> {
    let unknown = match envelope::open(&Bytes::copy_from_slice(document)) {
        None => return Some(Err("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]".to_owned())),
        Some(Err(why)) => return Some(Err(why.to_string())),
        Some(Ok(unknown)) => unknown,
    };
    let of = unknown.type_meta.unwrap_or_default();
    let (group, version) = of.api_version.split_once('/').unwrap_or(("core", &of.api_version));
    let group = group.split('.').next().unwrap_or_default();
    let names = [format!("k8s.io.api.{group}.{version}.{}", of.kind), format!("{META}.{}", of.kind)];
    let layout = names.iter().find_map(|name| layouts().get(name.as_str()))?;
    let mut tree = Tree::texts([("kind", of.kind.as_str()), ("apiVersion", &of.api_version)]);
    Some(fill(&mut tree, layout, unknown.raw).map(|()| tree))
}

/// What a field holds on the wire.
enum Held {
    Number(u64),
    Piece(Bytes),
}

fn next(from: &mut Bytes) -> Result<(u32, Held), String> {
    let (number, wire) = decode_key(from).map_err(|why| why.to_string())?;
    let length = match wire {
        WireType::Varint => return Ok((number, Held::Number(decode_varint(from).map_err(|why| why.to_string())?))),
        WireType::SixtyFourBit => return from.try_get_u64_le().map(|n| (number, Held::Number(n))).map_err(|_| ended()),
        WireType::ThirtyTwoBit => return from.try_get_u32_le().map(|n| (number, Held::Number(n.into()))).map_err(|_| ended()),
        WireType::LengthDelimited => decode_varint(from).map_err(|why| why.to_string())?,
        WireType::StartGroup | WireType::EndGroup => return Err(format!("proto: illegal wireType {}", wire as u8)),
    };
    let length = usize::try_from(length).ok().filter(|length| *length <= from.len()).ok_or_else(ended)?;
    Ok((number, Held::Piece(from.split_to(length))))
}

fn ended() -> String {
    "unexpected EOF".to_owned()
}

fn fill(tree: &mut Tree, layout: &Layout, mut from: Bytes) -> Result<(), String> {
    while from.has_remaining() {
        let (number, held) = next(&mut from)?;
        // What is unknown is skipped, as in every protobuf.
        let Some((_, field)) = layout.fields.iter().find(|(n, _)| *n == number) else { continue };
        if let (true, Kind::Message(name), Held::Piece(piece)) = (field.inlined, field.of, &held) {
            if let Some(layout) = layouts().get(name) {
                fill(tree, layout, piece.clone())?;
            }
        } else if field.map {
            let (mut key, mut value) = (Tree::from(""), None);
            let Held::Piece(mut entry) = held else { return Err(ended()) };
            while entry.has_remaining() {
                match next(&mut entry)? {
                    (1, held) => key = read(Kind::Text, held)?,
                    (2, held) => value = Some(read(field.of, held)?),
                    _ => {}
                }
            }
            let map = tree.slot(field.name);
            if map.is_null() {
                *map = Tree::map();
            }
            let value = value.map_or_else(|| read(field.of, Held::Piece(Bytes::new())), Ok)?;
            map.put(key.as_str().unwrap_or_default(), value);
        } else if field.repeated {
            let item = read(field.of, held)?;
            let list = tree.slot(field.name);
            if list.is_null() {
                *list = Tree::list_of(Vec::new());
            }
            list.items_mut().push(item);
        } else {
            let value = read(field.of, held)?;
            if field.told || !is_zero(&value) {
                tree.put(field.name, value);
            }
        }
    }
    Ok(())
}

/// What Go's `omitempty` leaves out: a struct it never does.
fn is_zero(value: &Tree) -> bool {
    match value {
        Tree::Null => true,
        Tree::Bool(b) => !b,
        Tree::Int(n) => *n == 0,
        Tree::Float(f) => *f == 0.0,
        Tree::Text(text) => text.is_empty(),
        Tree::List(items) => items.is_empty(),
        Tree::Map(_) => false,
    }
}

fn read(of: Kind, held: Held) -> Result<Tree, String> {
    match (of, held) {
        (Kind::Int, Held::Number(n)) => Ok(Tree::Int(n.cast_signed())),
        (Kind::Bool, Held::Number(n)) => Ok((n != 0).into()),
        (Kind::Double, Held::Number(n)) => Ok(Tree::Float(f64::from_bits(n))),
        (Kind::Text, Held::Piece(piece)) => text(&piece),
        (Kind::Bytes, Held::Piece(piece)) => base64(&piece),
        (Kind::Message(name), Held::Piece(piece)) => message(name, piece),
        // A value that a map leaves out.
        (Kind::Int, Held::Piece(piece)) if piece.is_empty() => Ok(Tree::Int(0)),
        (Kind::Bool, Held::Piece(piece)) if piece.is_empty() => Ok(false.into()),
        _ => Err("proto: wrong wireType".to_owned()),
    }
}

fn text(piece: &[u8]) -> Result<Tree, String> {
    std::str::from_utf8(piece).map(Tree::from).map_err(|why| why.to_string())
}

/// Bytes in Kubernetes' JSON are base64.
fn base64(piece: &[u8]) -> Result<Tree, String> {
    serde_json::to_value(ByteString(piece.to_vec())).map(Tree::from).map_err(|why| why.to_string())
}

/// A message, among them those that have a JSON of their own.
fn message(name: &str, mut piece: Bytes) -> Result<Tree, String> {
    let (package, short) = name.rsplit_once('.').unwrap_or(("", name));
    match short {
        "Time" | "MicroTime" if package == META => time(&mut piece, short == "MicroTime"),
        "Quantity" => Ok(only(piece)?.map_or(Ok("0".into()), |held| read(Kind::Text, held))?),
        "RawExtension" | "FieldsV1" | "JSON" => match only(piece)? {
            Some(Held::Piece(raw)) if !raw.is_empty() => serde_json::from_slice(&raw).map_err(|why| why.to_string()),
            _ => Ok(Tree::Null),
        },
        "IntOrString" => {
            let (mut number, mut words, mut is_text) = (Tree::Int(0), Tree::from(""), false);
            while piece.has_remaining() {
                match next(&mut piece)? {
                    (1, Held::Number(kind)) => is_text = kind == 1,
                    (2, held) => number = read(Kind::Int, held)?,
                    (3, held) => words = read(Kind::Text, held)?,
                    _ => {}
                }
            }
            Ok(if is_text { words } else { number })
        }
        _ => {
            let Some(layout) = layouts().get(name) else { return Ok(Tree::map()) };
            let mut tree = Tree::map();
            fill(&mut tree, layout, piece)?;
            Ok(if layout.list { tree.take("items").unwrap_or_else(|| Tree::list_of(Vec::new())) } else { tree })
        }
    }
}

/// The first field.
fn only(mut piece: Bytes) -> Result<Option<Held>, String> {
    if piece.is_empty() { Ok(None) } else { next(&mut piece).map(|(_, held)| Some(held)) }
}

/// `Time`: seconds and nanoseconds; nothing is `null`.
fn time(piece: &mut Bytes, micro: bool) -> Result<Tree, String> {
    if piece.is_empty() {
        return Ok(Tree::Null);
    }
    let (mut seconds, mut nanos) = (0, 0);
    while piece.has_remaining() {
        match next(piece)? {
            (1, Held::Number(n)) => seconds = n.cast_signed(),
            (2, Held::Number(n)) => nanos = n as i32,
            _ => {}
        }
    }
    let at = jiff::Timestamp::new(seconds, if micro { nanos } else { 0 }).map_err(|why| why.to_string())?;
    Ok(if micro { format!("{at:.6}") } else { at.to_string() }.into())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sent(bytes: &[u8]) -> Value {
        Value::from(&object(bytes).expect("a kind that has protobuf").expect("is read"))
    }

    #[test]
    fn the_namespace_that_kubectl_makes_is_read() {
        let document = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x1b\x0a\x13\x0a\x03foo\x12\0\x1a\0\x22\0\x2a\0\x32\0\x38\0\x42\0\x12\0\x1a\x02\x0a\0\x1a\0\x22\0";
        let expected = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "foo"}, "spec": {}, "status": {}});
        assert_eq!(sent(document), expected);
    }

    /// What a real server sent of the same objects in protobuf and in JSON.
    macro_rules! both {
        ($($name:literal)*) => {
            [$(($name, &include_bytes!(concat!("../../tests/frames/", $name, ".pb"))[..], include_str!(concat!("../../tests/frames/", $name, ".json")))),*]
        };
    }

    #[test]
    fn what_a_real_server_says_in_protobuf_and_in_json_is_the_same() {
        let recorded = both!("pods" "services" "endpointslices" "nodes" "events" "namespaces" "serviceaccounts" "persistentvolumes" "persistentvolumeclaims");
        for (name, protobuf, of_json) in recorded {
            let mut expected: Value = serde_json::from_str(of_json).expect("JSON");
            let mut read = sent(protobuf);
            without_nothing(&mut expected);
            without_nothing(&mut read);
            assert!(read["items"].as_array().is_some_and(|items| !items.is_empty()), "{name}");
            assert_eq!(read["items"], expected["items"], "{name}");
        }
    }

    /// `null` is what is not there; and the JSON was recorded without managed fields.
    fn without_nothing(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.retain(|name, value| !value.is_null() && name != "managedFields");
                map.values_mut().for_each(without_nothing);
            }
            Value::Array(items) => items.iter_mut().for_each(without_nothing),
            _ => {}
        }
    }

    #[test]
    fn what_is_no_protobuf_is_refused_and_a_kind_without_it_is_not_read() {
        assert!(object(b"{}").expect("it is refused").is_err());
        assert!(object(b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x1b\x0a\x7f").expect("it is refused").is_err());
        assert!(object(b"k8s\0\x0a\x0d\x0a\x04a/v1\x12\x05Thing").is_none());
    }

    #[test]
    fn every_message_that_is_referred_to_is_laid_out() {
        assert!(layouts().len() > 500);
        let own = ["Time", "MicroTime", "Quantity", "RawExtension", "FieldsV1", "JSON", "IntOrString"];
        for (name, layout) in layouts() {
            for (_, field) in &layout.fields {
                if let Kind::Message(below) = field.of {
                    let short = below.rsplit('.').next().unwrap_or(below);
                    assert!(own.contains(&short) || layouts().contains_key(below), "{below} of {name}");
                }
            }
        }
    }
}
