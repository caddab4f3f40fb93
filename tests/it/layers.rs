//! The architecture, checked in the sources: imports between the folders of `src` go one way, no file grows without a
//! reason, and nothing is unsafe.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What may know everything: the loop, and the ways in.
const TOP: &[&str] = &["app", "main", "lib"];

/// What each part may import, beside itself. A new top-level module of `src` gets a row here.
const MAY: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("kinds", &["model", "problem"]),
    ("demo", &["kinds", "model"]),
    // What the tasks send: plain data, made by cluster, read by view and app.
    ("event", &["kinds", "model"]),
    ("cluster", &["kinds", "model", "event"]),
    ("effect", &["cluster", "kinds", "model", "event"]),
    // Files that people write.
    ("places", &[]),
    ("problem", &[]),
    ("shelf", &["problem", "places"]),
    ("keymap", &["model", "problem", "shelf"]),
    ("theme", &["model", "problem", "shelf"]),
    ("config", &["kinds", "model", "keymap", "theme", "problem", "shelf", "places"]),
    ("remember", &["model", "places"]),
    // Texts that are typed and not saved, on disk.
    ("drafts", &["model", "places"]),
    ("view", &["kinds", "model", "event", "theme", "keymap", "problem", "shelf"]),
    ("commands", &["view", "effect", "kinds", "model", "keymap", "theme", "event", "problem", "shelf"]),
    // Draws what view gives it, in the colours that it found the terminal to have.
    ("terminal", &["view", "theme", "model"]),
    // The ways in without a screen; `get` prints what the table would show.
    ("log", &["places"]),
    ("cli", &["cluster", "kinds", "model", "event", "config", "theme", "keymap", "shelf", "places"]),
    ("serve", &["cli", "demo", "places"]),
    ("get", &["cli", "cluster", "view", "kinds", "model", "event"]),
];

/// Files of more than [`LONG`] lines, each with the reason.
const LONG_WITH_REASON: &[(&str, &str)] = &[];

/// Lines of a file that is too long.
const LONG: usize = 500;

/// A word or sign of a source, with its line.
#[derive(Debug, PartialEq)]
struct Token {
    text: String,
    line: usize,
}

/// The words and signs of a source, without comments, strings and characters.
fn tokens(source: &str) -> Vec<Token> {
    let c: Vec<char> = source.chars().collect();
    let at = |i: usize| c.get(i).copied().unwrap_or('\0');
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut found, mut line, mut i) = (Vec::new(), 1, 0);
    while i < c.len() {
        let start = i;
        match c[i] {
            '/' if at(i + 1) == '/' => i += c[i..].iter().take_while(|&&c| c != '\n').count(),
            '/' if at(i + 1) == '*' => {
                let mut depth = 0;
                while i < c.len() {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => depth += 1,
                        ('*', '/') => depth -= 1,
                        _ => {
                            i += 1;
                            continue;
                        }
                    }
                    i += 2;
                    if depth == 0 {
                        break;
                    }
                }
            }
            '"' => i = string_end(&c, i),
            // A character, and not a lifetime.
            '\'' if at(i + 1) == '\\' || at(i + 2) == '\'' => i = string_end(&c, i),
            first if word(first) => {
                i += c[i..].iter().take_while(|&&c| word(c)).count();
                let text: String = c[start..i].iter().collect();
                match raw_hashes(&c, i).filter(|_| matches!(text.as_str(), "r" | "br" | "cr")) {
                    Some(hashes) => i = raw_string_end(&c, i, hashes),
                    None => found.push(Token { text, line }),
                }
            }
            ':' if at(i + 1) == ':' => {
                i += 2;
                found.push(Token { text: "::".to_owned(), line });
            }
            other => {
                i += 1;
                if !other.is_whitespace() {
                    found.push(Token { text: other.to_string(), line });
                }
            }
        }
        line += c[start..i.min(c.len())].iter().filter(|&&c| c == '\n').count();
    }
    found
}

