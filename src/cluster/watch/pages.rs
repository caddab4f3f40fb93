//! Where there is no streaming list: the whole list in pages, once before a watch, or again and again where watching is
//! not possible.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{End, Fresh, Task};
use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::frames::is_protobuf;
use crate::cluster::list::PAGE;
use crate::cluster::request;
use crate::model::state::Truth;

/// Between two lists where watching is not possible.
const POLL: Duration = Duration::from_secs(5);
/// How long it is polled before watching is tried again, where the kind could be watched.
const AGAIN: Duration = Duration::from_secs(300);

impl Task {
    /// Reads the whole list in pages. The first ever paints as it comes; a later one is swapped in when complete.
    pub(super) async fn list(&mut self, session: &Session) -> Result<(), ClusterError> {
        let first = self.known.is_empty();
        if first {
            self.feed.truth(Truth::Syncing);
        }
        let mut fresh = Fresh::default();
        let mut proceed = String::new();
        loop {
            let path =
                if proceed.is_empty() { self.path(&[("limit", PAGE)]) } else { self.path(&[("limit", PAGE), ("continue", &proceed)]) };
            let accept = self.decoder.accept(false);
            let (content_type, bytes) = self.feed.until(request::get_bytes(session, &path, &accept)).await?;
            self.hear();
            self.admitted();
            let page = self.decoder.page(is_protobuf(&content_type), bytes)?;
            if let Some(columns) = page.columns {
                self.feed.columns(columns);
            }
            for row in page.rows {
                if self.namespace.is_none() && !self.spec.scope.contains(&row.namespace) {
                    continue;
                }
                if first {
                    self.known.insert(row.uid.clone());
                    self.feed.upsert(row);
                } else {
                    fresh.insert(row.uid.clone(), row);
                }
            }
            proceed = page.proceed;
            if proceed.is_empty() {
                self.version = Some(page.version.into());
                break;
            }
        }
        if !first {
            self.swap(fresh);
        }
        Ok(())
    }

    pub(super) async fn poll(&mut self, session: &Session, why: Arc<str>) -> End {
        // Rights change: now and then watching is tried again.
        let until = Instant::now() + AGAIN;
        while !self.spec.kind.watchable || Instant::now() < until {
            let started = Instant::now();
            if let Err(error) = self.list(session).await {
                return End::Failed(error);
            }
            self.pace.steady();
            // A list that takes long is asked for less often: at most a tenth of the time goes into it.
            let every = POLL.max(started.elapsed() * 10);
            self.proved(Truth::Polling { every: every.as_secs(), why: why.clone() });
            let mut link = self.link.mark();
            let broken = self.feed.until(async {
                tokio::select! {
                    () = tokio::time::sleep(every) => None,
                    error = link.broken() => Some(error),
                }
            });
            if let Some(error) = broken.await {
                return End::Failed(error);
            }
        }
        self.polling = None;
        self.version = None;
        if std::mem::take(&mut self.fell_back) {
            self.look_at(None);
        }
        End::Closed
    }
}
