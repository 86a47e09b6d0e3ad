//! Columns that no scaling can use: not finite, or the same everywhere.
//!
//! Feature tables of image analysis hold columns with NaN (a texture of an empty object), infinities (a ratio over 0)
//! and constants. They are dropped by name and count, not silently.

use std::fmt;

use ndarray::{Array2, ArrayView2, Axis};

use crate::{Error, Result};

/// Which columns were kept and which not; displays as a short account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnReport {
    /// Numbers of the columns that are kept, ascending.
    pub kept: Vec<usize>,
    /// Names of the columns with a value that is NaN or infinite.
    pub not_finite: Vec<String>,
    /// Names of the finite columns with one value only.
    pub constant: Vec<String>,
}

impl fmt::Display for ColumnReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} columns kept", self.kept.len())?;
        for (what, names) in [("with NaN or infinity", &self.not_finite), ("constant", &self.constant)] {
            if !names.is_empty() {
                let some = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
                let more = if names.len() > 5 { ", ..." } else { "" };
                write!(f, "; {} {what} dropped ({some}{more})", names.len())?;
            }
        }
        Ok(())
    }
}

/// The matrix (`n x d`) without the columns that hold NaN or infinity, or a single value; `names` has one entry a column.
///
/// A matrix of one row has only constant columns.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::features::drop_unusable_columns;
///
/// let x = array![[1.0f32, 7.0, f32::NAN], [2.0, 7.0, 1.0]];
/// let (usable, report) = drop_unusable_columns(x.view(), &["area", "channels", "texture"])?;
/// assert_eq!(usable, array![[1.0], [2.0]]);
/// assert_eq!(
///     report.to_string(),
///     "1 columns kept; 1 with NaN or infinity dropped (texture); 1 constant dropped (channels)"
/// );
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one name for each column, or no column is left (the report stands in the message).
pub fn drop_unusable_columns<V: Copy + Into<f64> + PartialEq, N: AsRef<str>>(
    x: ArrayView2<'_, V>,
    names: &[N],
) -> Result<(Array2<V>, ColumnReport)> {
    if names.len() != x.ncols() {
        return Err(Error::new(format!("{} names for {} columns", names.len(), x.ncols()))
            .at("drop_unusable_columns")
            .fix("give one name for each column"));
    }
    let mut report = ColumnReport::default();
    for (number, (column, name)) in x.columns().into_iter().zip(names).enumerate() {
        if column.iter().any(|&v| !v.into().is_finite()) {
            report.not_finite.push(name.as_ref().to_owned());
        } else if column.iter().all(|v| Some(v) == column.first()) {
            report.constant.push(name.as_ref().to_owned());
        } else {
            report.kept.push(number);
        }
    }
    if report.kept.is_empty() {
        return Err(Error::new(format!("no column can be used: {report}"))
            .at(format!("a matrix of {} rows", x.nrows()))
            .fix("impute missing values first; scaling needs at least two different rows"));
    }
    Ok((x.select(Axis(1), &report.kept), report))
}
