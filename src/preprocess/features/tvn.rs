//! Typical variation normalisation (TVN; Ando et al. 2017): directions in which controls vary are noise, and are made
//! equally small.
//!
//! The steps are those of `tvn_on_controls` in the EFAAR benchmarks:
//!
//! ```text
//! (a) scale every column on all controls            mean 0, population sd 1
//! (b) principal components of the controls, all of them, applied to all rows
//! (c) scale on all controls again                   now the controls are white
//! (d) per batch: x (C_b + 0.5 I)^(-1/2)             C_b: covariance of the batch's controls, ddof 1
//! ```
//!
//! (d) is done where batches are named. A batch whose controls are white already is multiplied by `1.5^(-1/2)`.

use ndarray::{Array2, ArrayView2};

use super::scaling::select;
use super::{Controls, Scaling, standard_scaled, whitened_by_batch};
use crate::Result;
use crate::reduce::pca::{Components, Pca};

/// What the EFAAR benchmarks add to the diagonal of each batch's covariance.
pub const TVN_EPSILON: f64 = 0.5;

/// A direction whose spread among the controls is below this share of the largest is rounding, and is not scaled up.
const ROUNDING: f64 = 1e-9;

/// What each step of the normalisation gives.
#[derive(Clone, Debug)]
pub struct Tvn {
    /// (a): every column scaled on all controls, `n x d`.
    pub scaled: Array2<f64>,
    /// The principal components of the controls after (a).
    pub pca: Pca,
    /// (b): all rows in these components, `n x k` with `k = min(controls, d)`.
    pub rotated: Array2<f64>,
    /// (c): scaled on all controls again, `n x k`.
    pub white: Array2<f64>,
    /// (d): whitened batch by batch, `n x k`; the same as (c) where all rows are one batch.
    pub aligned: Array2<f64>,
}

impl Tvn {
    /// All steps, with `epsilon` on the diagonal of each batch's covariance ([`TVN_EPSILON`]).
    ///
    /// Step (d) is done when `controls` are within more than one batch. To do it on a single one, call
    /// [`whitened_by_batch`].
    ///
    /// # Errors
    /// When the matrix does not fit the controls, a value is not finite, there are fewer than two controls, or a batch
    /// has a single one.
    pub fn fit<V: Copy + Into<f64>>(x: ArrayView2<'_, V>, controls: &Controls, epsilon: f64) -> Result<Self> {
        let pooled = controls.pooled();
        let scaled = standard_scaled(x, &pooled)?;
        let pca = Pca::fit(select(scaled.view(), &pooled.rows()).view(), Components::All)?;
        let rotated = pca.transform(scaled.view())?;
        let scaling = Scaling::standard(rotated.view(), &pooled)?.without_tiny_divisors(ROUNDING);
        let white = scaling.apply(rotated.view(), &pooled)?;
        let aligned =
            if controls.batches() > 1 { whitened_by_batch(white.view(), controls, epsilon)? } else { white.clone() };
        Ok(Self { scaled, pca, rotated, white, aligned })
    }
}

/// Typical variation normalisation of all rows, `n x k` with `k = min(controls, d)` (see the steps of [`Tvn`]).
///
/// ```
/// use ndarray::Array2;
/// use perturbook::preprocess::features::{Controls, tvn};
///
/// let x = Array2::from_shape_fn((40, 3), |(i, j)| ((i * (j + 2) * 7) % 11) as f64 * (1.0 + j as f64));
/// let labels: Vec<&str> = (0..40).map(|i| if i < 30 { "nt" } else { "A" }).collect();
/// let controls = Controls::of(&labels, "nt")?;
/// let normalised = tvn(x.view(), &controls)?;
/// let variance: f64 = normalised.column(2).iter().take(30).map(|v| v * v).sum::<f64>() / 30.0;
/// assert!((variance - 1.0).abs() < 1e-9); // the controls are white
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As of [`Tvn::fit`].
pub fn tvn<V: Copy + Into<f64>>(x: ArrayView2<'_, V>, controls: &Controls) -> Result<Array2<f64>> {
    Tvn::fit(x, controls, TVN_EPSILON).map(|steps| steps.aligned)
}
