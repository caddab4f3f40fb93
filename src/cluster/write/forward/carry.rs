//! Bytes between a TCP connection of this machine and a port of a pod, over one websocket (`v4.channel.k8s.io`: data on
//! stream 0, errors on stream 1, each of which begins with the port's number in two bytes).
//!
//! Nothing is read that cannot be passed on: what one side does not take waits at the other. The protocol has no word for
//! the end of one direction. When the pod's program hangs up, the websocket ends, and with it the connection. When the
//! client does, that cannot be said: what the pod still has to say is passed on until it is silent for [`LINGER`].

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::Notify;

use super::Counters;
use crate::cluster::write::channel::{Came, Channel, Receiver, Sender};

const DATA: u8 = 0;
const ERROR: u8 = 1;
/// Bytes that are read at once.
const PIECE: usize = 32 << 10;
/// An error is not longer than this, in bytes.
const LONGEST: usize = 4 << 10;
/// After the client has ended its half, the pod may be silent for so long before the rest is ended too.
const LINGER: Duration = Duration::from_secs(5);
/// What the other side has to say of an end is waited for so long.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the two directions know of each other.
#[derive(Debug, Default)]
struct Flow {
    /// The other side is to be asked for a sign of life.
    ping: Notify,
    /// The pod's side does not take what is sent, right now.
    sending: AtomicBool,
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

/// Carries bytes both ways until one side is done.
///
/// # Errors
/// What the pod's side says went wrong, or what broke the way there.
pub(super) async fn carry(local: &mut TcpStream, channel: Channel, counters: &Counters) -> Result<(), String> {
    let Channel { mut to, mut from } = channel;
    let (mut reading, mut writing) = local.split();
    let flow = Flow::default();
    let ended = {
        let up = up(&mut reading, &mut to, &flow, counters);
        let down = down(&mut from, &mut writing, &flow, counters);
        tokio::pin!(up, down);
        tokio::select! {
            ended = &mut down => ended,
            ended = &mut up => match ended {
                Up::Gone => Ok(()),
                Up::Ended => loop {
                    let before = flow.came.load(Ordering::Relaxed);
                    tokio::select! {
                        ended = &mut down => break ended,
                        () = tokio::time::sleep(LINGER) => {
                            if flow.came.load(Ordering::Relaxed) == before && !flow.writing.load(Ordering::Relaxed) {
                                break Ok(());
                            }
                        }
                    }
                },
                Up::Broken(why) => match tokio::time::timeout(LAST_WORDS, &mut down).await {
                    Ok(Err(better)) => Err(better),
                    // It ended in good order, and the client was still sending: that is how programs hang up.
                    Ok(Ok(())) => Ok(()),
                    Err(_) => Err(why),
                },
            },
        }
    };
    let hang_up = async {
        if ended.is_ok() {
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
            () = flow.ping.notified() => {
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
        flow.sending.store(true, Ordering::Relaxed);
        let sent = to.send(DATA, &buffer[..count]).await;
        flow.sending.store(false, Ordering::Relaxed);
        if let Err(why) = sent {
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
            // While the pod takes nothing, it can neither be asked nor answer.
            Came::Quiet if flow.sending.load(Ordering::Relaxed) => from.pardon(),
            Came::Quiet => flow.ping.notify_one(),
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
