//! The API: one call in, one answer out.
//!
//! [`route`] finds out what is asked, roles decide whether it may be, and a file for each way of asking answers: [`read`],
//! [`watching`], and those that change something. In which form objects are answered is [`form`]'s.

pub mod call;
pub mod choose;
pub mod form;
mod metering;
pub mod paths;
pub mod read;
pub mod route;
pub mod table;
pub mod watching;
pub mod write;

use std::sync::Arc;

use http::StatusCode;

use super::channel;
use super::controllers::kubelet;
use super::http::{Answer, Request, Service, User};
use super::logs::{self, Follows};
use super::refusal::Refusal;
use super::roles::{self, Attempt};
use super::running::Running;
use super::store::{Object, Ref};
use super::tree::Tree;
use super::world::World;
use call::Call;
use choose::Choice;
use form::Form;
use read::whole;
use route::Route;
use write::Written;

/// Answers the calls on a running world.
pub struct Api {
    running: Arc<Running>,
}

impl Api {
    /// The API of a world.
    pub fn new(running: Arc<Running>) -> Api {
        Api { running }
    }

    fn answer(&self, request: &Request) -> Result<Answer, Refusal> {
        if let Some(answer) = paths::answer(&self.running, request) {
            return answer;
        }
        self.running.with(|world| {
            let route = Route::of(request, world.resources())?;
            let attempt = Attempt {
                verb: route.verb,
                group: &route.resource.group,
                resource: &route.resource.plural,
                subresource: &route.subresource,
                // RBAC sees a namespace as an object of itself.
                namespace: if &*route.resource.plural == "namespaces" { &route.name } else { &route.namespace },
                name: &route.name,
            };
            roles::check(&request.user, &attempt)?;
            if &*route.resource.group == metering::GROUP {
                return metering::answer(world, request, &route);
            }
            let call = Call {
                resource: &route.resource,
                namespace: &route.namespace,
                name: &route.name,
                subresource: &route.subresource,
                request,
            };
            match (route.verb, route.subresource.as_str()) {
                (_, "log" | "exec" | "attach" | "portforward") => self.stream(world, request, &route),
                ("get", "") => get(world, request, &route),
                ("list", "") => list(world, request, &route),
                ("watch", "") => {
                    let form = form(world, request, &route)?;
                    watching::answer(self.running.clone(), world, request, &route, Choice::of(request, &route)?, form)
                }
                ("get", _) => Ok(whole(StatusCode::OK, "application/json", write::shown(world, &call)?.json())),
                ("create", _) => write::create(world, &call).and_then(|done| written(world, request, &route, done)),
                ("update", _) => write::replace(world, &call).and_then(|done| written(world, request, &route, done)),
                ("patch", _) => write::patch(world, &call).and_then(|done| written(world, request, &route, done)),
                ("delete", _) => write::delete(world, &call).and_then(|done| written(world, request, &route, done)),
                ("deletecollection", _) => write::delete_collection(world, &call).and_then(|done| written(world, request, &route, done)),
                _ => Err(Refusal::method_not_allowed()),
            }
        })
    }

    /// What only a node can answer: it looks into a pod.
    fn stream(&self, world: &World, request: &Request, route: &Route) -> Result<Answer, Refusal> {
        let pod = find(world, route)?;
        let follows: Arc<dyn Follows> = self.running.clone();
        match route.subresource.as_str() {
            "log" => logs::answer(request, &pod.tree, world.now(), follows),
            "exec" => channel::exec(request, &pod.tree, world.now(), follows),
            "attach" => channel::attach(request, &pod.tree, world.now(), follows),
            _ => channel::forward(request, &pod.tree, follows),
        }
    }
}

impl Follows for Running {
    fn look(&self, namespace: &str, pod: &str) -> (i64, Option<Tree>) {
        let tree = self.read(|world| world.store.get("pods", namespace, pod).map(|pod| pod.tree.clone()));
        (self.now(), tree)
    }

    fn exited(&self, namespace: &str, pod: &str, container: &str, code: i32) {
        let pod = Ref::new("pods", namespace, pod);
        self.with(|world| kubelet::exited(world, &pod, container, code.into()));
    }
}

impl Service for Api {
    fn call(&self, mut request: Request) -> Answer {
        match impersonated(&request) {
            Ok(user) => request.user = user,
            Err(refusal) => return refusal.answer(),
        }
        self.answer(&request).unwrap_or_else(|refusal| refusal.answer())
    }
}

/// Who the caller wants to be: `--as` and `--as-group`, which only the administrator may ask for.
fn impersonated(request: &Request) -> Result<User, Refusal> {
    let all = |name: &str| request.headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).map(str::to_owned).collect::<Vec<_>>();
    let (users, mut groups) = (all("impersonate-user"), all("impersonate-group"));
    let Some(name) = users.into_iter().next() else {
        return if groups.is_empty() {
            Ok(request.user.clone())
        } else {
            Err(Refusal::bad_request("requested groups without impersonating a user"))
        };
    };
    if !request.user.groups.iter().any(|g| g == "system:masters") {
        let why = format!("User {:?} cannot impersonate resource \"users\" in API group \"\" at the cluster scope", request.user.name);
        return Err(Refusal::forbidden("users", &name, &why));
    }
    groups.push("system:authenticated".to_owned());
    Ok(User { name, groups })
}

/// What a change is answered with: the object in the form that was asked for, anything else as it is.
fn written(world: &World, request: &Request, route: &Route, written: Written) -> Result<Answer, Refusal> {
    let status = StatusCode::from_u16(written.status).unwrap_or(StatusCode::OK);
    let itself = written.tree["kind"] == *route.resource.kind && route.subresource.is_empty();
    let form = if itself { form(world, request, route)? } else { Form::Json };
    let body = form.object(&route.resource, &written.tree, world.now().div_euclid(1000));
    let mut answer = whole(status, form.content_type(false), body);
    answer.headers = written.warnings.iter().map(|text| ("warning", format!("299 - {}", quoted(text)))).collect();
    Ok(answer)
}

/// A quoted string of a header: RFC 7230. What cannot stand in one is left out.
fn quoted(text: &str) -> String {
    let inside: String =
        text.chars().filter(|c| !c.is_control()).flat_map(|c| if matches!(c, '"' | '\\') { vec!['\\', c] } else { vec![c] }).collect();
    format!("\"{inside}\"")
}

/// The form of an answer, which for a custom resource depends on its definition.
fn form(world: &World, request: &Request, route: &Route) -> Result<Form, Refusal> {
    let definition = route.resource.custom.then(|| world.definition(&route.resource)).flatten();
    Form::of(request, &route.resource, definition.as_ref().map(|d| &d.tree))
}

fn find<'a>(world: &'a World, route: &Route) -> Result<&'a Arc<Object>, Refusal> {
    world.store.get(&route.key, &route.namespace, &route.name).ok_or_else(|| Refusal::not_found(&route.key, &route.name))
}

fn get(world: &World, request: &Request, route: &Route) -> Result<Answer, Refusal> {
    let form = form(world, request, route)?;
    let object = find(world, route)?;
    let body = form.object(&route.resource, &object.tree, world.now().div_euclid(1000));
    Ok(whole(StatusCode::OK, form.content_type(false), body))
}

fn list(world: &World, request: &Request, route: &Route) -> Result<Answer, Refusal> {
    let form = form(world, request, route)?;
    let listed = read::list(world, request, &Choice::of(request, route)?)?;
    Ok(read::answer(listed, form, route, world.now().div_euclid(1000)))
}
