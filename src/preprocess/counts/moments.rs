//! Mean and variance of every gene, gathered from blocks of cells.
//!
//! Sums and sums of squares of whole counts are exact in `f64` up to 2^53, so that neither the order of the blocks nor
//! the number of threads changes a digit. A matrix larger than memory is added block by block.

use ndarray::parallel::prelude::*;

use super::Csr;
use crate::{Error, Result};

/// Cells that one thread sums at a time.
const BLOCK: usize = 4096;

/// Sums of every gene.
///
/// ```
/// use perturbook::preprocess::counts::{Csr, GeneMoments};
///
/// let mut moments = GeneMoments::new(2);
/// moments.add(&Csr::new(vec![0, 1, 2], vec![0, 0], vec![1.0, 3.0], 2)?)?;
/// assert_eq!((moments.mean(), moments.variance()), (vec![2.0, 0.0], vec![2.0, 0.0])); // ddof 1
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GeneMoments {
    cells: usize,
    sum: Vec<f64>,
    square: Vec<f64>,
}

impl GeneMoments {
    /// Of no cell yet.
    pub fn new(genes: usize) -> Self {
        Self { cells: 0, sum: vec![0.0; genes], square: vec![0.0; genes] }
    }

    /// Takes all cells of a block in.
    ///
    /// # Errors
    /// When the block has other genes.
    pub fn add<'a>(&mut self, counts: impl Into<Csr<'a>>) -> Result<()> {
        let counts = counts.into();
        let cells: Vec<usize> = (0..counts.cells()).collect();
        self.add_cells(&counts, &cells, |_, v| v)
    }

    /// Takes some cells in, each value replaced by `change` of its gene and itself; 0 stays 0.
    pub(super) fn add_cells(
        &mut self,
        counts: &Csr<'_>,
        cells: &[usize],
        change: impl Fn(usize, f64) -> f64 + Sync,
    ) -> Result<()> {
        if counts.genes() != self.sum.len() {
            return Err(Error::new(format!("{} genes where there were {}", counts.genes(), self.sum.len()))
                .at("moments of genes")
                .fix("give blocks of the same matrix"));
        }
        let all = counts.genes();
        let of_block = |block: &[usize]| {
            let (mut sum, mut square) = (vec![0.0; all], vec![0.0; all]);
            for &cell in block {
                let (genes, values) = counts.row(cell);
                for (&gene, &value) in genes.iter().zip(values) {
                    let value = change(gene as usize, f64::from(value));
                    sum[gene as usize] += value;
                    square[gene as usize] += value * value;
                }
            }
            (sum, square)
        };
        let blocks: Vec<&[usize]> = cells.chunks(BLOCK).collect();
        let mut sums = Vec::new();
        for together in blocks.chunks(rayon::current_num_threads().max(1)) {
            sums.clear();
            together.par_iter().map(|block| of_block(block)).collect_into_vec(&mut sums);
            for (sum, square) in &sums {
                self.sum.iter_mut().zip(sum).for_each(|(a, b)| *a += b);
                self.square.iter_mut().zip(square).for_each(|(a, b)| *a += b);
            }
        }
        self.cells += cells.len();
        Ok(())
    }

    /// Number of cells so far.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Mean of every gene, 0 before the first cell.
    pub fn mean(&self) -> Vec<f64> {
        let n = self.cells.max(1) as f64;
        self.sum.iter().map(|sum| sum / n).collect()
    }

    /// Variance of every gene with ddof 1, 0 of a single cell.
    pub fn variance(&self) -> Vec<f64> {
        let n = self.cells.max(1) as f64;
        let of = |(sum, square): (&f64, &f64)| ((square - sum * sum / n) / (n - 1.0).max(1.0)).max(0.0);
        self.sum.iter().zip(&self.square).map(of).collect()
    }

    /// Sums of every gene and sums of squares.
    pub(super) fn sums(&self) -> impl Iterator<Item = (f64, f64)> {
        self.sum.iter().copied().zip(self.square.iter().copied())
    }
}

/// The cells of each batch, in order of first appearance, as numbers; one batch where there are no labels.
pub(super) fn cells_by_batch<L: Eq + std::hash::Hash>(cells: usize, batches: Option<&[L]>) -> Vec<Vec<usize>> {
    let Some(labels) = batches else { return vec![(0..cells).collect()] };
    let mut number = std::collections::HashMap::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (cell, label) in labels.iter().enumerate() {
        let batch = *number.entry(label).or_insert_with(|| {
            members.push(Vec::new());
            members.len() - 1
        });
        members[batch].push(cell);
    }
    members
}
