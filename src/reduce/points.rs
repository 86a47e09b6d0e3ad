//! Rows that can be compared: what neighbours and maps are computed from.

use ndarray::{ArrayBase, ArrayView2, Axis, Data, Ix2};
use rayon::prelude::*;

use crate::screen::{Embedding, Profiles};
use crate::{Error, Result};

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
        let point = self.index_axis(Axis(0), row);
        match point.as_slice() {
            Some(point) => to.iter_mut().zip(point).for_each(|(to, &value)| *to = value.into()),
            None => to.iter_mut().zip(point).for_each(|(to, &value)| *to = value.into()),
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
    let bad = (0..n).into_par_iter().map_init(
        || vec![0.0; d],
        |point, row| {
            points.copy_point(row, point);
            let column = point.iter().position(|v| !v.is_finite())?;
            Some((row, column, point[column]))
        },
    );
    match bad.find_map_first(|bad| bad) {
        None => Ok(()),
        Some((row, column, value)) => Err(Error::new(format!("the points hold {value}"))
            .at(format!("{}, column {column}", points.point_name(row)))
            .fix("drop or impute these rows first")),
    }
}
