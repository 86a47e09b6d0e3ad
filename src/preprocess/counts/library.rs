//! Library size and log normalisation.
//!
//! ```text
//! library size    L_i = sum of the counts of cell i
//! normalised      ln(1 + target * x_ij / L_i),      target 10,000
//! ```
//!
//! so that cells sequenced to different depth compare. This is `normalize_total` followed by `log1p` in scanpy, and
//! `LogNormalize` in Seurat.

use ndarray::parallel::prelude::*;

use super::Csr;
use crate::{Error, Result};

/// The usual target of [`log_normalised`].
pub const COUNTS_PER: f64 = 1e4;

/// The sum of the counts of every cell.
pub fn library_sizes<'a>(counts: impl Into<Csr<'a>>) -> Vec<f64> {
    let counts = counts.into();
    (0..counts.cells()).map(|cell| counts.row(cell).1.iter().map(|&v| f64::from(v)).sum()).collect()
}

/// `ln(1 + target * x / library size)` of every count; rows and genes stay. A cell without counts stays empty.
///
/// ```
/// use perturbook::preprocess::counts::{COUNTS_PER, Csr, log_normalised};
///
/// let counts = Csr::new(vec![0, 1, 1], vec![0], vec![7.0], 1)?;
/// let normalised = log_normalised(&counts, COUNTS_PER)?;
/// assert_eq!(normalised.row(0).1, [10_001f32.ln()]);
/// assert!(normalised.row(1).1.is_empty());
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a count is negative, or the target is not a positive number.
pub fn log_normalised<'a>(counts: impl Into<Csr<'a>>, target: f64) -> Result<Csr<'a>> {
    let counts = counts.into();
    counts.require_counts("log normalisation")?;
    if !(target.is_finite() && target > 0.0) {
        return Err(Error::new(format!("counts cannot be scaled to a sum of {target}")).fix("use 10,000"));
    }
    let of_cell = |cell: usize| {
        let values = counts.row(cell).1;
        let library: f64 = values.iter().map(|&v| f64::from(v)).sum();
        let factor = if library > 0.0 { target / library } else { 0.0 };
        values.iter().map(move |&v| (f64::from(v) * factor).ln_1p() as f32).collect::<Vec<f32>>()
    };
    let values: Vec<f32> = (0..counts.cells()).into_par_iter().flat_map_iter(of_cell).collect();
    Ok(counts.with_values(values))
}
