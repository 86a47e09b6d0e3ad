//! Highly variable genes by the method of Seurat v3 (Stuart et al. 2019, "vst").
//!
//! The variance of counts grows with their mean. Over the genes that vary, `log10(variance)` is fitted on `log10(mean)`
//! by [`loess`] (degree 2, span 0.3), and with the variance `s_g^2` so expected
//!
//! ```text
//! z_ig = (min(x_ig, m_g + s_g sqrt(n)) - m_g) / s_g
//! normalised variance of g = sum_i z_ig^2 / (n - 1)
//! ```
//!
//! Genes are ranked by it. With batches (plates, gem groups) each batch ranks its own cells, and the genes are ordered by
//! the median of the ranks in those batches where they are among the first `top`; ties go to the gene that is so in more
//! batches. This is `highly_variable_genes(flavor="seurat_v3")` of scanpy.

use std::hash::Hash;

use super::Csr;
use super::loess::{Surface, loess};
use super::moments::{GeneMoments, cells_by_batch};
use crate::preprocess::features::median;
use crate::{Error, Result};

const SPAN: f64 = 0.3;

/// How variable every gene is, and which are most so.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableGenes {
    /// Mean count of every gene over all cells.
    pub mean: Vec<f64>,
    /// Variance (ddof 1) of every gene over all cells.
    pub variance: Vec<f64>,
    /// Normalised variance of every gene, the mean over batches.
    pub normalised_variance: Vec<f64>,
    /// Median rank, from 0, over the batches where the gene is among the first; `None` where it never is.
    pub rank: Vec<Option<f64>>,
    /// In how many batches the gene is among the first.
    pub batches: Vec<usize>,
    /// Numbers of the chosen genes, most variable first.
    pub chosen: Vec<usize>,
}

/// The `top` most variable genes of raw counts; `batches` has one label a cell, or is `None`.
///
/// ```
/// use perturbook::preprocess::counts::{Csr, variable_genes};
///
/// // 30 genes of mean 1 to 30; gene 7 is concentrated in every tenth cell.
/// let count = |cell: u64, gene: u64| match gene {
///     7 => if cell % 10 == 0 { 80 } else { 0 },
///     _ => gene + 1 + (cell * (gene + 3)) % 3 - 1,
/// };
/// let values: Vec<f32> = (0..50).flat_map(|c| (0..30).map(move |g| count(c, g) as f32)).collect();
/// let indices: Vec<u32> = (0..50).flat_map(|_| 0..30).collect();
/// let counts = Csr::new((0..=50u64).map(|c| 30 * c).collect::<Vec<_>>(), indices, values, 30)?;
/// assert_eq!(variable_genes(&counts, 1, None::<&[u8]>)?.chosen, [7]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When `top` is 0, a count is negative, the labels are not one a cell, a batch has fewer than two cells, or fewer than
/// 14 genes vary in a batch, which are too few for the fit.
pub fn variable_genes<'a, L: Eq + Hash>(
    counts: impl Into<Csr<'a>>,
    top: usize,
    batches: Option<&[L]>,
) -> Result<VariableGenes> {
    let counts = counts.into();
    counts.require_counts("variable genes")?;
    if top == 0 {
        return Err(Error::new("no gene is asked for").at("variable genes").fix("ask for 2,000 of them"));
    }
    if let Some(labels) = batches
        && labels.len() != counts.cells()
    {
        return Err(Error::new(format!("{} batch labels for {} cells", labels.len(), counts.cells()))
            .at("variable genes")
            .fix("give the batch of every cell, in the order of the cells"));
    }
    let members = cells_by_batch(counts.cells(), batches);
    let of_batch: Vec<Vec<f64>> = members
        .iter()
        .enumerate()
        .map(|(batch, cells)| {
            normalised_variance(&counts, cells).map_err(|e| match batches {
                Some(_) => Error::new(format!("batch number {batch} ({} cells): {e}", cells.len())),
                None => e,
            })
        })
        .collect::<Result<_>>()?;
    let mut moments = GeneMoments::new(counts.genes());
    moments.add(&counts)?;
    let ranks: Vec<Vec<usize>> = of_batch.iter().map(|variances| ranked(variances)).collect();
    let (mut rank, mut among_first) = (Vec::new(), Vec::new());
    for gene in 0..counts.genes() {
        let mut first: Vec<f64> = ranks.iter().map(|r| r[gene]).filter(|r| *r < top).map(|r| r as f64).collect();
        among_first.push(first.len());
        rank.push(if first.is_empty() { None } else { Some(median(&mut first)) });
    }
    let mut chosen: Vec<usize> = (0..counts.genes()).collect();
    let key = |gene: usize| (rank[gene].unwrap_or(f64::INFINITY), among_first[gene]);
    chosen.sort_by(|&a, &b| {
        let ((rank_a, batches_a), (rank_b, batches_b)) = (key(a), key(b));
        rank_a.total_cmp(&rank_b).then(batches_b.cmp(&batches_a))
    });
    chosen.truncate(top);
    let mean_over_batches = |gene: usize| of_batch.iter().map(|v| v[gene]).sum::<f64>() / of_batch.len() as f64;
    Ok(VariableGenes {
        mean: moments.mean(),
        variance: moments.variance(),
        normalised_variance: (0..counts.genes()).map(mean_over_batches).collect(),
        rank,
        batches: among_first,
        chosen,
    })
}

