//! What profiles look like: how many, how long, which blocks, and the values at the corners.

use ndarray::ArrayView2;

use super::column::{Cell, Column, gap_cell};
use super::edges::edges;
use super::memory::memory;
use super::variables::Describe;
use super::{Bundle, Element, Grid, Show};
use crate::io::parquet::count;
use crate::screen::Profiles;

/// Rows shown at the start and at the end.
pub(super) const ROWS: (usize, usize) = (5, 2);

/// Dimensions shown at the start and at the end.
const DIMENSIONS: (usize, usize) = (4, 3);

impl Show for Profiles {
    fn bundle(&self) -> Bundle {
        let rows = edges(self.len(), ROWS.0, ROWS.1);
        let key = |row: &Option<usize>| row.map_or_else(gap_cell, |row| Cell::cut(&self.keys()[row], 40));
        let grid = Grid::new().column(Column::new("profile", rows.iter().map(key)).labels());
        let grid = dimensions(grid, self.values(), &rows, &|d| self.block_of(d));
        let what = size("profiles", self.len(), self.dims());
        summed_up(grid, &what, self.describe().bytes, &self.block_names()).bundle()
    }
}

/// Adds the first and last dimensions under the names of their blocks.
pub(super) fn dimensions<'a, A: Element>(
    mut grid: Grid,
    values: ArrayView2<'_, A>,
    rows: &[Option<usize>],
    block_of: &dyn Fn(usize) -> Option<&'a str>,
) -> Grid {
    let shown: Vec<usize> = rows.iter().flatten().copied().collect();
    let group_of = |d: usize| block_of(d).unwrap_or("dimension");
    for d in edges(values.ncols(), DIMENSIONS.0, DIMENSIONS.1) {
        let Some(d) = d else {
            let (left, right) = (group_of(DIMENSIONS.0 - 1), group_of(values.ncols() - DIMENSIONS.1));
            let group = if left == right { left } else { "" };
            grid = grid.column(Column::gap(rows.len()).grouped(group));
            continue;
        };
        let column: Vec<A> = shown.iter().map(|&row| values[[row, d]]).collect();
        let mut texts = A::texts(&column).into_iter();
        let cells = rows.iter().map(|row| row.and_then(|_| texts.next()).map_or_else(gap_cell, Cell::from));
        grid = grid.column(Column::new(&d.to_string(), cells).right().grouped(group_of(d)));
    }
    grid.one_line()
}

/// `profiles: 3 rows x 1 dimension`.
pub(super) fn size(what: &str, rows: usize, dimensions: usize) -> String {
    format!("{what}: {} x {}", count(rows, "row"), count(dimensions, "dimension"))
}

/// Adds what it is, its size and its blocks.
pub(super) fn summed_up(grid: Grid, what: &str, bytes: usize, blocks: &[&str]) -> Grid {
    let grid = grid.note(format!("{what}, {}", memory(bytes)));
    if blocks.is_empty() { grid } else { grid.note(format!("blocks: {}", blocks.join(", "))) }
}
