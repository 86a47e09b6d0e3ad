//! Text files that may be gzip compressed, read as a stream that ends early when it swells beyond belief.
//!
//! Compression is recognised by its two magic bytes. What comes out of a compressed file is limited to 100 times its size,
//! or 8 MB if that is more: tables of numbers shrink to a third, and a file that claims to shrink to a thousandth is no
//! table. A field of a table needs up to 50 times the memory of its text.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::{Error, Result};

const MAGIC: [u8; 2] = [0x1f, 0x8b];
const RATIO: u64 = 100;
const ALWAYS: u64 = 8 << 20;
const BLOCK: usize = 1 << 17;

/// Opens a file for reading; gzip is undone where the content starts with its two magic bytes.
///
/// # Errors
/// When the file cannot be opened or read.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let file = File::open(path).map_err(|e| Error::file(path, e))?;
    let size = file.metadata().map_err(|e| Error::file(path, e))?.len();
    let mut reader = BufReader::with_capacity(BLOCK, file);
    let start = reader.fill_buf().map_err(|e| Error::file(path, e))?;
    if !start.starts_with(&MAGIC) {
        return Ok(Box::new(reader));
    }
    let left = size.saturating_mul(RATIO).max(ALWAYS);
    // The last four bytes state the size of what was compressed last, modulo 2^32.
    let mut stated = [0; 4];
    let mut end = File::open(path).map_err(|e| Error::file(path, e))?;
    if size >= 4 && end.seek(SeekFrom::End(-4)).and_then(|_| end.read_exact(&mut stated)).is_ok() {
        let stated = u64::from(u32::from_le_bytes(stated));
        if stated > left {
            return Err(damaged(path, swells()));
        }
    }
    Ok(Box::new(BufReader::with_capacity(BLOCK, Limited { inner: MultiGzDecoder::new(reader), left })))
}

/// The error of a stream that [`open`] gave, in words.
pub(crate) fn damaged(path: &Path, e: io::Error) -> Error {
    // The system numbers its errors; those without a number are about the content.
    let what = if e.raw_os_error().is_some() { "the file cannot be read" } else { "the gzip stream is damaged" };
    Error::new(format!("{what}: {e}"))
        .at(path.display().to_string())
        .fix("fetch the file again; it may have been cut short")
        .caused_by(e)
}

fn swells() -> io::Error {
    io::Error::other("its compressed content swells to more than 100 times its size, like a compression bomb")
}

/// A stream that fails once more bytes came than were allowed.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(n as u64).ok_or_else(swells)?;
        Ok(n)
    }
}
