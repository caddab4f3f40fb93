//! Who looks after an object, and will write it as they have it again.

use serde_json::Value;

use crate::kinds::describe::json::Json;
use crate::model::act::Note;

/// A manager that is found by a label or an annotation.
struct Sign {
    /// `labels` or `annotations`.
    map: &'static str,
    key: &'static str,
    who: &'static str,
}

/// Where the tools leave their names: Flux (fluxcd.io/flux/components), Argo CD (tracking methods), Helm (labels and
/// annotations of its objects).
const SIGNS: &[Sign] = &[
    Sign { map: "labels", key: "kustomize.toolkit.fluxcd.io/name", who: "Flux Kustomization" },
    Sign { map: "labels", key: "helm.toolkit.fluxcd.io/name", who: "Flux HelmRelease" },
    Sign { map: "annotations", key: "argocd.argoproj.io/tracking-id", who: "Argo CD application" },
    Sign { map: "labels", key: "argocd.argoproj.io/instance", who: "Argo CD application" },
];

/// Notes of who manages an object. `template`: what changes is the pod template or the spec, which they have an opinion of.
pub(super) fn notes(object: &Value, changes_spec: bool) -> Vec<Note> {
    let mut notes = Vec::new();
    let metadata = object.at("metadata");
    for owner in metadata.list("ownerReferences").iter().filter(|owner| owner.flag("controller")) {
        let who = format!("{}/{}", owner.text("kind"), owner.text("name"));
        if changes_spec {
            notes.push(Note::warning(format!("{who} owns it, and may put it back as it was")));
        }
    }
    let mut synced = false;
    for sign in SIGNS {
        let value = metadata.get(sign.map).and_then(|map| map.get(sign.key)).and_then(Value::as_str);
        if let Some(value) = value {
            synced = true;
            // `app:group/Kind:namespace/name`
            let name = value.split(':').next().unwrap_or(value);
            notes.push(Note::warning(format!("{} {name} manages it, and will put it back at its next sync", sign.who)));
        }
    }
    let helm = metadata.get("labels").is_some_and(|labels| labels["app.kubernetes.io/managed-by"] == "Helm");
    if helm && !synced {
        let release = metadata.get("annotations").and_then(|a| a["meta.helm.sh/release-name"].as_str()).unwrap_or("?");
        notes.push(Note::warning(format!("Helm release {release} made it, and will put it back at its next upgrade")));
    }
    let managers = others(metadata);
    if changes_spec && !managers.is_empty() && notes.is_empty() {
        notes.push(Note::plain(format!("last written by {}", managers.join(", "))));
    }
    notes
}

/// Field managers of the spec, but for the control plane's own and this program.
fn others(metadata: &Value) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in metadata.list("managedFields") {
        let name = entry.text("manager");
        let own = name.starts_with("kube-") || name == super::send::MANAGER || !entry.text("subresource").is_empty();
        if !own && !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn managers_are_named_by_the_signs_that_they_leave() {
        let texts = |object: &Value| notes(object, true).into_iter().map(|note| note.text).collect::<Vec<_>>();
        let argo = json!({"metadata": {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}}});
        assert_eq!(texts(&argo), ["Argo CD application shop manages it, and will put it back at its next sync"]);
        let helm =
            json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": {"meta.helm.sh/release-name": "web"}}});
        assert_eq!(texts(&helm), ["Helm release web made it, and will put it back at its next upgrade"]);
        let owned = json!({"metadata": {"ownerReferences": [{"kind": "Deployment", "name": "web", "controller": true}]}});
        assert_eq!(texts(&owned), ["Deployment/web owns it, and may put it back as it was"]);
        let kubectl = json!({"metadata": {"managedFields": [{"manager": "kubectl-edit"}, {"manager": "kube-controller-manager"}]}});
        assert_eq!(texts(&kubectl), ["last written by kubectl-edit"]);
        assert!(notes(&kubectl, false).is_empty());
    }
}
