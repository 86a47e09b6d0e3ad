//! One page of a TIFF file: how large, of which type, and where its strips or tiles lie.
//!
//! A page is `samples` planes of `height x width`, cut into chunks of `chunk_height x chunk_width` (strips are as wide as
//! the page). Chunky pages hold the samples of a pixel together, planar pages have chunks of their own for each sample.

use super::directory::{Directory, Skeleton};
use crate::images::{PixelKind, PixelType};
use crate::io::positioned::PositionedFile;
use crate::{Error, Result};

/// How a chunk was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Lzw,
    Deflate,
    PackBits,
}

/// What was done to a row before it was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    /// Each sample minus the one of the pixel to its left.
    Horizontal,
    /// Bytes sorted by significance, then each minus the one before.
    Float,
}

/// A page whose sizes were checked.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) samples: usize,
    pub(super) pixel: PixelType,
    pub(super) rgb: bool,
    pub(super) reduced: bool,
    pub(super) planar: bool,
    pub(super) compression: Compression,
    pub(super) predictor: Predictor,
    pub(super) tiled: bool,
    pub(super) chunk_width: usize,
    pub(super) chunk_height: usize,
    pub(super) offsets: Vec<u64>,
    pub(super) counts: Vec<u64>,
    pub(super) big_endian: bool,
    pub(super) low_bit_first: bool,
}

impl Page {
    /// Reads and checks the entries of one directory.
    pub(super) fn read(file: &PositionedFile, skeleton: &mut Skeleton<'_>, directory: &Directory) -> Result<Self> {
        let number = |skeleton: &mut Skeleton<'_>, tag, default| -> Result<usize> {
            let value = skeleton.number_or(directory, tag, default)?;
            usize::try_from(value)
                .ok()
                .filter(|&value| value <= u32::MAX as usize)
                .ok_or_else(|| file.damaged(format!("tag {tag} claims {value}")))
        };
        let (width, height) = (number(skeleton, 256, 0)?, number(skeleton, 257, 0)?);
        let samples = number(skeleton, 277, 1)?;
        if width == 0 || height == 0 || samples == 0 || samples > usize::from(u16::MAX) {
            return Err(file.damaged(format!("a page claims {samples} samples of {height} x {width} pixels")));
        }
        let photometric = skeleton.number_or(directory, 262, 1)?;
        let pixel = pixel_type(file, skeleton, directory)?;
        let compression = compression(file, skeleton.number_or(directory, 259, 1)?, photometric)?;
        let predictor = predictor(file, skeleton.number_or(directory, 317, 1)?, pixel)?;
        let planar = samples > 1 && skeleton.number_or(directory, 284, 1)? == 2;
        let tiled = skeleton.numbers(directory, 324)?.is_some();
        let (chunk_width, chunk_height) = if tiled {
            (number(skeleton, 322, 0)?, number(skeleton, 323, 0)?)
        } else {
            let rows = skeleton.number_or(directory, 278, u64::MAX)?;
            (width, usize::try_from(rows).unwrap_or(usize::MAX).min(height))
        };
        if chunk_width == 0 || chunk_height == 0 {
            return Err(file.damaged(format!("a page is cut into pieces of {chunk_height} x {chunk_width} pixels")));
        }
        let (at, sizes) = if tiled { (324, 325) } else { (273, 279) };
        let offsets =
            skeleton.numbers(directory, at)?.ok_or_else(|| file.damaged("a page does not say where its pixels are"))?;
        let counts = skeleton.numbers(directory, sizes)?;
        let mut page = Self {
            width,
            height,
            samples,
            pixel,
            rgb: photometric == 2,
            reduced: skeleton.number_or(directory, 254, 0)? & 1 == 1,
            planar,
            compression,
            predictor,
            tiled,
            chunk_width,
            chunk_height,
            offsets,
            counts: Vec::new(),
            big_endian: skeleton.big_endian,
            low_bit_first: skeleton.number_or(directory, 266, 1)? == 2,
        };
        page.check_chunks(file, counts)?;
        Ok(page)
    }

    fn check_chunks(&mut self, file: &PositionedFile, counts: Option<Vec<u64>>) -> Result<()> {
        let planes = if self.planar { self.samples } else { 1 };
        let due = self.chunks_across().checked_mul(self.chunks_down()).and_then(|n| n.checked_mul(planes));
        let due = due.ok_or_else(|| file.damaged("a page is cut into more pieces than can be counted"))?;
        self.counts = match counts {
            Some(counts) => counts,
            // Sizes are needed only of what is packed.
            None if self.compression == Compression::None => vec![u64::MAX; self.offsets.len()],
            None => return Err(file.damaged("a page does not say how long its pieces are")),
        };
        if self.offsets.len() < due || self.counts.len() < due {
            return Err(file.damaged(format!(
                "a page needs {due} pieces and names {} offsets and {} sizes",
                self.offsets.len(),
                self.counts.len()
            )));
        }
        self.offsets.truncate(due);
        self.counts.truncate(due);
        Ok(())
    }

    pub(super) fn chunks_across(&self) -> usize {
        self.width.div_ceil(self.chunk_width)
    }

    pub(super) fn chunks_down(&self) -> usize {
        self.height.div_ceil(self.chunk_height)
    }

    /// Samples of one pixel within a chunk.
    pub(super) fn chunk_samples(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// Bytes of one row of a chunk.
    pub(super) fn row_bytes(&self) -> Option<usize> {
        let numbers = self.chunk_width.checked_mul(self.chunk_samples())?;
        Some(numbers.checked_mul(usize::from(self.pixel.bits))?.div_ceil(8))
    }

    /// Values of all samples.
    pub(super) fn values(&self) -> Option<usize> {
        self.width.checked_mul(self.height)?.checked_mul(self.samples)
    }

    /// Bytes of the pixels as `f32`, and of what they are unpacked into on the way: the chunks, of which tiles reach over
    /// the rim, and one row of numbers.
    pub(super) fn sizes(&self) -> Option<(u64, u64)> {
        let pixels = self.values()?.checked_mul(4)?;
        let rows = if self.tiled {
            self.chunk_height.checked_mul(self.offsets.len())?
        } else {
            self.height.checked_mul(if self.planar { self.samples } else { 1 })?
        };
        let row = self.chunk_width.checked_mul(self.chunk_samples())?.checked_mul(4)?;
        Some((pixels as u64, self.row_bytes()?.checked_mul(rows)?.checked_add(row)? as u64))
    }
}

