//! A log into a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use crate::model::log::filter::Sieve;
use crate::model::log::{Block, Kind, Saving, Source};

/// Writes it: bytes as they came, with the source before each line where there are several.
pub(super) fn save(saving: &Saving, blocks: &[Arc<Block>], sources: &[Source], sieve: &Sieve) -> Result<String, String> {
    let shown = saving.path.display();
    let file = File::options().write(true).create_new(true).open(&saving.path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!("{shown} is there already: name another file"),
        _ => format!("{shown} cannot be written: {error}"),
    })?;
    let mut out = BufWriter::new(file);
    let written = write(&mut out, saving, blocks, sources, sieve).and_then(|count| out.flush().map(|()| count));
    match written {
        Ok(count) => Ok(format!("{count} lines are in {shown}")),
        Err(error) => Err(format!("{shown} is not whole: {error}")),
    }
}

fn write(out: &mut impl Write, saving: &Saving, blocks: &[Arc<Block>], sources: &[Source], sieve: &Sieve) -> io::Result<u64> {
    let several = sources.iter().skip(1).any(|source| !source.same_container(&sources[0]));
    let (mut count, mut open) = (0, None);
    for block in blocks {
        let lines = block.lines()?;
        for line in lines.iter() {
            if saving.filtered && !sieve.leaves(&line, sources) {
                continue;
            }
            if line.kind == Kind::Rest && open == Some(line.source) {
                out.write_all(line.text)?;
                continue;
            }
            if open.is_some() {
                out.write_all(b"\n")?;
            }
            open = Some(line.source);
            count += 1;
            if !line.kind.is_said() {
                out.write_all(b"-- ")?;
            }
            if saving.stamps {
                let time = jiff::Timestamp::from_nanosecond(i128::from(line.at)).unwrap_or_default();
                write!(out, "{time} ")?;
            }
            if let Some(source) = sources.get(usize::from(line.source)).filter(|_| several && line.kind.is_said()) {
                write!(out, "[{}/{}] ", source.pod, source.container)?;
            }
            out.write_all(line.text)?;
        }
    }
    if open.is_some() {
        out.write_all(b"\n")?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::log::{Line, Lines};
    use crate::model::row::Uid;

    #[test]
    fn a_file_has_the_bytes_as_they_came() {
        let source =
            |container: &str| Source { namespace: "n".into(), pod: "p".into(), uid: Uid::new("u"), container: container.into(), life: 0 };
        let mut lines = Lines::default();
        let all: [(u16, Kind, &[u8]); 4] =
            [(0, Kind::Text, b"a\xff\x1b[31m"), (1, Kind::Text, b"long "), (1, Kind::Rest, b"line"), (0, Kind::Gap, b"gap")];
        for (seq, (source, kind, text)) in all.into_iter().enumerate() {
            lines.push(Line { seq: seq as u64, at: 1_500_000_000, source, kind, text });
        }
        let blocks = [Arc::new(Block::new(lines, 0))];
        let folder = std::env::temp_dir().join(format!("kubetui-save-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let saving = Saving { path: folder.join("log"), filtered: false, stamps: false };
        let said = save(&saving, &blocks, &[source("c"), source("d")], &Sieve::default()).unwrap();
        assert!(said.starts_with("3 lines are in "), "{said}");
        assert_eq!(std::fs::read(&saving.path).unwrap(), b"[p/c] a\xff\x1b[31m\n[p/d] long line\n-- gap\n");
        assert!(save(&saving, &blocks, &[], &Sieve::default()).unwrap_err().contains("is there already"));
        let saving = Saving { path: folder.join("stamped"), stamps: true, ..saving };
        save(&saving, &blocks, &[source("c")], &Sieve::default()).unwrap();
        assert!(std::fs::read(&saving.path).unwrap().starts_with(b"1970-01-01T00:00:01.5Z a"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
