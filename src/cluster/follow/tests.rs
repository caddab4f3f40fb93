//! Unit tests of following an object: against a server of a few lines.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;

use super::*;
use crate::cluster::connect::{self, Options};
use crate::cluster::kubeconfig::{Loaded, Paths};
use crate::cluster::link::{self, LinkOwner, Route};
use crate::model::time::Clock;

const UID: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

/// One object, and what is said to those who watch it.
struct Server {
    object: Mutex<(u16, Value)>,
    said: broadcast::Sender<String>,
    events: u16,
}

impl Server {
    fn set(&self, code: u16, object: Value) {
        *self.object.lock().expect("a lock") = (code, object);
    }

    /// Changes the object, and says so.
    fn change(&self, kind: &str, object: Value) {
        self.set(200, object.clone());
        let _ = self.said.send(format!("{}\n", json!({ "type": kind, "object": object })));
    }

    fn answer(&self, path: &str) -> (u16, Value) {
        if path.starts_with("/version") {
            (200, json!({ "gitVersion": "v1" }))
        } else if path.contains("/events") && self.events == 200 {
            let event = json!({ "metadata": { "uid": "e" }, "type": "Normal", "reason": "Scheduled", "message": "to node-1" });
            (200, json!({ "metadata": { "resourceVersion": "5" }, "items": [event] }))
        } else if path.contains("/events") {
            (self.events, json!({ "kind": "Status", "code": self.events, "message": "events is forbidden" }))
        } else {
            self.object.lock().expect("a lock").clone()
        }
    }

    async fn serve(self: Arc<Server>, mut socket: TcpStream) -> std::io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default();
        let mut said = self.said.subscribe();
        let (code, body) = self.answer(path);
        let watched = path.contains("watch=1") && code == 200;
        let body = match watched {
            true if path.contains("/events") => String::new(),
            true => format!("{}\n", json!({ "type": "ADDED", "object": body })),
            false => body.to_string(),
        };
        let length = if watched { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let answer = format!("HTTP/1.1 {code} X\r\nContent-Type: application/json\r\nConnection: close\r\n{length}\r\n{body}");
        socket.write_all(answer.as_bytes()).await?;
        if !watched {
            return Ok(());
        }
        loop {
            match said.recv().await {
                Ok(line) if !path.contains("/events") => socket.write_all(line.as_bytes()).await?,
                Ok(_) => {}
                Err(_) => return Ok(()),
            }
        }
    }
}

async fn served(object: Value, events: u16) -> (Arc<Server>, Route) {
    let server = Arc::new(Server { object: Mutex::new((200, object)), said: broadcast::channel(8).0, events });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serving = server.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serving.clone().serve(socket));
        }
    });
    let file = std::env::temp_dir().join(format!("kubetui-follow-{port}-{}", std::process::id()));
    let text = format!(
        "current-context: c\nclusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{}}}}]\n"
    );
    std::fs::write(&file, text).expect("a file");
    let paths = Paths::of(Some(&file));
    (server, Route { loaded: Loaded::load(&paths).expect("loads"), paths, options: Options::default() })
}

fn kind(name: &str, plural: &str) -> Arc<Kind> {
    let (kind, plural) = (name.into(), plural.into());
    Arc::new(Kind { version: "v1".into(), kind, plural, namespaced: true, watchable: true, listable: true, ..Kind::default() })
}

fn followed(kind: Arc<Kind>, route: Route) -> (mpsc::Receiver<Event>, LinkOwner, Handle) {
    let (out, events) = mpsc::channel(8);
    let link = link::spawn(route, Clock::fixed(1_000_000), out.clone());
    let handle =
        describe(7, Reference { kind, namespace: "shop".into(), name: "one".into(), uid: Uid::new(UID) }, link.handle.clone(), out);
    (events, link, handle)
}

