//! Trees from other values and back, and the short ways to look into one.

use arcstr::ArcStr;
use std::fmt;
use std::ops::Index;
use std::sync::Arc;

use serde_json::Value;

use super::{NULL, Tree, key};

impl Index<&str> for Tree {
    type Output = Tree;

    /// The value under a key; `Null` where there is none.
    fn index(&self, key: &str) -> &Tree {
        self.get(key).unwrap_or(&NULL)
    }
}

impl Index<usize> for Tree {
    type Output = Tree;

    /// An item of a list; `Null` where there is none.
    fn index(&self, at: usize) -> &Tree {
        self.items().get(at).unwrap_or(&NULL)
    }
}

impl PartialEq<str> for Tree {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Tree {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(other)
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Tree {
        Tree::Text(text.into())
    }
}

impl From<&ArcStr> for Tree {
    fn from(text: &ArcStr) -> Tree {
        Tree::Text(text.clone())
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Tree {
        Tree::Text(text.into())
    }
}

impl From<bool> for Tree {
    fn from(b: bool) -> Tree {
        Tree::Bool(b)
    }
}

impl From<i64> for Tree {
    fn from(n: i64) -> Tree {
        Tree::Int(n)
    }
}

impl From<i32> for Tree {
    fn from(n: i32) -> Tree {
        Tree::Int(n.into())
    }
}

impl From<&Tree> for Tree {
    fn from(tree: &Tree) -> Tree {
        tree.clone()
    }
}

impl From<Vec<Tree>> for Tree {
    fn from(items: Vec<Tree>) -> Tree {
        Tree::list_of(items)
    }
}

impl From<Value> for Tree {
    fn from(value: Value) -> Tree {
        match value {
            Value::Null => Tree::Null,
            Value::Bool(b) => Tree::Bool(b),
            Value::Number(n) => n.as_i64().map_or_else(|| Tree::Float(n.as_f64().unwrap_or(0.0)), Tree::Int),
            Value::String(text) => Tree::from(text),
            Value::Array(items) => Tree::list_of(items.into_iter().map(Tree::from).collect()),
            Value::Object(map) => Tree::Map(Arc::new(map.into_iter().map(|(k, v)| (key(&k), Tree::from(v))).collect())),
        }
    }
}

impl From<&Tree> for Value {
    fn from(tree: &Tree) -> Value {
        match tree {
            Tree::Null => Value::Null,
            Tree::Bool(b) => Value::Bool(*b),
            Tree::Int(n) => Value::from(*n),
            Tree::Float(f) => Value::from(*f),
            Tree::Text(text) => Value::from(&**text),
            Tree::List(items) => items.iter().map(Value::from).collect(),
            Tree::Map(map) => Value::Object(map.0.iter().map(|(k, v)| (String::from(&**k), Value::from(v))).collect()),
        }
    }
}

impl FromIterator<Tree> for Tree {
    fn from_iter<I: IntoIterator<Item = Tree>>(items: I) -> Tree {
        Tree::list_of(items.into_iter().collect())
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
