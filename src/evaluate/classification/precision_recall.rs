//! Precision and recall of a score over all its thresholds.
//!
//! ```text
//! AP = sum over distinct thresholds, falling, of (R_k - R_{k-1}) P_k
//! ```
//!
//! Tied scores form one threshold, and nothing is interpolated between two of them. Without any information AP is about
//! the share of positives; where every row is positive it is 1.

use serde::{Deserialize, Serialize};

use super::roc::steps;
use crate::{Error, Result};

/// A curve with one point for each distinct score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrecisionRecall {
    /// Falling thresholds.
    pub thresholds: Vec<f64>,
    /// Share of the rows called positive that are.
    pub precision: Vec<f64>,
    /// Share of the positives called positive.
    pub recall: Vec<f64>,
    /// Average precision.
    pub average_precision: f64,
    /// Rows that are positive and negative.
    pub counts: (usize, usize),
}

/// The curve of `scores` for rows that are positive where `truth` says so.
///
/// ```
/// use perturbook::evaluate::classification::precision_recall;
///
/// let curve = precision_recall(&[true, false, true, false], &[0.9, 0.5, 0.5, 0.1])?;
/// assert_eq!((&curve.recall[..], &curve.precision[..]), (&[0.5, 1.0, 1.0][..], &[1.0, 2.0 / 3.0, 0.5][..]));
/// assert!((curve.average_precision - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one score for each row, a score is NaN, or no row is positive.
pub fn precision_recall(truth: &[bool], scores: &[f64]) -> Result<PrecisionRecall> {
    let steps = steps(truth, scores, "precision and recall")?;
    let (positives, negatives) = steps.last().map_or((0, 0), |step| (step.positives, step.negatives));
    if positives == 0 {
        return Err(Error::new("no row is positive").at("precision and recall").fix("give rows of both classes"));
    }
    let precision: Vec<f64> = steps.iter().map(|s| s.positives as f64 / (s.positives + s.negatives) as f64).collect();
    let recall: Vec<f64> = steps.iter().map(|s| s.positives as f64 / positives as f64).collect();
    let before = std::iter::once(&0.0).chain(&recall);
    let average_precision = recall.iter().zip(before).zip(&precision).map(|((r, before), p)| (r - before) * p).sum();
    let thresholds = steps.iter().map(|step| step.threshold).collect();
    Ok(PrecisionRecall { thresholds, precision, recall, average_precision, counts: (positives, negatives) })
}
