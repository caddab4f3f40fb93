//! `:cp` both ways: what arrives, what is asked before, what is refused, and what is said of a copy that did not end well.
//! A container of the real control plane is this machine, so its paths are those of a folder of the test's own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::Desk;
use crate::driver::{Driver, Setup};
use crate::scenarios::ground::Ground;
use crate::scenarios::objects::pod;
use crate::swallow::Proxy;

/// A connection that is cut is noticed, and said, within this.
const NOTICED: Duration = Duration::from_secs(40);

/// A pod that runs, files here, and a folder in its container.
struct Scene {
    here: TempDir,
    there: TempDir,
    real: bool,
}

impl Scene {
    async fn set(ground: &Ground) -> Scene {
        ground.post(&ground.core("pods"), &pod("one", "app:1")).await.ok();
        ground.until_is(&ground.core("pods/one"), &[("/status/phase", json!("Running"))]).await;
        Scene { here: tempfile::tempdir().unwrap(), there: tempfile::tempdir().unwrap(), real: ground.is_real() }
    }

    fn here(&self, name: &str) -> PathBuf {
        self.here.path().join(name)
    }

    /// A path in the container.
    fn there(&self, name: &str) -> String {
        if self.real { self.there.path().join(name).display().to_string() } else { format!("/tmp/{name}") }
    }

    /// Nothing that is half a file is left.
    fn no_parts(&self) {
        let parts: Vec<String> = tree(self.here.path()).into_keys().filter(|name| name.contains(".part")).collect();
        assert_eq!(parts, [""; 0]);
    }
}

/// Everything below a folder: its bytes, where it leads, or that it is a folder, with its permissions.
fn tree(folder: &Path) -> BTreeMap<String, (Vec<u8>, u32)> {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
            let name = entry.path().strip_prefix(folder).unwrap().as_os_str().as_bytes().escape_ascii().to_string();
            let kind = entry.file_type().unwrap();
            let what = if kind.is_dir() {
                open.push(entry.path());
                b"a folder".to_vec()
            } else if kind.is_symlink() {
                [b"to ", fs::read_link(entry.path()).unwrap().as_os_str().as_bytes()].concat()
            } else {
                fs::read(entry.path()).unwrap()
            };
            let mode = if kind.is_symlink() { 0 } else { entry.metadata().unwrap().permissions().mode() & 0o777 };
            found.insert(name, (what, mode));
        }
    }
    found
}

/// A tree with whatever a file system takes.
fn odd(root: &Path, links: bool) {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    fs::create_dir_all(root.join("empty")).unwrap();
    fs::create_dir_all(root.join("a b/c")).unwrap();
    let names: &[&[u8]] = if links {
        &[b"-rf", b"it's \"quoted\"", b"line\nend", b"back\\slash", "日本語 é".as_bytes(), b"not\xffutf8", b"$(reboot)", b"*"]
    } else {
        &[b"-rf", b"it's \"quoted\"", "日本語 é".as_bytes(), b"$(reboot)"]
    };
    for (at, name) in names.iter().enumerate() {
        fs::write(root.join("a b").join(std::ffi::OsStr::from_bytes(name)), vec![at as u8; at * 1000]).unwrap();
    }
    fs::write(root.join("a b/c").join("long".repeat(50)), "long").unwrap();
    fs::write(root.join("run.sh"), "#!/bin/sh\n").unwrap();
    if links {
        fs::set_permissions(root.join("run.sh"), fs::Permissions::from_mode(0o750)).unwrap();
        fs::set_permissions(root.join("empty"), fs::Permissions::from_mode(0o700)).unwrap();
        symlink("../run.sh", root.join("a b/link")).unwrap();
        symlink("nowhere", root.join("broken")).unwrap();
    }
}

/// What came of a copy is put away.
fn close(desk: &Desk) {
    desk.press("esc");
    desk.without("── copy: ");
}

fn quoted(path: impl std::fmt::Display) -> String {
    format!("'{path}'")
}

