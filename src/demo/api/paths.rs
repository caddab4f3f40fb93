//! The paths that are no resources: health, version, discovery, schemas.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::read::whole;
use crate::demo::http::{Answer, Request};
use crate::demo::openapi;
use crate::demo::refusal::Refusal;
use crate::demo::resources::discovery::AGGREGATED;
use crate::demo::running::Running;
use crate::demo::world::World;

/// What `/livez?verbose` and its like check: those of a real server that have something to check here.
const CHECKS: &[&str] = &["ping", "log", "etcd", "informer-sync", "poststarthook/start-apiextensions-controllers"];

/// Answers a path that is no resource; `None` when it is one.
pub fn answer(running: &Arc<Running>, request: &Request) -> Option<Result<Answer, Refusal>> {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let read = |make: &dyn Fn(&World) -> Option<Value>| running.read(|world| make(world)).map_or_else(not_found, json_answer);
    let server = request.header("host");
    Some(Ok(match path.as_slice() {
        ["livez" | "readyz" | "healthz"] => health(request, path[0]),
        ["livez" | "readyz" | "healthz", check @ ..] if CHECKS.contains(&check.join("/").as_str()) => text(StatusCode::OK, "ok"),
        ["version"] => whole(StatusCode::OK, "application/json", openapi::VERSION),
        [] => read(&|world| Some(roots(world))),
        ["api" | "apis"] if aggregated(request) => {
            let document = running.read(|world| world.resources().aggregated(path[0] == "api"));
            whole(StatusCode::OK, AGGREGATED, document.to_string())
        }
        ["api"] => read(&|world| Some(world.resources().versions(server))),
        ["apis"] => read(&|world| Some(world.resources().group_list())),
        ["apis", group] => read(&|world| world.resources().api_group(group)),
        ["api", version] => read(&|world| world.resources().resource_list("", version)),
        ["apis", group, version] => read(&|world| world.resources().resource_list(group, version)),
        ["openapi", "v3"] => read(&|world| Some(openapi::index(world.custom_documents()))),
        ["openapi", "v3", of @ ..] => document(running, &of.join("/")),
        // Where no version is served, no API server has a place for the path.
        ["api", version, ..] if !running.read(|world| world.resources().has_version("", version)) => not_found(),
        ["apis", group, version, ..] if !running.read(|world| world.resources().has_version(group, version)) => not_found(),
        ["api" | "apis", ..] => return None,
        _ => not_found(),
    }))
}

fn json_answer(value: Value) -> Answer {
    whole(StatusCode::OK, "application/json", value.to_string())
}

fn text(status: StatusCode, text: &'static str) -> Answer {
    whole(status, "text/plain; charset=utf-8", text)
}

/// Go's mux answers so where there is nothing at all.
fn not_found() -> Answer {
    text(StatusCode::NOT_FOUND, "404 page not found\n")
}

fn aggregated(request: &Request) -> bool {
    request.header("accept").split(',').any(|entry| {
        let entry = entry.replace(' ', "");
        entry.contains("as=APIGroupDiscoveryList") && entry.contains("v=v2;") | entry.ends_with("v=v2")
    })
}

fn health(request: &Request, name: &str) -> Answer {
    if request.parameter("verbose").is_none() {
        return text(StatusCode::OK, "ok");
    }
    let checks: String = CHECKS.iter().map(|check| format!("[+]{check} ok\n")).collect();
    whole(StatusCode::OK, "text/plain; charset=utf-8", format!("{checks}{name} check passed\n"))
}

/// `/`: what paths there are.
fn roots(world: &World) -> Value {
    let mut paths: Vec<String> = ["/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"].map(String::from).into();
    for resource in world.resources().all() {
        let version = resource.api_version();
        paths.push(if resource.group.is_empty() { format!("/api/{version}") } else { format!("/apis/{version}") });
        if !resource.group.is_empty() {
            paths.push(format!("/apis/{}", resource.group));
        }
    }
    paths.sort();
    paths.dedup();
    json!({"paths": paths})
}

fn document(running: &Arc<Running>, path: &str) -> Answer {
    if let Some(document) = openapi::document(path) {
        return whole(StatusCode::OK, "application/json", document);
    }
    let own = running.read(|world| world.custom_documents().find(|d| d.path() == path).map(|d| d.text().clone()));
    own.map_or_else(not_found, |text| whole(StatusCode::OK, "application/json", text))
}
