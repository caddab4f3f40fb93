//! From a context to a session: which server, as whom, and a client for it.

use std::sync::Arc;
use std::time::Duration;

use kube::config::{AuthInfo, Cluster};
use kube::{Client, Config};

use super::credential::Credentials;
use super::error::{self, ClusterError};
use super::kubeconfig::{ConfigError, Loaded, Target};
use super::plugin::{Credential, Plugin};
use super::schema::Schemas;
use super::stack;

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
    /// Schemas that were read already.
    pub(super) schemas: Schemas,
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
        error::from_kube(error, &self.authority, stack::CONNECT)
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
            user.client_certificate_data = Some(stack::base64(certificate)?);
            user.client_key_data = Some(stack::base64(key)?.into());
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
        let (mut config, target) =
            if in_cluster { in_cluster_config(target, user)? } else { (stack::config(&target, &cluster, user)?, target) };
        config.accept_invalid_certs |= insecure;
        let credentials = credentials.or_else(|| credentials_of_file(&mut config.auth_info));
        let (client, authority) = stack::client(config, &target, credentials.as_ref())?;
        Ok::<_, ConfigError>(Session {
            client,
            target: Arc::new(target),
            authority: authority.into(),
            timeout,
            credentials,
            schemas: Schemas::default(),
        })
    };
    Ok(tokio::task::spawn_blocking(build).await.map_err(|e| ConfigError::Unusable(e.to_string()))??)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A session, and the server's word that it is there.
    async fn connect(loaded: &Loaded, options: &Options) -> Result<Session, ConnectError> {
        let session = open(loaded, options).await?;
        let hurried = if options.timeout.is_none() { session.with_timeout(stack::CONNECT) } else { session.clone() };
        crate::cluster::request::version(&hurried).await?;
        Ok(session)
    }

    use crate::cluster::kubeconfig::Paths;

    const KUBECONFIG: &str = "current-context: a
clusters:
- {name: one, cluster: {server: 'https://one'}}
- {name: two, cluster: {server: 'https://two'}}
users:
- {name: jane, user: {token: secret, client-certificate: /c, client-key: /k}}
- {name: plug, user: {exec: {command: aws, args: [eks, get-token]}}}
contexts:
- {name: a, context: {cluster: one, user: jane, namespace: shop}}
- {name: b, context: {cluster: two, user: plug}}
- {name: lost, context: {cluster: gone, user: jane}}
";

    fn loaded(name: &str, text: &str) -> Loaded {
        let file = std::env::temp_dir().join(format!("kubetui-connect-{name}-{}", std::process::id()));
        std::fs::write(&file, text).expect("a file");
        let loaded = Loaded::load(&Paths::of(Some(&file)));
        let _ = std::fs::remove_file(&file);
        loaded.expect("loads")
    }

    fn options(set: impl FnOnce(&mut Options)) -> Options {
        let mut options = Options::default();
        set(&mut options);
        options
    }

    #[test]
    fn options_stand_before_the_context() {
        let loaded = loaded("target", KUBECONFIG);
        let at = |options: Options| target(&loaded, &options).map(|t| (t.context, t.server, t.user, t.namespace));
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(at(Options::default()), Ok(("a".into(), "https://one".into(), some("jane"), some("shop"))));
        assert_eq!(at(options(|o| o.context = some("b"))), Ok(("b".into(), "https://two".into(), some("plug"), None)));
        let both = options(|o| (o.cluster, o.user) = (some("two"), some("plug")));
        assert_eq!(at(both), Ok(("a".into(), "https://two".into(), some("plug"), some("shop"))));
    }

    #[test]
    fn unknown_names_come_with_the_known_ones() {
        let loaded = loaded("unknown", KUBECONFIG);
        let error = |options: Options| target(&loaded, &options).expect_err("unknown").to_string();
        assert_eq!(error(options(|o| o.context = Some("x".into()))), "no context \"x\" in the kubeconfig; there are: a, b, lost");
        assert_eq!(error(options(|o| o.cluster = Some("x".into()))), "no cluster \"x\" in the kubeconfig; there are: one, two");
        assert_eq!(error(options(|o| o.user = Some("x".into()))), "no user \"x\" in the kubeconfig; there are: jane, plug");
        assert_eq!(error(options(|o| o.context = Some("lost".into()))), "no cluster \"gone\" in the kubeconfig; there are: one, two");
    }

    #[test]
    fn without_a_current_context_one_has_to_be_chosen() {
        let loaded = loaded("current", &KUBECONFIG.replace("current-context: a", "current-context: ''"));
        let error = target(&loaded, &Options::default()).expect_err("none");
        assert_eq!(error.to_string(), "the kubeconfig has no current context; choose one with --context: a, b, lost");
        let alone = target(&loaded, &options(|o| o.cluster = Some("one".into()))).expect("a cluster is enough");
        assert_eq!((alone.context.as_str(), alone.user), ("", None));
    }

    #[test]
    fn a_plugin_is_for_users_who_have_nothing_else() {
        let loaded = loaded("plugin", KUBECONFIG);
        let plugin = |options: Options| login_command(&loaded, &options).expect("resolves").map(|p| (p.name().to_owned(), p.args));
        assert_eq!(plugin(Options::default()), None);
        let b = || options(|o| o.context = Some("b".into()));
        assert_eq!(plugin(b()), Some(("aws".into(), vec!["eks".into(), "get-token".into()])));
        assert_eq!(plugin(Options { token: Some("t".into()), ..b() }), None);
    }

    #[test]
    fn groups_need_a_user_to_impersonate() {
        let loaded = loaded("groups", KUBECONFIG);
        assert!(target(&loaded, &options(|o| o.groups = vec!["g".into()])).is_err());
        let resolved = resolve(&loaded, &options(|o| (o.groups, o.impersonate) = (vec!["g".into()], Some("u".into())))).expect("resolves");
        assert_eq!(resolved.user.impersonate.as_deref(), Some("u"));
        assert_eq!(resolved.user.impersonate_groups, Some(vec!["g".into()]));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_said_at_once() {
        // A port that was free a moment ago, and refuses.
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let text = format!(
            "current-context: a\nclusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\ncontexts: [{{name: a, context: {{cluster: c}}}}]\n"
        );
        let started = std::time::Instant::now();
        let error = connect(&loaded("refused", &text), &Options::default()).await.expect_err("refused");
        assert_eq!(error.to_string(), format!("connection refused by 127.0.0.1:{port}"));
        assert!(started.elapsed() < Duration::from_secs(2));
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_given_up() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let text = format!(
            "current-context: a\nclusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\ncontexts: [{{name: a, context: {{cluster: c}}}}]\n"
        );
        let limit = Duration::from_millis(200);
        let error = connect(&loaded("silent", &text), &options(|o| o.timeout = Some(limit))).await.expect_err("silent");
        assert_eq!(error, ConnectError::Cluster(ClusterError::Timeout(limit)));
    }
}
