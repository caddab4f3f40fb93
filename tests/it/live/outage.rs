//! Programs of the cluster that stop, and start again.

use super::{Namespace, PATIENCE, cursor, drawn, live, look, never_without, pod, row, sorted};
use crate::cluster::Alone;
use crate::driver::Driver;
use crate::wait::wait_until;

#[test]
fn while_the_server_is_away_rows_stay_and_say_so_and_it_comes_back_by_itself() {
    let Some(mut cluster) = Alone::from_env() else { return };
    let namespace = Namespace::new(&cluster, "outage");
    namespace.pods(&["aa", "bb", "cc"]);
    let pods = look(&cluster, &namespace, "pods");
    // A Table stream too: it has a decoder of its own.
    let maps = look(&cluster, &namespace, "configmaps");
    live(&pods, &["aa", "bb", "cc"]);
    live(&maps, &["kube-root-ca.crt"]);
    pods.wait_for(PATIENCE, "pods that run", |screen| screen.matches("Running").count() == 3);
    pods.record();
    maps.record();

    cluster.stop("kube-apiserver");
    let screen = pods.wait("stale, and why", |screen| screen.contains("◌ stale") && screen.contains("ctrl-r"));
    assert!(screen.contains("Trying again"), "{screen}");
    maps.see("◌ stale");
    assert!(!screen.contains("● live"), "{screen}");
    // Keys work.
    pods.press("g g j");
    pods.wait("the cursor on the second row", |screen| cursor(screen).contains("bb"));
    pods.press("R");
    pods.wait("the other order", |screen| screen.contains('↓') && screen.find(" cc ") < screen.find(" aa "));
    pods.press("R");
    pods.wait("the first order", |screen| sorted(screen, "NAME", '↑'));
    drawn(&pods, 5);
    assert!(pods.screen().contains("◌ stale"), "{}", pods.screen());

    cluster.start("kube-apiserver");
    let screen = live(&pods, &["aa", "bb", "cc"]);
    assert!(!screen.contains("Trying again"), "what was wrong is right again:\n{screen}");
    live(&maps, &["kube-root-ca.crt"]);
    assert!(cursor(&screen).contains("bb"), "the cursor is where it was:\n{screen}");
    drawn(&pods, 3);
    let pictures = pods.recorded();
    never_without(&pictures, &[" aa ", " bb ", " cc "]);
    assert!(pictures.iter().all(|picture| picture.matches("Running").count() == 3), "no cell blinks either");
    never_without(&maps.recorded(), &["kube-root-ca.crt"]);

    // What happens afterwards is seen.
    namespace.pods(&["dd"]);
    namespace.kubectl(&["delete", "pod", "aa", "--wait=false"]);
    pods.wait_for(PATIENCE, "the changes after it", |screen| row(screen, "dd").is_some() && row(screen, "aa").is_none());
    namespace.kubectl(&["create", "configmap", "later"]);
    maps.see("later");
}

#[test]
fn what_happened_while_nobody_watched_is_there_afterwards() {
    let Some(mut cluster) = Alone::from_env() else { return };
    let namespace = Namespace::new(&cluster, "missed");
    namespace.pods(&["aa", "bb"]);
    let folder = tempfile::tempdir().unwrap();
    let (proxy, kubeconfig) = crate::swallow::Proxy::before(cluster.kubeconfig(), folder.path());
    let driver = super::look_with(&kubeconfig, &namespace, "pods");
    live(&driver, &["aa", "bb"]);
    driver.record();
    proxy.cut();
    driver.see("◌ stale");
    namespace.kubectl(&["delete", "pod", "bb", "--wait=true"]);
    namespace.pods(&["cc"]);
    // And the server forgets: after a restart it has no history, and the old version is too old for it.
    cluster.stop("kube-apiserver");
    cluster.start("kube-apiserver");
    namespace.pods(&["dd"]);
    proxy.forward();
    driver.wait_for(PATIENCE, "what is true now", |screen| {
        screen.contains("● live") && row(screen, "cc").is_some() && row(screen, "dd").is_some() && row(screen, "bb").is_none()
    });
    never_without(&driver.recorded(), &[" aa "]);
}