/// The error of a file that promises more pixels than its length makes likely.
pub(super) fn too_large(file: &PositionedFile, what: &str, limit: u64) -> Error {
    file.error(format!(
        "a file of {} bytes claims {what} pixels in pieces that need more than the {} MB allowed for it",
        file.len(),
        limit >> 20
    ))
    .fix("the file is likely damaged; if it is not, read it with tiff::read_up_to and a higher limit")
}

fn pixel_type(file: &PositionedFile, skeleton: &mut Skeleton<'_>, directory: &Directory) -> Result<PixelType> {
    let bits = skeleton.numbers(directory, 258)?.unwrap_or_else(|| vec![1]);
    let formats = skeleton.numbers(directory, 339)?.unwrap_or_else(|| vec![1]);
    let (Some(&size), Some(&format)) = (bits.first(), formats.first()) else {
        return Err(file.damaged("a page does not say the size of its numbers"));
    };
    if bits.iter().any(|&other| other != size) || formats.iter().any(|&other| other != format) {
        return Err(file.error(format!("samples of different types are not read: {bits:?} bits, formats {formats:?}")));
    }
    let kind = match (format, size) {
        (1 | 4, 1..=16 | 32 | 64) => PixelKind::Unsigned,
        (2, 8 | 16 | 32 | 64) => PixelKind::Signed,
        (3, 16 | 32 | 64) => PixelKind::Float,
        _ => {
            return Err(file
                .error(format!("numbers of {size} bits in format {format} are not read"))
                .fix("save the image with 8, 16 or 32 bits per sample"));
        }
    };
    Ok(PixelType { kind, bits: size as u16 })
}

fn compression(file: &PositionedFile, code: u64, photometric: u64) -> Result<Compression> {
    let name = match code {
        1 if photometric == 6 => "YCbCr colours",
        1 => return Ok(Compression::None),
        5 => return Ok(Compression::Lzw),
        8 | 32946 => return Ok(Compression::Deflate),
        32773 => return Ok(Compression::PackBits),
        2..=4 => "fax compression",
        6 | 7 => "JPEG compression",
        33003..=33005 | 34712 => "JPEG 2000 compression",
        50000 => "Zstandard compression",
        _ => "an unknown compression",
    };
    Err(file
        .error(format!("{name} (code {code}) is not read"))
        .fix("save the image uncompressed or with LZW, deflate or PackBits compression"))
}

fn predictor(file: &PositionedFile, code: u64, pixel: PixelType) -> Result<Predictor> {
    match (code, pixel.kind, pixel.bits) {
        (1, ..) => Ok(Predictor::None),
        (2, _, 8 | 16 | 32 | 64) => Ok(Predictor::Horizontal),
        (3, PixelKind::Float, _) => Ok(Predictor::Float),
        _ => Err(file.damaged(format!("the predictor {code} does not go with numbers of type {pixel}"))),
    }
}
