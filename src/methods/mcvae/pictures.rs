//! Rows of cell images as results show them: reconstructions, traversals, control cells as if perturbed.

use ndarray::{Array4, Axis};

use super::Intensity;
use crate::Result;
use crate::display::{Bundle, Show};
use crate::figures::{Figure, ImageGrid, coloured_channels, figure_or_reason};

/// Images in named rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub struct CellPictures {
    /// What they show.
    pub title: String,
    /// The channels' names.
    pub channels: Vec<String>,
    /// The columns' names.
    pub columns: Vec<String>,
    /// Each row: its name, and an image for each column, `columns x channels x side x side`, in the numbers that the
    /// networks see.
    pub rows: Vec<(String, Array4<f32>)>,
    /// How these were made of intensities; a figure shows intensities.
    pub intensity: Intensity,
}

impl CellPictures {
    /// The row of this name.
    pub fn row(&self, name: &str) -> Option<&Array4<f32>> {
        self.rows.iter().find(|(known, _)| known == name).map(|(_, images)| images)
    }

    /// The images, channels in colours over each other.
    ///
    /// ```
    /// use ndarray::Array4;
    /// use perturbook::methods::mcvae::{CellPictures, Intensity};
    ///
    /// let row = Array4::from_shape_fn((2, 1, 8, 8), |(cell, _, y, x)| (cell + x + y) as f32);
    /// let pictures = CellPictures {
    ///     title: "Two cells".to_owned(),
    ///     channels: vec!["DNA".to_owned()],
    ///     columns: vec!["a".to_owned(), "b".to_owned()],
    ///     rows: vec![("image".to_owned(), row)],
    ///     intensity: Intensity::default(),
    /// };
    /// assert!(pictures.figure()?.summary().contains("image, b"));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When images differ in shape, or in their number of channels from the names.
    pub fn figure(&self) -> Result<Figure> {
        let grid = ImageGrid::new(&self.title, &coloured_channels(&self.channels)).columns(&self.columns);
        let undone = |(_, images): &(String, Array4<f32>)| images.mapv(|value| self.intensity.undone(value));
        let shown: Vec<Array4<f32>> = self.rows.iter().map(undone).collect();
        let rows = self.rows.iter().zip(&shown);
        rows.fold(grid, |grid, ((name, _), images)| grid.row(name, images.axis_iter(Axis(0)))).figure()
    }
}

impl Show for CellPictures {
    fn bundle(&self) -> Bundle {
        figure_or_reason(self.figure())
    }
}