/// After the end of what is quoted from `start` on.
fn string_end(c: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < c.len() && c[i] != c[start] {
        i += if c[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// After the end of a raw string whose `#` begin at `start`.
fn raw_string_end(c: &[char], start: usize, hashes: usize) -> usize {
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let mut i = start + hashes + 1;
    while i < c.len() && !c[i..].starts_with(&end) {
        i += 1;
    }
    i + end.len()
}

/// The number of `#` before a quotation mark.
fn raw_hashes(c: &[char], start: usize) -> Option<usize> {
    let hashes = c[start.min(c.len())..].iter().take_while(|&&c| c == '#').count();
    (c.get(start + hashes) == Some(&'"')).then_some(hashes)
}

/// The top-level modules that a file's paths lead to, with their lines. `module` is the file's own path of modules.
fn imports(source: &str, module: &[&str]) -> Vec<(String, usize)> {
    let tokens = tokens(source);
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    // Inline modules that are open, by the depth of braces at which they began.
    let (mut inline, mut depth, mut found) = (Vec::new(), 0_usize, Vec::new());
    for i in 0..tokens.len() {
        match text(i) {
            "{" => {
                depth += 1;
                if i >= 2 && text(i - 2) == "mod" {
                    inline.push(depth);
                }
            }
            "}" => {
                if inline.last() == Some(&depth) {
                    inline.pop();
                }
                depth = depth.saturating_sub(1);
            }
            // Where a path begins: at the root, or as many modules up as it says.
            start @ ("crate" | "kubetui" | "super") if text(i + 1) == "::" && (i == 0 || text(i - 1) != "::") => {
                let mut after = i + 2;
                if start == "super" {
                    let mut up = 1;
                    while text(after) == "super" && text(after + 1) == "::" {
                        up += 1;
                        after += 2;
                    }
                    if up < module.len() + inline.len() {
                        // Still inside a top-level module: the file's own.
                        continue;
                    }
                }
                found.extend(heads(&tokens, after));
            }
            _ => {}
        }
    }
    found
}

/// The first names of a path's rest, or of each path in its braces. A macro of the crate (`crate::partial!`) is no module.
fn heads(tokens: &[Token], start: usize) -> Vec<(String, usize)> {
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let name = |i: usize| (text(i + 1) != "!").then(|| (text(i).to_owned(), tokens[i].line));
    if start >= tokens.len() {
        return Vec::new();
    }
    if text(start) != "{" {
        return name(start).into_iter().collect();
    }
    let (mut found, mut depth) = (Vec::new(), 0);
    for i in start..tokens.len() {
        match text(i) {
            "{" => depth += 1,
            "}" if depth == 1 => break,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 1 && i > start && matches!(text(i - 1), "{" | ",") && text(i) != "self" {
            found.extend(name(i));
        }
    }
    found
}

/// Every source file, with its path below `src`.
fn sources() -> Vec<(PathBuf, String)> {
    sources_in("src")
}

/// The same of another folder of the project.
fn sources_in(folder: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    let read = |path: PathBuf| (path.strip_prefix(&root).unwrap().to_owned(), std::fs::read_to_string(&path).unwrap());
    paths.into_iter().map(read).collect()
}

/// A file's path of modules: `kinds/mod.rs` is `kinds`, `kinds/pods.rs` is `kinds::pods`, `lib.rs` is `lib`.
fn module_of(path: &Path) -> Vec<String> {
    let mut module: Vec<String> = path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

/// What is wrong with the imports of one file.
fn wrong_imports(path: &Path, source: &str) -> Vec<String> {
    let module = module_of(path);
    let top = module[0].as_str();
    if TOP.contains(&top) {
        return Vec::new();
    }
    let shown = Path::new("src").join(path);
    let Some((_, allowed)) = MAY.iter().find(|(name, _)| *name == top) else {
        return vec![format!("{}:1: {top} has no row in MAY: say there what it may import", shown.display())];
    };
    let module: Vec<&str> = module.iter().map(String::as_str).collect();
    let known = |name: &str| TOP.contains(&name) || MAY.iter().any(|(other, _)| *other == name);
    imports(source, &module)
        .into_iter()
        .filter(|(name, _)| name != top && !allowed.contains(&name.as_str()))
        .map(|(name, line)| {
            let why = if known(&name) { format!("{top} must not import {name}") } else { format!("{name} is not in MAY") };
            format!("{}:{line}: {why}", shown.display())
        })
        .collect()
}

#[test]
fn imports_between_folders_go_one_way() {
    let sources = sources();
    assert!(sources.len() > 10, "the sources are found");
    let wrong: Vec<String> = sources.iter().flat_map(|(path, source)| wrong_imports(path, source)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_may_import_what_has_no_circle() {
    // Parts are taken away whose imports are all taken away; a circle remains.
    let mut left: BTreeSet<&str> = MAY.iter().map(|(name, _)| *name).collect();
    loop {
        let free = |name: &&str| MAY.iter().find(|(n, _)| n == name).is_some_and(|(_, may)| may.iter().all(|m| !left.contains(m)));
        let gone: Vec<&str> = left.iter().copied().filter(|name| free(name)).collect();
        if gone.is_empty() {
            break;
        }
        left.retain(|name| !gone.contains(name));
    }
    assert!(left.is_empty(), "they import each other: {left:?}");
}

#[test]
fn no_file_is_long_without_a_reason() {
    let mut wrong = Vec::new();
    let of =
        |folder: &'static str| sources_in(folder).into_iter().map(move |(path, source)| (format!("{folder}/{}", path.display()), source));
    for (name, source) in of("src").chain(of("tests")).chain(of("benches")) {
        match (source.lines().count(), LONG_WITH_REASON.iter().any(|(long, _)| *long == name)) {
            (lines, false) if lines > LONG => wrong.push(format!("{name}:{LONG}: {lines} lines: split it by topic")),
            (lines, true) if lines <= LONG => wrong.push(format!("{name} is no longer long: take it from the list")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The only parts that may build a request that is no plain GET: the gate, and the demo's server, which answers them.
const WRITERS: &[&str] = &["cluster/write", "demo"];

/// What builds a request that may change something, or that becomes another protocol: methods, builders that take any method,
/// kube's typed API, and upgrades.
fn writes(source: &str) -> Vec<(String, usize)> {
    let tokens = tokens(source);
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let builders = ["post", "put", "patch", "delete", "options", "connect", "builder", "new", "from_parts"];
    let found = |i: usize| match text(i) {
        "Method" => text(i + 1) == "::" && !matches!(text(i + 2), "GET" | "{"),
        "Request" => text(i + 1) == "::" && builders.contains(&text(i + 2)),
        "method" => i > 0 && text(i - 1) == "." && text(i + 1) == "(" && text(i + 2) != ")",
        "method_mut" | "Api" | "upgrade" | "tungstenite" | "tokio_tungstenite" => true,
        _ => false,
    };
    (0..tokens.len()).filter(|i| found(*i)).map(|i| (tokens[i].text.clone(), tokens[i].line)).collect()
}

#[test]
fn the_gate_alone_sends_what_is_no_read() {
    let sources = sources();
    let (gate, others): (Vec<_>, Vec<_>) = sources.iter().partition(|(path, _)| WRITERS.iter().any(|writer| path.starts_with(writer)));
    let wrong: Vec<String> = others
        .iter()
        .flat_map(|(path, source)| {
            let place = |(what, line)| format!("src/{}:{line}: {what}: only cluster/write sends what is no GET", path.display());
            writes(source).into_iter().map(place)
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let send = gate.iter().find(|(path, _)| path.ends_with("write/send.rs")).expect("the gate sends in send.rs");
    assert!(!writes(&send.1).is_empty(), "and is found to");
}

#[test]
fn nothing_is_unsafe() {
    for (path, source) in sources() {
        let place = tokens(&source).into_iter().find(|token| token.text == "unsafe");
        assert!(place.is_none(), "src/{}:{}: unsafe", path.display(), place.map_or(0, |token| token.line));
    }
}

#[test]
fn modules_say_what_they_are_for() {
    for (path, source) in sources().into_iter().filter(|(path, _)| !path.ends_with("tests.rs")) {
        assert!(source.starts_with("//! "), "src/{}:1: the module does not open with what it is for", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(path: &str, source: &str) -> Vec<String> {
        wrong_imports(Path::new(path), source)
    }

    #[test]
    fn an_import_the_wrong_way_is_told_with_its_place() {
        let found = wrong("model/row.rs", "//! Rows.\nuse std::fmt;\nuse crate::kinds::BLOCKS;\n");
        assert_eq!(found, ["src/model/row.rs:3: model must not import kinds"]);
        assert_eq!(
            wrong("cluster/watch.rs", "use crate::{model::row::Row, view};\n"),
            ["src/cluster/watch.rs:1: cluster must not import view"]
        );
        assert_eq!(wrong("kinds/pods.rs", "fn f() {\n  crate::cluster::go()\n}"), ["src/kinds/pods.rs:2: kinds must not import cluster"]);
        assert_eq!(wrong("model/mod.rs", "use super::app::App;"), ["src/model/mod.rs:1: model must not import app"]);
        assert_eq!(wrong("kinds/pods.rs", "use super::super::view;"), ["src/kinds/pods.rs:1: kinds must not import view"]);
        assert_eq!(wrong("kinds/pods.rs", "mod t { use super::super::super::view; }"), ["src/kinds/pods.rs:1: kinds must not import view"]);
        assert_eq!(wrong("view/a.rs", "use crate::nowhere;"), ["src/view/a.rs:1: nowhere is not in MAY"]);
        assert_eq!(wrong("fresh.rs", "").len(), 1, "a part without a row");
    }

    #[test]
    fn what_writes_is_found_and_what_reads_is_not() {
        for source in [
            "Request::post(path)",
            "http::Request::builder()",
            "let m = Method::PATCH;",
            "r.method(Method::GET)",
            "*request.method_mut() = m",
            "let api: Api<Pod> = x;",
            "hyper::upgrade::on(x)",
            "tokio_tungstenite::client(a)",
        ] {
            assert!(!writes(source).is_empty(), "{source}");
        }
        for source in
            ["Request::get(path)", "request.method()", "// Request::post\n\"Method::PUT\"", "use http::{Method, Request};", "Method::GET"]
        {
            assert_eq!(writes(source), [], "{source}");
        }
    }

    #[test]
    fn the_right_way_and_what_is_no_import_are_not_told() {
        for (path, source) in [
            ("kinds/pods.rs", "use crate::kinds::partial;\nuse crate::model::{row::{Cell, Row}, time};\nuse super::Block;"),
            ("kinds/mod.rs", "crate::partial! { X { } }\nmod tests { use super::*; fn f() { super::super::kinds::x(); } }"),
            ("kinds/a.rs", "mod tests { use super::super::partial; }"),
            ("model/row.rs", "/// As [`crate::kinds::Block`].\n// use crate::view;\nconst S: &str = \"crate::view::x\";"),
            (
                "model/row.rs",
                "const S: &str = r#\"\" crate::view::x \"#; const B: &[u8] = br#\"\"crate::view::x\"#; const C: char = '\"'; /* crate::view::y /* */ */",
            ),
            ("model/row.rs", "fn f<'a>(x: &'a str) -> char { '\\'' } // crate::view::z"),
            ("app.rs", "use crate::{view, cluster};"),
            ("model/row.rs", "use super::time; use std::super_crate::view;"),
        ] {
            assert_eq!(wrong(path, source), Vec::<String>::new(), "{path}: {source}");
        }
    }

    #[test]
    fn lines_are_counted_through_strings_and_comments() {
        let tokens = tokens("a /* 1\n2 */ \"x\ny\" r\"\n\" b\n// c\nd");
        let places: Vec<(&str, usize)> = tokens.iter().map(|t| (t.text.as_str(), t.line)).collect();
        assert_eq!(places, [("a", 1), ("b", 4), ("d", 6)]);
    }
}
