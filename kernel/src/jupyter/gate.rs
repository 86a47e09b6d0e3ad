//! The ports: what comes in is measured before the message library sees it.
//!
//! ZeroMQ's framing states the length of what follows, and the library makes room for it before anybody has shown a
//! key: nine bytes from any program on this machine could end the kernel. So the library listens on sockets in the
//! kernel's own folder, and the ports pass on bytes while no message is longer than [`LIMIT`].
//!
//! ZMTP 3: a greeting of 64 bytes, then frames of a flag byte, a length of one byte (eight when bit 1 of the flags is
//! set) and so many bytes; bit 0 says that the message goes on.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::time::timeout;

/// Bytes of one message: far more than any cell.
const LIMIT: u64 = 64 << 20;

/// How long a client may leave what is sent to it unread.
const PATIENCE: Duration = Duration::from_secs(10);

const GREETING: usize = 64;
const MORE: u8 = 1;
const LONG: u8 = 2;

/// Listens on a port of this machine and passes connections on to the socket at `inner`.
///
/// # Errors
/// When the port is taken.
pub async fn open(ip: &str, port: u16, inner: PathBuf) -> Result<()> {
    let listener = TcpListener::bind((ip, port)).await.with_context(|| format!("cannot listen on {ip}:{port}"))?;
    tokio::spawn(async move {
        loop {
            // A connection that fails is its client's matter.
            let Ok((outside, _)) = listener.accept().await else { continue };
            let inner = inner.clone();
            tokio::spawn(async move {
                let _ = outside.set_nodelay(true);
                if let Ok(inside) = UnixStream::connect(&inner).await {
                    pass(outside, inside).await;
                }
            });
        }
    });
    Ok(())
}

/// Copies both ways until either side ends or sends too much.
async fn pass(outside: TcpStream, inside: UnixStream) {
    let (mut from_client, mut to_client) = outside.into_split();
    let (mut from_kernel, mut to_kernel) = inside.into_split();
    let inward = async {
        let mut measure = Measure::default();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match from_client.read(&mut buffer).await {
                Ok(n) if n > 0 && measure.accepts(&buffer[..n]) => {
                    if to_kernel.write_all(&buffer[..n]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            }
        }
    };
    let outward = async {
        let mut buffer = vec![0; 1 << 16];
        loop {
            match from_kernel.read(&mut buffer).await {
                // A client that does not read is cut off: it would hold up all others.
                Ok(n) if n > 0 => match timeout(PATIENCE, to_client.write_all(&buffer[..n])).await {
                    Ok(Ok(())) => {}
                    _ => return,
                },
                _ => return,
            }
        }
    };
    tokio::select! {
        () = inward => {}
        () = outward => {}
    }
}

/// Follows the framing of one connection.
struct Measure {
    state: State,
    /// Bytes of the frames of this message so far.
    message: u64,
}

enum State {
    /// Bytes that come before the next frame: the greeting, or the rest of a frame.
    Skip(u64),
    Flags,
    /// Flags, bytes of the length still to come, the length so far.
    Length(u8, u8, u64),
}

impl Default for Measure {
    fn default() -> Self {
        Self { state: State::Skip(GREETING as u64), message: 0 }
    }
}

impl Measure {
    /// False when these bytes announce a message above the limit.
    fn accepts(&mut self, mut bytes: &[u8]) -> bool {
        while let Some((&first, rest)) = bytes.split_first() {
            match self.state {
                State::Skip(left) => {
                    let here = left.min(bytes.len() as u64);
                    bytes = &bytes[usize::try_from(here).unwrap_or(bytes.len())..];
                    self.state = if left > here { State::Skip(left - here) } else { State::Flags };
                    continue;
                }
                State::Flags => self.state = State::Length(first, if first & LONG == 0 { 1 } else { 8 }, 0),
                State::Length(flags, to_come, so_far) => {
                    let length = so_far << 8 | u64::from(first);
                    if to_come > 1 {
                        self.state = State::Length(flags, to_come - 1, length);
                    } else {
                        self.message = self.message.saturating_add(length);
                        if self.message > LIMIT {
                            return false;
                        }
                        if flags & MORE == 0 {
                            self.message = 0;
                        }
                        self.state = if length == 0 { State::Flags } else { State::Skip(length) };
                    }
                }
            }
            bytes = rest;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeted() -> Measure {
        let mut measure = Measure::default();
        assert!(measure.accepts(&[0xff; GREETING]));
        measure
    }

    #[test]
    fn frames_pass_however_they_are_cut() {
        let mut bytes = vec![0, 3, b'a', b'b', b'c', MORE, 0, LONG, 0, 0, 0, 0, 0, 0, 1, 0];
        bytes.extend([7; 256]);
        bytes.extend([0, 1, b'z']);
        for size in [1, 2, 5, bytes.len()] {
            let mut measure = greeted();
            assert!(bytes.chunks(size).all(|part| measure.accepts(part)));
            assert!(matches!(measure.state, State::Flags));
        }
    }

    #[test]
    fn a_claim_above_the_limit_ends_the_connection() {
        let mut claim = vec![LONG];
        claim.extend((1u64 << 40).to_be_bytes());
        assert!(!greeted().accepts(&claim));
    }

    #[test]
    fn many_frames_of_one_message_count_together() {
        let mut measure = greeted();
        let mut half = vec![MORE | LONG];
        half.extend((LIMIT / 2 + 1).to_be_bytes());
        assert!(measure.accepts(&half));
        measure.state = State::Flags;
        assert!(!measure.accepts(&half));
    }
}
