//! Port-forwards: opened by keys, used by programs of this machine, listed and ended.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crossterm::event::Event as Input;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Desk, shows};
use crate::driver::Setup;
use crate::kubeconfig::Kubeconfig;
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::{deployment, name, pod, ready, service, uid, workload};
use crate::swallow::Proxy;

mod breaking;

pub use breaking::*;

/// What anything on a connection may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Many connections at once, and what goes through each of them: 100 MB in all.
const MANY: usize = 20;
const EACH: usize = 5_000_000;

/// An echo behind every port of every pod of the real cluster, which all lead to one port of this machine. In the demo a port
/// that is named so is one.
fn echo(ground: &Ground) {
    if ground.is_real() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kubeconfig");
        ground.write_kubeconfig(&path);
        listen(&path);
    }
}

/// The echo of the real cluster that a kubeconfig leads to.
pub fn listen(kubeconfig: &Path) {
    static LISTENS: OnceLock<()> = OnceLock::new();
    LISTENS.get_or_init(|| {
        let address = Kubeconfig::read(kubeconfig).address();
        let port: u16 = address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let end = Instant::now() + 2 * PATIENCE;
        let listener = loop {
            // Another run of the same tests may be there.
            match TcpListener::bind(("127.0.0.1", port + 5)) {
                Ok(listener) => break listener,
                Err(error) => assert!(Instant::now() < end, "port {} is taken: {error}", port + 5),
            }
            std::thread::sleep(Duration::from_millis(200));
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut writing = stream.try_clone().expect("a clone");
                    let _ = std::io::copy(&mut &stream, &mut writing);
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        });
    });
}

/// Adds ports to the container of a pod or of a template.
fn with_ports(mut object: Value) -> Value {
    let ports = json!([
        {"containerPort": 7000, "name": "echo"},
        {"containerPort": 9000, "name": "other"},
        {"containerPort": 53, "name": "dns", "protocol": "UDP"},
    ]);
    let place = if object["kind"] == "Pod" { "/spec/containers/0" } else { "/spec/template/spec/containers/0" };
    object.pointer_mut(place).expect("a container")["ports"] = ports;
    object
}

/// A Deployment whose pods have one port alone, and a Service for it.
fn one_port(name: &str, replicas: u32) -> (Value, Value) {
    let mut made = deployment(name, replicas, "app:1");
    made["spec"]["template"]["spec"]["containers"][0]["ports"] = json!([{"containerPort": 7000, "name": "echo"}]);
    let mut before = service(name, name);
    before["spec"]["ports"] = json!([{"name": "http", "port": 80, "targetPort": "echo"}]);
    (made, before)
}

/// The port of this machine that the screen names last before these words.
pub fn port_of(screen: &str) -> u16 {
    let line = screen.lines().rev().find(|line| line.contains("127.0.0.1:")).unwrap_or_else(|| panic!("no address:\n{screen}"));
    let after = line.rsplit("127.0.0.1:").next().unwrap_or_default();
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("no port in {line:?}"))
}

/// Waits until a forward is said to be open, and gives its port of this machine.
fn opened(desk: &Desk<'_>, words: &str) -> u16 {
    port_of(&desk.wait(words, |screen| screen.contains("127.0.0.1:") && shows(screen, words)))
}

/// Shows the list, on a screen that is wide enough for all of it.
fn list(desk: &Desk<'_>) {
    desk.driver.send(Input::Resize(155, 40));
    desk.press("F");
    desk.view_named("forwards");
}

/// Something that is said to a port comes back.
pub fn answers(port: u16) -> bool {
    connect(("127.0.0.1", port)).and_then(|mut stream| comes_back(&mut stream, b"hello")).is_ok()
}

fn connect(address: impl ToSocketAddrs) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Says something, and hears whether it comes back.
fn comes_back(stream: &mut TcpStream, words: &[u8]) -> std::io::Result<()> {
    stream.write_all(words)?;
    let mut heard = vec![0; words.len()];
    stream.read_exact(&mut heard)?;
    if heard == words { Ok(()) } else { Err(std::io::Error::other("other words came back")) }
}

