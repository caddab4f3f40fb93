use std::sync::Mutex;

use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::*;
use crate::demo::http::User;

/// 2026-11-21T10:00:00Z.
const START: i64 = 1_795_255_200_000;

fn request(query: &[(&str, &str)]) -> Request {
    Request {
        method: Method::GET,
        path: Vec::new(),
        query: query.iter().map(|(k, v)| (String::from(*k), String::from(*v))).collect(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        user: User { name: "admin".into(), groups: Vec::new() },
    }
}

fn pod(containers: &[&str], status: Value) -> Tree {
    let containers: Vec<Value> = containers.iter().map(|name| json!({"name": name, "image": "orders:1"})).collect();
    json!({"metadata": {"name": "web", "namespace": "shop", "uid": "u"}, "spec": {"nodeName": "n", "containers": containers},
        "status": {"containerStatuses": [status]}})
    .into()
}

fn running() -> Tree {
    pod(&["app"], json!({"name": "app", "restartCount": 0, "state": {"running": {"startedAt": "2026-11-21T10:00:00Z"}}}))
}

/// A cluster of one pod, whose clock goes on by a second each time somebody looks.
struct Still(Mutex<(i64, Vec<Tree>)>);

impl Follows for Still {
    fn look(&self, _: &str, _: &str) -> (i64, Option<Tree>) {
        let mut it = self.0.lock().unwrap();
        it.0 += 1000;
        let pod = if it.1.len() > 1 { Some(it.1.remove(0)) } else { it.1.first().cloned() };
        (it.0, pod)
    }
}

fn world(pods: Vec<Tree>) -> Arc<dyn Follows> {
    Arc::new(Still(Mutex::new((START + 60_000, pods))))
}

fn refused(query: &[(&str, &str)], pod: &Tree) -> (u16, String) {
    answer(&request(query), pod, START + 60_000, world(Vec::new())).err().map(|r| (r.code, r.message)).unwrap()
}

async fn text(query: &[(&str, &str)], pod: &Tree, world: Arc<dyn Follows>) -> String {
    let answer = answer(&request(query), pod, START + 60_000, world).unwrap();
    let bytes = match answer.body {
        Body::Whole(bytes) => bytes.to_vec(),
        Body::Pieces(pieces) => pieces.collect::<Vec<_>>().await.concat(),
        Body::Upgrade(..) => panic!("no upgrade"),
    };
    String::from_utf8(bytes).unwrap()
}

#[test]
fn refusals_are_worded_as_upstream() {
    let two = pod(&["a", "b"], json!({"name": "a", "state": {"waiting": {"reason": "ImagePullBackOff"}}}));
    assert_eq!(refused(&[], &two), (400, "a container name must be specified for pod web, choose one of: [a b]".into()));
    assert_eq!(refused(&[("container", "x")], &two), (400, "container x is not valid for pod web".into()));
    assert_eq!(
        refused(&[("container", "a")], &two),
        (400, "container \"a\" in pod \"web\" is waiting to start: trying and failing to pull image".into())
    );
    assert_eq!(refused(&[("container", "b")], &two), (400, "container \"b\" in pod \"web\" is not available".into()));
    assert_eq!(
        refused(&[("previous", "true")], &running()),
        (400, "previous terminated container \"app\" in pod \"web\" not found".into())
    );
    assert_eq!(
        refused(&[("tailLines", "-1")], &running()),
        (422, "PodLogOptions \"web\" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0".into())
    );
    assert_eq!(refused(&[("stream", "Stdout"), ("tailLines", "1")], &running()).0, 422);
    assert_eq!(refused(&[("sinceSeconds", "1"), ("sinceTime", "2026-11-21T10:00:00Z")], &running()).0, 422);
    assert_eq!(refused(&[("limitBytes", "x")], &running()), (400, "strconv.ParseInt: parsing \"x\": invalid syntax".into()));
}

#[tokio::test]
async fn a_part_of_a_log_is_a_part_of_the_whole() {
    let whole = text(&[], &running(), world(Vec::new())).await;
    let tail = text(&[("tailLines", "3")], &running(), world(Vec::new())).await;
    assert_eq!(tail.lines().count(), 3);
    assert!(whole.ends_with(&tail));
    assert_eq!(text(&[("limitBytes", "100")], &running(), world(Vec::new())).await, whole[..100]);
    assert_eq!(text(&[("tailLines", "0")], &running(), world(Vec::new())).await, "");
    let recent = text(&[("sinceSeconds", "20"), ("timestamps", "true")], &running(), world(Vec::new())).await;
    assert!(
        recent.lines().count() > 3 && recent.lines().all(|l| l > "2026-11-21T10:00:40.000000000Z" && l.as_bytes()[29] == b'Z'),
        "{recent}"
    );
    let since = text(&[("sinceTime", "2026-11-21T10:00:40Z"), ("timestamps", "true")], &running(), world(Vec::new())).await;
    assert_eq!(recent, since);
    let out = text(&[("stream", "Stdout")], &running(), world(Vec::new())).await;
    let err = text(&[("stream", "Stderr")], &running(), world(Vec::new())).await;
    assert_eq!(out.lines().count() + err.lines().count(), whole.lines().count());
}

#[tokio::test(start_paused = true)]
async fn a_followed_log_ends_with_its_container_and_misses_nothing() {
    let terminated = json!({"startedAt": "2026-11-21T10:00:00Z", "finishedAt": "2026-11-21T10:01:04Z", "exitCode": 1, "reason": "Error"});
    let ended = pod(
        &["app"],
        json!({"name": "app", "restartCount": 1, "state": {"running": {"startedAt": "2026-11-21T10:01:05Z"}},
        "lastState": {"terminated": terminated}}),
    );
    let followed = text(&[("follow", "true")], &running(), world(vec![running(), running(), running(), ended.clone()])).await;
    let whole = text(&[("previous", "true")], &ended, world(Vec::new())).await;
    assert_eq!(followed, whole);
    assert!(followed.ends_with("exit status 1\n"), "{followed}");
    let gone = text(&[("follow", "true"), ("tailLines", "0")], &running(), world(Vec::new())).await;
    assert!(whole.contains(&gone));
    let limited = text(&[("follow", "true"), ("limitBytes", "10000")], &running(), world(vec![running()])).await;
    assert_eq!(limited.len(), 10_000);
}
