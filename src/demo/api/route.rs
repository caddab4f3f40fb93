//! Which call a request is: paths and verbs, as apiserver's `RequestInfoFactory` reads them.

use arcstr::ArcStr;
use std::sync::Arc;

use http::Method;

use crate::demo::http::Request;
use crate::demo::refusal::Refusal;
use crate::demo::resources::{Registry, Resource};

/// What is asked of a resource.
#[derive(Clone, Debug)]
pub struct Route {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`: the words of RBAC.
    pub verb: &'static str,
    /// Of what.
    pub resource: Arc<Resource>,
    /// `pods`, `deployments.apps`: the store's name for it.
    pub key: String,
    /// Empty over all namespaces, and for what lives in none.
    pub namespace: String,
    /// Empty for a collection.
    pub name: String,
    /// Empty for the object itself.
    pub subresource: String,
}

impl Route {
    /// Reads the path of a request below `/api` or `/apis`.
    ///
    /// # Errors
    /// Nothing is there (404), or it does not take this method (405).
    pub fn of(request: &Request, registry: &Registry) -> Result<Route, Refusal> {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        let (group, version, rest) = match path.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return Err(Refusal::no_such_path()),
        };
        // The old form of a watch.
        let (old_watch, rest) = match rest {
            ["watch", rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (namespace, rest) = match rest {
            // A namespace is an object too: its own path has no resource behind its name, or one of its own subresources.
            ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => ("", rest),
            ["namespaces", namespace, rest @ ..] => (*namespace, rest),
            rest => ("", rest),
        };
        let (plural, name, subresource) = match rest {
            [plural] => (*plural, "", ""),
            [plural, name] => (*plural, *name, ""),
            [plural, name, subresource] => (*plural, *name, *subresource),
            // A proxied path goes on behind it.
            [plural, name, "proxy", ..] => (*plural, *name, "proxy"),
            _ => return Err(Refusal::no_such_path()),
        };
        let resource = registry.get(group, version, plural).ok_or_else(Refusal::no_such_path)?.clone();
        let nowhere = resource.namespaced && namespace.is_empty() && !name.is_empty();
        if nowhere || (!resource.namespaced && !namespace.is_empty()) {
            return Err(Refusal::no_such_path());
        }
        let watches = old_watch || request.flag("watch") && request.parameter("watch").is_some();
        let verb = match (&request.method, name.is_empty()) {
            (&Method::GET | &Method::HEAD, true) if watches => "watch",
            (&Method::GET | &Method::HEAD, true) => "list",
            // client-go watches one object through a field selector; the old form names it.
            (&Method::GET | &Method::HEAD, false) if old_watch => "watch",
            (&Method::GET | &Method::HEAD, false) => "get",
            (&Method::POST, _) => "create",
            (&Method::PUT, false) => "update",
            (&Method::PATCH, false) => "patch",
            (&Method::DELETE, true) => "deletecollection",
            (&Method::DELETE, false) => "delete",
            _ => return Err(Refusal::method_not_allowed()),
        };
        let has = |verbs: &[ArcStr]| verbs.iter().any(|v| **v == *verb);
        let offered = match subresource {
            "" => has(&resource.verbs) && (verb != "create" || name.is_empty()),
            // Streams are asked for by GET and by POST.
            "exec" | "attach" | "portforward" | "log" | "proxy" => resource.subresource(subresource).is_some(),
            other => has(&resource.subresource(other).ok_or_else(Refusal::no_such_path)?.verbs),
        };
        if !offered {
            return Err(if subresource.is_empty() || resource.subresource(subresource).is_some() {
                Refusal::method_not_allowed()
            } else {
                Refusal::no_such_path()
            });
        }
        let key = key(&resource);
        Ok(Route { verb, resource, key, namespace: namespace.into(), name: name.into(), subresource: subresource.into() })
    }
}

/// The store's name of a resource: `pods`, `deployments.apps`.
pub fn key(resource: &Resource) -> String {
    if resource.group.is_empty() { resource.plural.to_string() } else { format!("{}.{}", resource.plural, resource.group) }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::demo::http::User;

    fn route(method: &str, target: &str) -> Result<String, u16> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method: method.parse().expect("a method"),
            path: path.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect(),
            query: query.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
            headers: http::HeaderMap::new(),
            body: Bytes::new(),
            user: User { name: "demo".into(), groups: Vec::new() },
        };
        let route = Route::of(&request, &Registry::recorded()).map_err(|refusal| refusal.code)?;
        Ok(format!("{} {} {}/{} {}", route.verb, route.key, route.namespace, route.name, route.subresource))
    }

    #[test]
    fn requests_are_calls() {
        for (method, target, call) in [
            ("GET", "/api/v1/pods", "list pods / "),
            ("GET", "/api/v1/namespaces/shop/pods?watch=1", "watch pods shop/ "),
            ("GET", "/api/v1/watch/namespaces/shop/pods", "watch pods shop/ "),
            ("GET", "/api/v1/namespaces/shop/pods/a", "get pods shop/a "),
            ("GET", "/api/v1/namespaces/shop/pods/a/log", "get pods shop/a log"),
            ("POST", "/api/v1/namespaces/shop/pods/a/eviction", "create pods shop/a eviction"),
            ("POST", "/api/v1/namespaces/shop/pods/a/exec", "create pods shop/a exec"),
            ("GET", "/api/v1/namespaces/shop", "get namespaces /shop "),
            ("PUT", "/api/v1/namespaces/shop/finalize", "update namespaces /shop finalize"),
            ("GET", "/api/v1/namespaces", "list namespaces / "),
            ("DELETE", "/apis/apps/v1/namespaces/shop/deployments", "deletecollection deployments.apps shop/ "),
            ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale", "patch deployments.apps shop/web scale"),
            ("GET", "/api/v1/nodes/n1", "get nodes /n1 "),
        ] {
            assert_eq!(route(method, target).as_deref(), Ok(call), "{method} {target}");
        }
    }

    #[test]
    fn what_is_not_there_is_said() {
        for (method, target, code) in [
            ("GET", "/api/v1/nothing", 404),
            ("GET", "/apis/apps/v9/deployments", 404),
            ("GET", "/api/v1/pods/a", 404),
            ("GET", "/api/v1/namespaces/shop/nodes", 404),
            ("GET", "/api/v1/namespaces/shop/pods/a/nothing", 404),
            ("POST", "/api/v1/namespaces/shop/pods/a", 405),
            ("PUT", "/api/v1/namespaces/shop/pods", 405),
        ] {
            assert_eq!(route(method, target), Err(code), "{method} {target}");
        }
    }
}