/// What is said to a port comes back, now.
#[track_caller]
fn echoes(port: u16) {
    let mut stream = connect(("127.0.0.1", port)).expect("a connection");
    comes_back(&mut stream, b"are you there?").expect("an echo");
}

/// The same, sooner or later; the time goes on meanwhile.
fn echoes_again(desk: &Desk<'_>, port: u16) {
    let end = Instant::now() + 2 * PATIENCE;
    loop {
        let tried = connect(("127.0.0.1", port)).and_then(|mut stream| comes_back(&mut stream, b"again?"));
        match tried {
            Ok(()) => return,
            Err(error) => assert!(Instant::now() < end, "nothing comes back: {error}\n{}", desk.driver.screen()),
        }
        desk.ground.pass(500);
        std::thread::sleep(Duration::from_millis(100));
    }
}

async fn running(ground: &Ground, name: &str) -> Value {
    ground.until_object(&ground.core(&format!("pods/{name}")), |pod| (!ready(pod)).then(|| pod["status"].to_string())).await
}

/// A pod whose ports are echoes.
async fn lone(ground: &Ground) {
    echo(ground);
    ground.post(&ground.core("pods"), &with_ports(pod("lone", "app:1"))).await.ok();
    running(ground, "lone").await;
}

/// Forwards to it, by the name of its port.
fn to_lone(desk: &Desk<'_>) -> u16 {
    desk.on("lone");
    desk.command("port-forward :echo");
    opened(desk, "→ port 7000 of pod lone")
}

/// The pods of a Deployment that are ready, when there are so many.
async fn ready_pods(ground: &Ground, count: usize) -> Vec<Value> {
    ground
        .until("ready pods", async || {
            let pods = ground.items(&ground.core("pods")).await;
            let pods: Vec<Value> = pods.into_iter().filter(ready).collect();
            if pods.len() == count { Ok(pods) } else { Err(format!("{} are ready", pods.len())) }
        })
        .await
}

/// A program whose way to the API server is a proxy that can be cut.
fn through<'a>(ground: &'a Ground, config: &str) -> (Desk<'a>, Proxy) {
    let folder: TempDir = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kubeconfig");
    ground.write_kubeconfig(&path);
    let (proxy, kubeconfig) = Proxy::before(&path, folder.path());
    let settings = folder.path().join("settings");
    std::fs::create_dir(&settings).expect("a folder");
    std::fs::write(settings.join("config.toml"), config).expect("is written");
    let setup = Setup::new(&kubeconfig).namespace(ground.namespace()).resource("pods").size(100, 40);
    let driver = setup.settings(&settings).journal(folder.path()).start();
    (Desk { ground, driver, _folder: folder }, proxy)
}

