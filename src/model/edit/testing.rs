//! Random trees for the tests of this module: the same for the same seed.

use crate::model::edit::{Guide, Listing};
use crate::model::tree::Tree;

/// A row of random numbers. (Marsaglia's xorshift64)
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn scalar(&mut self) -> Tree {
        match self.below(5) {
            0 => Tree::Int(self.below(4) as i64),
            1 => Tree::Bool(self.below(2) == 0),
            _ => ["", "a", "b/c~d", "x: y", "é"][self.below(5)].into(),
        }
    }

    /// A tree of which `items` are lists of maps with a `name`, `set` are lists of different texts and `row` are lists of
    /// anything.
    pub fn tree(&mut self, depth: usize) -> Tree {
        let mut out = Tree::map();
        for _ in 0..self.below(5) {
            let name = ["a", "b", "c/d", "e~f", "items", "set", "row"][self.below(7)];
            let value = self.field(name, depth);
            out.put(name, value);
        }
        out
    }

    fn field(&mut self, name: &str, depth: usize) -> Tree {
        match name {
            "items" => self.names(&["p", "q", "r", "s", "t"]).into_iter().map(|name| self.item(name, depth)).collect(),
            "set" => self.names(&["1", "2", "3", "4"]).into_iter().map(Tree::from).collect(),
            "row" => {
                (0..self.below(5)).map(|_| if depth > 0 && self.below(3) == 0 { self.tree(depth - 1) } else { self.scalar() }).collect()
            }
            _ if depth > 0 && self.below(2) == 0 => self.tree(depth - 1),
            _ => self.scalar(),
        }
    }

    fn item(&mut self, name: &str, depth: usize) -> Tree {
        let mut item = if depth > 0 { self.tree(depth - 1) } else { Tree::map() };
        item.put("name", name);
        item
    }

    /// Some of the names, in any order.
    fn names<'n>(&mut self, names: &[&'n str]) -> Vec<&'n str> {
        let mut out: Vec<&str> = names.iter().copied().filter(|_| self.below(3) > 0).collect();
        for at in (1..out.len()).rev() {
            out.swap(at, self.below(at + 1));
        }
        out
    }

    /// A tree that differs in a few places.
    pub fn changed(&mut self, tree: &Tree, depth: usize) -> Tree {
        let mut out = tree.clone();
        for _ in 0..=self.below(2) {
            let name = ["a", "b", "c/d", "e~f", "items", "set", "row"][self.below(7)];
            match (self.below(4), out.get(name).cloned()) {
                (0, _) => drop(out.take(name)),
                (1 | 2, Some(below @ Tree::Map(_))) => {
                    let value = self.changed(&below, depth.saturating_sub(1));
                    out.put(name, value);
                }
                (1 | 2, Some(Tree::List(items))) if name == "items" && !items.is_empty() => {
                    let at = self.below(items.len());
                    let mut item = self.changed(&items[at], depth.saturating_sub(1));
                    item.put("name", items[at].text("name"));
                    out.slot(name).items_mut()[at] = item;
                }
                _ => {
                    let value = self.field(name, depth);
                    out.put(name, value);
                }
            }
        }
        out
    }
}

/// What is known of [`Random::tree`]: by the name of the field.
#[derive(Clone, Debug)]
pub struct Named(pub &'static str);

impl Guide for Named {
    fn field(&self, name: &str) -> Named {
        Named(match name {
            "items" | "containers" | "env" => "items",
            "ports" => "ports",
            "set" | "finalizers" => "set",
            _ => "",
        })
    }

    fn item(&self) -> Named {
        Named("")
    }

    fn listing(&self) -> Listing {
        match self.0 {
            "items" => Listing::Keyed(vec![("name".into(), None)]),
            "ports" => Listing::Keyed(vec![("port".into(), None), ("protocol".into(), Some("TCP".into()))]),
            "set" => Listing::Set,
            _ => Listing::Atomic,
        }
    }

    fn atomic(&self) -> bool {
        false
    }

    fn nullable(&self) -> bool {
        false
    }
}
