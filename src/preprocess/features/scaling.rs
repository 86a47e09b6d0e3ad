//! Centring and scaling on controls, over all rows or batch by batch.
//!
//! | | centre | divisor |
//! |---|---|---|
//! | [`standard_scaled`] | mean | population standard deviation (ddof 0) |
//! | [`centred`] | mean | 1 |
//! | [`robust_z`] | median | MAD, or 1.4826 MAD |
//!
//! of the control rows of the row's own batch. A divisor of 0, as of a column that is constant over the controls, is
//! replaced by 1.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::{Controls, column_mads, column_medians};
use crate::Result;

/// `1 / quantile(3/4)` of the standard normal law: with it the MAD estimates a standard deviation.
const NORMAL_MAD: f64 = 1.4826;

/// What the median absolute deviation is multiplied by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RobustScale {
    /// Nothing: `(x - median) / MAD`.
    #[default]
    Mad,
    /// 1.4826, so that the divisor is comparable to a standard deviation.
    NormalMad,
}

/// Centre and divisor of every column in every batch.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::features::{Controls, Scaling};
///
/// let x = array![[1.0, 5.0], [3.0, 5.0], [5.0, 6.0]];
/// let controls = Controls::marked(&[true, true, false])?;
/// let scaling = Scaling::standard(x.view(), &controls)?;
/// assert_eq!(scaling.centre(), array![[2.0, 5.0]]);
/// assert_eq!(scaling.divisor(), array![[1.0, 1.0]]); // the second column is constant over the controls
/// assert_eq!(scaling.apply(x.view(), &controls)?.row(2), array![3.0, 1.0]);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    centre: Array2<f64>,
    divisor: Array2<f64>,
}

impl Scaling {
    /// Mean and population standard deviation of the controls.
    ///
    /// # Errors
    /// When the matrix has another number of rows than the controls, or a value is not finite.
    pub fn standard<V: Copy + Into<f64>>(x: ArrayView2<'_, V>, controls: &Controls) -> Result<Self> {
        Self::fit(x, controls, |rows| (mean(rows), standard_deviation(rows)))
    }

    /// Mean of the controls; the divisor is 1.
    ///
    /// # Errors
    /// As of [`Scaling::standard`].
    pub fn centring<V: Copy + Into<f64>>(x: ArrayView2<'_, V>, controls: &Controls) -> Result<Self> {
        Self::fit(x, controls, |rows| (mean(rows), Array1::ones(rows.ncols())))
    }

    /// Median and median absolute deviation of the controls.
    ///
    /// # Errors
    /// As of [`Scaling::standard`].
    pub fn robust<V: Copy + Into<f64>>(x: ArrayView2<'_, V>, controls: &Controls, scale: RobustScale) -> Result<Self> {
        let factor = match scale {
            RobustScale::Mad => 1.0,
            RobustScale::NormalMad => NORMAL_MAD,
        };
        Self::fit(x, controls, |rows| (column_medians(rows), column_mads(rows) * factor))
    }

    fn fit<V: Copy + Into<f64>>(
        x: ArrayView2<'_, V>,
        controls: &Controls,
        of_rows: impl Fn(ArrayView2<'_, f64>) -> (Array1<f64>, Array1<f64>),
    ) -> Result<Self> {
        controls.require_matrix(x, "scaling on controls")?;
        let shape = (controls.batches(), x.ncols());
        let (mut centre, mut divisor) = (Array2::zeros(shape), Array2::ones(shape));
        for (batch, rows) in controls.rows_by_batch().iter().enumerate() {
            let (of_centre, of_divisor) = of_rows(select(x, rows).view());
            centre.row_mut(batch).assign(&of_centre);
            divisor.row_mut(batch).assign(&of_divisor.mapv(|v| if v == 0.0 { 1.0 } else { v }));
        }
        Ok(Self { centre, divisor })
    }

    /// `batches x d`: what is subtracted.
    pub fn centre(&self) -> ArrayView2<'_, f64> {
        self.centre.view()
    }

