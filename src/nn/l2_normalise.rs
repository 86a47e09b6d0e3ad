//! Rows of length 1.
//!
//! ```text
//! y = x / max(|x|, epsilon),    |x| the Euclidean length over the last dimension
//! ```

use crate::tensor::Tensor;

/// Every row (`... x width`) divided by its length, or by `epsilon` where that is longer; the shape stays.
///
/// A row of zeros stays one, and its gradient is finite.
///
/// ```
/// use perturbook::nn::l2_normalise;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let y = l2_normalise(Tensor::<2>::from_floats([[3.0, -4.0], [0.0, 0.0]], &cpu()), 1e-12);
/// assert_eq!(y.into_data().to_vec::<f32>().unwrap(), [0.6, -0.8, 0.0, 0.0]);
/// ```
pub fn l2_normalise<const D: usize>(x: Tensor<D>, epsilon: f64) -> Tensor<D> {
    // The bound acts before the root, whose slope at 0 is infinite.
    let squares = x.clone().powi_scalar(2).sum_dim(D - 1);
    x / squares.clamp_min(epsilon * epsilon).sqrt()
}
