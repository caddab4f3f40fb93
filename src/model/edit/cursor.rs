//! Where in an object a cursor stands, found from the lines above it: text that is being typed can seldom be parsed.

/// What a cursor stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// The name of a field, or where one could be begun.
    Key,
    /// A value, or where one could be begun.
    Value,
    /// A line of a text of several lines (`|`, `>`, or a long quoted text).
    Text,
    /// A comment.
    Comment,
}

/// See [`cursor`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The keys on the way to it; `None` is an item of a list. On a key it is the way to the map in which the key stands.
    pub path: Vec<Option<String>>,
    /// What it is on.
    pub spot: Spot,
    /// The key or value that stands there, whole; without its quotes.
    pub word: String,
    /// What of the word stands before the cursor.
    pub typed: String,
    /// The columns of the line that the word takes, from 1, in characters; the second is behind it. For what is completed.
    pub columns: (usize, usize),
    /// The other keys of the map that it is in.
    pub beside: Vec<String>,
}

/// What encloses a line.
#[derive(Clone)]
enum Frame {
    Map { column: usize, key: String, keys: Vec<String>, open: bool },
    List { column: usize },
}

impl Frame {
    fn column(&self) -> usize {
        match self {
            Frame::Map { column, .. } | Frame::List { column } => *column,
        }
    }
}

/// What a text goes on with in the next line.
enum Goes {
    Lines,
    /// Text that stands further in than this column.
    Block(usize),
    /// Text until this quote.
    Quoted(char),
    Flow,
}

/// What stands at a line and column, both from 1, the column in characters; beyond the end it is the end.
pub fn cursor(text: &str, line: usize, column: usize) -> Cursor {
    let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let line = line.clamp(1, lines.len()) - 1;
    let column = column.max(1) - 1;
    let first = lines[..=line].iter().rposition(|line| line.starts_with("---")).map_or(0, |at| at + 1);
    let mut scan = Scan { frames: Vec::new(), goes: Goes::Lines, flow: Flow::default() };
    for before in lines.get(first..line).unwrap_or_default() {
        scan.line(before);
    }
    let this = lines[line];
    let column = column.min(this.chars().count());
    let mut found = scan.cursor(this, column);
    if found.spot == Spot::Key && scan.flow.open.is_empty() {
        scan.keys_after(&mut found.beside, &lines[line + 1..], column_of(this).unwrap_or(column));
    }
    found.beside.retain(|name| *name != found.word || found.spot == Spot::Value);
    found
}

struct Scan {
    frames: Vec<Frame>,
    goes: Goes,
    flow: Flow,
}

/// The dashes and the content of a line: the columns of the dashes, and the column and text of what follows.
fn layout(line: &str) -> (Vec<usize>, usize, &str) {
    let mut dashes = Vec::new();
    let mut at = line.len() - line.trim_start_matches(' ').len();
    loop {
        let rest = &line[at..];
        if rest != "-" && !rest.starts_with("- ") {
            return (dashes, at, rest);
        }
        dashes.push(at);
        let after = &rest[1..];
        at += 1 + after.len() - after.trim_start_matches(' ').len();
    }
}

/// The column of what is first on a line behind its dashes.
fn column_of(line: &str) -> Option<usize> {
    let (_, column, rest) = layout(line);
    (!rest.trim().is_empty()).then_some(column)
}

/// A key and where its colon stands in the text; quotes are taken off.
fn key(rest: &str) -> Option<(String, usize)> {
    if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let end = rest[1..].find(quote)? + 2;
        let colon = end + rest[end..].find(':').filter(|at| rest[end..end + at].trim().is_empty())?;
        let after = rest[colon + 1..].chars().next();
        return after.is_none_or(char::is_whitespace).then(|| (rest[1..end - 1].to_owned(), colon));
    }
    if rest.starts_with(['#', '{', '[', '|', '>', '&', '*', '!', '%', '@', '`']) {
        return None;
    }
    let colon = rest.char_indices().find(|(at, c)| *c == ':' && rest[at + 1..].chars().next().is_none_or(char::is_whitespace))?.0;
    (!rest[..colon].contains(" #")).then(|| (rest[..colon].trim_end().to_owned(), colon))
}

