//! TIFF images, in and out.
//!
//! Read: integers of 1 to 16, 32 and 64 bits, half, single and double floats; chunky and planar samples; strips and tiles;
//! uncompressed, LZW, deflate and PackBits; horizontal and floating-point predictors; classic and BigTIFF of both byte
//! orders; several pages, with the channels' names and the order of channels and frames that OME-XML, ImageJ or tifffile
//! wrote into the description. Values are those that are stored: nothing is scaled, palettes are not looked up, and images
//! whose white is 0 are not inverted. Reduced copies (thumbnails, pyramids) are passed over. JPEG, JPEG 2000 and Zstandard
//! are refused by name.
//!
//! Sizes are checked against the file's length before memory is taken, and parts of pages are read in parallel, straight to
//! where their pixels belong.

mod chunk;
mod convert;
mod directory;
mod lzw;
mod order;
mod page;
mod pages;
mod part;
mod write;

use std::path::Path;

use ndarray::Array4;

use self::pages::Pages;
use super::positioned::PositionedFile;
use crate::images::{Picture, PixelType, fair_size};
use crate::{Error, Result};

pub use write::{Pixels, write, write_f32, write_u8, write_u16};

/// What a TIFF file holds, known without reading its pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Frames: cells of a stack, time points, focal planes.
    pub frames: usize,
    /// The channels' names; `"0"`, `"1"`, ... where the file names none.
    pub channels: Vec<String>,
    /// Rows of one plane.
    pub height: usize,
    /// Columns of one plane.
    pub width: usize,
    /// The type of the numbers.
    pub pixel: PixelType,
}

/// Reads all planes of a file.
///
/// ```
/// use ndarray::array;
/// use perturbook::io::tiff;
///
/// let path = std::env::temp_dir().join(format!("two-pages-{}.tif", std::process::id()));
/// tiff::write_u16(&path, array![[[1u16, 2], [3, 4]], [[500, 600], [700, 65535]]].view())?;
/// let picture = tiff::read(&path)?; // pages without a description are channels
/// assert_eq!((picture.frames(), picture.channels().len(), picture.size()), (1, 2, (2, 2)));
/// assert_eq!(picture.channel("1")?[[0, 1, 1]], 65535.0);
/// assert_eq!(picture.pixel().to_string(), "u16");
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the file is missing, is not TIFF, was cut short, contradicts itself, uses a compression that is not read, holds
/// pages of different sizes, or claims more than 32 times its own length (and more than 256 MB) of pixels.
pub fn read(path: impl AsRef<Path>) -> Result<Picture> {
    let file = PositionedFile::open(path.as_ref())?;
    let limit = fair_size(file.len());
    Pages::open(&file)?.read(limit, limit.saturating_add(limit / 2))
}

/// The same for files that are packed tighter than [`read`] believes: `limit` is the most memory for pixels, in bytes.
///
/// # Errors
/// As [`read`].
pub fn read_up_to(path: impl AsRef<Path>, limit: u64) -> Result<Picture> {
    let file = PositionedFile::open(path.as_ref())?;
    Pages::open(&file)?.read(limit, limit.saturating_mul(3))
}

/// The same into an array that is there, `frames x channels x height x width`: for files of one shape, one after the other.
///
/// ```
/// use ndarray::{Array3, Array4};
/// use perturbook::io::tiff;
///
/// let path = std::env::temp_dir().join(format!("planes-{}.tif", std::process::id()));
/// tiff::write_u16(&path, Array3::from_elem((2, 5, 7), 300).view())?;
/// let mut planes = Array4::zeros((1, 2, 5, 7));
/// tiff::read_into(&path, &mut planes)?;
/// assert_eq!(planes.sum(), 2.0 * 5.0 * 7.0 * 300.0);
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As [`read`], and when the array has another shape or is not in C order.
pub fn read_into(path: impl AsRef<Path>, out: &mut Array4<f32>) -> Result<Description> {
    let path = path.as_ref();
    let shape = out.dim();
    let values = out
        .as_slice_mut()
        .ok_or_else(|| Error::new("the array for the pixels is not in C order").fix("make it with Array4::zeros"))?;
    read_to(path, values, |about| {
        let stored = (about.frames, about.channels.len(), about.height, about.width);
        if stored == shape {
            return Ok(());
        }
        Err(Error::new(format!("a file of {stored:?} pixels does not fit an array of {shape:?}"))
            .at(path.display().to_string())
            .fix("give an array of frames x channels x height x width, as tiff::describe says them"))
    })
}

/// Reads all planes to `out`, one after the other, once `fits` agrees to what the file holds.
pub(crate) fn read_to(
    path: &Path,
    out: &mut [f32],
    fits: impl FnOnce(&Description) -> Result<()>,
) -> Result<Description> {
    let file = PositionedFile::open(path)?;
    let pages = Pages::open(&file)?;
    let about = pages.description();
    fits(&about)?;
    let limit = fair_size(file.len()).max(size_of_val(out) as u64);
    if pages.values(limit, limit.saturating_mul(3))? != out.len() {
        return Err(file.error(format!("its planes do not fill {} values", out.len())));
    }
    pages.read_to(out)?;
    Ok(about)
}

/// What the file holds, without reading its pixels.
///
/// # Errors
/// As [`read`], except for damage within the pixels.
pub fn describe(path: impl AsRef<Path>) -> Result<Description> {
    let file = PositionedFile::open(path.as_ref())?;
    Ok(Pages::open(&file)?.description())
}
