//! Why a call is refused: the `Status` objects of the API, worded as apimachinery's `errors` package words them.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::http::{Answer, Body};

/// What is wrong with one field: `field.Error` of apimachinery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueInvalid`, `FieldValueRequired`, …
    pub reason: &'static str,
    /// `spec.template.spec.containers[0].name`.
    pub field: String,
    /// `Invalid value: -1: must be greater than or equal to 0`.
    pub message: String,
}

impl Cause {
    fn new(reason: &'static str, field: impl Into<String>, message: String) -> Cause {
        Cause { reason, field: field.into(), message }
    }

    /// `field.Invalid`. The value is shown as Go shows it: text in quotes, numbers bare, others as JSON.
    pub fn invalid(field: impl Into<String>, value: impl Into<Value>, detail: &str) -> Cause {
        Cause::new("FieldValueInvalid", field, format!("Invalid value: {}: {detail}", value.into()))
    }

    /// `field.Required`.
    pub fn required(field: impl Into<String>, detail: &str) -> Cause {
        let message = if detail.is_empty() { "Required value".to_owned() } else { format!("Required value: {detail}") };
        Cause::new("FieldValueRequired", field, message)
    }

    /// `field.NotSupported`; the values that are, sorted by the caller as upstream has them.
    pub fn not_supported(field: impl Into<String>, value: impl Into<Value>, supported: &[&str]) -> Cause {
        let supported: Vec<String> = supported.iter().map(|s| format!("{s:?}")).collect();
        Cause::new(
            "FieldValueNotSupported",
            field,
            format!("Unsupported value: {}: supported values: {}", value.into(), supported.join(", ")),
        )
    }

    /// `field.Duplicate`.
    pub fn duplicate(field: impl Into<String>, value: impl Into<Value>) -> Cause {
        Cause::new("FieldValueDuplicate", field, format!("Duplicate value: {}", value.into()))
    }

    /// `field.Forbidden`.
    pub fn forbidden(field: impl Into<String>, detail: &str) -> Cause {
        Cause::new("FieldValueForbidden", field, format!("Forbidden: {detail}"))
    }

    /// `field.NotFound`.
    pub fn not_found(field: impl Into<String>, value: impl Into<Value>) -> Cause {
        Cause::new("FieldValueNotFound", field, format!("Not found: {}", value.into()))
    }

    /// `field.TooLong`.
    pub fn too_long(field: impl Into<String>, most: usize) -> Cause {
        Cause::new("FieldValueTooLong", field, format!("Too long: may not be more than {most} bytes"))
    }

    /// `field.TypeInvalid`.
    pub fn type_invalid(field: impl Into<String>, value: impl Into<Value>, detail: &str) -> Cause {
        Cause::new("FieldValueTypeInvalid", field, format!("Invalid value: {}: {detail}", value.into()))
    }
}

/// A refused call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// `NotFound`, `Conflict`, `Invalid`, …; empty for none.
    pub reason: &'static str,
    /// For people.
    pub message: String,
    /// What it is about.
    pub details: Option<Box<Details>>,
}

/// `StatusDetails`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Name of the object.
    pub name: String,
    /// API group.
    pub group: String,
    /// The resource, or for Invalid the kind.
    pub kind: String,
    /// Its UID.
    pub uid: String,
    /// Field by field.
    pub causes: Vec<Cause>,
    /// When to try again.
    pub retry_after_seconds: u32,
}

/// `pods`, `deployments.apps` → resource and group.
fn split(resource: &str) -> (&str, &str) {
    resource.split_once('.').unwrap_or((resource, ""))
}

fn about(resource: &str, name: &str) -> Details {
    let (kind, group) = split(resource);
    Details { name: name.into(), group: group.into(), kind: kind.into(), ..Details::default() }
}