#[test]
fn metrics_are_shown_where_they_are_and_their_absence_is_said_once() {
    let Some(mut cluster) = Alone::from_env() else { return };
    let namespace = Namespace::new(&cluster, "metrics");
    namespace.apply(&pod("used", r#", annotations: {kubetui.test/cpu: "250m", kubetui.test/memory: "64Mi"}"#, "app:1"));
    let driver = look(&cluster, &namespace, "pods");
    let measured = |screen: &str| {
        screen.contains("CPU")
            && screen.contains("MEM")
            && row(screen, "used").is_some_and(|line| line.contains("250m") && line.contains("64Mi"))
    };
    live(&driver, &["used"]);
    // metrics-server measures every ten seconds, twice before it says anything.
    driver.wait_for(PATIENCE * 2, "what it uses", measured);

    driver.record();
    cluster.stop("metrics-server");
    driver.wait_for(PATIENCE, "that there are no metrics", |screen| screen.contains("no metrics: metrics-server does not answer"));
    let gone = driver.wait_for(PATIENCE, "no columns for them", |screen| !screen.contains("CPU"));
    assert!(gone.contains("● live"), "no error of the rows:\n{gone}");
    cluster.start("metrics-server");
    driver.wait_for(PATIENCE * 2, "what it uses, again", measured);
    let pictures = driver.recorded();
    let told: Vec<bool> = pictures.iter().map(|picture| picture.contains("no metrics:")).collect();
    let begun = told.windows(2).filter(|two| !two[0] && two[1]).count();
    assert_eq!(begun, 1, "it is said once");
    never_without(&pictures, &["used"]);
}

/// A new API server is found by all that goes on in a pod: the log goes on where it was, a forward leads there again, and a
/// shell gives the terminal back.
#[test]
fn what_goes_on_in_a_pod_outlives_the_server_or_says_that_it_ended() {
    let Some(mut cluster) = Alone::from_env() else { return };
    let namespace = Namespace::new(&cluster, "inside");
    namespace.pods(&["talks"]);
    let voice = crate::reading::Voice::speak(&namespace.name);
    let log = look(&cluster, &namespace, "pods");
    let forward = look(&cluster, &namespace, "pods");
    let shell = look(&cluster, &namespace, "pods");
    for driver in [&log, &forward, &shell] {
        driver.wait_for(PATIENCE, "a pod that runs", |screen| screen.contains("● live") && screen.contains("Running"));
    }
    log.press("l");
    log.wait("its log", |screen| crate::reading::lines(screen) > 10);
    crate::acting::forwarding::listen(cluster.kubeconfig());
    forward.command("port-forward 0:7000");
    let port = crate::acting::forwarding::port_of(&forward.see("127.0.0.1:"));
    assert!(crate::acting::forwarding::answers(port), "before");
    shell.press("s");
    wait_until(PATIENCE, "a shell", || if shell.in_session() { Ok(()) } else { Err(shell.screen()) });

    cluster.stop("kube-apiserver");
    log.wait_for(PATIENCE, "that the log is not read", |screen| screen.contains("1 of 1 not read") || screen.contains("◌ stale"));
    wait_until(PATIENCE, "the screen instead of the shell", || if shell.in_session() { Err(shell.session()) } else { Ok(()) });
    assert!(shell.session().contains("cut off") || shell.screen().contains("cut off"), "{}\n{}", shell.session(), shell.screen());
    assert!(!crate::acting::forwarding::answers(port), "nobody is there, and nobody hangs");

    cluster.start("kube-apiserver");
    for driver in [&log, &forward, &shell] {
        driver.wait_for(PATIENCE, "live again", |screen| screen.contains("● live"));
    }
    wait_until(PATIENCE, "the forward", || if crate::acting::forwarding::answers(port) { Ok(()) } else { Err(forward.screen()) });
    let before = crate::reading::lines(&log.screen());
    log.wait_for(PATIENCE, "the log goes on", |screen| crate::reading::lines(screen) > before + 10 && screen.contains("1 container"));
    drop(voice);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    log.command(&format!("save {}", path.display()));
    log.see("lines are in ");
    let saved = std::fs::read_to_string(&path).expect("it is there");
    let said: Vec<&str> = saved.lines().filter(|line| !line.starts_with("-- ")).collect();
    assert!(!saved.contains("gap"), "{saved}");
    let whole = namespace.kubectl(&["logs", "talks"]);
    let whole: Vec<&str> = whole.lines().collect();
    let from = whole.iter().position(|line| *line == said[0]).expect("it begins with a line of the log");
    crate::reading::same(&said, &whole[from..(from + said.len()).min(whole.len())]);
    // What came of the first one stands there until it is read.
    put_away(&shell);
    shell.press("s");
    wait_until(PATIENCE, "another shell", || if shell.in_session() { Ok(()) } else { Err(shell.screen()) });
    shell.type_bytes("exit\r");
    wait_until(PATIENCE, "the screen", || if shell.in_session() { Err(shell.session()) } else { Ok(()) });
}

/// Closes the box that says what came of an act; the alarm of the connection, which may stand below it, is put away first.
fn put_away(driver: &Driver) {
    driver.wait("the table alone", |screen| {
        if screen.contains("esc close") {
            driver.press("esc");
        }
        !screen.contains("esc close")
    });
}

/// A copy cannot go on where it was: it says so, half a file is nowhere, and the next one works.
#[test]
fn a_copy_that_the_server_goes_away_from_says_so_and_leaves_no_half_file() {
    let Some(mut cluster) = Alone::from_env() else { return };
    let namespace = Namespace::new(&cluster, "copied");
    namespace.pods(&["holds"]);
    let (there, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let of = |folder: &tempfile::TempDir, name: &str| folder.path().join(name).display().to_string();
    // More than can be copied before the server is gone.
    std::fs::File::create(of(&there, "large")).unwrap().set_len(60_000_000_000).unwrap();
    std::fs::write(of(&there, "small"), "small").unwrap();
    let driver = look(&cluster, &namespace, "pods");
    driver.wait_for(PATIENCE, "a pod that runs", |screen| screen.contains("● live") && screen.contains("Running"));
    driver.command(&format!("cp :{} {}", of(&there, "large"), of(&here, "large")));
    driver.wait_for(PATIENCE, "bytes", |screen| screen.contains("B/s"));

    cluster.stop("kube-apiserver");
    let screen = driver.wait_for(PATIENCE, "that it is cut off", |screen| screen.contains("esc close") && screen.contains("1 failed"));
    assert!(screen.contains("the connection was cut: nothing was written"), "{screen}");
    let left: Vec<_> = std::fs::read_dir(here.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [""; 0], "nothing is there that looks like a copy");

    cluster.start("kube-apiserver");
    put_away(&driver);
    driver.wait_for(PATIENCE, "live again", |screen| screen.contains("● live") && !screen.contains("esc close"));
    driver.command(&format!("cp :{} {}", of(&there, "small"), of(&here, "small")));
    let copied = || std::fs::read_to_string(of(&here, "small")).map_err(|why| format!("{why}\n{}", driver.screen()));
    wait_until(PATIENCE, "the next copy", || copied().and_then(|text| if text == "small" { Ok(()) } else { Err(text) }));
}
