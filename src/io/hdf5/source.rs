//! The bytes of an open file for the HDF5 library, read where they are needed.
//!
//! Reading at a position needs no lock, so that several threads unpack parts of one array at the same time. Texts lie in
//! the file one by one, a few bytes each: such reads are served from the last pages that were needed.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_pure::{ChunkCacheConfig, FileAccessProperties, FormatError, MetadataCacheConfig, Source};

/// Descriptions of arrays that are kept in memory, at most.
const METADATA_BYTES: usize = 16 << 20;

pub(super) fn open(file: File, bytes: u64) -> Result<hdf5_pure::File, hdf5_pure::Error> {
    // Arrays are read once, front to back: unpacked chunks are not kept, the list of chunks is.
    let access = FileAccessProperties::new()
        .with_metadata_cache(MetadataCacheConfig::new(METADATA_BYTES))
        .with_chunk_cache(ChunkCacheConfig::new().with_max_bytes(0).with_max_slots(0));
    hdf5_pure::File::from_source_with_options(Positions { file, bytes, pages: Mutex::default() }, access)
}

/// Reads up to this many bytes go through pages.
const SMALL: usize = 4 << 10;
/// Bytes of a page.
const PAGE: u64 = 64 << 10;
/// Pages that are kept; when there are more, all are let go.
const PAGES: usize = 64;

struct Positions {
    file: File,
    bytes: u64,
    pages: Mutex<HashMap<u64, Arc<[u8]>>>,
}

impl Positions {
    fn page(&self, number: u64) -> io::Result<Arc<[u8]>> {
        if let Some(page) = self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(&number) {
            return Ok(Arc::clone(page));
        }
        let start = number * PAGE;
        let mut bytes = vec![0; PAGE.min(self.bytes.saturating_sub(start)) as usize];
        read_at(&self.file, start, &mut bytes)?;
        let page: Arc<[u8]> = bytes.into();
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= PAGES {
            pages.clear();
        }
        pages.insert(number, Arc::clone(&page));
        Ok(page)
    }

    /// A short read within one page.
    fn read_within_page(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let page = self.page(offset / PAGE)?;
        let start = (offset % PAGE) as usize;
        let part = page.get(start..start + buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(part);
        Ok(())
    }
}

impl Source for Positions {
    fn len(&self) -> u64 {
        self.bytes
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FormatError> {
        if offset > i64::MAX as u64 {
            // The library takes a soft link for an object at no address.
            return Err(FormatError::Source("a soft link, or one to nowhere, which is not followed".to_owned()));
        }
        let within = offset % PAGE + buffer.len() as u64 <= PAGE;
        let result = if buffer.len() <= SMALL && within {
            self.read_within_page(offset, buffer)
        } else {
            read_at(&self.file, offset, buffer)
        };
        result.map_err(|e| FormatError::Source(e.to_string()))
    }
}

/// Fills `buffer` from the position `offset`.
#[cfg(unix)]
pub(super) fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

/// Fills `buffer` from the position `offset`.
#[cfg(windows)]
pub(super) fn read_at(file: &File, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                offset += n as u64;
                buffer = &mut buffer[n..];
            }
        }
    }
    Ok(())
}