/// A value without anchors, tags and a comment.
fn bare(value: &str) -> &str {
    let mut value = value.trim();
    while value.starts_with(['&', '!']) {
        value = value.split_once(' ').map_or("", |(_, rest)| rest.trim_start());
    }
    if value.starts_with('#') { "" } else { value }
}

impl Scan {
    fn line(&mut self, line: &str) {
        match self.goes {
            Goes::Block(column) if line.trim().is_empty() || indent(line) > column => return,
            Goes::Block(_) => self.goes = Goes::Lines,
            Goes::Quoted(quote) => {
                if closes(line, quote) {
                    self.goes = Goes::Lines;
                }
                return;
            }
            Goes::Flow => {
                self.flow.read(line);
                if self.flow.open.is_empty() {
                    self.goes = Goes::Lines;
                }
                return;
            }
            Goes::Lines => {}
        }
        let (dashes, column, rest) = layout(line);
        if dashes.is_empty() && (rest.trim().is_empty() || rest.starts_with('#')) {
            return;
        }
        self.dashes(&dashes);
        let value = match key(rest) {
            Some((name, colon)) => {
                let value = bare(&rest[colon + 1..]);
                self.key(column, name, value.is_empty());
                value
            }
            None => bare(rest),
        };
        // A block text stands further in than the key or the dash that it belongs to.
        let owner = self.frames.last().map_or(0, Frame::column);
        match value.chars().next() {
            Some('|' | '>') => self.goes = Goes::Block(owner),
            Some(quote @ ('"' | '\'')) if !closes(&value[1..], quote) => self.goes = Goes::Quoted(quote),
            Some('{' | '[') => {
                self.flow = Flow::default();
                self.flow.read(value);
                if !self.flow.open.is_empty() {
                    self.goes = Goes::Flow;
                }
            }
            _ => {}
        }
    }

    fn dashes(&mut self, dashes: &[usize]) {
        for &dash in dashes {
            self.frames.truncate(self.frames.iter().rposition(|frame| frame.column() <= dash).map_or(0, |at| at + 1));
            if !matches!(self.frames.last(), Some(Frame::List { column }) if *column == dash) {
                self.frames.push(Frame::List { column: dash });
            }
        }
    }

    fn key(&mut self, at: usize, name: String, empty: bool) {
        self.leave(at);
        if let Some(Frame::Map { column, key, keys, open }) = self.frames.last_mut()
            && *column == at
        {
            keys.push(name.clone());
            (*key, *open) = (name, empty);
        } else {
            self.frames.push(Frame::Map { column: at, keys: vec![name.clone()], key: name, open: empty });
        }
    }

    /// Leaves what is further in than a column, and the list whose dashes stand in it: its parent's key does too.
    fn leave(&mut self, at: usize) {
        while self.frames.last().is_some_and(|frame| frame.column() > at || matches!(frame, Frame::List { column } if *column == at)) {
            self.frames.pop();
        }
    }

    fn path(&self) -> Vec<Option<String>> {
        let step = |frame: &Frame| match frame {
            Frame::Map { key, .. } => Some(key.clone()),
            Frame::List { .. } => None,
        };
        self.frames.iter().map(step).collect()
    }

