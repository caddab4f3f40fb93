//! `GET …/pods/NAME/log`: which lines of [`traffic`](super::traffic) a call gets. The API server's checks first (`LogLocation`,
//! `ValidatePodLogOptions`), then the kubelet's (`validateContainerLogStatus`), in their words.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use http::StatusCode;

use super::container::{self, Container};
use super::http::{Answer, Body, Pieces, Request};
use super::refusal::{Cause, Refusal};
use super::traffic::{self, Line, Stream};
use super::tree::Tree;

/// The cluster, to those who stay for a while: a followed log, a shell, an attached terminal.
pub trait Follows: Send + Sync + 'static {
    /// The cluster's time in milliseconds since 1970, and the pod as it is now; none when it is gone. It is asked some times a
    /// second for each stream and must not block.
    fn look(&self, namespace: &str, pod: &str) -> (i64, Option<Tree>);

    /// The first process of a pod's container has ended with this code, because of what was typed into it.
    fn exited(&self, namespace: &str, pod: &str, container: &str, code: i32) {
        let _ = (namespace, pod, container, code);
    }
}

/// Time between two looks at the cluster, when there is nothing to be said.
pub(super) const LOOK: Duration = Duration::from_millis(200);
/// A piece of a body is about so large.
const PIECE: usize = 32 << 10;

/// Answers a call for the log of `pod`, at `now_ms`. A followed log goes on by looking at `world`, which is not asked before
/// the answer is read.
pub fn answer(request: &Request, pod: &Tree, now_ms: i64, world: Arc<dyn Follows>) -> Result<Answer, Refusal> {
    let name = pod.text("metadata.name");
    let wanted = Wanted::of(request, name)?;
    let container = choose(request.parameter("container").unwrap_or(""), pod)?;
    let body = match life(pod, container, wanted.previous)? {
        None => Body::Whole(Bytes::new()),
        Some(life) => Log::new(life, wanted, now_ms, world).body(),
    };
    Ok(Answer { status: StatusCode::OK, content_type: "text/plain", headers: Vec::new(), body })
}

/// The container that is meant by a parameter that may be empty (`validateContainer` of the API server).
pub(super) fn choose<'a>(asked: &str, pod: &'a Tree) -> Result<&'a str, Refusal> {
    let (name, names) = (pod.text("metadata.name"), container::names(pod));
    if !asked.is_empty() {
        let found = names.into_iter().find(|n| *n == asked);
        return found.ok_or_else(|| Refusal::bad_request(format!("container {asked} is not valid for pod {name}")));
    }
    match pod.at("spec.containers").items() {
        [only] => Ok(only.text("name")),
        _ => Err(Refusal::bad_request(format!("a container name must be specified for pod {name}, choose one of: [{}]", names.join(" ")))),
    }
}

/// The life whose log is asked for. `Ok(None)` when the pod has no node: the API server answers with nothing.
fn life(pod: &Tree, name: &str, previous: bool) -> Result<Option<Container>, Refusal> {
    if pod.text("spec.nodeName").is_empty() {
        return Ok(None);
    }
    let pod_name = pod.text("metadata.name");
    let refuse = |what: String| Err(Refusal::bad_request(what));
    let status = container::status(pod, name);
    if status.is_null() {
        return refuse(format!("container {name:?} in pod {pod_name:?} is not available"));
    }
    let last = status.at("lastState.terminated");
    if previous && last.is_null() {
        return refuse(format!("previous terminated container {name:?} in pod {pod_name:?} not found"));
    }
    if let Some(life) = Container::of(pod, name, previous) {
        return Ok(Some(life));
    }
    let waiting = status.at("state.waiting");
    if waiting.is_null() {
        return refuse(format!("container {name:?} in pod {pod_name:?} is waiting to start - no logs yet"));
    }
    let why = match waiting.text("reason") {
        "ErrImagePull" => "image can't be pulled",
        "ImagePullBackOff" => "trying and failing to pull image",
        reason => reason,
    };
    refuse(format!("container {name:?} in pod {pod_name:?} is waiting to start: {why}"))
}

/// `PodLogOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wanted {
    follow: bool,
    previous: bool,
    timestamps: bool,
    tail: Option<usize>,
    bytes: Option<usize>,
    since_seconds: Option<i64>,
    since_ms: Option<i64>,
    stream: Option<Stream>,
}

