//! Commands on files and folders.

use std::io::{Read, Write};

use super::super::archive::{self, Member};
use super::super::files::{self, Entry};
use super::super::run::Effect;
use super::Call;

pub(super) fn pwd(call: &mut Call) -> Effect {
    let folder = call.session.folder.clone();
    call.say(&folder)
}

pub(super) fn cd(call: &mut Call) -> Effect {
    let name = call.operands().into_iter().next().unwrap_or_else(|| "/root".into());
    let name = if name == "-" || name == "~" { "/root".into() } else { name };
    let path = call.path(&name);
    match call.session.files.get(&path) {
        Some(Entry::Folder) => {
            call.session.folder = path;
            Effect::Done(0)
        }
        Some(_) => call.fail(&format!("sh: cd: can't cd to {name}: Not a directory"), 2),
        None => call.fail(&format!("sh: cd: can't cd to {name}: No such file or directory"), 2),
    }
}

pub(super) fn ls(call: &mut Call) -> Effect {
    let letters = call.letters();
    let mut asked = call.operands();
    if asked.is_empty() {
        asked.push(".".into());
    }
    let (several, mut code) = (asked.len() > 1, 0);
    for name in asked {
        let path = call.path(&name);
        let found: Vec<(String, String)> = match call.session.files.get(&path) {
            None => {
                call.fail(&format!("ls: {name}: No such file or directory"), 1);
                code = 1;
                continue;
            }
            Some(Entry::Folder) if !letters.contains('d') => {
                let all = call.session.files.names(&path).filter(|n| letters.contains('a') || letters.contains('A') || !n.starts_with('.'));
                all.map(|n| (n.to_owned(), files::absolute(&path, n))).collect()
            }
            Some(_) => vec![(name.clone(), path.clone())],
        };
        if several && call.session.files.is_folder(&path) {
            call.say(&format!("{name}:"));
        }
        if letters.contains('l') {
            for (name, path) in found {
                let line = long(call, &name, &path);
                call.say(&line);
            }
        } else if call.session.tty && !letters.contains('1') {
            columns(call, found.into_iter().map(|(name, _)| name).collect());
        } else {
            found.into_iter().for_each(|(name, _)| drop(call.say(&name)));
        }
    }
    Effect::Done(code)
}

fn long(call: &Call, name: &str, path: &str) -> String {
    let (mode, size) = match call.session.files.get(path) {
        Some(Entry::Folder) => ("drwxr-xr-x", 4096),
        Some(Entry::Program) => ("-rwxr-xr-x", 824_984),
        Some(Entry::File(bytes)) => ("-rw-r--r--", bytes.len()),
        None => ("----------", 0),
    };
    let time = jiff::Timestamp::from_millisecond(call.session.files.time(path)).unwrap_or_default();
    format!("{mode}    1 root     root     {size:>9} {} {name}", time.strftime("%b %e %H:%M"))
}

/// Names side by side, as wide as the terminal.
fn columns(call: &mut Call, names: Vec<String>) {
    let Some(widest) = names.iter().map(|n| n.chars().count() + 2).max() else { return };
    let across = (usize::from(call.session.size.0) / widest).max(1);
    let rows = names.len().div_ceil(across);
    for row in 0..rows {
        let line: String = names.iter().skip(row).step_by(rows).map(|n| format!("{n:widest$}")).collect();
        call.say(line.trim_end());
    }
}

/// Does something to each operand, and says what went wrong.
fn each(call: &mut Call, act: impl Fn(&mut Call, &str) -> Result<(), &'static str>) -> Effect {
    let mut code = 0;
    for name in call.operands() {
        let path = call.path(&name);
        if let Err(why) = act(call, &path) {
            let command = call.words[0].clone();
            call.fail(&format!("{command}: can't act on '{name}': {why}"), 1);
            code = 1;
        }
    }
    Effect::Done(code)
}

pub(super) fn mkdir(call: &mut Call) -> Effect {
    let parents = call.letters().contains('p');
    each(call, |call, path| call.session.files.make_folder(path, parents, call.session.now_ms))
}

pub(super) fn touch(call: &mut Call) -> Effect {
    each(call, |call, path| call.session.files.write(path, &[], true, call.session.now_ms))
}

pub(super) fn rm(call: &mut Call) -> Effect {
    let letters = call.letters();
    each(call, move |call, path| match call.session.files.get(path) {
        None if letters.contains('f') => Ok(()),
        Some(Entry::Folder) if !letters.contains('r') && !letters.contains('R') => Err("Is a directory"),
        _ => call.session.files.remove(path),
    })
}

pub(super) fn cp(call: &mut Call) -> Effect {
    copy(call, false)
}

pub(super) fn mv(call: &mut Call) -> Effect {
    copy(call, true)
}

