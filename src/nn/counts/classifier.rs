//! From latent space to the perturbation.

use burn::tensor::activation::relu;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::{batch_norm, masked};
use crate::nn::{BatchNorm, Init, Linear};
use crate::tensor::{Backend, Device, Tensor};

/// A classifier with one hidden layer.
#[derive(burn::module::Module, Debug)]
pub struct Classifier<B: Burn = Backend> {
    /// Latent dimensions to the hidden layer.
    pub linear: Linear<B>,
    /// Its batch normalisation.
    pub bn: BatchNorm<B>,
    /// To the logits.
    pub out: Linear<B>,
}

impl Classifier {
    /// From `latent` dimensions to `classes`.
    ///
    /// ```
    /// use perturbook::nn::counts::Classifier;
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let classifier = Classifier::new(10, 128, 5, &mut rng, &cpu());
    /// assert_eq!(classifier.forward(Tensor::zeros([3, 10], &cpu())).dims(), [3, 5]);
    /// ```
    pub fn new(latent: usize, hidden: usize, classes: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let mut linear = |from, to| Linear::new(from, to, Init::Uniform, rng, device);
        Self { linear: linear(latent, hidden), out: linear(hidden, classes), bn: batch_norm(hidden, device) }
    }

    /// Logits of a training step, `n x classes`: batch statistics, and dropout of the hidden layer by a mask,
    /// `n x hidden`.
    pub fn forward_training(&mut self, latent: Tensor<2>, dropout: Option<Tensor<2>>) -> Tensor<2> {
        let hidden = relu(self.bn.forward_training(self.linear.forward(latent)));
        self.out.forward(masked(hidden, dropout))
    }

    /// Logits after training, `n x classes`.
    pub fn forward(&self, latent: Tensor<2>) -> Tensor<2> {
        self.out.forward(relu(self.bn.forward(self.linear.forward(latent))))
    }
}