/// The numbers of the `top` most variable genes over some cells, most variable first: those that [`variable_genes`] chooses
/// of a matrix of these cells alone, which is not made.
///
/// ```
/// use perturbook::preprocess::counts::{variable_genes, variable_genes_among};
/// use perturbook::screen::Counts;
/// use perturbook::simulate::{PerturbSeqConfig, perturb_seq};
///
/// let all = perturb_seq(&PerturbSeqConfig::quick())?;
/// let counts = Counts::new(all.genes, all.indptr, all.indices, all.values)?;
/// let cells: Vec<usize> = (0..1000).step_by(3).collect();
/// let alone = variable_genes(&counts.select_cells(&cells)?, 50, None::<&[u8]>)?;
/// assert_eq!(variable_genes_among(&counts, &cells, 50)?, alone.chosen);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As [`variable_genes`], and when there is no such cell.
pub fn variable_genes_among<'a>(counts: impl Into<Csr<'a>>, cells: &[usize], top: usize) -> Result<Vec<usize>> {
    let counts = counts.into();
    counts.require_counts("variable genes")?;
    if top == 0 {
        return Err(Error::new("no gene is asked for").at("variable genes").fix("ask for 2,000 of them"));
    }
    if let Some(cell) = cells.iter().find(|&&cell| cell >= counts.cells()) {
        return Err(Error::new(format!("there are only {} cells", counts.cells()))
            .at(format!("variable genes: cell {cell}"))
            .fix("number cells from 0"));
    }
    let mut chosen = in_order(&normalised_variance(&counts, cells)?);
    chosen.truncate(top);
    Ok(chosen)
}

/// The normalised variance of every gene over some cells.
fn normalised_variance(counts: &Csr<'_>, cells: &[usize]) -> Result<Vec<f64>> {
    if cells.len() < 2 {
        return Err(Error::new(format!("{} cells have no variance", cells.len()))
            .at("variable genes")
            .fix("drop batches of a single cell, or leave the batches out"));
    }
    let mut plain = GeneMoments::new(counts.genes());
    plain.add_cells(counts, cells, |_, v| v)?;
    let (mean, variance) = (plain.mean(), plain.variance());
    let varying: Vec<usize> = (0..counts.genes()).filter(|&gene| variance[gene] > 0.0).collect();
    let x: Vec<f64> = varying.iter().map(|&gene| mean[gene].log10()).collect();
    let y: Vec<f64> = varying.iter().map(|&gene| variance[gene].log10()).collect();
    let fitted = loess(&x, &y, SPAN, Surface::Interpolated)
        .map_err(|e| Error::new(format!("{} genes vary over these cells: {e}", varying.len())).at("variable genes"))?;
    let mut expected = vec![1.0; counts.genes()];
    varying.iter().zip(fitted).for_each(|(&gene, fit)| expected[gene] = 10f64.powf(fit));
    let n = cells.len() as f64;
    let highest: Vec<f64> = mean.iter().zip(&expected).map(|(mean, s2)| mean + (s2 * n).sqrt()).collect();
    let mut clipped = GeneMoments::new(counts.genes());
    clipped.add_cells(counts, cells, |gene, v| v.min(highest[gene]))?;
    let of_gene = |(gene, (sum, square)): (usize, (f64, f64))| {
        let mean = mean[gene];
        (n * mean * mean + square - 2.0 * sum * mean) / ((n - 1.0) * expected[gene])
    };
    Ok(clipped.sums().enumerate().map(of_gene).collect())
}

/// Genes, the largest variance first; of equal ones the first gene comes first.
fn in_order(variances: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..variances.len()).collect();
    order.sort_by(|&a, &b| variances[b].total_cmp(&variances[a]));
    order
}

/// The rank of every gene, 0 for the largest variance.
fn ranked(variances: &[f64]) -> Vec<usize> {
    let order = in_order(variances);
    let mut ranks = vec![0; variances.len()];
    order.into_iter().enumerate().for_each(|(rank, gene)| ranks[gene] = rank);
    ranks
}
