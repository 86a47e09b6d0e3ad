//! The Mann-Whitney U test: does a value of one sample tend to exceed a value of another?
//!
//! ```text
//! U      = #(x > y) + #(x = y) / 2
//! normal   mean n m / 2, variance n m / 12 (N + 1 - sum (t^3 - t) / (N (N - 1))),   N = n + m, t: sizes of ties
//! p_greater = P(Z >= (U - mean - c) / sd),   c = 1/2 with continuity correction
//! exact    the share of all n of the N pooled ranks whose sum is as extreme, ties as they are
//! ```
//!
//! The two-sided p-value is twice the smaller one-sided one, at most 1. Where all values are equal the normal law has
//! no variance, and all p-values are 1. The effect `prob = U / (n m)` is that of the [Brunner-Munzel
//! test](crate::evaluate::brunner_munzel), which does not presume equal variances.

use serde::{Deserialize, Serialize};

use super::rank_sums::{MOST, tails, work};
use crate::evaluate::mid_ranks;
use crate::evaluate::normal::upper_tail;
use crate::{Error, Result};

/// Which law gives the p-values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MannWhitneyLaw {
    /// Exact where a sample has at most 8 values, none is tied and the law takes no more than a second or two, else normal
    /// with continuity correction.
    #[default]
    Auto,
    /// The exact law of the rank sum, given the ties there are.
    Exact,
    /// The normal law, corrected for ties and by 1/2 for continuity.
    Normal,
    /// The normal law, corrected for ties only.
    NormalUncorrected,
}

/// Outcome of the test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MannWhitney {
    /// `#(x > y) + #(x = y) / 2`.
    pub u: f64,
    /// `U / (n_x n_y)`: how often a value of `x` exceeds one of `y`.
    pub prob: f64,
    /// p-value against "x does not tend to be larger".
    pub p_greater: f64,
    /// p-value against "x does not tend to be smaller".
    pub p_less: f64,
    /// Two-sided p-value.
    pub p_two_sided: f64,
    /// Size of the first sample.
    pub n_x: usize,
    /// Size of the second sample.
    pub n_y: usize,
}

/// A sample as small as this takes the exact law under [`MannWhitneyLaw::Auto`].
const EXACT_UP_TO: usize = 8;

/// Tests two samples, the law chosen by their sizes.
///
/// ```
/// let test = perturbook::evaluate::mann_whitney(&[4.0, 5.0, 6.0], &[1.0, 2.0, 3.0])?;
/// assert_eq!(test.u, 9.0);
/// assert!((test.p_two_sided - 0.1).abs() < 1e-12); // 2 of the 20 orderings
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a sample is empty or holds NaN.
pub fn mann_whitney(x: &[f64], y: &[f64]) -> Result<MannWhitney> {
    mann_whitney_with(x, y, MannWhitneyLaw::Auto)
}

/// The same with a law of your choice.
///
/// # Errors
/// As [`mann_whitney`], or when the samples are too large for [`MannWhitneyLaw::Exact`].
pub fn mann_whitney_with(x: &[f64], y: &[f64], law: MannWhitneyLaw) -> Result<MannWhitney> {
    for (name, sample) in [("first", x), ("second", y)] {
        if sample.is_empty() || sample.iter().any(|v| v.is_nan()) {
            let what = if sample.is_empty() { "is empty" } else { "holds NaN" };
            return Err(Error::new(format!("the {name} sample {what}"))
                .at("Mann-Whitney test")
                .fix("give at least one number in each sample"));
        }
    }
    // Adding 0 makes both zeros one value.
    let pooled: Vec<f64> = x.iter().chain(y).map(|v| v + 0.0).collect();
    let ranks = mid_ranks(&pooled);
    let (n, m) = (x.len() as f64, y.len() as f64);
    let u = ranks[..x.len()].iter().sum::<f64>() - n * (n + 1.0) / 2.0;
    let ties = tie_term(&pooled);
    let exact = match law {
        MannWhitneyLaw::Auto => {
            x.len().min(y.len()) <= EXACT_UP_TO && ties == 0.0 && work(&doubled(&ranks), x.len().min(y.len())) <= MOST
        }
        other => other == MannWhitneyLaw::Exact,
    };
    let [p_greater, p_less] = if exact {
        exact_tails(&ranks, x.len())?
    } else {
        let total = n + m;
        let variance = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
        let half = if law == MannWhitneyLaw::NormalUncorrected { 0.0 } else { 0.5 };
        let tail = |above: f64| if variance > 0.0 { upper_tail((above - half) / variance.sqrt()) } else { 1.0 };
        [tail(u - n * m / 2.0), tail(n * m / 2.0 - u)]
    };
    let p_two_sided = (2.0 * p_greater.min(p_less)).min(1.0);
    Ok(MannWhitney { u, prob: u / (n * m), p_greater, p_less, p_two_sided, n_x: x.len(), n_y: y.len() })
}