    /// `batches x d`: what the difference is divided by.
    pub fn divisor(&self) -> ArrayView2<'_, f64> {
        self.divisor.view()
    }

    /// Divisors below `share` of the largest of their batch count as 0: become 1.
    pub(super) fn without_tiny_divisors(mut self, share: f64) -> Self {
        for mut row in self.divisor.rows_mut() {
            let largest = row.iter().copied().fold(0.0, f64::max);
            row.mapv_inplace(|v| if v < share * largest { 1.0 } else { v });
        }
        self
    }

    /// Every row less the centre of its batch, divided by the divisor of its batch.
    ///
    /// # Errors
    /// When the matrix has other rows or columns than what the scaling was made of.
    pub fn apply<V: Copy + Into<f64>>(&self, x: ArrayView2<'_, V>, controls: &Controls) -> Result<Array2<f64>> {
        controls.require_rows(x.nrows(), "scaling on controls")?;
        if x.ncols() != self.centre.ncols() || controls.batches() != self.centre.nrows() {
            return Err(crate::Error::new(format!(
                "{} columns in {} batches, but the scaling is of {} columns in {}",
                x.ncols(),
                controls.batches(),
                self.centre.ncols(),
                self.centre.nrows()
            ))
            .at("scaling on controls"));
        }
        let mut scaled = x.mapv(Into::into);
        for (mut row, &batch) in scaled.rows_mut().into_iter().zip(controls.batch_of()) {
            row -= &self.centre.row(batch);
            row /= &self.divisor.row(batch);
        }
        Ok(scaled)
    }
}

/// `(x - mean) / sd` of the controls of the row's batch (EFAAR `centerscale_on_controls`).
///
/// # Errors
/// When the matrix has another number of rows than the controls, or a value is not finite.
pub fn standard_scaled<V: Copy + Into<f64>>(x: ArrayView2<'_, V>, controls: &Controls) -> Result<Array2<f64>> {
    Scaling::standard(x, controls)?.apply(x, controls)
}

/// `x - mean` of the controls of the row's batch.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::features::{Controls, centred};
///
/// let controls = Controls::marked(&[true, false, true, false])?.within(&[1, 1, 2, 2])?;
/// let x = array![[1.0f32], [5.0], [10.0], [11.0]];
/// assert_eq!(centred(x.view(), &controls)?, array![[0.0], [4.0], [0.0], [1.0]]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As of [`standard_scaled`].
pub fn centred<V: Copy + Into<f64>>(x: ArrayView2<'_, V>, controls: &Controls) -> Result<Array2<f64>> {
    Scaling::centring(x, controls)?.apply(x, controls)
}

/// `(x - median) / MAD` of the controls of the row's batch, as in CellProfiler workflows per well.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::features::{Controls, RobustScale, robust_z};
///
/// let controls = Controls::marked(&[true, true, true, false])?;
/// let x = array![[0.0], [2.0], [3.0], [7.0]]; // median 2, distances 2, 0, 1
/// assert_eq!(robust_z(x.view(), &controls, RobustScale::Mad)?[[3, 0]], 5.0);
/// assert!((robust_z(x.view(), &controls, RobustScale::NormalMad)?[[3, 0]] - 5.0 / 1.4826).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As of [`standard_scaled`].
pub fn robust_z<V: Copy + Into<f64>>(
    x: ArrayView2<'_, V>,
    controls: &Controls,
    scale: RobustScale,
) -> Result<Array2<f64>> {
    Scaling::robust(x, controls, scale)?.apply(x, controls)
}

/// Rows of `x` in `f64`.
pub(super) fn select<V: Copy + Into<f64>>(x: ArrayView2<'_, V>, rows: &[usize]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), x.ncols()), |(i, j)| x[[rows[i], j]].into())
}

/// Mean of every column, 0 of no row.
pub(crate) fn mean(rows: ArrayView2<'_, f64>) -> Array1<f64> {
    rows.sum_axis(Axis(0)) / rows.nrows().max(1) as f64
}

/// Population standard deviation of every column; 0 where rounding alone would make it positive.
fn standard_deviation(rows: ArrayView2<'_, f64>) -> Array1<f64> {
    let (n, means) = (rows.nrows().max(1) as f64, mean(rows));
    let columns = rows.axis_iter(Axis(1)).zip(&means);
    columns
        .map(|(column, &mean)| {
            let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
            // A constant column keeps the rounding of its mean, up to n units in the last place.
            let rounding = (n * mean * f64::EPSILON).powi(2);
            if variance <= rounding { 0.0 } else { variance.sqrt() }
        })
        .collect()
}
