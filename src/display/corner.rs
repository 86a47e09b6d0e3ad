//! The part of an array that is shown: all of it while it is small, else its corners, as numpy does.
//!
//! A vector is one row; of three and more dimensions the last two are shown, at index 0 of the others.

use super::column::{Cell, Column, gap_cell};
use super::edges::edges;
use super::{Element, Grid};

/// Longest side that is shown whole.
const SMALL: usize = 12;

/// Rows and columns shown at each end of a longer side.
const EDGE: usize = 3;

/// Rows and columns to show.
pub(crate) struct Corner {
    rows: Vec<Option<usize>>,
    columns: Vec<Option<usize>>,
    dimensions: usize,
}

impl Corner {
    /// Of an array of these sides; nothing of one without values.
    pub fn of(shape: &[usize]) -> Self {
        let side = |n: usize| if n <= SMALL { edges(n, n, 0) } else { edges(n, EDGE, EDGE) };
        let empty = shape.contains(&0);
        let (rows, columns) = match *shape {
            _ if empty => (Vec::new(), Vec::new()),
            [] => (side(1), side(1)),
            [n] => (side(1), side(n)),
            [.., rows, columns] => (side(rows), side(columns)),
        };
        Self { rows, columns, dimensions: shape.len() }
    }

    /// Positions of the rows that are shown.
    pub fn rows(&self) -> Vec<usize> {
        self.rows.iter().flatten().copied().collect()
    }

    /// Positions of the columns that are shown.
    pub fn columns(&self) -> Vec<usize> {
        self.columns.iter().flatten().copied().collect()
    }

    /// Below a matrix of more dimensions, which one it is.
    fn note(&self) -> Option<String> {
        let shown = self.dimensions > 2 && !self.rows.is_empty();
        shown.then(|| format!("shown: [{}..., ...]", "0, ".repeat(self.dimensions - 2)))
    }

    /// The table of the shown values, given row by row.
    pub fn grid<A: Element>(&self, values: &[A]) -> Grid {
        let mut texts = A::texts(values).into_iter();
        let shown = self.columns().len();
        let mut by_row: Vec<Vec<Cell>> = Vec::new();
        for row in &self.rows {
            by_row.push(match row {
                Some(_) => texts.by_ref().take(shown).map(Cell::from).collect(),
                None => vec![gap_cell(); shown],
            });
        }
        let mut grid = Grid::new().one_line();
        if self.dimensions > 1 && shown > 0 {
            let label = |row: &Option<usize>| row.map_or_else(gap_cell, |row| row.to_string().into());
            grid = grid.column(Column::new("", self.rows.iter().map(label)).right().labels());
        }
        let mut position = 0;
        for column in &self.columns {
            let Some(index) = column else {
                grid = grid.column(Column::gap(self.rows.len()));
                continue;
            };
            let cells = by_row.iter().filter_map(|row| row.get(position).cloned());
            grid = grid.column(Column::new(&index.to_string(), cells).right());
            position += 1;
        }
        match self.note() {
            Some(note) => grid.note(note),
            None => grid,
        }
    }
}