pub async fn ports_of_a_pod_are_forwarded_listed_and_closed(ground: &Ground) {
    lone(ground).await;
    let desk = Desk::open(ground, "pods");
    desk.on("lone");

    // Two could be meant: they are offered, and those that cannot be forwarded say why.
    desk.press("f");
    let screen = desk.see("9000/TCP");
    for words in ["7000/TCP", "of container app", "port dns 53 is UDP: a port-forward carries TCP only"] {
        assert!(shows(&screen, words), "{words}:\n{screen}");
    }
    desk.press("enter");
    let first = opened(&desk, "→ port 7000 of pod lone");
    echoes(first);
    desk.see("⇄ 1");
    if let Ok(mut v6) = connect(("::1", first)) {
        comes_back(&mut v6, b"by the other address").expect("localhost is both");
    }

    // By number, on any port that is free; and on one of the person's own.
    desk.command("port-forward :7000");
    desk.see("⇄ 2");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port();
    desk.command(&format!("port-forward {port}:echo"));
    desk.see(&format!("port {port} of this machine is taken"));
    desk.put_away();
    drop(taken);
    desk.command(&format!("forward {port}:echo"));
    desk.see("⇄ 3");
    echoes(port);
    desk.refused("port-forward dns", "port dns is UDP");
    desk.refused("port-forward nothing", "no port is named \"nothing\": there are echo 7000, other 9000, dns 53");
    desk.refused("port-forward 80000", "is no port to forward");
    // Below 1024, where that takes a right that this user has not.
    if TcpListener::bind("127.0.0.1:1003").is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) {
        desk.refused("port-forward 1003:echo", "takes a right that you have not");
    }

    // The list counts, and what one sees can be copied and closed.
    desk.press("c u");
    desk.see("copied");
    assert!(desk.driver.copied().is_some_and(|copied| copied.contains(&format!("http://127.0.0.1:{port}"))), "{:?}", desk.driver.copied());
    list(&desk);
    let address = format!("127.0.0.1:{port}");
    desk.on(&address);
    desk.row(&address, "pod/lone");
    desk.row(&address, "14 B");
    desk.press("c u");
    desk.wait("the URL", |_| desk.driver.copied().as_deref() == Some(&*format!("http://127.0.0.1:{port}")));
    desk.press("enter");
    let text = desk.see("Goes to:");
    for words in [&*format!("URL:         http://{address}"), "port 7000 of pod/lone", "1 in all, 0 failed"] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    desk.press("esc");
    desk.on(&address);
    desk.press("D");
    desk.see("⇄ 2");
    desk.without(&format!("▌ {address}"));
    let refused = TcpStream::connect(("127.0.0.1", port)).expect_err("it is closed");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    echoes(first);

    // The journal has the beginning and the end, and there is nothing to take back.
    desk.command("journal");
    let journal = desk.see(&format!("{address} ended after"));
    assert!(journal.contains("1 connections, 0 failed, 14 B received, 14 B sent"), "{journal}");
    assert!(journal.contains(&format!("{address} → port 7000 of pod lone")), "{journal}");
    desk.press("q");
    desk.press("U");
    desk.see("nothing was written in this context yet");
}

pub async fn a_forward_to_a_service_or_workload_goes_on_to_the_next_pod(ground: &Ground) {
    echo(ground);
    let (web, before) = one_port("web", 2);
    ground.post(&ground.apps("deployments"), &web).await.ok();
    ground.post(&ground.core("services"), &before).await.ok();
    let pods = ready_pods(ground, 2).await;
    let desk = Desk::open(ground, "services");
    desk.on("web");
    // One port: nothing is asked.
    desk.press("f");
    let by_service = opened(&desk, "service/web: 127.0.0.1:");
    echoes(by_service);
    desk.refused("port-forward 8080", "it has no port 8080: there are http 80");
    desk.view("deployments", "web");
    desk.command("port-forward echo");
    let by_workload = opened(&desk, "deployment/web: 127.0.0.1:");
    echoes(by_workload);
    list(&desk);
    let address = format!("127.0.0.1:{by_service}");
    let row = desk.row(&address, "web-");
    let current = pods.iter().map(name).find(|pod| row.contains(pod)).unwrap_or_else(|| panic!("no pod in the list:\n{row}")).to_owned();
    let kept = connect(("127.0.0.1", by_service)).expect("a connection");

    // The pod goes: its connections end, and new ones go to the other.
    ground.delete(&ground.core(&format!("pods/{current}")), &Value::Null).await.ok();
    ground.until_gone(&ground.core(&format!("pods/{current}"))).await;
    desk.wait("another pod in the list", |screen| {
        crate::live::row(screen, &address).is_some_and(|row| row.contains("web-") && !row.contains(&current))
    });
    echoes_again(&desk, by_service);
    echoes_again(&desk, by_workload);
    drop(kept);
    desk.on(&address);
    desk.press("enter");
    let text = desk.see("Where it went");
    assert!(text.contains(&format!("pod {current}")) && text.contains("→ pod web-"), "{text}");
    desk.press("esc");

    // None is left: it says so, and waits for one.
    ground.patch(&ground.apps("deployments/web"), Patch::Merge, &json!({"spec": {"replicas": 0}})).await.ok();
    desk.row(&address, "waits");
    ground.patch(&ground.apps("deployments/web"), Patch::Merge, &json!({"spec": {"replicas": 1}})).await.ok();
    ready_pods(ground, 1).await;
    desk.row(&address, "web-");
    echoes_again(&desk, by_service);
}

