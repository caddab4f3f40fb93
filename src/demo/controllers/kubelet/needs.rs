//! What a pod needs beside its image: the ConfigMaps, Secrets and claims that it names.

use super::Look;
use crate::demo::tree::Tree;

/// What is missing for the environment of a container, in the kubelet's words (`makeEnvironmentVariables`).
pub fn environment(look: &Look, container: &Tree) -> Option<String> {
    for from in container["envFrom"].items() {
        for (key, resource, kind) in [("configMapRef", "configmaps", "configmap"), ("secretRef", "secrets", "secret")] {
            let reference = &from[key];
            if !reference.is_null() && !reference.flag("optional") {
                let name = reference.text("name");
                if look.world.store.get(resource, &look.pod.namespace, name).is_none() {
                    return Some(format!("{kind} {name:?} not found"));
                }
            }
        }
    }
    for from in container["env"].items().iter().map(|env| &env["valueFrom"]) {
        let kinds = [("configMapKeyRef", "configmaps", "configmap", "ConfigMap"), ("secretKeyRef", "secrets", "secret", "Secret")];
        for (key, resource, kind, title) in kinds {
            let reference = &from[key];
            if reference.is_null() || reference.flag("optional") {
                continue;
            }
            let (name, wanted) = (reference.text("name"), reference.text("key"));
            let Some(object) = look.world.store.get(resource, &look.pod.namespace, name) else {
                return Some(format!("{kind} {name:?} not found"));
            };
            let has = ["data", "binaryData"].into_iter().any(|part| object.tree[part].get(wanted).is_some());
            if !has {
                return Some(format!("couldn't find key {wanted} in {title} {}/{name}", look.pod.namespace));
            }
        }
    }
    None
}

/// The first volume that cannot be mounted: the event's message.
pub fn volumes(look: &Look) -> Option<String> {
    for volume in look.pod.tree["spec"]["volumes"].items() {
        for (key, name, resource, kind) in [("configMap", "name", "configmaps", "configmap"), ("secret", "secretName", "secrets", "secret")]
        {
            let source = &volume[key];
            if source.is_null() || source.flag("optional") {
                continue;
            }
            let name = source.text(name);
            if look.world.store.get(resource, &look.pod.namespace, name).is_none() {
                return Some(format!("MountVolume.SetUp failed for volume {:?} : {kind} {name:?} not found", volume.text("name")));
            }
        }
    }
    None
}
