//! The API: one call in, one answer out.
//!
//! [`route`] finds out what is asked, roles decide whether it may be, and a file for each way of asking answers: [`read`],
//! [`watching`], and those that change something. In which form objects are answered is [`form`]'s.

pub mod choose;
pub mod form;
pub mod paths;
pub mod read;
pub mod route;
pub mod table;
pub mod watching;

use std::sync::Arc;

use http::StatusCode;

use super::channel;
use super::http::{Answer, Request, Service, User};
use super::logs::{self, Follows};
use super::refusal::Refusal;
use super::resources::Resource;
use super::running::Running;
use super::store::Object;
use super::tree::Tree;
use super::world::World;
use choose::Choice;
use form::Form;
use read::whole;
use route::Route;

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
            let route = Route::of(request, &world.resources)?;
            match (route.verb, route.subresource.as_str()) {
                ("get", "") => get(world, request, &route),
                ("list", "") => list(world, request, &route),
                ("watch", "") => {
                    let form = form(world, request, &route)?;
                    watching::answer(self.running.clone(), world, request, &route, Choice::of(request, &route)?, form)
                }
                (_, "log" | "exec" | "attach" | "portforward") => self.stream(world, request, &route),
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
            _ => channel::forward(request, &pod.tree),
        }
    }
}

impl Follows for Running {
    fn look(&self, namespace: &str, pod: &str) -> (i64, Option<Tree>) {
        let tree = self.read(|world| world.store.get("pods", namespace, pod).map(|pod| pod.tree.clone()));
        (self.now(), tree)
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

/// The form of an answer, which for a custom resource depends on its definition.
fn form(world: &World, request: &Request, route: &Route) -> Result<Form, Refusal> {
    let definition = definition(world, &route.resource);
    Form::of(request, &route.resource, definition.as_ref().map(|d| &d.tree))
}

/// The definition of a custom resource.
pub fn definition(world: &World, resource: &Resource) -> Option<Arc<Object>> {
    let name = format!("{}.{}", resource.plural, resource.group);
    resource.custom.then(|| world.get("customresourcedefinitions.apiextensions.k8s.io", "", &name)).flatten()
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
