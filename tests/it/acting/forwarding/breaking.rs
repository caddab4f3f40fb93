//! Forwards whose way is cut, slow or silent, or leads elsewhere meanwhile.

use super::*;

pub async fn a_connection_that_is_cut_ends_and_the_next_one_works(ground: &Ground) {
    lone(ground).await;
    let (desk, proxy) = through(ground, "");
    let port = to_lone(&desk);
    let mut open = connect(("127.0.0.1", port)).expect("a connection");
    comes_back(&mut open, b"before").expect("an echo");

    proxy.cut();
    let ended = open.read(&mut [0; 1]).expect_err("a connection that broke is no good end");
    assert_eq!(ended.kind(), ErrorKind::ConnectionReset, "{ended}");
    // The port is open still, and what cannot be dialled is closed.
    let mut next = connect(("127.0.0.1", port)).expect("it listens");
    let ended = next.read(&mut [0; 1]).expect_err("nobody is there");
    assert_eq!(ended.kind(), ErrorKind::ConnectionReset, "{ended}");
    list(&desk);
    let address = format!("127.0.0.1:{port}");
    desk.wait("two that failed", |screen| {
        crate::live::row(screen, &address).is_some_and(|row| row.split_whitespace().any(|word| word == "2"))
    });
    proxy.forward();
    echoes_again(&desk, port);
    desk.on(&address);
    desk.press("enter");
    let text = desk.see("Failed connections");
    assert!(text.contains("the connection"), "{text}");

    // Where the forward ends before the pod does, that is no good end either: nothing is taken for whole that is not.
    let mut open = connect(("127.0.0.1", port)).expect("a connection");
    comes_back(&mut open, b"half of it").expect("an echo");
    desk.press("esc");
    desk.on(&address);
    desk.press("D");
    let ended = open.read(&mut [0; 1]).expect_err("the other half is missing");
    assert_eq!(ended.kind(), ErrorKind::ConnectionReset, "{ended}");
}

pub async fn who_rests_or_is_slow_loses_nothing(ground: &Ground) {
    /// Longer than a way may be silent.
    const REST: Duration = Duration::from_secs(23);
    /// More than all buffers on the way have room for.
    const MUCH: u64 = 1 << 30;
    lone(ground).await;
    let desk = Desk::open(ground, "pods");
    let port = to_lone(&desk);
    let mut resting = connect(("127.0.0.1", port)).expect("a connection");
    comes_back(&mut resting, b"before").expect("an echo");

    // It sends and takes nothing back, until nothing is taken any more: what waits is bounded.
    let mut slow = connect(("127.0.0.1", port)).expect("a connection");
    slow.set_write_timeout(Some(Duration::from_secs(2))).expect("a limit");
    let byte = |at: u64| (at % 251) as u8;
    let mut sent = 0;
    while sent < MUCH {
        let piece: Vec<u8> = (sent..sent + 65_536).map(byte).collect();
        match slow.write(&piece) {
            Ok(count) => sent += count as u64,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            Err(error) => panic!("after {sent} bytes: {error}"),
        }
    }
    assert!(sent < MUCH, "somebody keeps all of it");
    std::thread::sleep(REST);
    comes_back(&mut resting, b"after").expect("an echo after a rest");
    slow.shutdown(Shutdown::Write).expect("it is open");
    let mut heard = vec![0; sent as usize];
    slow.read_exact(&mut heard).expect("all comes back");
    assert!(heard.iter().zip(0..).all(|(heard, at)| *heard == byte(at)), "other bytes came back");
    list(&desk);
    let address = format!("127.0.0.1:{port}");
    desk.on(&address);
    desk.press("enter");
    desk.see("2 in all, 0 failed");
}

pub async fn a_way_that_falls_silent_ends(ground: &Ground) {
    lone(ground).await;
    let (desk, proxy) = through(ground, "");
    let port = to_lone(&desk);
    let mut open = connect(("127.0.0.1", port)).expect("a connection");
    comes_back(&mut open, b"before").expect("an echo");
    open.set_read_timeout(Some(2 * PATIENCE)).expect("a limit");
    proxy.swallow();
    let ended = open.read(&mut [0; 1]).expect_err("nobody answers");
    assert_eq!(ended.kind(), ErrorKind::ConnectionReset, "{ended}");
    proxy.forward();
    echoes_again(&desk, port);
}

pub async fn a_service_that_turns_to_other_pods_takes_the_forward_along(ground: &Ground) {
    echo(ground);
    let (blue, mut before) = one_port("blue", 1);
    let (green, _) = one_port("green", 1);
    before["metadata"]["name"] = json!("web");
    ground.post(&ground.apps("deployments"), &blue).await.ok();
    ground.post(&ground.apps("deployments"), &green).await.ok();
    ground.post(&ground.core("services"), &before).await.ok();
    ready_pods(ground, 2).await;
    let desk = Desk::open(ground, "services");
    desk.driver.send(Input::Resize(155, 40));
    desk.on("web");
    desk.command("port-forward :http");
    let port = opened(&desk, "of pod blue-");
    echoes(port);
    ground.patch(&ground.core("services/web"), Patch::Merge, &json!({"spec": {"selector": {"app": "green"}}})).await.ok();
    let screen = desk.see("is not behind service/web any more");
    assert!(screen.contains("→ pod green-"), "{screen}");
    echoes(port);
}