impl Wanted {
    fn of(request: &Request, pod: &str) -> Result<Wanted, Refusal> {
        let tail = number(request, "tailLines")?;
        let bytes = number(request, "limitBytes")?;
        let since_seconds = number(request, "sinceSeconds")?;
        let since_ms = request.parameter("sinceTime").filter(|text| !text.is_empty()).map(since).transpose()?;
        let mut causes = Vec::new();
        if let Some(n) = tail.filter(|n| *n < 0) {
            causes.push(Cause::invalid("tailLines", n, "must be greater than or equal to 0"));
        }
        if let Some(n) = bytes.filter(|n| *n < 1) {
            causes.push(Cause::invalid("limitBytes", n, "must be greater than 0"));
        }
        match since_seconds {
            Some(_) if since_ms.is_some() => {
                causes.push(Cause::forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"))
            }
            Some(n) if n < 1 => causes.push(Cause::invalid("sinceSeconds", n, "must be greater than 0")),
            _ => {}
        }
        let stream = match request.parameter("stream").unwrap_or("All") {
            "All" => None,
            "Stdout" => Some(Stream::Stdout),
            "Stderr" => Some(Stream::Stderr),
            other => {
                causes.push(Cause::not_supported("stream", other, &["All", "Stderr", "Stdout"]));
                None
            }
        };
        if request.parameter("stream").is_some_and(|s| s != "All") && tail.is_some() {
            causes.push(Cause::forbidden("", "`tailLines` and specific `stream` are mutually exclusive for now"));
        }
        if !causes.is_empty() {
            return Err(Refusal::invalid("PodLogOptions", "", pod, causes));
        }
        Ok(Wanted {
            follow: request.flag("follow"),
            previous: request.flag("previous"),
            timestamps: request.flag("timestamps"),
            tail: tail.and_then(|n| usize::try_from(n).ok()),
            bytes: bytes.and_then(|n| usize::try_from(n).ok()),
            since_seconds,
            since_ms,
            stream,
        })
    }

    /// The first moment whose lines are wanted.
    fn since(&self, now_ms: i64) -> i64 {
        self.since_ms.or(self.since_seconds.map(|s| now_ms - s.saturating_mul(1000))).unwrap_or(i64::MIN / 4_000_000)
    }
}

/// A number of the query; what is none is refused in the words of Go's `strconv`.
fn number(request: &Request, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(text) = request.parameter(name) else { return Ok(None) };
    let wrong = |_| Refusal::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"));
    text.parse().map(Some).map_err(wrong)
}

fn since(text: &str) -> Result<i64, Refusal> {
    let wrong =
        || Refusal::bad_request(format!("parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""));
    container::milliseconds(text).ok_or_else(wrong)
}

/// A log that is being told.
struct Log {
    life: Container,
    wanted: Wanted,
    world: Arc<dyn Follows>,
    /// Lines before this have been told, or are waiting.
    told_ms: i64,
    /// Lines that come next, where the tail was looked up.
    waiting: VecDeque<Line>,
    lines: Option<Box<dyn Iterator<Item = Line> + Send>>,
    left: usize,
    ended: bool,
}

impl Log {
    fn new(life: Container, wanted: Wanted, now_ms: i64, world: Arc<dyn Follows>) -> Log {
        let from = wanted.since(now_ms);
        // A container that ended is told to its end, which is in the second that is named as its end.
        let to = life.finished_ms.map_or(now_ms, |end| end + 1);
        // The kubelet finds the tail first and leaves out what is too old afterwards.
        let (waiting, lines): (VecDeque<Line>, Option<Box<dyn Iterator<Item = Line> + Send>>) = match wanted.tail {
            Some(count) => (traffic::last(&life, count, to).into_iter().filter(|l| l.at_ns / 1_000_000 >= from).collect(), None),
            None => (VecDeque::new(), Some(Box::new(traffic::lines(&life, from, to)))),
        };
        let left = wanted.bytes.unwrap_or(usize::MAX);
        Log { life, wanted, world, told_ms: to, waiting, lines, left, ended: false }
    }

    fn body(mut self) -> Body {
        if self.wanted.follow {
            return Body::Pieces(self.pieces());
        }
        let first = self.piece();
        if first.len() < PIECE {
            return Body::Whole(first.into());
        }
        Body::Pieces(Box::pin(stream::iter([first.into()]).chain(self.pieces())))
    }

    /// What is known and was not told yet, up to the size of a piece.
    fn piece(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while out.len() < PIECE && self.left > 0 {
            let Some(line) = self.waiting.pop_front().or_else(|| self.lines.as_mut()?.next()) else { break };
            if self.wanted.stream.is_some_and(|s| s != line.stream) {
                continue;
            }
            let text = if self.wanted.timestamps { format!("{} {}\n", line.time(), line.text) } else { line.text + "\n" };
            let told = text.len().min(self.left);
            out.extend_from_slice(&text.as_bytes()[..told]);
            self.left -= told;
        }
        out
    }

    fn pieces(self) -> Pieces {
        Box::pin(stream::unfold(self, |mut log| async move {
            loop {
                let piece = log.piece();
                if !piece.is_empty() {
                    return Some((Bytes::from(piece), log));
                }
                if log.left == 0 || !log.wanted.follow || log.ended {
                    return None;
                }
                if !log.look() {
                    tokio::time::sleep(LOOK).await;
                }
            }
        }))
    }

    /// Asks the cluster what happened meanwhile; true when there may be something to tell, or the end was found.
    fn look(&mut self) -> bool {
        let (now_ms, pod) = self.world.look(&self.life.namespace, &self.life.pod);
        let known = pod.filter(|p| p.text("metadata.uid") == self.life.uid);
        let life = known.and_then(|pod| Container::life(&pod, &self.life.name, self.life.restart));
        let to = match &life {
            Some(Container { finished_ms: Some(end), .. }) => end + 1,
            _ => now_ms,
        };
        // The pod is gone, or its status does not tell of this life any more: it ended.
        self.ended = life.as_ref().is_none_or(|life| !life.runs());
        if let Some(life) = life {
            self.life = life;
        }
        let more = to > self.told_ms;
        if more {
            self.lines = Some(Box::new(traffic::lines(&self.life, self.told_ms, to)));
            self.told_ms = to;
        }
        more || self.ended
    }
}

#[cfg(test)]
mod tests;
