//! A watch of one object or of its events, read in JSON: what it says, one change after the other.

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde::Deserialize;
use serde_json::Value;

use crate::cluster::error::ClusterError;
use crate::cluster::frames::{Splitter, reported};
use crate::cluster::request::Stream;

/// One line of a watch.
#[derive(Deserialize)]
pub(super) struct Change {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) object: Value,
}

/// What a watch says, up to its first error.
pub(super) type Changes = BoxStream<'static, Result<Change, ClusterError>>;

/// The next thing that a watch says; never, where there is none.
pub(super) async fn next(changes: &mut Option<Changes>) -> Option<Result<Change, ClusterError>> {
    match changes {
        Some(changes) => changes.next().await,
        None => std::future::pending().await,
    }
}

/// Several watches as one, which ends when the first of them does.
pub(super) fn all(streams: Vec<Changes>) -> Changes {
    let ended = |changes: Changes| changes.map(Some).chain(stream::once(std::future::ready(None)));
    stream::select_all(streams.into_iter().map(|changes| ended(changes).boxed()))
        .take_while(|said| std::future::ready(said.is_some()))
        .filter_map(std::future::ready)
        .boxed()
}

/// Reads a watch in JSON.
pub(super) fn changes(stream: Stream) -> Changes {
    let reading = Some((stream, Splitter::new(false)));
    stream::unfold(reading, |reading| async move {
        let (mut stream, mut splitter) = reading?;
        loop {
            match splitter.next_frame() {
                Ok(Some(line)) => {
                    return Some(match change(&line) {
                        Ok(change) => (Ok(change), Some((stream, splitter))),
                        Err(error) => (Err(error), None),
                    });
                }
                Ok(None) => {}
                Err(error) => return Some((Err(error), None)),
            }
            match stream.next().await? {
                Ok(bytes) => splitter.push(&bytes),
                Err(error) => return Some((Err(error), None)),
            }
        }
    })
    .boxed()
}

fn change(line: &Bytes) -> Result<Change, ClusterError> {
    let change: Change = serde_json::from_slice(line)?;
    if change.kind == "ERROR" { Err(reported(&change.object.to_string().into())) } else { Ok(change) }
}
