//! Defaults as data: where a value goes, and which one.

use crate::demo::tree::Tree;

/// A value that is put where there is none.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given {
    /// Text; an empty one counts as none.
    Text(&'static str),
    /// A number.
    Int(i64),
    /// A number, in place of zero too: Go's zero of a field that is no pointer.
    Positive(i64),
    /// A flag.
    Bool(bool),
    /// An empty object.
    Empty,
    /// A list of texts; an empty one counts as none.
    Texts(&'static [&'static str]),
}

impl Given {
    fn wanted(self, now: &Tree) -> bool {
        match self {
            Given::Text(_) | Given::Texts(_) => now.is_empty(),
            Given::Positive(_) => now.is_null() || now.as_i64() == Some(0),
            _ => now.is_null(),
        }
    }

    fn tree(self) -> Tree {
        match self {
            Given::Text(text) => text.into(),
            Given::Int(n) | Given::Positive(n) => n.into(),
            Given::Bool(b) => b.into(),
            Given::Empty => Tree::map(),
            Given::Texts(texts) => texts.iter().map(|&text| Tree::from(text)).collect(),
        }
    }
}

/// Where and what. In the path, `name[]` stands for every item of a list, and `name?` for what has to be there already: a
/// pointer of Go. Other steps are made on the way.
pub(super) type Row = (&'static str, Given);

/// Fills in rows. What is complete is not copied.
pub(super) fn fill(tree: &mut Tree, rows: &[Row]) {
    for &(path, given) in rows {
        put(tree, path, given);
    }
}

/// Fills in rows below each item of a list.
pub(super) fn fill_items(tree: &mut Tree, path: &str, rows: &[Row]) {
    if tree.at(path).items().iter().any(|item| rows.iter().any(|&(path, given)| lacks(item, path, given))) {
        tree.at_mut(path).items_mut().iter_mut().for_each(|item| fill(item, rows));
    }
}

fn lacks(tree: &Tree, path: &str, given: Given) -> bool {
    let Some((step, rest)) = path.split_once('.') else { return given.wanted(&tree[path]) };
    if let Some(list) = step.strip_suffix("[]") {
        return tree[list].items().iter().any(|item| lacks(item, rest, given));
    }
    match step.strip_suffix('?') {
        Some(pointer) => !tree[pointer].is_null() && lacks(&tree[pointer], rest, given),
        None => lacks(&tree[step], rest, given),
    }
}

fn put(tree: &mut Tree, path: &str, given: Given) {
    if !lacks(tree, path, given) {
        return;
    }
    let Some((step, rest)) = path.split_once('.') else { return tree.put(path, given.tree()) };
    match step.strip_suffix("[]") {
        Some(list) => tree.slot(list).items_mut().iter_mut().for_each(|item| put(item, rest, given)),
        None => put(tree.slot(step.trim_end_matches('?')), rest, given),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ROWS: &[Row] =
        &[("strategy.type", Given::Text("Recreate")), ("all[].probe?.period", Given::Positive(10)), ("all[].on", Given::Bool(true))];

    #[test]
    fn rows_reach_every_item_and_only_pointers_that_are_there() {
        let mut tree: Tree = json!({"all": [{"probe": {"period": 0}}, {"on": false}]}).into();
        fill(&mut tree, ROWS);
        let wanted = json!({"strategy": {"type": "Recreate"}, "all": [{"probe": {"period": 10}, "on": true}, {"on": false}]});
        assert_eq!(tree, Tree::from(wanted));
    }

    #[test]
    fn what_is_complete_is_not_copied() {
        let mut tree: Tree = json!({"strategy": {"type": "X"}, "all": [{"on": false}]}).into();
        let before = tree.clone();
        fill(&mut tree, ROWS);
        fill_items(&mut tree, "all", &[("on", Given::Bool(true))]);
        assert!(tree.same(&before));
    }
}
