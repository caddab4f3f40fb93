//! The commands that there are: one row each.

use super::files::{Entry, Files};
use super::run::Effect;
use super::{Session, files};

mod network;
mod system;
mod text;
mod tree;

/// A command while it runs.
pub(super) struct Call<'a> {
    /// Its words; the first is its name.
    pub(super) words: &'a [String],
    pub(super) stdin: Vec<u8>,
    pub(super) session: &'a mut Session,
    pub(super) out: Vec<u8>,
    pub(super) err: Vec<u8>,
}

struct Program {
    name: &'static str,
    about: &'static str,
    run: fn(&mut Call) -> Effect,
}

const fn row(name: &'static str, about: &'static str, run: fn(&mut Call) -> Effect) -> Program {
    Program { name, about, run }
}

/// Sorted by name.
const PROGRAMS: &[Program] = &[
    row("[", "EXPRESSION ]: is it so?", system::test),
    row("ash", "[-c TEXT]: a shell", shell),
    row("bash", "[-c TEXT]: a shell", shell),
    row("cat", "[FILE]...: the text of files", text::cat),
    row("cd", "[FOLDER]: go there", tree::cd),
    row("clear", ": empty the screen", system::clear),
    row("command", "-v NAME: where a command is", system::command),
    row("cp", "FILE FILE: copy a file", tree::cp),
    row("curl", "[-sSI] URL: ask a service", network::curl),
    row("date", "[+FORMAT]: the time", system::date),
    row("df", "[-h]: room on the file systems", system::df),
    row("echo", "[-n] [-e] WORD...: say it", text::echo),
    row("env", ": the environment", system::env),
    row("exec", "COMMAND: become it", system::exec),
    row("exit", "[CODE]: end the shell", system::exit),
    row("export", "NAME=VALUE...: into the environment", system::export),
    row("false", ": fail", |_| Effect::Done(1)),
    row("free", "[-m]: memory", system::free),
    row("grep", "[-ivnc] PATTERN [FILE]...: lines that match", text::grep),
    row("head", "[-n N] [FILE]...: the first lines", text::head),
    row("help", ": this list", help),
    row("hostname", "[-i]: the pod's name", system::hostname),
    row("id", ": who you are, in numbers", system::id),
    row("kill", "[-SIGNAL] PID: send a signal", system::kill),
    row("ls", "[-la1] [PATH]...: what is in a folder", tree::ls),
    row("mkdir", "[-p] FOLDER...: make folders", tree::mkdir),
    row("mv", "FILE FILE: another name", tree::mv),
    row("nslookup", "NAME: ask for an address", network::nslookup),
    row("ping", "[-c N] NAME: is it there?", network::ping),
    row("printenv", "[NAME]: the environment", system::printenv),
    row("ps", ": processes", system::ps),
    row("pwd", ": where you are", tree::pwd),
    row("rm", "[-rf] PATH...: take away", tree::rm),
    row("sh", "[-c TEXT]: a shell", shell),
    row("sleep", "SECONDS: wait", system::sleep),
    row("stty", "size: rows and columns of the terminal", system::stty),
    row("tail", "[-n N] [FILE]...: the last lines", text::tail),
    row("tar", "c|x|t[z]f - [-C FOLDER] [PATH]...: archives", tree::tar),
    row("test", "EXPRESSION: is it so?", system::test),
    row("top", "[-b]: processes, again and again; q ends it", system::top),
    row("touch", "FILE...: make empty files", tree::touch),
    row("true", ": succeed", |_| Effect::Done(0)),
    row("tty", ": the terminal's name", system::tty),
    row("type", "NAME: where a command is", system::command),
    row("uname", "[-a]: the system", system::uname),
    row("uptime", ": how long it runs", system::uptime),
    row("wc", "[-lwc] [FILE]...: count lines, words, bytes", text::wc),
    row("wget", "[-qO-] URL: ask a service", network::wget),
    row("which", "NAME: where a command is", system::command),
    row("whoami", ": who you are", system::whoami),
];

/// Commands that only a shell has.
const BUILT_IN: [&str; 6] = ["cd", "command", "exec", "exit", "export", "type"];

/// Names of the programs in an image: small ones have no bash, distroless ones have nothing.
pub(super) fn names(image: &str) -> impl Iterator<Item = &'static str> {
    let nothing = ["distroless", "pause", "coredns"].iter().any(|word| image.contains(word));
    let small = ["alpine", "busybox"].iter().any(|word| image.contains(word));
    let names = PROGRAMS.iter().map(|p| p.name).filter(|name| !BUILT_IN.contains(name) && *name != "help");
    names.filter(move |name| !(nothing || small && *name == "bash"))
}

