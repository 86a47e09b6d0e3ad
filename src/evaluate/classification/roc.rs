//! Receiver operating characteristic: true against false positives over all thresholds of a score.
//!
//! A row is called positive when its score is at least the threshold; tied scores form one threshold. The area under the
//! curve is `P(score+ > score-) + 1/2 P(score+ = score-)`, counted in whole numbers: the Mann-Whitney statistic over the
//! number of pairs. Scores that are all equal give 1/2; infinite ones are scores like others.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A curve from (0, 0) to (1, 1), one point for each distinct score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RocCurve {
    /// Falling thresholds; the first is infinite, where nothing is positive.
    pub thresholds: Vec<f64>,
    /// Share of the negatives called positive.
    pub false_positive_rate: Vec<f64>,
    /// Share of the positives called positive.
    pub true_positive_rate: Vec<f64>,
    /// Area under the curve.
    pub auc: f64,
    /// Rows that are positive and negative.
    pub counts: (usize, usize),
}

/// The curve of `scores` for rows that are positive where `truth` says so.
///
/// ```
/// use perturbook::evaluate::classification::roc_curve;
///
/// let curve = roc_curve(&[true, false, true, false], &[0.9, 0.5, 0.5, 0.1])?;
/// assert_eq!(curve.auc, 0.875); // three of four pairs in order, one tied
/// assert_eq!(curve.true_positive_rate, [0.0, 0.5, 1.0, 1.0]);
/// assert_eq!(curve.false_positive_rate, [0.0, 0.0, 0.5, 1.0]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one score for each row, a score is NaN, or one of the two classes has no row.
pub fn roc_curve(truth: &[bool], scores: &[f64]) -> Result<RocCurve> {
    let steps = steps(truth, scores, "ROC curve")?;
    let (positives, negatives) = steps.last().map_or((0, 0), |step| (step.positives, step.negatives));
    if positives == 0 || negatives == 0 {
        return Err(Error::new(format!("{positives} positives and {negatives} negatives make no ROC curve"))
            .at("ROC curve")
            .fix("give rows of both classes"));
    }
    let mut curve = RocCurve {
        thresholds: vec![f64::INFINITY],
        false_positive_rate: vec![0.0],
        true_positive_rate: vec![0.0],
        auc: 0.0,
        counts: (positives, negatives),
    };
    // pairs counted twice: those in order, and ties once
    let (mut doubled, mut above) = (0u128, 0usize);
    for step in &steps {
        curve.thresholds.push(step.threshold);
        curve.false_positive_rate.push(step.negatives as f64 / negatives as f64);
        curve.true_positive_rate.push(step.positives as f64 / positives as f64);
        let (fresh, below) = (step.positives - above, negatives - step.negatives);
        doubled += fresh as u128 * (2 * below + step.tied_negatives) as u128;
        above = step.positives;
    }
    curve.auc = doubled as f64 / (2.0 * positives as f64 * negatives as f64);
    Ok(curve)
}

/// The area under [`roc_curve`].
///
/// # Errors
/// As of [`roc_curve`].
pub fn roc_auc(truth: &[bool], scores: &[f64]) -> Result<f64> {
    Ok(roc_curve(truth, scores)?.auc)
}

/// Rows with at least this score.
pub(super) struct Step {
    pub threshold: f64,
    pub positives: usize,
    pub negatives: usize,
    /// Negatives with exactly this score.
    pub tied_negatives: usize,
}

/// One step for each distinct score, falling.
pub(super) fn steps(truth: &[bool], scores: &[f64], place: &str) -> Result<Vec<Step>> {
    if truth.len() != scores.len() {
        return Err(Error::new(format!("{} scores for {} rows", scores.len(), truth.len()))
            .at(place.to_owned())
            .fix("give one score for each row"));
    }
    if let Some(row) = scores.iter().position(|score| score.is_nan()) {
        return Err(Error::new("a score is NaN").at(format!("{place}, row {row}")).fix("drop these rows first"));
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut steps: Vec<Step> = Vec::new();
    let (mut positives, mut negatives) = (0, 0);
    // `==`, not `total_cmp`: 0 and -0 are one score
    for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let fresh = tied.iter().filter(|&&row| truth[row]).count();
        positives += fresh;
        negatives += tied.len() - fresh;
        let (threshold, tied_negatives) = (scores[tied[0]], tied.len() - fresh);
        steps.push(Step { threshold, positives, negatives, tied_negatives });
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_class_and_missing_scores_are_refused() {
        assert!(roc_auc(&[true, true], &[0.1, 0.2]).unwrap_err().to_string().contains("2 positives and 0 negatives"));
        assert!(roc_auc(&[], &[]).is_err());
        assert!(roc_auc(&[true], &[0.1, 0.2]).is_err());
        assert!(roc_auc(&[true, false], &[0.1, f64::NAN]).unwrap_err().to_string().contains("row 1"));
    }

    #[test]
    fn infinite_scores_and_signed_zeros_have_an_order() {
        assert_eq!(roc_auc(&[true, false], &[f64::INFINITY, f64::NEG_INFINITY]).unwrap(), 1.0);
        assert_eq!(roc_auc(&[true, false], &[0.0, -0.0]).unwrap(), 0.5);
    }
}
