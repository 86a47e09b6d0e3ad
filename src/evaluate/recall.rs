//! How many known relations a map recalls: precision and recall over percentiles of the cosine distance.
//!
//! `D_ij = 1 - cos(x_i, x_j)` between the genes with at least one known relation (the nodes), 0 on the diagonal. The
//! null distribution is all `n^2` entries of `D`, diagonal included; `q(p)` is its percentile with linear
//! interpolation. Over the ordered pairs `i != j`, at each percentile `p`, a pair is predicted when
//!
//! | [`Convention`] | rule | random expectation of recall |
//! |---|---|---|
//! | `TwoSided` (Wang et al. 2023, Multi-ContrastiveVAE) | `D <= q(100-p)` or `D >= q(p)` | `2 (1 - p/100)` |
//! | `OneSided` (Set-DINO) | `D <= q(100-p)` | `1 - p/100` |
//!
//! The two are not comparable with each other, nor with the recall of the EFAAR benchmarks ([`crate::evaluate::efaar_recall`]).
//! Percentiles are taken from exact order statistics, so that counts do not hang on rounding where a percentile falls
//! on one entry.

use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::evaluate::{CosinePairs, Graph, Relations};
use crate::screen::Profiles;
use crate::{Error, Result};

/// Which pairs a percentile predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Convention {
    /// The most similar and the most dissimilar pairs.
    TwoSided,
    /// Only the most similar pairs.
    OneSided,
}

impl Convention {
    /// Recall of a map without any information at percentile `p` (0 to 100); NaN stays NaN.
    ///
    /// ```
    /// use perturbook::evaluate::Convention;
    /// assert!((Convention::TwoSided.random_expectation(95.0) - 0.10).abs() < 1e-12);
    /// ```
    pub fn random_expectation(self, percentile: f64) -> f64 {
        let tail = 1.0 - percentile / 100.0;
        match self {
            Self::TwoSided if tail > 0.5 => 1.0,
            Self::TwoSided => 2.0 * tail,
            Self::OneSided => tail,
        }
    }
}

/// Precision and recall at one percentile. Ratios whose denominator is 0 are 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecallPoint {
    /// The percentile `p`, 0 to 100.
    pub percentile: f64,
    /// `q(100 - p)`: pairs at most this distant are predicted.
    pub q_low: f64,
    /// `q(p)`: in the two-sided convention pairs at least this distant are predicted too.
    pub q_high: f64,
    /// Ordered pairs predicted.
    pub n_predicted: usize,
    /// Predicted ordered pairs that are known relations.
    pub n_true_positive: usize,
    /// `n_true_positive / n_predicted`.
    pub precision: f64,
    /// `n_true_positive / ` known ordered pairs.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// False positives over ordered pairs that are not known relations.
    pub fpr: f64,
}

/// Precision and recall over percentiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecallCurve {
    /// Which pairs were predicted.
    pub convention: Convention,
    /// Name of the relations.
    pub relations: String,
    /// Genes with at least one known relation.
    pub n_nodes: usize,
    /// Known relations among them, each once.
    pub n_edges: usize,
    /// One entry for each percentile, in the order asked for.
    pub points: Vec<RecallPoint>,
}

impl RecallCurve {
    /// The point at a percentile.
    ///
    /// # Errors
    /// When the curve was not computed there.
    pub fn at(&self, percentile: f64) -> Result<&RecallPoint> {
        self.points.iter().find(|p| p.percentile == percentile).ok_or_else(|| {
            let known: Vec<String> = self.points.iter().map(|p| p.percentile.to_string()).collect();
            Error::new(format!("the curve has no point at percentile {percentile}"))
                .fix(format!("choose one of {}, or compute it with recall_at", known.join(", ")))
        })
    }
}

/// The percentiles that the papers draw: 80, 81, ... 99.
pub fn default_percentiles() -> Vec<f64> {
    (80..=99).map(f64::from).collect()
}

/// Precision and recall of the known `relations` at percentiles 80 to 99.
///
/// Degenerate input: a zero vector has cosine 0, and distance 1, with everything. Pairs at equal distances are predicted
/// together: where all pairs are equally far the two-sided rule predicts all of them, the one-sided rule none.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{Convention, Relations, recall};
/// use perturbook::screen::Profiles;
///
/// let keys = ["A", "B", "C", "D"].map(String::from).to_vec();
/// let p = Profiles::new(keys, array![[1.0, 0.1], [1.0, 0.0], [0.0, 1.0], [0.1, 1.0]])?;
/// let opposites = Relations::from_pairs("toy", [("B", "C")]);
/// let curve = recall(&p, &opposites, Convention::TwoSided)?;
/// assert_eq!((curve.n_nodes, curve.n_edges, curve.points.len()), (2, 1, 20));
/// assert_eq!(curve.at(95.0)?.recall, 1.0); // the only pair of the graph is also its most dissimilar one
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When no relation connects two of the profiles.
pub fn recall(profiles: &Profiles, relations: &Relations, convention: Convention) -> Result<RecallCurve> {
    recall_at(profiles, relations, convention, &default_percentiles())
}

