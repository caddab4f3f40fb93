//! What others did to an object, in the text of whoever is editing it: which fields became others, and their lines in place of
//! those that nobody has touched.

use std::ops::Range;
use std::time::Instant;

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::lines::LONGEST;
use super::patch::SERVERS;
use super::place::{Path, Step};
use crate::model::tree::Tree;

/// A text with what others have changed in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The text.
    pub text: String,
    /// Up to which line, from 0, of the text before, how many lines were put in and how many taken out.
    moved: Vec<(usize, usize, usize)>,
}

impl Taken {
    /// Where a line of the text before is now, from 0.
    pub fn row(&self, before: usize) -> usize {
        let above = self.moved.iter().take_while(|(end, ..)| *end <= before);
        let (put, gone) = above.fold((0, 0), |(put, gone), (_, more, less)| (put + more, gone + less));
        (before + put).saturating_sub(gone)
    }
}

/// The fields that are others in two states of one object, whole where they are on one side only; without those that the
/// server writes for itself.
pub fn differing(old: &Tree, new: &Tree) -> Vec<Path> {
    let mut found = Vec::new();
    walk(old, new, &Path::default(), &mut found);
    found
}

fn walk(old: &Tree, new: &Tree, path: &Path, found: &mut Vec<Path>) {
    if old.equals(new) {
        return;
    }
    match (old, new) {
        (Tree::Map(_), Tree::Map(_)) => {
            let added = new.entries().filter(|(name, _)| old.get(name).is_none());
            for (name, _) in old.entries().chain(added) {
                let within = path.key(name);
                if matches!(within.0.as_slice(), [Step::Key(meta), Step::Key(field)] if **meta == *"metadata" && SERVERS.contains(&&**field))
                {
                    continue;
                }
                match (old.get(name), new.get(name)) {
                    (Some(old), Some(new)) => walk(old, new, &within, found),
                    _ => found.push(within),
                }
            }
        }
        (Tree::List(_), Tree::List(_)) if old.items().len() == new.items().len() => {
            for (at, (old, new)) in old.items().iter().zip(new.items()).enumerate() {
                walk(old, new, &path.with(Step::At(at)), found);
            }
        }
        _ => found.push(path.clone()),
    }
}

