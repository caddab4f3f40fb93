//! The kubeconfig: which files, merged as kubectl merges them, and what they name. It is read, never written.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use kube::config::{AuthInfo, Cluster, Kubeconfig};

use super::error::one_line;

/// A kubeconfig that cannot be used. `Display` is one line for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// There is none, and this is no pod of a cluster.
    None {
        /// Where it was looked for.
        looked: Vec<PathBuf>,
    },
    /// A file cannot be read.
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// A file is no kubeconfig.
    Parse {
        /// The file.
        file: PathBuf,
        /// Line and column from 1, where the parser knows them.
        at: Option<(u64, u64)>,
        /// Why.
        why: String,
    },
    /// No context was asked for, and none is the current one.
    NoContext {
        /// Those that there are.
        known: Vec<String>,
    },
    /// A name that is not in the kubeconfig.
    Unknown {
        /// `context`, `cluster` or `user`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// Something in it cannot be used: a certificate that is not there, an address that is none.
    Unusable(String),
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ConfigError::None { looked } => {
                let looked: Vec<String> = looked.iter().map(|p| p.display().to_string()).collect();
                write!(f, "no kubeconfig: {} not found", one_of(&looked, "no file"))
            }
            ConfigError::Read { file, why } => write!(f, "{}: {}", file.display(), one_line(why)),
            ConfigError::Parse { file, at: Some((line, column)), why } => {
                write!(f, "{}:{line}:{column}: {}", file.display(), one_line(why))
            }
            ConfigError::Parse { file, at: None, why } => write!(f, "{}: {}", file.display(), one_line(why)),
            ConfigError::NoContext { known } => {
                write!(f, "the kubeconfig has no current context; choose one with --context: {}", one_of(known, "it has none"))
            }
            ConfigError::Unknown { what, name, known } => {
                write!(f, "no {what} {name:?} in the kubeconfig; there are: {}", one_of(known, "none"))
            }
            ConfigError::Unusable(why) => f.write_str(&one_line(why)),
        }
    }
}

impl std::error::Error for ConfigError {}

fn one_of(names: &[String], none: &str) -> String {
    if names.is_empty() { none.to_owned() } else { names.join(", ") }
}

/// A context, and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextInfo {
    /// Its name.
    pub name: String,
    /// The cluster's name.
    pub cluster: String,
    /// The user's name.
    pub user: Option<String>,
    /// Its own namespace.
    pub namespace: Option<String>,
    /// The cluster's address, when the kubeconfig has that cluster.
    pub server: Option<String>,
    /// It is the current one.
    pub current: bool,
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

/// The name of the one context inside a pod.
pub const IN_CLUSTER: &str = "in-cluster";

/// A kubeconfig as it was read: all files merged.
#[derive(Clone, Debug)]
pub struct Loaded {
    config: Kubeconfig,
    in_cluster: bool,
    fingerprint: Fingerprint,
}

/// Which files are read: `--kubeconfig` alone when it is given, else those of `$KUBECONFIG`, else `~/.kube/config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    files: Vec<PathBuf>,
    /// A file that was asked for by a flag has to be there; those of the environment are skipped where they are not.
    required: bool,
}

impl Paths {
    /// By the flag and the environment.
    pub fn of(flag: Option<&Path>) -> Paths {
        Paths::choose(flag, std::env::var_os("KUBECONFIG").as_deref(), std::env::home_dir().as_deref())
    }

    /// No file: of a kubeconfig that was never in one ([`Loaded::of_text`]).
    pub fn none() -> Paths {
        Paths { files: Vec::new(), required: false }
    }

    /// The rule of client-go's `ClientConfigLoadingRules`.
    fn choose(flag: Option<&Path>, variable: Option<&std::ffi::OsStr>, home: Option<&Path>) -> Paths {
        if let Some(file) = flag {
            return Paths { files: vec![file.to_owned()], required: true };
        }
        let mut files: Vec<PathBuf> = Vec::new();
        for file in variable.map(std::env::split_paths).into_iter().flatten() {
            if !file.as_os_str().is_empty() && !files.contains(&file) {
                files.push(file);
            }
        }
        if files.is_empty() {
            files.extend(home.map(|home| home.join(".kube").join("config")));
        }
        Paths { files, required: false }
    }
}

/// What the files looked like when they were read: enough to notice a change by asking the file system, without reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(Vec<(PathBuf, Option<Stamp>)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// A file that is replaced by another of the same age and length (a restored backup) is another file.
    inode: u64,
}