/// The same at percentiles of your choice, from 50 to 100; none give a curve without points.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{Convention, Relations, recall_at};
/// use perturbook::screen::Profiles;
///
/// let keys = ["A", "B", "C", "D"].map(String::from).to_vec();
/// let p = Profiles::new(keys, array![[1.0, 0.1], [1.0, 0.0], [0.0, 1.0], [0.1, 1.0]])?;
/// let known = Relations::from_pairs("toy", [("A", "B"), ("C", "D")]);
/// let point = recall_at(&p, &known, Convention::OneSided, &[60.0])?.points[0];
/// assert_eq!((point.n_predicted, point.n_true_positive), (4, 4)); // ordered pairs
/// assert_eq!((point.precision, point.recall), (1.0, 1.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When no relation connects two of the profiles, or a percentile is out of range.
pub fn recall_at(
    profiles: &Profiles,
    relations: &Relations,
    convention: Convention,
    percentiles: &[f64],
) -> Result<RecallCurve> {
    let graph = relations.among(profiles.keys());
    check_not_empty(&graph, relations, profiles)?;
    check_percentiles(percentiles)?;
    let points = points(profiles.values(), &graph, convention, percentiles);
    Ok(RecallCurve {
        convention,
        relations: relations.name().to_owned(),
        n_nodes: graph.nodes().len(),
        n_edges: graph.edges().len(),
        points,
    })
}

/// The error of a percentile out of range.
pub(super) fn check_percentiles(percentiles: &[f64]) -> Result<()> {
    match percentiles.iter().find(|p| !(50.0..=100.0).contains(*p)) {
        None => Ok(()),
        Some(bad) => Err(Error::new(format!("{bad} is no percentile for a recall curve"))
            .fix("use percentiles from 50 to 100, such as 95 for the closest 5 %")),
    }
}

/// The error of a map that shares no relation with the truth.
pub(super) fn check_not_empty(graph: &Graph, relations: &Relations, profiles: &Profiles) -> Result<()> {
    if !graph.is_empty() {
        return Ok(());
    }
    let first: Vec<&str> = profiles.keys().iter().take(3).map(String::as_str).collect();
    Err(Error::new(format!(
        "none of the {} relations of {:?} connects two of the {} profiles",
        relations.len(),
        relations.name(),
        profiles.len()
    ))
    .at(format!("the names of the profiles, such as {}", first.join(", ")))
    .fix("name the profiles by the gene symbols that the relations use"))
}

fn points(values: ArrayView2<'_, f64>, graph: &Graph, convention: Convention, percentiles: &[f64]) -> Vec<RecallPoint> {
    let n = graph.nodes().len();
    let pairs = CosinePairs::new(values.select(Axis(0), graph.nodes()).view());
    let distance = |cosine: f64| 1.0 - cosine;
    let mut known: Vec<f64> = graph.edges_between_nodes().into_iter().map(|(i, j)| distance(pairs.get(i, j))).collect();
    let mut all: Vec<f64> = pairs.into_values().into_par_iter().map(distance).collect();
    all.par_sort_unstable_by(f64::total_cmp);
    known.sort_unstable_by(f64::total_cmp);

    let positives = 2 * known.len();
    let negatives = 2 * all.len() - positives;
    percentiles
        .iter()
        .map(|&percentile| {
            let q_low = percentile_of_square(&all, n, 100.0 - percentile);
            let q_high = percentile_of_square(&all, n, percentile);
            // Ordered pairs: each of the sorted distances counts twice.
            let predicted = |sorted: &[f64]| {
                let low = sorted.partition_point(|&d| d <= q_low);
                let high = match convention {
                    Convention::TwoSided => sorted.len() - sorted.partition_point(|&d| d < q_high).max(low),
                    Convention::OneSided => 0,
                };
                2 * (low + high)
            };
            let (n_predicted, n_true_positive) = (predicted(&all), predicted(&known));
            let precision = ratio(n_true_positive, n_predicted);
            let recall = ratio(n_true_positive, positives);
            RecallPoint {
                percentile,
                q_low,
                q_high,
                n_predicted,
                n_true_positive,
                precision,
                recall,
                f1: if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 },
                fpr: ratio(n_predicted - n_true_positive, negatives),
            }
        })
        .collect()
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Percentile of all `n^2` entries of a distance matrix, given the sorted entries above its diagonal: the diagonal
/// contributes `n` zeros, which no entry undercuts, and every other entry occurs twice.
pub(super) fn percentile_of_square(sorted: &[f64], n: usize, percentile: f64) -> f64 {
    let entry = |k: usize| if k < n { 0.0 } else { sorted[(k - n) / 2] };
    let last = n * n - 1;
    let position = last as f64 * percentile / 100.0;
    let below = (position.floor() as usize).min(last);
    let (low, high) = (entry(below), entry((below + 1).min(last)));
    (low + (high - low) * (position - below as f64)).clamp(low, high)
}
