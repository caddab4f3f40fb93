//! Files that are copied between a container and this machine.

use std::path::PathBuf;
use std::sync::Arc;

use super::reference::Reference;
use super::shell::quoted;

/// What is copied where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copying {
    /// Into the container; else from it.
    pub into: bool,
    /// In which container; `None` is the pod's own choice, as kubectl makes it.
    pub container: Option<Arc<str>>,
    /// The path in the container, as it was typed.
    pub remote: Arc<str>,
    /// The path on this machine, absolute, as it was typed otherwise: a slash behind it says that it is a folder.
    pub local: PathBuf,
}

impl Copying {
    /// As kubectl writes it, without namespace and context.
    pub fn kubectl(&self, pod: &Reference) -> String {
        let remote = quoted(&format!("{}:{}", pod.name, self.remote));
        let local = quoted(&self.local.to_string_lossy());
        let (from, to) = if self.into { (local, remote) } else { (remote, local) };
        let container = self.container.as_ref().map(|name| format!(" -c {}", quoted(name))).unwrap_or_default();
        format!("cp {from} {to}{container}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::row::Uid;

    #[test]
    fn kubectl_has_it_in_the_same_order() {
        let pod = Reference { kind: Arc::default(), namespace: "shop".into(), name: "web-1".into(), uid: Uid::new("u") };
        let copying = Copying { into: false, container: Some("app".into()), remote: "/var/log/a b".into(), local: "/home/me/x".into() };
        assert_eq!(copying.kubectl(&pod), "cp 'web-1:/var/log/a b' /home/me/x -c app");
        let copying = Copying { into: true, container: None, ..copying };
        assert_eq!(copying.kubectl(&pod), "cp /home/me/x 'web-1:/var/log/a b'");
    }
}