    fn cursor(&mut self, line: &str, column: usize) -> Cursor {
        let at = byte_of(line, column);
        let blank = |scan: &Scan, spot| Cursor {
            path: scan.path(),
            spot,
            word: String::new(),
            typed: String::new(),
            columns: (column + 1, column + 1),
            beside: Vec::new(),
        };
        match self.goes {
            Goes::Block(owner) if (if line.trim().is_empty() { column } else { indent(line) }) > owner => {
                return blank(self, Spot::Text);
            }
            Goes::Quoted(_) => return blank(self, Spot::Text),
            Goes::Flow => return self.in_flow(line, 0, column),
            _ => {}
        }
        let (dashes, start, rest) = layout(line);
        if line.trim_start().starts_with('#') {
            return blank(self, Spot::Comment);
        }
        if line[..at].contains(" #") {
            // It is of the field that it stands behind.
            self.line(line);
            return blank(self, Spot::Comment);
        }
        self.dashes(&dashes);
        if rest.trim().is_empty() {
            return self.begun(if dashes.is_empty() { column } else { start.max(at) }, column);
        }
        if let Some((name, colon)) = key(rest) {
            if at <= start + colon {
                self.leave(start);
                let beside = match self.frames.last() {
                    Some(Frame::Map { column, .. }) if *column == start => self.map_keys(),
                    _ => Vec::new(),
                };
                let typed = rest.get(..at.saturating_sub(start)).unwrap_or_default().trim_matches(['"', '\'']).to_owned();
                let columns = (chars(line, start) + 1, chars(line, start + rest[..colon].trim_end().len()) + 1);
                return Cursor { path: self.path(), spot: Spot::Key, word: name, typed, columns, beside };
            }
            self.key(start, name, false);
            let gap = rest[colon + 1..].len() - rest[colon + 1..].trim_start().len();
            return self.value(line, start + colon + 1 + gap, at, column);
        }
        // A word alone: the beginning of a key, or the value of an item.
        if rest.starts_with(['{', '[', '"', '\'']) {
            return self.value(line, start, at, column);
        }
        let mut found = self.begun(start, column);
        let word = rest.split(" #").next().unwrap_or(rest).trim_end();
        found.word = word.to_owned();
        found.typed = line.get(start..at).unwrap_or_default().to_owned();
        found.columns = (chars(line, start) + 1, chars(line, start + word.len()) + 1);
        found
    }

    /// A line on which nothing stands yet, as far as its beginning says what it will be.
    fn begun(&mut self, start: usize, column: usize) -> Cursor {
        while self.frames.last().is_some_and(|frame| frame.column() > start) {
            self.frames.pop();
        }
        if let [.., Frame::Map { column, .. }, Frame::List { column: dash }] = self.frames.as_slice()
            && column == dash
            && *dash == start
        {
            self.frames.pop();
        }
        let (spot, beside) = match self.frames.last() {
            Some(Frame::Map { column, .. }) if *column == start => (Spot::Key, self.map_keys()),
            Some(Frame::Map { open: false, .. }) => (Spot::Text, Vec::new()),
            _ => (Spot::Key, Vec::new()),
        };
        Cursor { path: self.path(), spot, word: String::new(), typed: String::new(), columns: (column + 1, column + 1), beside }
    }

    /// The keys of the innermost map, which is left: a path to a key's map goes without its key.
    fn map_keys(&mut self) -> Vec<String> {
        match self.frames.pop() {
            Some(Frame::Map { keys, .. }) => keys,
            _ => Vec::new(),
        }
    }

    fn value(&mut self, line: &str, start: usize, at: usize, column: usize) -> Cursor {
        let start = start.min(line.len());
        let rest = &line[start..];
        if rest.starts_with(['{', '[']) && at > start {
            self.flow = Flow::default();
            return self.in_flow(line, chars(line, start), column);
        }
        let word = rest.split(" #").next().unwrap_or(rest).trim_end();
        let from = start.min(at);
        let typed = line.get(start..at).unwrap_or_default().trim_matches(['"', '\'']).to_owned();
        let columns = (chars(line, from) + 1, chars(line, (start + word.len()).max(from)) + 1);
        Cursor { path: self.path(), spot: Spot::Value, word: word.trim_matches(['"', '\'']).to_owned(), typed, columns, beside: Vec::new() }
    }

