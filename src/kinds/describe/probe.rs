//! One line for a probe: kubectl's `DescribeProbe`.

use serde_json::Value;

use super::json::Json;

/// `http-get http://:8080/healthz delay=0s timeout=1s period=10s #success=1 #failure=3`.
pub(super) fn probe(probe: &Value) -> String {
    let times = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        probe.int("initialDelaySeconds"),
        probe.int("timeoutSeconds"),
        probe.int("periodSeconds"),
        probe.int("successThreshold"),
        probe.int("failureThreshold"),
    );
    let what = if probe.has("exec") {
        format!("exec [{}]", probe.texts("exec.command").join(" "))
    } else if probe.has("httpGet") {
        format!("http-get {}", url(probe.at("httpGet")))
    } else if probe.has("tcpSocket") {
        let port = probe.scalar("tcpSocket.port").unwrap_or_else(|| "0".to_owned());
        format!("tcp-socket {}:{port}", probe.text("tcpSocket.host"))
    } else if probe.has("grpc") {
        format!("grpc <pod>:{} {}", probe.int("grpc.port"), probe.text("grpc.service"))
    } else {
        "unknown".to_owned()
    };
    format!("{what} {times}")
}

/// What Go's `url.URL` makes of scheme, host, port and path.
fn url(get: &Value) -> String {
    let scheme = get.text("scheme").to_lowercase();
    let port = get.scalar("port").unwrap_or_else(|| "0".to_owned());
    let host = host_and_port(get.text("host"), &port);
    let path = get.text("path");
    let colon = if scheme.is_empty() { "" } else { ":" };
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    let path = if path == "*" { path.to_owned() } else { escaped(path, b"-_.~$&+,/:;=@") };
    format!("{scheme}{colon}//{}{slash}{path}", escaped(&host, b"-_.~!$&'()*+,;=:[]<>\""))
}

/// Go's `net.JoinHostPort`: IPv6 addresses in brackets.
pub(super) fn host_and_port(host: &str, port: &str) -> String {
    if host.contains([':', '%']) { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Percent-encoded but for letters, digits and what else may stand there, as Go's `url.URL` does it for paths and hosts.
pub(super) fn escaped(text: &str, allowed: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || allowed.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Examples of kubectl's TestDescribeContainers and TestProbe.
    #[test]
    fn probes_are_one_line() {
        let times = "delay=10s timeout=5s period=3s #success=1 #failure=4";
        for (how, text) in [
            (json!({"exec": {"command": ["ls", "-l"]}}), "exec [ls -l]"),
            (json!({"httpGet": {"host": "host", "port": 80, "path": "/path", "scheme": "HTTP"}}), "http-get http://host:80/path"),
            (json!({"httpGet": {"port": "web", "path": "a?b c", "scheme": "HTTPS"}}), "http-get https://:web/a%3Fb%20c"),
            (json!({"httpGet": {"host": "::1", "port": 1, "path": "/", "scheme": "HTTP"}}), "http-get http://[::1]:1/"),
            (json!({"httpGet": {"host": "fe80::1%e", "port": 1, "path": "*", "scheme": "HTTP"}}), "http-get http://[fe80::1%25e]:1/*"),
            (json!({"tcpSocket": {"host": "h", "port": 8080}}), "tcp-socket h:8080"),
            (json!({"grpc": {"port": 9, "service": "svc"}}), "grpc <pod>:9 svc"),
            (json!({}), "unknown"),
        ] {
            let mut value = json!({
                "initialDelaySeconds": 10, "timeoutSeconds": 5, "periodSeconds": 3, "successThreshold": 1, "failureThreshold": 4,
            });
            value.as_object_mut().expect("an object").extend(how.as_object().expect("an object").clone());
            assert_eq!(probe(&value), format!("{text} {times}"));
        }
    }
}
