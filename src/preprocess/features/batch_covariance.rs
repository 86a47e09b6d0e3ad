//! Covariances of batches made equal: the first half of correlation alignment (CORAL, Sun et al. 2016).
//!
//! ```text
//! whitened_by_batch   x_b (C_b + eps I)^(-1/2)                        C_b: controls of batch b, ddof 1
//! recoloured          y (C + eps I)^(1/2)                             C:   all controls, ddof 1
//! ```
//!
//! with symmetric roots. Typical variation normalisation does the first only: its target covariance is the identity.
//! The second returns to the covariance of all controls, as the full CORAL does.

use ndarray::{Array2, ArrayView2, Axis};

use super::Controls;
use super::scaling::{mean, select};
use crate::eigen::symmetric_power;
use crate::{Error, Result};

/// Every row times `(C_b + epsilon I)^(-1/2)` of its batch, with `C_b` the covariance (ddof 1) of the batch's controls.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::features::{Controls, whitened_by_batch};
///
/// let x = array![[-1.0], [0.0], [1.0], [6.0]]; // the variance of the controls is 1
/// let controls = Controls::marked(&[true, true, true, false])?;
/// let whitened = whitened_by_batch(x.view(), &controls, 0.5)?;
/// assert!((whitened[[3, 0]] - 6.0 / 1.5f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the matrix does not fit the controls, a value is not finite, `epsilon` is not positive, or a batch holds a single
/// control, of which there is no covariance.
pub fn whitened_by_batch<V: Copy + Into<f64>>(
    x: ArrayView2<'_, V>,
    controls: &Controls,
    epsilon: f64,
) -> Result<Array2<f64>> {
    controls.require_matrix(x, "batch covariance")?;
    require_positive(epsilon)?;
    let mut whitened = Array2::zeros(x.dim());
    for (batch, control_rows) in controls.rows_by_batch().iter().enumerate() {
        if control_rows.len() < 2 {
            return Err(Error::new("a single control has no covariance")
                .at(format!("batch {:?}", controls.batch_name(batch).unwrap_or_default()))
                .fix("give each batch at least two controls, better more than there are columns"));
        }
        let root = symmetric_power(regularised(select(x, control_rows).view(), epsilon).view(), -0.5)?;
        let rows: Vec<usize> = (0..x.nrows()).filter(|&row| controls.batch_of()[row] == batch).collect();
        for (&row, values) in rows.iter().zip(select(x, &rows).dot(&root).rows()) {
            whitened.row_mut(row).assign(&values);
        }
    }
    Ok(whitened)
}

/// `whitened` times `(C + epsilon I)^(1/2)`, with `C` the covariance (ddof 1) of all control rows of `x`.
///
/// `x` is the matrix before whitening. The rest of CORAL; not part of the EFAAR benchmarks.
///
/// # Errors
/// When the matrices have different shapes or do not fit the controls, a value is not finite, `epsilon` is not positive,
/// or there is a single control.
pub fn recoloured(
    whitened: ArrayView2<'_, f64>,
    x: ArrayView2<'_, f64>,
    controls: &Controls,
    epsilon: f64,
) -> Result<Array2<f64>> {
    controls.require_matrix(x, "batch covariance")?;
    controls.require_matrix(whitened, "batch covariance")?;
    require_positive(epsilon)?;
    let rows = controls.rows();
    if rows.len() < 2 || whitened.ncols() != x.ncols() {
        return Err(Error::new(format!(
            "{} controls and {} columns cannot colour {} columns",
            rows.len(),
            x.ncols(),
            whitened.ncols()
        ))
        .at("batch covariance"));
    }
    Ok(whitened.dot(&symmetric_power(regularised(select(x, &rows).view(), epsilon).view(), 0.5)?))
}

/// Covariance with ddof 1, plus `epsilon` on the diagonal.
fn regularised(rows: ArrayView2<'_, f64>, epsilon: f64) -> Array2<f64> {
    let centred = &rows - &mean(rows).insert_axis(Axis(0));
    let mut covariance = centred.t().dot(&centred) / (rows.nrows() - 1) as f64;
    covariance.diag_mut().mapv_inplace(|v| v + epsilon);
    covariance
}

fn require_positive(epsilon: f64) -> Result<()> {
    if epsilon > 0.0 && epsilon.is_finite() {
        return Ok(());
    }
    Err(Error::new(format!("epsilon {epsilon} does not make a covariance invertible"))
        .at("batch covariance")
        .fix("the EFAAR benchmarks use 0.5"))
}
