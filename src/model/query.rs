//! The filter language that is typed after `/`.
//!
//! | written | finds |
//! | --- | --- |
//! | `web` | the word anywhere in name, namespace, any column (hidden ones too) or address, in any case |
//! | `!web` | what does not have it; `!` stands before anything |
//! | `"Back off"` | exactly this, with case and spaces |
//! | `/web-\d+/` | a regular expression, in any case unless it says `(?-i)` |
//! | `restarts>3` `age<2h` `cpu>=500m` | a column compared by value: `=` `!=` `<` `<=` `>` `>=` |
//! | `status in (Running,Pending)` | one of several values; `notin` for none of them |
//! | `app=web` `app!=web` `app in (a,b)` | a label, where no column has that name; `app=a,tier=b` too |
//! | `label:status=x` `label:app` | a label in any case; without a value: that it is there |
//!
//! A space is "and", `|` is "or", parentheses group; `!` binds strongest, then "and", then "or".

mod compare;
mod parse;
mod search;

use std::fmt;
use std::ops::Range;

use super::facts::Selector;
use super::metrics::Metrics;
use super::row::{Column, Row};
use super::time::Seconds;
use compare::Compare;
use search::{Memo, Search};

/// What a row is judged by beside itself.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time that ages are counted to.
    pub now: Seconds,
    /// What is in use.
    pub metrics: &'a Metrics,
}

/// Why a filter cannot be understood. Whoever filters goes on with no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Bytes of the text that are wrong; empty, at its end, where something is missing.
    pub at: Range<usize>,
    /// For a person.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mistake {}

/// The column that a person names, whatever its case, spaces and dashes. Name, namespace and age are columns of every
/// table, also where the server's columns have them under another header.
pub fn column(name: &str, columns: &[Column]) -> Option<Column> {
    parse::column(name, columns)
}

/// A filter that has been understood, bound to the columns of one table.
#[derive(Clone, Debug, Default)]
pub struct Query {
    text: Box<str>,
    /// `None` lets everything through.
    root: Option<Node>,
    /// Searches in it; each has a number below.
    searches: usize,
}

#[derive(Clone, Debug)]
enum Node {
    Search(Search, usize),
    Label(Selector),
    Compare(Compare),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

impl Query {
    /// Understands `text` for a table with these columns. Blank text is the filter that lets everything through.
    pub fn parse(text: &str, columns: &[Column]) -> Result<Query, Mistake> {
        let mut query = Query { text: text.into(), root: parse::parse(text, columns)?, searches: 0 };
        if let Some(root) = &mut query.root {
            root.arrange(&mut query.searches);
        }
        Ok(query)
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Lets everything through.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Whether the row passes.
    pub fn matches(&self, row: &Row, context: Context<'_>) -> bool {
        self.root.as_ref().is_none_or(|node| node.matches(row, context, &mut []))
    }

    /// To ask about many rows.
    pub fn scan<'a>(&'a self) -> Scan<'a> {
        Scan { query: self, memos: vec![Memo::new(); self.searches] }
    }

    /// The answer changes with what is measured.
    pub fn uses_metrics(&self) -> bool {
        self.compares(Compare::uses_metrics)
    }

    /// The answer changes with time: an age is compared.
    pub fn uses_time(&self) -> bool {
        self.compares(Compare::uses_time)
    }

    fn compares(&self, which: fn(&Compare) -> bool) -> bool {
        self.root.as_ref().is_some_and(|node| node.compares(which))
    }
}

/// A query that remembers what it found in texts that rows share. While there is one, no row that it was asked about may
/// go: the lifetime sees to that.
#[derive(Debug)]
pub struct Scan<'a> {
    query: &'a Query,
    memos: Vec<Memo>,
}

impl<'a> Scan<'a> {
    /// [`Query::matches`].
    pub fn matches(&mut self, row: &'a Row, context: Context<'_>) -> bool {
        self.query.root.as_ref().is_none_or(|node| node.matches(row, context, &mut self.memos))
    }
}

impl Node {
    /// `memos` has one for each search, or none at all.
    fn matches(&self, row: &Row, context: Context<'_>, memos: &mut [Memo]) -> bool {
        match self {
            Node::Search(search, number) => search.matches(row, memos.get_mut(*number)),
            Node::Label(selector) => selector.matches(&row.labels),
            Node::Compare(compare) => compare.matches(row, context),
            Node::Not(node) => !node.matches(row, context, memos),
            Node::All(nodes) => nodes.iter().all(|node| node.matches(row, context, memos)),
            Node::Any(nodes) => nodes.iter().any(|node| node.matches(row, context, memos)),
        }
    }

    /// Numbers the searches, and lets what is cheap decide first: one comparison costs less than looking through texts.
    /// Whether there is a search in it.
    fn arrange(&mut self, searches: &mut usize) -> bool {
        match self {
            Node::Label(_) | Node::Compare(_) => false,
            Node::Search(_, number) => {
                *number = *searches;
                *searches += 1;
                true
            }
            Node::Not(node) => node.arrange(searches),
            Node::All(nodes) | Node::Any(nodes) => {
                let mut dear: Vec<(bool, Node)> =
                    std::mem::take(nodes).into_iter().map(|mut node| (node.arrange(searches), node)).collect();
                dear.sort_by_key(|(dear, _)| *dear);
                let any = dear.last().is_some_and(|(dear, _)| *dear);
                nodes.extend(dear.into_iter().map(|(_, node)| node));
                any
            }
        }
    }

    fn compares(&self, which: fn(&Compare) -> bool) -> bool {
        match self {
            Node::Search(..) | Node::Label(_) => false,
            Node::Compare(compare) => which(compare),
            Node::Not(node) => node.compares(which),
            Node::All(nodes) | Node::Any(nodes) => nodes.iter().any(|node| node.compares(which)),
        }
    }
}

#[cfg(test)]
mod tests;
