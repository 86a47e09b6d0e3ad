//! One row of a chunk: its bytes become `f32`, and the predictor is undone on the way.

use half::f16;

use super::page::{Page, Predictor};
use crate::images::PixelKind;

/// Turns one row of a chunk into numbers, as many as `out` takes; `row` is scratch afterwards.
pub(super) fn to_numbers(page: &Page, row: &mut [u8], out: &mut [f32]) {
    let (samples, size) = (page.chunk_samples(), usize::from(page.pixel.bits) / 8);
    let mut summed = false;
    match page.predictor {
        Predictor::None => {}
        // Where a pixel is one number, the sum runs along with the conversion.
        Predictor::Horizontal if samples == 1 => summed = true,
        Predictor::Horizontal => undo_horizontal(row, size, samples, page.big_endian),
        Predictor::Float if samples == 1 && size == 4 => return undo_singles(row, out),
        Predictor::Float => return undo_float(row, size, samples, out),
    }
    macro_rules! convert {
        ($bits:ty, $number:expr) => {{
            let number = $number;
            let values = out.iter_mut().zip(row.as_chunks::<{ size_of::<$bits>() }>().0);
            let mut sum: $bits = 0;
            match (summed, page.big_endian) {
                (false, false) => values.for_each(|(out, bytes)| *out = number(<$bits>::from_le_bytes(*bytes))),
                (false, true) => values.for_each(|(out, bytes)| *out = number(<$bits>::from_be_bytes(*bytes))),
                (true, false) => values.for_each(|(out, bytes)| {
                    sum = sum.wrapping_add(<$bits>::from_le_bytes(*bytes));
                    *out = number(sum);
                }),
                (true, true) => values.for_each(|(out, bytes)| {
                    sum = sum.wrapping_add(<$bits>::from_be_bytes(*bytes));
                    *out = number(sum);
                }),
            }
        }};
    }
    match (page.pixel.kind, page.pixel.bits) {
        (PixelKind::Unsigned, 8) => convert!(u8, f32::from),
        (PixelKind::Unsigned, 16) => convert!(u16, f32::from),
        (PixelKind::Unsigned, 32) => convert!(u32, |bits| bits as f32),
        (PixelKind::Unsigned, 64) => convert!(u64, |bits| bits as f32),
        (PixelKind::Signed, 8) => convert!(u8, |bits: u8| f32::from(bits as i8)),
        (PixelKind::Signed, 16) => convert!(u16, |bits: u16| f32::from(bits as i16)),
        (PixelKind::Signed, 32) => convert!(u32, |bits: u32| bits as i32 as f32),
        (PixelKind::Signed, _) => convert!(u64, |bits: u64| bits as i64 as f32),
        (PixelKind::Float, 16) => convert!(u16, |bits| f16::from_bits(bits).to_f32()),
        (PixelKind::Float, 32) => convert!(u32, f32::from_bits),
        (PixelKind::Float, _) => convert!(u64, |bits| f64::from_bits(bits) as f32),
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

/// The same for single floats, one a pixel: the four sums run side by side, each from where the one before it ends.
fn undo_singles(row: &[u8], out: &mut [f32]) {
    let (first, rest) = row.split_at(row.len() / 4);
    let (second, rest) = rest.split_at(first.len());
    let (third, fourth) = rest.split_at(first.len());
    let total = |bytes: &[u8], from: u8| bytes.iter().fold(from, |sum, &byte| sum.wrapping_add(byte));
    let (mut a, mut b) = (0u8, total(first, 0));
    let mut c = total(second, b);
    let mut d = total(third, c);
    let bytes = first.iter().zip(second).zip(third.iter().zip(fourth));
    for (out, ((first, second), (third, fourth))) in out.iter_mut().zip(bytes) {
        (a, b) = (a.wrapping_add(*first), b.wrapping_add(*second));
        (c, d) = (c.wrapping_add(*third), d.wrapping_add(*fourth));
        *out = f32::from_be_bytes([a, b, c, d]);
    }
}
