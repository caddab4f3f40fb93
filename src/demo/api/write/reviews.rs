//! What is created and not kept: reviews of who somebody is and what they may do, and tokens.

use serde_json::{Value, json};

use super::{Written, body, read, type_of};
use crate::demo::api::call::{Call, Options};
use crate::demo::http::User;
use crate::demo::refusal::{Cause, Refusal};
use crate::demo::roles::{self, Attempt};
use crate::demo::tree::Tree;
use crate::demo::world::{SECOND, World};
use crate::model::time::rfc3339;

/// Seconds that a token is good for, where none are asked for, and the fewest that may be.
const TOKEN_LIFE: i64 = 3600;
const SHORTEST_LIFE: i64 = 600;

/// The resource is one of reviews.
pub(super) fn is_one(key: &str) -> bool {
    matches!(
        key,
        "selfsubjectaccessreviews.authorization.k8s.io"
            | "selfsubjectrulesreviews.authorization.k8s.io"
            | "subjectaccessreviews.authorization.k8s.io"
            | "localsubjectaccessreviews.authorization.k8s.io"
            | "tokenreviews.authentication.k8s.io"
            | "selfsubjectreviews.authentication.k8s.io"
    )
}

/// POST of a review: it comes back with its status.
pub(super) fn review(world: &mut World, call: &Call, options: &Options) -> Result<Written, Refusal> {
    let body = body::object(&call.request.body, call.request.header("content-type"), &call.resource.kind)?;
    let of = type_of(world, call);
    let (mut tree, warnings) = read(call, options, body, of.as_ref(), &super::kind_of(call))?;
    let user = &call.request.user;
    let status = match &*call.resource.plural {
        "selfsubjectreviews" => {
            tree.set("metadata.creationTimestamp", world.now_text());
            json!({"userInfo": {"username": user.name, "groups": user.groups}})
        }
        // Nobody has a token here but who calls with one: nothing that is asked about is known.
        "tokenreviews" if tree.text("spec.token").is_empty() => {
            return Err(Refusal::invalid("TokenReview", "authentication.k8s.io", "", vec![Cause::required("spec.token", "")]));
        }
        "tokenreviews" => json!({"user": {}, "error": "invalid bearer token"}),
        "selfsubjectrulesreviews" => rules(user, tree.text("spec.namespace"))?,
        plural => {
            let of_another = !plural.starts_with("self");
            let asked = User {
                name: tree.text("spec.user").into(),
                groups: tree.at("spec.groups").items().iter().filter_map(Tree::as_str).map(str::to_owned).collect(),
            };
            if of_another && asked.name.is_empty() && asked.groups.is_empty() {
                let cause = Cause::invalid("spec.user", "", "at least one of user or group must be specified");
                return Err(Refusal::invalid("", "authorization.k8s.io", "", vec![cause]));
            }
            access(&tree, if of_another { &asked } else { user })?
        }
    };
    tree.set("status", Tree::from(status));
    Ok(Written { status: 201, tree, warnings })
}

fn access(tree: &Tree, user: &User) -> Result<Value, Refusal> {
    let (resource, path) = (tree.at("spec.resourceAttributes"), tree.at("spec.nonResourceAttributes"));
    let invalid = |value: Value, why: &str| {
        let cause = Cause::invalid("spec.resourceAttributes", value, why);
        Err(Refusal::invalid("", "authorization.k8s.io", "", vec![cause]))
    };
    match (resource.is_null(), path.is_null()) {
        (true, true) => invalid(Value::Null, "exactly one of nonResourceAttributes or resourceAttributes must be specified"),
        (false, false) => invalid("".into(), "cannot be specified in combination with nonResourceAttributes"),
        (true, false) => {
            // Discovery and health are open to everybody, as system:discovery has it.
            let open = ["/api", "/apis", "/healthz", "/livez", "/readyz", "/openapi", "/version"];
            let wanted = path.text("path");
            let allowed = roles::allowed(user, &Attempt { verb: "*", resource: "*", group: "*", ..Attempt::default() })
                || (path.text("verb") == "get" && open.iter().any(|p| wanted == *p || wanted.starts_with(&format!("{p}/"))));
            Ok(json!({"allowed": allowed}))
        }
        (false, true) => {
            let attempt = Attempt {
                verb: resource.text("verb"),
                group: resource.text("group"),
                resource: resource.text("resource"),
                subresource: resource.text("subresource"),
                namespace: resource.text("namespace"),
                name: resource.text("name"),
            };
            Ok(json!({"allowed": roles::allowed(user, &attempt)}))
        }
    }
}

fn rules(user: &User, namespace: &str) -> Result<Value, Refusal> {
    if namespace.is_empty() {
        return Err(Refusal::bad_request("no namespace on request"));
    }
    let resources: Vec<Value> = roles::rules(user, namespace)
        .map(|rule| json!({"verbs": rule.verbs, "apiGroups": rule.groups, "resources": rule.resources}))
        .collect();
    let open = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"];
    Ok(json!({"resourceRules": resources, "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": open}], "incomplete": false}))
}

/// POST of a TokenRequest to a service account. The token says of itself that it opens nothing.
pub(super) fn token(world: &mut World, call: &Call, options: &Options) -> Result<Written, Refusal> {
    let body = body::object(&call.request.body, call.request.header("content-type"), "TokenRequest")?;
    let of = world.type_of("authentication.k8s.io", "v1", "TokenRequest");
    let expected = ("authentication.k8s.io".into(), "v1".into(), "TokenRequest".into());
    let (mut tree, warnings) = read(call, options, body, of.as_ref(), &expected)?;
    let Some(account) = world.find(&call.reference()) else { return Err(Refusal::not_found("serviceaccounts", call.name)) };
    let seconds = tree.int("spec.expirationSeconds", TOKEN_LIFE);
    if seconds < SHORTEST_LIFE {
        let cause = Cause::invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes");
        return Err(Refusal::invalid("TokenRequest", "authentication.k8s.io", "", vec![cause]));
    }
    tree.set("spec.expirationSeconds", seconds);
    if tree.at("spec.audiences").is_empty() {
        tree.push("spec.audiences", "https://kubernetes.default.svc");
    }
    for field in ["name", "namespace", "uid"] {
        tree.set(&format!("metadata.{field}"), account.tree.at("metadata")[field].clone());
    }
    tree.set("metadata.creationTimestamp", world.now_text());
    tree.set("status.token", format!("demo-token-that-opens-nothing.{}.{}", call.namespace, call.name));
    tree.set("status.expirationTimestamp", rfc3339(world.now().div_euclid(SECOND) + seconds));
    Ok(Written { status: 201, tree, warnings })
}
