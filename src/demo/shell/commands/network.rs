//! Commands that ask other machines. There is no network: what a name of a service would answer is made up from the name.

use super::super::run::Effect;
use super::Call;

/// An address that is always the same for a name.
fn address(name: &str) -> String {
    let hash = name.bytes().fold(5381u32, |hash, byte| hash.wrapping_mul(33) ^ u32::from(byte));
    format!("10.96.{}.{}", (hash >> 8) % 256, hash % 254 + 1)
}

/// A name as the cluster's DNS has it; `None` where it has none.
fn full(call: &Call, name: &str) -> Option<String> {
    let part = |p: &str| !p.is_empty() && p.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let parts: Vec<&str> = name.trim_end_matches('.').split('.').collect();
    if !parts.iter().all(|p| part(p)) {
        return None;
    }
    match parts.as_slice() {
        [service] => Some(format!("{service}.{}.svc.cluster.local", call.session.c.namespace)),
        [service, namespace] | [service, namespace, "svc"] | [service, namespace, "svc", "cluster", "local"] => {
            Some(format!("{service}.{namespace}.svc.cluster.local"))
        }
        _ => None,
    }
}

/// Host, port and path of a URL.
fn parts(url: &str) -> (String, String, String) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, if url.starts_with("https") { "443" } else { "80" }));
    (host.into(), port.into(), path.into())
}

fn local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1")
}

fn is_address(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok()
}

/// What is answered to a GET: `None` when there is no such machine.
fn answer(call: &Call, url: &str) -> Option<String> {
    let (host, _, path) = parts(url);
    let name = if local(&host) {
        call.session.c.name.clone()
    } else if is_address(&host) {
        host
    } else {
        full(call, &host)?
    };
    Some(match path.as_str() {
        "/healthz" | "/health" | "/readyz" | "/livez" => "ok\n".into(),
        _ => format!("{{\"service\":\"{name}\",\"path\":\"{path}\",\"made_up\":true}}\n"),
    })
}

pub(super) fn wget(call: &mut Call) -> Effect {
    let Some(url) = call.arguments().iter().rfind(|a| !a.starts_with('-')).cloned() else {
        return call.fail("Usage: wget [-q] [-O FILE] URL", 1);
    };
    let letters = call.letters();
    let (host, port, path) = parts(&url);
    let Some(body) = answer(call, &url) else { return call.fail(&format!("wget: bad address '{host}'"), 1) };
    if !letters.contains('q') {
        call.fail(&format!("Connecting to {host}:{port} ({}:{port})", address(&host)), 0);
    }
    if letters.contains("O-") || call.arguments().windows(2).any(|w| w[0].ends_with('O') && w[1] == "-") {
        call.out.extend_from_slice(body.as_bytes());
        return Effect::Done(0);
    }
    let name = path.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or("index.html").to_owned();
    let place = call.path(&name);
    match call.session.files.write(&place, body.as_bytes(), false, call.session.now_ms) {
        Ok(()) => call.fail(&format!("saving to '{name}'\n'{name}' saved"), 0),
        Err(why) => call.fail(&format!("wget: can't open '{name}': {why}"), 1),
    }
}

pub(super) fn curl(call: &mut Call) -> Effect {
    let Some(url) = call.arguments().iter().rfind(|a| !a.starts_with('-')).cloned() else {
        return call.fail("curl: try 'curl --help' for more information", 2);
    };
    let letters = call.letters();
    let Some(body) = answer(call, &url) else { return call.fail(&format!("curl: (6) Could not resolve host: {}", parts(&url).0), 6) };
    if letters.contains('I') || letters.contains('i') {
        call.say(&format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r", body.len()));
    }
    if !letters.contains('I') {
        call.out.extend_from_slice(body.as_bytes());
    }
    Effect::Done(0)
}

pub(super) fn nslookup(call: &mut Call) -> Effect {
    let Some(name) = call.operands().into_iter().next() else { return call.fail("Usage: nslookup NAME", 1) };
    call.say("Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n");
    match full(call, &name) {
        Some(full) => call.say(&format!("Name:\t{full}\nAddress: {}\n", address(&full))),
        None => {
            call.say(&format!("** server can't find {name}: NXDOMAIN\n"));
            Effect::Done(1)
        }
    }
}

pub(super) fn ping(call: &mut Call) -> Effect {
    let Some(name) = call.operands().into_iter().next_back() else { return call.fail("Usage: ping [-c N] HOST", 1) };
    let found = if is_address(&name) || local(&name) { Some(name.clone()) } else { full(call, &name).map(|full| address(&full)) };
    let Some(found) = found else { return call.fail(&format!("ping: bad address '{name}'"), 1) };
    call.say(&format!("PING {name} ({found}): 56 data bytes"));
    for n in 0..3 {
        call.say(&format!("64 bytes from {found}: seq={n} ttl=64 time=0.{:03} ms", 61 + 17 * n));
    }
    call.say(&format!("\n--- {name} ping statistics ---\n3 packets transmitted, 3 packets received, 0% packet loss"))
}
