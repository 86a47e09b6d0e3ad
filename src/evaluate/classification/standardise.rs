//! Columns to mean 0 and standard deviation 1, as learned from the training rows and applied to any.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Mean and population standard deviation (ddof 0) of each column; that of a constant column counts as 1.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::classification::Standardiser;
///
/// let scaler = Standardiser::fit(array![[1.0, 0.1], [3.0, 0.1]].view())?;
/// assert_eq!(scaler.transform(array![[5.0, 1.1]].view())?, array![[3.0, 1.0]]);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardiser {
    mean: Array1<f64>,
    sd: Array1<f64>,
}

impl Standardiser {
    /// Learns from rows.
    ///
    /// # Errors
    /// When there is no row, or a value is not finite.
    pub fn fit(x: ArrayView2<'_, f64>) -> Result<Self> {
        if let Some(((row, column), value)) = x.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(Error::new(format!("a value is {value}"))
                .at(format!("standardiser, row {row}, column {column}"))
                .fix("drop or impute these rows first"));
        }
        let n = x.nrows() as f64;
        let Some(mean) = x.mean_axis(Axis(0)) else {
            return Err(Error::new("no row to learn means from").at("standardiser").fix("give at least one row"));
        };
        let sd = |(column, mean): (ndarray::ArrayView1<'_, f64>, &f64)| {
            // by comparison, since the mean of equal values need not equal them to the last bit
            if column.iter().all(|v| Some(v) == column.first()) {
                return 1.0;
            }
            let sd = (column.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt();
            if sd > 0.0 { sd } else { 1.0 }
        };
        let sd = x.columns().into_iter().zip(&mean).map(sd).collect();
        let mean = x.columns().into_iter().zip(mean).map(|(column, mean)| {
            // and a constant column becomes exactly 0
            if column.iter().all(|v| Some(v) == column.first()) {
                column.first().copied().unwrap_or(mean)
            } else {
                mean
            }
        });
        Ok(Self { mean: mean.collect(), sd })
    }

    /// The means, `d`.
    pub fn mean(&self) -> &Array1<f64> {
        &self.mean
    }

    /// The standard deviations, `d`.
    pub fn sd(&self) -> &Array1<f64> {
        &self.sd
    }

    /// `(x - mean) / sd`; NaN stays NaN, and no rows give none.
    ///
    /// # Errors
    /// When there are more or fewer columns.
    pub fn transform(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        if x.ncols() != self.mean.len() {
            return Err(Error::new(format!("{} columns, but {} were learned", x.ncols(), self.mean.len()))
                .at("standardiser")
                .fix("give the columns it was fitted on"));
        }
        Ok((&x - &self.mean) / &self.sd)
    }
}