    fn in_flow(&mut self, line: &str, from: usize, column: usize) -> Cursor {
        self.flow.read(&line[byte_of(line, from)..byte_of(line, column)]);
        let mut path = self.path();
        let (mut spot, mut beside) = (Spot::Value, Vec::new());
        for (at, open) in self.flow.open.iter().enumerate() {
            let last = at + 1 == self.flow.open.len();
            match open {
                Open::List => path.push(None),
                Open::Map { key: Some(key), .. } => path.push(Some(key.clone())),
                Open::Map { key: None, keys } if last => (spot, beside) = (Spot::Key, keys.clone()),
                Open::Map { key: None, .. } => {}
            }
        }
        let typed = self.flow.word.trim_start().trim_start_matches(['"', '\'']).to_owned();
        let rest = &line[byte_of(line, column)..];
        let more: String = rest.chars().take_while(|c| !matches!(c, ',' | ':' | '}' | ']' | '"' | '\'')).collect();
        let more = more.trim_end();
        let columns = (column + 1 - typed.chars().count().min(column), column + 1 + more.chars().count());
        Cursor { path, spot, word: format!("{typed}{more}"), typed, columns, beside }
    }

    /// The keys of the same map that stand below.
    fn keys_after(&self, beside: &mut Vec<String>, lines: &[&str], at: usize) {
        for line in lines {
            let (dashes, column, rest) = layout(line);
            if dashes.is_empty() && (rest.trim().is_empty() || rest.starts_with('#')) {
                continue;
            }
            if line.starts_with("---") || dashes.first().is_some_and(|dash| *dash < at) || (dashes.is_empty() && column < at) {
                return;
            }
            if dashes.is_empty()
                && column == at
                && let Some((name, _)) = key(rest)
            {
                beside.push(name);
            }
        }
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A text in quotes ends on this line.
fn closes(line: &str, quote: char) -> bool {
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && quote == '"' {
            chars.next();
        } else if c == quote {
            if quote == '\'' && chars.peek() == Some(&'\'') {
                chars.next();
                continue;
            }
            return true;
        }
    }
    false
}

fn byte_of(line: &str, column: usize) -> usize {
    line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}

/// The characters before a byte.
fn chars(line: &str, byte: usize) -> usize {
    line.get(..byte).map_or(0, |before| before.chars().count())
}

/// A flow collection (`{a: [1, 2]}`, JSON) that is read from its beginning.
#[derive(Default)]
struct Flow {
    open: Vec<Open>,
    /// What stands since the last sign.
    word: String,
    quote: Option<char>,
}

enum Open {
    Map { key: Option<String>, keys: Vec<String> },
    List,
}

impl Flow {
    fn read(&mut self, line: &str) {
        if self.quote.is_none() && self.word.trim().is_empty() {
            self.word.clear();
        } else {
            self.word.push(' ');
        }
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            if let Some(quote) = self.quote {
                if c == '\\' && quote == '"' {
                    self.word.extend(chars.next());
                } else if c == quote {
                    self.quote = None;
                } else {
                    self.word.push(c);
                }
                continue;
            }
            match c {
                '"' | '\'' if self.word.trim().is_empty() => (self.quote, self.word) = (Some(c), String::new()),
                '#' if self.word.is_empty() || self.word.ends_with(' ') => return,
                '{' => self.begin(Open::Map { key: None, keys: Vec::new() }),
                '[' => self.begin(Open::List),
                '}' | ']' => {
                    self.open.pop();
                    self.word.clear();
                    if self.open.is_empty() {
                        return;
                    }
                }
                ',' => {
                    self.word.clear();
                    if let Some(Open::Map { key, .. }) = self.open.last_mut() {
                        *key = None;
                    }
                }
                ':' if chars.peek().is_none_or(|next| next.is_whitespace() || matches!(next, '"' | '{' | '[' | '\'')) => {
                    let word = std::mem::take(&mut self.word);
                    if let Some(Open::Map { key, keys }) = self.open.last_mut() {
                        keys.push(word.trim().to_owned());
                        *key = Some(word.trim().to_owned());
                    }
                }
                c => self.word.push(c),
            }
        }
    }

    fn begin(&mut self, open: Open) {
        self.word.clear();
        self.open.push(open);
    }
}

#[cfg(test)]
mod tests;
