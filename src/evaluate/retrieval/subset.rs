//! Some of the rows as points of their own, without a copy.

use crate::reduce::Points;

/// The given rows of other points.
pub(super) struct Subset<'a> {
    pub points: &'a dyn Points,
    pub rows: &'a [usize],
}

impl Points for Subset<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.rows.len(), self.points.shape().1)
    }

    fn copy_point(&self, row: usize, to: &mut [f64]) {
        self.points.copy_point(self.rows[row], to);
    }

    fn point_name(&self, row: usize) -> String {
        self.points.point_name(self.rows[row])
    }
}
