//! Between tasks that wait for the network and threads that wait for the disk: bounded, so that neither runs away.

use std::io::{self, Read, Write};

use bytes::{Buf, Bytes, BytesMut};
use tokio::sync::mpsc;

/// So many messages wait between the two.
const WAITING: usize = 16;
/// Bytes that are sent at once.
const CHUNK: usize = 32 << 10;

/// From a task to a thread: bytes, or why there are no more.
pub(super) fn incoming() -> (mpsc::Sender<Result<Bytes, String>>, Incoming) {
    let (to, from) = mpsc::channel(WAITING);
    (to, Incoming { from, current: Bytes::new() })
}

/// From a thread to a task.
pub(super) fn outgoing() -> (Outgoing, mpsc::Receiver<Bytes>) {
    let (to, from) = mpsc::channel(WAITING);
    (Outgoing { to, buffer: BytesMut::new() }, from)
}

/// What comes, as a thread reads it. It ends when nobody sends any more.
pub(super) struct Incoming {
    from: mpsc::Receiver<Result<Bytes, String>>,
    current: Bytes,
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.from.blocking_recv() {
                Some(Ok(bytes)) => self.current = bytes,
                Some(Err(why)) => return Err(io::Error::other(why)),
                None => return Ok(0),
            }
        }
        let read = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..read]);
        Ok(read)
    }
}

/// What goes, as a thread writes it.
pub(super) struct Outgoing {
    to: mpsc::Sender<Bytes>,
    buffer: BytesMut,
}

impl Outgoing {
    fn send(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let bytes = self.buffer.split().freeze();
        self.to.blocking_send(bytes).map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes it any more"))
    }
}

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = bytes.len().min(CHUNK - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..room]);
        if self.buffer.len() == CHUNK {
            self.send()?;
        }
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_go_through_in_order_and_an_error_is_not_an_end() {
        let (mut to, mut from) = outgoing();
        let written = tokio::task::spawn_blocking(move || to.write_all(&vec![7; 100_000]).and_then(|()| to.flush()));
        let (sender, mut reader) = incoming();
        let read = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            (reader.read_to_end(&mut bytes).map_err(|error| error.to_string()), bytes.len())
        });
        while let Some(bytes) = from.recv().await {
            sender.send(Ok(bytes)).await.unwrap();
        }
        sender.send(Err("cut".into())).await.unwrap();
        assert!(written.await.unwrap().is_ok());
        assert_eq!(read.await.unwrap(), (Err("cut".into()), 100_000));
        let (mut to, from) = outgoing();
        drop(from);
        assert!(tokio::task::spawn_blocking(move || to.write_all(&[0; CHUNK])).await.unwrap().is_err());
    }
}
