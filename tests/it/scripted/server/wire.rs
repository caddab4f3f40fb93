//! Objects and events as bytes, in the forms that a client may ask for.

use super::*;

pub(super) fn sealed(kind: &str, raw: Vec<u8>) -> Vec<u8> {
    let unknown = Unknown { type_meta: Some(TypeMeta { api_version: "v1".into(), kind: kind.into() }), raw: raw.into() };
    [b"k8s\0".to_vec(), unknown.encode_to_vec()].concat()
}

/// A `Status` in protobuf.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = 3)]
    message: String,
    #[prost(string, tag = 4)]
    reason: String,
    #[prost(int32, tag = 6)]
    code: i32,
}

/// One event of a watch, in the stream's own type.
pub fn frame(content_type: &str, plural: &str, what: &str, object: &Value) -> Vec<u8> {
    match block(plural).filter(|_| content_type.starts_with(PROTOBUF)) {
        Some(block) => enveloped(what, sealed(block.kind, (block.encode)(&object.clone().into()).expect("encodes"))),
        None => line(what, object),
    }
}

/// An ERROR event, in the stream's own type.
pub fn error(content_type: &str, code: u16, reason: &str, message: &str) -> Vec<u8> {
    if content_type.starts_with(PROTOBUF) {
        let status = Status { message: message.into(), reason: reason.into(), code: code.into() };
        enveloped("ERROR", sealed("Status", status.encode_to_vec()))
    } else {
        line("ERROR", &status(code, reason, message))
    }
}

/// A bookmark; `end`: the initial events are complete with it.
pub fn bookmark(content_type: &str, plural: &str, version: u64, end: bool) -> Vec<u8> {
    let mut meta = json!({"resourceVersion": version.to_string()});
    if end {
        meta["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    frame(content_type, plural, "BOOKMARK", &json!({"metadata": meta}))
}

fn enveloped(what: &str, raw: Vec<u8>) -> Vec<u8> {
    let event = WatchEvent { kind: what.into(), object: Some(RawExtension { raw: raw.into() }) }.encode_to_vec();
    [u32::try_from(event.len()).expect("short").to_be_bytes().to_vec(), event].concat()
}

fn line(what: &str, object: &Value) -> Vec<u8> {
    format!("{}\n", json!({"type": what, "object": object})).into_bytes()
}
