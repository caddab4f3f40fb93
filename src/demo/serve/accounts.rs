//! Who may call: a few users with the rights that are worth looking at, and a token for each, made for the run.

use http::{HeaderMap, header};
use tokio_rustls::rustls::crypto::ring;

use super::ServeError;
use crate::demo::http::User;

/// A user of the demo. What it may do is the API's to say.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    /// What the API server calls it.
    pub name: &'static str,
    /// Its groups, beside `system:authenticated`.
    pub groups: &'static [&'static str],
    /// Its context in the kubeconfig, and its name there.
    pub context: &'static str,
}

/// Every user. The first one's context is the current one.
pub const USERS: &[Account] = &[
    Account { name: "demo", groups: &["system:masters"], context: "demo" },
    Account { name: "viewer", groups: &[], context: "demo-viewer" },
    Account { name: "poller", groups: &[], context: "demo-poller" },
    Account { name: "team-shop", groups: &[], context: "demo-team-shop" },
    Account { name: "team-1", groups: &[], context: "demo-team-1" },
    Account { name: "nobody", groups: &[], context: "demo-nobody" },
];

/// What callers without a token may ask for, as with the conditions of the API server's `AnonymousAuthConfig`, and the
/// version.
const OPEN: &[&str] = &["/livez", "/readyz", "/healthz", "/version"];

/// The tokens of [`USERS`], in their order.
pub(super) struct Tokens(Vec<String>);

impl Tokens {
    /// New ones, of 256 random bits each.
    pub(super) fn new() -> Result<Tokens, ServeError> {
        let random = ring::default_provider().secure_random;
        let token = |_: &Account| {
            let mut bytes = [0; 32];
            random.fill(&mut bytes).map_err(|_| ServeError::Identity("the system gives no random numbers".into()))?;
            Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
        };
        USERS.iter().map(token).collect::<Result<_, _>>().map(Tokens)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static Account, &str)> {
        USERS.iter().zip(self.0.iter().map(String::as_str))
    }

    /// Who calls; `None` is answered with 401. Reads the header as apiserver's bearertoken `Authenticator` does: what is no
    /// bearer token is none, and a wrong one is refused everywhere.
    pub(super) fn who(&self, headers: &HeaderMap, path: &str) -> Option<User> {
        let header = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
        let mut words = header.trim_ascii().split(|&byte| byte == b' ');
        let bearer = words.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"));
        let Some(token) = words.next().filter(|token| bearer && !token.is_empty()) else {
            let groups = vec!["system:unauthenticated".to_owned()];
            return OPEN.contains(&path).then(|| User { name: "system:anonymous".into(), groups });
        };
        // All of them are compared, so that the time tells nothing.
        let mut found = None;
        for (account, known) in self.iter() {
            if same(known.as_bytes(), token) {
                found = Some(account);
            }
        }
        found.map(|account| {
            let groups = account.groups.iter().copied().chain(["system:authenticated"]).map(str::to_owned).collect();
            User { name: account.name.into(), groups }
        })
    }
}

/// Equal, in a time that depends on the length alone.
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // The black box keeps the compiler from ending the loop early.
    a.iter().zip(b).fold(0, |differs, (a, b)| std::hint::black_box(differs | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(tokens: &Tokens, header: &str, path: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        if !header.is_empty() {
            headers.insert(header::AUTHORIZATION, header.parse().expect("a header"));
        }
        tokens.who(&headers, path).map(|user| format!("{} {}", user.name, user.groups.join(",")))
    }

    #[test]
    fn a_token_is_a_user() {
        let tokens = Tokens::new().expect("tokens");
        let all: Vec<&str> = tokens.iter().map(|(_, token)| token).collect();
        assert!(all.iter().all(|token| token.len() == 64) && all[0] != all[1]);
        let admin = Some("demo system:masters,system:authenticated".to_owned());
        for scheme in ["Bearer", "bearer"] {
            assert_eq!(who(&tokens, &format!("{scheme} {}", all[0]), "/api"), admin);
        }
        assert_eq!(who(&tokens, &format!("Bearer {} x", all[0]), "/api"), admin, "as upstream's");
        for (account, token) in tokens.iter().skip(1) {
            let expected = format!("{} system:authenticated", account.name);
            assert_eq!(who(&tokens, &format!("Bearer {token}"), "/api"), Some(expected));
        }
    }

    #[test]
    fn without_one_only_the_open_paths_answer() {
        let tokens = Tokens::new().expect("tokens");
        let anonymous = Some("system:anonymous system:unauthenticated".to_owned());
        for header in ["", "Basic YTpi", "Bearer", "Bearer  "] {
            assert_eq!(who(&tokens, header, "/version"), anonymous, "{header}");
            assert_eq!(who(&tokens, header, "/livez/ping"), None, "{header}");
        }
    }

    #[test]
    fn a_wrong_one_is_refused_everywhere() {
        let tokens = Tokens::new().expect("tokens");
        let right = tokens.0[0].clone();
        for wrong in ["x", &right[1..], &format!("{right}0"), &right.to_uppercase().replace(|c: char| c.is_ascii_digit(), "z")] {
            assert_eq!(who(&tokens, &format!("Bearer {wrong}"), "/livez"), None, "{wrong}");
        }
    }
}
