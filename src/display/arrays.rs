//! Arrays, owned and borrowed, of any number of dimensions: shape, type, memory, range, and the values at the corners.

use ndarray::{ArrayBase, ArrayRef, Axis, Data, Dimension, Ix2};

use super::corner::Corner;
use super::memory::{memory, shape};
use super::{Bundle, Element, Show};

impl<A: Element, S: Data<Elem = A>, D: Dimension> Show for ArrayBase<S, D> {
    /// All values up to 12 x 12, else the first and last three rows and columns.
    fn bundle(&self) -> Bundle {
        let values: &ArrayRef<A, D> = self;
        let corner = Corner::of(values.shape());
        let sides = if values.ndim() == 0 { "of one value".to_owned() } else { shape(values.shape()) };
        let size = memory(values.len() * size_of::<A>());
        corner
            .grid(&shown(values, &corner))
            .note(format!("array {sides}, {}, {size}", A::NAME))
            .note(A::summary(values.iter().copied()))
            .bundle()
    }
}

/// The values at the corner, row by row.
fn shown<A: Element, D: Dimension>(values: &ArrayRef<A, D>, corner: &Corner) -> Vec<A> {
    let mut matrix = values.view().into_dyn();
    while matrix.ndim() > 2 && !matrix.is_empty() {
        matrix = matrix.index_axis_move(Axis(0), 0);
    }
    while matrix.ndim() < 2 {
        matrix = matrix.insert_axis(Axis(0));
    }
    let Ok(matrix) = matrix.into_dimensionality::<Ix2>() else { return Vec::new() };
    let columns = corner.columns();
    corner
        .rows()
        .iter()
        .flat_map(|&row| columns.iter().map(move |&column| (row, column)))
        .map(|at| matrix[at])
        .collect()
}
