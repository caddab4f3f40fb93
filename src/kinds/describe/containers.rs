//! Containers of pods and templates: kubectl's `describeContainers`.

use serde_json::Value;

use super::json::{Json, or, verb_q};
use super::metadata::{moment, yes_or_no};
use super::quantity::{Format, Quantity};
use super::writer::{Writer, line};

/// The containers under a title. `statuses` are those of the pod, none for a template; `pod` is what environment variables
/// from fields are read from; `space` is the indent of a template's titles.
pub(super) fn containers(w: &mut Writer, title: &str, containers: &[Value], statuses: &[Value], pod: Option<&Value>, space: &str) {
    line!(w, 0, "{space}{title}:{}", if containers.is_empty() { " <none>" } else { "" });
    for container in containers {
        // Go's map of statuses keeps the last one of a name.
        let status = statuses.iter().rev().find(|status| status.text("name") == container.text("name"));
        basics(w, container, status, space);
        command(w, container);
        if let Some(status) = status {
            state(w, "State", status.at("state"));
            if status.has("lastState.terminated") {
                state(w, "Last State", status.at("lastState"));
            }
            line!(w, 2, "Ready:\t{}", yes_or_no(&Value::Bool(status.flag("ready"))));
            line!(w, 2, "Restart Count:\t{}", status.int("restartCount"));
        }
        resources(w, container.at("resources"), 2);
        for (title, field) in [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")] {
            if container.has(field) {
                line!(w, 2, "{title}:\t{}", super::probe::probe(container.at(field)));
            }
        }
        environment_from(w, container);
        environment(w, container, pod);
        mounts(w, container);
    }
}

fn basics(w: &mut Writer, container: &Value, status: Option<&Value>, space: &str) {
    line!(w, 1, "{}{}:", if space.is_empty() { "" } else { " " }, container.text("name"));
    if let Some(status) = status {
        line!(w, 2, "Container ID:\t{}", status.text("containerID"));
    }
    line!(w, 2, "Image:\t{}", container.text("image"));
    if let Some(status) = status {
        line!(w, 2, "Image ID:\t{}", status.text("imageID"));
    }
    for (title, field) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
        let ports = container.list("ports").iter().map(|port| {
            let text = format!("{}/{}", port.int(field), port.text("protocol"));
            if port.text("name").is_empty() { text } else { format!("{text} ({})", port.text("name")) }
        });
        let ports = ports.collect::<Vec<_>>().join(", ");
        line!(w, 2, "{title}{}:\t{}", if ports.contains(',') { "s" } else { "" }, or(&ports, "<none>"));
    }
    seccomp(w, container.at("securityContext.seccompProfile"), 2, 3);
}

/// `SeccompProfile:`, and the profile on the node when it is one, each at its level.
pub(super) fn seccomp(w: &mut Writer, profile: &Value, level: usize, local: usize) {
    if !profile.is_null() {
        line!(w, level, "SeccompProfile:\t{}", profile.text("type"));
        if profile.text("type") == "Localhost" {
            line!(w, local, "LocalhostProfile:\t{}", profile.text("localhostProfile"));
        }
    }
}

fn command(w: &mut Writer, container: &Value) {
    for (title, field) in [("Command", "command"), ("Args", "args")] {
        let words = container.texts(field);
        if !words.is_empty() {
            line!(w, 2, "{title}:");
        }
        for text in words.iter().flat_map(|word| word.split('\n')) {
            line!(w, 3, "{text}");
        }
    }
}

fn state(w: &mut Writer, title: &str, state: &Value) {
    if state.has("running") {
        line!(w, 2, "{title}:\tRunning");
        line!(w, 3, "Started:\t{}", moment(state, "running.startedAt"));
    } else if !state.has("waiting") && state.has("terminated") {
        let ended = state.at("terminated");
        line!(w, 2, "{title}:\tTerminated");
        for (title, field) in [("Reason", "reason"), ("Message", "message")] {
            if !ended.text(field).is_empty() {
                line!(w, 3, "{title}:\t{}", ended.text(field));
            }
        }
        line!(w, 3, "Exit Code:\t{}", ended.int("exitCode"));
        if ended.int("signal") > 0 {
            line!(w, 3, "Signal:\t{}", ended.int("signal"));
        }
        line!(w, 3, "Started:\t{}", moment(ended, "startedAt"));
        line!(w, 3, "Finished:\t{}", moment(ended, "finishedAt"));
    } else {
        line!(w, 2, "{title}:\tWaiting");
        if !state.text("waiting.reason").is_empty() {
            line!(w, 3, "Reason:\t{}", state.text("waiting.reason"));
        }
    }
}

/// `Limits:` and `Requests:`, where there are any.
pub(super) fn resources(w: &mut Writer, resources: &Value, level: usize) {
    for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
        let amounts = resources.pairs(field);
        if !amounts.is_empty() {
            line!(w, level, "{title}:");
        }
        for (name, amount) in amounts {
            line!(w, level + 1, "{name}:\t{amount}");
        }
    }
}

