//! The pages of a file together: which of them are planes of the image, in which order, and how they become one array.

use ndarray::Array4;
use rayon::prelude::*;

use super::Description;
use super::chunk::Scratch;
use super::directory::{Directory, Skeleton};
use super::order::{self, Order};
use super::page::{self, Compression, Page};
use super::part::{PART, Part};
use crate::Result;
use crate::images::{Picture, numbered};
use crate::io::positioned::PositionedFile;
use crate::io::zeros::zeros;

/// Channels that a file may have: where nothing says otherwise, every page is one.
const MOST_CHANNELS: usize = 1 << 20;

/// The pages of a file, checked, in the order of frames and channels.
pub(super) struct Pages<'a> {
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
    /// Reads and checks the directories.
    pub(super) fn open(file: &'a PositionedFile) -> Result<Self> {
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

    /// What they hold together.
    pub(super) fn description(&self) -> Description {
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

    /// The number of all values, once they are known to need at most `limit` bytes as `f32`, and with what they are unpacked
    /// from at most `most`.
    pub(super) fn values(&self, limit: u64, most: u64) -> Result<usize> {
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
        Ok(first.values().unwrap_or(usize::MAX) * self.order.pages.len())
    }

    /// Reads all planes, within the bounds of [`Pages::values`].
    pub(super) fn read(&self, limit: u64, most: u64) -> Result<Picture> {
        let mut values = zeros(self.values(limit, most)?);
        self.read_to(&mut values)?;
        let about = self.description();
        let shape = (about.frames, about.channels.len(), about.height, about.width);
        let values = Array4::from_shape_vec(shape, values)
            .map_err(|e| self.file.error(format!("the planes do not make a stack: {e}")))?;
        Picture::new(values, about.pixel, about.channels)
    }

    /// Reads all planes to their place in `out`, which has room for them.
    pub(super) fn read_to(&self, out: &mut [f32]) -> Result<()> {
        let (size, small) = (self.pages[0].values().unwrap_or(usize::MAX), out.len() <= PART);
        let pages = out.chunks_exact_mut(size).zip(&self.order.pages);
        let parts: Vec<Part<'_>> = pages
            .flat_map(|(out, &number)| {
                let (page, behind) = self.page(number);
                Part::all(page, behind, out)
            })
            .collect();
        if small {
            // Waking other threads would take longer.
            let mut scratch = Scratch::default();
            return parts.into_iter().try_for_each(|part| part.read(self.file, &mut scratch));
        }
        let read = |scratch: &mut Scratch, part: Part<'_>| part.read(self.file, scratch);
        parts.into_par_iter().try_for_each_init(Scratch::default, read)
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
