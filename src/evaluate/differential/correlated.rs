//! Features that say the same as another one, left out before features are tested and ranked.
//!
//! ```text
//! pairs with |r| > threshold, strongest first: of two features that are both there, the one whose |r| with all others is
//! larger on average is left out, until at most `most` of all are
//! ```
//!
//! The reference code passes over a pair unless one of its features has a mean |r| of at least the threshold, so that it
//! leaves out almost nothing; that is an option.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What counts as saying the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Decorrelation {
    /// Correlations above this, without regard to sign.
    pub threshold: f64,
    /// The share of features that may be left out.
    pub most: f64,
    /// Whether a pair counts only if one of its features has a mean |r| of at least the threshold, as in the reference.
    pub as_reference: bool,
}

impl Default for Decorrelation {
    /// 0.9, at most 80 %, every pair.
    fn default() -> Self {
        Self { threshold: 0.9, most: 0.8, as_reference: false }
    }
}

/// The columns that are kept, ascending; none of none. A constant column is correlated with none.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{Decorrelation, decorrelated};
///
/// let x = array![[1.0, 2.0, 0.0], [2.0, 4.0, 5.0], [3.0, 6.1, 1.0], [4.0, 8.0, 2.0]];
/// let kept = decorrelated(x.view(), &Decorrelation::default())?;
/// assert!(kept.len() == 2 && kept.contains(&2));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two rows, a value is not finite, or a setting is not between 0 and 1.
pub fn decorrelated(x: ArrayView2<'_, f64>, rule: &Decorrelation) -> Result<Vec<usize>> {
    let fraction = |value: f64| (0.0..=1.0).contains(&value);
    if x.nrows() < 2 || x.iter().any(|v| !v.is_finite()) || !fraction(rule.threshold) || !fraction(rule.most) {
        return Err(Error::new(format!(
            "correlations of {} rows above {}, at most {} left out, cannot be found",
            x.nrows(),
            rule.threshold,
            rule.most
        ))
        .at("correlated features")
        .fix("give at least two rows of finite numbers, and two fractions"));
    }
    let d = x.ncols();
    let r = correlations(x);
    let mean: Vec<f64> = r.rows().into_iter().map(|row| (row.sum() - 1.0).max(0.0) / (d - 1).max(1) as f64).collect();
    let mut pairs: Vec<(usize, usize)> = (0..d)
        .flat_map(|i| (i + 1..d).map(move |j| (i, j)))
        .filter(|&(i, j)| r[[i, j]] > rule.threshold)
        .filter(|&(i, j)| !rule.as_reference || mean[i].max(mean[j]) >= rule.threshold)
        .collect();
    pairs.sort_by(|&(a, b), &(i, j)| r[[i, j]].total_cmp(&r[[a, b]]));
    let (mut kept, mut left) = (vec![true; d], (rule.most * d as f64).floor() as usize);
    for (i, j) in pairs {
        if left == 0 {
            break;
        }
        if kept[i] && kept[j] {
            kept[if mean[i] > mean[j] { i } else { j }] = false;
            left -= 1;
        }
    }
    Ok((0..d).filter(|&column| kept[column]).collect())
}

/// `|r|` of all pairs of columns, 1 on the diagonal.
fn correlations(x: ArrayView2<'_, f64>) -> Array2<f64> {
    let d = x.ncols();
    let unit: Vec<Vec<f64>> = (0..d)
        .into_par_iter()
        .map(|column| {
            let values = x.column(column);
            let mean = values.sum() / values.len() as f64;
            let centred: Vec<f64> = values.iter().map(|v| v - mean).collect();
            let length = centred.iter().map(|v| v * v).sum::<f64>().sqrt();
            let raw = values.iter().map(|v| v * v).sum::<f64>().sqrt();
            let varies = length > 1e-12 * raw;
            centred.into_iter().map(|v| if varies { v / length } else { 0.0 }).collect()
        })
        .collect();
    let rows: Vec<f64> = (0..d)
        .into_par_iter()
        .flat_map_iter(|i| {
            let unit = &unit;
            (0..d).map(move |j| {
                let product: f64 = unit[i].iter().zip(&unit[j]).map(|(a, b)| a * b).sum();
                if i == j { 1.0 } else { product.abs() }
            })
        })
        .collect();
    Array2::from_shape_vec((d, d), rows).unwrap_or_else(|_| Array2::eye(d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_leaves_out_almost_nothing() {
        // Columns 0 and 1 are one, 2 to 5 are unrelated.
        let x = Array2::from_shape_fn((40, 6), |(i, j)| match j {
            0 | 1 => (i as f64 * 0.7).sin(),
            _ => (i as f64 * (1.3 + j as f64)).cos(),
        });
        assert_eq!(decorrelated(x.view(), &Decorrelation::default()).unwrap().len(), 5);
        let reference = Decorrelation { as_reference: true, ..Decorrelation::default() };
        assert_eq!(decorrelated(x.view(), &reference).unwrap().len(), 6);
    }

    #[test]
    fn no_more_than_the_share_is_left_out() {
        let x = Array2::from_shape_fn((10, 10), |(i, j)| i as f64 * (j + 1) as f64);
        assert_eq!(decorrelated(x.view(), &Decorrelation::default()).unwrap().len(), 2);
        let half = Decorrelation { most: 0.5, ..Decorrelation::default() };
        assert_eq!(decorrelated(x.view(), &half).unwrap().len(), 5);
        let constant = Array2::from_elem((5, 3), 0.1);
        assert_eq!(decorrelated(constant.view(), &Decorrelation::default()).unwrap(), [0, 1, 2]);
        assert!(decorrelated(Array2::zeros((1, 3)).view(), &Decorrelation::default()).is_err());
    }
}
