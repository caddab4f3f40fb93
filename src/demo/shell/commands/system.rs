//! Commands about the system, the session and the shell itself.

use super::super::run::Effect;
use super::super::{files, screen};
use super::{Call, PROGRAMS, is_there};

pub(super) fn test(call: &mut Call) -> Effect {
    let words: Vec<&str> = call.arguments().iter().map(String::as_str).filter(|w| *w != "]").collect();
    let files = &call.session.files;
    let path = |name: &str| files::absolute(&call.session.folder, name);
    let number = |text: &str| text.parse::<i64>().ok();
    let (no, words) = match words.as_slice() {
        ["!", rest @ ..] => (true, rest),
        all => (false, all),
    };
    let yes = match words {
        [] => false,
        [one] => !one.is_empty(),
        ["-z", text] => text.is_empty(),
        ["-n", text] => !text.is_empty(),
        ["-e", name] => files.get(&path(name)).is_some(),
        ["-d", name] => files.is_folder(&path(name)),
        ["-f" | "-r" | "-s", name] => files.read(&path(name)).is_ok(),
        ["-x", name] => is_there(files, name),
        ["-t", _] => call.session.tty,
        [a, "=" | "==", b] => a == b,
        [a, "!=", b] => a != b,
        [a, "-eq", b] => number(a) == number(b),
        [a, "-ne", b] => number(a) != number(b),
        [a, "-gt", b] => number(a) > number(b),
        [a, "-lt", b] => number(a) < number(b),
        [_, operator, ..] => {
            let error = format!("sh: {operator}: unknown operand");
            return call.fail(&error, 2);
        }
    };
    Effect::Done(i32::from(yes == no))
}

pub(super) fn clear(call: &mut Call) -> Effect {
    call.out.extend_from_slice(b"\x1b[H\x1b[J");
    Effect::Done(0)
}

/// `command -v`, `which` and `type`.
pub(super) fn command(call: &mut Call) -> Effect {
    let (name, mut code) = (call.words[0].clone(), 0);
    for asked in call.operands() {
        if is_there(&call.session.files, &asked) {
            let path = if asked.contains('/') { asked.clone() } else { format!("/bin/{asked}") };
            call.say(&if name == "type" { format!("{asked} is {path}") } else { path });
        } else if name != "which" && PROGRAMS.iter().any(|p| p.name == asked && super::BUILT_IN.contains(&p.name)) {
            call.say(&if name == "type" { format!("{asked} is a shell builtin") } else { asked });
        } else {
            code = 127;
            if name == "type" {
                call.fail(&format!("{asked}: not found"), 127);
            }
        }
    }
    Effect::Done(code)
}

pub(super) fn date(call: &mut Call) -> Effect {
    let time = jiff::Timestamp::from_millisecond(call.session.now_ms).unwrap_or_default();
    let format = call.operands().into_iter().find_map(|a| a.strip_prefix('+').map(String::from));
    // A format that is none is refused by the formatter, and must not end the program.
    let mut text = String::new();
    let format = format.unwrap_or_else(|| "%a %b %e %H:%M:%S UTC %Y".into());
    match jiff::fmt::strtime::format(&format, &time.to_zoned(jiff::tz::TimeZone::UTC)) {
        Ok(written) => text.push_str(&written),
        Err(_) => return call.fail(&format!("date: invalid format '{format}'"), 1),
    }
    call.say(&text)
}

pub(super) fn df(call: &mut Call) -> Effect {
    let human = call.letters().contains('h');
    let sizes = if human { ["40.0G", "12.4G", "27.6G"] } else { ["41943040", "13002342", "28940698"] };
    let unit = if human { "Size" } else { "1K-blocks" };
    call.say(&format!("Filesystem           {unit:>9}      Used Available Use% Mounted on"));
    call.say(&format!("overlay              {:>9} {:>9} {:>9}  31% /", sizes[0], sizes[1], sizes[2]));
    call.say(&format!("tmpfs                {:>9} {:>9} {:>9}   0% /dev", "65536", "0", "65536"))
}

pub(super) fn free(call: &mut Call) -> Effect {
    let mega = call.letters().contains('m');
    let n = |kib: u64| if mega { kib / 1024 } else { kib };
    call.say("              total        used        free      shared  buff/cache   available");
    let row = [8_388_608, 3_145_728, 3_145_728, 12_288, 2_097_152, 5_242_880].map(|kib| format!("{:>11}", n(kib))).join(" ");
    call.say(&format!("Mem:    {row}"));
    call.say("Swap:             0           0           0")
}

pub(super) fn env(call: &mut Call) -> Effect {
    let all: Vec<String> = call.session.vars.iter().map(|(k, v)| format!("{k}={v}")).collect();
    all.iter().for_each(|line| drop(call.say(line)));
    Effect::Done(0)
}

