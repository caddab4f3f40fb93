//! The kinds that there are, found by every name that kubectl takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{BLOCKS, Block};
use crate::model::kind::Kind;

/// The kinds of a server.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Every kind in every version that is served: first each kind's preferred version, in the server's order of groups (the
    /// core one first), then the other versions. The version of a kind's block is preferred where it is served.
    pub kinds: Vec<Arc<Kind>>,
    /// What could not be found out, each a line for a person.
    pub notes: Vec<String>,
    /// Categories (`all`), and the preferred kinds in each.
    pub categories: BTreeMap<String, Vec<Arc<Kind>>>,
    /// So many of `kinds` are preferred ones.
    pub preferred: usize,
    /// The server said all this; else it is what is known without it, and a kind that is not here may be there.
    pub told: bool,
}

/// A name that no kind has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// What was asked for.
    pub text: String,
    /// Names that are like it, at most three.
    pub suggestions: Vec<String>,
    /// There is such a kind, but its objects cannot be listed.
    pub unlistable: bool,
}

impl std::fmt::Display for NotFound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.unlistable {
            return write!(f, "{} cannot be listed", self.text);
        }
        write!(f, "the server has no kind {:?}", self.text)?;
        match self.suggestions.as_slice() {
            [] => Ok(()),
            names => write!(f, "; did you mean {}?", names.join(", ")),
        }
    }
}

impl std::error::Error for NotFound {}

impl Catalog {
    /// The kinds that have a block here, to begin with before the server has said what it serves.
    pub fn builtin() -> Catalog {
        let kinds: Vec<_> = BLOCKS.iter().map(|block| Arc::new(block.as_kind())).collect();
        Catalog { preferred: kinds.len(), kinds, ..Catalog::default() }
    }

    /// Each kind once, in its preferred version.
    pub fn preferred(&self) -> &[Arc<Kind>] {
        &self.kinds[..self.preferred]
    }

    /// The kind of a block as the server says it, or as the block does.
    pub fn of_block(&self, block: &'static Block) -> Arc<Kind> {
        self.exact(block.group, block.version, block.plural).cloned().unwrap_or_else(|| Arc::new(block.as_kind()))
    }

    /// A kind by its exact name in a group and version.
    pub fn exact(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Kind>> {
        self.kinds.iter().find(|k| &*k.plural == plural && &*k.group == group && &*k.version == version)
    }

    /// The kind of a reference (`apps/v1`, `ReplicaSet`), in the version that is preferred here.
    pub fn referred(&self, api_version: &str, kind: &str) -> Option<&Arc<Kind>> {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        self.kinds.iter().find(|k| &*k.kind == kind && &*k.group == group)
    }

    /// The kind that a person means, as kubectl finds it: plural, short name, singular or kind in any case, alone or with
    /// `.group` or `.version.group`. Of several, the core group's stands first, then the server's order. Only what can be
    /// listed is found.
    pub fn find(&self, text: &str) -> Result<Arc<Kind>, NotFound> {
        let wanted = text.trim().to_lowercase();
        let found = match wanted.split_once('.') {
            None => self.named(&wanted, |_| true),
            Some((name, rest)) => {
                let versioned = rest.split_once('.').unwrap_or((rest, ""));
                let exact = self.named(name, |k| (&*k.version, &*k.group) == versioned);
                let group = exact.or_else(|| self.named(name, |k| &*k.group == rest));
                // kubectl takes the beginning of a group for the group, where there is no such group.
                group.or_else(|| self.named(name, |k| !rest.is_empty() && k.group.starts_with(rest)))
            }
        };
        let unlistable = found.is_some_and(|k| !k.listable);
        match found.filter(|k| k.listable) {
            Some(kind) => Ok(kind.clone()),
            None => Err(NotFound { suggestions: self.suggestions(&wanted), text: text.trim().to_owned(), unlistable }),
        }
    }

    /// The first listable kind of a name; one that cannot be listed only where there is no other. A plural stands before a
    /// short name, and that before a singular (kubectl's `shortcutExpander`).
    fn named(&self, name: &str, fits: impl Fn(&Kind) -> bool) -> Option<&Arc<Kind>> {
        let first = |is: &dyn Fn(&Kind) -> bool| {
            let mut all = self.kinds.iter().filter(|k| fits(k) && is(k));
            let first = all.next()?;
            Some(if first.listable { first } else { all.find(|k| k.listable).unwrap_or(first) })
        };
        first(&|k| &*k.plural == name)
            .or_else(|| first(&|k| k.short.iter().any(|s| &**s == name)))
            .or_else(|| first(&|k| &*k.singular == name || k.kind.eq_ignore_ascii_case(name)))
    }

    fn suggestions(&self, wanted: &str) -> Vec<String> {
        let name = wanted.split('.').next().unwrap_or(wanted);
        if name.is_empty() {
            return Vec::new();
        }
        // A short word has many neighbours.
        let far = if name.chars().count() < 5 { 1 } else { 2 };
        let mut near: Vec<(usize, String)> = Vec::new();
        for kind in self.preferred().iter().filter(|k| k.listable) {
            let mut distance = [&kind.plural, &kind.singular].into_iter().map(|n| distance(name, n)).min().unwrap_or(usize::MAX);
            if kind.plural.starts_with(name) {
                distance = distance.min(far);
            }
            if distance <= far {
                let ambiguous = self.preferred().iter().any(|k| k.plural == kind.plural && k.group != kind.group);
                near.push((distance, if ambiguous { kind.full_name() } else { kind.plural.to_string() }));
            }
        }
        near.sort_by_key(|(distance, _)| *distance);
        near.into_iter().map(|(_, name)| name).take(3).collect()
    }
}

/// How many letters are to be put in, taken out or changed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("pods", "pods"), 0);
        assert_eq!(distance("pdos", "pods"), 2);
        assert_eq!(distance("", "abc"), 3);
    }
}
