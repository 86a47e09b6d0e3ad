//! Crops in `.npy` files: numbers of any plain type and either byte order, C order, read as `f32`.
//!
//! ```text
//! "\x93NUMPY", version, length of the header, header {'descr': '<f4', 'fortran_order': False, 'shape': (4, 96, 96)}, data
//! ```

use std::path::Path;

use half::f16;

use super::{PixelKind, PixelType};
use crate::Result;
use crate::io::positioned::PositionedFile;

/// An open `.npy` file whose header was read and whose length fits it.
#[derive(Debug)]
pub(super) struct NpyFile {
    file: PositionedFile,
    pub(super) shape: Vec<usize>,
    pub(super) pixel: PixelType,
    big_endian: bool,
    data: u64,
    len: usize,
}

impl NpyFile {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = PositionedFile::open(path)?;
        let start = file.start(12)?;
        let (header_length, data) = match start.get(..8) {
            Some([0x93, b'N', b'U', b'M', b'P', b'Y', 1, _]) if start.len() >= 10 => {
                (u64::from(u16::from_le_bytes([start[8], start[9]])), 10)
            }
            Some([0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, _]) if start.len() >= 12 => {
                (u64::from(u32::from_le_bytes([start[8], start[9], start[10], start[11]])), 12)
            }
            _ => {
                return Err(file
                    .error("this is not a .npy file: it does not start with \\x93NUMPY and a version from 1 to 3")
                    .fix("write the array with numpy.save"));
            }
        };
        if header_length > 65_536 {
            return Err(file.damaged(format!("its header claims {header_length} bytes")));
        }
        let header = String::from_utf8_lossy(&file.bytes(data, header_length)?).into_owned();
        let (Some(kind), Some(order), Some(shape)) =
            (after(&header, "descr"), after(&header, "fortran_order"), after(&header, "shape"))
        else {
            return Err(file.damaged("its header lacks descr, fortran_order or shape"));
        };
        let shape = shape
            .strip_prefix('(')
            .and_then(|rest| rest.split(')').next())
            .map(|sizes| sizes.split(',').map(str::trim).filter(|size| !size.is_empty()))
            .and_then(|sizes| sizes.map(|size| size.parse::<usize>().ok()).collect::<Option<Vec<_>>>())
            .ok_or_else(|| file.damaged("the shape in its header cannot be read"))?;
        let kind = kind.trim_start_matches(['\'', '"']).split(['\'', '"']).next().unwrap_or_default();
        let (pixel, big_endian) = pixel_type(kind).ok_or_else(|| {
            file.error(format!("numbers of type {kind:?} are not read as images"))
                .fix("save the array as u1, u2, f2, f4 or f8")
        })?;
        if shape.len() > 1 && order.starts_with("True") {
            return Err(file
                .error("the array is stored in Fortran order")
                .fix("save numpy.ascontiguousarray(image) instead"));
        }
        let data = data + header_length;
        let len = shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
        let bytes = len.and_then(|len| len.checked_mul(usize::from(pixel.bits) / 8));
        let (Some(len), Some(bytes)) = (len, bytes) else {
            return Err(file.damaged(format!("its header claims the shape {shape:?}")));
        };
        if bytes as u64 != file.len() - data {
            return Err(file.damaged(format!(
                "the shape {shape:?} of {pixel} needs {bytes} bytes, and {} follow its header",
                file.len() - data
            )));
        }
        Ok(Self { file, shape, pixel, big_endian, data, len })
    }

    /// How many numbers it holds.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Fills `out`, which has [`NpyFile::len`] places.
    pub(super) fn read(&self, out: &mut [f32], buffer: &mut Vec<u8>) -> Result<()> {
        buffer.resize(self.len * usize::from(self.pixel.bits) / 8, 0);
        self.file.fill(self.data, buffer)?;
        macro_rules! convert {
            ($kind:ty, $f32:expr) => {{
                let values = out.iter_mut().zip(buffer.as_chunks::<{ size_of::<$kind>() }>().0);
                if self.big_endian {
                    values.for_each(|(out, bytes)| *out = $f32(<$kind>::from_be_bytes(*bytes)));
                } else {
                    values.for_each(|(out, bytes)| *out = $f32(<$kind>::from_le_bytes(*bytes)));
                }
            }};
        }
        match (self.pixel.kind, self.pixel.bits) {
            (PixelKind::Unsigned, 8) => convert!(u8, f32::from),
            (PixelKind::Unsigned, 16) => convert!(u16, f32::from),
            (PixelKind::Unsigned, 32) => convert!(u32, |v| v as f32),
            (PixelKind::Unsigned, _) => convert!(u64, |v| v as f32),
            (PixelKind::Signed, 8) => convert!(i8, f32::from),
            (PixelKind::Signed, 16) => convert!(i16, f32::from),
            (PixelKind::Signed, 32) => convert!(i32, |v| v as f32),
            (PixelKind::Signed, _) => convert!(i64, |v| v as f32),
            (PixelKind::Float, 16) => convert!(f16, f16::to_f32),
            (PixelKind::Float, 32) => convert!(f32, |v| v),
            (PixelKind::Float, _) => convert!(f64, |v| v as f32),
        }
        Ok(())
    }
}

/// What follows `'key':` in the header.
fn after<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let at = [format!("'{key}'"), format!("\"{key}\"")].iter().find_map(|key| Some(header.find(key)? + key.len()))?;
    Some(header[at..].trim_start().strip_prefix(':')?.trim_start())
}

fn pixel_type(kind: &str) -> Option<(PixelType, bool)> {
    let mut letters = kind.chars();
    let order = letters.next()?;
    let kind = match letters.next()? {
        'u' | 'b' => PixelKind::Unsigned,
        'i' => PixelKind::Signed,
        'f' => PixelKind::Float,
        _ => return None,
    };
    let bytes: u16 = letters.as_str().parse().ok()?;
    let known = match kind {
        PixelKind::Float => matches!(bytes, 2 | 4 | 8),
        _ => matches!(bytes, 1 | 2 | 4 | 8),
    };
    (known && matches!(order, '<' | '>' | '|' | '=')).then_some((PixelType { kind, bits: 8 * bytes }, order == '>'))
}
