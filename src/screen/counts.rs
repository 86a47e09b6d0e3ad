//! Counts of molecules: one row per cell, one column per gene, almost all zero, kept as compressed sparse rows (CSR).
//!
//! ```text
//! row i:  indices[indptr[i] .. indptr[i+1]]  the genes with a stored value, strictly ascending
//!         values [indptr[i] .. indptr[i+1]]  their values
//! ```
//!
//! `indptr` has `cells + 1` entries. Values are `f32`, exact for counts below 2^24; normalised values fit as well. A
//! matrix of 300,000 cells with 3,000 genes each takes 7 GB; larger ones are read by row blocks (`io::h5ad`).

mod checks;
mod select;

use std::collections::{BTreeSet, HashMap, HashSet};

use ndarray::ArrayView2;

use checks::{check_genes, check_indptr};

use crate::io::parquet::{count, name_some};
use crate::{Error, Result};

/// A sparse matrix, cells x genes.
///
/// ```
/// use perturbook::screen::Counts;
///
/// let genes = ["TP53", "MYC", "ACTB"].map(String::from).to_vec();
/// let counts = Counts::new(genes, vec![0, 2, 3], vec![0, 2, 1], vec![1.0, 5.0, 2.0])?;
/// assert_eq!(counts.row(0), (&[0, 2][..], &[1.0, 5.0][..]));
/// assert_eq!(counts.library_sizes(), [6.0, 2.0]);
/// assert_eq!(counts.to_dense(), ndarray::array![[1.0, 0.0, 5.0], [0.0, 2.0, 0.0]]);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    genes: Vec<String>,
    indptr: Vec<u64>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

impl Counts {
    /// Checks and keeps the three arrays of a CSR matrix. Rows whose genes are not in order are sorted.
    ///
    /// Gene names may repeat, as gene symbols of 10x references do; [`Counts::duplicated_genes`] lists them.
    ///
    /// # Errors
    /// When the lengths disagree, `indptr` falls, a gene's number is beyond `genes`, a cell holds a gene twice, or a
    /// value is NaN or infinite: the first offending cell and gene are named.
    pub fn new(genes: Vec<String>, indptr: Vec<u64>, indices: Vec<u32>, values: Vec<f32>) -> Result<Self> {
        check_genes(&genes)?;
        check_indptr(&indptr, "cell", indices.len(), values.len())?;
        let mut counts = Self { genes, indptr, indices, values };
        counts.sort_rows()?;
        counts.check_values()?;
        Ok(counts)
    }

    /// The same from compressed sparse columns (CSC): `indptr` has `genes + 1` entries, `indices` number the cells.
    ///
    /// ```
    /// use perturbook::screen::Counts;
    ///
    /// let genes = vec!["A".to_owned(), "B".to_owned()];
    /// let counts = Counts::from_csc(genes, 3, &[0, 2, 3], &[2, 0, 1], &[7.0, 1.0, 4.0])?;
    /// assert_eq!(counts.library_sizes(), [1.0, 4.0, 7.0]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Counts::new`].
    pub fn from_csc(genes: Vec<String>, cells: usize, indptr: &[u64], indices: &[u32], values: &[f32]) -> Result<Self> {
        check_genes(&genes)?;
        check_indptr(indptr, "gene", indices.len(), values.len())?;
        if indptr.len() != genes.len() + 1 {
            let (columns, names) = (count(indptr.len() - 1, "column"), count(genes.len(), "gene name"));
            return Err(Error::new(format!("{columns} for {names}")).at("count matrix"));
        }
        let mut columns = Vec::with_capacity(indices.len());
        for (gene, ends) in indptr.windows(2).enumerate() {
            columns.extend(std::iter::repeat_n(gene as u32, (ends[1] - ends[0]) as usize));
        }
        Self::from_triplets(genes, cells, indices, &columns, values)
    }

    /// The same from triplets (cell, gene, value) in any order.
    ///
    /// # Errors
    /// As [`Counts::new`]; and when a cell's number is not below `cells`.
    pub fn from_triplets(genes: Vec<String>, cells: usize, cell: &[u32], gene: &[u32], values: &[f32]) -> Result<Self> {
        if cell.len() != gene.len() || cell.len() != values.len() {
            let (a, b, c) = (cell.len(), gene.len(), values.len());
            return Err(Error::new(format!("{a} cells, {b} genes and {c} values for the same entries")));
        }
        let mut indptr = vec![0u64; cells + 1];
        for (entry, &cell) in cell.iter().enumerate() {
            let Some(end) = indptr.get_mut(cell as usize + 1) else {
                return Err(Error::new(format!("the cell {cell} is beyond the {cells} cells there are"))
                    .at(format!("entry {entry}"))
                    .fix("the file is damaged or belongs to another list of cells"));
            };
            *end += 1;
        }
        for cell in 0..cells {
            indptr[cell + 1] += indptr[cell];
        }
        let mut next = indptr.clone();
        let mut indices = vec![0; gene.len()];
        let mut sorted = vec![0.0; values.len()];
        for ((&cell, &gene), &value) in cell.iter().zip(gene).zip(values) {
            let at = next[cell as usize] as usize;
            next[cell as usize] += 1;
            indices[at] = gene;
            sorted[at] = value;
        }
        Self::new(genes, indptr, indices, sorted)
    }

