//! HDF5 files, as far as tables of cells need them: groups, attributes, arrays of numbers and of text.
//!
//! This folder is the only place that knows the HDF5 library, so that it can be exchanged. It adds what data of
//! strangers needs: every call is kept from panicking, filters that cannot be undone are named, and no array is
//! allocated before its size was held against that of the file.

mod array;
mod direct;
mod group;
mod kind;
mod record;
mod source;
mod text;
pub(crate) mod write;

use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use array::Array;
pub(crate) use group::{Group, Node};
pub(crate) use kind::Kind;
pub(crate) use record::Field;

use crate::{Error, Result};

/// The first bytes of every HDF5 file, at offset 0, 512, 1024, 2048, ...
const MARK: &[u8] = b"\x89HDF\r\n\x1a\n";
pub(crate) const FIX: &str = "download or write the file again, and compare its size with the original";

/// What every part of an open file knows of it.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    file: File,
}

/// Opens an HDF5 file and gives its root group. Nothing but its first blocks is read.
pub(crate) fn open(path: &Path) -> Result<Group> {
    let mut file = File::open(path).map_err(|e| Error::file(path, e).fix("check the path"))?;
    let bytes = file.metadata().map_err(|e| Error::file(path, e))?.len();
    let place = path.display().to_string();
    if bytes == 0 {
        return Err(Error::new("the file is empty").at(place).fix(FIX));
    }
    let mut start = Vec::new();
    (&mut file).take(8).read_to_end(&mut start).map_err(|e| Error::file(path, e))?;
    if start != MARK && !has_later_mark(&file, bytes) {
        let (what, fix) = match &start[..] {
            start if MARK.starts_with(start) => ("the HDF5 file was cut short", FIX),
            [0x1f, 0x8b, ..] => ("this is a gzip file, not HDF5", "unpack it with gunzip first"),
            [b'P', b'K', ..] => ("this is a zip archive, not HDF5", "unpack it first"),
            _ => ("this is not an HDF5 file: it does not start with the mark \\x89HDF", FIX),
        };
        return Err(Error::new(what).at(place).fix(fix));
    }
    let again = file.try_clone().map_err(|e| Error::file(path, e))?;
    let origin = Arc::new(Origin { path: path.to_owned(), bytes, file: again });
    let opened = guard(&place, || source::open(file, bytes))?;
    let end = opened.superblock().eof_address;
    if end > bytes {
        return Err(Error::new(format!("the HDF5 file was cut short: it has {bytes} bytes of {end}"))
            .at(place)
            .fix(FIX));
    }
    Ok(Group::root(opened, origin))
}

/// Files may carry a block of other content in front, of 512 bytes or a larger power of two.
fn has_later_mark(file: &File, bytes: u64) -> bool {
    let mut at = 512u64;
    while at + 8 <= bytes {
        let mut mark = [0; 8];
        if source::read_at(file, at, &mut mark).is_ok() && mark == MARK {
            return true;
        }
        at *= 2;
    }
    false
}

/// Runs a call of the library; its errors, and its panics on damaged files, become ours.
pub(crate) fn guard<T>(place: &str, call: impl FnOnce() -> std::result::Result<T, hdf5_pure::Error>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(e)) => {
            let text = e.to_string();
            let (what, fix) = match &e {
                hdf5_pure::Error::FileMarkedInUse(..) => {
                    ("another program is writing the HDF5 file", "close it there first")
                }
                _ if text.contains("data layout version: 5") => (
                    "the HDF5 file is in the newest format (HDF5 2.0), which is not read",
                    "write it again without libver=\"latest\", or with libver=(\"earliest\", \"v114\")",
                ),
                // The library takes lengths of chunks in 1, 2, 4 or 8 bytes, and says this of those in 3.
                hdf5_pure::Error::Format(hdf5_pure::FormatError::UnexpectedEof { expected, available })
                    if expected <= available =>
                {
                    (
                        "an array has chunks of 65,536 to 16,777,215 entries in the format of HDF5 1.10, which is not read",
                        "write it again without libver, or with chunks below 65,536 entries",
                    )
                }
                _ => ("the HDF5 file is damaged or uses what is not read here", FIX),
            };
            Err(Error::new(format!("{what}: {text}")).at(place).fix(fix).caused_by(e))
        }
        Err(_) => Err(Error::new("the HDF5 file is damaged: its structure cannot be decoded").at(place).fix(FIX)),
    }
}
