//! The envelope of Kubernetes' protobuf: the four bytes `k8s\0` and a `runtime.Unknown` that says what is in it.

use bytes::Bytes;
use prost::Message;

use super::DecodeError;

/// What every protobuf document of the API begins with.
pub const MAGIC: &[u8; 4] = b"k8s\0";

/// `runtime.Unknown`: a message and what it is.
#[derive(Clone, PartialEq, Message)]
pub struct Unknown {
    /// What it is.
    #[prost(message, optional, tag = 1)]
    pub type_meta: Option<TypeMeta>,
    /// The object's own message.
    #[prost(bytes = "bytes", tag = 2)]
    pub raw: Bytes,
}

/// `runtime.TypeMeta`.
#[derive(Clone, PartialEq, Message)]
pub struct TypeMeta {
    /// `apps/v1`.
    #[prost(string, tag = 1)]
    pub api_version: String,
    /// `Deployment`.
    #[prost(string, tag = 2)]
    pub kind: String,
}

impl Unknown {
    /// The kind that it says it holds; empty when it says none.
    pub fn kind(&self) -> &str {
        self.type_meta.as_ref().map_or("", |t| &t.kind)
    }
}

/// `meta.v1.WatchEvent`: what a frame of a protobuf watch is.
#[derive(Clone, PartialEq, Message)]
pub struct WatchEvent {
    /// `ADDED`, `MODIFIED`, …
    #[prost(string, tag = 1)]
    pub kind: String,
    /// The object.
    #[prost(message, optional, tag = 2)]
    pub object: Option<RawExtension>,
}

/// `runtime.RawExtension`: an object in its envelope.
#[derive(Clone, PartialEq, Message)]
pub struct RawExtension {
    /// The envelope's bytes.
    #[prost(bytes = "bytes", tag = 1)]
    pub raw: Bytes,
}

/// Opens an envelope. `raw` shares the memory of `document`. `None` when the document has not the magic bytes.
pub fn open(document: &Bytes) -> Option<Result<Unknown, DecodeError>> {
    document.starts_with(MAGIC).then(|| Unknown::decode(document.slice(MAGIC.len()..)).map_err(DecodeError::Protobuf))
}

/// Puts a message into an envelope.
pub fn seal(api_version: &str, kind: &str, message: &impl Message) -> Bytes {
    seal_encoded(api_version, kind, message.encode_to_vec())
}

/// Puts an encoded message into an envelope.
pub fn seal_encoded(api_version: &str, kind: &str, message: impl Into<Bytes>) -> Bytes {
    let unknown = Unknown { type_meta: Some(TypeMeta { api_version: api_version.to_owned(), kind: kind.to_owned() }), raw: message.into() };
    let mut document = MAGIC.to_vec();
    document.extend(unknown.encode_to_vec());
    document.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_can_be_opened() {
        let document = seal("v1", "Pod", &TypeMeta { api_version: "x".into(), kind: String::new() });
        let unknown = open(&document).expect("magic").expect("decodes");
        assert_eq!(unknown.kind(), "Pod");
        assert_eq!(&unknown.raw[..], b"\x0a\x01x");
        assert!(open(&Bytes::from_static(b"{}")).is_none());
        assert!(open(&Bytes::from_static(b"k8s\0\xff")).expect("magic").is_err());
    }
}
