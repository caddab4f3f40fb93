//! Credentials that run out in the middle of work, and a login by a key.

use std::time::Duration;

use super::{PATIENCE, cursor, drawn, never_without};
use crate::cluster::Cluster;
use crate::driver::Setup;
use crate::fixture;
use crate::kubeconfig::Kubeconfig;
use crate::login::{Login, revocable_token};
use crate::swallow::Proxy;

#[test]
fn a_token_that_runs_out_leaves_the_rows_and_a_login_brings_the_same_row_back() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    let config = Kubeconfig::read(cluster.kubeconfig());
    let proxy = Proxy::start(&config.address());
    let token = revocable_token(&cluster, "live-login");
    let login = Login::new();
    login.token(&token.value);
    let kubeconfig = login.kubeconfig(config.through(proxy.port()));
    let driver = Setup::new(&kubeconfig).namespace("fx-a").resource("services").size(150, 28).start();
    driver.wait_for(PATIENCE, "the services", |screen| screen.contains("● live") && screen.contains(" web "));
    driver.press("g g j");
    let first = driver.screen().lines().nth(2).unwrap_or_default().to_owned();
    let screen = driver.wait("the cursor on another row", |screen| {
        !cursor(screen).is_empty() && cursor(screen)[3..].trim_start() != first[3..].trim_start()
    });
    let name = cursor(&screen).split_whitespace().nth(1).unwrap().to_owned();
    driver.record();

    // It runs out, and the plugin has no other.
    login.fail("the hardware key is not plugged in");
    let asked = login.runs();
    token.revoke();
    proxy.cut();
    // A request that was on its way may have been refused before the connection was cut.
    driver.wait("that something is wrong", |screen| screen.contains("◌ stale") || screen.contains("✗ not logged in"));
    proxy.forward();
    let screen = driver.wait_for(PATIENCE, "that it is not logged in, in the plugin's words", |screen| {
        screen.contains("✗ not logged in") && screen.contains("the hardware key is not plugged in") && screen.contains("ctrl-l logs in")
    });
    assert!(cursor(&screen).contains(&name), "{screen}");
    assert!(login.runs() > asked, "the plugin was asked");
    // And not in a loop: it may open a browser each time.
    let asked = login.runs();
    drawn(&driver, 4);
    assert!(login.runs() - asked <= 2, "{} runs within some seconds", login.runs() - asked);

    // The key does not help while the plugin fails.
    driver.press("ctrl-l");
    driver.see("the hardware key is not plugged in");
    login.token("viewer-token");
    driver.press("ctrl-l");
    let screen = driver.wait_for(Duration::from_secs(20), "the rows, live", |screen| screen.contains("● live"));
    assert!(!screen.contains("hardware key"), "{screen}");
    assert!(cursor(&screen).contains(&name), "the same row:\n{screen}");
    never_without(&driver.recorded()[..1], &[" web "]);
    // And it is live, not only called so.
    let label = format!("live-login-{}", std::process::id());
    cluster.kubectl(&["create", "service", "clusterip", &label, "--tcp=80:80", "-n", "fx-a"]);
    driver.see(&label);
    cluster.kubectl(&["delete", "service", &label, "-n", "fx-a"]);
    driver.wait("it to go", |screen| !screen.contains(&label));
}

#[test]
fn a_plugin_that_fails_from_the_start_is_quoted_and_a_login_begins_the_work() {
    let Some(cluster) = Cluster::from_env() else { return };
    let login = Login::new();
    login.fail("no ticket, call the help desk");
    let kubeconfig = login.kubeconfig(Kubeconfig::read(cluster.kubeconfig()));
    let driver = Setup::new(&kubeconfig).size(150, 28).start();
    let screen = driver
        .wait("the plugin's words", |screen| screen.contains("You are not logged in") && screen.contains("no ticket, call the help desk"));
    assert!(screen.contains("ctrl-l logs in"), "{screen}");
    login.token("viewer-token");
    driver.press("ctrl-l");
    driver.wait("a live table", |screen| screen.contains("● live"));
}

#[test]
fn a_token_that_says_when_it_runs_out_is_renewed_before_anybody_notices() {
    let Some(cluster) = Cluster::from_env() else { return };
    let config = Kubeconfig::read(cluster.kubeconfig());
    let proxy = Proxy::start(&config.address());
    let login = Login::new();
    login.token_for("viewer-token", Duration::from_secs(8));
    let kubeconfig = login.kubeconfig(config.through(proxy.port()));
    let driver = Setup::new(&kubeconfig).size(150, 28).start();
    driver.wait("a live table", |screen| screen.contains("● live"));
    let asked = login.runs();
    // Watches go on; the first request after its end asks for another.
    login.token_for("viewer-token", Duration::from_secs(3600));
    driver.record();
    driver.wait_for(PATIENCE, "the plugin to be asked", |_| login.runs() > asked);
    proxy.cut();
    proxy.forward();
    driver.wait_for(PATIENCE, "live again", |screen| screen.contains("● live"));
    for picture in driver.recorded() {
        assert!(!picture.contains("not logged in"), "{picture}");
    }
}
