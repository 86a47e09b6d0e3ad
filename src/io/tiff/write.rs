//! Writes grey pages, one per plane: `planes x height x width`, uncompressed, one strip a page.
//!
//! Files that would pass 4 GB are written as BigTIFF. The first page's description is `{"shape": [...]}`, which tifffile
//! and [`read`](super::read) understand, or OME-XML where channels are named.

use std::io::{BufWriter, Write};
use std::path::Path;

use ndarray::{ArrayView3, ArrayView4, Axis};

use crate::io::part_file::PartFile;
use crate::{Error, Result};

/// A number that can be written as a pixel.
pub trait Pixels: Copy {
    /// Bits of one number.
    const BITS: u16;
    /// TIFF's sample format: 1 for unsigned integers, 3 for floats.
    const FORMAT: u16;
    /// The name of the type in OME-XML.
    const OME: &'static str;
    /// Appends the little-endian bytes.
    fn push(self, bytes: &mut Vec<u8>);
}

macro_rules! pixels {
    ($kind:ty, $format:expr, $ome:expr) => {
        impl Pixels for $kind {
            const BITS: u16 = 8 * size_of::<$kind>() as u16;
            const FORMAT: u16 = $format;
            const OME: &'static str = $ome;
            fn push(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        }
    };
}
pixels!(u8, 1, "uint8");
pixels!(u16, 1, "uint16");
pixels!(f32, 3, "float");

/// Writes planes of bytes, `planes x height x width`.
///
/// # Errors
/// When there is no pixel, or the file cannot be written.
pub fn write_u8(path: impl AsRef<Path>, planes: ArrayView3<'_, u8>) -> Result<()> {
    write(path, planes.insert_axis(Axis(0)), &[])
}

/// Writes planes of 16-bit numbers, `planes x height x width`.
///
/// # Errors
/// When there is no pixel, or the file cannot be written.
pub fn write_u16(path: impl AsRef<Path>, planes: ArrayView3<'_, u16>) -> Result<()> {
    write(path, planes.insert_axis(Axis(0)), &[])
}

/// Writes planes of single-precision floats, `planes x height x width`.
///
/// # Errors
/// When there is no pixel, or the file cannot be written.
pub fn write_f32(path: impl AsRef<Path>, planes: ArrayView3<'_, f32>) -> Result<()> {
    write(path, planes.insert_axis(Axis(0)), &[])
}

/// Writes a stack of frames, `frames x channels x height x width`, with the channels' names (as OME-TIFF) where there are any.
///
/// ```
/// use ndarray::Array4;
/// use perturbook::io::tiff;
///
/// let cells = Array4::from_shape_fn((3, 2, 4, 5), |(cell, channel, y, x)| (cell + channel + y + x) as f32 / 10.0);
/// let path = std::env::temp_dir().join(format!("cells-{}.ome.tif", std::process::id()));
/// tiff::write(&path, cells.view(), &["DNA", "F-actin"])?;
/// let picture = tiff::read(&path)?;
/// assert_eq!(picture.channels(), ["DNA", "F-actin"]);
/// assert_eq!(picture.values(), &cells);
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no pixel, the names are not as many as the channels, or the file cannot be written.
pub fn write<T: Pixels>(path: impl AsRef<Path>, stack: ArrayView4<'_, T>, channels: &[&str]) -> Result<()> {
    let path = path.as_ref();
    let (frames, count, height, width) = stack.dim();
    let size = (height as u64).checked_mul(width as u64).and_then(|n| n.checked_mul(u64::from(T::BITS / 8)));
    let size = size.filter(|&size| size > 0 && frames * count > 0 && height.max(width) <= u32::MAX as usize);
    let Some(size) = size else {
        return Err(Error::new(format!(
            "an image of {frames} x {count} x {height} x {width} pixels cannot be written"
        ))
        .at(path.display().to_string()));
    };
    if !channels.is_empty() && channels.len() != count {
        return Err(Error::new(format!("{} channel names for images of {count} channels", channels.len()))
            .at(path.display().to_string())
            .fix("give one name per channel, or none"));
    }
    let described = describe::<T>(stack.dim(), channels);
    let pages = (frames * count) as u64;
    let big = pages.saturating_mul(size.saturating_add(512)).saturating_add(described.len() as u64) > 0xF000_0000;
    let mut part = PartFile::beside(path)?;
    let failed = |e| Error::file(path, e);
    {
        let mut out = BufWriter::with_capacity(1 << 20, part.file());
        let mut layout = Layout { big, at: if big { 16 } else { 8 }, bytes: Vec::new() };
        layout.header();
        out.write_all(&layout.take()).map_err(failed)?;
        let planes = stack.outer_iter().flat_map(|frame| frame.into_outer_iter());
        for (page, plane) in planes.enumerate() {
            let text = (page == 0).then_some(described.as_bytes());
            layout.directory::<T>((height, width, size), text, page as u64 + 1 == pages);
            let mut bytes = layout.take();
            plane.iter().for_each(|&value| value.push(&mut bytes));
            layout.at += size + size % 2;
            bytes.resize(bytes.len() + (size % 2) as usize, 0);
            out.write_all(&bytes).map_err(failed)?;
        }
        out.flush().map_err(failed)?;
    }
    part.finish()
}

/// Lays out header and directories; each directory stands before its pixels.
struct Layout {
    big: bool,
    /// The offset of what comes next in the file.
    at: u64,
    bytes: Vec<u8>,
}

impl Layout {
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// An offset or count in the width of this kind of file.
    fn word(&mut self, value: u64) {
        let width = if self.big { 8 } else { 4 };
        self.bytes.extend(&value.to_le_bytes()[..width]);
    }

    fn header(&mut self) {
        self.bytes.extend(b"II");
        if self.big {
            self.bytes.extend([43, 0, 8, 0, 0, 0]);
        } else {
            self.bytes.extend([42, 0]);
        }
        self.word(self.at);
    }

    fn directory<T: Pixels>(&mut self, (height, width, size): (usize, usize, u64), text: Option<&[u8]>, last: bool) {
        let entries = 9 + u64::from(text.is_some());
        let length = if self.big { 16 + 20 * entries } else { 6 + 12 * entries };
        let text_at = self.at + length;
        let text_length = text.map_or(0, |text| text.len() as u64 + 1);
        let pixels = text_at + text_length + text_length % 2;
        let end = pixels + size + size % 2;
        if self.big {
            self.bytes.extend(entries.to_le_bytes());
        } else {
            self.bytes.extend((entries as u16).to_le_bytes());
        }
        self.entry(256, 4, 1, width as u64);
        self.entry(257, 4, 1, height as u64);
        self.entry(258, 3, 1, u64::from(T::BITS));
        self.entry(259, 3, 1, 1);
        self.entry(262, 3, 1, 1);
        if text.is_some() {
            self.entry(270, 2, text_length, text_at);
        }
        let offset = if self.big { 16 } else { 4 };
        self.entry(273, offset, 1, pixels);
        self.entry(278, 4, 1, height as u64);
        self.entry(279, offset, 1, size);
        self.entry(339, 3, 1, u64::from(T::FORMAT));
        self.word(if last { 0 } else { end });
        if let Some(text) = text {
            self.bytes.extend(text);
            self.bytes.extend(vec![0; 1 + (text_length % 2) as usize]);
        }
        self.at = pixels;
    }

    fn entry(&mut self, tag: u16, kind: u16, count: u64, value: u64) {
        self.bytes.extend(tag.to_le_bytes());
        self.bytes.extend(kind.to_le_bytes());
        self.word(count);
        self.word(value);
    }
}

fn describe<T: Pixels>((frames, count, height, width): (usize, usize, usize, usize), channels: &[&str]) -> String {
    if channels.is_empty() {
        return match frames {
            1 => format!("{{\"shape\": [{count}, {height}, {width}]}}"),
            _ => format!("{{\"shape\": [{frames}, {count}, {height}, {width}]}}"),
        };
    }
    let names: String = channels
        .iter()
        .enumerate()
        .map(|(i, name)| format!("<Channel ID=\"Channel:0:{i}\" SamplesPerPixel=\"1\" Name=\"{}\"/>", escape(name)))
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OME xmlns=\"http://www.openmicroscopy.org/Schemas/OME/2016-06\">\
         <Image ID=\"Image:0\"><Pixels ID=\"Pixels:0\" DimensionOrder=\"XYCZT\" Type=\"{}\" SizeX=\"{width}\" \
         SizeY=\"{height}\" SizeC=\"{count}\" SizeZ=\"1\" SizeT=\"{frames}\">{names}<TiffData/></Pixels></Image></OME>",
        T::OME
    )
}

fn escape(name: &str) -> String {
    name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
