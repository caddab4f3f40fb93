//! From a context to a session: which server, as whom, and the HTTP client with kube's TLS and authentication under it.
//!
//! The stack is put together here rather than by kube's builder, for what that has no setting for: TCP keepalive, a time
//! limit over name, connection and TLS together, credentials that are renewed when the server refuses them, and proxies
//! that leave loopback alone.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderValue, USER_AGENT};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use k8s_openapi::ByteString;
use kube::client::ConfigExt;
use kube::config::{AuthInfo, Cluster};
use kube::{Client, Config};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceBuilder};
use tower_http::decompression::DecompressionLayer;

use super::credential::Credentials;
use super::error::{self, ClusterError};
use super::kubeconfig::{ConfigError, Loaded};
use super::plugin::{Credential, Plugin};

/// What a connection may take: name, TCP, TLS. Short of the three seconds after which somebody has to see why.
pub const CONNECT: Duration = Duration::from_millis(2500);

/// What a request that is not a stream may take, where `--request-timeout` does not say.
pub const REQUEST: Duration = Duration::from_secs(15);

/// What the command line says about the connection: it overrides the kubeconfig.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The context; the current one where this is `None`.
    pub context: Option<String>,
    /// The cluster, instead of the context's.
    pub cluster: Option<String>,
    /// The user, instead of the context's.
    pub user: Option<String>,
    /// Whom to impersonate.
    pub impersonate: Option<String>,
    /// The groups to impersonate; needs [`Options::impersonate`].
    pub groups: Vec<String>,
    /// A bearer token, instead of the user's credentials.
    pub token: Option<String>,
    /// The time limit of a request; zero is none.
    pub timeout: Option<Duration>,
    /// Take any certificate of the server.
    pub insecure: bool,
    /// What an interactive login gave: taken instead of running the plugin.
    pub credential: Option<Credential>,
}

/// Where a session goes. Known before anything is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The context's name; empty where cluster and user were given without one.
    pub context: String,
    /// The cluster's name.
    pub cluster: String,
    /// The user's name.
    pub user: Option<String>,
    /// The server's address as the kubeconfig has it; inside a pod, known once the session is open.
    pub server: String,
    /// The context's namespace, where it has one.
    pub namespace: Option<String>,
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// The kubeconfig, or what was asked of it.
    Config(ConfigError),
    /// The server, or the credentials.
    Cluster(ClusterError),
}

impl std::fmt::Display for ConnectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ConnectError::Config(e) => e.fmt(f),
            ConnectError::Cluster(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for ConnectError {}

impl From<ConfigError> for ConnectError {
    fn from(error: ConfigError) -> ConnectError {
        ConnectError::Config(error)
    }
}

impl From<ClusterError> for ConnectError {
    fn from(error: ClusterError) -> ConnectError {
        ConnectError::Cluster(error)
    }
}

/// A way to one cluster as one user. Clones share connections and credentials.
#[derive(Clone)]
pub struct Session {
    client: Client,
    target: Arc<Target>,
    /// `host:port`, for messages.
    authority: Arc<str>,
    timeout: Option<Duration>,
    credentials: Option<Credentials>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Session").field(&self.target).finish()
    }
}

impl Session {
    /// kube's client, for what is no plain GET.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Where it goes.
    pub fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// The namespace that is meant where none is named.
    pub fn namespace(&self) -> &str {
        self.target.namespace.as_deref().unwrap_or("default")
    }

    /// The time limit of a request that is not a stream; `None` is none.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The same session with another time limit for its requests.
    pub fn with_timeout(&self, timeout: Duration) -> Session {
        Session { timeout: Some(timeout), ..self.clone() }
    }

    /// Takes what an interactive login gave, for this session and all its clones. `false` when only a new session can use
    /// it: certificates belong to the connection.
    pub async fn adopt(&self, credential: &Credential) -> Result<bool, ClusterError> {
        match &self.credentials {
            Some(credentials) if credential.certificate.is_none() => credentials.adopt(credential).await.map(|()| true),
            _ => Ok(false),
        }
    }

    /// The error of a request of this session.
    pub fn error(&self, error: &kube::Error) -> ClusterError {
        error::from_kube(error, &self.authority, CONNECT)
    }
}

/// What the kubeconfig and the options say together.
struct Resolved {
    target: Target,
    cluster: Cluster,
    user: AuthInfo,
}

/// Where a session would go, without connecting.
pub fn target(loaded: &Loaded, options: &Options) -> Result<Target, ConfigError> {
    resolve(loaded, options).map(|r| r.target)
}

/// The plugin of the user that is meant, for a login on the terminal; `None` when the user has none.
pub fn login_command(loaded: &Loaded, options: &Options) -> Result<Option<Plugin>, ConfigError> {
    let Resolved { cluster, user, .. } = resolve(loaded, options)?;
    plugin(&user, &cluster)
}

