//! Images of single cells, wherever they are kept, and what it takes to get there from image files.
//!
//! [`CellImages`] is what methods read from: `n` cells, each `channels x height x width`, asked for by row number. The
//! sources, each with a table that has one row per cell:
//!
//! | source | what it reads |
//! |---|---|
//! | [`MemoryImages`] | an array |
//! | [`LmdbImages`] | LMDB environments as the optical-pooled-screen loaders write them |
//! | [`CropFolder`] | a folder of `.npy`, TIFF or PNG crops whose names are keys |
//! | [`FieldImages`] | whole fields of view and a table of centres, cut on the fly |
//! | [`ImageStore`] | our own file: fixed-size records grouped by batch and perturbation |

mod batches;
mod crops;
pub mod field;
mod join;
mod key;
mod key_table;
mod lmdb;
mod memory;
mod picture;
mod statistics;
pub mod store;

use ndarray::Array4;
use rayon::prelude::*;

pub use batches::each_batch;
pub use crops::CropFolder;
pub use field::FieldImages;
pub use key::{Key, KeyPattern};
pub(crate) use lmdb::STAINS;
pub use lmdb::{LmdbImages, RawPixels};
pub use memory::MemoryImages;
pub(crate) use memory::check_rows;
pub use picture::{Picture, PixelKind, PixelType};
pub(crate) use picture::{fair_size, numbered};
pub use statistics::{BatchStatistics, ChannelStatistics, batch_statistics};
pub use store::{ImageStore, Storage, StoreWriter};

use crate::io::aligned::AlignedBytes;
use crate::io::zeros::zeros;
use crate::{Error, Result};

/// Images of `n` cells, all of one shape, read by row number.
///
/// Implementations are shared between threads; `read` may be called from several at once.
pub trait CellImages: Send + Sync {
    /// The number of cells.
    fn len(&self) -> usize;

    /// Channels, height and width of one cell.
    fn shape(&self) -> (usize, usize, usize);

    /// The channels' names, in the order of the images.
    fn channels(&self) -> &[String];

    /// The images of these rows, in this order: `rows x channels x height x width`. A row may be asked for twice.
    ///
    /// # Errors
    /// When a row is not there, or its image cannot be read.
    fn read(&self, rows: &[usize]) -> Result<Array4<f32>>;

    /// The same into an array of that shape, which a loader that reads batch after batch can use again.
    ///
    /// # Errors
    /// As [`CellImages::read`], and when the array has another shape.
    fn read_into(&self, rows: &[usize], out: &mut Array4<f32>) -> Result<()> {
        let images = self.read(rows)?;
        let out = values_of(rows, self.shape(), out)?;
        out.iter_mut().zip(&images).for_each(|(out, &value)| *out = value);
        Ok(())
    }

    /// Whether there is no cell.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The values of an array that takes the images of `rows`; one of another shape or order is refused.
pub(crate) fn values_of<'a>(
    rows: &[usize],
    (channels, height, width): (usize, usize, usize),
    out: &'a mut Array4<f32>,
) -> Result<&'a mut [f32]> {
    if out.dim() != (rows.len(), channels, height, width) {
        return Err(Error::new(format!(
            "an array of {:?} cannot take {} images of {channels} x {height} x {width}",
            out.dim(),
            rows.len()
        ))
        .fix("give an array of rows x channels x height x width"));
    }
    out.as_slice_mut()
        .ok_or_else(|| Error::new("the array for the images is not in C order").fix("make it with Array4::zeros"))
}

/// Reads `rows` in parallel into an array that is there; `read` fills one image and may use a buffer of its thread.
pub(crate) fn read_each_into(
    rows: &[usize],
    shape: (usize, usize, usize),
    out: &mut Array4<f32>,
    read: impl Fn(usize, &mut [f32], &mut AlignedBytes) -> Result<()> + Sync,
) -> Result<()> {
    let values = values_of(rows, shape, out)?;
    let images = values.par_chunks_exact_mut((shape.0 * shape.1 * shape.2).max(1)).zip(rows);
    images.try_for_each_init(AlignedBytes::default, |buffer, (out, &row)| read(row, out, buffer))
}

/// Reads `rows` in parallel into one array; `read` fills one image and may use a buffer of its thread.
pub(crate) fn read_each(
    rows: &[usize],
    (channels, height, width): (usize, usize, usize),
    read: impl Fn(usize, &mut [f32], &mut AlignedBytes) -> Result<()> + Sync,
) -> Result<Array4<f32>> {
    let size = channels * height * width;
    let too_many = || {
        Error::new(format!("{} images of {channels} x {height} x {width} do not fit in memory", rows.len()))
            .fix("read fewer rows at a time")
    };
    let total = size.checked_mul(rows.len()).filter(|total| total.checked_mul(4).is_some()).ok_or_else(too_many)?;
    let mut images =
        Array4::from_shape_vec((rows.len(), channels, height, width), zeros(total)).map_err(|_| too_many())?;
    read_each_into(rows, (channels, height, width), &mut images, read)?;
    Ok(images)
}
