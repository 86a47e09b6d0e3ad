//! Dropout, drawn beforehand: a mask by which activations are multiplied while a network learns.

use burn::tensor::TensorData;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::tensor::{Device, Tensor};

/// A mask of the given shape: 0 with probability `rate`, else `1 / (1 - rate)`, so that the mean stays.
///
/// ```
/// use perturbook::nn::dropout_mask;
/// use perturbook::tensor::cpu;
/// use rand::SeedableRng;
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let mask = dropout_mask([100, 100], 0.1, &mut rng, &cpu());
/// assert!((mask.clone().mean().into_scalar() - 1.0).abs() < 0.02);
/// assert!((mask.max().into_scalar() - 1.0 / 0.9).abs() < 1e-6);
/// ```
pub fn dropout_mask<const D: usize>(shape: [usize; D], rate: f64, rng: &mut ChaCha8Rng, device: &Device) -> Tensor<D> {
    let kept = (1.0 / (1.0 - rate)) as f32;
    let draw = |_| if rng.random::<f64>() < rate { 0.0 } else { kept };
    let values: Vec<f32> = (0..shape.iter().product()).map(draw).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}
