use serde_json::{Value, json};

use super::*;
use crate::demo::world::World;

const NOON: i64 = 1_795_248_000_000;

pub(super) fn world() -> World {
    let mut world = World::new(NOON, 1);
    world.create("namespaces", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}).into()).expect("is made");
    world
}

/// What is stored of an object, without what is different each time.
pub(super) fn made(world: &mut World, resource: &str, object: Value) -> Value {
    let mut tree = Tree::from(object);
    if tree.text("metadata.name").is_empty() {
        tree.set("metadata.name", "x");
    }
    let object = world.create(resource, tree).unwrap_or_else(|refusal| panic!("{}", refusal.message));
    let mut value = Value::from(&object.tree);
    let metadata = value["metadata"].as_object_mut().expect("metadata");
    metadata.retain(|key, _| !matches!(key.as_str(), "uid" | "creationTimestamp" | "resourceVersion" | "name" | "namespace"));
    value
}

fn in_shop(object: Value) -> Value {
    let mut object = object;
    object["metadata"]["namespace"] = "shop".into();
    object
}
