//! What was copied into a container is read back: the same files, as long and with the same bytes.

use std::collections::BTreeMap;
use std::io::{self, Read};

use tokio::sync::{mpsc, watch};

use super::super::Gate;
use super::super::channel::{Came, Channel, ERROR, STDERR, STDOUT};
use super::super::command::{Ending, Tail};
use super::super::enter::status::End;
use super::into::Into;
use super::members::Members;
use super::pack::{Packed, Print};
use super::tally::{Said, Tally};
use super::{Job, Progress, pipe};
use crate::cluster::connect::Session;

/// What was found.
#[derive(Debug, Default)]
struct Found {
    /// Other bytes than were sent.
    other: Said,
    /// Not there.
    missing: Said,
    broken: Option<String>,
}

/// Reads everything back that was sent.
///
/// # Errors
/// What is not as it was sent, or why that could not be found out.
pub(super) async fn check(
    gate: &Gate,
    session: &Session,
    job: &Job,
    way: &Into,
    packed: &Packed,
    progress: &Progress<'_>,
) -> Result<(), String> {
    if packed.sent.is_empty() {
        return Ok(());
    }
    let name = format!("./{}", way.name);
    let words = ["tar", "cf", "-", "-C", &way.folder, &name];
    let Channel { mut to, mut from } = gate.open(session, &job.command(&words, false).door()).await?;
    let (sender, reader) = pipe::incoming();
    let (tell, told) = watch::channel(Tally::default());
    let sent = packed.sent.clone();
    let comparing = tokio::task::spawn_blocking(move || compare(reader, sent, &tell));
    let mut stderr = Tail::default();
    let mut ending = Ending::default();
    let hearing = async {
        loop {
            let came = tokio::select! {
                came = from.next() => came,
                () = ending.over() => return None,
                // All has been seen: what else is there is of no interest.
                () = sender.closed() => return None,
            };
            match came {
                Came::Bytes(STDOUT, bytes) if !bytes.is_empty() => drop(sender.send(Ok(bytes)).await),
                Came::Bytes(STDERR, bytes) => stderr.add(&bytes),
                Came::Bytes(ERROR, bytes) => ending.take(&bytes),
                Came::Bytes(..) => {}
                Came::Quiet => {
                    if let Err(why) = to.ping().await {
                        return Some(why);
                    }
                }
                Came::End(why) => return why,
            }
        }
    };
    let total = packed.tally.bytes;
    let broken = tokio::select! {
        broken = hearing => broken,
        () = progress.tell("reading back: ", told, |_| Some(total)) => None,
    };
    // An end that nobody has told is no end of the archive.
    cut(&sender, &broken).await;
    drop(sender);
    to.close().await;
    let found = comparing.await.map_err(|error| error.to_string())?;
    let failed = match ending.come_to(broken) {
        End::Exited(0) | End::Cut(_) | End::Left => None,
        ended => Some(job.failed(&ended, &stderr.words())),
    };
    verdict(&found, failed)
}

async fn cut(sender: &mpsc::Sender<Result<bytes::Bytes, String>>, broken: &Option<String>) {
    if let Some(why) = broken {
        // Whoever compares may have seen enough.
        let _ = sender.send(Err(why.clone())).await;
    }
}

fn verdict(found: &Found, failed: Option<String>) -> Result<(), String> {
    let mut words = Vec::new();
    for (said, what) in [(&found.other, "differ"), (&found.missing, "not there")] {
        words.extend((!said.is_empty()).then(|| said.words(what)));
    }
    words.extend(found.broken.clone().filter(|_| failed.is_none()));
    // All that was sent is there: that something else could not be read says nothing of it.
    words.extend(failed.filter(|_| !found.missing.is_empty() || found.broken.is_some()));
    if words.is_empty() { Ok(()) } else { Err(words.join("; ")) }
}

/// Compares what comes with what was sent, until all of that was seen.
fn compare(reader: impl Read, mut sent: BTreeMap<Vec<u8>, Print>, tell: &watch::Sender<Tally>) -> Found {
    let mut found = Found::default();
    let mut members = Members::new(reader);
    let mut tally = Tally::default();
    while !sent.is_empty() {
        let member = match members.next() {
            Ok(Some(member)) => member,
            Ok(None) => break,
            Err(error) => {
                found.broken = Some(error.to_string());
                break;
            }
        };
        let path = member.path.strip_prefix(b"./").unwrap_or(&member.path);
        // Another name of a file that came before: the same bytes, which were compared there.
        if member.kind == tar::EntryType::Link {
            sent.remove(path);
            continue;
        }
        let link = member.kind == tar::EntryType::Symlink;
        let Some(print) = sent.get(path).copied().filter(|print| if print.link { link } else { member.is_file() }) else { continue };
        sent.remove(path);
        if link {
            if Print::of_link(&member.link) != print {
                found.other.add(path, "it leads elsewhere");
            }
            continue;
        }
        match sum(&mut members, &mut tally, tell) {
            Ok(now) if now == print => tally.files += 1,
            Ok(now) => found.other.add(path, &format!("{} bytes and not {}, or others", now.size, print.size)),
            Err(error) => {
                found.broken = Some(error.to_string());
                break;
            }
        }
    }
    for path in sent.keys() {
        found.missing.add(path, "it did not come back");
    }
    found
}

fn sum(reader: &mut impl Read, tally: &mut Tally, tell: &watch::Sender<Tally>) -> io::Result<Print> {
    let mut sum = flate2::Crc::new();
    let mut chunk = vec![0; 64 << 10];
    let mut size = 0;
    loop {
        let read = reader.read(&mut chunk)?;
        if read == 0 {
            return Ok(Print { link: false, size, sum: sum.sum() });
        }
        sum.update(&chunk[..read]);
        size += read as u64;
        tally.bytes += read as u64;
        tell.send_replace(tally.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::write::copy::pack::pack;

    #[test]
    fn what_is_other_or_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let tell = watch::Sender::new(Tally::default());
        for name in ["a", "b", "c"] {
            std::fs::write(folder.path().join(name), name.repeat(1000)).unwrap();
        }
        let mut archive = Vec::new();
        let sent = pack(folder.path(), "x", &mut archive, &tell).sent;
        assert!(verdict(&compare(archive.as_slice(), sent.clone(), &tell), None).is_ok());
        assert!(verdict(&compare(archive.as_slice(), sent.clone(), &tell), Some("tar ended with code 1".into())).is_ok());

        std::fs::write(folder.path().join("a"), "b".repeat(1000)).unwrap();
        std::fs::remove_file(folder.path().join("b")).unwrap();
        std::fs::write(folder.path().join("c"), "c").unwrap();
        let mut archive = Vec::new();
        pack(folder.path(), "x", &mut archive, &tell);
        let words = verdict(&compare(archive.as_slice(), sent.clone(), &tell), None).unwrap_err();
        assert!(
            words.contains("2 differ: x/a") && words.contains("x/c (1 bytes and not 1000") && words.contains("1 not there: x/b"),
            "{words}"
        );
        archive.truncate(1024);
        let words = verdict(&compare(archive.as_slice(), sent, &tell), None).unwrap_err();
        assert!(words.contains("the archive ends in the middle"), "{words}");
    }
}