    /// Keeps the values that are not zero.
    ///
    /// # Errors
    /// When the number of columns is not that of the genes, or a value is NaN or infinite.
    pub fn from_dense(genes: Vec<String>, dense: ArrayView2<'_, f32>) -> Result<Self> {
        if dense.ncols() != genes.len() {
            let (columns, names) = (count(dense.ncols(), "column"), count(genes.len(), "gene name"));
            return Err(Error::new(format!("{columns} for {names}")).at("count matrix"));
        }
        let mut indptr = vec![0];
        let (mut indices, mut values) = (Vec::new(), Vec::new());
        for row in dense.rows() {
            for (gene, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                indices.push(gene as u32);
                values.push(value);
            }
            indptr.push(values.len() as u64);
        }
        Self::new(genes, indptr, indices, values)
    }

    /// Number of cells (rows).
    pub fn cells(&self) -> usize {
        self.indptr.len() - 1
    }

    /// The names of the genes (columns).
    pub fn genes(&self) -> &[String] {
        &self.genes
    }

    /// Number of stored values; zeros may be among them.
    pub fn stored(&self) -> usize {
        self.values.len()
    }

    /// Where each row starts, `cells + 1` entries.
    pub fn indptr(&self) -> &[u64] {
        &self.indptr
    }

    /// The gene of every stored value, row after row.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// Every stored value, row after row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The genes with a stored value in a cell, ascending, and the values.
    ///
    /// # Panics
    /// When `cell` is not below [`Counts::cells`], as indexing a slice does.
    pub fn row(&self, cell: usize) -> (&[u32], &[f32]) {
        let range = self.indptr[cell] as usize..self.indptr[cell + 1] as usize;
        (&self.indices[range.clone()], &self.values[range])
    }

    /// The column of a gene.
    ///
    /// # Errors
    /// When no gene, or more than one, has this name.
    pub fn gene(&self, name: &str) -> Result<usize> {
        let mut found = (0..self.genes.len()).filter(|&gene| self.genes[gene] == name);
        match (found.next(), found.count()) {
            (Some(gene), 0) => Ok(gene),
            (None, _) => Err(Error::new(format!("no gene is called {name:?}"))
                .at("count matrix")
                .fix(format!("the genes there are: {}", name_some(&self.genes)))),
            (Some(_), more) => Err(Error::new(format!("{} genes are called {name:?}", more + 1))
                .at("count matrix")
                .fix("take Counts::with_unique_genes first, or use the genes' identifiers as names")),
        }
    }

    /// The names that more than one gene has, in alphabetical order.
    pub fn duplicated_genes(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let again: BTreeSet<&str> = self.genes.iter().map(String::as_str).filter(|name| !seen.insert(*name)).collect();
        again.into_iter().collect()
    }

    /// The same counts with `-1`, `-2`, ... behind the second, third, ... gene of a name; a name that is taken is
    /// skipped. Source: `AnnData.var_names_make_unique`.
    #[must_use]
    pub fn with_unique_genes(mut self) -> Self {
        let mut taken: HashSet<String> = self.genes.iter().cloned().collect();
        let mut met: HashMap<String, usize> = HashMap::new();
        for name in &mut self.genes {
            let Some(number) = met.get_mut(name.as_str()) else {
                met.insert(name.clone(), 0);
                continue;
            };
            let fresh = loop {
                *number += 1;
                let fresh = format!("{name}-{number}");
                if taken.insert(fresh.clone()) {
                    break fresh;
                }
            };
            *name = fresh;
        }
        self
    }

    /// Whether every value is a whole number, none negative: raw counts, not normalised ones.
    pub fn are_whole(&self) -> bool {
        self.values.iter().all(|&value| value >= 0.0 && value.fract() == 0.0)
    }

    /// The sum of every cell, `f64`.
    pub fn library_sizes(&self) -> Vec<f64> {
        let sum = |values: &[f32]| values.iter().fold(0.0, |sum, &value| sum + f64::from(value));
        (0..self.cells()).map(|cell| sum(self.row(cell).1)).collect()
    }

    /// The sum of every gene, `f64`.
    pub fn gene_totals(&self) -> Vec<f64> {
        let mut totals = vec![0.0; self.genes.len()];
        for (&gene, &value) in self.indices.iter().zip(&self.values) {
            totals[gene as usize] += f64::from(value);
        }
        totals
    }
}