fn environment_from(w: &mut Writer, container: &Value) {
    let sources = container.list("envFrom");
    if !sources.is_empty() {
        line!(w, 2, "Environment Variables from:");
    }
    for source in sources {
        let (from, reference) = match (source.has("configMapRef"), source.has("secretRef")) {
            (true, _) => ("ConfigMap", source.at("configMapRef")),
            (false, true) => ("Secret", source.at("secretRef")),
            _ => ("", &Value::Null),
        };
        let prefix = source.text("prefix");
        let with = if prefix.is_empty() { String::new() } else { format!(" with prefix '{prefix}'") };
        line!(w, 3, "{}\t{from}{with}\tOptional: {}", reference.text("name"), reference.flag("optional"));
    }
}

fn environment(w: &mut Writer, container: &Value, pod: Option<&Value>) {
    let variables = container.list("env");
    line!(w, 2, "Environment:{}", if variables.is_empty() { "\t<none>" } else { "" });
    for variable in variables {
        let name = variable.text("name");
        let from = variable.at("valueFrom");
        if from.is_null() {
            for (at, text) in variable.text("value").split('\n').enumerate() {
                if at == 0 {
                    line!(w, 3, "{name}:\t{text}");
                } else {
                    line!(w, 3, "\t{text}");
                }
            }
        } else if from.has("fieldRef") {
            let (version, path) = (from.text("fieldRef.apiVersion"), from.text("fieldRef.fieldPath"));
            line!(w, 3, "{name}:\t{} ({version}:{path})", pod.map_or("", |pod| field(pod, path)));
        } else if from.has("resourceFieldRef") {
            let resource = from.text("resourceFieldRef.resource");
            let value = container_resource(container, from.at("resourceFieldRef"));
            line!(w, 3, "{name}:\t{value} ({resource})");
        } else if from.has("secretKeyRef") {
            let key = from.at("secretKeyRef");
            let optional = key.flag("optional");
            line!(w, 3, "{name}:\t<set to the key '{}' in secret '{}'>\tOptional: {optional}", key.text("key"), key.text("name"));
        } else if from.has("configMapKeyRef") {
            let key = from.at("configMapKeyRef");
            let optional = key.flag("optional");
            line!(w, 3, "{name}:\t<set to the key '{}' of config map '{}'>\tOptional: {optional}", key.text("key"), key.text("name"));
        }
    }
}

/// A field of the pod in an environment variable. kubectl's scheme converts only these two paths; it leaves others empty.
fn field<'a>(pod: &'a Value, path: &str) -> &'a str {
    if matches!(path, "metadata.name" | "metadata.namespace") { pod.text(path) } else { "" }
}

/// kubectl's `ExtractContainerResourceValue`: the amount in units of the divisor, rounded up.
fn container_resource(container: &Value, reference: &Value) -> String {
    let resource = reference.text("resource");
    let Some((list, name)) = resource.split_once('.').filter(|(list, name)| {
        matches!(*list, "limits" | "requests")
            && (matches!(*name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-"))
    }) else {
        return String::new();
    };
    let amount = container.at("resources").at(list).get(name).and_then(Value::as_str).map_or(Quantity::ZERO, Quantity::parse);
    let mut divisor = Quantity::parse(reference.text("divisor"));
    if divisor.sign() == 0 {
        divisor = Quantity::of(1, Format::DecimalSi);
    }
    let units = |quantity: Quantity| if name == "cpu" { quantity.millis() } else { quantity.value() } as f64;
    let value = (units(amount) / units(divisor)).ceil() as i64;
    if value == 0 && matches!(resource, "limits.cpu" | "limits.memory") { "node allocatable".to_owned() } else { value.to_string() }
}

fn mounts(w: &mut Writer, container: &Value) {
    let mut mounts: Vec<&Value> = container.list("volumeMounts").iter().collect();
    let none = if mounts.is_empty() { "\t<none>" } else { "" };
    line!(w, 2, "Mounts:{none}");
    mounts.sort_by_key(|mount| mount.text("mountPath"));
    for mount in mounts {
        let mut flags = if mount.flag("readOnly") { "ro" } else { "rw" }.to_owned();
        if !mount.text("subPath").is_empty() {
            flags.push_str(",path=");
            flags.push_str(&verb_q(mount.text("subPath")));
        }
        line!(w, 3, "{} from {} ({flags})", mount.text("mountPath"), mount.text("name"));
    }
    let mut devices: Vec<&Value> = container.list("volumeDevices").iter().collect();
    devices.sort_by_key(|device| device.text("devicePath"));
    if !devices.is_empty() {
        line!(w, 2, "Devices:{none}");
    }
    for device in devices {
        line!(w, 3, "{} from {}", device.text("devicePath"), device.text("name"));
    }
}
