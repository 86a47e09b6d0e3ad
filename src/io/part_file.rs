//! Writing a file so that its final name never holds half of it.
//!
//! The bytes go to `.NAME.PROCESS-K.part` beside the target; only a complete file is renamed, and an abandoned one
//! is deleted. The temporary name is claimed with "create only if new", so two writers never share one.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// A file that takes its final name in [`PartFile::finish`], and is deleted when dropped before that.
#[derive(Debug)]
pub(crate) struct PartFile {
    file: File,
    part: PathBuf,
    target: PathBuf,
    finished: bool,
}

/// The name of a file that is to be written; its folder is created when it is not there.
pub(crate) fn name_in_folder(target: &Path) -> Result<Cow<'_, str>> {
    let name = target.file_name().ok_or_else(|| {
        Error::new("this path names no file").at(target.display().to_string()).fix("give a path that ends in a name")
    })?;
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(|e| Error::file(folder, e))?;
    }
    Ok(name.to_string_lossy())
}

impl PartFile {
    /// Opens a temporary file beside `target`; the folder is created when it is not there.
    pub(crate) fn beside(target: &Path) -> Result<Self> {
        let name = name_in_folder(target)?;
        let mut attempt = 0;
        loop {
            let part = target.with_file_name(format!(".{}.{}-{attempt}.part", name, std::process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).open(&part) {
                Ok(file) => return Ok(Self { file, part, target: target.to_owned(), finished: false }),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => attempt += 1,
                Err(e) => return Err(Error::file(part, e)),
            }
        }
    }

    /// Where to write.
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Reads back what was written at an offset.
    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }

    /// Flushes the bytes to the disk and gives the file its final name, replacing an older one.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.file.sync_all().map_err(|e| Error::file(&self.part, e))?;
        fs::rename(&self.part, &self.target).map_err(|e| Error::file(&self.target, e))?;
        self.finished = true;
        Ok(())
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.finished {
            // Best effort: a temporary file that stays behind is never read.
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// Writes `bytes` to `path` in one step.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut part = PartFile::beside(path)?;
    part.file().write_all(bytes).map_err(|e| Error::file(path, e))?;
    part.finish()
}
