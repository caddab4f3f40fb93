//! The one place that sends what is not a read.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Map, Value, json};

use super::Gate;
use super::fields::{self, Field};
use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::request;
use crate::model::act::Entry;
use crate::model::reference::Reference;
use crate::model::row::Uid;

/// What the server knows the program by in `managedFields`.
pub(super) const MANAGER: &str = "kubetui";

/// How a write is spelled.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// JSON patch of these fields of an object.
    Fields(Vec<Field>),
    /// A new object.
    Create(Value),
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
            Content::Fields(_) => Method::PATCH,
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
            Content::Create(value) | Content::Delete(value) | Content::Evict(value) => value.clone(),
        }
    }

    fn entry(&self, gate: &Gate, outcome: Result<String, String>, answer: &Value) -> Entry {
        let Reference { kind, namespace, name, uid } = &self.object;
        let (before, after) = match &self.body {
            Content::Fields(changed) => (fields::values(changed, |field| &field.from), fields::values(changed, |field| &field.to)),
            Content::Create(_) => (Value::Null, answer.clone()),
            Content::Delete(_) | Content::Evict(_) => (self.seen.clone(), Value::Null),
        };
        let text = |path: &str| answer.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let made = matches!(self.body, Content::Create(_));
        Entry {
            number: 0,
            time: gate.link.now(),
            context: gate.context.to_string(),
            user: gate.user.to_string(),
            verb: self.verb.to_owned(),
            api_version: kind.api_version(),
            kind: kind.kind.to_string(),
            resource: kind.plural.to_string(),
            namespace: namespace.to_string(),
            name: if made { text("/metadata/name") } else { None }.unwrap_or_else(|| name.to_string()),
            uid: if made { text("/metadata/uid") } else { None }.unwrap_or_else(|| uid.to_string()),
            method: self.method().to_string(),
            path: self.path(),
            sent: self.sent(),
            before,
            after,
            outcome,
        }
    }
}

impl Gate {
    /// Tries a write without its being done: `dryRun=All`.
    pub(super) async fn rehearse(&self, session: &Session, write: &Write) -> Result<(), String> {
        self.permit(write)?;
        match transmit(session, write, true).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.words(session, write, error).await),
        }
    }

    /// Sends a write, once, and keeps in the journal what came of it. Gives the server's answer.
    pub(super) async fn send(&self, session: &Session, write: &Write) -> Result<Value, Failure> {
        self.permit(write).map_err(Failure::Refused)?;
        let answer = transmit(session, write, false).await;
        let (answer, failure) = match answer {
            Ok(answer) => (answer, None),
            Err(error) => {
                let budget = matches!(error, ClusterError::TooManyRequests { .. }) && matches!(write.body, Content::Evict(_));
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

    /// Whether the context allows it; asked again here, whatever was asked before.
    fn permit(&self, write: &Write) -> Result<(), String> {
        self.policy.denied(write.verb, &write.object.kind, &write.object.namespace).map_or(Ok(()), Err)
    }

    /// The server's reason; where a precondition did not hold, what it is now instead.
    async fn words(&self, session: &Session, write: &Write, error: ClusterError) -> String {
        let looked = match (&error, &write.body) {
            // 422 and 409: a test of the patch, the UID, or the server's own rules.
            (ClusterError::Invalid(_) | ClusterError::Conflict(_) | ClusterError::NotFound(_), Content::Fields(changed)) => {
                let Reference { kind, namespace, name, .. } = &write.object;
                let path = format!("{}{}", request::object(kind, namespace, name), write.subresource);
                match request::get_json::<Value>(session, &path).await {
                    Ok(now) => same_object(&write.object, &now).err().or_else(|| fields::moved(&now, changed)),
                    Err(ClusterError::NotFound(_)) => Some("it is gone".to_owned()),
                    Err(_) => None,
                }
            }
            (ClusterError::Timeout(_) | ClusterError::Unreachable(_), _) => {
                Some(format!("{error}: whether it was done is not known; look at the object before you try again"))
            }
            _ => None,
        };
        looked.unwrap_or_else(|| error.to_string())
    }
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
    Err(format!("{} was made anew meanwhile: it is another object of the same name", reference.title()))
}

async fn transmit(session: &Session, write: &Write, dry: bool) -> Result<Value, ClusterError> {
    let mut query: Vec<(&str, &str)> = Vec::new();
    let mut body = write.sent();
    let content_type = match write.body {
        Content::Fields(_) => "application/json-patch+json",
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
            if matches!(write.body, Content::Create(_)) {
                query.push(("fieldValidation", "Strict"));
            }
            if dry {
                query.push(("dryRun", "All"));
            }
        }
    }
    let path = format!("{}{}", write.path(), request::query(&query));
    let invalid = |e: http::Error| ClusterError::Invalid(format!("{path} cannot be asked for: {e}"));
    let request = Request::builder()
        .method(write.method())
        .uri(&path)
        .header(ACCEPT, request::JSON)
        .header(CONTENT_TYPE, content_type)
        .body(Body::from(serde_json::to_vec(&body)?))
        .map_err(invalid)?;
    request::limited(session, async {
        let response = session.client().send(request).await.map_err(|e| session.error(&e))?;
        tracing::debug!(method = %write.method(), path, status = response.status().as_u16(), "write");
        if !response.status().is_success() {
            return Err(request::refusal(response).await);
        }
        let bytes = response.into_body().collect().await.map_err(|e| session.error(&e))?.to_bytes();
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    })
    .await
}
