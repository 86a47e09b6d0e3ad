//! One file over HTTP(S), checked before it takes its final name.
//!
//! The bytes stream into a temporary file beside the target while their SHA-256 is computed; only when length and sum
//! agree with the registry is the file renamed. So a cut connection, a changed byte or two processes downloading at
//! once can never leave a wrong file under the final name.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};
use ureq::Agent;

use super::checksum::hex;
use super::registry::RemoteFile;
use crate::io::part_file::PartFile;
use crate::live::Bar;
use crate::{Error, Result};

const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(30);

/// Fetches `file` from `address` and stores it at `target`; returns its SHA-256.
///
/// # Errors
/// When the address cannot be reached within 10 s or falls silent for 30 s, the connection is cut, or length or
/// SHA-256 differ from what `file` states; then nothing stands at `target`.
pub fn download(file: &RemoteFile, address: &str, target: impl AsRef<Path>) -> Result<String> {
    let target = target.as_ref();
    let unreachable =
        |what: String| Error::new(what).at(address).fix("check the network and the proxy settings, or try later");
    let agent: Agent = Agent::config_builder()
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
        .build()
        .into();
    let mut response =
        agent.get(address).call().map_err(|e| unreachable(format!("cannot download {}: {e}", file.path)))?;
    let mut body = response.body_mut().as_reader();

    let mut part = PartFile::beside(target)?;
    let mut bar = Bar::bytes(&format!("downloading {}", file.path), file.bytes);
    let mut hash = Sha256::new();
    let mut received = 0u64;
    let mut block = vec![0; 1 << 16];
    loop {
        if bar.stopped() {
            return Err(Error::new(format!("the download of {} was stopped", file.path))
                .at(address)
                .fix("run the cell again; nothing was kept"));
        }
        let n = match body.read(&mut block) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => {
                let total = file.bytes.map_or_else(String::new, |b| format!(" of {b}"));
                return Err(unreachable(format!(
                    "the download of {} stopped after {received}{total} bytes: {e}",
                    file.path
                )));
            }
        };
        received += n as u64;
        hash.update(&block[..n]);
        part.file().write_all(&block[..n]).map_err(|e| Error::file(target, e))?;
        bar.advance(n as u64);
        if file.bytes.is_some_and(|expected| received > expected) {
            break;
        }
    }
    drop(bar);
    let sum = hex(hash);
    if let Some(what) = mismatch(file, received, &sum) {
        return Err(Error::new(what)
            .at(address)
            .fix("something between here and the address changes files (a proxy or login page?); nothing was kept"));
    }
    part.finish()?;
    Ok(sum)
}

/// What is wrong with `bytes` bytes of SHA-256 `sum`, if anything.
pub(crate) fn mismatch(file: &RemoteFile, bytes: u64, sum: &str) -> Option<String> {
    if file.sha256.as_deref().is_some_and(|expected| expected != sum) || file.bytes.is_some_and(|b| b != bytes) {
        let show = |n: Option<u64>| n.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
        return Some(format!(
            "{} is not the file it should be: SHA-256 {sum}, expected {}; {bytes} bytes, expected {}",
            file.path,
            file.sha256.as_deref().unwrap_or("unknown"),
            show(file.bytes)
        ));
    }
    None
}
