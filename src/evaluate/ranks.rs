//! Ranks with ties, and Spearman's rank correlation.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::{Error, Result};

/// Mid-ranks from 1: tied values share the mean of the ranks they occupy. NaN stays NaN and does not count.
///
/// ```
/// assert_eq!(perturbook::evaluate::mid_ranks(&[3.0, 1.0, 3.0]), [2.5, 1.0, 2.5]);
/// ```
pub fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).filter(|&i| !values[i].is_nan()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![f64::NAN; values.len()];
    let mut first = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let shared = first as f64 + (tied.len() + 1) as f64 / 2.0;
        for &index in tied {
            ranks[index] = shared;
        }
        first += tied.len();
    }
    ranks
}

/// Spearman's correlation and its two-sided p-value by Student's t with `n - 2` degrees of freedom.
///
/// `None` when it is not defined: fewer than three values, or one side constant. A perfect correlation has `p = 0`.
///
/// # Errors
/// When the lengths differ, or a value is NaN.
///
/// ```
/// let (rho, p) = perturbook::evaluate::spearman(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0])?.unwrap();
/// assert!((rho - 0.8).abs() < 1e-12);
/// assert!((p - 0.2).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
pub fn spearman(x: &[f64], y: &[f64]) -> Result<Option<(f64, f64)>> {
    if x.len() != y.len() {
        return Err(Error::new(format!("{} values cannot be correlated with {}", x.len(), y.len())).at("spearman"));
    }
    if let Some(at) = x.iter().zip(y).position(|(x, y)| x.is_nan() || y.is_nan()) {
        return Err(Error::new("a value is NaN").at(format!("spearman, value {at}")).fix("drop missing values first"));
    }
    let n = x.len() as f64;
    if x.len() < 3 {
        return Ok(None);
    }
    let centred = |values: &[f64]| -> Vec<f64> { mid_ranks(values).iter().map(|r| r - (n + 1.0) / 2.0).collect() };
    let (x, y) = (centred(x), centred(y));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let spread = (dot(&x, &x) * dot(&y, &y)).sqrt();
    if spread == 0.0 {
        return Ok(None);
    }
    let rho = (dot(&x, &y) / spread).clamp(-1.0, 1.0);
    let df = n - 2.0;
    let t = rho * (df / ((1.0 + rho) * (1.0 - rho))).sqrt();
    let law = StudentsT::new(0.0, 1.0, df).map_err(|e| Error::new(format!("Student's t: {e}")).at("spearman"))?;
    let p = if t.is_infinite() { 0.0 } else { 2.0 * law.sf(t.abs()) };
    Ok(Some((rho, p)))
}
