//! How a command in a container ended: the `Status` on the error stream (`k8s.io/apimachinery/pkg/util/remotecommand`,
//! client-go's `errorDecoderV4`).

use serde_json::Value;

use crate::cluster::write::journal::cut;
use crate::kinds::describe::json::Json;

/// What a server says of an end is cut behind so many bytes: it stands on the screen, and in the journal.
const LONGEST: usize = 4 << 10;

/// How what ran in a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster::write) enum End {
    /// With this code.
    Exited(i32),
    /// It was not run, or not to its end: the kubelet's or the runtime's words.
    Failed(String),
    /// The connection broke: why.
    Cut(String),
    /// The person left it.
    Left,
}

impl End {
    /// What is said of it: `exit code 3`. `attached`: to a process that somebody else began, and whose code is not told.
    pub(in crate::cluster::write) fn words(&self, attached: bool) -> String {
        match self {
            End::Exited(0) if attached => "it ended".to_owned(),
            End::Exited(code @ 129..=159) => format!("exit code {code}{}", signal(code - 128)),
            End::Exited(code) => format!("exit code {code}"),
            End::Failed(why) => why.clone(),
            End::Cut(why) => format!("cut off: {why}"),
            End::Left => "left".to_owned(),
        }
    }

    /// There was no such program: of the runtime's words, or of the codes that a shell and some runtimes have for it.
    pub(in crate::cluster::write) fn is_missing(&self) -> bool {
        match self {
            End::Exited(code) => matches!(code, 126 | 127),
            End::Failed(why) => ["executable file not found", "no such file or directory", "not a directory", "permission denied"]
                .iter()
                .any(|words| why.to_lowercase().contains(words)),
            End::Cut(_) | End::Left => false,
        }
    }
}

/// The signal that a shell's exit code stands for.
fn signal(number: i32) -> &'static str {
    match number {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        6 => " (SIGABRT)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        _ => "",
    }
}

/// What the error stream says at the end. Nothing at all was success before v4.
pub(in crate::cluster::write) fn end(bytes: &[u8]) -> End {
    let Ok(status) = serde_json::from_slice::<Value>(bytes) else {
        return End::Failed(cut(String::from_utf8_lossy(bytes).trim(), LONGEST));
    };
    if status.text("status") == "Success" {
        return End::Exited(0);
    }
    let message = status.text("message");
    if status.text("reason") == "NonZeroExitCode" {
        let codes = status.list("details.causes").iter().filter(|cause| cause.text("reason") == "ExitCode");
        if let Some(code) = codes.filter_map(|cause| cause.text("message").trim().parse().ok()).next() {
            return End::Exited(code);
        }
    }
    // Kubelets that are none say it in a sentence.
    let said = ["exit status ", "exit code "].iter().find_map(|words| {
        let (_, code) = message.rsplit_once(words)?;
        code.trim().parse().ok()
    });
    match said {
        Some(code) => End::Exited(code),
        None => End::Failed(shortened(message)),
    }
}

/// Layers of servers each say that it is an internal error of theirs: once is enough.
fn shortened(message: &str) -> String {
    const LAYERS: [&str; 6] = [
        "Internal error occurred: ",
        "error executing command in container: ",
        "unable to upgrade connection: ",
        "failed to exec in container: ",
        "rpc error: code = Unknown desc = ",
        "rpc error: code = NotFound desc = ",
    ];
    let mut words = message.trim();
    while let Some(rest) = LAYERS.iter().find_map(|layer| words.strip_prefix(layer)) {
        words = rest;
    }
    if words.is_empty() { "it failed, and nobody says why".to_owned() } else { cut(words, LONGEST) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(status: &Value) -> End {
        end(status.to_string().as_bytes())
    }

    #[test]
    fn exit_codes_are_read_from_every_server_s_status() {
        assert_eq!(of(&json!({"metadata": {}, "status": "Success"})), End::Exited(0));
        let v4 = json!({"status": "Failure", "reason": "NonZeroExitCode", "message": "command terminated with non-zero exit code: error executing command [sh -c exit 3], exit code 3",
            "details": {"causes": [{"reason": "ExitCode", "message": "3"}]}});
        assert_eq!(of(&v4), End::Exited(3));
        let kwok = json!({"status": "Failure", "reason": "InternalError", "code": 500,
            "message": "Internal error occurred: error executing command in container: cmd wait: sh -c exit 3: exit status 3"});
        assert_eq!(of(&kwok), End::Exited(3));
        assert_eq!(end(b"command terminated\n"), End::Failed("command terminated".into()), "before v4 it was text");
        assert_eq!((End::Exited(137).words(false), End::Exited(0).words(true)), ("exit code 137 (SIGKILL)".into(), "it ended".into()));
    }

    #[test]
    fn no_end_is_told_at_length() {
        let long = "é".repeat(1 << 20);
        let said = [of(&json!({"status": "Failure", "message": long})), end(long.as_bytes())];
        for end in said {
            let words = end.words(false);
            assert!(words.len() <= LONGEST + "…".len() && words.starts_with("éé") && words.ends_with("é…"), "{} bytes", words.len());
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_told_from_one_that_failed() {
        let runc = json!({"status": "Failure", "reason": "InternalError", "code": 500, "message":
            "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec \"1\": OCI runtime exec failed: \
             exec failed: unable to start container process: exec: \"bash\": executable file not found in $PATH: unknown"});
        let ended = of(&runc);
        assert!(ended.is_missing());
        assert!(ended.words(false).starts_with("failed to start exec"), "{}", ended.words(false));
        assert!(End::Exited(127).is_missing() && !End::Exited(1).is_missing());
        let gone =
            json!({"status": "Failure", "message": "Internal error occurred: unable to upgrade connection: container not found (\"app\")"});
        assert_eq!(of(&gone), End::Failed("container not found (\"app\")".into()));
        assert!(!of(&gone).is_missing());
    }
}
