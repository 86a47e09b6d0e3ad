//! A file read at given offsets, with every range checked against the file's length before memory is taken.
//!
//! Reads do not move a cursor, so threads share one file. Unlike a memory map, a file that another process cuts short
//! meanwhile ends in an error.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// An open file of known length.
#[derive(Debug)]
pub(crate) struct PositionedFile {
    file: File,
    path: PathBuf,
    len: u64,
}

impl PositionedFile {
    /// Opens a file; a folder is refused.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::file(path, e).fix("check the path and the permissions"))?;
        let about = file.metadata().map_err(|e| Error::file(path, e))?;
        if !about.is_file() {
            return Err(Error::new("this is a folder or a device, not a file")
                .at(path.display().to_string())
                .fix("give the path of a file"));
        }
        Ok(Self { file, path: path.to_owned(), len: about.len() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file holds `len` bytes from `offset` on.
    pub(crate) fn holds(&self, offset: u64, len: u64) -> bool {
        offset.checked_add(len).is_some_and(|end| end <= self.len)
    }

    /// Refuses a range that the file does not hold.
    pub(crate) fn check(&self, offset: u64, len: u64) -> Result<()> {
        if self.holds(offset, len) {
            return Ok(());
        }
        Err(self.damaged(format!("it points to {len} bytes at offset {offset}, and the file ends at {}", self.len)))
    }

    /// Fills `buffer` with the bytes from `offset` on.
    pub(crate) fn fill(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.check(offset, buffer.len() as u64)?;
        self.file.read_exact_at(buffer, offset).map_err(|e| Error::file(&self.path, e))
    }

    /// Fills `values` with the little-endian single floats from `offset` on, without a buffer between.
    pub(crate) fn fill_singles(&self, offset: u64, values: &mut [f32]) -> Result<()> {
        self.fill(offset, bytemuck::cast_slice_mut(values))?;
        if cfg!(target_endian = "big") {
            swap_singles(values);
        }
        Ok(())
    }

    /// The `len` bytes from `offset` on.
    pub(crate) fn bytes(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        self.check(offset, len)?;
        let mut bytes = vec![0; len as usize];
        self.fill(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// The first `len` bytes, fewer where the file is shorter.
    pub(crate) fn start(&self, len: u64) -> Result<Vec<u8>> {
        self.bytes(0, len.min(self.len))
    }

    /// An error about this file's contents.
    pub(crate) fn error(&self, what: impl Into<String>) -> Error {
        Error::new(what).at(self.path.display().to_string())
    }

    /// An error that says the file is damaged or was cut short.
    pub(crate) fn damaged(&self, how: impl std::fmt::Display) -> Error {
        self.error(format!("the file is damaged or was cut short: {how}"))
            .fix("download or write the file again, and compare its size with the original")
    }
}

/// Turns the bytes of each number around.
pub(crate) fn swap_singles(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = f32::from_bits(value.to_bits().swap_bytes()));
}
