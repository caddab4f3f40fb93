//! kube's settings from the kubeconfig, and the HTTP stack over them.
//!
//! It is put together here rather than by kube's builder, for what that has no setting for: TCP keepalive, a time limit
//! over name, connection and TLS together, credentials that are renewed when the server refuses them, and proxies that
//! leave loopback alone.

use std::time::Duration;

use http::header::{HeaderValue, USER_AGENT};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use k8s_openapi::ByteString;
use kube::client::ConfigExt;
use kube::config::{AuthInfo, Cluster};
use kube::{Client, Config};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceBuilder};
use tower_http::decompression::DecompressionLayer;

use super::credential::Credentials;
use super::kubeconfig::{ConfigError, Target};

/// What a connection may take: name, TCP, TLS. Short of the three seconds after which somebody has to see why.
pub const CONNECT: Duration = Duration::from_millis(2500);

/// kube's settings for a cluster and a user, from what stands in the kubeconfig.
pub(super) fn config(target: &Target, cluster: &Cluster, user: AuthInfo) -> Result<Config, ConfigError> {
    let unusable = |why: String| ConfigError::Unusable(format!("cluster {:?}: {why}", target.cluster));
    let server = target.server.trim();
    if server.is_empty() {
        return Err(unusable("it has no server".into()));
    }
    let pem = match (&cluster.certificate_authority_data, &cluster.certificate_authority) {
        (Some(data), _) if !data.is_empty() => {
            Some(unbase64(data).ok_or_else(|| unusable("certificate-authority-data is not base64".into()))?)
        }
        (_, Some(file)) => Some(std::fs::read(file).map_err(|e| unusable(format!("{file}: {e}")))?),
        _ => None,
    };
    let insecure = cluster.insecure_skip_tls_verify == Some(true);
    // client-go's `DefaultServerURL`: an address alone is HTTP, unless the rest speaks of TLS.
    let url = match (server.contains("://"), pem.is_some() || insecure) {
        (true, _) => server.to_owned(),
        (false, true) => format!("https://{server}"),
        (false, false) => format!("http://{server}"),
    };
    let url: http::Uri = url.parse().map_err(|e| unusable(format!("the server {server:?} is no address: {e}")))?;
    if url.host().is_none() || !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err(unusable(format!("the server {server:?} is no address")));
    }
    let mut config = Config::new(url);
    if let Some(pem) = pem {
        let blocks = pem::parse_many(pem).map_err(|e| unusable(format!("its certificate authority: {e}")))?;
        let certificates: Vec<_> = blocks.into_iter().filter(|b| b.tag() == "CERTIFICATE").map(pem::Pem::into_contents).collect();
        if certificates.is_empty() {
            return Err(unusable("its certificate authority has no certificate in it".into()));
        }
        config.root_cert = Some(certificates);
    }
    config.accept_invalid_certs = insecure;
    config.tls_server_name = cluster.tls_server_name.clone().filter(|name| !name.is_empty());
    config.disable_compression = cluster.disable_compression == Some(true);
    config.default_namespace = target.namespace.clone().unwrap_or_else(|| "default".into());
    config.auth_info = user;
    config.proxy_url = match cluster.proxy_url.as_deref().filter(|url| !url.is_empty()) {
        Some(proxy) => Some(proxy.parse().map_err(|e| unusable(format!("proxy-url {proxy:?}: {e}")))?),
        None => None,
    };
    Ok(config)
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_whitespace().collect();
    serde_json::from_value::<ByteString>(text.into()).ok().map(|bytes| bytes.0)
}

