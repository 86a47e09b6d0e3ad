//! What must hold of the arrays of a sparse matrix before it is one.

use rayon::prelude::*;

use super::Counts;
use crate::io::parquet::count;
use crate::{Error, Result};

/// Cells, and values, that a thread takes at a time, at least.
const ROWS: usize = 1 << 10;
const VALUES: usize = 1 << 16;
/// The bits of the exponent of a single float.
const EXPONENT: u32 = 0x7f80_0000;

impl Counts {
    /// Brings every row in ascending order of genes; refuses a gene that stands twice or does not exist.
    pub(super) fn sort_rows(&mut self) -> Result<()> {
        if self.rows_ascend() {
            return Ok(());
        }
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

    /// Whether every row ascends and ends within the genes, by all threads and without a branch for each entry.
    fn rows_ascend(&self) -> bool {
        self.indptr.par_windows(2).with_min_len(ROWS).all(|ends| {
            let row = &self.indices[ends[0] as usize..ends[1] as usize];
            let next = row.get(1..).unwrap_or_default();
            row.last().is_none_or(|&last| (last as usize) < self.genes.len())
                && row.iter().zip(next).fold(true, |ascends, (a, b)| ascends & (a < b))
        })
    }

    pub(super) fn check_values(&self) -> Result<()> {
        // NaN and infinity have all bits of the exponent: found by all threads, without a branch for each value.
        let odd = |value: &f32| value.to_bits() & EXPONENT == EXPONENT;
        if !self.values.par_chunks(VALUES).any(|some| some.iter().fold(false, |found, value| found | odd(value))) {
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

pub(super) fn check_genes(genes: &[String]) -> Result<()> {
    if u32::try_from(genes.len()).is_err() {
        return Err(Error::new(format!("{} genes; more than 2^32 - 1 cannot be numbered", genes.len())));
    }
    Ok(())
}

/// `indptr` must start at 0, never fall, and end at the number of stored values.
pub(super) fn check_indptr(indptr: &[u64], what: &str, indices: usize, values: usize) -> Result<()> {
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
