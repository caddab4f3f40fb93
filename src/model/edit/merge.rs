//! Three-way merge: what two sides did to one object since both had it, on the tree and not on lines.

use rustc_hash::{FxHashMap, FxHashSet};

use super::lists::{Guide, Listing, present};
use super::patch::SERVERS;
use super::place::{Path, Step};
use crate::model::tree::Tree;

/// A place where both sides did different things. `None` is nothing there.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// Where.
    pub path: Path,
    /// What stood there.
    pub base: Option<Tree>,
    /// What they put there.
    pub theirs: Option<Tree>,
    /// What I put there.
    pub mine: Option<Tree>,
}

/// Which side a conflict goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What they put there.
    Theirs,
    /// What I put there.
    Mine,
}

/// What came of a merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// Both sides' changes. A conflict without an answer is as theirs.
    pub tree: Tree,
    /// The conflicts, in the tree's order: the same for the same three trees, whatever is answered.
    pub conflicts: Vec<Conflict>,
}

/// Merges what was done to `base` by others and by me. `answers` are those to the conflicts of a merge of the same trees, in
/// their order; what has none is as theirs. Whether it is still the same object is for [`super::same_object`] to say.
pub fn merge(base: &Tree, theirs: &Tree, mine: &Tree, of: &impl Guide, answers: &[Answer]) -> Merged {
    let (base, mine) = (with_servers(base, theirs), with_servers(mine, theirs));
    let mut walk = Walk { answers, conflicts: Vec::new() };
    let tree = walk.value(Some(&base), Some(theirs), Some(&mine), of, &Path::default());
    Merged { tree: tree.unwrap_or_default(), conflicts: walk.conflicts }
}

/// A tree with what the server says of itself in another.
pub fn with_servers(tree: &Tree, from: &Tree) -> Tree {
    let mut tree = tree.clone();
    let set = |tree: &mut Tree, name: &str, value: Option<&Tree>| match value {
        Some(value) => tree.put(name, value),
        None => drop(tree.take(name)),
    };
    set(&mut tree, "status", from.get("status"));
    if let Some(mut metadata) = tree.get("metadata").cloned() {
        for field in SERVERS {
            set(&mut metadata, field, from["metadata"].get(field));
        }
        tree.put("metadata", metadata);
    }
    tree
}

struct Walk<'a> {
    answers: &'a [Answer],
    conflicts: Vec<Conflict>,
}

impl Walk<'_> {
    fn value(&mut self, base: Option<&Tree>, theirs: Option<&Tree>, mine: Option<&Tree>, of: &impl Guide, path: &Path) -> Option<Tree> {
        let (base, theirs, mine) = (present(base, of), present(theirs, of), present(mine, of));
        if theirs == mine || base == mine {
            return theirs.cloned();
        }
        if base == theirs {
            return mine.cloned();
        }
        match (base, theirs, mine) {
            (None | Some(Tree::Map(_)), Some(t @ Tree::Map(_)), Some(m @ Tree::Map(_))) if !of.atomic() => {
                Some(self.map(base.unwrap_or(&Tree::Null), t, m, of, path))
            }
            (None | Some(Tree::List(_)), Some(t @ Tree::List(_)), Some(m @ Tree::List(_))) => {
                let b = base.map_or(&[] as &[Tree], Tree::items);
                let merged = self.items(b, t.items(), m.items(), of, path);
                merged.map(Tree::list_of).or_else(|| self.ask(base, theirs, mine, path))
            }
            _ => self.ask(base, theirs, mine, path),
        }
    }

    fn ask(&mut self, base: Option<&Tree>, theirs: Option<&Tree>, mine: Option<&Tree>, path: &Path) -> Option<Tree> {
        let answer = self.answers.get(self.conflicts.len()).copied().unwrap_or(Answer::Theirs);
        self.conflicts.push(Conflict { path: path.clone(), base: base.cloned(), theirs: theirs.cloned(), mine: mine.cloned() });
        if answer == Answer::Mine { mine.cloned() } else { theirs.cloned() }
    }

    fn map(&mut self, base: &Tree, theirs: &Tree, mine: &Tree, of: &impl Guide, path: &Path) -> Tree {
        let mut out = Tree::map();
        let more = mine.entries().filter(|(name, _)| theirs.get(name).is_none());
        let gone = base.entries().filter(|(name, _)| theirs.get(name).is_none() && mine.get(name).is_none());
        for (name, _) in theirs.entries().chain(more).chain(gone) {
            let merged = self.value(base.get(name), theirs.get(name), mine.get(name), &of.field(name), &path.key(name));
            if let Some(value) = merged {
                out.put(name, value);
            }
        }
        out
    }

    /// `None` where the items are told apart by their order alone.
    fn items(&mut self, base: &[Tree], theirs: &[Tree], mine: &[Tree], of: &impl Guide, path: &Path) -> Option<Vec<Tree>> {
        let listing = of.listing();
        if listing == Listing::Atomic || of.atomic() {
            return None;
        }
        let sides = [listing.steps(base)?, listing.steps(theirs)?, listing.steps(mine)?];
        let [b, t, m] = [(base, &sides[0]), (theirs, &sides[1]), (mine, &sides[2])]
            .map(|(items, steps)| steps.iter().zip(items).map(|((name, _), item)| (name.as_str(), item)).collect::<FxHashMap<_, _>>());
        let names = |side: usize| sides[side].iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
        let order = order(&names(0), &names(1), &names(2));
        let known: FxHashMap<&str, &Step> = sides.iter().flatten().map(|(name, step)| (name.as_str(), step)).collect();
        let of = of.item();
        let one = |name: &&str| {
            let step = known.get(name)?;
            self.value(b.get(name).copied(), t.get(name).copied(), m.get(name).copied(), &of, &path.with((*step).clone()))
        };
        Some(order.iter().filter_map(one).collect())
    }
}

/// All names of two rows, in the order of the one that was put in another order by its side (theirs where both were), with
/// what is in the other row only behind what it stands behind there.
fn order<'n>(base: &[&'n str], theirs: &[&'n str], mine: &[&'n str]) -> Vec<&'n str> {
    let [b, t]: [FxHashSet<&str>; 2] = [base, theirs].map(|row| row.iter().copied().collect());
    let common = |row: &[&'n str], other: &FxHashSet<&str>| row.iter().copied().filter(|name| other.contains(name)).collect::<Vec<_>>();
    let moved = common(theirs, &b) != common(base, &t);
    let (first, second) = if moved { (theirs, mine) } else { (mine, theirs) };
    let mut out = first.to_vec();
    let mut there: FxHashSet<&str> = first.iter().copied().collect();
    for (at, name) in second.iter().enumerate() {
        if there.insert(name) {
            let before = at.checked_sub(1).and_then(|before| out.iter().position(|known| *known == second[before]));
            out.insert(before.map_or(0, |before| before + 1), name);
        }
    }
    out
}

#[cfg(test)]
mod tests;
