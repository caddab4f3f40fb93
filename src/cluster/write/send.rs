//! The one place that sends what is not a read.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Map, Value, json};

use super::channel::{self, Channel};
use super::fields::{self, Field};
use super::{Gate, read};
use crate::cluster::connect::Session;
use crate::cluster::error::{ClusterError, StatusCause};
use crate::cluster::request;
use crate::model::act::Entry;
use crate::model::reference::Reference;
use crate::model::row::Uid;

/// What the server knows the program by in `managedFields`.
pub(super) const MANAGER: &str = "kubetui";

/// Why an object is not the one that was meant.
const OTHER: &str = "it was made anew meanwhile: the one there now is another object of the same name";

/// How a write is spelled.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// JSON patch of these fields of an object.
    Fields(Vec<Field>),
    /// The operations of a JSON patch, its preconditions among them; and whether fields that the server does not know are
    /// refused, or only dropped.
    Patch(Vec<Value>, bool),
    /// A new object.
    Create(Value),
    /// Server-side apply of this configuration; and whether others lose what they own of it.
    Apply(Value, bool),
    /// DeleteOptions, with the object as it was.
    Delete(Value),
    /// An Eviction.
    Evict(Value),
}

/// One write, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Write {
    /// Which object it is about; what it makes, where it makes one.
    pub(super) object: Reference,
    /// The object as it was read just before; `null` where it is made.
    pub(super) seen: Value,
    /// The command's name.
    pub(super) verb: &'static str,
    /// After the object's path: `/scale`, or nothing.
    pub(super) subresource: &'static str,
    pub(super) body: Content,
    /// What is said when it is done: `replicas 3 → 5`.
    pub(super) done: String,
}

impl Write {
    fn method(&self) -> Method {
        match self.body {
            Content::Fields(_) | Content::Patch(..) | Content::Apply(..) => Method::PATCH,
            Content::Create(_) | Content::Evict(_) => Method::POST,
            Content::Delete(_) => Method::DELETE,
        }
    }

    fn path(&self) -> String {
        let Reference { kind, namespace, name, .. } = &self.object;
        match self.body {
            Content::Create(_) => kind.path(Some(namespace)),
            _ => format!("{}{}", request::object(kind, namespace, name), self.subresource),
        }
    }

    /// What goes over the wire, apart from `dryRun`.
    fn sent(&self) -> Value {
        match &self.body {
            Content::Fields(fields) => fields::patch(&self.seen, fields),
            Content::Patch(operations, _) => Value::Array(operations.clone()),
            Content::Create(value) | Content::Apply(value, _) | Content::Delete(value) | Content::Evict(value) => value.clone(),
        }
    }

    fn entry(&self, gate: &Gate, outcome: Result<String, String>, answer: &Value) -> Entry {
        let (before, after) = match &self.body {
            Content::Fields(changed) => (fields::values(changed, |field| &field.from), fields::values(changed, |field| &field.to)),
            Content::Create(_) => (Value::Null, answer.clone()),
            Content::Apply(..) if self.seen.is_null() => (Value::Null, answer.clone()),
            Content::Patch(..) | Content::Apply(..) => fields::apart(&self.seen, answer),
            Content::Delete(_) | Content::Evict(_) => (self.seen.clone(), Value::Null),
        };
        let text = |path: &str| answer.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let made = matches!(self.body, Content::Create(_)) || self.seen.is_null() && matches!(self.body, Content::Apply(..));
        let entry = gate.entry(self.verb, &self.object, self.path(), self.sent(), outcome);
        Entry {
            name: text("/metadata/name").filter(|_| made).unwrap_or(entry.name),
            uid: text("/metadata/uid").filter(|_| made).unwrap_or(entry.uid),
            method: self.method().to_string(),
            before,
            after,
            ..entry
        }
    }
}

/// A way into a pod: exec, attach, port-forward.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// The pod.
    pub(super) pod: Reference,
    /// The command's name, which rails are about: `exec`.
    pub(super) verb: &'static str,
    /// After the pod's path: `/exec`, with its query.
    pub(super) subresource: String,
    /// What is spoken behind it: [`channel::REMOTE_COMMAND`].
    pub(super) protocols: &'static str,
}