impl Fingerprint {
    fn of(files: &[PathBuf]) -> Fingerprint {
        Fingerprint(files.iter().map(|file| (file.clone(), stamp(file))).collect())
    }

    /// The files look different now. A few system calls; callable every other second.
    pub fn has_changed(&self) -> bool {
        self.0.iter().any(|(file, before)| stamp(file) != *before)
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let meta = std::fs::metadata(file).ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&meta);
    #[cfg(not(unix))]
    let inode = 0;
    Some(Stamp { modified: meta.modified().ok(), length: meta.len(), inode })
}

impl Loaded {
    /// Reads and merges the files. Where there are none, the pod's own service account is taken.
    pub fn load(paths: &Paths) -> Result<Loaded, ConfigError> {
        // Before the files are read: a change in between is then noticed rather than missed.
        let fingerprint = Fingerprint::of(&paths.files);
        let mut config = Kubeconfig::default();
        let mut found = false;
        for file in &paths.files {
            match std::fs::read(file) {
                Ok(bytes) => {
                    found = true;
                    config = merge(config, file, &bytes)?;
                }
                Err(e) if e.kind() == std::io::ErrorKind::NotFound && !paths.required => {}
                Err(e) => return Err(ConfigError::Read { file: file.clone(), why: e.to_string() }),
            }
        }
        let in_cluster = !found && std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        if !found && !in_cluster {
            return Err(ConfigError::None { looked: paths.files.clone() });
        }
        Ok(Loaded { config, in_cluster, fingerprint })
    }

    /// A kubeconfig that is in no file. It never changes; `name` stands for the file in errors.
    pub fn of_text(name: &str, text: &str) -> Result<Loaded, ConfigError> {
        let config = merge(Kubeconfig::default(), Path::new(name), text.as_bytes())?;
        Ok(Loaded { config, in_cluster: false, fingerprint: Fingerprint::of(&[]) })
    }

    /// There is no kubeconfig, but this is a pod: its service account is used.
    pub fn is_in_cluster(&self) -> bool {
        self.in_cluster
    }

    /// To notice that the files changed.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Every context, in the order of the files.
    pub fn contexts(&self) -> Vec<ContextInfo> {
        if self.in_cluster {
            let name = IN_CLUSTER.to_owned();
            return vec![ContextInfo { cluster: name.clone(), name, user: None, namespace: None, server: None, current: true }];
        }
        let current = self.current();
        let contexts = self.config.contexts.iter().map(|named| {
            let context = named.context.clone().unwrap_or_default();
            ContextInfo {
                current: current == Some(&named.name),
                name: named.name.clone(),
                server: self.cluster(&context.cluster).and_then(|c| c.server.clone()),
                cluster: context.cluster,
                user: context.user,
                namespace: context.namespace.filter(|n| !n.is_empty()),
            }
        });
        contexts.collect()
    }

    /// The current context's name.
    pub fn current(&self) -> Option<&str> {
        if self.in_cluster { Some(IN_CLUSTER) } else { self.config.current_context.as_deref().filter(|name| !name.is_empty()) }
    }

    /// A cluster by its name.
    pub fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.config.clusters.iter().find(|c| c.name == name)?.cluster.as_ref()
    }

    /// A user by its name.
    pub fn user(&self, name: &str) -> Option<&AuthInfo> {
        self.config.auth_infos.iter().find(|u| u.name == name)?.auth_info.as_ref()
    }

    /// The error of a name that is not there.
    pub(super) fn unknown(&self, what: &'static str, name: &str) -> ConfigError {
        let known = match what {
            "context" => self.contexts().into_iter().map(|c| c.name).collect(),
            "cluster" => self.config.clusters.iter().map(|c| c.name.clone()).collect(),
            _ => self.config.auth_infos.iter().map(|u| u.name.clone()).collect(),
        };
        ConfigError::Unknown { what, name: name.to_owned(), known }
    }
}

/// A kubeconfig, and the documents of one more file.
fn merge(config: Kubeconfig, file: &Path, bytes: &[u8]) -> Result<Kubeconfig, ConfigError> {
    let wrong = |e: kube::config::KubeconfigError| ConfigError::Parse { file: file.to_owned(), at: None, why: e.to_string() };
    parse(file, bytes)?.into_iter().try_fold(config, |config, document| config.merge(document).map_err(wrong))
}

