//! Which commands are tried for a shell, one after the other.

/// Says that there are 256 colours where the container knows such a terminal, and becomes the best shell that there is.
const BEST: &str = "[ -e /usr/share/terminfo/x/xterm-256color ] || [ -e /lib/terminfo/x/xterm-256color ] && export TERM=xterm-256color; \
                    command -v bash >/dev/null 2>&1 && exec bash; command -v ash >/dev/null 2>&1 && exec ash; exec sh";

/// A shell that finds a better one by itself needs no second try; an image may have one of the others alone.
const TRIED: [&[&str]; 4] = [&["sh", "-c", BEST], &["bash"], &["ash"], &["/busybox/sh"]];

/// The commands, the likeliest first.
pub(super) fn tried() -> impl Iterator<Item = Vec<String>> {
    TRIED.iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect())
}

/// The runtime's own words, of some that say on the output that there is no such program, and then end with 126 or 127.
pub(super) fn is_refusal(output: &[u8]) -> bool {
    let text = String::from_utf8_lossy(output);
    text.contains("exec failed") || text.contains("executable file not found")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_that_finds_the_others_comes_first() {
        let all: Vec<String> = tried().map(|words| words[0].clone()).collect();
        assert_eq!(all, ["sh", "bash", "ash", "/busybox/sh"]);
        let script = tried().next().map(|words| words[2].clone()).unwrap_or_default();
        let at = |word: &str| script.find(&format!("exec {word}")).unwrap_or(usize::MAX);
        assert!(at("bash") < at("ash;") && at("ash;") < at("sh"), "{script}");
        assert!(is_refusal(b"OCI runtime exec failed: exec failed: unable to start\r\n") && !is_refusal(b"/ # "));
    }

    /// The real shell of this machine becomes something that takes commands.
    #[cfg(unix)]
    #[test]
    fn the_script_runs() {
        use std::io::Write;
        use std::process::{Command, Stdio};

        let words = tried().next().expect("one");
        let mut child = Command::new(&words[0]).args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
        child.stdin.take().expect("stdin").write_all(b"echo it-$((1+1))\nexit 3\n").expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((String::from_utf8_lossy(&output.stdout).trim(), output.status.code()), ("it-2", Some(3)));
    }
}
