//! Requests as they are read, and answers as they are written.

use super::*;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, mostly.
    pub method: String,
    /// What came with it.
    pub body: Value,
    /// Without the query.
    pub path: String,
    /// Without the question mark.
    pub query: String,
    /// The Accept header.
    pub accept: String,
    /// It asks to speak something else than HTTP from now on.
    pub upgrades: bool,
    /// When.
    pub at: Instant,
}

impl Request {
    /// The query has this pair.
    pub fn has(&self, pair: &str) -> bool {
        self.query.split('&').any(|other| other == pair)
    }

    /// A value of the query.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// It asks for a watch.
    pub fn watches(&self) -> bool {
        self.has("watch=1")
    }

    /// It asks for a watch or a list of this kind, in whichever namespace.
    pub fn is_of(&self, plural: &str) -> bool {
        // metrics.k8s.io calls its kinds by the names of others.
        self.path.rsplit('/').next() == Some(plural) && !self.path.starts_with("/apis/metrics.k8s.io/")
    }
}

/// What is answered.
pub enum Answer {
    /// A whole document.
    Whole {
        /// HTTP status.
        code: u16,
        /// Its type.
        content_type: String,
        /// More headers.
        headers: Vec<(&'static str, String)>,
        /// The document.
        body: Vec<u8>,
    },
    /// A stream that stays open after its first bytes; [`Server::push`] and the like reach it by its kind.
    Stream {
        /// Its type.
        content_type: String,
        /// How it begins.
        first: Vec<u8>,
    },
}

impl Answer {
    /// A document in JSON.
    pub fn json(value: &Value) -> Answer {
        Answer::Whole { code: 200, content_type: "application/json".into(), headers: Vec::new(), body: value.to_string().into_bytes() }
    }

    /// A refusal as the API has it.
    pub fn refusal(code: u16, reason: &str, message: &str) -> Answer {
        let status = status(code, reason, message);
        Answer::Whole { code, content_type: "application/json".into(), headers: Vec::new(), body: status.to_string().into_bytes() }
    }

    /// The same with a header.
    pub fn with(self, name: &'static str, value: &str) -> Answer {
        match self {
            Answer::Whole { code, content_type, mut headers, body } => {
                headers.push((name, value.to_owned()));
                Answer::Whole { code, content_type, headers, body }
            }
            stream => stream,
        }
    }
}

pub(super) fn chunk(bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        // An empty chunk would be the end.
        return Vec::new();
    }
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

pub(super) fn whole(
    writer: &mut &TcpStream,
    code: u16,
    content_type: &str,
    headers: &[(&str, String)],
    body: &[u8],
) -> std::io::Result<()> {
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("HTTP/1.1 {code} Scripted\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n{more}\r\n", body.len());
    writer.write_all(&[head.as_bytes(), body].concat())?;
    writer.flush()
}

/// The head of a request; `None` when the connection is closed.
pub(super) fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        head.push(line);
    }
    let target = head.first()?.split(' ').nth(1)?.to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let header = |name: &str| {
        let of = |line: &String| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned());
        head.iter().find_map(of).unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        method: head.first()?.split(' ').next()?.to_owned(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        path: path.to_owned(),
        query: query.to_owned(),
        accept: header("accept"),
        upgrades: !header("upgrade").is_empty() || header("connection").to_lowercase().contains("upgrade"),
        at: Instant::now(),
    })
}
