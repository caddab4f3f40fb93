//! The JSON patch (RFC 6902) that makes one tree of another, and changes nothing else.

use std::fmt;

use rustc_hash::FxHashSet;
use serde_json::{Value, json};

use super::lists::{Guide, align, present, rising};
use super::place::Step;
use crate::model::tree::Tree;

/// What tells an object from all others was changed, so that it is no edit of it any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherObject {
    /// `metadata.name`.
    pub field: &'static str,
    /// What stood there; empty for nothing.
    pub was: String,
    /// What stands there now; empty for nothing.
    pub is: String,
}

impl fmt::Display for OtherObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OtherObject { field, was, is } = self;
        match (was.as_str(), is.as_str()) {
            (was, "") => write!(f, "{field} was taken away ({was}); it says which object this is")?,
            ("", is) => write!(f, "{field} was set to {is}; it says which object this is")?,
            (was, is) => write!(f, "{field} was changed from {was} to {is}; it says which object this is")?,
        }
        match *field {
            "metadata.uid" => f.write_str(": an object with another UID is another one, even with the same name"),
            "metadata.name" | "metadata.namespace" => {
                f.write_str(": to have it under another name, make a new one (clone) and delete this one")
            }
            _ => f.write_str(": an object of another kind is a new one"),
        }
    }
}

impl std::error::Error for OtherObject {}

/// Two trees are of the same object. A UID that is missing in the second is no other one.
///
/// # Errors
/// The first field that says otherwise.
pub fn same_object(base: &Tree, other: &Tree) -> Result<(), OtherObject> {
    for field in ["apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.uid"] {
        let (was, is) = (base.at(field), other.at(field));
        if was == is || (field == "metadata.uid" && is.is_null()) {
            continue;
        }
        let words = |value: &Tree| match value {
            Tree::Null => String::new(),
            Tree::Text(text) => text.as_str().to_owned(),
            other => format!("{other:?}"),
        };
        return Err(OtherObject { field, was: words(was), is: words(is) });
    }
    Ok(())
}

/// Fields of `metadata` that the server writes and takes from nobody: no patch touches them.
pub(super) const SERVERS: [&str; 8] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The operations that make `mine` of `base`, an empty list when nothing differs. Items of lists are found by what tells them
/// apart, and each that is touched is tested first (`test`): its key, or its whole old value where it has no key. The caller
/// adds the tests of the whole object, its UID and resourceVersion.
///
/// # Errors
/// `mine` is another object.
pub fn patch(base: &Tree, mine: &Tree, of: &impl Guide) -> Result<Vec<Value>, OtherObject> {
    same_object(base, mine)?;
    let mut mine = mine.clone();
    for field in SERVERS {
        match base["metadata"].get(field) {
            Some(value) => mine.slot("metadata").put(field, value),
            None if mine["metadata"].get(field).is_some() => drop(mine.slot("metadata").take(field)),
            None => {}
        }
    }
    let mut out = Operations::default();
    out.value(base, &mine, of);
    Ok(out.list)
}

#[derive(Default)]
struct Operations {
    list: Vec<Value>,
    /// The JSON pointer to where the walk is.
    pointer: String,
}

impl Operations {
    fn push(&mut self, op: &str, value: &Tree) {
        self.list.push(json!({"op": op, "path": self.pointer, "value": Value::from(value)}));
    }

    fn remove(&mut self) {
        self.list.push(json!({"op": "remove", "path": self.pointer}));
    }

    /// One step further for as long as `walk` takes.
    fn below(&mut self, step: &str, walk: impl FnOnce(&mut Operations)) {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        walk(self);
        self.pointer.truncate(length);
    }

    fn value(&mut self, old: &Tree, new: &Tree, of: &impl Guide) {
        if old.equals(new) {
            return;
        }
        match (old, new) {
            (Tree::Map(_), Tree::Map(_)) => self.map(old, new, of),
            (Tree::List(_), Tree::List(_)) => self.items(old.items(), new.items(), of),
            _ => self.push("replace", new),
        }
    }

    fn map(&mut self, old: &Tree, new: &Tree, of: &impl Guide) {
        for (name, was) in old.entries() {
            let of = of.field(name);
            let is = present(new.get(name), &of);
            self.below(name, |at| match (present(Some(was), &of), is) {
                (Some(was), Some(is)) => at.value(was, is, &of),
                (Some(_), None) => at.remove(),
                (None, Some(is)) => at.push("replace", is),
                (None, None) => {}
            });
        }
        for (name, is) in new.entries().filter(|(name, _)| old.get(name).is_none()) {
            if let Some(is) = present(Some(is), &of.field(name)) {
                self.below(name, |at| at.push("add", is));
            }
        }
    }

    /// The order of what happens: what goes goes from the end, what moves or comes is put in its place from the beginning,
    /// and then what stays is changed where it stands.
    fn items(&mut self, old: &[Tree], new: &[Tree], of: &impl Guide) {
        let listing = of.listing();
        let (was, known) = align(&listing, old, new);
        let keys = listing.steps(old).filter(|_| known);
        let key = |at: usize| keys.as_ref().and_then(|keys| keys.get(at)).map(|(_, step)| step);
        let mut now: Vec<Option<usize>> = (0..old.len()).map(Some).collect();
        let kept: FxHashSet<usize> = was.iter().flatten().copied().collect();
        for at in (0..old.len()).rev().filter(|at| !kept.contains(at)) {
            self.below(&at.to_string(), |here| {
                here.test(&old[at], key(at));
                here.remove();
            });
            now.remove(at);
        }
        let stays = rising(&was.iter().flatten().copied().collect::<Vec<_>>());
        let mut stays = stays.into_iter();
        let mut next = 0;
        for (item, from) in new.iter().zip(&was) {
            let Some(from) = from else {
                self.below(&next.to_string(), |here| here.push("add", item));
                now.insert(next, None);
                next += 1;
                continue;
            };
            // Nearly always it is the next one: what is behind is looked at last.
            let ahead = now.iter().skip(next).position(|item| *item == Some(*from)).map(|at| next + at);
            let Some(at) = ahead.or_else(|| now.iter().position(|item| *item == Some(*from))) else { continue };
            if stays.next() == Some(true) {
                next = at + 1;
                continue;
            }
            self.below(&at.to_string(), |here| here.test(&old[*from], key(*from)));
            let moved = now.remove(at);
            let to = if at < next { next - 1 } else { next };
            now.insert(to, moved);
            self.list.push(json!({"op": "move", "from": format!("{}/{at}", self.pointer), "path": format!("{}/{to}", self.pointer)}));
            next = to + 1;
        }
        let of = of.item();
        for (at, (item, from)) in new.iter().zip(&was).enumerate() {
            if let Some(from) = from
                && !old[*from].equals(item)
            {
                self.below(&at.to_string(), |here| {
                    let before = here.list.len();
                    here.value(&old[*from], item, &of);
                    // The test comes first, but only where something is to be tested.
                    if here.list.len() > before {
                        let changes = here.list.split_off(before);
                        here.test(&old[*from], key(*from));
                        here.list.extend(changes);
                    }
                });
            }
        }
    }

    /// What stands here is the item that is meant.
    fn test(&mut self, item: &Tree, key: Option<&Step>) {
        let Some(Step::Item(keys)) = key else { return self.push("test", item) };
        for (name, value) in keys {
            match (name.is_empty(), item.get(name)) {
                (true, _) => self.push("test", item),
                (false, Some(_)) => self.below(name, |at| at.push("test", value)),
                // A default that is not written cannot be tested.
                (false, None) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