async fn described(events: &mut mpsc::Receiver<Event>) -> Described {
    let next = async {
        loop {
            if let Some(Event::Described(7, described)) = events.recv().await {
                return described;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), next).await.expect("something is said")
}

async fn words(events: &mut mpsc::Receiver<Event>) -> String {
    match described(events).await {
        Described::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

fn secret(uid: &str, version: &str, label: &str) -> Value {
    json!({ "metadata": { "name": "one", "namespace": "shop", "uid": uid, "resourceVersion": version, "labels": { "a": label } },
        "type": "Opaque", "data": { "password": "aHVudGVyMg==" } })
}

#[tokio::test]
async fn a_secret_is_followed_until_its_name_is_anothers() {
    let (server, route) = served(secret(UID, "1", "x"), 200).await;
    let (mut events, _link, _handle) = followed(kind("Secret", "secrets"), route);
    let first = words(&mut events).await;
    assert!(first.contains("a=x") && first.contains("password:  7 bytes"), "{first}");
    assert!(!first.contains("hunter2") && !first.contains("aHVudGVyMg"), "{first}");
    server.change("MODIFIED", secret(UID, "2", "y"));
    let second = words(&mut events).await;
    assert!(second.contains("a=y"), "{second}");
    server.change("ADDED", secret("another", "3", "z"));
    assert_eq!(described(&mut events).await, Described::Gone);
}

#[tokio::test]
async fn an_editor_hears_what_others_do_and_not_what_it_has_stored_itself() {
    let first = secret(UID, "1", "x");
    let (server, route) = served(first.clone(), 200).await;
    let (out, mut events) = mpsc::channel(8);
    let link = link::spawn(route, Clock::fixed(1_000_000), out.clone());
    let subject = Reference { kind: kind("Secret", "secrets"), namespace: "shop".into(), name: "one".into(), uid: Uid::new(UID) };
    let (known, knows) = watch::channel(Arc::new(first));
    let _handle = moves(7, subject, knows, link.handle.clone(), out);
    let fields = async |events: &mut mpsc::Receiver<Event>| match described(events).await {
        Described::Moved(moved) => moved.fields,
        other => panic!("{other:?}"),
    };
    assert!(fields(&mut events).await.is_empty());
    server.change("MODIFIED", secret(UID, "2", "y"));
    assert_eq!(fields(&mut events).await, ["metadata.labels.a"]);
    // The answer to a write comes before the watch has it: that is nobody else's doing, and what the watch has is older.
    known.send_replace(Arc::new(secret(UID, "3", "z")));
    assert!(fields(&mut events).await.is_empty());
    server.change("MODIFIED", secret(UID, "4", "w"));
    let said = described(&mut events).await;
    assert!(
        matches!(&said, Described::Moved(moved) if moved.fields == ["metadata.labels.a"] && meta(&moved.object, "resourceVersion") == "4")
    );
    assert!(!format!("{said:?}").contains("aHVu"), "{said:?}");
}

#[tokio::test]
async fn another_object_of_the_name_is_never_shown() {
    let (_server, route) = served(secret("another", "1", "x"), 200).await;
    let (mut events, _link, _handle) = followed(kind("Secret", "secrets"), route);
    assert_eq!(described(&mut events).await, Described::Gone);
}

#[tokio::test]
async fn events_are_shown_or_why_they_are_not() {
    let map = json!({ "metadata": { "name": "one", "namespace": "shop", "uid": UID, "resourceVersion": "1" }, "data": {} });
    let (_server, route) = served(map.clone(), 200).await;
    let (mut events, _link, _handle) = followed(kind("ConfigMap", "configmaps"), route);
    let text = words(&mut events).await;
    assert!(text.contains("Scheduled") && text.contains("to node-1"), "{text}");
    let (_server, route) = served(map, 403).await;
    let (mut events, _link, _handle) = followed(kind("ConfigMap", "configmaps"), route);
    let text = words(&mut events).await;
    assert!(text.contains("Events:") && text.contains("<error: events is forbidden>"), "{text}");
}

#[tokio::test]
async fn an_error_is_said_and_tried_again() {
    let (server, route) = served(Value::Null, 200).await;
    server.set(403, json!({ "kind": "Status", "code": 403, "message": "secrets is forbidden" }));
    let (mut events, _link, _handle) = followed(kind("Secret", "secrets"), route);
    assert_eq!(described(&mut events).await, Described::Failed("secrets is forbidden".into()));
    server.set(200, secret(UID, "1", "x"));
    assert!(words(&mut events).await.contains("a=x"));
}

#[tokio::test]
async fn an_owner_is_that_of_the_object_itself() {
    let owner = |name: &str, controller| json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": "u", "controller": controller });
    let object = json!({ "metadata": { "name": "one", "uid": UID, "ownerReferences": [owner("other", false), owner("mine", true)] } });
    let (_server, route) = served(object, 200).await;
    let session = connect::open(&route.loaded, &route.options).await.expect("a session");
    let kind = kind("Pod", "pods");
    let found = owner_of(&session, &kind, "shop", "one", &Uid::new(UID)).await.expect("an answer");
    assert_eq!(found.map(|owner| owner.name.to_string()).as_deref(), Some("mine"));
    assert_eq!(owner_of(&session, &kind, "shop", "one", &Uid::new("another")).await, Ok(None));
}
