//! What profiles look like: how many, how long, which blocks, and the first values.

use super::{Bundle, Grid, Show, number};
use crate::screen::Profiles;

const ROWS: usize = 6;
const COLUMNS: usize = 6;

impl Show for Profiles {
    fn bundle(&self) -> Bundle {
        let values = self.values();
        let mut grid = Grid::new().text("", self.keys().iter().take(ROWS).map(String::as_str));
        for column in 0..self.dims().min(COLUMNS) {
            grid = grid.right(&column.to_string(), (0..self.len().min(ROWS)).map(|r| number(values[[r, column]])));
        }
        let (more_rows, more_columns) = (self.len().saturating_sub(ROWS), self.dims().saturating_sub(COLUMNS));
        if more_rows + more_columns > 0 {
            grid = grid.note(format!("and {more_rows} more rows, {more_columns} more columns"));
        }
        grid = grid.note(format!("profiles: {} rows x {} columns", self.len(), self.dims()));
        if !self.block_names().is_empty() {
            grid = grid.note(format!("blocks: {}", self.block_names().join(", ")));
        }
        grid.bundle()
    }
}