/// The way to the cluster, without asking it anything: only a credential plugin is run, if the user has one (30 s at most).
pub async fn open(loaded: &Loaded, options: &Options) -> Result<Session, ConnectError> {
    let Resolved { target, cluster, mut user } = resolve(loaded, options)?;
    let mut credentials = None;
    if let Some(plugin) = plugin(&user, &cluster)? {
        let credential = match &options.credential {
            Some(credential) => credential.clone(),
            None => plugin.run().await?,
        };
        if let Some((certificate, key)) = &credential.certificate {
            user.client_certificate_data = Some(base64(certificate)?);
            user.client_key_data = Some(base64(key)?.into());
        }
        credentials = Some(Credentials::of_plugin(plugin, &credential)?);
    }
    // kube would run it again for each part of the stack.
    user.exec = None;
    let in_cluster = loaded.is_in_cluster() && options.cluster.is_none();
    let insecure = options.insecure;
    let timeout = options.timeout.map_or(Some(REQUEST), |limit| (!limit.is_zero()).then_some(limit));
    // Certificates are read from disk here, those of the system too.
    let build = move || {
        let (mut config, target) = if in_cluster { in_cluster_config(target, user)? } else { (config(&target, &cluster, user)?, target) };
        config.accept_invalid_certs |= insecure;
        let credentials = credentials.or_else(|| credentials_of_file(&mut config.auth_info));
        session(config, target, credentials, timeout)
    };
    Ok(tokio::task::spawn_blocking(build).await.map_err(|e| ConfigError::Unusable(e.to_string()))??)
}

/// [`open`], and the server's word that it is there: its version, or `None` when it does not say it to this user.
pub async fn connect(loaded: &Loaded, options: &Options) -> Result<(Session, Option<String>), ConnectError> {
    let session = open(loaded, options).await?;
    let version = super::request::version(&session).await?;
    Ok((session, version))
}

fn resolve(loaded: &Loaded, options: &Options) -> Result<Resolved, ConfigError> {
    let contexts = loaded.contexts();
    let wanted = options.context.as_deref().or(loaded.current());
    let context = match wanted {
        Some(name) => Some(contexts.iter().find(|c| c.name == name).ok_or_else(|| loaded.unknown("context", name))?),
        None if options.cluster.is_some() => None,
        None => return Err(ConfigError::NoContext { known: contexts.into_iter().map(|c| c.name).collect() }),
    };
    let cluster_name = options.cluster.clone().or(context.map(|c| c.cluster.clone())).unwrap_or_default();
    let user_name = options.user.clone().or(context.and_then(|c| c.user.clone())).filter(|name| !name.is_empty());
    let (cluster, mut user) = if loaded.is_in_cluster() && options.cluster.is_none() && options.user.is_none() {
        (Cluster::default(), AuthInfo::default())
    } else {
        let cluster = loaded.cluster(&cluster_name).ok_or_else(|| loaded.unknown("cluster", &cluster_name))?.clone();
        let user = match &user_name {
            Some(name) => loaded.user(name).ok_or_else(|| loaded.unknown("user", name))?.clone(),
            None => AuthInfo::default(),
        };
        (cluster, user)
    };
    if let Some(token) = &options.token {
        // As clientcmd does: the flag stands for all that the user has but its certificate.
        (user.token_file, user.username, user.password, user.auth_provider, user.exec) = (None, None, None, None, None);
        user.token = Some(token.clone().into());
    }
    if let Some(name) = &options.impersonate {
        user.impersonate = Some(name.clone());
    }
    if !options.groups.is_empty() {
        user.impersonate_groups = Some(options.groups.clone());
    }
    if user.impersonate.is_none() && user.impersonate_groups.as_ref().is_some_and(|groups| !groups.is_empty()) {
        return Err(ConfigError::Unusable("groups can only be impersonated together with a user (--as)".into()));
    }
    let target = Target {
        context: context.map(|c| c.name.clone()).unwrap_or_default(),
        cluster: cluster_name,
        user: user_name,
        server: cluster.server.clone().unwrap_or_default(),
        namespace: context.and_then(|c| c.namespace.clone()),
    };
    Ok(Resolved { target, cluster, user })
}

/// The user's plugin, where it is what the user logs in with: client-go takes a token, a password or a certificate first.
fn plugin(user: &AuthInfo, cluster: &Cluster) -> Result<Option<Plugin>, ConfigError> {
    let token = user.token.is_some() || user.token_file.is_some();
    let certificate = user.client_certificate.is_some() || user.client_certificate_data.is_some();
    match &user.exec {
        Some(exec) if !token && !certificate && user.password.is_none() => Plugin::new(exec, cluster).map(Some),
        _ => Ok(None),
    }
}

