//! Whether a self-supervised network still tells things apart.
//!
//! When it collapses, its features depend on few directions or on none, and most eigenvalues of their covariance vanish.
//! Batch effects are directions as well: a high share alone proves nothing.

use ndarray::{ArrayView2, Axis};

use crate::eigen::symmetric_eigenvalues;
use crate::{Error, Result};

/// From where on an eigenvalue counts.
const THRESHOLD: f64 = 1e-4;

/// What the eigenvalues of the covariance of features say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Collapse {
    /// The share of eigenvalues above 0.0001, from 0 to 1.
    pub share: f64,
    /// The median of the natural logarithms of the eigenvalues' sizes.
    pub median_log: f64,
}

/// The eigenvalues of the covariance (divided by n - 1) of features, `rows x width` (methods 4.9).
///
/// ```
/// use ndarray::array;
/// use perturbook::methods::set_dino::collapse;
///
/// let seen = collapse(array![[1.0, 0.0], [-1.0, 0.0], [0.0, 0.001], [0.0, -0.001]].view())?;
/// assert_eq!(seen.share, 0.5); // one of two directions
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two rows or no columns, or a feature is not finite.
pub fn collapse(features: ArrayView2<'_, f32>) -> Result<Collapse> {
    let (rows, width) = features.dim();
    if rows < 2 || width == 0 {
        return Err(Error::new(format!("{rows} x {width} features have no covariance"))
            .fix("pass two rows or more, of one feature or more"));
    }
    if let Some(((row, column), value)) = features.indexed_iter().find(|(_, v)| !v.is_finite()) {
        return Err(Error::new(format!("a feature is {value}"))
            .at(format!("row {row}, column {column}"))
            .fix("look at the loss of the last steps: the training may have diverged"));
    }
    let mut centred = features.mapv(f64::from);
    if let Some(mean) = centred.mean_axis(Axis(0)) {
        centred -= &mean;
    }
    let covariance = centred.t().dot(&centred) / (rows - 1) as f64;
    let values = symmetric_eigenvalues(covariance.view())?.mapv(f64::abs);
    let share = values.iter().filter(|v| **v > THRESHOLD).count() as f64 / width as f64;
    let mut logs = values.mapv(f64::ln).to_vec();
    logs.sort_by(f64::total_cmp);
    let median_log = (logs[(width - 1) / 2] + logs[width / 2]) / 2.0;
    Ok(Collapse { share, median_log })
}
