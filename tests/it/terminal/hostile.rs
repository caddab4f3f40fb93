//! What containers say, byte by byte as it reaches the terminal: nothing of it steers that.

use super::*;
use crate::scripted::logs::{HOSTILE, endless, running, said};
use crate::scripted::server::Server;

#[test]
fn no_line_of_a_log_reaches_the_terminal_raw() {
    let server = Server::start();
    server.put("pods", running("web", &["app"], 0));
    said(&server, [HOSTILE, &[b"the end"]].concat(), endless());
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = server.kubeconfig(folder.path(), "");
    let mut window = Window::start(&["here"], &[], |program, _| Command::new(program).arg("--kubeconfig").arg(&kubeconfig));
    window.wait("the pod", |screen| screen.contents().contains("● live") && screen.contents().contains("web"));
    let before = window.bytes().len();
    window.press("l");
    window.see("endless xxx");
    // As it came, wrapped, with times, searched: each way is another way of drawing.
    for keys in ["g", "g", "J", "J", "w", "t", "/end\r", "n", "N"] {
        window.press(keys);
        std::thread::sleep(Duration::from_millis(60));
    }
    window.see("/end");
    window.press("gg");
    window.see("clipboard ␛]52;c;cHduZWQ=␇");
    let bytes = window.bytes()[before..].to_vec();
    let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    for (part, what) in [
        (&b"\x1b]"[..], "an operating system command: title, clipboard, colours"),
        (b"\x1bP", "a device control string"),
        (b"\x1b_", "an application's own command"),
        (b"\x1b[6n", "a question for the cursor"),
        (b"\x1b[c", "a question for the terminal's kind"),
        (b"\x1b[2J", "an order to clear the screen"),
        (b"\x07", "a bell"),
        (b"\x08", "a step back"),
        (b"\0", "a NUL"),
        (b"\xc2\x9b", "CSI in one character"),
        (b"\xc2\x9d", "OSC in one character"),
        ("\u{202e}".as_bytes(), "text that runs backwards"),
        ("\u{2066}".as_bytes(), "an isolate"),
        ("\u{200b}".as_bytes(), "a space without width"),
    ] {
        assert!(!has(part), "the terminal was sent {what}");
    }
    assert!(std::str::from_utf8(&bytes).is_ok() || bytes.utf8_chunks().count() < 3, "and nothing that is no UTF-8");
    window.press("Q");
    assert!(window.ended().success());
    window.assert_modes_restored();
}
