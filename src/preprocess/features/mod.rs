//! Features, embeddings and profiles made comparable between batches by their controls.
//!
//! All functions take a matrix `n x d` (rows are cells, wells or profiles) of `f32` or `f64` values, and [`Controls`]
//! that say which rows are controls and which batch each row belongs to. Arithmetic is in `f64`.
//!
//! | function | what it does | source |
//! |---|---|---|
//! | [`standard_scaled`] | `(x - mean) / sd` of the controls | EFAAR `centerscale_on_controls` |
//! | [`centred`] | `x - mean` of the controls | |
//! | [`robust_z`] | `(x - median) / MAD` of the controls, with or without 1.4826 | CellProfiler practice |
//! | [`pca_scaled`] | principal components of batch-scaled features | EFAAR `embed_by_pca` |
//! | [`tvn`] | typical variation normalisation | Ando et al. 2017, EFAAR `tvn_on_controls` |
//! | [`aggregate`], [`aggregate_nested`] | one row per group | EFAAR `aggregate` |
//! | [`drop_unusable_columns`] | without columns that are constant or not finite | |
//!
//! ```
//! use ndarray::array;
//! use perturbook::preprocess::features::{Controls, standard_scaled};
//!
//! let x = array![[1.0], [3.0], [8.0]];
//! let controls = Controls::of(&["nt", "nt", "TP53"], "nt")?;
//! assert_eq!(standard_scaled(x.view(), &controls)?, array![[-1.0], [1.0], [6.0]]);
//! # Ok::<(), perturbook::Error>(())
//! ```

mod aggregate;
mod batch_covariance;
mod columns;
mod controls;
mod median;
mod of_table;
mod pca_scaled;
mod scaling;
mod tvn;

pub use aggregate::{Aggregate, aggregate, aggregate_nested};
pub use batch_covariance::{recoloured, whitened_by_batch};
pub use columns::{ColumnReport, drop_unusable_columns};
pub use controls::Controls;
pub use median::{column_mads, column_medians, median};
pub use pca_scaled::pca_scaled;
pub use scaling::{RobustScale, Scaling, centred, robust_z, standard_scaled};
pub use tvn::{TVN_EPSILON, Tvn, tvn};

use ndarray::ArrayView2;

use crate::{Error, Result, finite};

/// Every value is finite; the error names the first one that is not.
pub(crate) fn require_finite<V: Copy + Into<f64>>(x: ArrayView2<'_, V>, what: &str) -> Result<()> {
    finite::require(x, |(row, column), value| {
        let bad = x.rows().into_iter().filter(|row| row.iter().any(|&v| !v.into().is_finite())).count();
        Error::new(format!("a value is {value} ({bad} of {} rows are affected)", x.nrows()))
            .at(format!("{what}: row {row}, column {column}"))
            .fix("drop these columns with drop_unusable_columns, or impute the values")
    })
}
