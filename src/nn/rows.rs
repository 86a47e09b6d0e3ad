//! Rows of a matrix to mean 0 and variance 1: what layer and instance normalisation have in common.
//!
//! ```text
//! y = gain (x - mean) / sqrt(var + eps) + offset,    mean and var of each row, var divided by n
//! ```
//!
//! Everything has two dimensions, and what belongs to a row is a column beside it. On the CPU burn walks through a row with
//! one number for all of it at the speed of memory, and through most other ways of spreading numbers one element at a time,
//! ten times as slow. The gain is multiplied into the standard deviation first, so that images are passed over once.

use crate::tensor::Tensor;

/// `(x - mean) / sqrt(var + epsilon)` for every row.
pub(super) fn standard_rows(x: Tensor<2>, epsilon: f64) -> Tensor<2> {
    let (centred, inverse) = centred(x, epsilon);
    centred * inverse
}

/// The same with a gain and an offset for each row, `rows x 1`.
pub(super) fn scaled_rows(x: Tensor<2>, epsilon: f64, gain: Tensor<2>, offset: Tensor<2>) -> Tensor<2> {
    let (centred, inverse) = centred(x, epsilon);
    centred * (inverse * gain) + offset
}

/// Rows without their mean, and one by their standard deviations, `rows x 1`.
pub(super) fn centred(x: Tensor<2>, epsilon: f64) -> (Tensor<2>, Tensor<2>) {
    let centred = x.clone() - x.mean_dim(1);
    let var = (centred.clone() * centred.clone()).mean_dim(1);
    (centred, (var + epsilon).sqrt().recip())
}

/// One number for each channel, repeated for every image: `channels` to `(n channels) x 1`.
pub(super) fn of_images(channels: Tensor<1>, n: usize) -> Tensor<2> {
    let count = channels.dims()[0];
    channels.reshape([1, count]).repeat_dim(0, n).reshape([n * count, 1])
}

/// Images as rows, one for each channel of each: `n x c x h x w` to `(n c) x (h w)`.
pub(super) fn image_rows(x: Tensor<4>) -> Tensor<2> {
    let [n, channels, rows, columns] = x.dims();
    x.reshape([n * channels, rows * columns])
}
