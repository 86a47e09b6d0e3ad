//! Arrays that lie in the file in one piece, as this machine holds numbers: read into place, without the library's copies.

use hdf5_pure::{Datatype, DatatypeByteOrder, FixedPointLayout, FloatingPointLayout, Layout};
use rayon::prelude::*;

use super::array::{Array, Element};
use super::source::read_at;
use super::{FIX, guard};
use crate::{Error, Result};

/// Bytes that one thread reads at a time.
const PART: usize = 4 << 20;

impl Array {
    /// Where the array's first byte lies, if it can be read so as `T`.
    pub(super) fn direct<T: Element>(&self) -> Result<Option<u64>> {
        if cfg!(target_endian = "big") || !T::is(&self.datatype) {
            return Ok(None);
        }
        let bytes = self.entries()? * self.entry_bytes;
        Ok(match guard(&self.place(), || self.dataset.layout())? {
            Layout::Contiguous { address, size } if size == bytes => address,
            _ => None,
        })
    }

    /// Reads entries from a place in the file on.
    pub(super) fn read_direct<T: Element>(&self, from: u64, into: &mut [T]) -> Result<()> {
        let part = PART / size_of::<T>();
        into.par_chunks_mut(part).enumerate().try_for_each(|(i, numbers)| {
            let offset = from + (i * PART) as u64;
            read_at(&self.origin.file, offset, bytemuck::cast_slice_mut(numbers)).map_err(|e| {
                Error::new(format!("the array's numbers cannot be read: {e}")).at(self.place()).fix(FIX).caused_by(e)
            })
        })
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
