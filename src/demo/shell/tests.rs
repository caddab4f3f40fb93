use super::*;

const NOW: i64 = 1_795_255_200_000;

fn container() -> Container {
    Container {
        namespace: "shop".into(),
        pod: "web-1".into(),
        name: "app".into(),
        image: "web:1".into(),
        pod_ip: "10.244.0.7".into(),
        started_ms: NOW - 3_600_000,
        env: vec![("COLOUR".into(), "blue".into())],
        ..Container::default()
    }
}

fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).into()).collect()
}

/// What a command says to standard output and to standard error, and its code.
fn exec(words: &[&str], stdin: Option<&[u8]>) -> (String, String, Option<i32>) {
    let mut shell = Shell::start(&container(), &argv(words), stdin.is_some(), false, NOW).unwrap();
    let mut all = shell.take();
    if let Some(bytes) = stdin {
        all.extend(shell.input(bytes));
        all.extend(shell.eof());
    }
    let text = |error: bool| {
        let bytes = all.iter().filter_map(|o| match o {
            Out::Stdout(bytes) if !error => Some(bytes.as_slice()),
            Out::Stderr(bytes) if error => Some(bytes.as_slice()),
            _ => None,
        });
        String::from_utf8_lossy(&bytes.collect::<Vec<_>>().concat()).into_owned()
    };
    assert_eq!(shell.exit_code().map(Out::Exit).as_ref(), all.last().filter(|o| matches!(o, Out::Exit(_))));
    (text(false), text(true), shell.exit_code())
}

fn script(text: &str) -> (String, i32) {
    let (out, err, code) = exec(&["sh", "-c", text], None);
    (out + &err, code.unwrap())
}

fn shown(out: Vec<Out>) -> String {
    out.into_iter().map(|o| if let Out::Stdout(bytes) = o { String::from_utf8(bytes).unwrap() } else { format!("{o:?}") }).collect()
}

#[test]
fn scripts_run_as_in_a_shell() {
    for (text, out, code) in [
        ("echo $COLOUR '$COLOUR' \"$COLOUR\"", "blue $COLOUR blue\n", 0),
        ("false; echo $?; true && echo yes || echo no; false && echo never", "1\nyes\n", 1),
        ("exit 3; echo never", "", 3),
        ("nothing-here", "sh: nothing-here: not found\n", 127),
        ("/etc/passwd", "sh: /etc/passwd: Permission denied\n", 126),
        ("cat /etc/hostname | wc -c", "6\n", 0),
        ("echo a > /tmp/x; echo b >> /tmp/x; cat < /tmp/x", "a\nb\n", 0),
        ("ls /none 2>/dev/null || echo missing", "missing\n", 0),
        ("ls /none 2>&1 | grep -c No", "1\n", 0),
        ("echo x > /proc/y", "sh: can't create /proc/y: read-only file system\n", 1),
        ("cd /app && pwd; cd /none", "/app\nsh: cd: can't cd to /none: No such file or directory\n", 2),
        ("A=1; B=2 env | grep -c B=2; echo $A$B", "1\n1\n", 0),
        ("printf", "sh: printf: not found\n", 127),
        ("head -n1 /etc/passwd; tail -n 1 /etc/group", "root:x:0:0:root:/root:/bin/sh\nnogroup:x:65534:\n", 0),
        ("sh -c 'exit 4'; echo $?", "4\n", 0),
        ("echo 'echo inner' | sh", "inner\n", 0),
        ("command -v bash >/dev/null && exec echo bash || exec echo sh", "bash\n", 0),
        ("[ -d /app ] && test -f /etc/passwd && [ 2 -gt 1 ] && [ ! -e /none ] && echo all", "all\n", 0),
        (
            "mkdir -p /tmp/a/b && touch /tmp/a/b/c && ls /tmp/a && rm -r /tmp/a && ls /tmp/a",
            "b\nls: /tmp/a: No such file or directory\n",
            1,
        ),
        ("hostname; hostname -i; whoami", "web-1\n10.244.0.7\nroot\n", 0),
        ("date +%F; date +%J", "2026-11-21\ndate: invalid format '%J'\n", 1),
        ("stty size; tty", "not a tty\nstty: standard input: Not a tty\n", 1),
        (
            "wget -qO- http://orders/healthz; curl -s http://no.such.example.com/",
            "ok\ncurl: (6) Could not resolve host: no.such.example.com\n",
            6,
        ),
        ("cat", "", 0),
        ("echo 'a", "sh: syntax error: unterminated quoted string\n", 2),
    ] {
        assert_eq!(script(text), (out.into(), code), "{text}");
    }
}

#[test]
fn what_cannot_start_is_told_as_the_runtime_tells_it() {
    let start = |words: &[&str]| Shell::start(&container(), &argv(words), false, false, NOW).err().unwrap();
    assert_eq!(start(&["fish"]), "exec: \"fish\": executable file not found in $PATH");
    assert_eq!(start(&["/bin/fish"]), "exec: \"/bin/fish\": stat /bin/fish: no such file or directory");
    let distroless = Container { image: "gcr.io/distroless/static".into(), ..container() };
    assert!(Shell::start(&distroless, &argv(&["sh"]), false, false, NOW).is_err());
}

