//! Cells, genes and guides with too little data to say anything.

use std::collections::HashMap;

use super::{Csr, library_sizes};
use crate::{Error, Result};

/// The number of genes with a count above 0 in every cell.
pub fn genes_per_cell<'a>(counts: impl Into<Csr<'a>>) -> Vec<usize> {
    let counts = counts.into();
    (0..counts.cells()).map(|cell| counts.row(cell).1.iter().filter(|v| **v > 0.0).count()).collect()
}

/// The number of cells with a count above 0 of every gene.
pub fn cells_per_gene<'a>(counts: impl Into<Csr<'a>>) -> Vec<usize> {
    let counts = counts.into();
    let mut cells = vec![0; counts.genes()];
    for cell in 0..counts.cells() {
        let (genes, values) = counts.row(cell);
        genes.iter().zip(values).filter(|(_, v)| **v > 0.0).for_each(|(&gene, _)| cells[gene as usize] += 1);
    }
    cells
}

/// Bounds on what a cell holds, both ends included.
///
/// Too little means an empty droplet or a dying cell; far too much, two cells in one droplet.
///
/// ```
/// use perturbook::preprocess::counts::{CellFilter, Csr};
///
/// let counts = Csr::new(vec![0, 1, 3], vec![0, 0, 1], vec![9.0, 1.0, 1.0], 2)?;
/// let kept = CellFilter { min_genes: 2, ..CellFilter::default() }.keep(&counts)?;
/// assert_eq!(kept, [1]);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellFilter {
    /// At least this many genes with a count above 0.
    pub min_genes: usize,
    /// At most this many.
    pub max_genes: usize,
    /// At least this sum of counts.
    pub min_counts: f64,
    /// At most this sum of counts.
    pub max_counts: f64,
}

impl Default for CellFilter {
    /// Without bounds.
    fn default() -> Self {
        Self { min_genes: 0, max_genes: usize::MAX, min_counts: 0.0, max_counts: f64::INFINITY }
    }
}

impl CellFilter {
    /// The numbers of the cells within the bounds, ascending.
    ///
    /// # Errors
    /// When a bound is NaN or no cell is within them.
    pub fn keep<'a>(&self, counts: impl Into<Csr<'a>>) -> Result<Vec<usize>> {
        let counts = counts.into();
        if self.min_counts.is_nan() || self.max_counts.is_nan() {
            return Err(Error::new("a bound on the counts is NaN").at("cell filter"));
        }
        let (genes, sizes) = (genes_per_cell(&counts), library_sizes(&counts));
        let within = |&cell: &usize| {
            (self.min_genes..=self.max_genes).contains(&genes[cell])
                && (self.min_counts..=self.max_counts).contains(&sizes[cell])
        };
        let kept: Vec<usize> = (0..counts.cells()).filter(within).collect();
        if kept.is_empty() {
            return Err(Error::new(format!("none of the {} cells is within the bounds", counts.cells()))
                .at(format!("{self:?}"))
                .fix("look at library_sizes and genes_per_cell, and widen the bounds"));
        }
        Ok(kept)
    }
}

/// The numbers of the genes found in at least `min_cells` cells, ascending.
///
/// ```
/// use perturbook::preprocess::counts::{Csr, genes_in_cells};
///
/// let counts = Csr::new(vec![0, 2, 3], vec![0, 1, 1], vec![1.0, 1.0, 4.0], 3)?;
/// assert_eq!(genes_in_cells(&counts, 2)?, [1]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When no gene is.
pub fn genes_in_cells<'a>(counts: impl Into<Csr<'a>>, min_cells: usize) -> Result<Vec<usize>> {
    let cells = cells_per_gene(counts);
    let kept: Vec<usize> = (0..cells.len()).filter(|&gene| cells[gene] >= min_cells).collect();
    if kept.is_empty() {
        return Err(Error::new(format!("none of the {} genes is found in {min_cells} cells", cells.len()))
            .at("gene filter")
            .fix("look at cells_per_gene, and ask for fewer cells"));
    }
    Ok(kept)
}

/// What a filter of guides keeps and drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptGuides<'a> {
    /// Numbers of the cells whose guide is kept, ascending.
    pub cells: Vec<usize>,
    /// Guides that are dropped, with their numbers of cells, in order of first appearance.
    pub dropped: Vec<(&'a str, usize)>,
}

/// The cells whose guide has at least `min_cells` cells.
///
/// ```
/// use perturbook::preprocess::counts::guides_with_cells;
///
/// let kept = guides_with_cells(&["g1", "g2", "g1"], 2)?;
/// assert_eq!((kept.cells, kept.dropped), (vec![0, 2], vec![("g2", 1)]));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When no guide has so many cells.
pub fn guides_with_cells<L: AsRef<str>>(guides: &[L], min_cells: usize) -> Result<KeptGuides<'_>> {
    let mut cells: HashMap<&str, usize> = HashMap::new();
    let mut names = Vec::new();
    for guide in guides {
        let number = cells.entry(guide.as_ref()).or_insert_with(|| {
            names.push(guide.as_ref());
            0
        });
        *number += 1;
    }
    let kept: Vec<usize> = (0..guides.len()).filter(|&cell| cells[guides[cell].as_ref()] >= min_cells).collect();
    if kept.is_empty() {
        let largest = cells.values().max().copied().unwrap_or(0);
        return Err(Error::new(format!("none of the {} guides has {min_cells} cells", names.len()))
            .at("guide filter")
            .fix(format!("the largest has {largest}: ask for fewer")));
    }
    let dropped = names.into_iter().map(|name| (name, cells[name])).filter(|&(_, n)| n < min_cells).collect();
    Ok(KeptGuides { cells: kept, dropped })
}
