//! Welch's t-test, and p-values corrected for the number of tests.
//!
//! ```text
//! t   = (mean x - mean y) / sqrt(vx/nx + vy/ny)
//! df  = (vx/nx + vy/ny)^2 / ((vx/nx)^2/(nx - 1) + (vy/ny)^2/(ny - 1))        variances with ddof 1
//! Bonferroni           min(1, m p)
//! Benjamini-Hochberg   smallest of m p_j / rank_j over all p_j >= p
//! ```

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::{Error, Result};

/// The result of a test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WelchTest {
    /// Above 0 where x is larger on average; infinite where both samples are constant and differ.
    pub t: f64,
    /// Degrees of freedom; 0 where both samples are constant.
    pub df: f64,
    /// Two-sided.
    pub p: f64,
}

/// The test of two samples of at least two numbers each.
///
/// Two constant samples have p 1 where they are equal and 0 where they are not.
///
/// ```
/// use perturbook::evaluate::welch_test;
///
/// let test = welch_test(&[1.0, 2.0, 3.0, 4.0], &[2.0, 4.0, 6.0])?;
/// assert!((test.t + 1.133_893).abs() < 1e-6); // -1.5 / sqrt(5/12 + 4/3)
/// assert!(test.p > 0.3 && test.p < 0.4);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a sample has fewer than two numbers, or one is not finite.
pub fn welch_test(x: &[f64], y: &[f64]) -> Result<WelchTest> {
    for (name, sample) in [("first", x), ("second", y)] {
        if sample.len() < 2 || sample.iter().any(|v| !v.is_finite()) {
            return Err(Error::new(format!("the {name} sample of {} numbers cannot be tested", sample.len()))
                .at("Welch's t-test")
                .fix("give at least two finite numbers"));
        }
    }
    let moments = |sample: &[f64]| {
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        let squares = sample.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        // A constant sample keeps the rounding of its mean.
        let constant = sample.iter().all(|v| *v == sample[0]);
        (n, mean, if constant { 0.0 } else { squares / (n - 1.0) / n })
    };
    let ((nx, mx, vx), (ny, my, vy)) = (moments(x), moments(y));
    let variance = vx + vy;
    if variance == 0.0 {
        let equal = x[0] == y[0];
        let t = if equal { 0.0 } else { f64::INFINITY.copysign(mx - my) };
        return Ok(WelchTest { t, df: 0.0, p: if equal { 1.0 } else { 0.0 } });
    }
    let t = (mx - my) / variance.sqrt();
    // In shares of the variance, so that tiny variances do not vanish when squared.
    let (share_x, share_y) = (vx / variance, vy / variance);
    let df = 1.0 / (share_x * share_x / (nx - 1.0) + share_y * share_y / (ny - 1.0));
    let law = StudentsT::new(0.0, 1.0, df)
        .map_err(|e| Error::new(format!("{df} degrees of freedom are none")).at("Welch's t-test").caused_by(e))?;
    Ok(WelchTest { t, df, p: (2.0 * law.cdf(-t.abs())).min(1.0) })
}

/// How p-values are corrected for the number of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// The chance of any false positive is kept below the level, as in the paper.
    #[default]
    Bonferroni,
    /// The expected share of false positives among all positives is.
    BenjaminiHochberg,
}

impl Correction {
    /// The corrected p-values, in the same order.
    ///
    /// ```
    /// use perturbook::evaluate::Correction;
    ///
    /// let p = [0.01, 0.04, 0.03, 0.5];
    /// assert_eq!(Correction::Bonferroni.of(&p), [0.04, 0.16, 0.12, 1.0]);
    /// let adjusted = Correction::BenjaminiHochberg.of(&p);
    /// assert!((adjusted[1] - 0.16 / 3.0).abs() < 1e-12 && adjusted[1] == adjusted[2]);
    /// ```
    pub fn of(self, p: &[f64]) -> Vec<f64> {
        let m = p.len() as f64;
        match self {
            Self::Bonferroni => p.iter().map(|p| (p * m).min(1.0)).collect(),
            Self::BenjaminiHochberg => {
                let mut order: Vec<usize> = (0..p.len()).collect();
                order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
                let (mut adjusted, mut least) = (vec![1.0; p.len()], 1.0f64);
                for (above, &at) in order.iter().enumerate() {
                    least = least.min(p[at] * m / (m - above as f64));
                    adjusted[at] = least;
                }
                adjusted
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_samples_have_an_answer() {
        let equal = welch_test(&[2.0, 2.0], &[2.0, 2.0, 2.0]).unwrap();
        assert_eq!((equal.t, equal.p), (0.0, 1.0));
        let apart = welch_test(&[1.0, 1.0], &[2.0, 2.0]).unwrap();
        assert_eq!((apart.t, apart.p), (f64::NEG_INFINITY, 0.0));
        assert!(welch_test(&[1.0], &[1.0, 2.0]).is_err());
        assert!(welch_test(&[1.0, f64::NAN], &[1.0, 2.0]).is_err());
    }

    #[test]
    fn equal_variances_give_the_test_of_student() {
        // t = -3 / sqrt(2.5/5 + 2.5/5) = -3 with 8 degrees of freedom: p = 0.0170717
        let test = welch_test(&[1.0, 2.0, 3.0, 4.0, 5.0], &[4.0, 5.0, 6.0, 7.0, 8.0]).unwrap();
        assert!((test.t + 3.0).abs() < 1e-12 && (test.df - 8.0).abs() < 1e-9);
        assert!((test.p - 0.017_071_68).abs() < 1e-6, "{}", test.p);
    }
}
