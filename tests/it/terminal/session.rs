//! A session in a container has the terminal: it is handed over whole, and taken back whole, whatever was left behind in it.

use super::*;

/// A demo in a window, with a shell in its first pod.
fn shell() -> Window {
    let window = Window::start(&["here"], &[], |program, _| Command::new(program).args(["--demo", "pods", "-n", "monitoring"]));
    window.wait("the pods of the demo", |screen| screen.contents().contains("● live") && screen.contents().contains("node-exporter"));
    // What a person sees before they press it: whose pod it is, and that a shell can be had.
    window.see("s shell");
    window.press("s");
    window.wait("a shell", |screen| screen.contents().contains("/ # ") && !screen.alternate_screen());
    window
}

#[test]
fn a_shell_has_the_whole_terminal_and_gives_it_back() {
    let mut window = shell();
    {
        let parser = window.screen();
        let screen = parser.screen();
        assert!(!screen.hide_cursor() && !screen.bracketed_paste(), "nothing of ours is on");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert!(window.is_raw(), "each key goes there as it is");
        assert!(screen.contents().contains("enter ~ . leaves"), "how one gets out is said: {}", screen.contents());
    }
    window.press("stty size\r");
    window.see("24 80");
    window.pty.resize(Size::new(30, 90)).expect("its size");
    // The signal and what is typed come by two ways: it may be asked too early.
    let end = Instant::now() + Duration::from_secs(30);
    while !window.screen().screen().contents().contains("30 90") {
        assert!(Instant::now() < end, "{}", window.screen().screen().contents());
        window.press("stty size\r");
        std::thread::sleep(Duration::from_millis(300));
    }
    // ctrl-c and ctrl-z are for the other side: nothing here ends or stops.
    window.press("\u{3}\u{1a}");
    window.press("echo goes-$HOSTNAME\r");
    window.see("goes-node-exporter");
    assert!(window.child.try_wait().expect("it can be waited for").is_none());
    window.pty.resize(Size::new(ROWS, COLUMNS)).expect("its size");
    window.press("exit 3\r");
    window.wait("the screen again", |screen| screen.alternate_screen() && screen.contents().contains("exit code 3"));
    {
        let parser = window.screen();
        let screen = parser.screen();
        assert!(screen.hide_cursor() && screen.bracketed_paste() && window.is_raw());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::ButtonMotion);
        assert!(screen.contents().contains("node-exporter") && !screen.contents().contains("goes-node-exporter"), "{}", screen.contents());
    }
    // Keys are for it again, the first one too.
    window.press("?");
    window.see("Go down: to the pods");
    window.press("qQ");
    assert!(window.ended().success());
    window.assert_modes_restored();
}

#[test]
fn what_is_typed_into_a_session_that_ends_is_no_key_of_ours() {
    let mut window = shell();
    window.press("exit 3\r");
    // As by somebody who types on, or by a terminal that answers what the container asked last; each of them would end it.
    for _ in 0..30 {
        window.press("Q");
        std::thread::sleep(Duration::from_millis(20));
    }
    window.wait("the screen again", |screen| screen.alternate_screen() && screen.contents().contains("exit code 3"));
    assert!(window.child.try_wait().expect("it can be waited for").is_none(), "it goes on");
    window.press("Q");
    assert!(window.ended().success());
    window.assert_modes_restored();
}

#[test]
fn what_a_program_leaves_behind_is_put_right() {
    let mut window = shell();
    window.press("echo -e '\\033[?1049h\\033[?1003h\\033[?2004h\\033[?1h\\033[?25l\\033[31mleft-behind'\r");
    window.wait("all of that", |screen| screen.alternate_screen() && screen.application_cursor() && screen.bracketed_paste());
    window.press("\r~.");
    window.wait("the screen again", |screen| screen.alternate_screen() && screen.contents().contains("left"));
    window.wait("modes as they were", |screen| {
        !screen.application_cursor() && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::ButtonMotion
    });
    window.press("Q");
    assert!(window.ended().success());
    window.assert_modes_restored();
    assert!(!window.screen().screen().application_cursor());
}

#[test]
fn a_signal_in_a_session_restores_the_terminal() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut window = shell();
        window.press("echo -e '\\033[?1000h\\033[?2004h\\033[?1h\\033[?25l'\r");
        window.wait("modes of a program", |screen| screen.application_cursor() && screen.hide_cursor());
        window.signal(signal);
        assert_eq!(window.ended().code(), Some(code));
        window.assert_modes_restored();
        assert!(!window.screen().screen().application_cursor());
        // Modes that nobody asks for by name, too: a soft reset.
        let sent = window.bytes();
        assert!(sent.windows(4).any(|four| four == b"\x1b[!p"), "what a program leaves behind is put right");
    }
}
