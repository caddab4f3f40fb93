//! Credentials that change while the program runs: the token of a plugin or of a file, renewed when it runs out or is refused.

use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;
use tokio::sync::Mutex;
use tower::{BoxError, Layer, Service};

use super::error::ClusterError;
use super::plugin::{Credential, Plugin};

/// Between two runs of a plugin that failed, or whose token was refused: many watches ask again at the same time.
const PAUSE: Duration = Duration::from_secs(5);

/// How long a token from a file is used before the file is read again (client-go's `NewCachedFileTokenSource`).
const FILE_PERIOD: SignedDuration = SignedDuration::from_secs(60);

/// Where the token of a connection comes from. Clones share it: one login is a login for every watch.
#[derive(Clone)]
pub struct Credentials(Arc<Mutex<State>>);

enum Origin {
    Plugin(Plugin),
    /// A token file, and the token to use while it cannot be read.
    File(PathBuf, Option<String>),
}

struct State {
    origin: Origin,
    header: Option<HeaderValue>,
    /// When the header is to be renewed.
    until: Option<Timestamp>,
    asked: Option<Instant>,
    failure: Option<ClusterError>,
}

impl Credentials {
    /// Of a plugin that has run already.
    pub fn of_plugin(plugin: Plugin, credential: &Credential) -> Result<Credentials, ClusterError> {
        let mut state = State { origin: Origin::Plugin(plugin), header: None, until: None, asked: Some(Instant::now()), failure: None };
        state.take(credential)?;
        Ok(Credentials(Arc::new(Mutex::new(state))))
    }

    /// Of a token file; `otherwise` is used while the file cannot be read.
    pub fn of_file(file: PathBuf, otherwise: Option<String>) -> Credentials {
        Credentials(Arc::new(Mutex::new(State {
            origin: Origin::File(file, otherwise),
            header: None,
            until: None,
            asked: None,
            failure: None,
        })))
    }

    /// Takes what an interactive login gave, for every request from now on.
    pub async fn adopt(&self, credential: &Credential) -> Result<(), ClusterError> {
        self.0.lock().await.take(credential)
    }

    /// The `Authorization` header to send now. Runs the plugin when there is no token, or none that is good any more.
    /// `None` when the credential is a certificate, which the connection itself carries.
    pub async fn header(&self) -> Result<Option<HeaderValue>, ClusterError> {
        // Held while the plugin runs: the others wait for its token instead of running it too.
        let mut state = self.0.lock().await;
        let now = Timestamp::now();
        if state.until.is_some_and(|until| now >= until) {
            state.header = None;
            state.until = None;
        }
        if state.header.is_some() || matches!((&state.origin, state.until), (Origin::Plugin(_), Some(_))) {
            return Ok(state.header.clone());
        }
        if let Some(failure) = state.failure.clone().filter(|_| state.rests()) {
            return Err(failure);
        }
        state.asked = Some(Instant::now());
        let result = state.renew().await;
        state.failure = result.as_ref().err().cloned();
        result.map(|()| state.header.clone())
    }

    /// The server refused this header: the next request gets another one.
    async fn refused(&self, header: &HeaderValue) {
        let mut state = self.0.lock().await;
        // Another request may have renewed it meanwhile; and a plugin whose fresh token is refused is not run at each request.
        if state.header.as_ref() == Some(header) && !state.rests() {
            state.header = None;
            state.until = None;
        }
    }
}

impl State {
    fn rests(&self) -> bool {
        self.asked.is_some_and(|asked| asked.elapsed() < PAUSE)
    }

    async fn renew(&mut self) -> Result<(), ClusterError> {
        match &self.origin {
            Origin::Plugin(plugin) => {
                let credential = plugin.run().await?;
                self.take(&credential)
            }
            Origin::File(file, otherwise) => {
                let read = tokio::fs::read_to_string(file).await;
                let token = match (read, otherwise) {
                    (Ok(token), _) => token,
                    (Err(_), Some(token)) => token.clone(),
                    (Err(e), None) => return Err(ClusterError::Unauthorized(format!("token file {}: {e}", file.display()))),
                };
                self.take(&Credential { token: Some(token), certificate: None, expires: None })?;
                self.until = Timestamp::now().checked_add(FILE_PERIOD).ok();
                Ok(())
            }
        }
    }

    fn take(&mut self, credential: &Credential) -> Result<(), ClusterError> {
        self.header = match &credential.token {
            Some(token) => Some(bearer(token)?),
            None => None,
        };
        // Renewed a little before it runs out, so that no request on the way is refused; but not at once when it is short-lived.
        let now = Timestamp::now();
        self.until = credential.expires.and_then(|expires| {
            let margin = (expires.duration_since(now) / 10).min(SignedDuration::from_mins(1)).max(SignedDuration::ZERO);
            expires.checked_sub(margin).ok()
        });
        self.failure = None;
        Ok(())
    }
}