pub(super) fn printenv(call: &mut Call) -> Effect {
    let asked = call.operands();
    if asked.is_empty() {
        return env(call);
    }
    let found: Vec<String> = asked.iter().filter_map(|name| call.session.vars.get(name).cloned()).collect();
    found.iter().for_each(|value| drop(call.say(value)));
    Effect::Done(i32::from(found.len() < asked.len()))
}

pub(super) fn export(call: &mut Call) -> Effect {
    for pair in call.operands() {
        if let Some((name, value)) = pair.split_once('=') {
            call.session.vars.insert(name.into(), value.into());
        }
    }
    Effect::Done(0)
}

pub(super) fn exec(call: &mut Call) -> Effect {
    let words = call.arguments().to_vec();
    match words.first() {
        None => Effect::Done(0),
        Some(name) if !is_there(&call.session.files, name) => {
            let error = format!("sh: exec: {name}: not found");
            call.err.extend_from_slice(error.as_bytes());
            call.err.push(b'\n');
            // A shell that is not interactive ends when it cannot become the command, but `||` is tried by those who ask for a
            // shell that may be missing.
            Effect::Done(127)
        }
        Some(_) => Effect::Run(words, true),
    }
}

pub(super) fn exit(call: &mut Call) -> Effect {
    match call.operands().first().map(|code| code.parse::<i32>()) {
        None => Effect::Leave(call.session.status),
        Some(Ok(code)) => Effect::Leave(code & 255),
        Some(Err(_)) => {
            call.fail("sh: exit: Illegal number", 2);
            Effect::Leave(2)
        }
    }
}

pub(super) fn hostname(call: &mut Call) -> Effect {
    let name = if call.letters().contains('i') { call.session.c.pod_ip.clone() } else { call.session.c.pod.clone() };
    call.say(&name)
}

pub(super) fn id(call: &mut Call) -> Effect {
    call.say("uid=0(root) gid=0(root) groups=0(root)")
}

pub(super) fn whoami(call: &mut Call) -> Effect {
    call.say("root")
}

pub(super) fn kill(call: &mut Call) -> Effect {
    let mut code = 0;
    for pid in call.operands() {
        match pid.as_str() {
            // The first process of a container has no handlers but its own, so that a signal from inside does nothing to it.
            "1" => {}
            _ => {
                call.fail(&format!("sh: can't kill pid {pid}: No such process"), 1);
                code = 1;
            }
        }
    }
    Effect::Done(code)
}

pub(super) fn ps(call: &mut Call) -> Effect {
    call.say("PID   USER     TIME  COMMAND");
    for process in screen::processes(call.session) {
        call.say(&format!("{:>5} root     {:>5} {}", process.pid, process.time, process.command));
    }
    Effect::Done(0)
}

pub(super) fn sleep(call: &mut Call) -> Effect {
    let asked = call.operands();
    let Some(text) = asked.first() else { return call.fail("sleep: missing operand", 1) };
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, text.chars().last()),
        None => (text.as_str(), None),
    };
    let factor = match unit {
        Some('m') => 60_000.0,
        Some('h') => 3_600_000.0,
        Some('d') => 86_400_000.0,
        _ => 1000.0,
    };
    match number.parse::<f64>() {
        Ok(n) if n.is_finite() && n >= 0.0 => Effect::Sleep((n * factor) as i64),
        _ if text == "infinity" => Effect::Sleep(i64::MAX),
        _ => call.fail(&format!("sleep: invalid number '{text}'"), 1),
    }
}

pub(super) fn stty(call: &mut Call) -> Effect {
    if !call.session.tty {
        return call.fail("stty: standard input: Not a tty", 1);
    }
    let (columns, rows) = call.session.size;
    match call.operands().first().map(String::as_str) {
        Some("size") => call.say(&format!("{rows} {columns}")),
        None => call.say(&format!("speed 38400 baud; rows {rows}; columns {columns};")),
        Some(_) => Effect::Done(0),
    }
}

pub(super) fn top(call: &mut Call) -> Effect {
    if call.session.tty && !call.letters().contains('b') {
        return Effect::Top;
    }
    let screen = screen::top(call.session, false);
    call.out.extend_from_slice(screen.as_bytes());
    Effect::Done(0)
}

pub(super) fn tty(call: &mut Call) -> Effect {
    if call.session.tty {
        return call.say("/dev/pts/0");
    }
    call.say("not a tty");
    Effect::Done(1)
}

pub(super) fn uname(call: &mut Call) -> Effect {
    let letters = call.letters();
    let all = letters.contains('a');
    let parts = [("s", "Linux"), ("n", &call.session.c.pod), ("r", "6.12.0-demo"), ("v", "#1 SMP"), ("m", "x86_64"), ("o", "Linux")];
    let wanted: Vec<&str> =
        parts.iter().filter(|(c, _)| all || letters.contains(*c) || letters.is_empty() && *c == "s").map(|(_, text)| *text).collect();
    let line = wanted.join(" ");
    call.say(&line)
}

pub(super) fn uptime(call: &mut Call) -> Effect {
    let text = screen::uptime(call.session);
    call.say(&text)
}