impl Refusal {
    /// Any other one.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { code, reason, message: message.into(), details: None }
    }

    fn with(mut self, details: Details) -> Refusal {
        self.details = Some(Box::new(details));
        self
    }

    /// 404. `resource` as `deployments.apps`, in all of these.
    pub fn not_found(resource: &str, name: &str) -> Refusal {
        Refusal::new(404, "NotFound", format!("{resource} {name:?} not found")).with(about(resource, name))
    }

    /// 404 of a path that nothing serves.
    pub fn no_such_path() -> Refusal {
        Refusal::new(404, "NotFound", "the server could not find the requested resource").with(Details::default())
    }

    /// 409 of a create.
    pub fn already_exists(resource: &str, name: &str) -> Refusal {
        Refusal::new(409, "AlreadyExists", format!("{resource} {name:?} already exists")).with(about(resource, name))
    }

    /// 409 of a change.
    pub fn conflict(resource: &str, name: &str, why: &str) -> Refusal {
        Refusal::new(409, "Conflict", format!("Operation cannot be fulfilled on {resource} {name:?}: {why}")).with(about(resource, name))
    }

    /// 409: the object is another version than the one that was read.
    pub fn modified(resource: &str, name: &str) -> Refusal {
        Refusal::conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again")
    }

    /// 422: `kind` is `Deployment`, `group` is `apps`.
    pub fn invalid(kind: &str, group: &str, name: &str, causes: Vec<Cause>) -> Refusal {
        let all: Vec<String> = causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let all = if let [one] = all.as_slice() { one.clone() } else { format!("[{}]", all.join(", ")) };
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let details = Details { name: name.into(), group: group.into(), kind: kind.into(), causes, ..Details::default() };
        Refusal::new(422, "Invalid", format!("{qualified} {name:?} is invalid: {all}")).with(details)
    }

    /// 403.
    pub fn forbidden(resource: &str, name: &str, why: &str) -> Refusal {
        let subject = if name.is_empty() { resource.to_owned() } else { format!("{resource} {name:?}") };
        Refusal::new(403, "Forbidden", format!("{subject} is forbidden: {why}")).with(about(resource, name))
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "BadRequest", message)
    }

    /// 405.
    pub fn method_not_allowed() -> Refusal {
        Refusal::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource").with(Details::default())
    }

    /// 410: the history does not go back so far.
    pub fn expired(asked: u64, oldest: u64) -> Refusal {
        Refusal::new(410, "Expired", format!("too old resource version: {asked} ({oldest})"))
    }

    /// 406.
    pub fn not_acceptable(accepted: &str) -> Refusal {
        Refusal::new(406, "NotAcceptable", format!("only the following media types are accepted: {accepted}"))
    }

    /// 415.
    pub fn unsupported_media_type(accepted: &str) -> Refusal {
        Refusal::new(
            415,
            "UnsupportedMediaType",
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}"),
        )
    }

    /// 429 of an eviction.
    pub fn too_many_requests(message: &str, causes: Vec<Cause>, retry_after_seconds: u32) -> Refusal {
        Refusal::new(429, "TooManyRequests", message).with(Details { causes, retry_after_seconds, ..Details::default() })
    }

    /// The `Status` object.
    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.into();
        }
        if let Some(details) = &self.details {
            status["details"] = json!({});
            let of = &mut status["details"];
            for (key, text) in [("name", &details.name), ("group", &details.group), ("kind", &details.kind), ("uid", &details.uid)] {
                if !text.is_empty() {
                    of[key] = text.as_str().into();
                }
            }
            if !details.causes.is_empty() {
                of["causes"] = details.causes.iter().map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field})).collect();
                for cause in of["causes"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
                    cause.retain(|_, text| text != "");
                }
            }
            if details.retry_after_seconds > 0 {
                of["retryAfterSeconds"] = details.retry_after_seconds.into();
            }
        }
        status
    }

    /// What the caller is sent.
    pub fn answer(&self) -> Answer {
        let retry = self.details.as_ref().map(|d| d.retry_after_seconds).filter(|&s| s > 0);
        Answer {
            status: StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            content_type: "application/json",
            headers: retry.map(|s| ("retry-after", s.to_string())).into_iter().collect(),
            body: Body::Whole(Bytes::from(self.status().to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_read_as_the_api_servers() {
        let refusal =
            Refusal::invalid("Deployment", "apps", "web", vec![Cause::invalid("spec.replicas", -1, "must be greater than or equal to 0")]);
        assert_eq!(
            refusal.message,
            r#"Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0"#
        );
        let status = refusal.status();
        assert_eq!(status["details"]["causes"][0]["reason"], "FieldValueInvalid");
        assert_eq!(
            Refusal::not_found("deployments.apps", "web").status()["details"],
            json!({"name": "web", "group": "apps", "kind": "deployments"})
        );
        assert_eq!(Refusal::not_found("pods", "x").message, r#"pods "x" not found"#);
        assert_eq!(Refusal::too_many_requests("later", Vec::new(), 10).answer().headers, [("retry-after", "10".to_owned())]);
    }
}
