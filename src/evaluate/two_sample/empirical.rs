//! How rare a statistic is among those of negative controls, which is its p-value where no law is known.
//!
//! ```text
//! p          share of null statistics >= observed       1 - rank from below / n; can be 0
//! p_plus_one (1 + number of those) / (1 + n)            the observed one among its peers; never 0
//! ```
//!
//! The EFAAR benchmarks report the first. The second is a valid p-value whenever the observed statistic and the null
//! ones are exchangeable without an effect (Phipson and Smyth 2010): use it where p-values are adjusted or compared
//! with a level.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The place of an observed statistic among null statistics, right-sided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmpiricalP {
    /// The observed statistic.
    pub observed: f64,
    /// Null statistics.
    pub n_null: usize,
    /// Null statistics that are at least as large.
    pub n_at_least: usize,
    /// `n_at_least / n_null`.
    pub p: f64,
    /// `(1 + n_at_least) / (1 + n_null)`.
    pub p_plus_one: f64,
}

/// Compares a statistic with those of negative controls; large is extreme.
///
/// ```
/// let p = perturbook::evaluate::empirical_p(2.0, &[0.0, 1.0, 2.0, 3.0])?;
/// assert_eq!((p.p, p.p_plus_one), (0.5, 0.6));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no null statistic, or one of them or the observed one is NaN.
pub fn empirical_p(observed: f64, null: &[f64]) -> Result<EmpiricalP> {
    if null.is_empty() || observed.is_nan() || null.iter().any(|v| v.is_nan()) {
        let what = if null.is_empty() { "there is no null statistic" } else { "a statistic is NaN" };
        return Err(Error::new(what).at("empirical_p").fix("leave out controls without a statistic"));
    }
    let n_at_least = null.iter().filter(|&&v| v >= observed).count();
    Ok(counted(observed, n_at_least, null.len()))
}

/// From counts.
pub(super) fn counted(observed: f64, n_at_least: usize, n_null: usize) -> EmpiricalP {
    let (hits, n) = (n_at_least as f64, n_null as f64);
    EmpiricalP { observed, n_null, n_at_least, p: hits / n, p_plus_one: (1.0 + hits) / (1.0 + n) }
}
