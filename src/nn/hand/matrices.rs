//! Numbers in memory as the rows of a matrix, and products of such.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// Rows of `columns` numbers.
pub(crate) fn rows(values: &[f32], columns: usize) -> MatRef<'_, f32> {
    MatRef::from_row_major_slice(values, values.len() / columns, columns)
}

/// The same to write to.
pub(crate) fn rows_mut(values: &mut [f32], columns: usize) -> MatMut<'_, f32> {
    let count = values.len() / columns;
    MatMut::from_row_major_slice_mut(values, count, columns)
}

/// `factor left right` into a matrix.
pub(crate) fn multiply(into: MatMut<'_, f32>, left: MatRef<'_, f32>, right: MatRef<'_, f32>, factor: f32) {
    matmul(into, Accum::Replace, left, right, factor, Par::Seq);
}

/// `left right`, row by row.
pub(crate) fn product(left: MatRef<'_, f32>, right: MatRef<'_, f32>) -> Vec<f32> {
    let mut out = vec![0.0; left.nrows() * right.ncols()];
    multiply(rows_mut(&mut out, right.ncols()), left, right, 1.0);
    out
}
