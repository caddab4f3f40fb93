//! `top`, `ps` and `uptime`: what runs in the container, as far as anything does.

use super::Session;

/// A process.
pub(super) struct Process {
    pub(super) pid: u32,
    /// Minutes and seconds of the processor.
    pub(super) time: String,
    pub(super) command: String,
}

/// What runs: the container's own program, and the shell.
pub(super) fn processes(session: &Session) -> Vec<Process> {
    let seconds = (session.now_ms - session.c.started_ms).max(0) / 1000;
    let used = seconds / 40;
    let own = if session.c.command.is_empty() { format!("/app/{}", session.c.name) } else { session.c.command.join(" ") };
    let process = |pid, used: i64, command: &str| Process { pid, time: format!("{}:{:02}", used / 60, used % 60), command: command.into() };
    vec![process(1, used, &own), process(42, 0, "sh"), process(57, 0, "ps")]
}

/// How long the container runs, and the load, as `uptime` says it.
pub(super) fn uptime(session: &Session) -> String {
    let minutes = (session.now_ms - session.c.started_ms).max(0) / 60_000;
    let time = jiff::Timestamp::from_millisecond(session.now_ms).unwrap_or_default();
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let days = if days > 0 { format!("{days} days, ") } else { String::new() };
    let load = load(session);
    format!(" {} up {days}{hours:>2}:{minutes:02},  load average: 0.{load:02}, 0.27, 0.22", time.strftime("%H:%M:%S"))
}

/// Hundredths of a processor that are used: changes with the time, and is the same at the same time.
fn load(session: &Session) -> i64 {
    let t = session.now_ms / 1000;
    18 + (t * 7919 % 31 + t * 104_729 % 17) % 40
}

/// One screen of `top`, as large as the terminal; `live` draws it over the one before.
pub(super) fn top(session: &Session, live: bool) -> String {
    let (columns, rows) = (usize::from(session.size.0), usize::from(session.size.1));
    let busy = load(session);
    let mut lines = vec![
        "Mem: 3145728K used, 5242880K free, 12288K shrd, 204800K buff, 1892352K cached".to_owned(),
        format!("CPU: {:>3}% usr   2% sys   0% nic {:>3}% idle   0% io   0% irq   0% sirq", busy, 98 - busy),
        format!("Load average: 0.{busy:02} 0.27 0.22 1/214 57"),
        "  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND".to_owned(),
    ];
    for (n, process) in processes(session).into_iter().enumerate() {
        let (stat, size, used) = if n == 0 { ("S", "712m", busy) } else { ("R", "1648", 0) };
        let command = if process.command == "ps" { "top" } else { &process.command };
        lines.push(format!("{:>5} {:>5} root     {stat}    {size:>5}   8%   0 {used:>3}% {command}", process.pid, u32::from(n == 2) * 42));
    }
    let lines = lines.into_iter().map(|line| line.chars().take(columns).collect::<String>());
    if live {
        let text: Vec<String> = lines.take(rows.saturating_sub(1)).map(|line| format!("{line}\x1b[K")).collect();
        format!("\x1b[?25l\x1b[H{}\r\n\x1b[J", text.join("\r\n"))
    } else {
        lines.map(|line| line + "\n").collect()
    }
}
