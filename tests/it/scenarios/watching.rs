//! A watch of a ground, read event by event.

use std::time::Duration;

use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;

use super::ground::{Ground, Waiting};

/// A watch that is open.
pub struct Watch<'a> {
    pub(super) ground: &'a Ground,
    /// The HTTP status code of its beginning.
    pub code: u16,
    pub(super) body: Body,
    pub(super) buffer: Vec<u8>,
    pub(super) ended: bool,
}

impl Watch<'_> {
    /// The next event, `{"type": …, "object": …}`. Panics when none comes.
    pub async fn next(&mut self, what: &str) -> Value {
        let waiting = Waiting::new(self.ground);
        loop {
            if let Some(event) = self.ready().await {
                return event;
            }
            assert!(!self.ended, "the watch ended before {what}: {}", String::from_utf8_lossy(&self.buffer));
            assert!(waiting.may_go_on(), "waited in vain for an event: {what}");
            waiting.step(Duration::ZERO).await;
        }
    }

    /// The next event that is not a bookmark, with its type, and its object.
    pub async fn change(&mut self, what: &str) -> (String, Value) {
        loop {
            let mut event = self.next(what).await;
            if event["type"] != "BOOKMARK" {
                return (event["type"].as_str().unwrap_or_default().to_owned(), event["object"].take());
            }
        }
    }

    /// All events until one after which `done`, that one included.
    pub async fn all_until(&mut self, what: &str, mut done: impl FnMut(&Value) -> bool) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let event = self.next(what).await;
            events.push(event);
            if events.last().is_some_and(&mut done) {
                return events;
            }
        }
    }

    /// An event that is here already, or comes in a moment.
    async fn ready(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&line))));
            }
            let moment = if self.ground.is_real() { Duration::from_secs(2) } else { Duration::from_millis(20) };
            match tokio::time::timeout(moment, self.body.frame()).await {
                Err(_) => return None,
                Ok(Some(Ok(frame))) => self.buffer.extend(frame.into_data().unwrap_or_default()),
                Ok(Some(Err(_)) | None) => {
                    self.ended = true;
                    return None;
                }
            }
        }
    }
}
