//! Asks the server what this user may do. Reviews are created and not kept: with `SelfSubjectReview` they are the only
//! POSTs that read-only mode knows.

use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use http_body_util::BodyExt;
use kube::client::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::request::{self, JSON};
use crate::model::rights::{Ask, Attempt, Rule, Said};

/// Asks one question. What the server refuses to say, or does not know how to, is an answer too: it will not say it in a
/// second either.
pub async fn ask(session: &Session, ask: &Ask) -> Said {
    let answer = match ask {
        Ask::Rules(namespace) => rules(session, namespace).await.map(Said::Rules),
        Ask::Access(attempt) => access(session, attempt).await.map(Said::Access),
    };
    answer.unwrap_or_else(|error| {
        tracing::debug!(%error, ?ask, "rights");
        match ask {
            _ if error.is_transient() || error.is_login() => Said::Nothing,
            Ask::Rules(_) => Said::Rules(None),
            Ask::Access(_) => Said::Access(None),
        }
    })
}

/// The rules of a namespace, cluster-wide ones included; `None` where these are not all of them: an authorizer cannot list
/// its rules (webhooks), or a rule could not be resolved.
async fn rules(session: &Session, namespace: &str) -> Result<Option<Vec<Rule>>, ClusterError> {
    let review: Review<Rules> = post(session, "SelfSubjectRulesReview", &json!({ "namespace": namespace })).await?;
    Ok(review.status.complete())
}

/// Whether something may be done; `None` where the server could not find out.
async fn access(session: &Session, attempt: &Attempt) -> Result<Option<bool>, ClusterError> {
    let Attempt { verb, group, resource, subresource, namespace, name } = attempt;
    let attributes = json!({
        "verb": **verb, "group": **group, "resource": **resource, "subresource": **subresource, "namespace": **namespace, "name": **name,
    });
    let review: Review<Access> = post(session, "SelfSubjectAccessReview", &json!({ "resourceAttributes": attributes })).await?;
    Ok(review.status.answer())
}

#[derive(Deserialize)]
struct Review<T> {
    status: T,
}

/// `authorization.v1.SubjectRulesReviewStatus`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rules {
    /// `null` where there are none, in Go's spelling.
    #[serde(default)]
    resource_rules: Option<Vec<Rule>>,
    #[serde(default)]
    incomplete: bool,
    #[serde(default)]
    evaluation_error: String,
}

impl Rules {
    fn complete(self) -> Option<Vec<Rule>> {
        (!self.incomplete && self.evaluation_error.is_empty()).then(|| self.resource_rules.unwrap_or_default())
    }
}

/// `authorization.v1.SubjectAccessReviewStatus`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Access {
    #[serde(default)]
    allowed: bool,
    #[serde(default)]
    denied: bool,
    #[serde(default)]
    evaluation_error: String,
}

impl Access {
    fn answer(&self) -> Option<bool> {
        // Not allowed, not denied, and an error: somebody who might have allowed it could not be asked.
        let unsure = !self.allowed && !self.denied && !self.evaluation_error.is_empty();
        (!unsure).then_some(self.allowed)
    }
}

async fn post<T: DeserializeOwned>(session: &Session, kind: &str, spec: &Value) -> Result<T, ClusterError> {
    let path = format!("/apis/authorization.k8s.io/v1/{}s", kind.to_lowercase());
    let review = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec });
    let request = Request::post(&path).header(ACCEPT, JSON).header(CONTENT_TYPE, JSON).body(Body::from(review.to_string().into_bytes()));
    let request = request.map_err(|e| ClusterError::Invalid(format!("{path} cannot be asked for: {e}")))?;
    request::limited(session, async {
        let response = session.client().send(request).await.map_err(|e| session.error(&e))?;
        tracing::debug!(path, status = response.status().as_u16(), "POST");
        if !response.status().is_success() {
            return Err(request::refusal(response).await);
        }
        let body = response.into_body().collect().await.map_err(|e| session.error(&e))?.to_bytes();
        Ok(serde_json::from_slice(&body)?)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(status: Value) -> Option<usize> {
        let review: Review<Rules> = serde_json::from_value(json!({ "status": status })).expect("reads");
        review.status.complete().map(|rules| rules.len())
    }

    #[test]
    fn rules_count_only_where_they_are_all_of_them() {
        let rule = json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]});
        assert_eq!(complete(json!({"resourceRules": [rule], "nonResourceRules": [], "incomplete": false})), Some(1));
        assert_eq!(complete(json!({"resourceRules": null, "incomplete": false})), Some(0));
        assert_eq!(complete(json!({"resourceRules": [rule], "incomplete": true})), None);
        let dangling = r#"clusterroles.rbac.authorization.k8s.io "gone" not found"#;
        assert_eq!(complete(json!({"resourceRules": [rule], "incomplete": false, "evaluationError": dangling})), None);
        let rules: Rules = serde_json::from_value(
            json!({"resourceRules": [{"verbs": ["*"], "apiGroups": ["apps"], "resources": ["*/scale"], "resourceNames": ["web"]}]}),
        )
        .expect("reads");
        let expected = Rule {
            verbs: vec!["*".into()],
            api_groups: vec!["apps".into()],
            resources: vec!["*/scale".into()],
            resource_names: vec!["web".into()],
        };
        assert_eq!(rules.complete(), Some(vec![expected]));
    }

    #[test]
    fn an_error_that_hid_a_yes_is_no_answer() {
        let answer = |status: Value| serde_json::from_value::<Review<Access>>(json!({ "status": status })).expect("reads").status.answer();
        assert_eq!(answer(json!({"allowed": true})), Some(true));
        assert_eq!(answer(json!({"allowed": true, "evaluationError": "a role is missing"})), Some(true));
        assert_eq!(answer(json!({"allowed": false})), Some(false));
        assert_eq!(answer(json!({"allowed": false, "denied": true, "evaluationError": "webhook"})), Some(false));
        assert_eq!(answer(json!({"allowed": false, "evaluationError": "webhook timed out"})), None);
    }
}
