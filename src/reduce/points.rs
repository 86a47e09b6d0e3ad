//! Rows that can be compared: what neighbours and maps are computed from.

use ndarray::{ArrayBase, ArrayView2, Axis, Data, Ix2, aview1};

use crate::screen::{Embedding, Profiles};
use crate::{Error, Result, finite};

/// `n` points in `d` dimensions, read one at a time as `f64`.
///
/// Profiles, embeddings and matrices of numbers are points, so that none of them has to be copied whole.
pub trait Points: Sync {
    /// Number of points and of dimensions, `(n, d)`.
    fn shape(&self) -> (usize, usize);

    /// Copies one point into `to`, which has `d` entries.
    fn copy_point(&self, row: usize, to: &mut [f64]);

    /// What a message calls a point.
    fn point_name(&self, row: usize) -> String {
        format!("row {row}")
    }
}

impl<S: Data + Sync> Points for ArrayBase<S, Ix2>
where
    S::Elem: Copy + Into<f64> + Sync,
{
    fn shape(&self) -> (usize, usize) {
        self.dim()
    }

    fn copy_point(&self, row: usize, to: &mut [f64]) {
        for (to, &value) in to.iter_mut().zip(self.index_axis(Axis(0), row)) {
            *to = value.into();
        }
    }
}

impl Points for Profiles {
    fn shape(&self) -> (usize, usize) {
        (self.len(), self.dims())
    }

    fn copy_point(&self, row: usize, to: &mut [f64]) {
        Points::copy_point(&self.values(), row, to);
    }

    fn point_name(&self, row: usize) -> String {
        format!("row {row} ({:?})", self.keys()[row])
    }
}

impl Points for Embedding {
    fn shape(&self) -> (usize, usize) {
        (self.len(), self.dims())
    }

    fn copy_point(&self, row: usize, to: &mut [f64]) {
        let values: ArrayView2<'_, f32> = self.values();
        Points::copy_point(&values, row, to);
    }
}

/// Refuses points that hold NaN or infinite values.
pub(crate) fn require_finite(points: &dyn Points) -> Result<()> {
    let (n, d) = points.shape();
    let mut point = vec![0.0; d];
    for row in 0..n {
        points.copy_point(row, &mut point);
        finite::require(aview1(&point), |column, value| {
            Error::new(format!("the points hold {value}"))
                .at(format!("{}, column {column}", points.point_name(row)))
                .fix("drop or impute these rows first")
        })?;
    }
    Ok(())
}
