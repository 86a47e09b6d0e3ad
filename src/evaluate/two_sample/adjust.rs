//! P-values of many tests, adjusted so that `adjusted <= alpha` keeps the promise of the chosen [`Adjustment`].
//!
//! ```text
//! Bonferroni            min(1, m p)
//! Benjamini-Hochberg    min over ranks s >= r of min(1, m p_(s) / s),   p_(1) <= p_(2) <= ...
//! Benjamini-Yekutieli   the same times 1 + 1/2 + ... + 1/m
//! ```
//!
//! Sources: Benjamini and Hochberg 1995; Benjamini and Yekutieli 2001.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What is promised about the rejected tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// The probability of any false rejection is at most alpha.
    Bonferroni,
    /// The expected share of false rejections is at most alpha, for independent or positively dependent tests.
    #[default]
    BenjaminiHochberg,
    /// The same however the tests depend on each other.
    BenjaminiYekutieli,
}

impl Adjustment {
    /// The name for captions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bonferroni => "Bonferroni",
            Self::BenjaminiHochberg => "Benjamini-Hochberg",
            Self::BenjaminiYekutieli => "Benjamini-Yekutieli",
        }
    }
}

/// The p-values adjusted for there being so many, in their order.
///
/// NaN stands for a test without a p-value: it stays NaN and does not count. No p-values give none.
///
/// ```
/// use perturbook::evaluate::{Adjustment, adjusted};
///
/// let p = [0.01, 0.04, 0.03, 0.5];
/// assert_eq!(adjusted(&p, Adjustment::Bonferroni)?, [0.04, 0.16, 0.12, 1.0]);
/// let bh = adjusted(&p, Adjustment::BenjaminiHochberg)?;
/// assert!((bh[2] - 4.0 * 0.04 / 3.0).abs() < 1e-12); // that of the next larger p, which is smaller than 4 * 0.03 / 2
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a value is below 0 or above 1.
pub fn adjusted(p: &[f64], correction: Adjustment) -> Result<Vec<f64>> {
    if let Some(at) = p.iter().position(|p| *p < 0.0 || *p > 1.0) {
        return Err(Error::new(format!("{} is no p-value", p[at]))
            .at(format!("adjusted, value {at}"))
            .fix("give p-values between 0 and 1, and NaN for tests without one"));
    }
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| !p[i].is_nan()).collect();
    let m = order.len() as f64;
    let mut out = p.to_vec();
    let factor = match correction {
        Adjustment::Bonferroni => {
            order.iter().for_each(|&i| out[i] = (m * p[i]).min(1.0));
            return Ok(out);
        }
        Adjustment::BenjaminiHochberg => 1.0,
        Adjustment::BenjaminiYekutieli => (1..=order.len()).map(|k| 1.0 / k as f64).sum(),
    };
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut least = 1.0f64;
    for (rank, &i) in order.iter().enumerate().rev() {
        least = least.min(m * factor * p[i] / (rank + 1) as f64);
        out[i] = least;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_p_values_do_not_count() {
        let p = [0.02, f64::NAN, 0.04];
        for (correction, want) in [
            (Adjustment::Bonferroni, [0.04, 0.08]),
            (Adjustment::BenjaminiHochberg, [0.04, 0.04]),
            (Adjustment::BenjaminiYekutieli, [0.06, 0.06]),
        ] {
            let got = adjusted(&p, correction).unwrap();
            assert!(got[1].is_nan() && (got[0] - want[0]).abs() < 1e-15 && (got[2] - want[1]).abs() < 1e-15, "{got:?}");
        }
        assert!(adjusted(&[], Adjustment::default()).unwrap().is_empty());
        assert!(adjusted(&[1.5], Adjustment::default()).is_err());
    }
}