/// The documents of a file, paths in them made absolute: they are relative to the file they stand in.
fn parse(file: &Path, bytes: &[u8]) -> Result<Vec<Kubeconfig>, ConfigError> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = bytes[..e.valid_up_to()].iter().filter(|&&b| b == b'\n').count() as u64 + 1;
        ConfigError::Parse { file: file.to_owned(), at: Some((line, 1)), why: "this is not UTF-8".into() }
    })?;
    // Windows' editors put a mark in front.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = serde_yaml::options! { with_snippet: false };
    let mut documents: Vec<Kubeconfig> = serde_yaml::from_multiple_with_options(text, options).map_err(|e| ConfigError::Parse {
        file: file.to_owned(),
        at: e.location().map(|l| (l.line(), l.column())).filter(|at| at.0 > 0),
        why: reason(&e),
    })?;
    let folder = std::path::absolute(file).ok().and_then(|f| f.parent().map(Path::to_owned)).unwrap_or_default();
    for config in &mut documents {
        for cluster in config.clusters.iter_mut().filter_map(|c| c.cluster.as_mut()) {
            resolve(&folder, &mut cluster.certificate_authority);
        }
        for user in config.auth_infos.iter_mut().filter_map(|u| u.auth_info.as_mut()) {
            resolve(&folder, &mut user.client_certificate);
            resolve(&folder, &mut user.client_key);
            resolve(&folder, &mut user.token_file);
            // A plain name is looked up on PATH, as client-go's `GetAuthInfoFileReferences` has it.
            if let Some(exec) = user.exec.as_mut().filter(|e| e.command.as_ref().is_some_and(|c| c.contains(std::path::is_separator))) {
                resolve(&folder, &mut exec.command);
            }
        }
    }
    Ok(documents)
}

fn resolve(folder: &Path, path: &mut Option<String>) {
    // An empty path is none: kubectl writes `certificate-authority: ""`.
    *path = path.take().filter(|p| !p.is_empty()).map(|p| folder.join(p).to_string_lossy().into_owned());
}

