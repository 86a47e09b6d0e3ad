//! Quantile-normalised similarity: cosines replaced by normal scores of their ranks, so that maps of any model share
//! one colour scale (Lazar et al. 2024).
//!
//! A value of rank `r` among `N` becomes `sigma * quantile((r - 1/2) / N)` with the standard normal quantile. The half
//! keeps the largest value finite: ranking by `r / N` would send it to infinity.

use std::ops::Range;

use ndarray::Array2;
use rayon::prelude::*;

use crate::evaluate::CosinePairs;
use crate::evaluate::normal::quantile;
use crate::genome::{Arm, Chromosome, Genome};
use crate::screen::Profiles;
use crate::{Error, Result};

/// The rank that tied values share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TiedRank {
    /// The number of values at most as large.
    #[default]
    Max,
    /// The mean of the ranks they occupy.
    Mid,
}

/// Spread of the heat maps in the paper: most values lie within -0.6 and 0.6.
const SIGMA: f64 = 0.2;

/// Normal scores of `values` with standard deviation `sigma`, in their order.
///
/// Degenerate input: no value gives no score, a single one 0. Equal values share a score, which is 0 under
/// [`TiedRank::Mid`] where all are equal. NaN stays NaN and does not count.
///
/// ```
/// use perturbook::evaluate::{TiedRank, quantile_normalise};
///
/// let scores = quantile_normalise(&[5.0, -1.0, 2.0], 1.0, TiedRank::Max);
/// assert_eq!(scores[2], 0.0); // the middle of three
/// assert!((scores[0] - 0.967_421_566_101_701).abs() < 1e-9); // quantile(5/6)
/// ```
pub fn quantile_normalise(values: &[f64], sigma: f64, ties: TiedRank) -> Vec<f64> {
    let mut order: Vec<(f64, u32)> = values.iter().map(|v| v + 0.0).zip(0..).filter(|(v, _)| !v.is_nan()).collect();
    let n = order.len() as f64;
    order.par_sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut scores = vec![f64::NAN; values.len()];
    let ranks: Vec<f64> = {
        let mut ranks = Vec::with_capacity(order.len());
        for tied in order.chunk_by(|a, b| a.0 == b.0) {
            let first = ranks.len();
            let rank = match ties {
                TiedRank::Max => (first + tied.len()) as f64,
                TiedRank::Mid => first as f64 + (tied.len() + 1) as f64 / 2.0,
            };
            ranks.extend(tied.iter().map(|_| rank));
        }
        ranks
    };
    let sorted: Vec<f64> = ranks.into_par_iter().map(|rank| sigma * quantile((rank - 0.5) / n)).collect();
    for ((_, index), score) in order.into_iter().zip(sorted) {
        scores[index as usize] = score;
    }
    scores
}

/// A similarity matrix in genome order, with the stretches of chromosomes and arms along its sides.
#[derive(Clone, Debug)]
pub struct QuantileHeatmap {
    /// Names of the rows (and columns), in genome order.
    pub keys: Vec<String>,
    /// Row of each of them among the profiles.
    pub rows: Vec<usize>,
    /// Quantile-normalised cosines, `n x n`, symmetric, 1 on the diagonal.
    pub matrix: Array2<f64>,
    /// Each chromosome's range of rows.
    pub chromosomes: Vec<(Chromosome, Range<usize>)>,
    /// Each arm's range of rows; the boundaries inside a chromosome are the centromeres.
    pub arms: Vec<(Arm, Range<usize>)>,
}

/// The quantile-normalised cosine matrix (`sigma` 0.2) of the profiles that have a position, in genome order.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::quantile_heatmap_matrix;
/// use perturbook::genome::{Genome, Locus};
/// use perturbook::screen::Profiles;
///
/// let p = Profiles::new(["A", "B", "C"].map(String::from).to_vec(), array![[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])?;
/// let genome = Genome::from_genes([
///     ("A", Locus { arm: "chr2q".parse()?, start: 10 }),
///     ("B", Locus { arm: "chr1p".parse()?, start: 20 }),
/// ]);
/// let map = quantile_heatmap_matrix(&p, &genome)?;
/// assert_eq!(map.keys, ["B", "A"]); // C has no position
/// assert_eq!(map.matrix, array![[1.0, 0.0], [0.0, 1.0]]); // one pair: rank 1 of 1
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When fewer than two profiles have a position.
pub fn quantile_heatmap_matrix(profiles: &Profiles, genome: &Genome) -> Result<QuantileHeatmap> {
    let placement = genome.place(profiles.keys());
    let rows = placement.order();
    if rows.len() < 2 {
        return Err(Error::new(format!("{} of the {} profiles have a position", rows.len(), profiles.len()))
            .at("quantile_heatmap_matrix")
            .fix("a heat map along the genome needs two; name the profiles by gene symbols"));
    }
    let ordered = profiles.select(&rows);
    let pairs = CosinePairs::new(ordered.values());
    let mut scores = quantile_normalise(pairs.values(), SIGMA, TiedRank::Max).into_iter();
    let n = rows.len();
    let mut matrix = Array2::eye(n);
    for i in 0..n {
        for j in i + 1..n {
            let score = scores.next().unwrap_or(f64::NAN);
            matrix[[i, j]] = score;
            matrix[[j, i]] = score;
        }
    }
    Ok(QuantileHeatmap {
        keys: ordered.keys().to_vec(),
        rows,
        matrix,
        chromosomes: placement.runs(|locus| locus.arm.chromosome),
        arms: placement.runs(|locus| locus.arm),
    })
}
