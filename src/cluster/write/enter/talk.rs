//! The two directions of a session: what is typed goes in, what is said comes out, until either side ends it.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::status::{self, End};
use crate::cluster::write::alive::Alive;
use crate::cluster::write::channel::{Came, Channel, ERROR, RESIZE, STDERR, STDIN, STDOUT, Sender};
use crate::cluster::write::run::stopped;
use crate::cluster::write::{Answer, Gate};
use crate::event::{Spoken, Typed};

/// What fails, fails within this time after it was opened, and the terminal is not taken for it. What says something, or says
/// nothing for so long, runs.
const SETTLES: Duration = Duration::from_millis(500);
/// A connection that takes nothing any more is given so long to say why.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A session that was opened, with what it has said so far.
pub(super) struct Opened {
    pub(super) channel: Channel,
    pub(super) said: VecDeque<Bytes>,
    /// It is over already.
    pub(super) end: Option<End>,
}

impl Opened {
    /// Everything that it has said.
    pub(super) fn output(&self) -> Vec<u8> {
        self.said.iter().flatten().copied().collect()
    }
}

/// Tells the size (`nudged`: so that what runs there already notices), and listens until it is clear whether something runs.
pub(super) async fn settle(mut channel: Channel, size: (u16, u16), nudged: bool, goes_on: fn(&[u8]) -> bool) -> Opened {
    let deadline = Instant::now() + SETTLES;
    let told = if nudged { nudge(&mut channel.to, size).await } else { resize(&mut channel.to, size).await };
    let mut opened = match told {
        Ok(()) => Opened { channel, said: VecDeque::new(), end: None },
        Err(why) => return Opened { channel, said: VecDeque::new(), end: Some(End::Cut(why)) },
    };
    while let Ok(came) = timeout_at(deadline, opened.channel.from.next()).await {
        match came {
            Came::Bytes(STDOUT | STDERR, bytes) if !bytes.is_empty() => {
                opened.said.push_back(bytes);
                if !goes_on(&opened.output()) {
                    break;
                }
            }
            came => {
                opened.end = over(came);
                if opened.end.is_some() {
                    break;
                }
            }
        }
    }
    opened
}

/// Whether it is over by what came.
fn over(came: Came) -> Option<End> {
    match came {
        Came::Bytes(ERROR, bytes) if !bytes.is_empty() => Some(status::end(&bytes)),
        Came::Bytes(..) | Came::Quiet => None,
        Came::End(why) => Some(End::Cut(why.unwrap_or_else(|| "the connection was closed".to_owned()))),
    }
}

pub(super) async fn resize(to: &mut Sender, (width, height): (u16, u16)) -> Result<(), String> {
    to.send(RESIZE, format!("{{\"Width\":{width},\"Height\":{height}}}").as_bytes()).await
}

/// Another size and the right one, as kubectl does it: a program that ran before has itself drawn anew.
pub(super) async fn nudge(to: &mut Sender, (width, height): (u16, u16)) -> Result<(), String> {
    resize(to, (width.saturating_add(1), height.saturating_add(1))).await?;
    resize(to, (width, height)).await
}

/// Why a talk paused.
pub(super) enum Pause {
    /// It is over.
    Over(End),
    /// What is typed is to be taken from now on.
    Input,
}

/// Where a session's words come from and go to.
pub(super) struct Ends {
    pub(super) typed: mpsc::Receiver<Typed>,
    pub(super) said: mpsc::Sender<Spoken>,
    /// The newest size.
    pub(super) size: (u16, u16),
}

/// Talks until it is over, or something else is wanted of the connection. `input`: what is typed goes in.
pub(super) async fn talk(gate: &Gate, channel: &mut Channel, ends: &mut Ends, input: bool, answer: &mut watch::Receiver<Answer>) -> Pause {
    let Channel { to, from } = channel;
    let Ends { typed, said, size } = ends;
    let alive = Alive::new(&gate.link);
    let listen = async {
        loop {
            match from.next().await {
                Came::Bytes(STDOUT | STDERR, bytes) if !bytes.is_empty() => {
                    if said.send(Spoken::Bytes(bytes)).await.is_err() {
                        return End::Left;
                    }
                }
                Came::Quiet => alive.quiet(from),
                came => {
                    if let Some(end) = over(came) {
                        return end;
                    }
                }
            }
        }
    };
    let speak = async {
        loop {
            let sent = tokio::select! {
                what = typed.recv() => match what {
                    Some(Typed::Bytes(bytes)) if input => alive.sending(to.send(STDIN, &bytes)).await,
                    Some(Typed::Bytes(_)) => Ok(()),
                    Some(Typed::Size(width, height)) => {
                        *size = (width, height);
                        alive.sending(resize(to, *size)).await
                    }
                    Some(Typed::Input) => return Ok(Pause::Input),
                    None => return Ok(Pause::Over(End::Left)),
                },
                () = alive.asked() => to.ping().await,
            };
            sent?;
        }
    };
    tokio::pin!(listen);
    tokio::select! {
        // How it ended counts more than that nothing can be sent any more.
        biased;
        end = &mut listen => Pause::Over(end),
        spoken = speak => match spoken {
            Ok(pause) => pause,
            Err(why) => match tokio::time::timeout(LAST_WORDS, listen).await {
                Ok(end) => Pause::Over(end),
                Err(_) => Pause::Over(End::Cut(why)),
            },
        },
        () = stopped(answer) => Pause::Over(End::Left),
        () = gate.left() => Pause::Over(End::Left),
    }
}
