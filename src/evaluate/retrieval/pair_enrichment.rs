//! Enrichment of pairs of one label among the most similar pairs, with Fisher's exact test (cytominer-eval).
//!
//! For each quantile `q` the threshold is that quantile of the similarities of all pairs, linear interpolation, and
//!
//! ```text
//!                    same label   different labels
//! > threshold            a               b              odds ratio = a d / (b c)
//! <= threshold           c               d              p = P(X >= a), X hypergeometric with these margins
//! ```
//!
//! cytominer-eval takes the pairs in both orders, [`PairCounting::Ordered`]: the table holds every pair twice, which
//! leaves the odds ratio as it is (the threshold may move by one place) but makes the p-value far smaller than the data
//! warrant. [`PairCounting::Unordered`] takes each once. Pairs that share a row are not independent in either.
//!
//! [`PairSimilarities::enrichment`](super::PairSimilarities::enrichment) is another convention: pairs at or above a
//! threshold that is resolved to a bin, with the fold change instead of a test.

use polars::prelude::{DataFrame, df};
use serde::{Deserialize, Serialize};

use super::labels::RowLabels;
use super::likeness::{ComparedPairs, Similarity};
use super::pair_cuts::{Among, Cut, Place, cuts};
use crate::evaluate::hypergeometric::ln_hypergeometric_upper_tail;
use crate::reduce::Points;
use crate::{Error, Result};

/// How often a pair is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PairCounting {
    /// In both orders, as cytominer-eval does.
    #[default]
    Ordered,
    /// Once.
    Unordered,
}

impl PairCounting {
    fn copies(self) -> u64 {
        match self {
            Self::Ordered => 2,
            Self::Unordered => 1,
        }
    }
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnrichmentConfig {
    /// Similarity of two rows: Pearson.
    pub similarity: Similarity,
    /// Quantiles of the similarities of all pairs, from 0 to 1: 0.99 alone.
    pub quantiles: Vec<f64>,
    /// How often a pair is counted.
    pub counting: PairCounting,
}

impl Default for EnrichmentConfig {
    fn default() -> Self {
        Self { similarity: Similarity::Pearson, quantiles: vec![0.99], counting: PairCounting::Ordered }
    }
}

/// Enrichment above one quantile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnrichmentPoint {
    /// The quantile.
    pub quantile: f64,
    /// The similarity that pairs must exceed.
    pub threshold: f64,
    /// Pairs of one label above it.
    pub same_above: u64,
    /// Pairs of different labels above it.
    pub different_above: u64,
    /// Odds ratio: NaN when nothing, or everything, is above the threshold; infinite when no pair of different labels is
    /// above it, or none of one label is not.
    pub odds_ratio: f64,
    /// One-sided p-value of Fisher's exact test; 1 when the odds ratio is NaN, 0 when it is below the least number.
    pub p: f64,
    /// Natural logarithm of the p-value, which does not underflow.
    pub ln_p: f64,
}

/// Enrichment above each quantile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairEnrichment {
    /// One entry for each quantile, in the order asked for.
    pub points: Vec<EnrichmentPoint>,
    /// Pairs of one label, counted as the configuration says.
    pub n_same: u64,
    /// Pairs of different labels.
    pub n_different: u64,
    /// Rows without direction, left out.
    pub n_left_out: usize,
    /// What was compared.
    pub config: EnrichmentConfig,
}

/// Tests whether pairs of one label are enriched among the most similar pairs.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{EnrichmentConfig, PairCounting, RowLabels, Similarity, pair_enrichment};
///
/// let wells = array![[1.0, 0.0], [2.0, 0.1], [0.0, 1.0], [0.1, 3.0]];
/// let labels = RowLabels::new(&["A", "A", "B", "B"]);
/// let config = EnrichmentConfig {
///     similarity: Similarity::Cosine,
///     quantiles: vec![0.5],
///     counting: PairCounting::Unordered,
/// };
/// let point = pair_enrichment(&wells, &labels, &config)?.points[0];
/// // Three of six pairs are above the median: both of one label and one more.
/// assert_eq!((point.same_above, point.different_above, point.odds_ratio), (2, 1, f64::INFINITY));
/// assert!((point.p - 3.0 / 15.0).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not as many labels as rows, no quantile is given or one is not from 0 to 1, a value is not finite, no
/// label is shared or all rows share one (controls and rows without direction apart), or the work was stopped.
pub fn pair_enrichment(points: &dyn Points, labels: &RowLabels, config: &EnrichmentConfig) -> Result<PairEnrichment> {
    let place = "pair_enrichment";
    labels.require_rows(points.shape().0, place)?;
    let outside = config.quantiles.iter().find(|q| !(0.0..=1.0).contains(*q));
    if outside.is_some() || config.quantiles.is_empty() {
        let what = outside.map_or_else(|| "no quantile was given".to_owned(), |q| format!("{q} is no quantile"));
        return Err(Error::new(what).at(place).fix("give shares from 0 to 1, such as 0.99"));
    }
    let ComparedPairs { keys, codes, pairs, left_out } = ComparedPairs::new(points, labels, config.similarity, place)?;
    let (n_same, n_different) = (pairs.n_same(), pairs.n_different());
    let copies = config.counting.copies();
    let places: Vec<Place> = config.quantiles.iter().map(|&q| Place::of(n_same + n_different, q, copies)).collect();
    let found = cuts(&keys, &codes, &pairs, Among::All, &places)?;
    let (n_same, n_different) = (n_same * copies, n_different * copies);
    let points: Result<Vec<EnrichmentPoint>> = config
        .quantiles
        .iter()
        .zip(found)
        .map(|(&quantile, Cut { threshold, same, different })| {
            let (same_above, different_above) = (same * copies, different * copies);
            let above = same_above + different_above;
            let ln_p = ln_hypergeometric_upper_tail(n_same + n_different, n_same, above, same_above)?;
            let odds_ratio =
                odds_ratio(same_above, different_above, n_same - same_above, n_different - different_above);
            Ok(EnrichmentPoint { quantile, threshold, same_above, different_above, odds_ratio, p: ln_p.exp(), ln_p })
        })
        .collect();
    Ok(PairEnrichment { points: points?, n_same, n_different, n_left_out: left_out, config: config.clone() })
}

/// The odds ratio of a two-by-two table, row by row: NaN with an empty row or column, infinite with a zero in the
/// denominator.
fn odds_ratio(a: u64, b: u64, c: u64, d: u64) -> f64 {
    if a + b == 0 || c + d == 0 || a + c == 0 || b + d == 0 {
        return f64::NAN;
    }
    (a as f64 * d as f64) / (b as f64 * c as f64)
}

impl PairEnrichment {
    /// The result as cytominer-eval's table: `enrichment_percentile`, `threshold`, `odds_ratio` and `p_value`, one row
    /// for each quantile.
    ///
    /// # Errors
    /// Never in practice: the columns have one length.
    pub fn table(&self) -> Result<DataFrame> {
        let of = |what: fn(&EnrichmentPoint) -> f64| self.points.iter().map(what).collect::<Vec<f64>>();
        df!(
            "enrichment_percentile" => of(|point| point.quantile),
            "threshold" => of(|point| point.threshold),
            "odds_ratio" => of(|point| point.odds_ratio),
            "p_value" => of(|point| point.p),
        )
        .map_err(|e| Error::new(format!("the table of enrichments: {e}")).caused_by(e))
    }
}
