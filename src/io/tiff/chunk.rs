//! From the packed bytes of a strip or tile to rows of `f32`.
//!
//! Unpacking stops at the size that the page promises: a compressed bomb fills its own chunk and nothing more.

use std::io::Read;

use half::f16;
use weezl::{BitOrder, LzwStatus, decode};

use super::page::{Compression, Page, Predictor};
use crate::Result;
use crate::images::PixelKind;
use crate::io::positioned::PositionedFile;

/// Reads and unpacks chunk `index` (`behind` bytes behind where the page says), of which `rows` rows are needed.
pub(super) fn unpack(file: &PositionedFile, page: &Page, behind: u64, index: usize, rows: usize) -> Result<Vec<u8>> {
    let short = || file.damaged(format!("piece {index} of a page holds fewer pixels than its {rows} rows need"));
    let size = page.row_bytes().and_then(|row| row.checked_mul(rows)).ok_or_else(short)?;
    let (offset, packed) = (page.offsets[index].saturating_add(behind), page.counts[index]);
    if page.compression == Compression::None {
        if packed < size as u64 {
            return Err(short());
        }
        let mut bytes = file.bytes(offset, size as u64)?;
        reverse_bits(page, &mut bytes);
        return Ok(bytes);
    }
    let mut packed = file.bytes(offset, packed)?;
    reverse_bits(page, &mut packed);
    let mut bytes = vec![0; size];
    let filled = match page.compression {
        Compression::None => size,
        Compression::Lzw => lzw(&packed, &mut bytes),
        Compression::Deflate => deflate(&packed, &mut bytes),
        Compression::PackBits => pack_bits(&packed, &mut bytes),
    };
    if filled < size { Err(short()) } else { Ok(bytes) }
}

/// Some writers store each byte with its lowest bit first.
fn reverse_bits(page: &Page, bytes: &mut [u8]) {
    if page.low_bit_first {
        bytes.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
    }
}

/// Unpacks into `out` and says how many bytes it filled.
fn lzw(mut packed: &[u8], out: &mut [u8]) -> usize {
    let mut decoder = decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let mut filled = 0;
    while filled < out.len() {
        let step = decoder.decode_bytes(packed, &mut out[filled..]);
        packed = &packed[step.consumed_in..];
        filled += step.consumed_out;
        match step.status {
            Ok(LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
            _ => break,
        }
    }
    filled
}

fn deflate(packed: &[u8], out: &mut [u8]) -> usize {
    let mut decoder = flate2::bufread::ZlibDecoder::new(packed);
    let mut filled = 0;
    while filled < out.len() {
        match decoder.read(&mut out[filled..]) {
            Ok(0) | Err(_) => break,
            Ok(n) => filled += n,
        }
    }
    filled
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

/// Turns one row of a chunk into numbers, undoing the predictor; `row` is scratch afterwards.
pub(super) fn to_numbers(page: &Page, row: &mut [u8], out: &mut [f32]) {
    match page.predictor {
        Predictor::None => {}
        Predictor::Horizontal => {
            undo_horizontal(row, usize::from(page.pixel.bits) / 8, page.chunk_samples(), page.big_endian)
        }
        Predictor::Float => return undo_float(row, usize::from(page.pixel.bits) / 8, page.chunk_samples(), out),
    }
    macro_rules! convert {
        ($kind:ty, $f32:expr) => {{
            const N: usize = size_of::<$kind>();
            let values = out.iter_mut().zip(row.as_chunks::<N>().0);
            if page.big_endian {
                values.for_each(|(out, bytes)| *out = $f32(<$kind>::from_be_bytes(*bytes)));
            } else {
                values.for_each(|(out, bytes)| *out = $f32(<$kind>::from_le_bytes(*bytes)));
            }
        }};
    }
    match (page.pixel.kind, page.pixel.bits) {
        (PixelKind::Unsigned, 8) => convert!(u8, f32::from),
        (PixelKind::Unsigned, 16) => convert!(u16, f32::from),
        (PixelKind::Unsigned, 32) => convert!(u32, |v| v as f32),
        (PixelKind::Unsigned, 64) => convert!(u64, |v| v as f32),
        (PixelKind::Signed, 8) => convert!(i8, f32::from),
        (PixelKind::Signed, 16) => convert!(i16, f32::from),
        (PixelKind::Signed, 32) => convert!(i32, |v| v as f32),
        (PixelKind::Signed, _) => convert!(i64, |v| v as f32),
        (PixelKind::Float, 16) => convert!(f16, f16::to_f32),
        (PixelKind::Float, 32) => convert!(f32, |v| v),
        (PixelKind::Float, _) => convert!(f64, |v| v as f32),
        (PixelKind::Unsigned, bits) => unpack_bits(row, usize::from(bits), out),
    }
}

/// Numbers of 1 to 15 bits, the highest bit first, packed without gaps within the row.
fn unpack_bits(row: &[u8], bits: usize, out: &mut [f32]) {
    for (i, out) in out.iter_mut().enumerate() {
        let value = (i * bits..(i + 1) * bits).fold(0u32, |value, bit| {
            let byte = row.get(bit / 8).copied().unwrap_or_default();
            value << 1 | u32::from(byte >> (7 - bit % 8) & 1)
        });
        *out = value as f32;
    }
}

fn undo_horizontal(row: &mut [u8], size: usize, samples: usize, big_endian: bool) {
    macro_rules! add {
        ($kind:ty) => {{
            let (values, _) = row.as_chunks_mut::<{ size_of::<$kind>() }>();
            let (read, write): (fn([u8; size_of::<$kind>()]) -> $kind, fn($kind) -> [u8; size_of::<$kind>()]) =
                if big_endian {
                    (<$kind>::from_be_bytes, <$kind>::to_be_bytes)
                } else {
                    (<$kind>::from_le_bytes, <$kind>::to_le_bytes)
                };
            for i in samples..values.len() {
                values[i] = write(read(values[i]).wrapping_add(read(values[i - samples])));
            }
        }};
    }
    match size {
        1 => add!(u8),
        2 => add!(u16),
        4 => add!(u32),
        _ => add!(u64),
    }
}

/// The bytes of the row are sorted by significance, the highest first, whatever the file's byte order.
fn undo_float(row: &mut [u8], size: usize, samples: usize, out: &mut [f32]) {
    for i in samples..row.len() {
        row[i] = row[i].wrapping_add(row[i - samples]);
    }
    let n = row.len() / size;
    for (i, out) in out.iter_mut().enumerate().take(n) {
        *out = match size {
            2 => f16::from_be_bytes([row[i], row[n + i]]).to_f32(),
            4 => f32::from_be_bytes([row[i], row[n + i], row[2 * n + i], row[3 * n + i]]),
            _ => f64::from_be_bytes(std::array::from_fn(|byte| row[byte * n + i])) as f32,
        };
    }
}
