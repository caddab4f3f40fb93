//! metrics.k8s.io: what pods and nodes use, made up when it is asked for. It cannot be watched, as the real one.

use std::sync::Arc;

use http::StatusCode;

use super::choose::Choice;
use super::form::Form;
use super::read::{self, Listed, whole};
use super::route::Route;
use crate::demo::http::{Answer, Request};
use crate::demo::metrics;
use crate::demo::refusal::Refusal;
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::World;
use crate::kinds::ListMeta;

/// The group that is answered here.
pub(super) const GROUP: &str = "metrics.k8s.io";

/// Answers a get or a list.
pub(super) fn answer(world: &World, request: &Request, route: &Route) -> Result<Answer, Refusal> {
    let form = Form::of(request, &route.resource, None)?;
    let plural = &*route.resource.plural;
    let seconds = world.now().div_euclid(1000);
    if !route.name.is_empty() {
        let object = world.store.get(plural, &route.namespace, &route.name);
        let missing = || Refusal::not_found(&route.key, &route.name);
        let measured = object.and_then(|object| measure(world, object)).ok_or_else(missing)?;
        return Ok(whole(StatusCode::OK, form.content_type(false), form.object(&route.resource, &measured, seconds)));
    }
    // What is measured has the labels of what it is measured of.
    let of = Route { key: plural.to_owned(), ..route.clone() };
    let listed = read::list(world, request, &Choice::of(request, &of)?)?;
    let objects = listed.objects.iter().filter_map(|object| {
        let tree = measure(world, object)?;
        let Object { resource, namespace, name, uid, version, .. } = &**object;
        Some(Arc::new(Object {
            resource: resource.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
            uid: uid.clone(),
            version: *version,
            tree,
        }))
    });
    let meta = ListMeta { resource_version: String::new(), ..listed.meta };
    Ok(read::answer(Listed { objects: objects.collect(), meta }, form, route, seconds))
}

fn measure(world: &World, object: &Object) -> Option<Tree> {
    if &*object.resource == "pods" {
        metrics::pod(&object.tree, world.now())
    } else {
        metrics::node(&object.tree, world.store.on_node(&object.name).map(|pod| &**pod), world.now())
    }
}
