//! Counts larger than memory, a block of cells after the other.

use std::ops::Range;

use ndarray::ArrayView2;

use super::matrix::{Matrix, TOGETHER, numbers_in};
use crate::live::Bar;
use crate::screen::Counts;
use crate::{Error, Result};

/// Stored values of a matrix whose blocks show a bar.
const LONG: u64 = 16 << 20;

/// Blocks of cells in order, each with the numbers of its cells; made by [`H5ad::row_blocks`](super::H5ad::row_blocks).
///
/// After a request to stop there is no further block. After an error the iterator ends.
#[derive(Debug)]
pub struct RowBlocks {
    blocks: Blocks,
    cells: usize,
    rows: usize,
    next: usize,
    bar: Option<Bar>,
}

impl RowBlocks {
    pub(super) fn new(blocks: Blocks, cells: usize, rows: usize) -> Self {
        let rows = rows.max(1);
        let bar = (cells > rows && blocks.are_long()).then(|| Bar::new("cells", Some(cells as u64)));
        Self { blocks, cells, rows, next: 0, bar }
    }
}

impl Iterator for RowBlocks {
    type Item = Result<(Range<usize>, Counts)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.cells || self.bar.as_mut().is_some_and(Bar::stopped) {
            return None;
        }
        let range = self.next..self.next.saturating_add(self.rows).min(self.cells);
        self.next = range.end;
        let block = self.blocks.rows(range.clone());
        if block.is_err() {
            self.next = self.cells;
        }
        if let Some(bar) = &mut self.bar {
            bar.advance(range.len() as u64);
        }
        Some(block.map(|counts| (range, counts)))
    }
}

/// A matrix read in blocks of rows.
#[derive(Debug)]
pub(crate) struct Blocks {
    matrix: Matrix,
    columns: Vec<String>,
    /// Where each row (CSR) or column (CSC) starts.
    starts: Vec<u64>,
}

impl Blocks {
    pub(super) fn new(matrix: Matrix, columns: Vec<String>, starts: Vec<u64>) -> Self {
        Self { matrix, columns, starts }
    }

    /// Whether reading them all takes long enough for a bar.
    fn are_long(&self) -> bool {
        self.matrix.values().shape().iter().product::<u64>() > LONG
    }

    /// The rows of a range.
    pub(crate) fn rows(&self, rows: Range<usize>) -> Result<Counts> {
        let columns = self.columns.clone();
        let wrong = |e: Error| Error::new(format!("{}, rows {rows:?}: {e}", self.matrix.values().place()));
        match &self.matrix {
            Matrix::Dense(array) => {
                let values: Vec<f32> = array.rows(rows.start as u64..rows.end as u64)?;
                let view = ArrayView2::from_shape((rows.len(), columns.len()), &values)
                    .map_err(|e| Error::new(format!("not a matrix: {e}")).at(array.place()))?;
                Counts::from_dense(columns, view).map_err(wrong)
            }
            Matrix::Sparse { rows_first: true, data, indices, .. } => {
                let starts = &self.starts[rows.start..=rows.end];
                let stored = starts[0]..starts[starts.len() - 1];
                let indptr = starts.iter().map(|start| start - stored.start).collect();
                let numbers = numbers_in(indices, stored.clone())?;
                Counts::new(columns, indptr, numbers, data.rows(stored)?).map_err(wrong)
            }
            Matrix::Sparse { data, indices, .. } => {
                let (mut cells, mut genes, mut values) = (Vec::new(), Vec::new(), Vec::new());
                let (mut gene, mut start, end) = (0, 0, data.shape()[0]);
                while start < end {
                    let part = start..(start + TOGETHER).min(end);
                    let some: Vec<f32> = data.rows(part.clone())?;
                    for ((at, row), value) in part.clone().zip(numbers_in(indices, part.clone())?).zip(some) {
                        while self.starts[gene + 1] <= at {
                            gene += 1;
                        }
                        if rows.contains(&(row as usize)) {
                            cells.push(row - rows.start as u32);
                            genes.push(gene as u32);
                            values.push(value);
                        }
                    }
                    start = part.end;
                }
                Counts::from_triplets(columns, rows.len(), &cells, &genes, &values).map_err(wrong)
            }
        }
    }
}
