//! A download that is not complete yet, kept from one attempt to the next.
//!
//! The bytes go to `.NAME.KEY.part` beside the target, where the key stands for address and checksum, so that only
//! bytes of the same file are ever continued. Who writes holds a lock on the file; a second process waits for it.
//! Only [`Partial::finish`] gives the file its final name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::checksum::hex;
use crate::io::part_file::name_in_folder;
use crate::{Error, Result};

/// Time between two looks at a lock that another process holds.
const LOOK: Duration = Duration::from_millis(50);

/// The file of an incomplete download, locked.
#[derive(Debug)]
pub(super) struct Partial {
    file: File,
    path: PathBuf,
    target: PathBuf,
    hash: Sha256,
    length: u64,
}

/// What a claim on a download comes to.
#[derive(Debug)]
pub(super) enum Claim {
    /// It is ours.
    Ours(Partial),
    /// Another process had it, and has finished it meanwhile.
    Finished,
}

impl Partial {
    /// Opens the part of this target and key, and waits while another process writes to it; `wait` is called between
    /// two looks and may give up.
    pub(super) fn claim(target: &Path, key: &str, mut wait: impl FnMut() -> Result<()>) -> Result<Claim> {
        let name = name_in_folder(target)?;
        let key: String = hex(Sha256::new_with_prefix(key)).chars().take(16).collect();
        let path = target.with_file_name(format!(".{name}.{key}.part"));
        let mut waited = false;
        loop {
            let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            let file = open.map_err(|e| Error::file(&path, e))?;
            loop {
                match file.try_lock() {
                    Ok(()) => break,
                    Err(TryLockError::WouldBlock) => {
                        waited = true;
                        wait()?;
                        std::thread::sleep(LOOK);
                    }
                    // A file system without locks: two processes then write the same bytes to the same places.
                    Err(TryLockError::Error(_)) => break,
                }
            }
            // Whoever held the lock may have renamed or removed the file that we have open.
            if same_file(&file, &path) {
                let mut partial = Self { file, path, target: target.to_owned(), hash: Sha256::new(), length: 0 };
                partial.rehash()?;
                return Ok(Claim::Ours(partial));
            }
            if waited && target.is_file() {
                return Ok(Claim::Finished);
            }
        }
    }

    /// Sums up the bytes that are there and moves behind them.
    fn rehash(&mut self) -> Result<()> {
        (self.hash, self.length) = (Sha256::new(), 0);
        let mut block = vec![0; 1 << 16];
        self.file.seek(SeekFrom::Start(0)).map_err(|e| Error::file(&self.path, e))?;
        loop {
            match self.file.read(&mut block).map_err(|e| Error::file(&self.path, e))? {
                0 => return Ok(()),
                n => {
                    self.hash.update(&block[..n]);
                    self.length += n as u64;
                }
            }
        }
    }

    /// Bytes that are there.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Where they are.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the bytes that are there.
    pub(super) fn sum(&self) -> String {
        hex(self.hash.clone())
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// As the system says; what was written of them stays.
    pub(super) fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if let Err(e) = self.file.write_all(bytes) {
            // How much of it was written is not known.
            let _ = self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
            return Err(e);
        }
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Throws the bytes away.
    pub(super) fn restart(&mut self) -> Result<()> {
        self.file.set_len(0).map_err(|e| Error::file(&self.path, e))?;
        self.rehash()
    }

    /// Throws the file away.
    pub(super) fn discard(self) {
        // Best effort: its checksum is looked at before it is ever used.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(tag_path(&self.path));
    }

    /// The tag that the server gave to the version these bytes belong to.
    pub(super) fn tag(&self) -> Option<String> {
        fs::read_to_string(tag_path(&self.path)).ok().filter(|tag| !tag.is_empty())
    }

    /// Keeps the tag of the version that is being downloaded; without one, forgets an older one.
    pub(super) fn set_tag(&self, tag: Option<&str>) {
        // Without it the next attempt starts anew.
        let _ = match tag {
            Some(tag) => fs::write(tag_path(&self.path), tag),
            None => fs::remove_file(tag_path(&self.path)),
        };
    }

    /// Flushes the bytes to the disk and gives the file its final name, replacing an older one.
    ///
    /// # Errors
    /// When the disk or the folder refuses.
    pub(super) fn finish(self) -> Result<()> {
        self.file.sync_all().map_err(|e| Error::file(&self.path, e))?;
        fs::rename(&self.path, &self.target).map_err(|e| Error::file(&self.target, e))?;
        let _ = fs::remove_file(tag_path(&self.path));
        Ok(())
    }

    /// Removes the file where it holds nothing.
    pub(super) fn tidy(self) {
        if self.length == 0 {
            self.discard();
        }
    }
}

fn tag_path(part: &Path) -> PathBuf {
    part.with_extension("tag")
}

/// Whether the path still leads to the open file.
#[cfg(unix)]
fn same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(open), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    (open.dev(), open.ino()) == (there.dev(), there.ino())
}

/// Whether the path still leads to the open file; an open file cannot be renamed here.
#[cfg(not(unix))]
fn same_file(_: &File, path: &Path) -> bool {
    path.is_file()
}
