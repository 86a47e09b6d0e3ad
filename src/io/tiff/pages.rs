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

/// The pages of a file, checked, in the order of frames and channels.
pub(super) struct Pages<'a> {
    file: &'a PositionedFile,
    pages: Vec<Page>,
    order: Order,
}

impl<'a> Pages<'a> {
    /// Reads and checks the directories.
    pub(super) fn open(file: &'a PositionedFile) -> Result<Self> {
        let (mut skeleton, directories) = Skeleton::read(file)?;
        let described = skeleton.text(&directories[0], 270)?.unwrap_or_default();
        let mut pages = read_pages(file, &mut skeleton, &directories)?;
        image_j_pages(file, &described, &mut pages);
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
        let order = Order::of(&described, pages.len(), first.samples);
        Ok(Self { file, pages, order })
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

    /// The number of all values, once they and every chunk are known to need no more than `limit` bytes.
    pub(super) fn values(&self, limit: u64) -> Result<usize> {
        let first = &self.pages[0];
        self.pages.iter().try_for_each(|page| page.check_size(self.file, limit))?;
        let size = first.values().unwrap_or(usize::MAX);
        let total = size.checked_mul(self.order.pages.len()).filter(|&total| (total as u64) <= limit / 4);
        total.ok_or_else(|| {
            let what = format!("{} pages of {} x {}", self.order.pages.len(), first.height, first.width);
            page::too_large(self.file, &what, limit)
        })
    }

    /// Reads all planes, which need no more than `limit` bytes.
    pub(super) fn read(&self, limit: u64) -> Result<Picture> {
        let mut values = zeros(self.values(limit)?);
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
        let parts: Vec<Part<'_>> = pages.flat_map(|(out, &page)| Part::all(&self.pages[page], out)).collect();
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
fn image_j_pages(file: &PositionedFile, described: &str, pages: &mut Vec<Page>) {
    let [page] = pages.as_slice() else { return };
    let Some(images) = order::image_j_images(described).filter(|&images| images > 1) else { return };
    let contiguous =
        page.offsets.windows(2).zip(&page.counts).all(|(at, &size)| at[0].checked_add(size) == Some(at[1]));
    let Some(size) = page.row_bytes().and_then(|row| row.checked_mul(page.height)) else { return };
    let all = (size as u64).checked_mul(images as u64);
    let holds = page.offsets.first().zip(all).is_some_and(|(&at, all)| file.holds(at, all));
    if page.compression != Compression::None || page.tiled || page.planar || !contiguous || !holds {
        return;
    }
    let first = page.clone();
    pages.extend((1..images).map(|image| {
        let mut page = first.clone();
        page.offsets.iter_mut().for_each(|at| *at += (size * image) as u64);
        page
    }));
}
