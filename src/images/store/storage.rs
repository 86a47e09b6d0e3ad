//! How pixels are kept in an image store: bytes, 16-bit integers, half floats or single floats.
//!
//! ```text
//! value = code * scale + offset,   code = round((value - offset) / scale)
//! ```
//!
//! with one scale and offset per channel. Integers of 8 and 16 bits and single floats come back as they went in; scaled
//! codes within half a step.

use half::f16;
use half::slice::HalfFloatSliceExt;

use crate::{Error, Result};

/// Half floats that are converted together.
const PIECE: usize = 256;

/// The numbers of an image store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// One byte per pixel.
    U8,
    /// Two bytes per pixel, integers.
    U16,
    /// Two bytes per pixel, half floats: 11 significant bits, up to 65504.
    F16,
    /// Four bytes per pixel, as they are.
    F32,
}

impl Storage {
    /// Bytes of one pixel.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 | Self::F16 => 2,
            Self::F32 => 4,
        }
    }

    /// The largest code of the integer types.
    pub(super) fn largest(self) -> Option<f32> {
        match self {
            Self::U8 => Some(255.0),
            Self::U16 => Some(65535.0),
            Self::F16 | Self::F32 => None,
        }
    }

    pub(super) fn code(self) -> u32 {
        match self {
            Self::U8 => 0,
            Self::U16 => 1,
            Self::F16 => 2,
            Self::F32 => 3,
        }
    }

    pub(super) fn from_code(code: u32) -> Option<Self> {
        [Self::U8, Self::U16, Self::F16, Self::F32].into_iter().find(|storage| storage.code() == code)
    }
}

/// Scale and offset of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) scale: f32,
    pub(super) offset: f32,
}

impl Scale {
    /// Values as they are.
    pub(super) const ONE: Self = Self { scale: 1.0, offset: 0.0 };

    /// Appends the codes of one channel.
    pub(super) fn encode(self, storage: Storage, values: impl Iterator<Item = f32>, bytes: &mut Vec<u8>) -> Result<()> {
        let refused = |value: f32, range: String| {
            Error::new(format!("the pixel value {value} cannot be stored: {range}"))
                .fix("give the range of the values (StoreLayout::ranges), store f32, or clip the images first")
        };
        let nan = || "NaN and infinity are no pixel values".to_owned();
        match storage.largest() {
            Some(largest) => {
                for value in values {
                    let code = ((f64::from(value) - f64::from(self.offset)) / f64::from(self.scale)).round() as f32;
                    if !(0.0..=largest).contains(&code) {
                        let top = f64::from(largest) * f64::from(self.scale) + f64::from(self.offset);
                        let range = format!("this channel keeps {} to {top}", self.offset);
                        return Err(refused(value, if value.is_finite() { range } else { nan() }));
                    }
                    match storage {
                        Storage::U8 => bytes.push(code as u8),
                        _ => bytes.extend((code as u16).to_le_bytes()),
                    }
                }
            }
            None if storage == Storage::F16 => {
                for value in values {
                    let half = f16::from_f32(value);
                    if !half.is_finite() {
                        let range = "half floats end at 65504".to_owned();
                        return Err(refused(value, if value.is_finite() { range } else { nan() }));
                    }
                    bytes.extend(half.to_le_bytes());
                }
            }
            None => {
                for value in values {
                    if !value.is_finite() {
                        return Err(refused(value, nan()));
                    }
                    bytes.extend(value.to_le_bytes());
                }
            }
        }
        Ok(())
    }

    /// Fills `out` with the values of one channel; single floats are read to their place instead.
    pub(super) fn decode(self, storage: Storage, bytes: &[u8], out: &mut [f32]) {
        let Self { scale, offset } = self;
        // Integers that are the values themselves need no arithmetic.
        let plain = self == Self::ONE;
        match storage {
            Storage::U8 if plain => out.iter_mut().zip(bytes).for_each(|(out, &code)| *out = f32::from(code)),
            Storage::U8 => out.iter_mut().zip(bytes).for_each(|(out, &code)| *out = f32::from(code) * scale + offset),
            Storage::U16 => {
                let codes = bytes.as_chunks::<2>().0;
                let values = out.iter_mut().zip(codes);
                if plain {
                    values.for_each(|(out, &code)| *out = f32::from(u16::from_le_bytes(code)));
                } else {
                    values.for_each(|(out, &code)| *out = f32::from(u16::from_le_bytes(code)) * scale + offset);
                }
            }
            Storage::F16 => {
                // In pieces, since processors convert several halves at once.
                let mut piece = [f16::ZERO; PIECE];
                for (out, codes) in out.chunks_mut(PIECE).zip(bytes.as_chunks::<2>().0.chunks(PIECE)) {
                    let halves = &mut piece[..codes.len()];
                    halves.iter_mut().zip(codes).for_each(|(half, &code)| *half = f16::from_le_bytes(code));
                    halves.convert_to_f32_slice(&mut out[..codes.len()]);
                }
            }
            Storage::F32 => {
                let codes = bytes.as_chunks::<4>().0;
                out.iter_mut().zip(codes).for_each(|(out, &code)| *out = f32::from_le_bytes(code));
            }
        }
    }
}
