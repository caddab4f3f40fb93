//! The admission plugin ServiceAccount: pods run as an account, and find its token.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::demo::refusal::Refusal;
use crate::demo::tree::Tree;
use crate::demo::world::World;

/// Where the token is mounted: `DefaultAPITokenMountPath`.
const MOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME: &str = "kube-api-access-";
/// The letters of generated names.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// Gives the pod its account, its token and the account's pull secrets.
///
/// # Errors
/// There is no such account.
pub(super) fn admit(world: &mut World, tree: &mut Tree, owner: &str) -> Result<(), Refusal> {
    if tree.text("spec.serviceAccountName").is_empty() {
        tree.set("spec.serviceAccountName", "default");
        tree.set("spec.serviceAccount", "default");
    }
    let (namespace, name) = (tree.text("metadata.namespace"), tree.text("spec.serviceAccountName"));
    let account = world.get("serviceaccounts", namespace, name).map(|account| account.tree.clone());
    // A server waits for the default account, which a controller is about to make: nothing could be mounted otherwise.
    if account.is_none() && name != "default" {
        let why = format!("error looking up service account {namespace}/{name}: serviceaccount {name:?} not found");
        return Err(Refusal::forbidden("pods", tree.text("metadata.name"), &why));
    }
    let account = account.unwrap_or_default();
    let said = |tree: &Tree| tree["automountServiceAccountToken"].as_bool();
    if said(&tree["spec"]).or_else(|| said(&account)).unwrap_or(true) {
        mount(world, tree, owner);
    }
    if tree.at("spec.imagePullSecrets").is_empty() && !account["imagePullSecrets"].is_empty() {
        tree.set("spec.imagePullSecrets", account["imagePullSecrets"].clone());
    }
    Ok(())
}

/// The name of the volume. Pods of one owner have the same, so that they share their containers.
fn volume_name(world: &mut World, owner: &str) -> String {
    if owner.is_empty() {
        return format!("{VOLUME}{}", world.random.suffix());
    }
    let mut hasher = DefaultHasher::new();
    owner.hash(&mut hasher);
    let mut bits = hasher.finish();
    let mut name = VOLUME.to_owned();
    for _ in 0..5 {
        name.push(char::from(LETTERS[(bits % 27) as usize]));
        bits /= 27;
    }
    name
}

fn mount(world: &mut World, tree: &mut Tree, owner: &str) {
    let existing = tree.at("spec.volumes").items().iter().map(|v| v.text("name")).find(|n| n.starts_with(VOLUME)).map(str::to_owned);
    let name = existing.clone().unwrap_or_else(|| volume_name(world, owner));
    let mut prototype = Tree::texts([("name", &*name), ("mountPath", MOUNT)]);
    prototype.put("readOnly", true);
    let mut needed = false;
    for list in ["spec.initContainers", "spec.containers"] {
        let at = |c: &Tree| c["volumeMounts"].items().iter().find(|m| m.text("mountPath") == MOUNT).map(|m| m.text("name") == name);
        needed |= tree.at(list).items().iter().any(|c| at(c) != Some(false));
        if tree.at(list).items().iter().any(|c| at(c).is_none()) {
            for container in tree.at_mut(list).items_mut().iter_mut().filter(|c| at(c).is_none()) {
                container.push("volumeMounts", &prototype);
            }
        }
    }
    if existing.is_some() || !needed {
        return;
    }
    let mut token = Tree::map();
    token.set("serviceAccountToken.path", "token");
    // Nothing that people write: `WarnOnlyBoundTokenExpirationSeconds`.
    token.set("serviceAccountToken.expirationSeconds", 3607);
    let mut certificate = Tree::map();
    certificate.set("configMap.name", "kube-root-ca.crt");
    certificate.push("configMap.items", Tree::texts([("key", "ca.crt"), ("path", "ca.crt")]));
    let mut namespace = Tree::texts([("path", "namespace")]);
    namespace.put("fieldRef", Tree::texts([("apiVersion", "v1"), ("fieldPath", "metadata.namespace")]));
    let mut down = Tree::map();
    down.push("downwardAPI.items", namespace);
    let mut volume = Tree::texts([("name", &*name)]);
    volume.set("projected.defaultMode", 0o644);
    volume.set("projected.sources", vec![token, certificate, down]);
    tree.push("spec.volumes", volume);
}
