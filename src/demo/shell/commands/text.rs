//! Commands that read and write text.

use super::super::run::Effect;
use super::Call;

pub(super) fn echo(call: &mut Call) -> Effect {
    let options = call.arguments().iter().take_while(|a| matches!(a.as_str(), "-n" | "-e" | "-ne" | "-en")).count();
    let flags: String = call.arguments()[..options].concat();
    let mut text = call.arguments()[options..].join(" ");
    if flags.contains('e') {
        for (from, to) in [("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r"), ("\\033", "\x1b"), ("\\e", "\x1b")] {
            text = text.replace(from, to);
        }
    }
    call.out.extend_from_slice(text.as_bytes());
    if !flags.contains('n') {
        call.out.push(b'\n');
    }
    Effect::Done(0)
}

/// What a command that takes files works on: each file with its name, or standard input. Errors are said.
fn inputs(call: &mut Call, files: Vec<String>) -> (Vec<(String, Vec<u8>)>, i32) {
    let files = if files.is_empty() { vec!["-".into()] } else { files };
    let (mut found, mut code) = (Vec::new(), 0);
    for name in files {
        match call.read(&name) {
            Ok(bytes) => found.push((name, bytes)),
            Err(why) => {
                let command = call.words[0].clone();
                call.fail(&format!("{command}: {name}: {why}"), 1);
                code = 1;
            }
        }
    }
    (found, code)
}

pub(super) fn cat(call: &mut Call) -> Effect {
    let files = call.operands();
    let (inputs, code) = inputs(call, files);
    inputs.into_iter().for_each(|(_, bytes)| call.out.extend_from_slice(&bytes));
    Effect::Done(code)
}

/// `-n 5`, `-n5` and `-5`, and the files.
fn counted(call: &Call) -> Result<(usize, Vec<String>), String> {
    let (mut count, mut files) = (10, Vec::new());
    let mut arguments = call.arguments().iter();
    while let Some(argument) = arguments.next() {
        let number = match argument.as_str() {
            "-n" => arguments.next().map(String::as_str),
            "-" => None,
            "-f" | "-F" => continue,
            other => other.strip_prefix("-n").or_else(|| other.strip_prefix('-')),
        };
        match number {
            Some(number) => {
                count = number.trim_start_matches('+').parse().map_err(|_| format!("{}: invalid number '{number}'", call.words[0]))?
            }
            None => files.push(argument.clone()),
        }
    }
    Ok((count, files))
}

fn part(call: &mut Call, of: fn(&[&[u8]], usize) -> std::ops::Range<usize>) -> Effect {
    let (count, files) = match counted(call) {
        Ok(found) => found,
        Err(error) => return call.fail(&error, 1),
    };
    let (inputs, code) = inputs(call, files);
    let several = inputs.len() > 1;
    for (name, bytes) in inputs {
        if several {
            call.say(&format!("==> {name} <=="));
        }
        let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
        call.out.extend(lines[of(&lines, count)].concat());
    }
    Effect::Done(code)
}

pub(super) fn head(call: &mut Call) -> Effect {
    part(call, |lines, count| 0..count.min(lines.len()))
}

pub(super) fn tail(call: &mut Call) -> Effect {
    part(call, |lines, count| lines.len().saturating_sub(count)..lines.len())
}

pub(super) fn wc(call: &mut Call) -> Effect {
    let letters = call.letters();
    let files = call.operands();
    let named = !files.is_empty();
    let (inputs, code) = inputs(call, files);
    for (name, bytes) in inputs {
        let text = String::from_utf8_lossy(&bytes);
        let counts = [('l', text.matches('\n').count()), ('w', text.split_whitespace().count()), ('c', bytes.len())];
        let shown: Vec<String> =
            counts.iter().filter(|(c, _)| letters.is_empty() || letters.contains(*c)).map(|(_, n)| n.to_string()).collect();
        let shown = shown.join("\t");
        call.say(&if named { format!("{shown} {name}") } else { shown });
    }
    Effect::Done(code)
}

pub(super) fn grep(call: &mut Call) -> Effect {
    let letters = call.letters();
    let mut operands = call.operands();
    if operands.is_empty() {
        return call.fail("Usage: grep [-ivnc] PATTERN [FILE]...", 2);
    }
    let pattern = operands.remove(0);
    let pattern = if letters.contains('F') { regex::escape(&pattern) } else { pattern };
    let regex = match regex::RegexBuilder::new(&pattern).case_insensitive(letters.contains('i')).build() {
        Ok(regex) => regex,
        Err(_) => return call.fail(&format!("grep: bad regex '{pattern}'"), 2),
    };
    let several = operands.len() > 1;
    let (inputs, code) = inputs(call, operands);
    let mut found = 0;
    for (name, bytes) in inputs {
        let text = String::from_utf8_lossy(&bytes);
        let before = found;
        for (n, line) in text.lines().enumerate().filter(|(_, line)| regex.is_match(line) != letters.contains('v')) {
            found += 1;
            if !letters.contains('c') && !letters.contains('q') {
                let file = if several { format!("{name}:") } else { String::new() };
                let number = if letters.contains('n') { format!("{}:", n + 1) } else { String::new() };
                call.say(&format!("{file}{number}{line}"));
            }
        }
        if letters.contains('c') {
            call.say(&(found - before).to_string());
        }
    }
    Effect::Done(if code > 0 { 2 } else { i32::from(found == 0) })
}
