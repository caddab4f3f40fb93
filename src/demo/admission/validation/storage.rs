//! Validation of ConfigMaps, Secrets, claims, volumes and classes.

use crate::demo::refusal::Cause;
use crate::demo::tree::Tree;
use crate::kinds::describe::quantity::Quantity;

use super::causes::Causes;
use super::names;

/// 1 MiB.
const LARGEST: usize = 1 << 20;

/// A ConfigMap or Secret, new or changed.
pub(super) fn data(causes: &mut Causes, resource: &str, new: &Tree, old: Option<&Tree>) {
    let secret = resource == "secrets";
    let mut size = 0;
    for (key, value) in new["data"].entries() {
        causes.rule(&format!("data[{key}]"), key, names::config_key);
        if !secret && !new["binaryData"][key].is_null() {
            causes.invalid(&format!("data[{key}]"), key, "duplicate of key present in binaryData");
        }
        let text = value.as_str().unwrap_or("");
        size += if secret { decoded(text) } else { text.len() };
    }
    for (key, value) in new["binaryData"].entries() {
        causes.rule(&format!("binaryData[{key}]"), key, names::config_key);
        size += decoded(value.as_str().unwrap_or(""));
    }
    if size > LARGEST {
        causes.0.push(Cause::too_long(if secret { "data" } else { "[]" }, LARGEST));
    }
    if secret {
        let needs: &[&str] = match new.text("type") {
            "kubernetes.io/tls" => &["tls.crt", "tls.key"],
            "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
            "kubernetes.io/dockercfg" => &[".dockercfg"],
            "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
            "kubernetes.io/basic-auth" if new["data"]["username"].is_null() && new["data"]["password"].is_null() => {
                &["username", "password"]
            }
            _ => &[],
        };
        for key in needs.iter().filter(|key| new["data"][**key].is_null()) {
            causes.required(&format!("data[{key}]"), "");
        }
        let account = new.at("metadata.annotations")["kubernetes.io/service-account.name"].as_str().unwrap_or("");
        if new.text("type") == "kubernetes.io/service-account-token" && account.is_empty() {
            causes.required("metadata.annotations[kubernetes.io/service-account.name]", "");
        }
    }
    let Some(old) = old else { return };
    if secret {
        causes.immutable("type", &new["type"], &old["type"]);
    }
    if old.flag("immutable") {
        if !new.flag("immutable") {
            causes.forbidden("immutable", "field is immutable when `immutable` is set");
        }
        for field in ["data", "binaryData"] {
            if !new[field].equals(&old[field]) {
                causes.forbidden(field, "field is immutable when `immutable` is set");
            }
        }
    }
}

const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// `ValidatePersistentVolumeClaimSpec`.
pub(super) fn claim_spec(causes: &mut Causes, spec: &Tree, at: &str) {
    let modes = &spec["accessModes"];
    if modes.is_empty() {
        causes.required(&format!("{at}.accessModes"), "at least 1 access mode is required");
    }
    causes.selector(&format!("{at}.selector"), &spec["selector"]);
    for mode in modes.items() {
        causes.one_of(&format!("{at}.accessModes"), mode, &MODES, false);
    }
    match spec.at("resources.requests")["storage"].as_str() {
        None => causes.required(&format!("{at}.resources[storage]"), ""),
        Some(size) if Quantity::parse(size).sign() <= 0 => {
            causes.invalid(&format!("{at}.resources[storage]"), size, "must be greater than zero");
        }
        Some(_) => {}
    }
    let class = spec.text("storageClassName");
    if !class.is_empty() {
        causes.rule(&format!("{at}.storageClassName"), class, names::subdomain);
    }
    causes.one_of(&format!("{at}.volumeMode"), &spec["volumeMode"], &["Block", "Filesystem"], false);
}

/// A claim, new or changed.
pub(super) fn claim(causes: &mut Causes, new: &Tree, old: Option<&Tree>) {
    let spec = &new["spec"];
    claim_spec(causes, spec, "spec");
    let Some(old) = old.map(|old| &old["spec"]) else { return };
    let mut clone = spec.clone();
    // It is bound once, and may grow.
    if old.text("volumeName").is_empty() {
        clone.take("volumeName");
    }
    if !spec.at("resources.requests").equals(old.at("resources.requests")) {
        clone.set("resources.requests", old.at("resources.requests").clone());
        let size = |spec: &Tree| Quantity::parse(spec.at("resources.requests")["storage"].as_str().unwrap_or("0"));
        if size(spec).compare(size(old)).is_lt() {
            causes.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
        }
    }
    clone.take("volumeAttributesClassName");
    let mut before = old.clone();
    before.take("volumeAttributesClassName");
    if !clone.equals(&before) {
        causes
            .forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
    }
}

/// A volume, new or changed.
pub(super) fn volume(causes: &mut Causes, new: &Tree, old: Option<&Tree>) {
    let spec = &new["spec"];
    if spec["accessModes"].is_empty() {
        causes.required("spec.accessModes", "");
    }
    for mode in spec["accessModes"].items() {
        causes.one_of("spec.accessModes", mode, &MODES, false);
    }
    if spec["capacity"].is_empty() {
        causes.required("spec.capacity", "");
    }
    if spec["capacity"]["storage"].is_null() || spec["capacity"].entries().count() > 1 {
        causes.0.push(Cause::not_supported("spec.capacity", &spec["capacity"], &["storage"]));
    }
    let policies = ["Delete", "Recycle", "Retain"];
    causes.one_of("spec.persistentVolumeReclaimPolicy", &spec["persistentVolumeReclaimPolicy"], &policies, false);
    let source = |of: &Tree| -> Vec<(String, Tree)> {
        let own = [
            "accessModes",
            "capacity",
            "claimRef",
            "mountOptions",
            "nodeAffinity",
            "persistentVolumeReclaimPolicy",
            "storageClassName",
            "volumeMode",
            "volumeAttributesClassName",
        ];
        of.entries().filter(|(key, value)| !own.contains(key) && !value.is_null()).map(|(k, v)| (k.to_owned(), v.clone())).collect()
    };
    let sources = source(spec);
    if sources.is_empty() {
        causes.required("spec", "must specify a volume type");
    }
    for (name, _) in sources.iter().skip(1) {
        causes.forbidden(&format!("spec.{name}"), "may not specify more than 1 volume type");
    }
    if let Some(old) = old {
        if sources != source(&old["spec"]) {
            causes.forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation");
        }
        causes.immutable("spec.volumeMode", &spec["volumeMode"], old.at("spec.volumeMode"));
    }
}

/// The number of bytes that base64 stands for.
fn decoded(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}
