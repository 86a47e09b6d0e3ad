//! What an embedding looks like: the labels of its rows beside the values at the corners.

use super::column::Cell;
use super::edges::edges;
use super::frame::column;
use super::profiles::{ROWS, dimensions, size, summed_up};
use super::variables::Describe;
use super::{Bundle, Grid, Show};
use crate::screen::Embedding;

/// Columns of labels that are shown.
const LABELS: usize = 4;

/// Characters of a label.
const LABEL: usize = 30;

impl Show for Embedding {
    fn bundle(&self) -> Bundle {
        let rows = edges(self.len(), ROWS.0, ROWS.1);
        let labels = self.table().columns().iter().take(LABELS);
        let grid = labels.fold(Grid::new(), |grid, label| grid.column(column(label, &rows, LABEL)));
        let grid = dimensions(grid, self.values(), &rows, &|d| self.block_of(d));
        let what = size("embedding", self.len(), self.dims());
        let grid = summed_up(grid, &what, self.describe().bytes, &self.block_names());
        let names: Vec<&str> = self.table().get_column_names().into_iter().map(|name| name.as_str()).collect();
        grid.note(Cell::cut(&format!("labels: {}", names.join(", ")), 400).text).bundle()
    }
}
