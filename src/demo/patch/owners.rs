//! Who wrote which field: the entries of `metadata.managedFields`.

use super::compare::Differences;
use crate::demo::tree::Tree;
use crate::kinds::schema::Type;
use crate::model::fields::Set;

/// What nobody owns: apimachinery's `stripMetaManager`.
const NOBODYS: &[&[&str]] = &[
    &["f:apiVersion"],
    &["f:kind"],
    &["f:metadata"],
    &["f:metadata", "f:name"],
    &["f:metadata", "f:namespace"],
    &["f:metadata", "f:creationTimestamp"],
    &["f:metadata", "f:selfLink"],
    &["f:metadata", "f:uid"],
    &["f:metadata", "f:clusterName"],
    &["f:metadata", "f:generation"],
    &["f:metadata", "f:managedFields"],
    &["f:metadata", "f:resourceVersion"],
];

/// Who changes an object, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `kubectl-edit`.
    pub manager: String,
    /// It applies; else it updates.
    pub applies: bool,
    /// `apps/v1`.
    pub api_version: String,
    /// `status`, `scale`, or empty.
    pub subresource: String,
}

/// An entry of `metadata.managedFields`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Whose it is.
    pub owner: Owner,
    /// When it was last written; may be `Null`.
    pub time: Tree,
    /// What is owned.
    pub fields: Set,
}

impl Entry {
    /// How a conflict names it: `"kubectl-edit" with subresource "scale" using apps/v1`. (`printManager`; servers have no time
    /// in it since conflicts are told from managers without times.)
    pub fn shown(&self) -> String {
        let mut out = format!("{:?}", self.owner.manager);
        if !self.owner.subresource.is_empty() {
            out.push_str(&format!(" with subresource {:?}", self.owner.subresource));
        }
        if !self.owner.applies {
            out.push_str(&format!(" using {}", self.owner.api_version));
        }
        out
    }
}

/// The entries of an object.
pub fn read(object: &Tree) -> Vec<Entry> {
    let entry = |tree: &Tree| Entry {
        owner: Owner {
            manager: tree.text("manager").into(),
            applies: tree.text("operation") == "Apply",
            api_version: tree.text("apiVersion").into(),
            subresource: tree.text("subresource").into(),
        },
        time: tree["time"].clone(),
        fields: Set::read(&tree["fieldsV1"]),
    };
    object.at("metadata.managedFields").items().iter().map(entry).collect()
}

/// Writes entries into an object, those who apply first, then by time and name (`sortEncodedManagedFields`).
pub fn write(object: &mut Tree, mut entries: Vec<Entry>) {
    for entry in &mut entries {
        for path in NOBODYS {
            entry.fields.take(path);
        }
    }
    entries.retain(|entry| !entry.fields.is_empty());
    entries.sort_by(|a, b| {
        let key =
            |e: &Entry| (!e.owner.applies, e.time.as_str().unwrap_or("").to_owned(), e.owner.manager.clone(), e.owner.subresource.clone());
        key(a).cmp(&key(b))
    });
    if entries.is_empty() {
        object.remove("metadata.managedFields");
        return;
    }
    let tree = |entry: &Entry| {
        let operation = if entry.owner.applies { "Apply" } else { "Update" };
        let mut out = Tree::texts([
            ("manager", entry.owner.manager.as_str()),
            ("operation", operation),
            ("apiVersion", &entry.owner.api_version),
            ("fieldsType", "FieldsV1"),
        ]);
        out.set("fieldsV1", entry.fields.write());
        if !entry.time.is_null() {
            out.set("time", &entry.time);
        }
        if !entry.owner.subresource.is_empty() {
            out.set("subresource", entry.owner.subresource.as_str());
        }
        out
    };
    object.set("metadata.managedFields", Tree::list_of(entries.iter().map(tree).collect()));
}

/// Notes a create, update or patch: the owner has what it wrote, and others lose it (`merge.Updater.Update`). `old` is `Null`
/// for a new object. Owners that the body names are those that there are, an empty list or one empty entry is none; what is
/// written to a part of the object (`status`) names none. (fieldmanager's `decodeLiveOrNew`)
pub fn note_update(of: Option<&Type>, old: &Tree, new: &mut Tree, owner: Owner, now: Tree) {
    let given = new.at("metadata.managedFields");
    let reset = match new.at("metadata").get("managedFields") {
        Some(Tree::List(_)) => given.items().is_empty() || (given.items().len() == 1 && given[0].is_empty()),
        _ => false,
    };
    let named = if owner.subresource.is_empty() { read(new) } else { Vec::new() };
    let mut entries = match (reset, named.iter().all(|entry| entry.fields.is_empty())) {
        (true, _) => Vec::new(),
        (false, true) => read(old),
        (false, false) => named,
    };
    if reset && !old.is_null() {
        new.remove("metadata.managedFields");
        return;
    }
    new.remove("metadata.managedFields");
    let mut before = old.clone();
    before.remove("metadata.managedFields");
    let differences = Differences::between(of, if old.is_null() { &EMPTY } else { &before }, new);
    let mut written = differences.written();
    for path in NOBODYS {
        written.take(path);
    }
    for entry in &mut entries {
        entry.fields = entry.fields.difference(&differences.removed);
        if entry.owner != owner {
            entry.fields = entry.fields.difference(&written);
        }
    }
    if !written.is_empty() {
        match entries.iter_mut().find(|entry| entry.owner == owner) {
            Some(entry) => {
                entry.fields = entry.fields.union(&written);
                entry.time = now;
            }
            None => entries.push(Entry { owner, time: now, fields: written }),
        }
    }
    write(new, entries);
}

static EMPTY: std::sync::LazyLock<Tree> = std::sync::LazyLock::new(Tree::map);
