//! Welch's t test: do two samples have one mean, whatever their variances?
//!
//! ```text
//! t  = (mean x - mean y) / sqrt(s_x^2 / n_x + s_y^2 / n_y)                 s^2: sample variances, ddof 1
//! df = (a + b)^2 / (a^2 / (n_x - 1) + b^2 / (n_y - 1)),   a = s_x^2 / n_x, b = s_y^2 / n_y
//! ```
//!
//! Where neither sample varies there is no law: equal means give `t = 0` and `p = 1`, different ones an infinite `t`
//! and `p = 0`; `df` is NaN then.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::{Error, Result};

/// Outcome of the test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WelchT {
    /// Positive when the first mean is larger.
    pub t: f64,
    /// Degrees of freedom after Welch and Satterthwaite.
    pub df: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// p-value against "the first mean is not larger".
    pub p_greater: f64,
    /// Mean of the first sample minus that of the second.
    pub difference: f64,
    /// Size of the first sample.
    pub n_x: usize,
    /// Size of the second sample.
    pub n_y: usize,
}

/// Tests two samples.
///
/// ```
/// let test = perturbook::evaluate::welch_t(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0])?;
/// assert!((test.t + 2.0 / (5.0f64 / 3.0).sqrt()).abs() < 1e-12);
/// assert!((test.df - 25.0 / 8.5).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a sample has fewer than two values, or one is not finite.
pub fn welch_t(x: &[f64], y: &[f64]) -> Result<WelchT> {
    for (name, sample) in [("first", x), ("second", y)] {
        if sample.len() < 2 || sample.iter().any(|v| !v.is_finite()) {
            let what = if sample.len() < 2 { "has fewer than two values" } else { "holds a value that is not finite" };
            return Err(Error::new(format!("the {name} sample {what}"))
                .at("Welch's t test")
                .fix("drop missing values, and give each sample at least two"));
        }
    }
    let ([mean_x, var_x], [mean_y, var_y]) = (moments(x), moments(y));
    let (n_x, n_y) = (x.len() as f64, y.len() as f64);
    let (a, b) = (var_x / n_x, var_y / n_y);
    let difference = mean_x - mean_y;
    let sizes = (x.len(), y.len());
    if a + b == 0.0 {
        let t = if difference == 0.0 { 0.0 } else { f64::INFINITY.copysign(difference) };
        let (p, p_greater) = if difference == 0.0 { (1.0, 0.5) } else { (0.0, f64::from(u8::from(difference < 0.0))) };
        return Ok(WelchT { t, df: f64::NAN, p, p_greater, difference, n_x: sizes.0, n_y: sizes.1 });
    }
    let t = difference / (a + b).sqrt();
    // Shares of the variance, so that squares of tiny variances do not underflow.
    let (share_x, share_y) = (a / (a + b), b / (a + b));
    let df = 1.0 / (share_x * share_x / (n_x - 1.0) + share_y * share_y / (n_y - 1.0));
    let law = StudentsT::new(0.0, 1.0, df).map_err(|e| Error::new(format!("Student's t: {e}")).at("Welch's t test"))?;
    Ok(WelchT { t, df, p: 2.0 * law.sf(t.abs()), p_greater: law.sf(t), difference, n_x: sizes.0, n_y: sizes.1 })
}

/// Mean and sample variance (ddof 1).
fn moments(values: &[f64]) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    // A constant sample has variance 0 whatever its mean was rounded to.
    if values.iter().all(|&v| v == values[0]) {
        return [values[0], 0.0];
    }
    [mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_that_do_not_vary_have_a_defined_answer() {
        let same = welch_t(&[0.1, 0.1, 0.1], &[0.1, 0.1]).unwrap();
        assert_eq!((same.t, same.p), (0.0, 1.0));
        let apart = welch_t(&[1.0, 1.0], &[2.0, 2.0]).unwrap();
        assert_eq!((apart.t, apart.p, apart.p_greater), (f64::NEG_INFINITY, 0.0, 1.0));
        assert!(welch_t(&[1.0], &[1.0, 2.0]).is_err());
        assert!(welch_t(&[1.0, f64::NAN], &[1.0, 2.0]).is_err());
    }
}
