//! What two texts differ in, in rows for people: one below the other or side by side, with the words that changed.

use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices, capture_diff_slices_deadline};

use super::place::{Path, Step};
use crate::model::tree::Tree;

/// After so long a difference is as good as it has become.
pub(super) const LONGEST: Duration = Duration::from_millis(200);
/// Lines of more bytes are compared from both ends only.
const LONG: usize = 2000;
/// Two lines that have less than one part of so many in common are not the same one, changed.
const LIKE: usize = 3;

/// A line of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The line, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
    /// The bytes of it that the other side does not have; none when the whole line is new or gone.
    pub changed: Vec<Range<usize>>,
}

/// A row of both sides. Both are there for a line that is the same or changed, one for a line that is new or gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Before.
    pub old: Option<Side>,
    /// After.
    pub new: Option<Side>,
    /// Nothing changed in it.
    pub same: bool,
}

/// A row of a difference that is written as one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// So many lines that are the same are not shown.
    Gap(usize),
    /// A line that is the same, by its place on both sides.
    Same {
        /// The line before, from 1.
        old: usize,
        /// The line after, from 1.
        new: usize,
        /// Its text.
        text: String,
    },
    /// A line that is gone.
    Gone(Side),
    /// A line that is new.
    New(Side),
}

/// All rows of two trees, as `print` writes them: the lines that are the same too. What `secret` says of a path is covered on
/// both sides before it is printed ([`masked`]).
pub fn difference(old: &Tree, new: &Tree, print: impl Fn(&Tree) -> String, secret: &dyn Fn(&Path) -> bool) -> Vec<Pair> {
    let (old, new) = masked(old, new, secret);
    side_by_side(&print(&old), &print(&new))
}

/// Two trees whose secrets are covered, so that one sees that they differ and not in what. (kubectl's `diff.Masker`)
pub fn masked(old: &Tree, new: &Tree, secret: &dyn Fn(&Path) -> bool) -> (Tree, Tree) {
    let (mut a, mut b) = (Some(old.clone()), Some(new.clone()));
    cover(&mut a, &mut b, secret, &Path::default());
    (a.unwrap_or_default(), b.unwrap_or_default())
}

fn cover(old: &mut Option<Tree>, new: &mut Option<Tree>, secret: &dyn Fn(&Path) -> bool, path: &Path) {
    if secret(path) {
        let [was, is] = match (&*old, &*new) {
            (Some(a), Some(b)) if a != b => ["*** (before)", "*** (after)"],
            _ => ["***", "***"],
        };
        *old = old.take().map(|_| was.into());
        *new = new.take().map(|_| is.into());
        return;
    }
    let names: Vec<String> = {
        let side = |tree: &Option<Tree>| tree.iter().flat_map(Tree::entries).map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
        let mut names = side(old);
        names.extend(side(new));
        names.sort_unstable();
        names.dedup();
        names
    };
    for name in names {
        let below = |tree: &Option<Tree>| tree.as_ref().and_then(|tree| tree.get(&name)).cloned();
        let (mut a, mut b) = (below(old), below(new));
        let before = (a.clone(), b.clone());
        cover(&mut a, &mut b, secret, &path.key(&name));
        for (tree, value, was) in [(&mut *old, a, before.0), (&mut *new, b, before.1)] {
            if let (Some(tree), Some(value)) = (tree, value)
                && !was.is_some_and(|was| was.same(&value))
            {
                tree.put(&name, value);
            }
        }
    }
    let count = old.iter().chain(&*new).map(|tree| tree.items().len()).max().unwrap_or(0);
    for at in 0..count {
        let below = |tree: &Option<Tree>| tree.as_ref().and_then(|tree| tree.items().get(at)).cloned();
        let (mut a, mut b) = (below(old), below(new));
        let before = (a.clone(), b.clone());
        cover(&mut a, &mut b, secret, &path.with(Step::At(at)));
        for (tree, value, was) in [(&mut *old, a, before.0), (&mut *new, b, before.1)] {
            if let (Some(tree), Some(value)) = (tree, value)
                && !was.is_some_and(|was| was.same(&value))
                && let Some(item) = tree.items_mut().get_mut(at)
            {
                *item = value;
            }
        }
    }
}

/// All rows of two texts.
pub fn side_by_side(old: &str, new: &str) -> Vec<Pair> {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let side = |lines: &[&str], at: usize, changed| Some(Side { line: at + 1, text: lines[at].to_owned(), changed });
    let mut out = Vec::with_capacity(a.len().max(b.len()));
    for op in capture_diff_slices_deadline(Algorithm::Myers, &a, &b, Some(Instant::now() + LONGEST)) {
        let (from, to) = (op.old_range(), op.new_range());
        if let DiffOp::Equal { .. } = op {
            let same = |(x, y)| Pair { old: side(&a, x, Vec::new()), new: side(&b, y, Vec::new()), same: true };
            out.extend(from.zip(to).map(same));
            continue;
        }
        let mut rest = to.start;
        for at in from {
            // The next line of the other side that is this one, changed; what stands before it is new.
            let found = (rest..to.end.min(rest + 8)).find_map(|other| words(a[at], b[other]).map(|changed| (other, changed)));
            let Some((other, (was, is))) = found else {
                out.push(Pair { old: side(&a, at, Vec::new()), new: None, same: false });
                continue;
            };
            out.extend((rest..other).map(|new| Pair { old: None, new: side(&b, new, Vec::new()), same: false }));
            out.push(Pair { old: side(&a, at, was), new: side(&b, other, is), same: false });
            rest = other + 1;
        }
        out.extend((rest..to.end).map(|new| Pair { old: None, new: side(&b, new, Vec::new()), same: false }));
    }
    out
}

