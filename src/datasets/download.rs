//! One file over HTTP(S), checked before it takes its final name.
//!
//! The bytes stream into a part file beside the target while their SHA-256 is computed; only when length and sum agree
//! with the registry is it renamed. So a cut connection, a changed byte, a full disk or two processes downloading at once
//! can never leave a wrong file under the final name. A connection that is cut is taken up again where it broke off, at
//! once or at the next call, if the server can begin in the middle of a file; a file without a published checksum only
//! if the server says that it is still the same version.

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use ureq::http::{HeaderMap, Response, StatusCode, header};
use ureq::{Agent, Body};

use super::partial::{Claim, Partial};
use super::registry::RemoteFile;
use super::{sha256, space};
use crate::live::Bar;
use crate::{Error, Result};

const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(30);
/// Times that a broken connection is taken up again within one call, as long as each brings new bytes.
const RETRIES: usize = 4;

/// Why an attempt ended without the file.
enum Failure {
    /// The connection broke; another attempt can go on from there.
    Cut(Error),
    /// The bytes are wrong. Where they began with what an earlier call had kept, those may be to blame.
    Wrong(Error),
    /// Another attempt would end the same way.
    Final(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// Fetches `file` from `address` and stores it at `target`; returns its SHA-256.
///
/// What an interrupted call has received is kept beside the target in a hidden file, and the next call goes on from
/// there. Of two calls at once, in one process or two, one waits for the other.
///
/// # Errors
/// When the address cannot be reached within 10 s or falls silent for 30 s, the connection is cut, the disk has too
/// little space or fills up, or length or SHA-256 differ from what `file` states; then nothing stands at `target`.
pub fn download(file: &RemoteFile, address: &str, target: impl AsRef<Path>) -> Result<String> {
    let target = target.as_ref();
    let key = format!("{address} {}", file.sha256.as_deref().unwrap_or_default());
    let mut waiting: Option<Bar> = None;
    let claim = Partial::claim(target, &key, || {
        let bar =
            waiting.get_or_insert_with(|| Bar::new(&format!("{} is being downloaded elsewhere", file.path), None));
        if bar.stopped() { Err(stopped(file, address)) } else { Ok(()) }
    })?;
    drop(waiting);
    let mut part = match claim {
        Claim::Ours(part) => part,
        Claim::Finished => {
            let sum = sha256(target)?;
            let bytes = std::fs::metadata(target).map_err(|e| Error::file(target, e))?.len();
            return mismatch(file, bytes, &sum).map_or(Ok(sum), |what| Err(wrong(what, address)));
        }
    };
    if file.sha256.is_none() && part.tag().is_none() {
        part.restart()?;
    }
    let mut kept = part.length() > 0;
    let mut retries = 0;
    // What is told when taking up a broken connection again leads nowhere.
    let mut broken: Option<Error> = None;
    loop {
        let before = part.length();
        match transfer(&mut part, file, address) {
            Ok(()) => {
                let sum = part.sum();
                part.finish()?;
                return Ok(sum);
            }
            Err(Failure::Wrong(_)) if kept => {
                kept = false;
                part.restart()?;
            }
            Err(Failure::Wrong(error)) => {
                part.discard();
                return Err(error);
            }
            Err(Failure::Cut(error)) => {
                let progress = part.length() > before;
                if progress && retries < RETRIES {
                    retries += 1;
                    broken = Some(error);
                    continue;
                }
                part.tidy();
                return Err(broken.unwrap_or(error));
            }
            Err(Failure::Final(error)) => {
                part.tidy();
                return Err(error);
            }
        }
    }
}

fn stopped(file: &RemoteFile, address: &str) -> Error {
    Error::new(format!("the download of {} was stopped", file.path))
        .at(address)
        .fix("run it again: it goes on from here")
}

fn wrong(what: String, address: &str) -> Error {
    Error::new(what)
        .at(address)
        .fix("something between here and the address changes files (a proxy or login page?); nothing was kept")
}

/// One connection: asks for what is missing and adds what comes.
fn transfer(part: &mut Partial, file: &RemoteFile, address: &str) -> std::result::Result<(), Failure> {
    if file.bytes.is_some_and(|bytes| part.length() > bytes) {
        part.restart()?;
    }
    if file.bytes != Some(part.length()) || part.length() == 0 {
        receive(part, file, address)?;
    }
    mismatch(file, part.length(), &part.sum()).map_or(Ok(()), |what| Err(Failure::Wrong(wrong(what, address))))
}

fn receive(part: &mut Partial, file: &RemoteFile, address: &str) -> std::result::Result<(), Failure> {
    let mut response = ask(part, file, address)?;
    let start = part.length();
    let rest = number(response.headers(), header::CONTENT_LENGTH);
    let total = file.bytes.or(rest.map(|rest| start + rest));
    check_space(part, file, total)?;
    part.set_tag(tag(response.headers()).as_deref());

    let mut body = response.body_mut().as_reader();
    let mut bar = Bar::bytes(&format!("downloading {}", file.path), total);
    bar.advance(start);
    let mut block = vec![0; 1 << 16];
    loop {
        if bar.stopped() {
            return Err(Failure::Final(stopped(file, address)));
        }
        let n = match body.read(&mut block) {
            // Without a stated length the end may be the end of the connection only.
            Ok(0) if rest.is_none() && file.bytes.is_some_and(|bytes| part.length() < bytes) => {
                return Err(cut(part, file, address, "the connection was closed"));
            }
            Ok(0) => return Ok(()),
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(cut(part, file, address, &e.to_string())),
        };
        part.write(&block[..n]).map_err(|e| cannot_write(part, file, e))?;
        bar.advance(n as u64);
        if file.bytes.is_some_and(|expected| part.length() > expected) {
            return Ok(());
        }
    }
}

/// Asks for the bytes behind those that are there; when the server can only send all, throws away what is there.
fn ask(part: &mut Partial, file: &RemoteFile, address: &str) -> std::result::Result<Response<Body>, Failure> {
    let agent: Agent = Agent::config_builder()
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
        .build()
        .into();
    loop {
        // Compressed on the way, the bytes could not be counted.
        let mut request = agent.get(address).header(header::ACCEPT_ENCODING, "identity");
        let start = part.length();
        if start > 0 {
            request = request.header(header::RANGE, format!("bytes={start}-"));
            if let (None, Some(tag)) = (&file.sha256, part.tag()) {
                request = request.header(header::IF_RANGE, tag);
            }
        }
        match request.call() {
            Ok(response) if start == 0 || begins_at(&response) == Some(start) => return Ok(response),
            Ok(response) if response.status() == StatusCode::OK => {
                part.restart()?;
                return Ok(response);
            }
            // Another part than was asked for, or none: all of it, then.
            Ok(_) | Err(ureq::Error::StatusCode(416)) if start > 0 => part.restart()?,
            Ok(response) => return Ok(response),
            Err(e) => {
                let status = matches!(e, ureq::Error::StatusCode(_));
                let error = Error::new(format!("cannot download {}: {e}", file.path))
                    .at(address)
                    .fix("check the network and the proxy settings, or try later");
                return Err(if status { Failure::Final(error) } else { Failure::Cut(error) });
            }
        }
    }
}

/// Where in the file the body begins, of an answer with a part of it.
fn begins_at(response: &Response<Body>) -> Option<u64> {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return None;
    }
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.trim().strip_prefix("bytes")?.trim_start().split('-').next()?.trim().parse().ok()
}

/// What tells this version of a file from others: a strong tag, else its date.
fn tag(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    text(header::ETAG).filter(|tag| !tag.starts_with("W/")).or_else(|| text(header::LAST_MODIFIED))
}

fn number(headers: &HeaderMap, name: header::HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn cut(part: &Partial, file: &RemoteFile, address: &str, why: &str) -> Failure {
    let total = file.bytes.map_or_else(String::new, |bytes| format!(" of {bytes}"));
    Failure::Cut(
        Error::new(format!("the download of {} stopped after {}{total} bytes: {why}", file.path, part.length()))
            .at(address)
            .fix("check the network and the proxy settings, and run it again: it goes on from here"),
    )
}

/// Refuses a download for which the disk has no space.
fn check_space(part: &Partial, file: &RemoteFile, total: Option<u64>) -> std::result::Result<(), Failure> {
    let Some(total) = total else { return Ok(()) };
    let needed = total.saturating_sub(part.length());
    let Some(free) = space::available(part.path()) else { return Ok(()) };
    if needed <= free {
        return Ok(());
    }
    Err(Failure::Final(
        Error::new(format!(
            "{} needs {}, but the disk has only {} left",
            file.path,
            space::say(needed),
            space::say(free)
        ))
        .at(part.path().parent().unwrap_or(part.path()).display().to_string())
        .fix("free some space, or choose a folder on another disk"),
    ))
}

fn cannot_write(part: &Partial, file: &RemoteFile, e: std::io::Error) -> Failure {
    Failure::Final(
        Error::new(format!("cannot store {}: {e}", file.path))
            .at(part.path().display().to_string())
            .fix(format!(
                "free some space and run it again: it goes on from the {} that this file keeps, or delete it",
                space::say(part.length())
            ))
            .caused_by(e),
    )
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