#[test]
fn standard_input_goes_to_who_reads_it() {
    assert_eq!(exec(&["cat"], Some(b"one\ntwo")), ("one\ntwo".into(), String::new(), Some(0)));
    assert_eq!(exec(&["sh"], Some(b"echo a; exit 5\necho b\n")), ("a\n".into(), String::new(), Some(5)));
    assert_eq!(exec(&["sh"], Some(b"hostname")), ("web-1\n".into(), String::new(), Some(0)));
    assert_eq!(exec(&["sh", "-c", "cat > /tmp/f; wc -c /tmp/f"], Some(b"12345")), ("5 /tmp/f\n".into(), String::new(), Some(0)));
}

#[test]
fn archives_go_out_and_come_in() {
    let mut shell = Shell::start(&container(), &argv(&["tar", "cf", "-", "-C", "/", "app"]), false, false, NOW).unwrap();
    let Some(Out::Stdout(tar)) = shell.take().into_iter().next() else { panic!("no archive") };
    assert_eq!(shell.exit_code(), Some(0));
    let members = archive::read(&tar).unwrap();
    assert!(members.iter().any(|m| m.path == "app/config.yaml" && m.bytes.is_some()), "{members:?}");
    let mut shell =
        Shell::start(&container(), &argv(&["sh", "-c", "tar xf - -C /tmp && cat /tmp/app/config.yaml"]), true, false, NOW).unwrap();
    let (one, two) = tar.split_at(700);
    assert_eq!(shell.input(one), []);
    // It does not wait for the end of its input, which v4 of the protocol cannot tell.
    let out = shown(shell.input(two));
    assert!(out.starts_with("service: app\n") && out.ends_with("Exit(0)"), "{out}");
    let listed = exec(&["sh", "-c", "tar czf /tmp/a.tgz -C /etc hostname && tar tzf /tmp/a.tgz"], None);
    assert_eq!(listed, ("hostname\n".into(), String::new(), Some(0)));
}

#[test]
fn a_terminal_is_typed_into() {
    let mut shell = Shell::start(&container(), &argv(&["/bin/sh"]), true, true, NOW).unwrap();
    assert_eq!(shown(shell.take()), "/ # ");
    assert_eq!(shown(shell.input(b"echo hi\r")), "echo hi\r\nhi\r\n/ # ");
    assert_eq!(shown(shell.input(b"ec\x03")), "ec^C\r\n/ # ");
    shell.resize(120, 40);
    assert_eq!(shown(shell.input(b"stty size\r")), "stty size\r\n40 120\r\n/ # ");
    assert_eq!(shown(shell.input(b"cat > /tmp/n\rline\r\x04cat /tmp/n\r")).matches("line\r\n").count(), 2);
    assert!(shown(shell.input(b"bash\r")).ends_with("/ # "));
    assert!(shown(shell.input(b"exit\r")).ends_with("/ # "));
    assert_eq!(shell.exit_code(), None);
    assert!(shown(shell.input(b"exit 7\r")).ends_with("exit 7\r\nExit(7)"));
    assert_eq!(shell.exit_code(), Some(7));
    let mut shell =
        Shell::start(&container(), &argv(&["sh", "-c", "command -v bash >/dev/null && exec bash || exec sh"]), true, true, NOW).unwrap();
    assert_eq!(shown(shell.take()), "/ # ");
    assert!(shown(shell.input(b"\x04")).ends_with("Exit(0)"));
}

#[test]
fn time_goes_on_by_ticks() {
    let mut shell = Shell::start(&container(), &argv(&["sh", "-c", "sleep 2; echo done"]), true, true, NOW).unwrap();
    assert!(shell.waits_for_time());
    assert_eq!(shell.tick(NOW + 1999), []);
    assert_eq!(shown(shell.tick(NOW + 2000)), "done\r\nExit(0)");
    let mut shell = Shell::start(&container(), &argv(&["sh"]), true, true, NOW).unwrap();
    shell.take();
    assert!(shown(shell.input(b"sleep 100; echo never\r\x03")).ends_with("^C\r\n/ # "));
    let screen = shown(shell.input(b"top\r"));
    assert!(screen.contains("\x1b[H") && screen.contains("Load average"), "{screen}");
    assert_eq!(shell.tick(NOW + 1000), []);
    assert!(shown(shell.tick(NOW + 2500)).contains("\x1b[H"));
    let small = shown(shell.resize(20, 4));
    assert!(small.lines().count() <= 4, "{small:?}");
    assert!(shown(shell.input(b"q")).ends_with("/ # "));
    let batch = script("top -b | head -n 1").0;
    assert!(batch.starts_with("Mem:"), "{batch}");
}
