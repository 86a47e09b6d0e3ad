//! Images of single cells, wherever they are kept.

use ndarray::Array4;

use crate::Result;

/// Images of `n` cells, all of one shape, read by row number.
pub trait CellImages: Send + Sync {
    /// The number of cells.
    fn len(&self) -> usize;

    /// Channels, height and width of one cell.
    fn shape(&self) -> (usize, usize, usize);

    /// The channels' names, in the order of the images.
    fn channels(&self) -> &[String];

    /// The images of these rows, in this order: `rows x channels x height x width`.
    ///
    /// # Errors
    /// When a row is not there, or its image cannot be read.
    fn read(&self, rows: &[usize]) -> Result<Array4<f32>>;

    /// Whether there is no cell.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
