//! Counts of molecules: cells x genes, stored by row (CSR).

use ndarray::Array2;

use crate::{Error, Result};

/// A sparse matrix of counts, `cells x genes`.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    genes: Vec<String>,
    indptr: Vec<u64>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

impl Counts {
    /// Checks and keeps the three arrays of a CSR matrix.
    ///
    /// # Errors
    /// When the arrays contradict each other.
    pub fn new(genes: Vec<String>, indptr: Vec<u64>, indices: Vec<u32>, values: Vec<f32>) -> Result<Self> {
        let end = indptr.last().copied().unwrap_or(1);
        let ordered = indptr.windows(2).all(|pair| pair[0] <= pair[1]);
        let inside = indices.iter().all(|&gene| (gene as usize) < genes.len());
        if indptr.first() != Some(&0)
            || !ordered
            || end != indices.len() as u64
            || indices.len() != values.len()
            || !inside
        {
            return Err(Error::new("the arrays of the sparse matrix contradict each other"));
        }
        Ok(Self { genes, indptr, indices, values })
    }

    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.indptr.len() - 1
    }

    /// The names of the genes.
    pub fn genes(&self) -> &[String] {
        &self.genes
    }

    /// Genes and counts of a cell.
    pub fn row(&self, i: usize) -> (&[u32], &[f32]) {
        let range = self.indptr[i] as usize..self.indptr[i + 1] as usize;
        (&self.indices[range.clone()], &self.values[range])
    }

    /// These cells, in this order.
    pub fn select_cells(&self, rows: &[usize]) -> Self {
        let mut picked = Self { indptr: vec![0], indices: Vec::new(), values: Vec::new(), genes: self.genes.clone() };
        for &row in rows {
            let (genes, values) = self.row(row);
            picked.indices.extend_from_slice(genes);
            picked.values.extend_from_slice(values);
            picked.indptr.push(picked.indices.len() as u64);
        }
        picked
    }

    /// Every entry, `cells x genes`.
    pub fn to_dense(&self) -> Array2<f32> {
        let mut dense = Array2::zeros((self.cells(), self.genes.len()));
        for cell in 0..self.cells() {
            let (genes, values) = self.row(cell);
            for (&gene, &value) in genes.iter().zip(values) {
                dense[[cell, gene as usize]] = value;
            }
        }
        dense
    }
}