/// For the fields of the kubeconfig that hold data.
pub(super) fn base64(text: &str) -> Result<String, ConfigError> {
    let value = serde_json::to_value(ByteString(text.as_bytes().to_vec())).map_err(|e| ConfigError::Unusable(e.to_string()))?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

/// The client for a cluster, and the server's `host:port` for messages.
pub(super) fn client(mut config: Config, target: &Target, credentials: Option<&Credentials>) -> Result<(Client, String), ConfigError> {
    config.headers.push((USER_AGENT, HeaderValue::from_static(concat!("kubetui/", env!("CARGO_PKG_VERSION")))));
    // Lists compress to a tenth, which is worth it on every link but this one.
    config.disable_compression |= is_loopback(&config.cluster_url);
    let mut authority = authority(&config.cluster_url);

    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    // A peer that went away without a word is found out within 20 s.
    tcp.set_keepalive(Some(Duration::from_secs(10)));
    tcp.set_keepalive_interval(Some(Duration::from_secs(3)));
    tcp.set_keepalive_retries(Some(3));

    // A TLS or authentication setting that cannot be used is the kubeconfig's fault.
    let unusable = |e: kube::Error| unusable(target, &e);
    let client = match proxy(&config)? {
        None => over(&config, tcp, credentials).map_err(unusable)?,
        Some(proxy) => {
            let address = proxy.uri().clone();
            authority.push_str(&format!(" (through the proxy {})", self::authority(&address)));
            match address.scheme_str() {
                Some("http") => {
                    let tunnel = Tunnel::new(address, tcp);
                    let tunnel = proxy.basic_auth().cloned().into_iter().fold(tunnel, Tunnel::with_auth);
                    over(&config, tunnel, credentials).map_err(unusable)?
                }
                Some("https") => {
                    let tunnel = Tunnel::new(address, config.rustls_https_connector_with_connector(tcp).map_err(unusable)?);
                    let tunnel = proxy.basic_auth().cloned().into_iter().fold(tunnel, Tunnel::with_auth);
                    over(&config, tunnel, credentials).map_err(unusable)?
                }
                Some(scheme @ ("socks5" | "socks5h")) => {
                    let socks = SocksV5::new(address.clone(), tcp).local_dns(scheme == "socks5");
                    let socks = proxy.raw_auth().into_iter().fold(socks, |s, (user, word)| s.with_auth(user.to_owned(), word.to_owned()));
                    over(&config, socks, credentials).map_err(unusable)?
                }
                _ => return Err(unknown_proxy(&address)),
            }
        }
    };
    Ok((client, authority))
}

/// The proxy on the way to a cluster: the kubeconfig's own, or the environment's.
fn proxy(config: &Config) -> Result<Option<Intercept>, ConfigError> {
    if let Some(url) = &config.proxy_url {
        let through = Matcher::builder().all(url.to_string()).build().intercept(&config.cluster_url);
        return through.map(Some).ok_or_else(|| unknown_proxy(url));
    }
    // As Go does: the environment's proxy is not for what runs on this machine.
    if is_loopback(&config.cluster_url) {
        return Ok(None);
    }
    let variable = |upper: &str, lower: &str| std::env::var(upper).or_else(|_| std::env::var(lower)).unwrap_or_default();
    let (http, https) = (variable("HTTP_PROXY", "http_proxy"), variable("HTTPS_PROXY", "https_proxy"));
    let matcher = Matcher::builder().http(http).https(https).no(variable("NO_PROXY", "no_proxy")).build();
    Ok(matcher.intercept(&config.cluster_url))
}

fn unknown_proxy(url: &http::Uri) -> ConfigError {
    ConfigError::Unusable(format!("proxy {url}: only http, https and socks5 are known"))
}

/// What kube cannot make use of in the kubeconfig.
fn unusable(target: &Target, error: &kube::Error) -> ConfigError {
    let why = match error {
        kube::Error::InferKubeconfig(inner) => inner.to_string(),
        other => other.to_string(),
    };
    // Paths come quoted twice.
    let why = why.replace("'\"", "\"").replace("\"'", "\"");
    let user = target.user.as_ref().map(|user| format!(", user {user:?}")).unwrap_or_default();
    ConfigError::Unusable(format!("cluster {:?}{user}: {why}", target.cluster))
}

/// The stack over `connector`: address and credentials, compression, headers, HTTP/1.1, kube's TLS.
fn over<C>(config: &Config, connector: C, credentials: Option<&Credentials>) -> Result<Client, kube::Error>
where
    C: Service<http::Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let https = config.rustls_https_connector_with_connector(connector)?;
    let connector = BoxCloneSyncService::new(tower::timeout::Timeout::new(https, CONNECT));
    let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(60))
        .build::<_, kube::client::Body>(connector);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(DecompressionLayer::new().gzip(!config.disable_compression))
        .option_layer(credentials.cloned())
        .option_layer(if credentials.is_some() { None } else { config.auth_layer()? })
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(http);
    Ok(Client::new(service, config.default_namespace.clone()))
}

