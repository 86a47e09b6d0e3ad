//! The crate linfa-reduction, which is built on another version of ndarray: its types do not leave this file.
//!
//! Its LOBPCG ends when every `|C v - l v|` is below `1e-10`, whatever the scale of the data, and until then goes on for up
//! to twice as many iterations as there are rows. So the matrix is scaled: to `1e-10` at a thousandth of its mean eigenvalue.

use std::panic::{AssertUnwindSafe, catch_unwind};

use linfa::DatasetBase;
use linfa::traits::Fit;
use ndarray::{Array2, ArrayView2};

/// The residual at which linfa ends.
const ABSOLUTE: f64 = 1e-10;
/// The same in units of the mean eigenvalue.
const RELATIVE: f64 = 1e-3;

/// Directions (rows) close to the first `count` components of a centred matrix, by LOBPCG; `None` where it fails.
///
/// They may be far from converged, which linfa does not say, and fewer than asked for. `total` is the sum of all squares.
pub(super) fn leading(x: ArrayView2<'_, f64>, total: f64, count: usize) -> Option<Array2<f64>> {
    let side = x.nrows().min(x.ncols()) as f64;
    let scale = (ABSOLUTE / (RELATIVE * total / side)).sqrt();
    let values: Vec<f64> = x.iter().map(|v| v * scale).collect();
    let records = DatasetBase::from(ndarray16::Array2::from_shape_vec(x.dim(), values).ok()?);
    // It takes for granted that numbers compare: one that does not is a failure like others.
    let pca = catch_unwind(AssertUnwindSafe(|| linfa_reduction::Pca::params(count).fit(&records))).ok()?.ok()?;
    let rows = pca.components();
    let rows = Array2::from_shape_vec(rows.dim(), rows.iter().copied().collect()).ok()?;
    rows.iter().all(|v| v.is_finite()).then_some(rows)
}