/// What stands in one row of a difference, by the place of its pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// So many lines that are the same are not shown.
    Gap(usize),
    /// Both sides beside each other: the same, changed, or one of them alone.
    Both(usize),
    /// The line that is gone.
    Gone(usize),
    /// The line that is new.
    New(usize),
}

/// Which rows of a difference are to be seen: around a change so many lines that are the same. Split, both sides stand beside
/// each other; else one below the other, of each run of changes first what is gone, then what is new.
pub fn outline(pairs: &[Pair], context: usize, split: bool) -> Vec<Shown> {
    let mut near = vec![false; pairs.len()];
    for (at, _) in pairs.iter().enumerate().filter(|(_, pair)| !pair.same) {
        let end = pairs.len().min(at.saturating_add(context).saturating_add(1));
        near[at.saturating_sub(context)..end].fill(true);
    }
    let mut out = Vec::new();
    let (mut hidden, mut new) = (0, Vec::new());
    for (at, (pair, near)) in pairs.iter().zip(near).enumerate() {
        if pair.same {
            out.append(&mut new);
        }
        if !near {
            hidden += 1;
            continue;
        }
        if hidden > 0 {
            out.push(Shown::Gap(std::mem::take(&mut hidden)));
        }
        if split || pair.same {
            out.push(Shown::Both(at));
            continue;
        }
        if pair.old.is_some() {
            out.push(Shown::Gone(at));
        }
        if pair.new.is_some() {
            new.push(Shown::New(at));
        }
    }
    out.append(&mut new);
    if hidden > 0 {
        out.push(Shown::Gap(hidden));
    }
    out
}

/// The rows one below the other. Around a change so many lines that are the same are shown.
pub fn unified(pairs: &[Pair], context: usize) -> Vec<Row> {
    let row = |shown| match shown {
        Shown::Gap(count) => Some(Row::Gap(count)),
        Shown::Both(at) => {
            let (old, new) = (pairs[at].old.as_ref()?, pairs[at].new.as_ref()?);
            Some(Row::Same { old: old.line, new: new.line, text: new.text.clone() })
        }
        Shown::Gone(at) => pairs[at].old.clone().map(Row::Gone),
        Shown::New(at) => pairs[at].new.clone().map(Row::New),
    };
    outline(pairs, context, false).into_iter().filter_map(row).collect()
}

type Changed = (Vec<Range<usize>>, Vec<Range<usize>>);

/// The bytes of two lines that differ; `None` where they have too little in common to be one line, changed.
fn words(old: &str, new: &str) -> Option<Changed> {
    let field = |line: &str| line.split_once(": ").map(|(name, _)| name.trim_start_matches([' ', '-']).to_owned());
    let alike = field(old).is_some_and(|name| Some(name) == field(new));
    if old.len() > LONG || new.len() > LONG {
        return ends(old, new).filter(|_| alike);
    }
    let (a, b) = (tokens(old), tokens(new));
    let [text_a, text_b]: [Vec<&str>; 2] = [a.iter().map(|at| &old[at.clone()]).collect(), b.iter().map(|at| &new[at.clone()]).collect()];
    let (mut was, mut is): Changed = Default::default();
    let mut common = 0;
    for op in capture_diff_slices(Algorithm::Myers, &text_a, &text_b) {
        if let DiffOp::Equal { old_index, len, .. } = op {
            common += text_a[old_index..old_index + len].iter().map(|word| word.trim().len()).sum::<usize>();
            continue;
        }
        let span = |all: &[Range<usize>], part: Range<usize>| {
            let part = all.get(part).filter(|part| !part.is_empty())?;
            Some(part.first()?.start..part.last()?.end)
        };
        was.extend(span(&a, op.old_range()));
        is.extend(span(&b, op.new_range()));
    }
    let longest = old.trim().len().max(new.trim().len());
    (alike || (common * LIKE >= longest && common > 2)).then_some((was, is))
}

/// What is between the common beginning and the common end.
fn ends(old: &str, new: &str) -> Option<Changed> {
    let start: usize = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (a, b) = (&old[start..], &new[start..]);
    let end: usize = a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let range = |text: &str| Some(start..text.len() - end).filter(|range| !range.is_empty()).into_iter().collect();
    Some((range(old), range(new)))
}

/// Words, runs of blanks, and signs one by one.
fn tokens(line: &str) -> Vec<Range<usize>> {
    let class = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 1,
        c if c.is_whitespace() => 2,
        _ => 0,
    };
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut last = 0;
    for (at, c) in line.char_indices() {
        let (this, end) = (class(c), at + c.len_utf8());
        match out.last_mut() {
            Some(word) if this != 0 && this == last => word.end = end,
            _ => out.push(at..end),
        }
        last = this;
    }
    out
}

#[cfg(test)]
mod tests;
