//! Instance normalisation: every channel of every image to mean 0 and variance 1, then a gain and an offset per channel.
//!
//! ```text
//! y = (x - mean) / sqrt(var + eps) * weight + bias,    over the pixels of one channel of one image, var divided by n
//! ```

use burn::module::{Module, Param};
use burn::tensor::backend::Backend as Burn;

use super::rows::{image_rows, of_images, scaled_rows, standard_rows};
use crate::tensor::{Backend, Device, Tensor};

/// What is added to variances, as the frameworks do.
pub(super) const EPSILON: f64 = 1e-5;

/// The image without gain and offset, `n x channels x rows x columns`.
///
/// ```
/// use perturbook::nn::instance_norm;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let image = Tensor::<4>::from_floats([[[[1.0, 3.0]]]], &cpu());
/// let y = instance_norm(image).into_data().to_vec::<f32>().unwrap();
/// assert!((y[1] - 1.0).abs() < 1e-5 && y[0] == -y[1]);
/// ```
pub fn instance_norm(x: Tensor<4>) -> Tensor<4> {
    let shape = x.dims();
    standard_rows(image_rows(x), EPSILON).reshape(shape)
}

/// Instance normalisation with a gain and an offset for each channel.
#[derive(Module, Debug)]
pub struct InstanceNorm<B: Burn = Backend> {
    /// The gain of each channel.
    pub weight: Param<burn::Tensor<B, 1>>,
    /// The offset of each channel.
    pub bias: Param<burn::Tensor<B, 1>>,
}

impl InstanceNorm {
    /// Gain 1 and offset 0.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::ones([channels], device)),
            bias: Param::from_tensor(Tensor::zeros([channels], device)),
        }
    }

    /// `n x channels x rows x columns`, the shape stays.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let shape = x.dims();
        let of = |param: &Param<Tensor<1>>| of_images(param.val(), shape[0]);
        scaled_rows(image_rows(x), EPSILON, of(&self.weight), of(&self.bias)).reshape(shape)
    }
}
