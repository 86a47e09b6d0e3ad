//! From counts to a normal distribution in latent space.

use burn::tensor::activation::relu;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::{Cells, batch_norm, masked};
use crate::nn::{BatchNorm, Init, Linear};
use crate::tensor::{Backend, Device, Tensor, cat};

/// What is added to variances.
const VARIANCE_FLOOR: f64 = 1e-4;

/// An encoder of counts with one hidden layer.
#[derive(burn::module::Module, Debug)]
pub struct CountEncoder<B: Burn = Backend> {
    /// `ln(1 + counts)`, and the batch if it is read, to the hidden layer.
    pub linear: Linear<B>,
    /// Its batch normalisation.
    pub bn: BatchNorm<B>,
    /// To the means.
    pub mean: Linear<B>,
    /// To the logarithms of the variances, less 1e-4.
    pub var: Linear<B>,
}

/// What an encoder says of each cell: a normal distribution with independent dimensions.
#[derive(Clone, Debug)]
pub struct Posterior {
    /// The hidden layer behind ReLU and dropout, `n x hidden`.
    pub hidden: Tensor<2>,
    /// `n x latent`.
    pub mean: Tensor<2>,
    /// Variances, not standard deviations, `n x latent`.
    pub var: Tensor<2>,
}

impl Posterior {
    /// One draw for each cell, `mean + sqrt(var) noise`, from standard normal `noise`, `n x latent`.
    pub fn sample(&self, noise: Tensor<2>) -> Tensor<2> {
        self.mean.clone() + self.var.clone().sqrt() * noise
    }
}

impl CountEncoder {
    /// From `genes` counts and `batches` columns of a batch covariate (0 if it is not read) to `latent` dimensions.
    ///
    /// ```
    /// use perturbook::nn::counts::{Cells, CountEncoder};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let encoder = CountEncoder::new(50, 0, 16, 4, &mut rng, &cpu());
    /// let cells = Cells::new(Tensor::ones([3, 50], &cpu()));
    /// let posterior = encoder.forward(encoder.input(&cells));
    /// assert_eq!(posterior.mean.dims(), [3, 4]);
    /// assert!(posterior.var.min().into_scalar() > 1e-4);
    /// ```
    pub fn new(
        genes: usize,
        batches: usize,
        hidden: usize,
        latent: usize,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Self {
        let mut linear = |from, to| Linear::new(from, to, Init::Uniform, rng, device);
        Self {
            linear: linear(genes + batches, hidden),
            mean: linear(hidden, latent),
            var: linear(hidden, latent),
            bn: batch_norm(hidden, device),
        }
    }

    /// What the encoder reads of cells: logarithms of counts, and the batch where there is room for it. Encoders of one
    /// shape share it.
    pub fn input(&self, cells: &Cells) -> Tensor<2> {
        let logs = cells.logs();
        match &cells.batch {
            Some(batch) if self.linear.weight.dims()[1] > logs.dims()[1] => cat(vec![logs, batch.clone()], 1),
            _ => logs,
        }
    }

    /// A training step: batch statistics, and dropout of the hidden layer by a mask, `n x hidden`.
    pub fn forward_training(&mut self, input: Tensor<2>, dropout: Option<Tensor<2>>) -> Posterior {
        let hidden = relu(self.bn.forward_training(self.linear.forward(input)));
        self.heads(masked(hidden, dropout))
    }

    /// After training: running averages, no dropout.
    pub fn forward(&self, input: Tensor<2>) -> Posterior {
        self.heads(relu(self.bn.forward(self.linear.forward(input))))
    }

    fn heads(&self, hidden: Tensor<2>) -> Posterior {
        let mean = self.mean.forward(hidden.clone());
        let var = self.var.forward(hidden.clone()).exp() + VARIANCE_FLOOR;
        Posterior { hidden, mean, var }
    }
}

/// What two encoders of one shape say of the same cells in a training step, each with its dropout mask.
pub(crate) fn encode_training(
    encoders: [&mut CountEncoder; 2],
    cells: &Cells,
    dropout: [Option<Tensor<2>>; 2],
) -> [Posterior; 2] {
    let [z, s] = encoders;
    let [mask_z, mask_s] = dropout;
    let input = z.input(cells);
    [z.forward_training(input.clone(), mask_z), s.forward_training(input, mask_s)]
}

/// The same after training.
pub(crate) fn encode(encoders: [&CountEncoder; 2], cells: &Cells) -> [Posterior; 2] {
    let input = encoders[0].input(cells);
    encoders.map(|encoder| encoder.forward(input.clone()))
}
