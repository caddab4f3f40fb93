//! The files of a container, made for one session: what is there at the start, and what the session writes.

use std::collections::BTreeMap;

use crate::demo::container::Container;

/// A file or a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Folder,
    /// Its bytes.
    File(Vec<u8>),
    /// A program: it can be run, and has no text.
    Program,
}

/// Paths (absolute, without a slash at the end) to what is there. Folders stand before what is in them.
#[derive(Clone, Debug)]
pub(super) struct Files {
    entries: BTreeMap<String, (Entry, i64)>,
}

/// Folders that cannot be written to.
const READ_ONLY: [&str; 3] = ["/proc", "/var/run/secrets", "/bin"];

/// An absolute path, as seen from a folder: `.` and `..` are gone.
pub(super) fn absolute(folder: &str, path: &str) -> String {
    let joined = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The folder that a path is in.
pub(super) fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    }
}

impl Files {
    /// What is there before anybody came. `programs` are names of what can be run.
    pub(super) fn of<'a>(c: &Container, programs: impl Iterator<Item = &'a str>) -> Files {
        let mut files = Files { entries: BTreeMap::from([("/".into(), (Entry::Folder, c.started_ms))]) };
        let at = c.started_ms;
        for folder in ["/bin", "/dev", "/etc", "/home", "/proc/1", "/root", "/sys", "/tmp", "/usr/bin", "/var/log", "/app/data"] {
            files.make(folder, Entry::Folder, at);
        }
        if !c.working_dir.is_empty() {
            files.make(&absolute("/", &c.working_dir), Entry::Folder, at);
        }
        for name in programs {
            files.make(&format!("/bin/{name}"), Entry::Program, at);
        }
        let secrets = "/var/run/secrets/kubernetes.io/serviceaccount";
        let environment: String = c.env.iter().map(|(k, v)| format!("{k}={v}\0")).collect();
        let command = if c.command.is_empty() { format!("/app/{}", c.name) } else { c.command.join("\0") };
        let texts = [
            ("/etc/hostname", format!("{}\n", c.pod)),
            ("/etc/hosts", format!("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n{}\t{}\n", c.pod_ip, c.pod)),
            ("/etc/os-release", "NAME=\"Demo Linux\"\nID=demo\nVERSION_ID=1\nPRETTY_NAME=\"Demo Linux 1 (nothing here is real)\"\n".into()),
            ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n".into()),
            ("/etc/group", "root:x:0:\nnogroup:x:65534:\n".into()),
            (
                "/etc/resolv.conf",
                format!("search {}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n", c.namespace),
            ),
            ("/proc/version", "Linux version 6.12.0-demo (gcc 14.2.0) #1 SMP\n".into()),
            ("/proc/cpuinfo", "processor\t: 0\nmodel name\t: Demo CPU\ncpu MHz\t\t: 2400.000\n\nprocessor\t: 1\nmodel name\t: Demo CPU\ncpu MHz\t\t: 2400.000\n".into()),
            ("/proc/meminfo", "MemTotal:        8388608 kB\nMemFree:         3145728 kB\nMemAvailable:    5242880 kB\n".into()),
            ("/proc/loadavg", "0.31 0.27 0.22 1/214 42\n".into()),
            ("/proc/1/cmdline", format!("{command}\0")),
            ("/proc/1/environ", environment),
            ("/app/config.yaml", format!("service: {}\nlisten: :8080\nlog:\n  level: info\n", c.name)),
            ("/app/README.md", format!("# {}\n\nThe files of this container were made up for you. Write where you like: nobody else sees it.\n", c.name)),
            (&format!("{secrets}/namespace"), c.namespace.clone()),
            (&format!("{secrets}/token"), "this-is-not-a-token.the-demo-has-none.nothing-accepts-it".into()),
            (&format!("{secrets}/ca.crt"), "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGUsIGJ1dCBhIGRlbW8=\n-----END CERTIFICATE-----\n".into()),
        ];
        for (path, text) in texts {
            files.make(path, Entry::File(text.into_bytes()), at);
        }
        files.make("/dev/null", Entry::File(Vec::new()), at);
        files
    }

    fn make(&mut self, path: &str, entry: Entry, at_ms: i64) {
        if path != "/" && !self.entries.contains_key(parent(path)) {
            self.make(parent(path), Entry::Folder, at_ms);
        }
        self.entries.insert(path.into(), (entry, at_ms));
    }

    /// What is at an absolute path.
    pub(super) fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path).map(|(entry, _)| entry)
    }

    /// When it was written, in milliseconds since 1970.
    pub(super) fn time(&self, path: &str) -> i64 {
        self.entries.get(path).map_or(0, |(_, at)| *at)
    }

    /// It is a folder.
    pub(super) fn is_folder(&self, path: &str) -> bool {
        self.get(path) == Some(&Entry::Folder)
    }

    /// The bytes of a file; why not, in libc's words.
    pub(super) fn read(&self, path: &str) -> Result<&[u8], &'static str> {
        match self.get(path) {
            Some(Entry::File(bytes)) => Ok(bytes),
            Some(Entry::Folder) => Err("Is a directory"),
            Some(Entry::Program) => Ok(b"\x7fELF"),
            None => Err("No such file or directory"),
        }
    }

    /// Writes a file, or adds to it.
    pub(super) fn write(&mut self, path: &str, bytes: &[u8], add: bool, at_ms: i64) -> Result<(), &'static str> {
        if path == "/dev/null" {
            return Ok(());
        }
        self.may_write(path)?;
        match self.get(path) {
            Some(Entry::Folder) => return Err("Is a directory"),
            Some(Entry::File(old)) if add => {
                let all = [old.as_slice(), bytes].concat();
                self.make(path, Entry::File(all), at_ms);
            }
            _ => self.make(path, Entry::File(bytes.into()), at_ms),
        }
        Ok(())
    }

    /// Makes a folder; its parent must be there unless `parents`.
    pub(super) fn make_folder(&mut self, path: &str, parents: bool, at_ms: i64) -> Result<(), &'static str> {
        match self.get(path) {
            Some(Entry::Folder) if parents => return Ok(()),
            Some(_) => return Err("File exists"),
            None => {}
        }
        if parents && path != "/" {
            self.make_folder(parent(path), true, at_ms)?;
        }
        self.may_write(path)?;
        self.make(path, Entry::Folder, at_ms);
        Ok(())
    }

    /// Takes away what is at a path, and all that is in it.
    pub(super) fn remove(&mut self, path: &str) -> Result<(), &'static str> {
        if self.get(path).is_none() {
            return Err("No such file or directory");
        }
        self.may_write(path)?;
        let inside = format!("{path}/");
        self.entries.retain(|p, _| p != path && !p.starts_with(&inside));
        Ok(())
    }

    fn may_write(&self, path: &str) -> Result<(), &'static str> {
        if path == "/" || READ_ONLY.iter().any(|folder| path == *folder || path.starts_with(&format!("{folder}/"))) {
            return Err("Read-only file system");
        }
        match self.get(parent(path)) {
            Some(Entry::Folder) => Ok(()),
            Some(_) => Err("Not a directory"),
            None => Err("No such file or directory"),
        }
    }

    /// Names of what is in a folder, sorted.
    pub(super) fn names<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a str> {
        let start = if folder == "/" { String::from("/") } else { format!("{folder}/") };
        self.entries.keys().filter_map(move |path| path.strip_prefix(&start).filter(|rest| !rest.is_empty() && !rest.contains('/')))
    }

    /// Paths of everything at and below a path, folders before what is in them.
    pub(super) fn below(&self, path: &str) -> Vec<String> {
        let start = if path == "/" { String::from("/") } else { format!("{path}/") };
        self.entries.keys().filter(|p| *p == path || p.starts_with(&start)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (folder, path, whole) in
            [("/", "a", "/a"), ("/a/b", "..", "/a"), ("/a", "/b/./c/", "/b/c"), ("/", "../..", "/"), ("/a", "", "/a")]
        {
            assert_eq!(absolute(folder, path), whole);
        }
    }

    #[test]
    fn what_is_written_is_there_and_some_cannot_be() {
        let c = Container { pod: "web-1".into(), ..Container::default() };
        let mut files = Files::of(&c, ["sh"].into_iter());
        assert_eq!(files.read("/etc/hostname"), Ok(b"web-1\n".as_slice()));
        assert_eq!(files.write("/tmp/a", b"1", false, 7), Ok(()));
        assert_eq!(files.write("/tmp/a", b"2", true, 8), Ok(()));
        assert_eq!((files.read("/tmp/a"), files.time("/tmp/a")), (Ok(b"12".as_slice()), 8));
        assert_eq!(files.write("/nowhere/a", b"", false, 0), Err("No such file or directory"));
        assert_eq!(files.write("/proc/x", b"", false, 0), Err("Read-only file system"));
        assert_eq!(files.write("/tmp/a/b", b"", false, 0), Err("Not a directory"));
        assert_eq!(files.make_folder("/tmp/x/y", false, 0), Err("No such file or directory"));
        assert_eq!(files.make_folder("/tmp/x/y", true, 0), Ok(()));
        assert_eq!(files.below("/tmp"), ["/tmp", "/tmp/a", "/tmp/x", "/tmp/x/y"]);
        assert_eq!(files.names("/tmp").collect::<Vec<_>>(), ["a", "x"]);
        assert_eq!(files.remove("/tmp/x"), Ok(()));
        assert!(files.get("/tmp/x/y").is_none());
    }
}
