//! `y = x W^T + b`, with `W` kept as `outputs x inputs`.

use burn::module::{Module, Param};
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::Init;
use crate::tensor::{Backend, Device, Tensor, product};

/// A linear layer.
#[derive(Module, Debug)]
pub struct Linear<B: Burn = Backend> {
    /// `outputs x inputs`.
    pub weight: Param<burn::Tensor<B, 2>>,
    /// One number per output.
    pub bias: Option<Param<burn::Tensor<B, 1>>>,
}

impl Linear {
    /// A layer with first numbers by a rule.
    ///
    /// ```
    /// use perturbook::nn::{Init, Linear};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let layer = Linear::new(3, 2, Init::KaimingIn, &mut rng, &cpu());
    /// assert_eq!(layer.forward(Tensor::<3>::zeros([5, 4, 3], &cpu())).dims(), [5, 4, 2]);
    /// ```
    pub fn new(inputs: usize, outputs: usize, init: Init, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let weight = init.weight([outputs, inputs], inputs, outputs, rng, device);
        let bias = init.bias(outputs, inputs, rng, device);
        Self { weight: Param::from_tensor(weight), bias: Some(Param::from_tensor(bias)) }
    }

    /// `... x inputs` to `... x outputs`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let mut shape = x.dims();
        let weight = self.weight.val();
        let [outputs, inputs] = weight.dims();
        let rows = shape[..D - 1].iter().product();
        shape[D - 1] = outputs;
        let y = product(x.reshape([rows, inputs]), weight.transpose());
        let y = match &self.bias {
            Some(bias) => y + bias.val().unsqueeze(),
            None => y,
        };
        y.reshape(shape)
    }
}
