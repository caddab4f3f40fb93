//! Identity of a kind: what discovery says of it, and the paths that follow from it.

use std::sync::Arc;

/// Identity of a kind on a server: what discovery says of it.
#[derive(Clone, Debug, Default)]
pub struct Kind {
    /// API group, empty for the core one.
    pub group: Arc<str>,
    /// `v1`, `v1beta1`, …
    pub version: Arc<str>,
    /// `Pod`.
    pub kind: Arc<str>,
    /// `pods`: the name in URLs.
    pub plural: Arc<str>,
    /// `pod`.
    pub singular: Arc<str>,
    /// `po`, …
    pub short: Arc<[Arc<str>]>,
    /// Lives in namespaces.
    pub namespaced: bool,
    /// The server offers `watch` for it.
    pub watchable: bool,
    /// The server offers `list` for it.
    pub listable: bool,
    /// It has a `scale` subresource. The blocks of this program do not say it: the rules of its own kinds are known.
    pub scalable: bool,
}

impl Kind {
    /// `apps/v1`, or `v1` in the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `deployments.apps`, or `pods` in the core group: a name that is not ambiguous.
    pub fn full_name(&self) -> String {
        if self.group.is_empty() { self.plural.to_string() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// The path of its collection, in a namespace or over all: `/apis/apps/v1/namespaces/x/deployments`.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let mut path =
            if self.group.is_empty() { format!("/api/{}", self.version) } else { format!("/apis/{}/{}", self.group, self.version) };
        if let (true, Some(namespace)) = (self.namespaced, namespace) {
            path.push_str("/namespaces/");
            path.push_str(namespace);
        }
        path.push('/');
        path.push_str(&self.plural);
        path
    }
}

/// Group, version and plural tell kinds apart, and whether it can be watched decides what is done with it; other names
/// are but names, and a server that spells them otherwise does not make another kind.
impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.group == other.group && self.version == other.version && self.plural == other.plural && self.watchable == other.watchable
    }
}

impl Eq for Kind {}

impl std::hash::Hash for Kind {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.group.hash(state);
        self.version.hash(state);
        self.plural.hash(state);
    }
}
