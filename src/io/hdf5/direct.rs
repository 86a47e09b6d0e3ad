//! Arrays that lie in the file as this machine holds numbers, in one piece or in chunks that are not packed: read into
//! place by all threads, without the library's copies.
//!
//! anndata writes dense arrays in one piece and the parts of sparse ones in chunks, so that they could grow.

use hdf5_pure::{Datatype, DatatypeByteOrder, FixedPointLayout, FloatingPointLayout, Layout};
use rayon::prelude::*;

use super::array::{Array, Element};
use super::source::read_at;
use super::{FIX, guard};
use crate::{Error, Result};

/// Bytes that one thread reads at a time.
const PART: u64 = 4 << 20;

/// Where the rows of an array lie in its file.
#[derive(Debug)]
pub(super) struct Pieces {
    /// Rows in a piece; the last one may be filled up.
    rows: u64,
    /// The first byte of each piece, in the order of the rows.
    starts: Vec<u64>,
}

impl Array {
    /// Where the rows lie, if they can be read so as `T`.
    pub(super) fn direct<T: Element>(&self) -> Result<Option<&Pieces>> {
        if cfg!(target_endian = "big") || !T::is(&self.datatype) {
            return Ok(None);
        }
        if let Some(known) = self.pieces.get() {
            return Ok(known.as_ref());
        }
        let found = self.find_pieces()?;
        Ok(self.pieces.get_or_init(|| found).as_ref())
    }

    fn find_pieces(&self) -> Result<Option<Pieces>> {
        let Some((&rows, inner)) = self.shape().split_first() else { return Ok(None) };
        let row_bytes = self.row_entries() * self.entry_bytes;
        Ok(match guard(&self.place(), || self.dataset.layout())? {
            Layout::Contiguous { address: Some(start), size } if size == rows * row_bytes => {
                Some(Pieces { rows: rows.max(1), starts: vec![start] })
            }
            Layout::Chunked { chunk_shape, .. } if self.dataset.filters().is_empty() => match chunk_shape.split_first()
            {
                Some((&band, across)) if band > 0 && across == inner => {
                    self.chunks(rows.div_ceil(band), band, row_bytes)
                }
                _ => None,
            },
            _ => None,
        })
    }

    /// The places of `count` chunks of `band` whole rows; `None` where one is missing or the library does not list them.
    fn chunks(&self, count: u64, band: u64, row_bytes: u64) -> Option<Pieces> {
        let found = guard(&self.place(), || self.dataset.chunks()).ok().filter(|found| found.len() as u64 == count)?;
        let bytes = band.checked_mul(row_bytes)?;
        let mut starts = vec![None; found.len()];
        for chunk in found {
            let (&row, across) = chunk.offset.split_first()?;
            if chunk.storage_size != bytes || row % band != 0 || across.iter().any(|&column| column != 0) {
                return None;
            }
            *starts.get_mut(usize::try_from(row / band).ok()?)? = Some(chunk.address);
        }
        Some(Pieces { rows: band, starts: starts.into_iter().collect::<Option<_>>()? })
    }

    /// Reads whole rows from the row `start` on.
    pub(super) fn read_direct<T: Element>(&self, pieces: &Pieces, start: u64, into: &mut [T]) -> Result<()> {
        let (mut rest, mut parts) = (into, Vec::new());
        for (offset, bytes) in self.runs(pieces, start, rest.len() as u64 / self.row_entries().max(1)) {
            let (mine, later) = rest.split_at_mut((bytes / self.entry_bytes) as usize);
            let part = mine.chunks_mut(PART as usize / size_of::<T>()).enumerate();
            parts.extend(part.map(|(i, numbers)| (offset.saturating_add(i as u64 * PART), numbers)));
            rest = later;
        }
        parts.into_par_iter().try_for_each(|(offset, numbers)| {
            read_at(&self.origin.file, offset, bytemuck::cast_slice_mut(numbers)).map_err(|e| {
                Error::new(format!("the array's numbers cannot be read: {e}")).at(self.place()).fix(FIX).caused_by(e)
            })
        })
    }

    /// First byte and number of bytes of what lies together, for some rows in order.
    fn runs(&self, pieces: &Pieces, start: u64, rows: u64) -> Vec<(u64, u64)> {
        let row_bytes = self.row_entries() * self.entry_bytes;
        let (mut row, end) = (start, start + rows);
        let mut runs: Vec<(u64, u64)> = Vec::new();
        while row < end {
            let piece = row / pieces.rows;
            let next = (piece + 1).saturating_mul(pieces.rows).min(end);
            let (first, bytes) = (pieces.starts[piece as usize], (next - row) * row_bytes);
            let offset = first.saturating_add((row - piece * pieces.rows) * row_bytes);
            match runs.last_mut() {
                Some((from, length)) if from.checked_add(*length) == Some(offset) => *length += bytes,
                _ => runs.push((offset, bytes)),
            }
            row = next;
        }
        runs
    }
}

/// Whether the type is a little-endian whole number without unused bits.
pub(super) fn is_whole(datatype: &Datatype, bytes: usize, signed: bool) -> bool {
    let plain = FixedPointLayout { signed, bit_offset: 0, bit_precision: 8 * bytes as u16 };
    matches!(datatype, Datatype::FixedPoint { size, byte_order: DatatypeByteOrder::LittleEndian, layout }
        if *size as usize == bytes && *layout == plain)
}

/// Whether the type is a little-endian float of IEEE 754.
pub(super) fn is_float(datatype: &Datatype, bytes: usize) -> bool {
    let plain = if bytes == 4 { FloatingPointLayout::IEEE754_BINARY32 } else { FloatingPointLayout::IEEE754_BINARY64 };
    matches!(datatype, Datatype::FloatingPoint { size, byte_order: DatatypeByteOrder::LittleEndian, layout }
        if *size as usize == bytes && *layout == plain)
}