/// Puts what others changed (`base` to `theirs`) into a text that was made of `base` and typed in since. What was typed stays,
/// comments and order with it; `None` where a line that they changed was touched here. Next to such a line theirs come only when
/// `close` says so: in a list of things that look alike that may be the wrong place.
pub fn take_in(base: &str, theirs: &str, mine: &str, close: bool) -> Option<Taken> {
    let [base, theirs, lines]: [Vec<&str>; 3] = [base, theirs, mine].map(|text| text.lines().collect());
    let deadline = Some(Instant::now() + LONGEST);
    // Where each line of the base is here, as long as it is as it was.
    let mut here: Vec<Option<usize>> = vec![None; base.len()];
    for op in capture_diff_slices_deadline(Algorithm::Myers, &base, &lines, deadline) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            (0..len).for_each(|at| here[old_index + at] = Some(new_index + at));
        }
    }
    // The lines here that stand between two lines of the base that are as they were.
    let between = |old: &Range<usize>| {
        let start = here[..old.start].iter().rev().find_map(|line| *line).map_or(0, |line| line + 1);
        let end = here[old.end..].iter().find_map(|line| *line).unwrap_or(lines.len());
        start..end
    };
    // Where lines of the base can be replaced: they are all here, one after the other.
    let place = |old: &Range<usize>| -> Option<Range<usize>> {
        let before = old.start.checked_sub(1).map(|at| here[at].map(|line| line + 1));
        let after = here.get(old.end).copied();
        let (first, last) = match old.is_empty() {
            false => (here[old.start]?, here[old.end - 1]? + 1),
            true => {
                // Behind the line above, else before the line below.
                let at = before.unwrap_or(Some(0)).or(after.unwrap_or(Some(lines.len())))?;
                (at, at)
            }
        };
        let alone = before.unwrap_or(Some(0)) == Some(first) && after.unwrap_or(Some(lines.len())) == Some(last);
        (last - first == old.len() && (close || alone)).then_some(first..last)
    };
    let mut out = Vec::with_capacity(lines.len());
    let (mut copied, mut moved) = (0, Vec::new());
    for op in capture_diff_slices_deadline(Algorithm::Myers, &base, &theirs, deadline) {
        let (old, new) = (op.old_range(), op.new_range());
        if matches!(op, DiffOp::Equal { .. }) || lines[between(&old)] == theirs[new.clone()] {
            continue;
        }
        let place = place(&old).filter(|place| place.start >= copied)?;
        out.extend_from_slice(&lines[copied..place.start]);
        moved.push((place.end, new.len(), place.len()));
        out.extend_from_slice(&theirs[new]);
        copied = place.end;
    }
    out.extend_from_slice(&lines[copied..]);
    let mut text = out.join("\n");
    if mine.ends_with('\n') && !text.is_empty() {
        text.push('\n');
    }
    Some(Taken { text, moved })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::edit::read;

    const BASE: &str = "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n";

    fn taken(theirs: &str, mine: &str, close: bool) -> Option<String> {
        take_in(BASE, theirs, mine, close).map(|taken| taken.text)
    }

    #[test]
    fn what_others_changed_comes_to_what_was_typed() {
        let typed = "# mine\na: 8 # so\nb: 2\nc: 3\nd: 4\ne: 5\n";
        for (theirs, mine, together) in [
            ("a: 1\nb: 2\nc: 3\nd: 9\ne: 5\n", BASE, "a: 1\nb: 2\nc: 3\nd: 9\ne: 5\n"),
            ("a: 1\nb: 2\nc: 3\nd: 9\ne: 5\n", typed, "# mine\na: 8 # so\nb: 2\nc: 3\nd: 9\ne: 5\n"),
            ("a: 1\nb: 2\nd: 4\ne: 5\nf: 6\n", typed, "# mine\na: 8 # so\nb: 2\nd: 4\ne: 5\nf: 6\n"),
            ("z: 0\na: 1\nb: 2\nc: 3\nd: 4\n", "a: 1\nb: 2\nc: 7\nd: 4\ne: 5", "z: 0\na: 1\nb: 2\nc: 7\nd: 4"),
            ("", BASE, ""),
            // The same on both sides.
            (typed, typed, typed),
        ] {
            for close in [false, true] {
                assert_eq!(taken(theirs, mine, close).as_deref(), Some(together), "{theirs:?} {mine:?}");
            }
        }
    }

    #[test]
    fn what_was_changed_on_both_sides_is_not_taken() {
        let mine = "a: 1\nb: 2\nc: 7\nd: 4\ne: 5\n";
        let put = "a: 1\nb: 2\nmine: 0\nc: 3\nd: 4\ne: 5\n";
        for close in [false, true] {
            assert_eq!(taken("a: 1\nb: 2\nc: 9\nd: 4\ne: 0\n", mine, close), None);
            // What they took away, and something was put into here.
            assert_eq!(taken("a: 1\nd: 4\ne: 5\n", put, close), None);
        }
    }

    #[test]
    fn next_to_a_line_that_was_touched_they_come_only_when_that_may_be() {
        let mine = "a: 1\nb: 2\nc: 7\nd: 4\ne: 5\n";
        for (theirs, together) in [
            ("a: 1\nb: 2\ntheirs: 0\nc: 3\nd: 4\ne: 5\n", "a: 1\nb: 2\ntheirs: 0\nc: 7\nd: 4\ne: 5\n"),
            ("a: 1\nb: 2\nc: 3\ntheirs: 0\nd: 4\ne: 5\n", "a: 1\nb: 2\nc: 7\ntheirs: 0\nd: 4\ne: 5\n"),
            ("a: 1\nb: 2\nc: 3\nd: 9\ne: 5\n", "a: 1\nb: 2\nc: 7\nd: 9\ne: 5\n"),
            ("a: 1\nb: 2\nc: 3\ne: 5\n", "a: 1\nb: 2\nc: 7\ne: 5\n"),
        ] {
            assert_eq!(taken(theirs, mine, true).as_deref(), Some(together));
            assert_eq!(taken(theirs, mine, false), None);
        }
    }

    #[test]
    fn a_line_is_found_again() {
        let taken = take_in(BASE, "z: 0\na: 1\nb: 2\nd: 4\nx: 1\ny: 2\ne: 5\n", BASE, true).expect("nothing was touched");
        assert_eq!((0..5).map(|row| taken.row(row)).collect::<Vec<_>>(), [1, 2, 3, 3, 6], "{taken:?}");
    }

    #[test]
    fn fields_that_are_others_are_named() {
        let tree = |text: &str| read(text).unwrap().tree();
        let old =
            tree("metadata: {name: a, resourceVersion: '1', labels: {app.x/y: a}}\nspec: {replicas: 1, of: [{a: 1}, {a: 2}], gone: 1}\n");
        let new =
            tree("metadata: {name: a, resourceVersion: '2', labels: {app.x/y: b}}\nspec: {replicas: 1, of: [{a: 1}, {a: 3}], new: 1}\n");
        let named: Vec<String> = differing(&old, &new).iter().map(Path::to_string).collect();
        assert_eq!(named, ["metadata.labels[\"app.x/y\"]", "spec.gone", "spec.of[1].a", "spec.new"]);
        assert!(differing(&old, &old).is_empty());
    }
}
