//! Bindings: a scheduler gives a pod its node. (pkg/registry/core/pod/storage, BindingREST)

use super::{Written, body, success};
use crate::demo::api::call::{Call, Options};
use crate::demo::controllers::condition;
use crate::demo::refusal::{Cause, Refusal};
use crate::demo::store::Ref;
use crate::demo::tree::Tree;
use crate::demo::world::World;

/// POST of a Binding, to a pod or (as long ago) to `bindings`.
pub(super) fn bind(world: &mut World, call: &Call, options: &Options) -> Result<Written, Refusal> {
    let binding = body::object(&call.request.body, call.request.header("content-type"), "Binding")?.tree;
    let name = binding.text("metadata.name");
    let pod = if call.name.is_empty() { name } else { call.name };
    if name != pod {
        return Err(Refusal::bad_request("name in URL does not match name in Binding object"));
    }
    let mut causes = Vec::new();
    let (kind, node) = (binding.text("target.kind"), binding.text("target.name"));
    if !matches!(kind, "" | "Node") {
        causes.push(Cause::not_supported("target.kind", kind, &["Node", "<empty>"]));
    }
    if node.is_empty() {
        causes.push(Cause::required("target.name", ""));
    }
    if !causes.is_empty() {
        return Err(Refusal::invalid("Binding", "", pod, causes));
    }
    let Some(before) = world.find(&Ref::new("pods", call.namespace, pod)) else { return Err(Refusal::not_found("pods", pod)) };
    let conflict = |why: String| Err(Refusal::conflict("pods/binding", pod, &why));
    if before.terminating() {
        return conflict(format!("pod {pod} is being deleted, cannot be assigned to a host"));
    }
    let bound = before.tree.text("spec.nodeName");
    if !bound.is_empty() {
        return conflict(format!("pod {pod} is already assigned to node {bound:?}"));
    }
    if !before.tree.at("spec.schedulingGates").is_empty() {
        return conflict(format!("pod {pod} has non-empty .spec.schedulingGates"));
    }
    let uid = binding.text("metadata.uid");
    if !uid.is_empty() && uid != &*before.uid {
        return conflict(format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", before.uid));
    }
    if !options.dry_run {
        let now = world.now_text();
        world.update(&before.reference(), |tree| {
            tree.set("spec.nodeName", node);
            tree.remove("status.nominatedNodeName");
            for kept in ["annotations", "labels"] {
                for (key, value) in binding.at("metadata")[kept].entries() {
                    tree.at_mut(&format!("metadata.{kept}")).put(key, value);
                }
            }
            let mut scheduled = Tree::texts([("type", "PodScheduled"), ("status", "True")]);
            scheduled.put("lastProbeTime", Tree::Null);
            scheduled.put("lastTransitionTime", &now);
            condition::replace(tree, "status.conditions", "PodScheduled", scheduled);
        });
    }
    Ok(Written { status: 201, tree: success(Tree::Null), warnings: Vec::new() })
}
