//! TIFF images, in and out.
//!
//! Read: integers of 1 to 16, 32 and 64 bits, half, single and double floats; chunky and planar samples; strips and tiles;
//! uncompressed, LZW, deflate and PackBits; horizontal and floating-point predictors; classic and BigTIFF of both byte
//! orders; several pages, with the channels' names and the order of channels and frames that OME-XML, ImageJ or tifffile
//! wrote into the description. Values are those that are stored: nothing is scaled, palettes are not looked up, and images
//! whose white is 0 are not inverted. Reduced copies (thumbnails, pyramids) are passed over. JPEG, JPEG 2000 and Zstandard
//! are refused by name.
//!
//! Sizes are checked against the file's length before memory is taken, and pieces are unpacked in parallel.

mod chunk;
mod directory;
mod order;
mod page;
mod write;

use std::path::Path;

use ndarray::Array4;
use rayon::prelude::*;

use self::directory::{Directory, Skeleton};
use self::order::Order;
use self::page::{Compression, Page};
use super::positioned::PositionedFile;
use crate::Result;
use crate::images::{Picture, PixelType, fair_size, numbered};

pub use write::{Pixels, write, write_f32, write_u8, write_u16};

/// Channels that a file may have: where nothing says otherwise, every page is one.
const MOST_CHANNELS: usize = 1 << 20;

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

/// What the file holds, without reading its pixels.
///
/// # Errors
/// As [`read`], except for damage within the pixels.
pub fn describe(path: impl AsRef<Path>) -> Result<Description> {
    let file = PositionedFile::open(path.as_ref())?;
    Ok(Pages::open(&file)?.description())
}

/// The pages of a file, checked, in the order of frames and channels.
struct Pages<'a> {
    file: &'a PositionedFile,
    pages: Vec<Page>,
    stack: Option<Stack>,
    order: Order,
}

/// Images without a directory of their own, whose pixels follow those of the one page.
struct Stack {
    images: usize,
    /// From one image to the next.
    bytes: u64,
}

impl<'a> Pages<'a> {
    fn open(file: &'a PositionedFile) -> Result<Self> {
        let (mut skeleton, directories) = Skeleton::read(file)?;
        let described = skeleton.text(&directories[0], 270)?.unwrap_or_default();
        let pages = read_pages(file, &mut skeleton, &directories)?;
        let stack = image_j_stack(file, &described, &pages);
        let first = &pages[0];
        let same = |page: &&Page| {
            (page.width, page.height, page.samples, page.pixel)
                == (first.width, first.height, first.samples, first.pixel)
        };
        if let Some(at) = pages.iter().position(|page| !same(&page)) {
            let odd = &pages[at];
            return Err(file
                .error(format!(
                    "page 0 is {} x {} x {} ({}), and page {at} is {} x {} x {} ({})",
                    first.samples,
                    first.height,
                    first.width,
                    first.pixel,
                    odd.samples,
                    odd.height,
                    odd.width,
                    odd.pixel
                ))
                .fix("split the file into one file per image size"));
        }
        let order = Order::of(&described, stack.as_ref().map_or(pages.len(), |stack| stack.images), first.samples);
        let channels = order.channels.checked_mul(first.samples);
        if channels.is_none_or(|channels| channels > MOST_CHANNELS) {
            return Err(file.damaged(format!("it claims {} x {} channels", order.channels, first.samples)));
        }
        Ok(Self { file, pages, stack, order })
    }

    /// A page, and how far behind its own pixels those lie that are meant.
    fn page(&self, number: usize) -> (&Page, u64) {
        match &self.stack {
            Some(stack) => (&self.pages[0], number as u64 * stack.bytes),
            None => (&self.pages[number], 0),
        }
    }

    fn description(&self) -> Description {
        let first = &self.pages[0];
        let channels = self.order.channels * first.samples;
        let names = if self.order.names.len() == channels {
            self.order.names.clone()
        } else if first.rgb && channels == 3 {
            ["red", "green", "blue"].map(str::to_owned).to_vec()
        } else if first.rgb && channels == 4 {
            ["red", "green", "blue", "alpha"].map(str::to_owned).to_vec()
        } else {
            numbered(channels)
        };
        Description {
            frames: self.order.pages.len() / self.order.channels,
            channels: names,
            height: first.height,
            width: first.width,
            pixel: first.pixel,
        }
    }