/// `sum (t^3 - t)` over groups of `t` equal values.
fn tie_term(pooled: &[f64]) -> f64 {
    let mut sorted = pooled.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let sizes = sorted.chunk_by(|a, b| a == b).map(|tied| tied.len() as f64);
    sizes.map(|t| t * t * t - t).sum()
}

/// Twice the ranks, which are whole numbers.
fn doubled(ranks: &[f64]) -> Vec<usize> {
    ranks.iter().map(|rank| (2.0 * rank).round() as usize).collect()
}

/// P(rank sum of the first sample >= observed) and the other side.
fn exact_tails(ranks: &[f64], n_x: usize) -> Result<[f64; 2]> {
    let doubled = doubled(ranks);
    let n_y = ranks.len() - n_x;
    let size = n_x.min(n_y);
    if work(&doubled, size) > MOST {
        return Err(Error::new(format!("samples of {n_x} and {n_y} values are too large for the exact law"))
            .at("Mann-Whitney test")
            .fix("use the normal law, which is accurate for samples of this size"));
    }
    // The law of the smaller sample: its tails are the other ones of the larger.
    let sum = |ranks: &[usize]| ranks.iter().sum::<usize>();
    if n_x <= n_y {
        Ok(tails(&doubled, size, sum(&doubled[..n_x])))
    } else {
        let [upper, lower] = tails(&doubled, size, sum(&doubled[n_x..]));
        Ok([lower, upper])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degenerate_samples_have_a_defined_answer() {
        for law in [MannWhitneyLaw::Normal, MannWhitneyLaw::NormalUncorrected, MannWhitneyLaw::Exact] {
            let constant = mann_whitney_with(&[1.0, 1.0], &[1.0, 1.0, 1.0], law).unwrap();
            assert_eq!((constant.u, constant.p_greater, constant.p_two_sided), (3.0, 1.0, 1.0));
        }
        let zeros = mann_whitney(&[0.0], &[-0.0]).unwrap();
        assert_eq!((zeros.u, zeros.p_two_sided), (0.5, 1.0));
        assert!(mann_whitney(&[], &[1.0]).is_err());
        assert!(mann_whitney(&[f64::NAN], &[1.0]).is_err());
        let many: Vec<f64> = (0..3000).map(f64::from).collect();
        assert!(mann_whitney_with(&many, &many, MannWhitneyLaw::Exact).is_err());
    }

    #[test]
    fn either_sample_may_be_the_larger() {
        let (x, y) = ([1.0, 5.0, 7.0, 8.0, 9.0], [2.0, 3.0, 6.5]);
        let (one, other) = (mann_whitney(&x, &y).unwrap(), mann_whitney(&y, &x).unwrap());
        assert!((one.p_greater - other.p_less).abs() < 1e-15 && (one.p_less - other.p_greater).abs() < 1e-15);
        assert_eq!(one.u + other.u, 15.0);
    }
}
