//! Features to principal components, the first step of the EFAAR pipeline (`embed_by_pca`).
//!
//! Every column is centred and scaled to population sd 1 over all rows of its batch, controls or not, so that plates of
//! different brightness weigh the same; then the leading principal components are kept.

use std::fmt::Display;
use std::hash::Hash;

use ndarray::{Array2, ArrayView2};

use super::{Controls, standard_scaled};
use crate::Result;
use crate::reduce::pca::{Components, Pca};

/// The scores of all rows (`n x k`) and the fitted components; `batches` has one label a row, or is `None` for one batch.
///
/// The EFAAR benchmarks keep 128 components.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::features::pca_scaled;
/// use perturbook::reduce::pca::Components;
///
/// let x = array![[0.0, 0.0], [1.0, 2.0], [100.0, 7.0], [101.0, 9.0]];
/// let (scores, pca) = pca_scaled(x.view(), Some(&["a", "a", "b", "b"]), Components::Count(1))?;
/// assert!((scores[[0, 0]] - scores[[2, 0]]).abs() < 1e-9); // the shift between the batches is gone
/// assert!((pca.explained_variance_ratio()[0] - 1.0).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two rows or no column, a value is not finite, the labels are not one a row, or there are
/// fewer components than asked for.
pub fn pca_scaled<V: Copy + Into<f64>, L: Display + Eq + Hash>(
    x: ArrayView2<'_, V>,
    batches: Option<&[L]>,
    components: Components,
) -> Result<(Array2<f64>, Pca)> {
    let all = Controls::marked(&vec![true; x.nrows()])?;
    let rows = match batches {
        Some(labels) => all.within(labels)?,
        None => all,
    };
    let scaled = standard_scaled(x, &rows)?;
    let pca = Pca::fit(scaled.view(), components)?;
    Ok((pca.transform(scaled.view())?, pca))
}
