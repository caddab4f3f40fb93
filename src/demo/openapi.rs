//! The OpenAPI v3 documents of the demo: those that were recorded, and those of custom resources, made of their definitions.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::io::Read;
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::kinds::schema::{Document, Type};

mod custom;

pub use custom::CustomDocument;

/// A recorded document: packed until it is asked for.
struct Recorded {
    group: &'static str,
    version: &'static str,
    packed: &'static [u8],
    text: OnceLock<Bytes>,
    document: OnceLock<Option<Document>>,
}

macro_rules! recorded {
    ($($group:literal $version:literal $file:literal)*) => {
        [$(Recorded {
            group: $group,
            version: $version,
            packed: include_bytes!(concat!("recorded/", $file, ".json.gz")),
            text: OnceLock::new(),
            document: OnceLock::new(),
        }),*]
    };
}

/// Every group version that `tests/record/openapi.sh` records.
static RECORDED: [Recorded; 19] = recorded! {
    "" "v1" "api.v1"
    "admissionregistration.k8s.io" "v1" "apis.admissionregistration.k8s.io.v1"
    "apiextensions.k8s.io" "v1" "apis.apiextensions.k8s.io.v1"
    "apiregistration.k8s.io" "v1" "apis.apiregistration.k8s.io.v1"
    "apps" "v1" "apis.apps.v1"
    "authentication.k8s.io" "v1" "apis.authentication.k8s.io.v1"
    "authorization.k8s.io" "v1" "apis.authorization.k8s.io.v1"
    "autoscaling" "v2" "apis.autoscaling.v2"
    "batch" "v1" "apis.batch.v1"
    "certificates.k8s.io" "v1" "apis.certificates.k8s.io.v1"
    "coordination.k8s.io" "v1" "apis.coordination.k8s.io.v1"
    "discovery.k8s.io" "v1" "apis.discovery.k8s.io.v1"
    "metrics.k8s.io" "v1beta1" "apis.metrics.k8s.io.v1beta1"
    "networking.k8s.io" "v1" "apis.networking.k8s.io.v1"
    "node.k8s.io" "v1" "apis.node.k8s.io.v1"
    "policy" "v1" "apis.policy.v1"
    "rbac.authorization.k8s.io" "v1" "apis.rbac.authorization.k8s.io.v1"
    "scheduling.k8s.io" "v1" "apis.scheduling.k8s.io.v1"
    "storage.k8s.io" "v1" "apis.storage.k8s.io.v1"
};

/// `{"paths": {"apis/apps/v1": {"serverRelativeURL": "/openapi/v3/apis/apps/v1?hash=…"}}}`
static INDEX: &str = include_str!("recorded/index.json");

/// `/version`, as recorded: JSON.
pub static VERSION: &str = include_str!("recorded/version.json");

impl Recorded {
    /// Empty for what cannot be unpacked; a test unpacks them all.
    fn text(&self) -> &Bytes {
        self.text.get_or_init(|| {
            let mut text = Vec::new();
            let unpacked = GzDecoder::new(self.packed).read_to_end(&mut text);
            if unpacked.is_ok() { text.into() } else { Bytes::new() }
        })
    }
}

fn recorded(group: &str, version: &str) -> Option<&'static Recorded> {
    RECORDED.iter().find(|r| r.group == group && r.version == version)
}

/// The group and version of a document's path: `api/v1`, `apis/apps/v1`.
fn group_version(path: &str) -> Option<(&str, &str)> {
    match path.split_once('/')? {
        ("api", version) => Some(("", version)),
        ("apis", rest) => rest.split_once('/'),
        _ => None,
    }
}

/// The recorded document at a path below `/openapi/v3/` (`api/v1`, `apis/apps/v1`): JSON, unpacked once.
pub fn document(path: &str) -> Option<Bytes> {
    let (group, version) = group_version(path)?;
    recorded(group, version).map(|r| r.text().clone())
}

/// The reader of a recorded document.
pub fn schema(group: &str, version: &str) -> Option<&'static Document> {
    let recorded = recorded(group, version)?;
    recorded.document.get_or_init(|| Document::parse(recorded.text().clone()).ok()).as_ref()
}

/// The type of a recorded kind.
pub fn kind(group: &str, version: &str, kind: &str) -> Option<Type> {
    schema(group, version)?.kind(group, version, kind)
}

/// `/openapi/v3`: where the documents are, with a hash of each, which lets clients keep them; with those of custom resources.
pub fn index<'a>(custom: impl IntoIterator<Item = &'a CustomDocument>) -> Value {
    let mut out: Value = serde_json::from_str(INDEX).unwrap_or_else(|_| json!({"paths": {}}));
    for document in custom {
        let path = document.path();
        let mut hash = DefaultHasher::new();
        hash.write(document.text());
        let url = format!("/openapi/v3/{path}?hash={:016X}", hash.finish());
        out["paths"][path] = json!({"serverRelativeURL": url});
    }
    out
}

#[cfg(test)]
mod tests;