/// A folder goes into a container and back, by other names, and is the same.
pub async fn a_tree_goes_into_a_container_and_comes_back(ground: &Ground) {
    let scene = Scene::set(ground).await;
    odd(&scene.here("tree"), scene.real);
    let desk = Desk::open(ground, "pods");
    desk.on("one");
    desk.command(&format!("cp {} :{}", scene.here("tree").display(), scene.there("copied")));
    desk.see("copy: 1 done");
    desk.see("read back, and the same");
    if scene.real {
        assert_eq!(tree(&scene.there.path().join("copied")), tree(&scene.here("tree")));
    }
    close(&desk);
    desk.command(&format!("cp one:{} {}", scene.there("copied"), scene.here("back").display()));
    desk.see("copy: 1 done");
    assert_eq!(tree(&scene.here("back")), tree(&scene.here("tree")));
    close(&desk);

    // Into a folder that is there: by its own name. With a container, and a pod by name.
    fs::create_dir(scene.here("folder")).unwrap();
    let line = format!(
        "cp -c app {}/one:{}/ {}",
        ground.namespace(),
        scene.there("copied/a b/c").replace(' ', "\\ "),
        scene.here("folder").display()
    );
    desk.command(&line);
    desk.see("copy: 1 done");
    assert_eq!(tree(&scene.here("folder/c")), tree(&scene.here("tree/a b/c")));
    close(&desk);
    if scene.real {
        // What leads out of what is copied is not made, and that is said.
        desk.command(&format!("cp :{} {}", quoted(scene.there("copied/a b")), scene.here("folder").display()));
        desk.see("not all of it: 9 files, 2 folders");
        desk.see("1 refused: link (it leads out of the folder, to ../run.sh)");
        let mut expected = tree(&scene.here("tree/a b"));
        expected.remove("link");
        assert_eq!(tree(&scene.here("folder/a b")), expected);
        close(&desk);
    }

    // One file, by a name that looks like an option, into the container's folder.
    let odd = scene.here("tree/a b/-rf");
    desk.command(&format!("cp {} :{}", quoted(odd.display()), scene.there("copied")));
    desk.see("copy: 1 done");
    close(&desk);
    desk.command(&format!("cp :{} {}", quoted(scene.there("copied/-rf")), scene.here("rf").display()));
    desk.see("copy: 1 done");
    assert_eq!(fs::read(scene.here("rf")).unwrap(), fs::read(odd).unwrap());
    close(&desk);
    scene.no_parts();

    // Each is in the journal: what, from where, to where.
    desk.command("journal");
    desk.see("read back, and the same");
    desk.see("1 file, 0 B to");
}

/// What is there is not replaced without a question.
pub async fn what_would_be_replaced_is_asked_for(ground: &Ground) {
    let scene = Scene::set(ground).await;
    fs::write(scene.here("a"), "new").unwrap();
    let desk = Desk::open(ground, "pods");
    desk.on("one");
    desk.command(&format!("cp {} :{}", scene.here("a").display(), scene.there("a")));
    desk.see("read back, and the same");
    close(&desk);
    fs::write(scene.here("a"), "newer").unwrap();
    desk.command(&format!("cp {} :{}", scene.here("a").display(), scene.there("a")));
    desk.question(&["Copy into pod/one", "the file is there already, and is replaced"]);
    desk.no();
    fs::write(scene.here("mine"), "mine").unwrap();
    let back = format!("cp :{} {}", scene.there("a"), scene.here("mine").display());
    desk.command(&back);
    desk.question(&["Copy from pod/one", "the file is there already, and is replaced"]);
    desk.no();
    assert_eq!(fs::read_to_string(scene.here("mine")).unwrap(), "mine");
    desk.command(&back);
    desk.yes(&["Copy from pod/one"]);
    desk.see("copy: 1 done");
    assert_eq!(fs::read_to_string(scene.here("mine")).unwrap(), "new", "what is in the container was not replaced either");
    close(&desk);

    // A folder is not put in a file's place, nor a file in a folder's.
    fs::create_dir(scene.here("d")).unwrap();
    desk.refused(&format!("cp {} :{}", scene.here("d").display(), scene.there("a")), "and a folder is copied");
    fs::create_dir(scene.here("d/a")).unwrap();
    desk.refused(&format!("cp :{} {}", scene.there("a"), scene.here("d").display()), "is a folder, and a file is copied");
}

