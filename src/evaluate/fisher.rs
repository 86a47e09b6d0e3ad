//! Fisher's combination of independent p-values: `-2 sum ln p` follows chi-square with `2 k` degrees of freedom.
//!
//! P-values below 1e-300 count as 1e-300, so that one of 0 does not decide alone. P-values that are all 1 give the
//! statistic 0 and `p = 1`.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use crate::{Error, Result};

/// Combined evidence of several p-values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FisherCombination {
    /// `-2 sum ln p`.
    pub statistic: f64,
    /// Upper tail of chi-square with twice as many degrees of freedom as p-values.
    pub p: f64,
    /// Its natural logarithm, finite where `p` underflows.
    pub ln_p: f64,
}

/// Combines p-values.
///
/// ```
/// let both = perturbook::evaluate::fisher_combination(&[0.1, 0.1])?;
/// // Upper tail of chi-square(4): q (1 - ln q) with q = 0.01
/// assert!((both.p - 0.01 * (1.0 - 0.01_f64.ln())).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no p-value, or one is not between 0 and 1 (NaN included).
pub fn fisher_combination(p_values: &[f64]) -> Result<FisherCombination> {
    if p_values.is_empty() {
        return Err(Error::new("there is no p-value to combine").at("fisher_combination"));
    }
    if let Some(at) = p_values.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Err(Error::new(format!("{} is no p-value", p_values[at]))
            .at(format!("fisher_combination, value {at}"))
            .fix("leave out tests whose p-value is not defined"));
    }
    // Adding 0 turns the negative zero of p-values that are all 1 into a plain one.
    let half = 0.0 - p_values.iter().map(|p| p.max(1e-300).ln()).sum::<f64>();
    // With an even number of degrees of freedom the tail is a finite sum: exp(-h) sum_{i<k} h^i / i!.
    let terms: Vec<f64> = (0..p_values.len())
        .map(|i| if i == 0 { 0.0 } else { i as f64 * half.ln() - ln_gamma(i as f64 + 1.0) })
        .collect();
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let ln_p = (most + terms.iter().map(|t| (t - most).exp()).sum::<f64>().ln() - half).min(0.0);
    Ok(FisherCombination { statistic: 2.0 * half, p: ln_p.exp(), ln_p })
}
