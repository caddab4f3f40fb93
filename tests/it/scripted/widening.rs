//! Where not all may be read: more is looked at as soon as there is more, or more is allowed. Looked for every half minute
//! or so, and at once by a key; here by the key.

use serde_json::json;

use super::server::{Answer, Server, pod};
use super::{Run, live, look_from};
use crate::driver::Setup;

/// All pods at once are forbidden; those of a namespace are not.
fn forbid_all(server: &Server) {
    server.on(|request| {
        let message = "pods is forbidden: User \"x\" cannot list resource \"pods\" in API group \"\" at the cluster scope";
        let refused = request.is_of("pods") && !request.path.contains("/namespaces/");
        refused.then(|| Answer::refusal(403, "Forbidden", message))
    });
}

fn make_namespace(server: &Server, name: &str) {
    server.put("namespaces", json!({"metadata": {"name": name, "uid": format!("uid-of-{name}")}, "status": {"phase": "Active"}}));
}

#[test]
fn a_namespace_that_is_made_later_joins_those_that_the_pattern_means() {
    let server = Server::start();
    for name in ["team-1", "team-2", "other"] {
        make_namespace(&server, name);
        server.put("pods", pod(name, &format!("pod-of-{name}")));
    }
    forbid_all(&server);
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = server.kubeconfig(folder.path(), "");
    let run = Run { driver: Setup::new(&kubeconfig).namespace("team-*").size(150, 28).start(), _folder: folder };
    live(&run, &["pod-of-team-1", "pod-of-team-2"]);
    make_namespace(&server, "team-3");
    make_namespace(&server, "another");
    server.put("pods", pod("another", "pod-of-another"));
    server.silently("pods", pod("team-3", "pod-of-team-3"), true);
    run.press("ctrl-r");
    live(&run, &["pod-of-team-1", "pod-of-team-2", "pod-of-team-3"]);
    let watched = |name: &str| server.requests_of("pods").iter().filter(|request| request.path.contains(name)).count();
    assert_eq!((watched("/team-1/"), watched("/team-3/")), (1, 1), "those that are watched go on");
    assert_eq!((watched("/other/"), watched("/another/")), (0, 0));
}

#[test]
fn all_namespaces_are_shown_as_soon_as_they_are_allowed_and_no_row_blinks() {
    let server = Server::start();
    server.put("pods", pod("mine", "aa-mine"));
    server.put("pods", pod("theirs", "bb-theirs"));
    forbid_all(&server);
    let run = look_from(&server, "mine");
    live(&run, &["aa-mine", "only namespace mine: all namespaces are forbidden"]);
    assert!(!run.screen().contains("bb-theirs"), "{}", run.screen());
    run.record();
    // Still forbidden: nothing changes.
    run.press("ctrl-r");
    super::wait_until(super::SOON, "the question", || {
        let asked = server.requests_of("pods").iter().any(|request| request.has("limit=1"));
        if asked { Ok(()) } else { Err("not asked".to_owned()) }
    });
    server.behave();
    run.press("ctrl-r");
    live(&run, &["aa-mine", "bb-theirs"]);
    run.wait("the remark gone", |screen| !screen.contains("only namespace mine"));
    super::never_without(&run.recorded(), &["aa-mine"]);
}