fn copy(call: &mut Call, removes: bool) -> Effect {
    let operands = call.operands();
    let [from, to] = operands.as_slice() else {
        let usage = format!("Usage: {} FILE FILE", call.words[0]);
        return call.fail(&usage, 1);
    };
    let (source, mut target) = (call.path(from), call.path(to));
    if call.session.files.is_folder(&target) {
        target = files::absolute(&target, source.rsplit('/').next().unwrap_or(""));
    }
    let done = call.read(from).and_then(|bytes| {
        call.session.files.write(&target, &bytes, false, call.session.now_ms)?;
        if removes && source != target { call.session.files.remove(&source) } else { Ok(()) }
    });
    match done {
        Ok(()) => Effect::Done(0),
        Err(why) => {
            let error = format!("{}: can't act on '{from}': {why}", call.words[0]);
            call.fail(&error, 1)
        }
    }
}

/// `tar cf - PATH…`, `tar xf - -C FOLDER`, `tar tf -`, with or without `z`: what copying to and from a container runs.
pub(super) fn tar(call: &mut Call) -> Effect {
    let mut arguments = call.arguments().iter().cloned();
    let mode = arguments.next().unwrap_or_default();
    let (mut file, mut folder, mut paths) = (String::from("-"), String::from("."), Vec::new());
    if mode.ends_with('f') {
        file = arguments.next().unwrap_or_default();
    }
    let mut alone = false;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--no-recursion" => alone = true,
            "-C" => folder = arguments.next().unwrap_or_default(),
            "-f" => file = arguments.next().unwrap_or_default(),
            option if option.starts_with('-') => {}
            _ => paths.push(argument),
        }
    }
    let folder = call.path(&folder);
    if !call.session.files.is_folder(&folder) {
        return call.fail(&format!("tar: can't change directory to '{folder}': No such file or directory"), 1);
    }
    let zipped = mode.contains('z');
    let done =
        if mode.contains('c') { pack(call, &file, &folder, &paths, zipped, alone) } else { unpack(call, &file, &folder, &mode, zipped) };
    done.unwrap_or_else(|error| call.fail(&format!("tar: {error}"), 1))
}

fn pack(call: &mut Call, file: &str, folder: &str, paths: &[String], zipped: bool, alone: bool) -> Result<Effect, String> {
    let mut members = Vec::new();
    for name in paths {
        let whole = files::absolute(folder, name);
        let mut all = call.session.files.below(&whole);
        all.truncate(if alone { 1 } else { all.len() });
        if all.is_empty() {
            return Err(format!("{name}: No such file or directory"));
        }
        if name.starts_with('/') {
            call.fail("tar: removing leading '/' from member names", 0);
        }
        let shown = name.trim_matches('/');
        for path in all {
            let bytes = match call.session.files.get(&path) {
                Some(Entry::Folder) => None,
                _ => Some(call.session.files.read(&path).unwrap_or_default().to_vec()),
            };
            let time = call.session.files.time(&path) / 1000;
            let below = &path[whole.trim_end_matches('/').len()..];
            let path = format!("{shown}{below}").trim_start_matches('/').to_owned();
            members.push(Member { path: if path.is_empty() { ".".into() } else { path }, bytes, time });
        }
    }
    let mut bytes = archive::write(&members);
    if zipped {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        bytes = encoder.write_all(&bytes).and_then(|()| encoder.finish()).map_err(|e| e.to_string())?;
    }
    if file == "-" {
        call.out.extend_from_slice(&bytes);
    } else {
        let path = call.path(file);
        call.session.files.write(&path, &bytes, false, call.session.now_ms).map_err(|why| format!("can't open '{file}': {why}"))?;
    }
    Ok(Effect::Done(0))
}

fn unpack(call: &mut Call, file: &str, folder: &str, mode: &str, zipped: bool) -> Result<Effect, String> {
    /// An archive that unpacks to more than this is refused.
    const MOST: u64 = 64 << 20;
    let mut bytes = call.read(file).map_err(|why| format!("can't open '{file}': {why}"))?;
    if zipped {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).take(MOST).read_to_end(&mut plain).map_err(|_| String::from("invalid magic"))?;
        bytes = plain;
    }
    for member in archive::read(&bytes)? {
        if mode.contains('t') || mode.contains('v') {
            call.say(&member.path);
        }
        if mode.contains('t') {
            continue;
        }
        // Nothing leaves the folder: `..` is left out of names, as tar does.
        let name: Vec<&str> = member.path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
        let path = files::absolute(folder, &name.join("/"));
        let at_ms = member.time.saturating_mul(1000);
        let files = &mut call.session.files;
        let done = match member.bytes {
            None => files.make_folder(&path, true, at_ms),
            Some(bytes) => files.make_folder(files::parent(&path), true, at_ms).and_then(|()| files.write(&path, &bytes, false, at_ms)),
        };
        done.map_err(|why| format!("can't create '{}': {why}", member.path))?;
    }
    Ok(Effect::Done(0))
}
