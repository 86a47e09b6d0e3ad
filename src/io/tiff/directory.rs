//! TIFF's skeleton: the header, and the chain of directories with their entries.
//!
//! ```text
//! header     "II" or "MM" (byte order), 42 and a 4-byte offset; or 43 (BigTIFF), 8, 0 and an 8-byte offset
//! directory  count, then per entry: tag, type, number of values, the values or the offset of the values; offset of the next
//! ```
//!
//! Offsets that were visited before end the walk with an error, and the bytes read for directories are bounded by the
//! file's length, so that overlapping directories cannot multiply.

use std::collections::{BTreeMap, HashSet};

use crate::Result;
use crate::io::positioned::PositionedFile;

/// One entry of a directory: the type and number of its values and the field that holds them or their offset.
#[derive(Clone, Copy, Debug)]
struct Entry {
    kind: u16,
    count: u64,
    field: [u8; 8],
}

/// The entries of one directory by tag.
#[derive(Debug, Default)]
pub(super) struct Directory {
    entries: BTreeMap<u16, Entry>,
}

/// The byte order and offset size of a file, and what may still be read for its directories.
pub(super) struct Skeleton<'a> {
    file: &'a PositionedFile,
    pub(super) big_endian: bool,
    big_tiff: bool,
    budget: u64,
}

/// Bytes of one value of a TIFF type; 0 for types that do not exist.
fn size_of(kind: u16) -> u64 {
    match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => 0,
    }
}

/// An unsigned number of up to 8 bytes.
fn number(bytes: &[u8], big_endian: bool) -> u64 {
    let push = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    if big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
}

impl<'a> Skeleton<'a> {
    /// Reads the header and all directories.
    pub(super) fn read(file: &'a PositionedFile) -> Result<(Self, Vec<Directory>)> {
        let start = file.start(16)?;
        let big_endian = match start.get(..2) {
            Some(b"II") => false,
            Some(b"MM") => true,
            _ => return Err(not_tiff(file, &start)),
        };
        let big_tiff = match start.get(2..4).map(|version| number(version, big_endian)) {
            Some(42) => false,
            Some(43)
                if start.get(4..8).is_some_and(|b| number(b, big_endian) == if big_endian { 8 << 16 } else { 8 }) =>
            {
                true
            }
            _ => return Err(not_tiff(file, &start)),
        };
        let mut skeleton =
            Self { file, big_endian, big_tiff, budget: file.len().saturating_mul(2).saturating_add(4096) };
        let (from, size) = if big_tiff { (8, 8) } else { (4, 4) };
        let first = start.get(from..from + size).ok_or_else(|| file.damaged("it ends within its header"))?;
        let mut next = number(first, big_endian);
        let (mut seen, mut directories) = (HashSet::new(), Vec::new());
        while next != 0 {
            if !seen.insert(next) {
                return Err(file.damaged(format!("the directory at offset {next} comes after itself")));
            }
            let (directory, after) = skeleton.directory(next)?;
            directories.push(directory);
            next = after;
        }
        if directories.is_empty() {
            return Err(file.damaged("it has no directory"));
        }
        Ok((skeleton, directories))
    }

    fn directory(&mut self, offset: u64) -> Result<(Directory, u64)> {
        let (count_size, entry_size, offset_size) = if self.big_tiff { (8, 20, 8) } else { (2, 12, 4) };
        let count = number(&self.take(offset, count_size)?, self.big_endian);
        let size = count.checked_mul(entry_size).and_then(|size| size.checked_add(offset_size));
        let at = offset.checked_add(count_size);
        let (Some(size), Some(at)) = (size, at) else {
            return Err(self.file.damaged(format!("a directory claims {count} entries")));
        };
        let bytes = self.take(at, size)?;
        let (entries, next) = bytes.split_at(bytes.len() - offset_size as usize);
        let mut directory = Directory::default();
        for entry in entries.chunks_exact(entry_size as usize) {
            let mut field = [0; 8];
            let (head, value) = entry.split_at(if self.big_tiff { 12 } else { 8 });
            field[..value.len()].copy_from_slice(value);
            let tag = number(&head[..2], self.big_endian) as u16;
            let kind = number(&head[2..4], self.big_endian) as u16;
            let count = number(&head[4..], self.big_endian);
            directory.entries.entry(tag).or_insert(Entry { kind, count, field });
        }
        Ok((directory, number(next, self.big_endian)))
    }

    /// Reads bytes that count against the budget of the directories.
    fn take(&mut self, offset: u64, len: u64) -> Result<Vec<u8>> {
        let bytes = self.file.bytes(offset, len)?;
        self.budget = self.budget.checked_sub(len).ok_or_else(|| {
            self.file.damaged("its directories overlap: together they are more than twice as long as the file")
        })?;
        Ok(bytes)
    }

    fn value_bytes(&mut self, entry: Entry) -> Result<Vec<u8>> {
        let inline = if self.big_tiff { 8 } else { 4 };
        let size = entry
            .count
            .checked_mul(size_of(entry.kind))
            .ok_or_else(|| self.file.damaged(format!("an entry claims {} values", entry.count)))?;
        if size <= inline as u64 {
            return Ok(entry.field[..size as usize].to_vec());
        }
        let offset = number(&entry.field[..inline], self.big_endian);
        self.take(offset, size)
    }

    /// The unsigned values of a tag; `None` where the directory has no such tag.
    pub(super) fn numbers(&mut self, directory: &Directory, tag: u16) -> Result<Option<Vec<u64>>> {
        let Some(&entry) = directory.entries.get(&tag) else { return Ok(None) };
        if !matches!(entry.kind, 1 | 3 | 4 | 13 | 16 | 18) {
            return Err(self.file.damaged(format!("tag {tag} has the type {} where integers are due", entry.kind)));
        }
        let bytes = self.value_bytes(entry)?;
        let size = size_of(entry.kind) as usize;
        Ok(Some(bytes.chunks_exact(size).map(|value| number(value, self.big_endian)).collect()))
    }

    /// The first value of a tag, or `default` where the directory has no such tag.
    pub(super) fn number_or(&mut self, directory: &Directory, tag: u16, default: u64) -> Result<u64> {
        Ok(self.numbers(directory, tag)?.and_then(|values| values.first().copied()).unwrap_or(default))
    }

    /// The text of a tag up to its first zero byte, bytes that are not UTF-8 replaced.
    pub(super) fn text(&mut self, directory: &Directory, tag: u16) -> Result<Option<String>> {
        let Some(&entry) = directory.entries.get(&tag) else { return Ok(None) };
        if !matches!(entry.kind, 1 | 2 | 7) {
            return Ok(None);
        }
        let bytes = self.value_bytes(entry)?;
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        Ok(Some(String::from_utf8_lossy(text).into_owned()))
    }
}

fn not_tiff(file: &PositionedFile, start: &[u8]) -> crate::Error {
    if start.is_empty() {
        return file.error("the file is empty").fix("download or write the file again");
    }
    file.error(format!(
        "this is not a TIFF file: it starts with {:02x?} where a TIFF file has \"II\" or \"MM\" and 42 or 43",
        &start[..start.len().min(4)]
    ))
    .fix("check the name; a web page saved under the wrong name fails here")
}
