//! Parts of a matrix of counts: chosen cells and genes, blocks of cells, and dense copies for training.

use std::ops::Range;

use ndarray::Array2;

use super::Counts;
use crate::io::parquet::count;
use crate::{Error, Result};

impl Counts {
    /// The cells of these numbers, in this order; a cell may be taken more than once.
    ///
    /// # Errors
    /// When a number is not below [`Counts::cells`].
    pub fn select_cells(&self, cells: &[usize]) -> Result<Self> {
        check_numbers(cells, self.cells(), "cell")?;
        let stored = cells.iter().map(|&cell| self.row(cell).0.len()).sum();
        let (mut indices, mut values) = (Vec::with_capacity(stored), Vec::with_capacity(stored));
        let mut indptr = Vec::with_capacity(cells.len() + 1);
        indptr.push(0);
        for &cell in cells {
            let (row, value) = self.row(cell);
            indices.extend_from_slice(row);
            values.extend_from_slice(value);
            indptr.push(indices.len() as u64);
        }
        Ok(Self { genes: self.genes.clone(), indptr, indices, values })
    }

    /// The genes of these numbers, in this order, each at most once.
    ///
    /// # Errors
    /// When a number is not below the number of genes, or stands twice.
    pub fn select_genes(&self, genes: &[usize]) -> Result<Self> {
        check_numbers(genes, self.genes.len(), "gene")?;
        let mut place = vec![u32::MAX; self.genes.len()];
        for (to, &gene) in genes.iter().enumerate() {
            if std::mem::replace(&mut place[gene], to as u32) != u32::MAX {
                return Err(Error::new(format!("the gene {gene} ({:?}) is selected twice", self.genes[gene]))
                    .at(format!("entry {to}"))
                    .fix("give each gene once"));
            }
        }
        let (mut indices, mut values) = (Vec::new(), Vec::new());
        let mut indptr = Vec::with_capacity(self.indptr.len());
        indptr.push(0);
        for cell in 0..self.cells() {
            let (row, value) = self.row(cell);
            for (&gene, &value) in row.iter().zip(value) {
                if place[gene as usize] != u32::MAX {
                    indices.push(place[gene as usize]);
                    values.push(value);
                }
            }
            indptr.push(indices.len() as u64);
        }
        let names = genes.iter().map(|&gene| self.genes[gene].clone()).collect();
        let mut selected = Self { genes: names, indptr, indices, values };
        selected.sort_rows()?;
        Ok(selected)
    }

    /// Blocks of at most `rows` cells in order, each with the numbers of its cells.
    pub fn blocks(&self, rows: usize) -> impl Iterator<Item = (Range<usize>, Self)> + '_ {
        let rows = rows.max(1);
        (0..self.cells()).step_by(rows).map(move |start| {
            let range = start..(start + rows).min(self.cells());
            (range.clone(), self.cells_in(range))
        })
    }

    fn cells_in(&self, range: Range<usize>) -> Self {
        let indptr = &self.indptr[range.start..=range.end];
        let stored = indptr[0] as usize..indptr[indptr.len() - 1] as usize;
        Self {
            genes: self.genes.clone(),
            indptr: indptr.iter().map(|end| end - indptr[0]).collect(),
            indices: self.indices[stored.clone()].to_vec(),
            values: self.values[stored].to_vec(),
        }
    }

    /// All values, `cells x genes`.
    pub fn to_dense(&self) -> Array2<f32> {
        let mut dense = Array2::zeros((self.cells(), self.genes.len()));
        for (cell, mut to) in dense.rows_mut().into_iter().enumerate() {
            let (row, values) = self.row(cell);
            for (&gene, &value) in row.iter().zip(values) {
                to[gene as usize] = value;
            }
        }
        dense
    }

    /// The values of these cells, `cells.len() x genes`, for one batch of a training run.
    ///
    /// # Panics
    /// When a number is not below [`Counts::cells`], as indexing a slice does.
    pub fn dense_rows(&self, cells: &[usize]) -> Array2<f32> {
        let mut dense = Array2::zeros((cells.len(), self.genes.len()));
        for (mut to, &cell) in dense.rows_mut().into_iter().zip(cells) {
            let (row, values) = self.row(cell);
            for (&gene, &value) in row.iter().zip(values) {
                to[gene as usize] = value;
            }
        }
        dense
    }
}

fn check_numbers(numbers: &[usize], below: usize, what: &str) -> Result<()> {
    let Some((entry, number)) = numbers.iter().enumerate().find(|(_, number)| **number >= below) else {
        return Ok(());
    };
    let bad = numbers.iter().filter(|number| **number >= below).count();
    let there = count(below, what);
    Err(Error::new(format!("the {what} {number} is beyond the {there} there are ({} affected)", count(bad, "number")))
        .at(format!("entry {entry}"))
        .fix(format!("{what}s are numbered from 0")))
}