/// `host:port` of an address.
fn authority(url: &http::Uri) -> String {
    let port = url.port_u16().unwrap_or(if url.scheme_str() == Some("http") { 80 } else { 443 });
    format!("{}:{port}", url.host().unwrap_or_default())
}

fn is_loopback(url: &http::Uri) -> bool {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.ends_with(".localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(cluster: Cluster) -> Result<Config, ConfigError> {
        let server = cluster.server.clone().unwrap_or_default();
        let target = Target { context: "x".into(), cluster: "c".into(), user: None, server, namespace: Some("shop".into()) };
        config(&target, &cluster, AuthInfo::default())
    }

    fn at(server: &str) -> Cluster {
        Cluster { server: Some(server.into()), ..Cluster::default() }
    }

    #[test]
    fn an_address_alone_is_http_unless_the_rest_speaks_of_tls() {
        let url = |cluster| settings(cluster).map(|c| c.cluster_url.to_string());
        assert_eq!(url(at("localhost:8080")), Ok("http://localhost:8080/".into()));
        assert_eq!(url(Cluster { insecure_skip_tls_verify: Some(true), ..at("h:1") }), Ok("https://h:1/".into()));
        assert_eq!(url(at("https://h/prefix")), Ok("https://h/prefix".into()));
        assert_eq!(url(at("")).map_err(|e| e.to_string()), Err("cluster \"c\": it has no server".into()));
        assert!(url(at("ftp://h")).is_err() && url(at("::::")).is_err());
    }

    #[test]
    fn authorities_come_as_data_or_as_a_file() {
        let authority = |data: &str| Cluster { certificate_authority_data: Some(data.into()), ..at("https://h") };
        let pem = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
        let encoded = base64(pem).expect("base64");
        assert_eq!(settings(authority(&encoded)).expect("settings").root_cert, Some(vec![vec![1, 2, 3]]));
        // Lines may be broken, as base64(1) does.
        let (a, b) = encoded.split_at(16);
        assert_eq!(settings(authority(&format!("{a}\n{b}"))).expect("settings").root_cert, Some(vec![vec![1, 2, 3]]));
        assert!(settings(authority("?")).expect_err("no base64").to_string().contains("is not base64"));
        assert!(settings(authority(&base64("x").expect("base64"))).expect_err("no PEM").to_string().contains("no certificate"));
        let file = Cluster { certificate_authority: Some("/no/such.crt".into()), ..at("https://h") };
        assert!(settings(file).expect_err("no file").to_string().starts_with("cluster \"c\": /no/such.crt: "));
    }

    #[test]
    fn a_proxy_of_the_kubeconfig_is_taken_and_an_unknown_kind_is_said() {
        let through = |url: &str| {
            let config = settings(Cluster { proxy_url: Some(url.into()), ..at("https://127.0.0.1:6443") })?;
            Ok::<_, ConfigError>(proxy(&config)?.map(|p| p.uri().to_string()))
        };
        assert_eq!(through("socks5://p:1080"), Ok(Some("socks5://p:1080/".into())));
        assert_eq!(through("http://me:word@p:3128"), Ok(Some("http://p:3128/".into())));
        assert_eq!(through("ftp://p").map_err(|e| e.to_string()), Err("proxy ftp://p/: only http, https and socks5 are known".into()));
        assert!(proxy(&settings(at("https://127.0.0.1:6443")).expect("settings")).expect("a choice").is_none());
    }

    #[test]
    fn loopback_is_this_machine() {
        for (url, is) in [
            ("https://localhost:1", true),
            ("https://127.1.2.3", true),
            ("https://[::1]:6443", true),
            ("https://10.0.0.1", false),
            ("https://localhost.example", false),
        ] {
            assert_eq!(is_loopback(&url.parse().expect("an address")), is, "{url}");
        }
        assert_eq!(authority(&"https://h".parse().expect("an address")), "h:443");
        assert_eq!(authority(&"http://[::1]".parse().expect("an address")), "[::1]:80");
    }
}
