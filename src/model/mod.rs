//! What we know of the cluster. No async, no terminal: plain data that the one loop owns.

pub mod act;
pub mod address;
pub mod copying;
pub mod draft;
pub mod edit;
pub mod facts;
pub mod forward;
pub mod intern;
pub mod kind;
pub mod log;
pub mod metrics;
pub mod policy;
pub mod quantity;
pub mod query;
pub mod reference;
pub mod relation;
pub mod rights;
pub mod row;
pub mod scope;
pub mod session;
pub mod shell;
pub mod state;
pub mod store;
pub mod time;
pub mod tree;
pub mod yaml;