impl Door {
    /// Something happens in the pod when it is opened, before anything is sent: a command is run, the input of a process is
    /// connected.
    fn runs(&self) -> bool {
        !self.subresource.starts_with("/portforward")
    }

    /// What is said where it is not sure, after it was opened, that it led into the pod that was meant.
    fn astray(&self, why: String) -> String {
        if !self.subresource.starts_with("/exec") {
            return why;
        }
        if why == OTHER {
            return format!("it was started in another pod: {why}");
        }
        format!("it was started, and whether in the pod that was meant is not known: {why}")
    }
}

impl Gate {
    /// Opens a way into a pod, and makes sure that it leads into the one that was meant: before, since a command runs as soon
    /// as it is asked for, and afterwards, since it is asked for by name, which another pod can have by then.
    ///
    /// # Errors
    /// What the context does not allow, or the server's reason.
    pub(super) async fn open(&self, session: &Session, door: &Door) -> Result<Channel, String> {
        if let Some(why) = self.policy.denied(door.verb, &door.pod.kind, &door.pod.namespace) {
            return Err(why);
        }
        let Reference { kind, namespace, name, .. } = &door.pod;
        let path = format!("{}{}", request::object(kind, namespace, name), door.subresource);
        if door.runs() {
            read::object(session, &door.pod).await?;
        }
        let mut opened = channel::open(session, &path, door.protocols).await.map_err(|error| error.to_string())?;
        if let Err(why) = read::object(session, &door.pod).await {
            opened.to.close().await;
            return Err(door.astray(why));
        }
        Ok(opened)
    }

    /// Tries a write without its being done: `dryRun=All`.
    pub(super) async fn rehearse(&self, session: &Session, write: &Write) -> Result<(), String> {
        self.try_out(session, write).await.map(drop).map_err(|refused| refused.words)
    }

    /// [`Gate::rehearse`], with what the server would store, and what it says of single fields where it would not.
    pub(super) async fn try_out(&self, session: &Session, write: &Write) -> Result<Value, Refused> {
        self.permit(write).map_err(|words| Refused { words, ..Refused::default() })?;
        match transmit(session, write, true).await {
            Ok(answer) => Ok(answer),
            Err(unsent) => {
                let (error, causes) = (unsent.error.clone(), unsent.causes.clone());
                // Nothing would have been done anyway.
                let words = if error.is_transient() { error.to_string() } else { self.words(session, write, unsent).await };
                Err(Refused { words, causes })
            }
        }
    }

    /// Sends a write, once, and keeps in the journal what came of it. Gives the server's answer.
    pub(super) async fn send(&self, session: &Session, write: &Write) -> Result<Value, Failure> {
        self.permit(write).map_err(Failure::Refused)?;
        let answer = tokio::select! {
            biased;
            answer = transmit(session, write, false) => answer,
            () = self.left() => Err(Unsent::out(ClusterError::Unreachable("the program was quit before the server answered".into()))),
        };
        let (answer, failure) = match answer {
            Ok(answer) => (answer, None),
            Err(error) => {
                let budget = error.is_busy() && matches!(write.body, Content::Evict(_));
                let words = self.words(session, write, error).await;
                (Value::Null, Some(if budget { Failure::Blocked(words) } else { Failure::Refused(words) }))
            }
        };
        // A budget that does not allow it yet is asked again and again: that nothing was done needs no line each time.
        if !matches!(failure, Some(Failure::Blocked(_))) {
            let outcome = failure.as_ref().map_or_else(|| Ok(write.done.clone()), |failure| Err(failure.words().to_owned()));
            self.note(write.entry(self, outcome, &answer)).await;
        }
        failure.map_or(Ok(answer), Err)
    }