pub async fn a_forward_to_a_pod_stays_with_its_name(ground: &Ground) {
    echo(ground);
    let mut db = workload("StatefulSet", "db", 1, "app:1");
    db["spec"]["template"]["spec"]["containers"][0]["ports"] = json!([{"containerPort": 7000, "name": "echo"}]);
    ground.post(&ground.apps("statefulsets"), &db).await.ok();
    let first = running(ground, "db-0").await;
    let desk = Desk::open(ground, "pods");
    desk.on("db-0");
    desk.press("f");
    let port = opened(&desk, "→ port 7000 of pod db-0");
    echoes(port);
    ground.delete(&ground.core("pods/db-0"), &Value::Null).await.ok();
    ground
        .until("another db-0", async || {
            let now = ground.get(&ground.core("pods/db-0")).await.there()?;
            if uid(&now) != uid(&first) && ready(&now) { Ok(()) } else { Err("not yet".into()) }
        })
        .await;
    echoes_again(&desk, port);
    list(&desk);
    let address = format!("127.0.0.1:{port}");
    desk.row(&address, "db-0:7000");
    desk.on(&address);
    desk.press("enter");
    // It was seen to be away, or was back before anybody could see it.
    let text = desk.see("Where it went");
    assert!(text.contains("waits for pod db-0") || text.contains("was made anew"), "{text}");
}

pub async fn a_hundred_megabytes_pass_unharmed(ground: &Ground) {
    lone(ground).await;
    let desk = Desk::open(ground, "pods");
    let port = to_lone(&desk);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for seed in 0..MANY as u64 {
            scope.spawn(move || pass(port, seed));
        }
    });
    println!("{} MB there and back in {:?}", MANY * EACH / 1_000_000, began.elapsed());
    list(&desk);
    let address = format!("127.0.0.1:{port}");
    // The last piece is counted after it was passed on, which the client does not wait for.
    desk.wait("as much sent as received", |screen| {
        crate::live::row(screen, &address).is_some_and(|row| row.matches("95.4 MiB").count() == 2)
    });
    desk.on(&address);
    desk.press("enter");
    desk.see(&format!("{MANY} in all, 0 failed"));
}

/// Sends bytes that no two connections share, and holds what comes back against them.
fn pass(port: u16, seed: u64) {
    let stream = connect(("127.0.0.1", port)).expect("a connection");
    // Numerical Recipes' generator: any bytes will do that do not repeat soon.
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(EACH)
    .collect();
    std::thread::scope(|scope| {
        scope.spawn(|| (&stream).write_all(&bytes).expect("all is sent"));
        let mut heard = vec![0; EACH];
        (&stream).read_exact(&mut heard).expect("all comes back");
        assert!(heard == bytes, "connection {seed}: other bytes came back");
    });
}

pub async fn forwards_go_on_in_another_context_and_end_with_the_program(ground: &Ground) {
    echo(ground);
    let mut db = workload("StatefulSet", "db", 1, "app:1");
    db["spec"]["template"]["spec"]["containers"][0]["ports"] = json!([{"containerPort": 7000, "name": "echo"}]);
    ground.post(&ground.apps("statefulsets"), &db).await.ok();
    running(ground, "db-0").await;
    let (desk, _proxy) = through(ground, "");
    desk.on("db-0");
    desk.press("f");
    let port = opened(&desk, "→ port 7000 of pod db-0");
    let first = desk.driver.screen();
    let own = first.split_whitespace().next().unwrap_or_default().to_owned();
    desk.command(if ground.is_real() { "ctx viewer" } else { "ctx demo-viewer" });
    desk.see("a port-forward goes on: :forwards");
    echoes(port);
    list(&desk);
    let address = format!("127.0.0.1:{port}");
    let screen = desk.row(&address, "db-0:7000");
    let row = crate::live::row(&screen, &address).unwrap_or_default();
    assert!(row.split_whitespace().any(|word| word == own), "the row names the context {own}: {row}");
    // The connection of the context that was left is looked after still.
    ground.delete(&ground.core("pods/db-0"), &Value::Null).await.ok();
    desk.on(&address);
    desk.press("enter");
    desk.see("Where it went");
    running(ground, "db-0").await;
    echoes_again(&desk, port);

    let Desk { driver, _folder: folder, .. } = desk;
    assert_eq!(driver.quit(), 0);
    let refused = TcpStream::connect(("127.0.0.1", port)).expect_err("it is closed");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    let journal = std::fs::read_to_string(folder.path().join("journal.jsonl")).expect("a journal");
    let entries: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let outcomes: Vec<&str> = entries.iter().filter_map(|entry| entry["outcome"]["Ok"].as_str()).collect();
    assert_eq!(outcomes.len(), 2, "{journal}");
    assert!(outcomes[0].contains("→ port 7000 of pod db-0") && outcomes[1].contains(" ended after "), "{outcomes:?}");
    assert!(entries.iter().all(|entry| entry["context"] == *own && entry["verb"] == "port-forward"), "{journal}");
}

