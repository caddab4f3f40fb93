//! Shells and commands.

use serde_json::json;

use super::{on_web, running};
use crate::acting::Desk;
use crate::scenarios::ground::Ground;
use crate::scenarios::objects::{deployment, pod, ready};

pub async fn a_shell_has_a_terminal_of_the_right_size(ground: &Ground) {
    let desk = on_web(ground).await;
    desk.press("s");
    desk.inside(&format!("a shell in {}/web, container app", ground.namespace()));
    desk.driver.type_bytes("stty size\r");
    desk.inside("40 100");
    desk.driver.resize_session(120, 50);
    // The size is on its way like what is typed, and the one it has now was said once already.
    desk.driver.type_bytes("stty size\r");
    desk.inside("50 120");
    desk.driver.type_bytes("exit 3\r");
    desk.back("pod/web: a shell in app: exit code 3");
    assert_eq!(desk.driver.buffer().area.width, 120, "the screen has the size that the window has now");
    // The view is whole, and keys are for it.
    desk.press("d");
    desk.see("Node:");
    desk.press("esc");
    desk.journal(&["a shell in app: exit code 3", "exec", "pod/web in", "/pods/web/exec"]);
}

pub async fn a_command_ends_with_its_code_and_waits_for_a_key(ground: &Ground) {
    let desk = on_web(ground).await;
    // The kubelets of the real control plane drop what was said in the last moment.
    desk.command("exec sh -c 'echo \"it works\"; sleep 1; exit 4'");
    desk.inside("it works");
    desk.inside("exit code 4; any key goes back");
    assert!(desk.driver.in_session(), "what it said is there to be read");
    desk.driver.type_bytes(" ");
    desk.back("exit code 4");
    // What cannot be run takes no terminal, unless that comes out late.
    desk.command("exec no-such-program-anywhere");
    let why = "executable file not found";
    desk.until("the reason", || desk.driver.screen().contains(why) || desk.driver.session().contains(why));
    if desk.driver.in_session() {
        desk.driver.type_bytes(" ");
    }
    desk.back(why);
    desk.press("esc");
    desk.without(why);
    // Nothing to be read: it goes back by itself.
    desk.command("exec true");
    desk.see("true in app: exit code 0");
    desk.refused("exec 'half", "has no second one");
    desk.refused("exec --container nosuch ls", "it has no container \"nosuch\": app");
}

pub async fn what_is_typed_goes_as_it_is(ground: &Ground) {
    let desk = on_web(ground).await;
    desk.press("s");
    desk.inside("container app");
    // ctrl-c and ctrl-z are the other side's; a tilde that begins no line of ours is one.
    desk.driver.type_bytes("echo never\u{3}");
    desk.driver.type_bytes("echo tilde-~.-end\r");
    desk.inside("tilde-~.-end\r\n");
    desk.driver.type_bytes("~~.x\u{3}\r");
    desk.driver.type_bytes("echo still-here\r");
    desk.inside("still-here\r\n");
    assert!(desk.driver.in_session());
    // Watches go on meanwhile, and what comes is there afterwards.
    running(ground, &pod("late", "app:1")).await;
    desk.driver.type_bytes("~?");
    desk.inside("leave, whatever hangs");
    desk.driver.type_bytes("\r~.");
    desk.back("a shell in app: left");
    desk.row("late", "Running");
}

pub async fn a_workload_is_entered_by_its_newest_ready_pod(ground: &Ground) {
    ground.post(&ground.apps("deployments"), &deployment("shop", 1, "app:1")).await.ok();
    let pods = ground.until_count(&ground.core("pods"), 1).await;
    let name = pods[0]["metadata"]["name"].as_str().expect("a name").to_owned();
    ground.until_object(&ground.core(&format!("pods/{name}")), |pod| (!ready(pod)).then(|| pod["status"].to_string())).await;
    let desk = Desk::open(ground, "deployments");
    desk.on("shop");
    desk.press("s");
    desk.inside(&format!("a shell in {}/{name}, container app", ground.namespace()));
    desk.driver.type_bytes("exit\r");
    desk.back(&format!("pod/{name}: a shell in app: exit code"));
    // A kind without pods of its own says what it is for.
    desk.view("configmaps", "kube-root-ca.crt");
    desk.refused("shell", "exec is for pods, services, deployments");
}

pub async fn of_several_containers_one_is_chosen(ground: &Ground) {
    let mut two = pod("two", "app:1");
    two["spec"]["containers"] = json!([{"name": "app", "image": "app:1"}, {"name": "proxy", "image": "app:1"}]);
    running(ground, &two).await;
    let mut annotated = two.clone();
    annotated["metadata"]["name"] = json!("annotated");
    annotated["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/default-container": "proxy"});
    running(ground, &annotated).await;
    let desk = Desk::open(ground, "pods");
    desk.on("two");
    desk.row("two", "2/2");
    desk.press("s");
    desk.see("pod/two has 2 containers that run: which one?");
    desk.press("down");
    desk.driver.wait("the second one chosen", |screen| screen.lines().any(|line| line.contains("▌ proxy")));
    desk.press("enter");
    desk.inside("two, container proxy");
    desk.driver.type_bytes("exit\r");
    desk.back("a shell in proxy: exit code");
    desk.on("annotated");
    desk.press("s");
    desk.inside("annotated, container proxy");
    desk.driver.type_bytes("exit\r");
    desk.back("a shell in proxy: exit code");
    // The row of a container is that container.
    desk.press("enter");
    desk.on("app");
    desk.press("s");
    desk.inside("annotated, container app");
    desk.driver.type_bytes("exit\r");
    desk.back("pod/annotated: a shell in app: exit code");
}