    /// Keeps in the journal that a budget did not allow it, and that it was not asked again.
    pub(super) async fn gave_up(&self, write: &Write, why: &str) {
        self.note(write.entry(self, Err(why.to_owned()), &Value::Null)).await;
    }

    /// Whether the context allows it; asked again here, whatever was asked before. What is deleted by another command than
    /// `delete` is deleted nevertheless.
    fn permit(&self, write: &Write) -> Result<(), String> {
        let verbs = [
            Some(write.verb),
            matches!(write.body, Content::Delete(_)).then_some("delete"),
            matches!(write.body, Content::Evict(_)).then_some("evict"),
        ];
        let denied = verbs.into_iter().flatten().find_map(|verb| self.policy.denied(verb, &write.object.kind, &write.object.namespace));
        denied.map_or(Ok(()), Err)
    }

    /// The server's reason; where a precondition did not hold, what it is now instead.
    async fn words(&self, session: &Session, write: &Write, error: Unsent) -> String {
        let Unsent { error, unsent, .. } = error;
        let looked = match (&error, &write.body) {
            // 422, 409 and 404: a test of the patch, the UID, or the server's own rules.
            (ClusterError::Invalid(_) | ClusterError::Conflict(_) | ClusterError::NotFound(_), Content::Create(_)) => None,
            (ClusterError::Invalid(_) | ClusterError::Conflict(_) | ClusterError::NotFound(_), Content::Apply(..))
                if write.seen.is_null() =>
            {
                None
            }
            (ClusterError::Invalid(_) | ClusterError::Conflict(_) | ClusterError::NotFound(_), body) => {
                let Reference { kind, namespace, name, .. } = &write.object;
                let (path, changed) = match body {
                    Content::Fields(changed) => (write.path(), changed.as_slice()),
                    _ => (request::object(kind, namespace, name), [].as_slice()),
                };
                match request::get_json::<Value>(session, &path).await {
                    Ok(now) => {
                        let other = same_object(&write.object, &now).err();
                        other.or_else(|| fields::moved(&now, changed)).or_else(|| fields::grown(&write.seen, &now, changed))
                    }
                    Err(ClusterError::NotFound(_)) => Some("it is gone".to_owned()),
                    Err(_) => None,
                }
            }
            (ClusterError::Timeout(_) | ClusterError::Unreachable(_), _) if unsent => Some(format!("{error}: nothing was sent")),
            (ClusterError::Timeout(_) | ClusterError::Unreachable(_), _) => {
                Some(format!("{error}: whether it was done is not known; look at the object before you try again"))
            }
            (ClusterError::TooManyRequests { message, .. }, _) if !message.is_empty() => Some(message.clone()),
            _ => None,
        };
        looked.unwrap_or_else(|| error.to_string())
    }
}

/// A request that was not done, and whether that is so because it never went out.
#[derive(Debug)]
struct Unsent {
    error: ClusterError,
    /// What the server says of single fields.
    causes: Vec<StatusCause>,
    /// There was no connection to send it over; else it went out, as far as one knows.
    unsent: bool,
}

impl Unsent {
    /// It went out.
    fn out(error: ClusterError) -> Unsent {
        Unsent { error, causes: Vec::new(), unsent: false }
    }

    fn is_busy(&self) -> bool {
        !self.unsent && matches!(self.error, ClusterError::TooManyRequests { .. })
    }
}

/// Why a write would not be taken.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// In words.
    pub(super) words: String,
    /// What the server says of single fields.
    pub(super) causes: Vec<StatusCause>,
}

/// The connection could not be made.
fn unconnected(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut chain = std::iter::successors(Some(error), |error| error.source());
    chain.any(|error| error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(hyper_util::client::legacy::Error::is_connect))
}

/// Why a write was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// By the server or by us, for good.
    Refused(String),
    /// By a budget, for now.
    Blocked(String),
}

impl Failure {
    pub(super) fn words(&self) -> &str {
        match self {
            Failure::Refused(words) | Failure::Blocked(words) => words,
        }
    }
}

