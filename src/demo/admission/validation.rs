//! What the API server refuses: `pkg/apis/*/validation`, in its order and its words.

use crate::demo::refusal::Cause;
use crate::demo::tree::Tree;
use crate::demo::world::World;

mod causes;
mod cron;
mod environment;
mod metadata;
mod names;
mod pods;
mod policy;
mod schema;
mod services;
mod storage;
mod workloads;

use causes::Causes;

/// Everything that is wrong with an object that has been completed ([`super::default`], [`super::admit`]); `old` is what is
/// stored when it is an update.
pub fn validate(world: &World, resource: &str, new: &Tree, old: Option<&Tree>) -> Vec<Cause> {
    let mut causes = Causes::default();
    let all = &mut causes;
    match old {
        Some(old) => metadata::update(all, new, old),
        None => metadata::create(all, resource, new),
    }
    match resource {
        "pods" => {
            pods::spec(all, &new["spec"], "spec", &[]);
            match old {
                Some(old) => pods::update(all, new, old),
                None if !new.at("spec.ephemeralContainers").is_empty() => {
                    all.forbidden("spec.ephemeralContainers", "cannot be set on create");
                }
                None => {}
            }
        }
        "podtemplates" => pods::spec(all, new.at("template.spec"), "template.spec", &[]),
        "deployments.apps" | "replicasets.apps" | "daemonsets.apps" | "statefulsets.apps" | "replicationcontrollers" => {
            workloads::check(all, resource, new, old);
        }
        "jobs.batch" => workloads::job(all, new, old),
        "cronjobs.batch" => workloads::cron_job(all, new, old),
        "services" => services::check(all, new, old),
        "configmaps" | "secrets" => storage::data(all, resource, new, old),
        "persistentvolumeclaims" => storage::claim(all, new, old),
        "persistentvolumes" => storage::volume(all, new, old),
        "storageclasses.storage.k8s.io" => policy::storage_class(all, new, old),
        "ingresses.networking.k8s.io" => policy::ingress(all, new),
        "networkpolicies.networking.k8s.io" => policy::network(all, new),
        "horizontalpodautoscalers.autoscaling" => policy::autoscaler(all, new),
        "poddisruptionbudgets.policy" => policy::budget(all, new),
        "priorityclasses.scheduling.k8s.io" => policy::priority_class(all, new, old),
        "nodes" => policy::node(all, new),
        "leases.coordination.k8s.io" => policy::lease(all, new),
        "endpointslices.discovery.k8s.io" => policy::slice(all, new, old),
        "runtimeclasses.node.k8s.io" => policy::runtime(all, new, old),
        "limitranges" => policy::limits(all, new),
        "resourcequotas" => policy::quota(all, new),
        "customresourcedefinitions.apiextensions.k8s.io" => policy::definition(all, new, old),
        // These have nothing to refuse beside their metadata, or are written by controllers.
        "namespaces" | "serviceaccounts" | "events" | "endpoints" => {}
        _ if resource.ends_with(".rbac.authorization.k8s.io") => policy::rbac(all, resource, new, old),
        _ => match super::recorded(resource) {
            Some(of) => schema::enumerations(all, &of, new, ""),
            None => {
                if let Some((_, Some(of))) = super::custom(world, resource, new) {
                    schema::check(all, &of, new, "");
                }
            }
        },
    }
    causes.0
}
