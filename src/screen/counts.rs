//! Counts of molecules: one row per cell, one column per gene, almost all zero, kept as compressed sparse rows (CSR).
//!
//! ```text
//! row i:  indices[indptr[i] .. indptr[i+1]]  the genes with a stored value, strictly ascending
//!         values [indptr[i] .. indptr[i+1]]  their values
//! ```
//!
//! `indptr` has `cells + 1` entries. Values are `f32`, exact for counts below 2^24; normalised values fit as well. A
//! matrix of 300,000 cells with 3,000 genes each takes 7 GB; larger ones are read by row blocks (`io::h5ad`).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use ndarray::{Array2, ArrayView2};

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

    /// Brings every row in ascending order of genes; refuses a gene that stands twice or does not exist.
    fn sort_rows(&mut self) -> Result<()> {
        let genes = self.genes.len();
        for cell in 0..self.cells() {
            let range = self.indptr[cell] as usize..self.indptr[cell + 1] as usize;
            let row = &self.indices[range.clone()];
            if !row.is_sorted_by(|a, b| a < b) {
                let mut pairs: Vec<(u32, f32)> =
                    row.iter().copied().zip(self.values[range.clone()].iter().copied()).collect();
                pairs.sort_by_key(|&(gene, _)| gene);
                if let Some(twice) = pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                    let gene = twice[0].0;
                    let name = self.genes.get(gene as usize).map_or("", String::as_str);
                    return Err(Error::new(format!("a cell holds the gene {gene} ({name:?}) twice"))
                        .at(format!("cell {cell}"))
                        .fix("add up the entries before building the matrix"));
                }
                for (at, (gene, value)) in range.clone().zip(pairs) {
                    self.indices[at] = gene;
                    self.values[at] = value;
                }
            }
            if let Some(&last) = self.indices[range].last().filter(|&&last| last as usize >= genes) {
                return Err(Error::new(format!("the gene {last} is beyond the {genes} genes there are"))
                    .at(format!("cell {cell}"))
                    .fix("the file is damaged or belongs to another list of genes"));
            }
        }
        Ok(())
    }

    fn check_values(&self) -> Result<()> {
        // 0 times NaN or infinity is NaN: sums of such products find them without a branch for each value.
        if self.values.chunks(4096).all(|some| some.iter().map(|v| v * 0.0).sum::<f32>() == 0.0) {
            return Ok(());
        }
        let bad = self.values.iter().filter(|value| !value.is_finite()).count();
        let first = self.values.iter().position(|value| !value.is_finite()).unwrap_or_default();
        let cell = self.indptr.partition_point(|&end| end <= first as u64) - 1;
        let gene = self.indices[first] as usize;
        Err(Error::new(format!("the counts hold {} ({} affected)", self.values[first], count(bad, "value")))
            .at(format!("cell {cell}, gene {gene} ({:?})", self.genes[gene]))
            .fix("drop these cells or set the values before building the matrix"))
    }
}

fn check_genes(genes: &[String]) -> Result<()> {
    if u32::try_from(genes.len()).is_err() {
        return Err(Error::new(format!("{} genes; more than 2^32 - 1 cannot be numbered", genes.len())));
    }
    Ok(())
}

/// `indptr` must start at 0, never fall, and end at the number of stored values.
fn check_indptr(indptr: &[u64], what: &str, indices: usize, values: usize) -> Result<()> {
    let fix = "the file is damaged; write or download it again";
    if indices != values {
        return Err(Error::new(format!("{indices} indices for {values} values")).at("count matrix").fix(fix));
    }
    if indptr.first() != Some(&0) {
        return Err(Error::new("the row starts (indptr) do not begin with 0").at("count matrix").fix(fix));
    }
    if let Some(at) = indptr.windows(2).position(|pair| pair[0] > pair[1]) {
        let (a, b) = (indptr[at], indptr[at + 1]);
        return Err(Error::new(format!("the row starts (indptr) fall from {a} to {b}"))
            .at(format!("{what} {at}"))
            .fix(fix));
    }
    let end = indptr[indptr.len() - 1];
    if end != values as u64 {
        let stored = count(values, "value");
        return Err(Error::new(format!("the row starts (indptr) end at {end}, but there are {stored}"))
            .at("count matrix")
            .fix(fix));
    }
    Ok(())
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