/// What cannot be copied is said before anything is done.
pub async fn what_is_not_there_is_said(ground: &Ground) {
    let scene = Scene::set(ground).await;
    fs::write(scene.here("a"), "new").unwrap();
    let desk = Desk::open(ground, "pods");
    desk.on("one");
    let here = scene.here("a").display().to_string();
    desk.refused(&format!("cp :/no/such {here}"), "there is no /no/such in container app");
    desk.refused(&format!("cp {here} :/no/such/folder"), "there is no folder /no/such in container app");
    desk.refused(&format!("cp {here}x :/tmp/x"), "No such file or directory");
    desk.refused(&format!("cp -c sidecar {here} :/tmp/x"), "it has no container sidecar: app");
    desk.refused(&format!("cp {here} two:/tmp/x"), "it is gone");
    desk.refused(&format!("cp {here} {here}"), "both are paths of this machine");
    if !scene.real {
        ground.post(&ground.core("pods"), &pod("bare", "registry.k8s.io/coredns/coredns:v1.12.1")).await.ok();
        ground.until_is(&ground.core("pods/bare"), &[("/status/phase", json!("Running"))]).await;
        desk.refused(
            &format!("cp bare:/etc/hosts {}", scene.here("hosts").display()),
            "container app has no tar, which copying takes: a debug container",
        );
    }
}

/// Neither way in read-only mode.
pub async fn nothing_is_copied_in_read_only_mode(ground: &Ground) {
    let scene = Scene::set(ground).await;
    fs::write(scene.here("a"), "new").unwrap();
    fs::write(scene.here("config.toml"), "read-only = true\n").unwrap();
    let kubeconfig = scene.here("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let driver = Setup::new(&kubeconfig).namespace(ground.namespace()).resource("pods").settings(scene.here.path()).start();
    driver.see("one");
    for line in [format!("cp {} :/tmp/x", scene.here("a").display()), format!("cp :/etc/hosts {}", scene.here("hosts").display())] {
        driver.command(&line);
        driver.see("read-only (");
        driver.press("esc");
        driver.press("esc");
    }
    assert!(!scene.here("hosts").exists());
}

/// 100 MB both ways, byte by byte; and an end in the middle when one has had enough.
pub async fn a_large_file_is_the_same_and_can_be_stopped(ground: &Ground) {
    if !ground.is_real() {
        // The demo's files are in memory.
        return;
    }
    let scene = Scene::set(ground).await;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let bytes: Vec<u8> = (0..100 << 20 >> 3)
        .flat_map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        })
        .collect();
    fs::write(scene.here("large"), &bytes).unwrap();
    let desk = Desk::open(ground, "pods");
    desk.on("one");
    desk.command(&format!("cp {} :{}", scene.here("large").display(), scene.there("large")));
    desk.see(" of 104.9 MB (");
    desk.see("1 file, 104.9 MB to");
    desk.see("read back, and the same");
    assert!(fs::read(scene.there("large")).unwrap() == bytes);
    close(&desk);
    desk.command(&format!("cp :{} {}", scene.there("large"), scene.here("back").display()));
    desk.see("copy: 1 done");
    assert!(fs::read(scene.here("back")).unwrap() == bytes);
    close(&desk);

    // So large that it is still on its way whenever one looks; its bytes are nowhere.
    endless(&scene);
    desk.command(&format!("cp :{} {}", scene.there("endless/large"), scene.here("endless").display()));
    desk.see(" of 60.0 GB (");
    // It goes on in the background.
    close(&desk);
    desk.command("acts");
    desk.see(" of 60.0 GB (");
    desk.press("x");
    desk.see("stopped: nothing was written");
    assert!(!scene.here("endless").exists());
    scene.no_parts();
    close(&desk);
}

/// A folder with a file that takes for ever to copy.
fn endless(scene: &Scene) {
    let folder = PathBuf::from(scene.there("endless"));
    fs::create_dir(&folder).unwrap();
    for name in ["before", "early"] {
        fs::write(folder.join(name), "x").unwrap();
    }
    File::create(folder.join("large")).unwrap().set_len(60_000_000_000).unwrap();
}

