//! The kubeconfig of a run.

use std::fmt::Write;
use std::net::SocketAddr;

use k8s_openapi::ByteString;

use super::Account;

/// The demo's cluster in its kubeconfig: a file that names this one alone was written by the demo.
pub const CLUSTER: &str = "kubetui-demo";

/// The namespace of every context: the one where the story is.
const NAMESPACE: &str = "shop";

/// The kubeconfig as YAML. Nothing in it needs quoting: digits, base64 and names of ours.
pub(super) fn text<'a>(address: SocketAddr, authority: &str, users: impl Iterator<Item = (&'static Account, &'a str)>) -> String {
    // Bytes in Kubernetes' JSON are base64.
    let authority = serde_json::to_value(ByteString(authority.as_bytes().to_vec())).unwrap_or_default();
    let authority = authority.as_str().unwrap_or_default();
    let (mut contexts, mut entries, mut current) = (String::new(), String::new(), "");
    for (Account { context, .. }, token) in users {
        current = if current.is_empty() { context } else { current };
        // Writing to a String cannot fail.
        let _ =
            write!(contexts, "- name: {context}\n  context:\n    cluster: {CLUSTER}\n    user: {context}\n    namespace: {NAMESPACE}\n");
        let _ = write!(entries, "- name: {context}\n  user:\n    token: {token}\n");
    }
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {current}\nclusters:\n- name: {CLUSTER}\n  cluster:\n    \
         server: https://{address}\n    certificate-authority-data: {authority}\ncontexts:\n{contexts}users:\n{entries}"
    )
}
