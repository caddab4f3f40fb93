//! Bytes between a TCP connection of this machine and a port of a pod, over one websocket (`v4.channel.k8s.io`: data on
//! stream 0, errors on stream 1, each of which begins with the port's number in two bytes).
//!
//! Nothing is read that cannot be passed on: what one side does not take waits at the other. The protocol has no word for
//! the end of one direction. When the pod's program hangs up, the websocket ends, and with it the connection. When the
//! client does, that cannot be said: what the pod still has to say is passed on until it is silent for [`LINGER`]. Whether
//! that was all of it is not known, and so it is no good end.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::Counters;
use crate::cluster::link::LinkHandle;
use crate::cluster::write::alive::Alive;
use crate::cluster::write::channel::{Came, Channel, Receiver, Sender};

const DATA: u8 = 0;
const ERROR: u8 = 1;
/// Bytes that are read at once.
const PIECE: usize = 32 << 10;
/// An error is not longer than this, in bytes.
const LONGEST: usize = 4 << 10;
/// After the client has ended its half, the pod may be silent for so long before the rest is ended too.
const LINGER: Duration = Duration::from_secs(60);
/// Why it was ended then, where the client listened still.
const UNSAID: &str = "the client has no more to say, which a port-forward cannot tell the pod, and that was silent for a minute";
/// What the other side has to say of an end is waited for so long.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the two directions know of each other.
#[derive(Debug)]
struct Flow {
    alive: Alive,
    /// The client does not take what came, right now.
    writing: AtomicBool,
    /// Pieces that came.
    came: AtomicU64,
}

/// How the way to the pod ended.
enum Up {
    /// The client has no more to say.
    Ended,
    /// The client is gone.
    Gone,
    /// The way broke: why.
    Broken(String),
}

/// How a connection ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The pod's side has ended it, and the client has all of it.
    Good,
    /// The client has ended its half, and as far as one knows it is gone.
    Silent,
}

/// Carries bytes both ways until one side is done.
///
/// # Errors
/// What the pod's side says went wrong, or what broke the way there.
pub(super) async fn carry(local: &mut TcpStream, channel: Channel, link: &LinkHandle, counters: &Counters) -> Result<End, String> {
    let Channel { mut to, mut from } = channel;
    let (mut reading, mut writing) = local.split();
    let flow = Flow { alive: Alive::new(link), writing: AtomicBool::new(false), came: AtomicU64::new(0) };
    let mut listens = false;
    let ended = {
        let up = up(&mut reading, &mut to, &flow, counters);
        let down = down(&mut from, &mut writing, &flow, counters);
        tokio::pin!(up, down);
        tokio::select! {
            ended = &mut down => ended.map(|()| End::Good),
            ended = &mut up => match ended {
                Up::Gone => Ok(End::Silent),
                Up::Ended => {
                    let at_its_end = flow.came.load(Ordering::Relaxed);
                    loop {
                        let before = flow.came.load(Ordering::Relaxed);
                        tokio::select! {
                            ended = &mut down => break ended.map(|()| End::Good),
                            () = tokio::time::sleep(LINGER) => {
                                if flow.came.load(Ordering::Relaxed) == before && !flow.writing.load(Ordering::Relaxed) {
                                    listens = before > at_its_end;
                                    break Ok(End::Silent);
                                }
                            }
                        }
                    }
                }
                Up::Broken(why) => match tokio::time::timeout(LAST_WORDS, &mut down).await {
                    Ok(Err(better)) => Err(better),
                    // It ended in good order, and the client was still sending: that is how programs hang up.
                    Ok(Ok(())) => Ok(End::Good),
                    Err(_) => Err(why),
                },
            },
        }
    };
    // Whoever hangs up altogether does not take what comes after that; whoever does takes it for all that there is.
    let ended = match ended {
        Ok(End::Silent) if listens && reading.try_read(&mut [0]).is_ok() => Err(UNSAID.to_owned()),
        ended => ended,
    };
    let hang_up = async {
        if ended == Ok(End::Good) {
            // What the client has not taken yet would be lost if the rest of what it says were left unread.
            let _ = writing.shutdown().await;
            let mut rest = vec![0; PIECE];
            let read_off = async { while let Ok(1..) = reading.read(&mut rest).await {} };
            let _ = tokio::time::timeout(LAST_WORDS, read_off).await;
        }
    };
    tokio::join!(hang_up, to.close());
    ended
}

/// From the client to the pod.
async fn up(reading: &mut ReadHalf<'_>, to: &mut Sender, flow: &Flow, counters: &Counters) -> Up {
    let mut buffer = vec![0; PIECE];
    loop {
        let read = tokio::select! {
            biased;
            () = flow.alive.asked() => {
                if let Err(why) = to.ping().await {
                    return Up::Broken(why);
                }
                continue;
            }
            read = reading.read(&mut buffer) => read,
        };
        let count = match read {
            Ok(0) => return Up::Ended,
            Ok(count) => count,
            Err(_) => return Up::Gone,
        };
        if let Err(why) = flow.alive.sending(to.send(DATA, &buffer[..count])).await {
            return Up::Broken(why);
        }
        counters.sent.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// From the pod to the client.
async fn down(from: &mut Receiver, writing: &mut WriteHalf<'_>, flow: &Flow, counters: &Counters) -> Result<(), String> {
    // Bytes of the port's number that are still to come, on each stream.
    let mut head = [2_usize; 2];
    let mut error: Vec<u8> = Vec::new();
    loop {
        let came = if error.is_empty() {
            from.next().await
        } else {
            // It was said that it failed: nothing good comes after it.
            tokio::time::timeout(LAST_WORDS, from.next()).await.unwrap_or(Came::End(None))
        };
        match came {
            Came::Bytes(stream @ (DATA | ERROR), bytes) => {
                let left = &mut head[usize::from(stream)];
                let skipped = bytes.len().min(*left);
                *left -= skipped;
                let bytes = &bytes[skipped..];
                flow.came.fetch_add(1, Ordering::Relaxed);
                if stream == ERROR {
                    error.extend_from_slice(&bytes[..bytes.len().min(LONGEST - error.len())]);
                } else if !bytes.is_empty() {
                    flow.writing.store(true, Ordering::Relaxed);
                    let written = writing.write_all(bytes).await;
                    flow.writing.store(false, Ordering::Relaxed);
                    if written.is_err() {
                        // The client is gone: nothing of it is lost to anybody.
                        return Ok(());
                    }
                    counters.received.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                }
            }
            Came::Bytes(..) => {}
            Came::Quiet => flow.alive.quiet(from),
            Came::End(why) => {
                return match (error.is_empty(), why) {
                    (false, _) => Err(refused(String::from_utf8_lossy(&error).trim())),
                    (true, Some(why)) => Err(why),
                    (true, None) => Ok(()),
                };
            }
        }
    }
}

/// The runtime's words, which say at their end, if at all, what is most often the matter.
fn refused(words: &str) -> String {
    if words.contains("connection refused") { format!("nothing listens on that port in the pod: {words}") } else { words.to_owned() }
}