/// The connection is cut in the middle, either way: an end that says so, and no half file.
pub async fn a_connection_that_is_cut_is_no_end_of_a_file(ground: &Ground) {
    if !ground.is_real() {
        return;
    }
    let scene = Scene::set(ground).await;
    endless(&scene);
    let kubeconfig = scene.here("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let (proxy, through) = Proxy::before(&kubeconfig, scene.here.path());
    let driver = Setup::new(&through).namespace(ground.namespace()).resource("pods").start();
    driver.wait_for(NOTICED, "the pod", |screen| screen.contains("● live") && screen.contains("one"));
    driver.command(&format!("cp :{} {}", scene.there("endless"), scene.here("endless").display()));
    driver.wait_for(NOTICED, "bytes", |screen| screen.contains("B/s"));
    proxy.cut();
    let screen = said(&driver, "it is partial: ");
    assert!(screen.contains("1 failed"), "{screen}");
    assert!(!scene.here("endless/large").exists());
    scene.no_parts();
    proxy.forward();
    again(&driver);

    // Nobody closes anything, and nothing arrives any more.
    driver.command(&format!("cp :{} {}", scene.there("endless"), scene.here("again").display()));
    driver.wait_for(NOTICED, "bytes", |screen| screen.contains("B/s"));
    proxy.swallow();
    said(&driver, "it is partial: ");
    scene.no_parts();
    proxy.forward();
    again(&driver);

    // Into the container.
    File::create(scene.here("sparse")).unwrap().set_len(4_000_000_000).unwrap();
    driver.command(&format!("cp {} :{}", scene.here("sparse").display(), scene.there("into")));
    driver.wait_for(NOTICED, "bytes", |screen| screen.contains(" of 4.0 GB ("));
    proxy.cut();
    said(&driver, "is partial, or old");
}

/// The box is put away, and the network is as it was. What is said of the connection is put away by a key of its own.
fn again(driver: &Driver) {
    driver.press("esc");
    let mut looked = std::time::Instant::now();
    driver.wait_for(NOTICED, "the pod again", |screen| {
        let boxed = screen.contains("── copy: ");
        if boxed && looked.elapsed() > Duration::from_secs(1) {
            driver.press("esc");
            looked = std::time::Instant::now();
        }
        !boxed && screen.contains("● live")
    });
}

/// Waits for words of a box, wherever its lines were broken.
fn said(driver: &Driver, words: &str) -> String {
    driver.wait_for(NOTICED, words, |screen| super::shows(screen, words) && screen.contains("esc close"))
}

/// A program that takes nothing for longer than a connection may be silent is no broken connection.
pub async fn a_container_that_takes_its_time_is_waited_for(ground: &Ground) {
    use rustix::process::{Signal, kill_process};

    /// Longer than a connection may be silent.
    const REST: Duration = Duration::from_secs(27);
    if !ground.is_real() {
        // A container of the demo takes everything at once.
        return;
    }
    let scene = Scene::set(ground).await;
    // More than all buffers on the way have room for.
    File::create(scene.here("much")).unwrap().set_len(200 << 20).unwrap();
    let desk = Desk::open(ground, "pods");
    desk.on("one");
    desk.command(&format!("cp {} :{}", scene.here("much").display(), scene.there("copied")));
    let folder = scene.there.path().display().to_string();
    let unpacks = |pid: &i32| {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).into_owned();
        words.starts_with("tar\0xmf") && words.contains(&folder)
    };
    let end = std::time::Instant::now() + NOTICED;
    let tar = loop {
        let all = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        if let Some(pid) = all.into_iter().find(unpacks) {
            break rustix::process::Pid::from_raw(pid).unwrap();
        }
        assert!(std::time::Instant::now() < end, "nothing unpacks:\n{}", desk.driver.screen());
        std::thread::sleep(Duration::from_millis(1));
    };
    kill_process(tar, Signal::STOP).unwrap();
    std::thread::sleep(REST);
    kill_process(tar, Signal::CONT).unwrap();
    desk.see("copy: 1 done");
    desk.see("read back, and the same");
}