/// Another object of the same name is another object.
pub(super) fn same_object(reference: &Reference, now: &Value) -> Result<(), String> {
    let uid = now.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    if Uid::new(uid) == reference.uid || reference.uid == Uid::new("") {
        return Ok(());
    }
    Err(OTHER.to_owned())
}

/// JSON as Go's encoder spells it: the API server holds the tests of a patch against its own text, byte by byte. These
/// letters stand nowhere but in texts.
fn as_go(body: &Value) -> serde_json::Result<Vec<u8>> {
    let text = serde_json::to_string(body)?;
    let escapes = [('&', "\\u0026"), ('<', "\\u003c"), ('>', "\\u003e"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];
    Ok(escapes.iter().fold(text, |text, (letter, escape)| text.replace(*letter, escape)).into_bytes())
}

async fn transmit(session: &Session, write: &Write, dry: bool) -> Result<Value, Unsent> {
    let mut query: Vec<(&str, &str)> = Vec::new();
    let mut body = write.sent();
    let content_type = match write.body {
        Content::Fields(_) | Content::Patch(..) => "application/json-patch+json",
        // JSON is YAML.
        Content::Apply(..) => "application/apply-patch+yaml",
        _ => "application/json",
    };
    match &write.body {
        Content::Delete(_) if dry => {
            // With a body, DELETE's query is not looked at.
            body.as_object_mut().unwrap_or(&mut Map::new()).insert("dryRun".into(), json!(["All"]));
        }
        Content::Delete(_) => {}
        _ => {
            query.push(("fieldManager", MANAGER));
            match write.body {
                Content::Apply(_, true) => query.extend([("force", "true"), ("fieldValidation", "Strict")]),
                Content::Create(_) | Content::Patch(_, true) | Content::Apply(..) => query.push(("fieldValidation", "Strict")),
                Content::Patch(_, false) => query.push(("fieldValidation", "Warn")),
                _ => {}
            }
            if dry {
                query.push(("dryRun", "All"));
            }
        }
    }
    let path = format!("{}{}", write.path(), request::query(&query));
    let invalid = |why: &dyn std::fmt::Display| Unsent {
        unsent: true,
        ..Unsent::out(ClusterError::Invalid(format!("{path} cannot be asked for: {why}")))
    };
    let request = Request::builder()
        .method(write.method())
        .uri(&path)
        .header(ACCEPT, request::JSON)
        .header(CONTENT_TYPE, content_type)
        .body(Body::from(as_go(&body).map_err(|why| invalid(&why))?))
        .map_err(|why| invalid(&why))?;
    let mut unsent = false;
    let mut causes = Vec::new();
    let sent = request::limited(session, async {
        let response = session.client().send(request).await.map_err(|error| {
            unsent = unconnected(&error);
            session.error(&error)
        })?;
        tracing::debug!(method = %write.method(), path, status = response.status().as_u16(), "write");
        if !response.status().is_success() {
            let (error, found) = request::refusal_and_causes(response).await;
            causes = found;
            return Err(error);
        }
        let bytes = response.into_body().collect().await.map_err(|e| session.error(&e))?.to_bytes();
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    })
    .await;
    sent.map_err(|error| Unsent { error, causes, unsent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::pods;

    #[test]
    fn what_ran_in_another_pod_is_said_to_have_run() {
        let pod = Reference { kind: pods::POD.as_kind().into(), namespace: "shop".into(), name: "web".into(), uid: Uid::new("u") };
        let door = |subresource: &str| Door {
            pod: pod.clone(),
            verb: "exec",
            subresource: subresource.into(),
            protocols: channel::REMOTE_COMMAND,
        };
        let exec = door("/exec?command=rm");
        assert!(exec.runs() && door("/attach?container=app").runs() && !door("/portforward?ports=80").runs());
        assert!(exec.astray(OTHER.into()).starts_with("it was started in another pod: it was made anew"));
        assert_eq!(exec.astray("timed out".into()), "it was started, and whether in the pod that was meant is not known: timed out");
        assert_eq!(door("/portforward?ports=80").astray(OTHER.into()), OTHER);
    }
}
