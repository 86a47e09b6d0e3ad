//! A sparse matrix by rows: cells x genes.

use std::borrow::Cow;

use crate::screen::Counts;
use crate::{Error, Result};

/// Compressed sparse rows, owned or borrowed.
///
/// Cell `i` holds the values `values[indptr[i]..indptr[i + 1]]` of the genes `indices[indptr[i]..indptr[i + 1]]`; all other
/// genes are 0 there.
#[derive(Clone, Debug, PartialEq)]
pub struct Csr<'a> {
    indptr: Cow<'a, [u64]>,
    indices: Cow<'a, [u32]>,
    values: Cow<'a, [f32]>,
    genes: usize,
}

impl<'a> Csr<'a> {
    /// Checks and keeps the three arrays of a matrix with this many columns.
    ///
    /// # Errors
    /// When the row bounds do not rise from 0 to the number of values, there is not one gene number for each value, a
    /// gene number is too large, a gene comes twice in a cell, or a value is NaN or infinite. The first such cell is
    /// named.
    pub fn new(
        indptr: impl Into<Cow<'a, [u64]>>,
        indices: impl Into<Cow<'a, [u32]>>,
        values: impl Into<Cow<'a, [f32]>>,
        genes: usize,
    ) -> Result<Self> {
        let matrix = Self { indptr: indptr.into(), indices: indices.into(), values: values.into(), genes };
        matrix.check()?;
        Ok(matrix)
    }

    /// The same without a look at the arrays, for a matrix that was checked when it was made.
    pub(crate) fn checked(indptr: &'a [u64], indices: &'a [u32], values: Cow<'a, [f32]>, genes: usize) -> Self {
        Self { indptr: Cow::Borrowed(indptr), indices: Cow::Borrowed(indices), values, genes }
    }

    fn check(&self) -> Result<()> {
        let stored = self.values.len() as u64;
        let rises = self.indptr.windows(2).all(|pair| pair[0] <= pair[1]);
        if self.indptr.first() != Some(&0) || self.indptr.last() != Some(&stored) || !rises {
            return Err(Error::new(format!("the row bounds do not rise from 0 to the {stored} stored values"))
                .at("sparse matrix")
                .fix("give one bound more than there are cells"));
        }
        if self.indices.len() != self.values.len() {
            return Err(
                Error::new(format!("{} gene numbers for {stored} values", self.indices.len())).at("sparse matrix")
            );
        }
        let mut last_seen = vec![usize::MAX; self.genes];
        for cell in 0..self.cells() {
            let (genes, values) = self.row(cell);
            for (&gene, value) in genes.iter().zip(values) {
                let place = || format!("cell {cell}, gene number {gene}");
                match last_seen.get_mut(gene as usize) {
                    None => return Err(Error::new(format!("there are only {} genes", self.genes)).at(place())),
                    Some(seen) if *seen == cell => return Err(Error::new("the gene comes twice in a cell").at(place())),
                    Some(seen) => *seen = cell,
                }
                if !value.is_finite() {
                    return Err(Error::new(format!("a value is {value}")).at(place()));
                }
            }
        }
        Ok(())
    }

    /// Number of rows.
    pub fn cells(&self) -> usize {
        self.indptr.len().saturating_sub(1)
    }

    /// Number of columns.
    pub fn genes(&self) -> usize {
        self.genes
    }

    /// The genes that a cell holds and their values.
    ///
    /// # Panics
    /// When there is no such cell.
    pub fn row(&self, cell: usize) -> (&[u32], &[f32]) {
        let range = self.indptr[cell] as usize..self.indptr[cell + 1] as usize;
        (&self.indices[range.clone()], &self.values[range])
    }

    /// Row bounds, gene numbers and values.
    pub fn into_parts(self) -> (Vec<u64>, Vec<u32>, Vec<f32>) {
        (self.indptr.into_owned(), self.indices.into_owned(), self.values.into_owned())
    }

    /// The same rows and genes with other values, in the order in which they are stored.
    pub(super) fn with_values(self, values: Vec<f32>) -> Self {
        Self { values: Cow::Owned(values), ..self }
    }

    /// All stored values, cell after cell.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// No value is negative.
    pub(super) fn require_counts(&self, what: &str) -> Result<()> {
        let Some(at) = self.values.iter().position(|v| *v < 0.0 || v.is_nan()) else { return Ok(()) };
        let cell = self.indptr.partition_point(|&start| start as usize <= at) - 1;
        Err(Error::new(format!("a count is {}", self.values[at]))
            .at(format!("{what}: cell {cell}, gene number {}", self.indices[at]))
            .fix("give raw counts, not centred or scaled values"))
    }
}

impl<'a> From<&'a Csr<'_>> for Csr<'a> {
    fn from(matrix: &'a Csr<'_>) -> Self {
        Self::checked(&matrix.indptr, &matrix.indices, Cow::Borrowed(&matrix.values), matrix.genes)
    }
}

/// The counts of a screen, without a copy.
///
/// ```
/// use perturbook::preprocess::counts::library_sizes;
/// use perturbook::screen::Counts;
///
/// let genes = ["TP53", "MYC"].map(String::from).to_vec();
/// let counts = Counts::new(genes, vec![0, 2, 3], vec![0, 1, 1], vec![1.0, 5.0, 2.0])?;
/// assert_eq!(library_sizes(&counts), [6.0, 2.0]);
/// # Ok::<(), perturbook::Error>(())
/// ```
impl<'a> From<&'a Counts> for Csr<'a> {
    fn from(counts: &'a Counts) -> Self {
        Self::checked(counts.indptr(), counts.indices(), Cow::Borrowed(counts.values()), counts.genes().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_that_are_no_matrix_are_refused() {
        let refused = |indptr: &[u64], indices: &[u32], values: &[f32]| {
            Csr::new(indptr.to_vec(), indices.to_vec(), values.to_vec(), 3).unwrap_err().to_string()
        };
        assert!(refused(&[], &[], &[]).contains("row bounds"));
        assert!(refused(&[0, 2, 1], &[0], &[1.0]).contains("row bounds"));
        assert!(refused(&[0, 5], &[0], &[1.0]).contains("row bounds"));
        assert!(refused(&[0, u64::MAX], &[0], &[1.0]).contains("row bounds"));
        assert!(refused(&[0, 1], &[0, 1], &[1.0]).contains("2 gene numbers"));
        assert!(refused(&[0, 1, 2], &[0, 3], &[1.0, 1.0]).contains("cell 1, gene number 3"));
        assert!(refused(&[0, 2], &[1, 1], &[1.0, 1.0]).contains("twice"));
        assert!(refused(&[0, 1], &[1], &[f32::NAN]).contains("NaN"));
        assert_eq!(Csr::new(vec![0], vec![], vec![], 3).unwrap().cells(), 0);
    }
}
