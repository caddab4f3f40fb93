//! What is under an editor of YAML: text to a tree that knows its places, and what two or three trees differ in. No screen,
//! no network, no schema: what is known of a type comes in as a [`Guide`].
//!
//! Text means what kubectl takes it to mean (`sigs.k8s.io/yaml`: YAML 1.1's scalars, documents cut at `---`), because that is
//! what people's files were written for.

mod cursor;
mod lines;
mod lists;
mod merge;
mod node;
mod patch;
mod place;
mod read;
mod scalar;
mod taken;
#[cfg(test)]
mod testing;

pub use cursor::{Cursor, Spot, cursor};
pub use lines::{Pair, Row, Shown, Side, difference, masked, outline, side_by_side, unified};
pub use lists::{Guide, Listing, Plain};
pub use merge::{Answer, Conflict, Merged, merge, with_servers};
pub use node::{Content, Entry, Node};
pub use patch::{OtherObject, patch, same_object};
pub use place::{Fault, Path, Place, Step};
pub use read::{Document, Twice, documents, read, utf8};
pub use taken::{Taken, differing, take_in};
