//! Tensors put together along a dimension, safe beside gradients of other threads.
//!
//! burn's own lets go of what it joins before the result is recorded. A `backward()` of another thread that ends in
//! between takes what leads there for unused and drops it, and a part of the gradient is missing without a word
//! ([burn #5573](https://github.com/tracel-ai/burn/issues/5573)). Here the parts are kept until the result is recorded.

use super::Tensor;

/// The tensors one after the other along dimension `dim`; their other dimensions agree.
///
/// ```
/// use perturbook::tensor::{Tensor, cat, cpu};
///
/// let [a, b] = [[1.0, 2.0], [3.0, 4.0]].map(|row| Tensor::<1>::from_floats(row, &cpu()));
/// assert_eq!(cat(vec![a, b], 0).into_data().to_vec::<f32>().unwrap(), [1.0, 2.0, 3.0, 4.0]);
/// ```
///
/// # Panics
/// When there is no tensor, or their other dimensions differ.
pub fn cat<const D: usize>(tensors: Vec<Tensor<D>>, dim: usize) -> Tensor<D> {
    let kept = tensors.clone();
    let joined = Tensor::cat(tensors, dim);
    drop(kept);
    joined
}
