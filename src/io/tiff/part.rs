//! Some rows of a page, read by one thread straight into their place among the planes.
//!
//! ```text
//! page of samples x height x width -> parts of rows, whole chunks where they are packed -> chunk -> row -> f32
//! ```
//!
//! Strips that are not packed and follow each other in the file are read together, in blocks that stay in the processor's
//! cache until they are converted; single floats are read to where they belong.

use super::chunk::{Scratch, short};
use super::convert::to_numbers;
use super::page::{Compression, Page, Predictor};
use crate::Result;
use crate::images::PixelKind;
use crate::io::positioned::{PositionedFile, swap_singles};

/// Values that are worth a thread.
pub(super) const PART: usize = 1 << 16;
/// Values that a part has of each sample, at least: the list of parts stays small beside the pixels.
const OF_SAMPLE: usize = 1 << 8;
/// Bytes that are converted together.
const BLOCK: usize = 1 << 17;

/// Rows from `top` on of the samples that lie together in a page's chunks: of one of them where the page is planar.
pub(super) struct Part<'a> {
    page: &'a Page,
    /// How far behind the page's own pixels those lie that are meant: other images of a stack.
    behind: u64,
    sample: usize,
    top: usize,
    /// Where the rows of each sample belong, `rows x width`.
    out: Vec<&'a mut [f32]>,
}

impl<'a> Part<'a> {
    /// The parts of a page that becomes `planes`, `samples x height x width`.
    pub(super) fn all(page: &'a Page, behind: u64, planes: &'a mut [f32]) -> Vec<Self> {
        let (width, height, together) = (page.width, page.height, page.chunk_samples());
        let wanted = (PART / together / width).max(OF_SAMPLE / width).max(1);
        let rows = wanted.next_multiple_of(if in_rows(page) { 1 } else { page.chunk_height }).min(height);
        let mut parts = Vec::new();
        for (sample, planes) in planes.chunks_exact_mut(together * height * width).enumerate() {
            let planes = planes.chunks_exact_mut(height * width);
            let mut planes: Vec<_> = planes.map(|plane| plane.chunks_mut(rows * width)).collect();
            parts.extend((0..height).step_by(rows).map(|top| {
                let out = planes.iter_mut().filter_map(Iterator::next).collect();
                Self { page, behind, sample, top, out }
            }));
        }
        parts
    }

    /// Reads the rows.
    pub(super) fn read(self, file: &PositionedFile, scratch: &mut Scratch) -> Result<()> {
        if in_rows(self.page) { self.read_rows(file, scratch) } else { self.read_chunks(file, scratch) }
    }

    /// One past the last row.
    fn end(&self) -> usize {
        self.top + self.out.first().map_or(0, |out| out.len() / self.page.width)
    }

    fn read_chunks(mut self, file: &PositionedFile, scratch: &mut Scratch) -> Result<()> {
        let (page, end) = (self.page, self.end());
        let (across, row_bytes) = (page.chunks_across(), page.row_bytes().unwrap_or(usize::MAX));
        for top in (self.top..end).step_by(page.chunk_height) {
            for column in 0..across {
                let index = (self.sample * page.chunks_down() + top / page.chunk_height) * across + column;
                // The last strip ends with the image; tiles are always whole.
                let rows = if page.tiled { page.chunk_height } else { page.chunk_height.min(page.height - top) };
                scratch.unpack(file, page, index, rows)?;
                for (row, bytes) in (top..end).zip(scratch.bytes.bytes_mut().chunks_exact_mut(row_bytes)) {
                    self.put(row, column * page.chunk_width, bytes, &mut scratch.numbers);
                }
            }
        }
        Ok(())
    }

    fn read_rows(mut self, file: &PositionedFile, scratch: &mut Scratch) -> Result<()> {
        let (page, end) = (self.page, self.end());
        let row_bytes = page.row_bytes().unwrap_or(usize::MAX);
        let mut row = self.top;
        while row < end {
            let (offset, to) = self.run(file, row, end)?;
            if let (true, [out]) = (are_singles(page), self.out.as_mut_slice()) {
                let out = &mut out[(row - self.top) * page.width..(to - self.top) * page.width];
                file.fill_singles(offset, out)?;
                if page.big_endian {
                    swap_singles(out);
                }
                row = to;
                continue;
            }
            let start = row;
            while row < to {
                let rows = (BLOCK / row_bytes).clamp(1, to - row);
                scratch.read(file, page, offset + ((row - start) * row_bytes) as u64, rows * row_bytes)?;
                for (row, bytes) in (row..).zip(scratch.bytes.bytes_mut().chunks_exact_mut(row_bytes)) {
                    self.put(row, 0, bytes, &mut scratch.numbers);
                }
                row += rows;
            }
        }
        Ok(())
    }

    /// Where `row` lies in the file, and up to which row, at most `end`, the others follow it there.
    fn run(&self, file: &PositionedFile, row: usize, end: usize) -> Result<(u64, usize)> {
        let page = self.page;
        let row_bytes = page.row_bytes().unwrap_or(usize::MAX);
        let strip = |row: usize| {
            let (strip, within) = (row / page.chunk_height, row % page.chunk_height);
            let index = self.sample * page.chunks_down() + strip;
            let rows = page.chunk_height.min(page.height - (row - within));
            if page.counts[index] < (rows * row_bytes) as u64 {
                return Err(short(file, index, rows));
            }
            let offset = page.offsets[index].saturating_add(self.behind).saturating_add((within * row_bytes) as u64);
            Ok((offset, row - within + rows))
        };
        let (offset, mut to) = strip(row)?;
        file.check(offset, (row_bytes * (to - row)) as u64)?;
        while to < end {
            let (next, its_end) = strip(to)?;
            if offset + (row_bytes * (to - row)) as u64 != next {
                break;
            }
            to = its_end;
        }
        Ok((offset, to.min(end)))
    }

    /// Converts one row of a chunk, from column `left` of the page on.
    fn put(&mut self, row: usize, left: usize, bytes: &mut [u8], numbers: &mut Vec<f32>) {
        let page = self.page;
        let width = page.chunk_width.min(page.width - left);
        let at = (row - self.top) * page.width + left;
        if let [out] = self.out.as_mut_slice() {
            return to_numbers(page, bytes, &mut out[at..at + width]);
        }
        let samples = self.out.len();
        numbers.resize(page.chunk_width * samples, 0.0);
        to_numbers(page, bytes, numbers);
        for (sample, out) in self.out.iter_mut().enumerate() {
            let values = numbers.chunks_exact(samples).map(|pixel| pixel[sample]);
            out[at..at + width].iter_mut().zip(values).for_each(|(out, value)| *out = value);
        }
    }
}

/// Whether any row of the page can be read by itself.
fn in_rows(page: &Page) -> bool {
    page.compression == Compression::None && !page.tiled
}

/// Whether the bytes of the file are the numbers.
fn are_singles(page: &Page) -> bool {
    let single = page.pixel.kind == PixelKind::Float && page.pixel.bits == 32;
    single && page.predictor == Predictor::None && !page.low_bit_first
}