fn bearer(token: &str) -> Result<HeaderValue, ClusterError> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.trim()))
        .map_err(|_| ClusterError::Unauthorized("the token has letters that a token cannot have".into()))?;
    value.set_sensitive(true);
    Ok(value)
}

impl<S> Layer<S> for Credentials {
    type Service = Authorize<S>;

    fn layer(&self, inner: S) -> Authorize<S> {
        Authorize { inner, credentials: self.clone() }
    }
}

/// Sends each request with the credentials of the moment.
#[derive(Clone)]
pub struct Authorize<S> {
    inner: S,
    credentials: Credentials,
}

impl<S, B> Service<Request<Body>> for Authorize<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<B>, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The one that was polled ready is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let credentials = self.credentials.clone();
        Box::pin(async move {
            let header = credentials.header().await?;
            if let Some(header) = &header {
                request.headers_mut().insert(AUTHORIZATION, header.clone());
            }
            let response = inner.call(request).await.map_err(Into::into)?;
            if let (StatusCode::UNAUTHORIZED, Some(header)) = (response.status(), &header) {
                credentials.refused(header).await;
            }
            Ok(response)
        })
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use kube::config::{Cluster, ExecConfig};

    fn plugin(script: &str) -> Plugin {
        let exec = ExecConfig { command: Some("/bin/sh".into()), args: Some(vec!["-c".into(), script.into()]), ..ExecConfig::default() };
        Plugin::new(&exec, &Cluster::default()).expect("a plugin")
    }

    fn token(token: &str, seconds: Option<i64>) -> Credential {
        let expires = seconds.map(|s| Timestamp::now() + SignedDuration::from_secs(s));
        Credential { token: Some(token.into()), certificate: None, expires }
    }

    #[tokio::test]
    async fn a_token_is_renewed_when_it_ran_out_and_not_before() {
        let credentials =
            Credentials::of_plugin(plugin(r#"echo '{"status":{"token":"new"}}'"#), &token("old", Some(3600))).expect("a token");
        assert_eq!(credentials.header().await, Ok(Some(HeaderValue::from_static("Bearer old"))));
        credentials.adopt(&token("gone", Some(-1))).await.expect("a token");
        assert_eq!(credentials.header().await, Ok(Some(HeaderValue::from_static("Bearer new"))));
    }

    #[tokio::test]
    async fn a_plugin_that_fails_is_not_run_by_everybody_and_a_login_mends_it() {
        let marks = std::env::temp_dir().join(format!("kubetui-credential-{}", std::process::id()));
        let script = format!("echo x >> {}; echo no >&2; exit 1", marks.display());
        let credentials = Credentials::of_plugin(plugin(&script), &token("gone", Some(-1))).expect("a token");
        let failed = ClusterError::Plugin { command: "sh".into(), words: "no".into() };
        assert_eq!(credentials.header().await, Err(failed.clone()));
        assert_eq!(credentials.header().await, Err(failed));
        let runs = std::fs::read_to_string(&marks).expect("it ran");
        let _ = std::fs::remove_file(&marks);
        assert_eq!(runs, "x\n");
        credentials.adopt(&token("good", None)).await.expect("a token");
        assert_eq!(credentials.header().await, Ok(Some(HeaderValue::from_static("Bearer good"))));
    }

    #[tokio::test]
    async fn a_refused_token_is_replaced() {
        let credentials = Credentials::of_plugin(plugin(r#"echo '{"status":{"token":"new"}}'"#), &token("old", None)).expect("a token");
        let old = credentials.header().await.expect("a header").expect("a token");
        credentials.refused(&old).await;
        assert_eq!(credentials.header().await, Ok(Some(old.clone())), "it is fresh: the plugin rests");
        credentials.0.lock().await.asked = None;
        credentials.refused(&old).await;
        assert_eq!(credentials.header().await, Ok(Some(HeaderValue::from_static("Bearer new"))));
    }

    #[tokio::test]
    async fn a_token_file_ends_with_a_line_break_and_may_be_missing() {
        let file = std::env::temp_dir().join(format!("kubetui-token-{}", std::process::id()));
        std::fs::write(&file, "abc\n").expect("a file");
        let credentials = Credentials::of_file(file.clone(), None);
        assert_eq!(credentials.header().await, Ok(Some(HeaderValue::from_static("Bearer abc"))));
        let _ = std::fs::remove_file(&file);
        assert!(Credentials::of_file(file.clone(), None).header().await.is_err());
        let kept = Credentials::of_file(file, Some("kept".into())).header().await;
        assert_eq!(kept, Ok(Some(HeaderValue::from_static("Bearer kept"))));
    }
}
