//! Cell images held in memory.

use ndarray::{Array4, Axis};

use super::CellImages;
use super::picture::{check_channels, numbered};
use crate::{Error, Result};

/// Images of cells in memory, `n x channels x height x width`.
///
/// ```
/// use ndarray::Array4;
/// use perturbook::images::{CellImages, MemoryImages};
///
/// let images = Array4::from_shape_fn((3, 2, 4, 4), |(cell, channel, _, _)| (10 * cell + channel) as f32);
/// let cells = MemoryImages::new(images, ["DNA", "actin"])?;
/// assert_eq!(cells.shape(), (2, 4, 4));
/// assert_eq!(cells.read(&[2, 0])?[[0, 1, 0, 0]], 21.0);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemoryImages {
    values: Array4<f32>,
    channels: Vec<String>,
}

impl MemoryImages {
    /// Keeps `values` with one name per channel.
    ///
    /// # Errors
    /// When the number of names is not the number of channels.
    pub fn new<S: Into<String>>(values: Array4<f32>, channels: impl IntoIterator<Item = S>) -> Result<Self> {
        let channels: Vec<String> = channels.into_iter().map(Into::into).collect();
        check_channels(&channels, values.len_of(Axis(1)))?;
        Ok(Self { values, channels })
    }

    /// Keeps `values` with the channels named `"0"`, `"1"`, and so on.
    pub fn unnamed(values: Array4<f32>) -> Self {
        let channels = numbered(values.len_of(Axis(1)));
        Self { values, channels }
    }

    /// Reads all cells of another source into memory.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn load(source: &dyn CellImages) -> Result<Self> {
        let rows: Vec<usize> = (0..source.len()).collect();
        Self::new(source.read(&rows)?, source.channels().iter().cloned())
    }

    fn copy(&self, row: usize, out: &mut [f32]) -> Result<()> {
        let image = self.values.index_axis(Axis(0), row);
        match image.as_slice() {
            Some(values) => out.copy_from_slice(values),
            None => out.iter_mut().zip(&image).for_each(|(out, &value)| *out = value),
        }
        Ok(())
    }

    /// All images.
    pub fn values(&self) -> &Array4<f32> {
        &self.values
    }
}

impl CellImages for MemoryImages {
    fn len(&self) -> usize {
        self.values.len_of(Axis(0))
    }

    fn shape(&self) -> (usize, usize, usize) {
        let (_, channels, height, width) = self.values.dim();
        (channels, height, width)
    }

    fn channels(&self) -> &[String] {
        &self.channels
    }

    fn read(&self, rows: &[usize]) -> Result<Array4<f32>> {
        check_rows(rows, self.len())?;
        super::read_each(rows, self.shape(), |row, out, _| self.copy(row, out))
    }

    fn read_into(&self, rows: &[usize], out: &mut Array4<f32>) -> Result<()> {
        check_rows(rows, self.len())?;
        super::read_each_into(rows, self.shape(), out, |row, out, _| self.copy(row, out))
    }
}

/// Refuses rows that are not there, naming the first.
pub(crate) fn check_rows(rows: &[usize], len: usize) -> Result<()> {
    match rows.iter().position(|&row| row >= len) {
        None => Ok(()),
        Some(at) => {
            let bad = rows.iter().filter(|&&row| row >= len).count();
            Err(Error::new(format!("there is no cell {}: the images are those of {len} cells", rows[at]))
                .at(format!("entry {at} of the rows asked for; {bad} affected"))
                .fix("rows count from 0"))
        }
    }
}