/// The parser's words without the place, which stands in front.
fn reason(error: &serde_yaml::Error) -> String {
    let words = error.render_with_formatter(&serde_yaml::UserMessageFormatter);
    let words = words.lines().next().unwrap_or_default();
    let words = words.rsplit_once(" at line ").map_or(words, |(words, _)| words);
    match words {
        "expected sequence start" => "a list is expected here".into(),
        "expected mapping start" => "a mapping is expected here".into(),
        "expected string scalar" => "a text is expected here".into(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for each test, removed at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("kubetui-kubeconfig-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).expect("a folder");
            Folder(path)
        }

        fn write(&self, name: &str, text: &str) -> PathBuf {
            let file = self.0.join(name);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            std::fs::write(&file, text).expect("a file");
            file
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn optional(files: Vec<PathBuf>) -> Paths {
        Paths { files, required: false }
    }

    const ONE: &str = "apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c
  cluster: {server: 'https://one', certificate-authority: pki/ca.crt}
users:
- name: u
  user: {client-certificate: /abs.crt, client-key: u.key, tokenFile: ../token, exec: {command: ./plugin}}
- name: p
  user: {exec: {command: aws}}
contexts:
- name: one
  context: {cluster: c, user: u, namespace: shop}
";
    const TWO: &str = "current-context: two
clusters:
- name: c
  cluster: {server: 'https://two'}
- name: d
  cluster: {server: 'https://three'}
contexts:
- name: two
  context: {cluster: d, user: gone}
- name: lost
  context: {cluster: gone}
";

    #[test]
    fn files_are_merged_and_the_first_wins() {
        let folder = Folder::new("merge");
        let files = vec![folder.write("a/one", ONE), folder.0.join("missing"), folder.write("two", TWO)];
        let loaded = Loaded::load(&optional(files)).expect("loads");
        assert_eq!(loaded.current(), Some("one"));
        let contexts = loaded.contexts();
        assert_eq!(
            contexts.iter().map(|c| (c.name.as_str(), c.current)).collect::<Vec<_>>(),
            [("one", true), ("two", false), ("lost", false)]
        );
        assert_eq!(contexts[0].server.as_deref(), Some("https://one"));
        assert_eq!(contexts[0].namespace.as_deref(), Some("shop"));
        assert_eq!(contexts[1].server.as_deref(), Some("https://three"));
        assert_eq!(contexts[2].server, None);
    }

    #[test]
    fn what_is_in_no_file_is_read_once() {
        let loaded = Loaded::of_text("the demo", ONE).expect("loads");
        assert_eq!((loaded.current(), loaded.contexts().len(), loaded.is_in_cluster()), (Some("one"), 1, false));
        assert!(!loaded.fingerprint().has_changed());
        let error = Loaded::of_text("the demo", "contexts: hello").expect_err("no kubeconfig");
        assert!(error.to_string().starts_with("the demo:1:"), "{error}");
    }

    #[test]
    fn paths_are_relative_to_the_file_they_stand_in() {
        let folder = Folder::new("paths");
        let loaded = Loaded::load(&optional(vec![folder.write("a/one", ONE)])).expect("loads");
        let at = |path: &str| Some(folder.0.join("a").join(path).to_string_lossy().into_owned());
        assert_eq!(loaded.cluster("c").expect("c").certificate_authority, at("pki/ca.crt"));
        let user = loaded.user("u").expect("u");
        assert_eq!(user.client_certificate.as_deref(), Some("/abs.crt"));
        assert_eq!(user.client_key, at("u.key"));
        assert_eq!(user.token_file, at("../token"));
        assert_eq!(user.exec.as_ref().expect("exec").command, at("./plugin"));
        assert_eq!(loaded.user("p").expect("p").exec.as_ref().expect("exec").command.as_deref(), Some("aws"));
    }

    #[test]
    fn a_file_that_does_not_parse_is_named_with_line_and_column() {
        let folder = Folder::new("parse");
        for (name, text, at, words) in [
            ("indent", "apiVersion: v1\nclusters:\n- name: c\n  cluster:\n server: x\n", "5:", ""),
            ("open", "apiVersion: v1\nclusters: [\n", "2:11", "unclosed"),
            ("type", "apiVersion: v1\ncontexts: hello\n", "2:11", "a list is expected"),
            ("missing", "apiVersion: v1\ncontexts:\n- name: a\n  context: {user: u}\n", "4:", "cluster"),
            ("nameless", "clusters:\n- cluster: {server: x}\n", "2:", "name"),
        ] {
            let file = folder.write(name, text);
            let error = Loaded::load(&optional(vec![file.clone()])).expect_err(name);
            let line = error.to_string();
            assert!(line.starts_with(&format!("{}:{at}", file.display())) && line.contains(words), "{name}: {line}");
            assert!(!line.contains('\n') && !line.contains(" at line "), "{line}");
        }
    }

    #[test]
    fn nothing_but_empty_files_is_a_kubeconfig_without_contexts() {
        let folder = Folder::new("empty");
        let loaded = Loaded::load(&optional(vec![folder.write("empty", "")])).expect("loads");
        assert!(loaded.contexts().is_empty());
        assert_eq!(loaded.current(), None);
        assert_eq!(loaded.unknown("context", "x").to_string(), "no context \"x\" in the kubeconfig; there are: none");
    }

    #[test]
    fn a_file_that_is_asked_for_must_be_there() {
        let file = PathBuf::from("/no/such/kubeconfig");
        let error = Loaded::load(&Paths::choose(Some(&file), None, None)).expect_err("missing");
        assert!(error.to_string().starts_with("/no/such/kubeconfig: "), "{error}");
        // Inside a pod the service account is taken instead.
        if std::env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
            let error = Loaded::load(&optional(vec![file])).expect_err("missing");
            assert_eq!(error.to_string(), "no kubeconfig: /no/such/kubeconfig not found");
        }
    }

    #[test]
    fn the_flag_stands_before_the_environment_and_that_before_the_home() {
        let home = Path::new("/h");
        let list = std::env::join_paths(["/a", "", "/b", "/a"]).expect("a list");
        assert_eq!(Paths::choose(Some(Path::new("/f")), Some(&list), Some(home)), Paths { files: vec!["/f".into()], required: true });
        assert_eq!(Paths::choose(None, Some(&list), Some(home)), optional(vec!["/a".into(), "/b".into()]));
        assert_eq!(Paths::choose(None, Some("".as_ref()), Some(home)), optional(vec!["/h/.kube/config".into()]));
        assert_eq!(Paths::choose(None, None, Some(home)), optional(vec!["/h/.kube/config".into()]));
    }

    #[test]
    fn a_change_on_disk_is_noticed() {
        let folder = Folder::new("change");
        let files = vec![folder.write("one", ONE), folder.0.join("later")];
        let loaded = Loaded::load(&optional(files)).expect("loads");
        assert!(!loaded.fingerprint().has_changed());
        folder.write("later", TWO);
        assert!(loaded.fingerprint().has_changed());
        let loaded = Loaded::load(&optional(vec![folder.0.join("one")])).expect("loads");
        folder.write("one", &ONE.replace("shop", "team-1"));
        assert!(loaded.fingerprint().has_changed());
    }
}
