//! The positional table of a vision transformer, resized to images of other sizes.
//!
//! The table has a row for the class token and one for each patch of a square grid. Other grids get it by bicubic
//! interpolation (a = -0.75, half-pixel centres, coordinates held at the border) of each side:
//!
//! ```text
//! source coordinate of output i = (i + 0.5) / scale - 0.5,    scale = (to + 0.1) / from
//! ```
//!
//! The 0.1, which published ViT weights were trained with, was meant to keep `floor(from scale)` from losing a patch to
//! rounding; it also moves every coordinate a little. Interpolation is linear in the table, so that it is one matrix of
//! weights for each side.

use burn::tensor::TensorData;
use ndarray::Array2;

use crate::tensor::{Device, Tensor, cat, product};

/// What published weights add to the number of patches when the scale is computed.
pub const GRID_OFFSET: f64 = 0.1;

/// The cubic kernel's free number.
const A: f64 = -0.75;

/// The weights (`to x from`) of bicubic interpolation along one side; `offset` is added to `to` in the scale.
///
/// ```
/// use perturbook::nn::vit::bicubic_weights;
///
/// let weights = bicubic_weights(8, 4, 0.0); // each output lies half-way between two inputs
/// assert_eq!(weights.row(1).to_vec(), [0.0, -0.09375, 0.59375, 0.59375, -0.09375, 0.0, 0.0, 0.0]);
/// ```
pub fn bicubic_weights(from: usize, to: usize, offset: f64) -> Array2<f64> {
    let mut weights = Array2::zeros((to, from));
    let Some(last) = from.checked_sub(1) else { return weights };
    let step = from as f64 / (to as f64 + offset);
    for (i, mut row) in weights.outer_iter_mut().enumerate() {
        let source = (i as f64 + 0.5) * step - 0.5;
        let (first, part) = (source.floor() - 1.0, source - source.floor());
        for (tap, weight) in cubic(part).into_iter().enumerate() {
            row[(first + tap as f64).clamp(0.0, last as f64) as usize] += weight;
        }
    }
    weights
}

/// The weights of the four inputs around a point `t` of the way from the second to the third.
fn cubic(t: f64) -> [f64; 4] {
    let near = |d: f64| ((A + 2.0) * d - (A + 3.0)) * d * d + 1.0;
    let far = |d: f64| ((d - 5.0) * d + 8.0) * d * A - 4.0 * A;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

/// A positional table (`1 x (1 + from^2) x width`) for a grid of `[rows, columns]` patches: `1 x (1 + rows columns) x
/// width`. The grid that it was made for gets it as it is.
pub(super) fn resized(table: Tensor<3>, from: usize, [rows, columns]: [usize; 2]) -> Tensor<3> {
    if [rows, columns] == [from, from] {
        return table;
    }
    let [_, tokens, width] = table.dims();
    let class = table.clone().narrow(1, 0, 1);
    let patches: Tensor<2> = table.narrow(1, 1, tokens - 1).squeeze_dim(0);
    let weights = grid_weights(from, [rows, columns], &patches.device());
    let patches = product(weights, patches).reshape([1, rows * columns, width]);
    cat(vec![class, patches], 1)
}

/// The weights of both sides together, `rows columns x from^2`.
fn grid_weights(from: usize, [rows, columns]: [usize; 2], device: &Device) -> Tensor<2> {
    let (down, across) = (bicubic_weights(from, rows, GRID_OFFSET), bicubic_weights(from, columns, GRID_OFFSET));
    let mut weights = Vec::with_capacity(rows * columns * from * from);
    for down in down.outer_iter() {
        for across in across.outer_iter() {
            weights.extend(down.iter().flat_map(|d| across.iter().map(move |a| (d * a) as f32)));
        }
    }
    Tensor::from_data(TensorData::new(weights, [rows * columns, from * from]), device)
}
