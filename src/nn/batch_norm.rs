//! Batch normalisation of rows: every column to mean 0 and variance 1 over the batch in training, and by running
//! averages afterwards.
//!
//! ```text
//! training:     y = (x - mean) / sqrt(var + eps) * weight + bias,   mean and var of the batch, var divided by n
//!               running <- (1 - momentum) running + momentum batch, where var is divided by n - 1
//! afterwards:   the same with the running mean and variance
//! ```

use burn::module::{Module, Param};
use burn::tensor::backend::Backend as Burn;

use crate::tensor::{Backend, Device, Tensor};

/// Batch normalisation over rows.
#[derive(Module, Debug)]
pub struct BatchNorm<B: Burn = Backend> {
    /// The gain of each column.
    pub weight: Param<burn::Tensor<B, 1>>,
    /// The offset of each column.
    pub bias: Param<burn::Tensor<B, 1>>,
    /// Running mean of each column; not learned by gradients.
    pub running_mean: Param<burn::Tensor<B, 1>>,
    /// Running variance of each column; not learned by gradients.
    pub running_var: Param<burn::Tensor<B, 1>>,
    epsilon: f64,
    momentum: f64,
}

impl BatchNorm {
    /// Gain 1, offset 0, running mean 0 and variance 1.
    pub fn new(width: usize, epsilon: f64, momentum: f64, device: &Device) -> Self {
        let buffer = |value: Tensor<1>| Param::from_tensor(value).set_require_grad(false);
        Self {
            weight: Param::from_tensor(Tensor::ones([width], device)),
            bias: Param::from_tensor(Tensor::zeros([width], device)),
            running_mean: buffer(Tensor::zeros([width], device)),
            running_var: buffer(Tensor::ones([width], device)),
            epsilon,
            momentum,
        }
    }

    /// A training step's rows, `n x width`; moves the running averages.
    ///
    /// ```
    /// use perturbook::nn::BatchNorm;
    /// use perturbook::tensor::{Tensor, cpu};
    ///
    /// let mut norm = BatchNorm::new(1, 0.0, 0.5, &cpu());
    /// let y = norm.forward_training(Tensor::from_floats([[1.0], [3.0]], &cpu()));
    /// assert_eq!(y.into_data().to_vec::<f32>().unwrap(), [-1.0, 1.0]);
    /// assert_eq!(norm.running_mean.val().into_scalar(), 1.0); // half of 0, half of 2
    /// assert_eq!(norm.running_var.val().into_scalar(), 1.5); // half of 1, half of 2
    /// ```
    pub fn forward_training(&mut self, x: Tensor<2>) -> Tensor<2> {
        let n = x.dims()[0] as f64;
        let mean = x.clone().mean_dim(0);
        let centred = x - mean.clone();
        let var = (centred.clone() * centred.clone()).mean_dim(0);
        let unbiased = var.clone().detach() * (n / (n - 1.0).max(1.0));
        move_towards(&mut self.running_mean, mean.detach().squeeze_dim(0), self.momentum);
        move_towards(&mut self.running_var, unbiased.squeeze_dim(0), self.momentum);
        let scale = (var + self.epsilon).sqrt().recip() * self.weight.val().unsqueeze();
        centred * scale + self.bias.val().unsqueeze()
    }

    /// Rows after training, `n x width`, by the running averages.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let mean: Tensor<2> = self.running_mean.val().unsqueeze();
        let std: Tensor<2> = (self.running_var.val() + self.epsilon).sqrt().unsqueeze();
        (x - mean) / std * self.weight.val().unsqueeze() + self.bias.val().unsqueeze()
    }
}

fn move_towards(running: &mut Param<Tensor<1>>, batch: Tensor<1>, momentum: f64) {
    let moved = running.val() * (1.0 - momentum) + batch * momentum;
    *running = Param::initialized(running.id, moved.detach()).set_require_grad(false);
}