/// The pod's service account; what the options say of the user stands before it.
fn in_cluster_config(mut target: Target, user: AuthInfo) -> Result<(Config, Target), ConfigError> {
    let mut config = Config::incluster().map_err(|e| ConfigError::Unusable(format!("the pod's service account: {e}")))?;
    target.server = config.cluster_url.to_string();
    target.namespace = Some(config.default_namespace.clone());
    let token_file = config.auth_info.token_file.take().filter(|_| user.token.is_none());
    config.auth_info = AuthInfo { token_file, ..user };
    Ok((config, target))
}

/// Takes the token file out of a user: kube takes the file's line break for a part of the token, and does not read it again
/// when the token is refused.
fn credentials_of_file(user: &mut AuthInfo) -> Option<Credentials> {
    let file = user.token_file.take()?;
    // Serialized, a user shows its token; its type does not.
    let shown = user.token.take().and_then(|token| serde_json::to_value(AuthInfo { token: Some(token), ..AuthInfo::default() }).ok());
    let token = shown.as_ref().and_then(|user| user.get("token")?.as_str().map(str::to_owned));
    Some(Credentials::of_file(file.into(), token))
}

fn config(target: &Target, cluster: &Cluster, user: AuthInfo) -> Result<Config, ConfigError> {
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

fn base64(text: &str) -> Result<String, ConfigError> {
    let value = serde_json::to_value(ByteString(text.as_bytes().to_vec())).map_err(|e| ConfigError::Unusable(e.to_string()))?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

fn session(
    mut config: Config,
    target: Target,
    credentials: Option<Credentials>,
    timeout: Option<Duration>,
) -> Result<Session, ConfigError> {
    config.headers.push((USER_AGENT, HeaderValue::from_static(concat!("kubetui/", env!("CARGO_PKG_VERSION")))));
    let mut authority = authority(&config.cluster_url);
    let loopback = is_loopback(&config.cluster_url);
    config.disable_compression |= loopback;

    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    // A peer that went away without a word is found out within 20 s.
    tcp.set_keepalive(Some(Duration::from_secs(10)));
    tcp.set_keepalive_interval(Some(Duration::from_secs(3)));
    tcp.set_keepalive_retries(Some(3));

    let proxy = match &config.proxy_url {
        Some(url) => {
            let through = Matcher::builder().all(url.to_string()).build().intercept(&config.cluster_url);
            Some(through.ok_or_else(|| ConfigError::Unusable(format!("proxy-url {url}: only http, https and socks5 are known")))?)
        }
        // As Go does: the environment's proxy is not for what runs on this machine.
        None if loopback => None,
        None => {
            let variable = |upper: &str, lower: &str| std::env::var(upper).or_else(|_| std::env::var(lower)).unwrap_or_default();
            let http = variable("HTTP_PROXY", "http_proxy");
            let https = variable("HTTPS_PROXY", "https_proxy");
            Matcher::builder().http(http).https(https).no(variable("NO_PROXY", "no_proxy")).build().intercept(&config.cluster_url)
        }
    };
    // A TLS or authentication setting that cannot be used is the kubeconfig's fault.
    let unusable = |e: kube::Error| {
        ConfigError::Unusable(format!("cluster {:?}, user {:?}: {e}", target.cluster, target.user.as_deref().unwrap_or("")))
    };
    let client = match proxy {
        None => client(&config, tcp, credentials.as_ref()).map_err(unusable)?,
        Some(proxy) => {
            let address = proxy.uri().clone();
            authority.push_str(&format!(" (through the proxy {})", self::authority(&address)));
            match address.scheme_str() {
                Some("http") => {
                    let tunnel = Tunnel::new(address, tcp);
                    let tunnel = proxy.basic_auth().cloned().into_iter().fold(tunnel, Tunnel::with_auth);
                    client(&config, tunnel, credentials.as_ref()).map_err(unusable)?
                }
                Some("https") => {
                    let tunnel = Tunnel::new(address, config.rustls_https_connector_with_connector(tcp).map_err(unusable)?);
                    let tunnel = proxy.basic_auth().cloned().into_iter().fold(tunnel, Tunnel::with_auth);
                    client(&config, tunnel, credentials.as_ref()).map_err(unusable)?
                }
                Some(scheme @ ("socks5" | "socks5h")) => {
                    let socks = SocksV5::new(address.clone(), tcp).local_dns(scheme == "socks5");
                    let socks = proxy.raw_auth().into_iter().fold(socks, |s, (user, word)| s.with_auth(user.to_owned(), word.to_owned()));
                    client(&config, socks, credentials.as_ref()).map_err(unusable)?
                }
                _ => return Err(ConfigError::Unusable(format!("proxy {address}: only http, https and socks5 are known"))),
            }
        }
    };
    Ok(Session { client, target: Arc::new(target), authority: authority.into(), timeout, credentials })
}

/// The stack: address and credentials, compression, headers, HTTP/1.1 over `connector`, with kube's TLS.
fn client<C>(config: &Config, connector: C, credentials: Option<&Credentials>) -> Result<Client, kube::Error>
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
