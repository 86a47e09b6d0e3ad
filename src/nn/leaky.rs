//! The leaky rectifier of image networks: what is below zero is kept at a fifth.
//!
//! ```text
//! y = x slope(x),    slope(x) = 1 where x > 0, else 0.2
//! ```
//!
//! Written as a product, because a change `dx` of the input changes the output by `dx slope(x)`.

use crate::tensor::Tensor;

/// What is kept of numbers below zero.
pub(super) const KEPT: f32 = 0.2;

/// `x` where it is above zero, a fifth of it elsewhere; any shape.
///
/// ```
/// use perturbook::nn::leaky_relu;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let y = leaky_relu(Tensor::<1>::from_floats([-5.0, 0.0, 5.0], &cpu()));
/// assert_eq!(y.into_data().to_vec::<f32>().unwrap(), [-1.0, 0.0, 5.0]);
/// ```
pub fn leaky_relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let slope = leaky_slope(&x);
    x * slope
}

/// The slope of [`leaky_relu`] at `x`, of its shape; a constant for gradients.
pub(super) fn leaky_slope<const D: usize>(x: &Tensor<D>) -> Tensor<D> {
    let flat = x.clone().lower_equal_elem(0.0);
    x.ones_like().mask_fill(flat, KEPT)
}
