//! The Brunner-Munzel test: does a value of one sample tend to exceed a value of another?
//!
//! `prob = P(x > y) + P(x = y) / 2`, 1/2 when neither tends to be larger. With `P_i` the number of `y` below `x_i` plus
//! half of those equal (its placement, the pooled mid-rank minus the mid-rank within `x`),
//! `prob = mean P / n_y`; the variance of the estimate is `var = S_x / (n_x n_y^2) + S_y / (n_y n_x^2)`, where `S_x`
//! and `S_y` are the sample variances of the placements, and
//! `statistic = n_x n_y (R_x - R_y) / ((n_x + n_y) sqrt(n_x S_x + n_y S_y)) = (prob - 1/2) / sqrt(var)`
//! with the mean pooled mid-ranks `R` (Brunner and Munzel 2000). It is **positive when x tends to be larger**; SciPy's
//! statistic has the opposite sign. P-values are from the normal law, as in the proxbias package.
//!
//! Where the samples do not overlap or all values are equal, `var` is 0: `prob` stands, the statistic is infinite or
//! NaN, and no p-value is defined (all are NaN).

use rayon::prelude::*;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::evaluate::normal::{ln_upper_tail, upper_tail};
use crate::{Error, Result};

/// Outcome of the test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BrunnerMunzel {
    /// Size of the first sample.
    pub n_x: usize,
    /// Size of the second sample.
    pub n_y: usize,
    /// `P(x > y) + P(x = y) / 2`.
    pub prob: f64,
    /// Standardised difference, positive when x tends to be larger.
    pub statistic: f64,
    /// Estimated variance of `prob`.
    pub var: f64,
    /// p-value against "x does not tend to be larger".
    pub p_greater: f64,
    /// p-value against "x does not tend to be smaller".
    pub p_less: f64,
    /// Two-sided p-value.
    pub p_two_sided: f64,
    /// Natural logarithm of `p_greater`, finite where that underflows.
    pub ln_p_greater: f64,
    /// Natural logarithm of `p_less`.
    pub ln_p_less: f64,
    /// Natural logarithm of `p_two_sided`.
    pub ln_p_two_sided: f64,
    /// Degrees of freedom of the t approximation, after Satterthwaite and Welch; NaN where `var` is 0.
    pub df: f64,
}

impl BrunnerMunzel {
    /// Two-sided p-value by Student's t instead of the normal law; better for samples of a few dozen values. NaN where no
    /// p-value is defined.
    pub fn p_two_sided_t(&self) -> f64 {
        StudentsT::new(0.0, 1.0, self.df).map_or(f64::NAN, |law| 2.0 * law.sf(self.statistic.abs()))
    }

    /// True when no p-value is defined: the samples do not overlap, or all values are equal.
    pub fn is_degenerate(&self) -> bool {
        self.var == 0.0
    }
}

/// Tests whether `x` tends to be larger than `y`.
///
/// ```
/// let test = perturbook::evaluate::brunner_munzel(&[1.0, 2.0, 4.0], &[1.0, 3.0, 3.0])?;
/// assert!((test.prob - 4.5 / 9.0).abs() < 1e-12); // of 9 pairs 4 are larger, 1 is equal
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a sample has fewer than two values or holds NaN.
pub fn brunner_munzel(x: &[f64], y: &[f64]) -> Result<BrunnerMunzel> {
    for (name, sample) in [("first", x), ("second", y)] {
        if sample.len() < 2 {
            return Err(Error::new(format!("the {name} sample has {} values", sample.len()))
                .at("Brunner-Munzel test")
                .fix("each sample needs at least two"));
        }
        if let Some(at) = sample.iter().position(|v| v.is_nan()) {
            return Err(Error::new(format!("the {name} sample holds NaN"))
                .at(format!("Brunner-Munzel test, value {at}"))
                .fix("drop missing values first"));
        }
    }
    let (x, y) = (sorted(x), sorted(y));
    let (mean_x, s_x) = moments(&placements(&x, &y));
    let (_, s_y) = moments(&placements(&y, &x));
    Ok(outcome(x.len(), y.len(), mean_x, s_x, s_y))
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    // Negative and positive zero are one value; total_cmp would tell them apart.
    values.iter_mut().for_each(|v| *v += 0.0);
    values.par_sort_unstable_by(f64::total_cmp);
    values
}

/// For each of the sorted `x`, the number of sorted `y` below it plus half of those equal to it.
fn placements(x: &[f64], y: &[f64]) -> Vec<f64> {
    let (mut below, mut upto) = (0, 0);
    x.iter()
        .map(|&value| {
            while below < y.len() && y[below] < value {
                below += 1;
            }
            upto = upto.max(below);
            while upto < y.len() && y[upto] <= value {
                upto += 1;
            }
            (below + upto) as f64 / 2.0
        })
        .collect()
}

/// Mean and sample variance (ddof 1).
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

fn outcome(n_x: usize, n_y: usize, mean_placement: f64, s_x: f64, s_y: f64) -> BrunnerMunzel {
    let (n1, n2) = (n_x as f64, n_y as f64);
    let prob = mean_placement / n2;
    let var = s_x / (n1 * n2 * n2) + s_y / (n2 * n1 * n1);
    let statistic = (prob - 0.5) / var.sqrt();
    let (a, b) = (n1 * s_x, n2 * s_y);
    let df = (a + b).powi(2) / (a * a / (n1 - 1.0) + b * b / (n2 - 1.0));
    let z = if var > 0.0 { statistic } else { f64::NAN };
    BrunnerMunzel {
        n_x,
        n_y,
        prob,
        statistic,
        var,
        p_greater: upper_tail(z),
        p_less: upper_tail(-z),
        p_two_sided: 2.0 * upper_tail(z.abs()),
        ln_p_greater: ln_upper_tail(z),
        ln_p_less: ln_upper_tail(-z),
        ln_p_two_sided: std::f64::consts::LN_2 + ln_upper_tail(z.abs()),
        df,
    }
}
