//! Layer normalisation: every row to mean 0 and variance 1, then a gain and an offset per column.
//!
//! ```text
//! y = (x - mean) / sqrt(var + eps) * weight + bias,    var divided by n
//! ```

use burn::module::{Module, Param};
use burn::tensor::backend::Backend as Burn;

use super::rows::standard_rows;
use crate::tensor::{Backend, Device, Tensor};

/// Layer normalisation over the last dimension.
#[derive(Module, Debug)]
pub struct LayerNorm<B: Burn = Backend> {
    /// The gain of each column.
    pub weight: Param<burn::Tensor<B, 1>>,
    /// The offset of each column.
    pub bias: Param<burn::Tensor<B, 1>>,
    epsilon: f64,
}

impl LayerNorm {
    /// Gain 1 and offset 0.
    ///
    /// ```
    /// use perturbook::nn::LayerNorm;
    /// use perturbook::tensor::{Tensor, cpu};
    ///
    /// let norm = LayerNorm::new(2, 0.0, &cpu());
    /// let y = norm.forward(Tensor::<2>::from_floats([[1.0, 3.0]], &cpu()));
    /// assert_eq!(y.into_data().to_vec::<f32>().unwrap(), [-1.0, 1.0]);
    /// ```
    pub fn new(width: usize, epsilon: f64, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::ones([width], device)),
            bias: Param::from_tensor(Tensor::zeros([width], device)),
            epsilon,
        }
    }

    /// What is added to the variance.
    pub(crate) fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// `... x width`, the shape stays.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let shape = x.dims();
        let rows = x.reshape([shape[..D - 1].iter().product(), shape[D - 1]]);
        let y = standard_rows(rows, self.epsilon) * self.weight.val().unsqueeze() + self.bias.val().unsqueeze();
        y.reshape(shape)
    }
}