/// A command line of these words reads standard input.
pub(super) fn reads(words: &[String]) -> bool {
    let Some((name, arguments)) = words.split_first() else { return false };
    let operands = arguments.iter().enumerate().filter(|(n, a)| {
        let counted = *n > 0 && matches!(arguments[n - 1].as_str(), "-n" | "-c" | "-C");
        (!a.starts_with('-') || *a == "-") && !counted
    });
    let operands: Vec<&String> = operands.map(|(_, a)| a).collect();
    match base(name) {
        "cat" | "head" | "tail" | "wc" => operands.is_empty() || operands.iter().any(|a| *a == "-"),
        "grep" => operands.len() == 1,
        "tar" => arguments.first().is_some_and(|a| a.contains('x') || a.contains('t')) && arguments.iter().any(|a| a == "-"),
        _ => false,
    }
}

/// It changes variables of the shell itself.
pub(super) fn sets_variables(words: &[String]) -> bool {
    words.first().is_some_and(|w| w == "export")
}

/// It is a shell.
pub(super) fn is_shell(name: &str) -> bool {
    matches!(base(name), "sh" | "ash" | "bash")
}

/// A program of this name, or at this path, is there.
pub(super) fn is_there(files: &Files, name: &str) -> bool {
    let path = if name.contains('/') { name.replace("/usr/bin/", "/bin/") } else { format!("/bin/{name}") };
    files.get(&path) == Some(&Entry::Program)
}

fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Runs a command.
pub(super) fn run(call: &mut Call) -> Effect {
    let Some(name) = call.words.first() else { return Effect::Done(call.session.status) };
    let built_in = BUILT_IN.contains(&name.as_str()) || name == "help";
    let found = PROGRAMS.iter().find(|p| p.name == base(name)).filter(|_| built_in || is_there(&call.session.files, name));
    match found {
        Some(program) => (program.run)(call),
        None if name.contains('/') => {
            let path = files::absolute(&call.session.folder, name);
            let (why, code) = if call.session.files.get(&path).is_some() { ("Permission denied", 126) } else { ("not found", 127) };
            call.fail(&format!("sh: {name}: {why}"), code)
        }
        None => call.fail(&format!("sh: {name}: not found"), 127),
    }
}

impl Call<'_> {
    /// Words after the name.
    fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Letters of the options (`-la` → `la`), long ones left out.
    fn letters(&self) -> String {
        self.arguments().iter().filter(|a| a.starts_with('-') && !a.starts_with("--")).flat_map(|a| a.chars().skip(1)).collect()
    }

    /// Arguments that are no options.
    fn operands(&self) -> Vec<String> {
        self.arguments().iter().filter(|a| !a.starts_with('-') || *a == "-").cloned().collect()
    }

    fn say(&mut self, text: &str) -> Effect {
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'\n');
        Effect::Done(0)
    }

    fn fail(&mut self, text: &str, code: i32) -> Effect {
        self.err.extend_from_slice(text.as_bytes());
        self.err.push(b'\n');
        Effect::Done(code)
    }

    fn path(&self, name: &str) -> String {
        files::absolute(&self.session.folder, name)
    }

    /// The bytes of a file, or of standard input where it is `-`.
    fn read(&mut self, name: &str) -> Result<Vec<u8>, &'static str> {
        if name == "-" {
            return Ok(std::mem::take(&mut self.stdin));
        }
        self.session.files.read(&self.path(name)).map(Into::into)
    }
}

fn shell(call: &mut Call) -> Effect {
    let mut words = call.words.to_vec();
    if words.len() == 1 && !call.stdin.is_empty() {
        words.extend(["-c".into(), String::from_utf8_lossy(&call.stdin).into_owned()]);
    }
    Effect::Run(words, false)
}

fn help(call: &mut Call) -> Effect {
    call.say("A toy shell: pipes, ; && ||, > >> < 2>&1, quotes and $VARIABLES work. Commands:");
    for program in PROGRAMS {
        call.say(&format!("  {} {}", program.name, program.about));
    }
    Effect::Done(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_tells_what_reads() {
        assert!(PROGRAMS.is_sorted_by_key(|p| p.name));
        let reads = |line: &str| super::reads(&line.split(' ').map(String::from).collect::<Vec<_>>());
        for line in ["cat", "cat -", "head -n 3", "/bin/cat", "tar xf - -C /tmp", "tar -xmf - -C /", "grep x", "wc -l"] {
            assert!(reads(line), "{line}");
        }
        for line in ["cat a", "tar cf - /app", "grep x file", "ls", "head -n 3 file"] {
            assert!(!reads(line), "{line}");
        }
        assert!(names("alpine:3").all(|n| n != "bash") && names("debian").any(|n| n == "bash"));
        assert_eq!(names("gcr.io/distroless/static").count(), 0);
    }
}
