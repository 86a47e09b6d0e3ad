//! The bytes of a strip or tile, unpacked.
//!
//! Unpacking stops at the size that the page promises: a compressed bomb fills its own chunk and nothing more.

use fdeflate::DecompressionError;
use libdeflater::Decompressor;

use super::lzw::Lzw;
use super::page::{Compression, Page};
use crate::Result;
use crate::io::aligned::AlignedBytes;
use crate::io::positioned::PositionedFile;

/// What a thread uses again chunk after chunk.
#[derive(Default)]
pub(super) struct Scratch {
    /// The rows of a chunk or of a few strips.
    pub(super) bytes: AlignedBytes,
    /// The numbers of one row.
    pub(super) numbers: Vec<f32>,
    packed: AlignedBytes,
    lzw: Option<Lzw>,
    deflate: Option<Decompressor>,
}

impl Scratch {
    /// Reads and unpacks chunk `index`, of which `rows` rows are needed.
    pub(super) fn unpack(&mut self, file: &PositionedFile, page: &Page, index: usize, rows: usize) -> Result<()> {
        let size = page.row_bytes().and_then(|row| row.checked_mul(rows)).ok_or_else(|| short(file, index, rows))?;
        let (offset, count) = (page.offsets[index], page.counts[index]);
        if page.compression == Compression::None {
            if count < size as u64 {
                return Err(short(file, index, rows));
            }
            return self.read(file, page, offset, size);
        }
        file.check(offset, count)?;
        // No packer needs twice the size; so a file whose pieces all claim the whole file is not read again and again.
        let count = count.min(size as u64 * 2 + 4096) as usize;
        let packed = self.packed.take(count);
        file.fill(offset, packed)?;
        reverse_bits(page, packed);
        let bytes = self.bytes.take(size);
        let filled = match page.compression {
            Compression::None => size,
            Compression::Lzw => self.lzw.get_or_insert_default().unpack(packed, bytes),
            Compression::Deflate => match deflate(&mut self.deflate, packed, bytes) {
                Ok(filled) => filled,
                Err(DecompressionError::WrongChecksum) => {
                    return Err(file.damaged(format!("the checksum of piece {index} of a page is wrong")));
                }
                Err(_) => 0,
            },
            Compression::PackBits => pack_bits(packed, bytes),
        };
        if filled < size { Err(short(file, index, rows)) } else { Ok(()) }
    }

    /// Reads `size` bytes that are not packed.
    pub(super) fn read(&mut self, file: &PositionedFile, page: &Page, offset: u64, size: usize) -> Result<()> {
        let bytes = self.bytes.take(size);
        file.fill(offset, bytes)?;
        reverse_bits(page, bytes);
        Ok(())
    }
}

/// The error of a chunk that holds less than the page promises.
pub(super) fn short(file: &PositionedFile, index: usize, rows: usize) -> crate::Error {
    file.damaged(format!("piece {index} of a page holds fewer pixels than its {rows} rows need"))
}

/// Some writers store each byte with its lowest bit first.
fn reverse_bits(page: &Page, bytes: &mut [u8]) {
    if page.low_bit_first {
        bytes.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
    }
}

/// Unpacks into `out` and says how many bytes it filled.
fn deflate(
    whole: &mut Option<Decompressor>,
    packed: &[u8],
    out: &mut [u8],
) -> std::result::Result<usize, DecompressionError> {
    if let Ok(filled) = whole.get_or_insert_with(Decompressor::new).zlib_decompress(packed, out) {
        return Ok(filled);
    }
    // That one takes streams only that end with their chunk; this one says what is wrong with the others.
    fdeflate::Decompressor::new().read(packed, out, 0, true).map(|(_, filled)| filled)
}

/// A byte n up to 127 is followed by n + 1 bytes as they are, a higher one by a byte that stands 257 - n times.
fn pack_bits(packed: &[u8], out: &mut [u8]) -> usize {
    let (mut at, mut filled) = (0, 0);
    while filled < out.len() && at + 1 < packed.len() {
        let head = usize::from(packed[at]);
        at += 1;
        let room = out.len() - filled;
        if head < 128 {
            let n = (head + 1).min(room).min(packed.len() - at);
            out[filled..filled + n].copy_from_slice(&packed[at..at + n]);
            (at, filled) = (at + head + 1, filled + n);
        } else if head > 128 {
            let n = (257 - head).min(room);
            out[filled..filled + n].fill(packed[at]);
            (at, filled) = (at + 1, filled + n);
        }
    }
    filled
}