pub async fn what_is_not_allowed_is_not_forwarded(ground: &Ground) {
    echo(ground);
    ground.post(&ground.core("pods"), &with_ports(pod("lone", "app:1"))).await.ok();
    let (web, before) = one_port("web", 1);
    ground.post(&ground.apps("deployments"), &web).await.ok();
    ground.post(&ground.core("services"), &before).await.ok();
    running(ground, "lone").await;
    ready_pods(ground, 2).await;
    let (desk, _proxy) = through(ground, "read-only = true\n");
    desk.on("lone");
    desk.press("f");
    desk.see("read-only (config.toml:1): port-forward is not sent");
    drop(desk);

    // A rail about pods is one about what leads into them, too.
    let rail = "[[guard.rail]]\nverbs = [\"port-forward\"]\nkinds = [\"pods\"]\ndemand = \"confirm\"\n";
    let (desk, _proxy) = through(ground, rail);
    desk.on("lone");
    desk.command("port-forward :echo");
    desk.question(&["Forward port echo of pod/lone", "→ port 7000 of pod lone"]);
    desk.no();
    assert!(!desk.driver.screen().contains('⇄'), "{}", desk.driver.screen());
    desk.view("services", "web");
    desk.press("f");
    desk.yes(&["Forward port http of service/web", "it goes on to another ready pod when this one goes"]);
    let port = opened(&desk, "service/web: 127.0.0.1:");
    echoes(port);
    let (desk, _proxy) = through(ground, &rail.replace("confirm", "deny"));
    desk.on("lone");
    desk.command("port-forward echo");
    desk.see("port-forward of pods is denied here (config.toml:1)");
    desk.press("esc");

    // Who may not is told before anything is sent.
    let (desk, _proxy) = through(ground, "");
    desk.command(if ground.is_real() { "ctx viewer" } else { "ctx demo-viewer" });
    desk.wait("the other context", |screen| screen.lines().next().is_some_and(|line| line.contains("viewer")));
    desk.command(&format!("pods -n {}", ground.namespace()));
    desk.on("lone");
    desk.press(":");
    desk.driver.type_text("port-forward ");
    desk.see("may not create pods/portforward");
    desk.press("esc");
}

pub async fn what_the_pod_refuses_is_said(ground: &Ground) {
    if ground.is_real() {
        // There every port leads to one that answers.
        return;
    }
    ground.post(&ground.core("pods"), &with_ports(pod("lone", "app:1"))).await.ok();
    running(ground, "lone").await;
    let desk = Desk::open(ground, "pods");
    desk.on("lone");
    desk.command("port-forward :9999");
    let port = opened(&desk, "→ port 9999 of pod lone");
    let mut refused = connect(("127.0.0.1", port)).expect("it listens");
    let ended = refused.read(&mut [0; 1]).expect_err("nobody is there");
    assert_eq!(ended.kind(), ErrorKind::ConnectionReset, "{ended}");
    desk.see("nothing listens on that port in the pod");
    list(&desk);
    desk.on(&format!("127.0.0.1:{port}"));
    desk.press("enter");
    desk.see("1 in all, 1 failed");
    desk.see("connection refused");
}