    /// Reads pixels that need at most `limit` bytes as `f32`, and with what they are unpacked from at most `most`.
    fn read(&self, limit: u64, most: u64) -> Result<Picture> {
        let about = self.description();
        let first = &self.pages[0];
        let sum = self.order.pages.iter().try_fold((0u64, 0u64), |(pixels, unpacked), &page| {
            let (more_pixels, more_unpacked) = self.page(page).0.sizes()?;
            Some((pixels.checked_add(more_pixels)?, unpacked.checked_add(more_unpacked)?))
        });
        let fits = |&(pixels, unpacked): &(u64, u64)| pixels <= limit && pixels.saturating_add(unpacked) <= most;
        if !sum.as_ref().is_some_and(fits) {
            let count = self.order.pages.len();
            let what = format!("{count} pages of {} x {} x {}", first.samples, first.height, first.width);
            return Err(page::too_large(self.file, &what, limit));
        }
        let size = first.values().unwrap_or(usize::MAX);
        let mut values = vec![0.0; size * self.order.pages.len()];
        let pages = values.par_chunks_mut(size).zip(&self.order.pages);
        pages.try_for_each(|(out, &number)| {
            let (page, behind) = self.page(number);
            read_page(self.file, page, behind, out)
        })?;
        let shape = (about.frames, about.channels.len(), about.height, about.width);
        let values = Array4::from_shape_vec(shape, values)
            .map_err(|e| self.file.error(format!("the planes do not make a stack: {e}")))?;
        Picture::new(values, about.pixel, about.channels)
    }
}

fn read_pages(file: &PositionedFile, skeleton: &mut Skeleton<'_>, directories: &[Directory]) -> Result<Vec<Page>> {
    let read = directories.iter().map(|directory| Page::read(file, skeleton, directory));
    let mut pages = read.collect::<Result<Vec<_>>>()?;
    // Some writers mark the only page as a reduced copy.
    if pages.iter().any(|page| !page.reduced) {
        pages.retain(|page| !page.reduced);
    }
    Ok(pages)
}

/// ImageJ writes large stacks as one page whose pixels are followed by those of the others.
fn image_j_stack(file: &PositionedFile, described: &str, pages: &[Page]) -> Option<Stack> {
    let [page] = pages else { return None };
    let images = order::image_j_images(described).filter(|&images| images > 1)?;
    let contiguous =
        page.offsets.windows(2).zip(&page.counts).all(|(at, &size)| at[0].checked_add(size) == Some(at[1]));
    let bytes = page.row_bytes()?.checked_mul(page.height)? as u64;
    let holds = file.holds(*page.offsets.first()?, bytes.checked_mul(images as u64)?);
    let plain = page.compression == Compression::None && !page.tiled && !page.planar;
    (plain && contiguous && holds).then_some(Stack { images, bytes })
}

/// Reads one page, or an image so many bytes behind it, into `samples x height x width`.
fn read_page(file: &PositionedFile, page: &Page, behind: u64, out: &mut [f32]) -> Result<()> {
    let across = page.chunks_across();
    let per_plane = across * page.chunks_down();
    let planes = if page.planar { page.samples } else { 1 };
    let chunks = (0..per_plane * planes).into_par_iter();
    let unpacked: Vec<Vec<u8>> = chunks
        .map(|index| {
            let top = index % per_plane / across * page.chunk_height;
            // The last strip ends with the image; tiles are always whole.
            let rows = if page.tiled { page.chunk_height } else { page.chunk_height.min(page.height - top) };
            chunk::unpack(file, page, behind, index, rows)
        })
        .collect::<Result<_>>()?;
    let row_bytes = page.row_bytes().unwrap_or(usize::MAX);
    let (samples, plane_size) = (page.chunk_samples(), page.width * page.height);
    let mut numbers = vec![0.0; page.chunk_width * samples];
    for (index, mut bytes) in unpacked.into_iter().enumerate() {
        let (plane, within) = (index / per_plane, index % per_plane);
        let (top, left) = (within / across * page.chunk_height, within % across * page.chunk_width);
        let width = page.chunk_width.min(page.width - left);
        for (row, bytes) in (top..page.height).zip(bytes.chunks_exact_mut(row_bytes)) {
            let start = row * page.width + left;
            if samples == 1 && width == page.chunk_width {
                let at = plane * plane_size + start;
                chunk::to_numbers(page, bytes, &mut out[at..at + width]);
                continue;
            }
            chunk::to_numbers(page, bytes, &mut numbers);
            for sample in 0..samples {
                let at = (plane + sample) * plane_size + start;
                let values = numbers.iter().skip(sample).step_by(samples);
                out[at..at + width].iter_mut().zip(values).for_each(|(out, value)| *out = *value);
            }
        }
    }
    Ok(())
}
