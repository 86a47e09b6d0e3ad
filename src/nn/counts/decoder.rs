//! From latent space to the expected count of each gene.

use burn::tensor::activation::{relu, softmax};
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::{Cells, Likelihood, batch_norm};
use crate::nn::{BatchNorm, Init, Linear};
use crate::tensor::{Backend, Device, Tensor, cat};

/// A decoder of counts with one hidden layer.
#[derive(burn::module::Module, Debug)]
pub struct CountDecoder<B: Burn = Backend> {
    /// Latent dimensions, and the batch if it is read, to the hidden layer.
    pub linear: Linear<B>,
    /// Its batch normalisation.
    pub bn: BatchNorm<B>,
    /// To the genes, before the softmax.
    pub scale: Linear<B>,
    /// To the logit of an additional zero of each gene, where the likelihood has such zeros.
    pub dropout_logit: Option<Linear<B>>,
}

/// What a decoder expects of each cell.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The hidden layer behind ReLU, `n x hidden`.
    pub hidden: Tensor<2>,
    /// The share of each gene in the cell's counts, `n x genes`; rows sum to 1.
    pub scale: Tensor<2>,
    /// The mean of each count, `n x genes`.
    pub rate: Tensor<2>,
    /// The logit of an additional zero, `n x genes`.
    pub dropout_logit: Option<Tensor<2>>,
}

impl CountDecoder {
    /// From `latent` dimensions and `batches` columns of a batch covariate (0 if it is not read) to `genes`.
    ///
    /// ```
    /// use perturbook::nn::counts::{Cells, CountDecoder, Likelihood};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let decoder = CountDecoder::new(4, 0, 16, 50, Likelihood::NegativeBinomial, &mut rng, &cpu());
    /// let cells = Cells::new(Tensor::ones([3, 50], &cpu()));
    /// let rate = decoder.forward(Tensor::zeros([3, 4], &cpu()), &cells).rate;
    /// assert!((rate.sum().into_scalar() - 150.0).abs() < 1e-3); // as many counts as there are
    /// ```
    pub fn new(
        latent: usize,
        batches: usize,
        hidden: usize,
        genes: usize,
        likelihood: Likelihood,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Self {
        let mut linear = |from, to| Linear::new(from, to, Init::Uniform, rng, device);
        Self {
            linear: linear(latent + batches, hidden),
            scale: linear(hidden, genes),
            dropout_logit: (likelihood == Likelihood::ZeroInflated).then(|| linear(hidden, genes)),
            bn: batch_norm(hidden, device),
        }
    }

    /// A training step, with batch statistics: `latent` is `n x latent`, the cells give their sizes and batches.
    pub fn forward_training(&mut self, latent: Tensor<2>, cells: &Cells) -> Decoded {
        let hidden = self.linear.forward(self.input(latent, cells));
        let hidden = relu(self.bn.forward_training(hidden));
        self.heads(hidden, cells)
    }

    /// After training, by running averages.
    pub fn forward(&self, latent: Tensor<2>, cells: &Cells) -> Decoded {
        let hidden = self.linear.forward(self.input(latent, cells));
        self.heads(relu(self.bn.forward(hidden)), cells)
    }

    fn input(&self, latent: Tensor<2>, cells: &Cells) -> Tensor<2> {
        match &cells.batch {
            Some(batch) if self.linear.weight.dims()[1] > latent.dims()[1] => cat(vec![latent, batch.clone()], 1),
            _ => latent,
        }
    }

    fn heads(&self, hidden: Tensor<2>, cells: &Cells) -> Decoded {
        let scale = softmax(self.scale.forward(hidden.clone()), 1);
        let rate = scale.clone() * cells.library();
        let dropout_logit = self.dropout_logit.as_ref().map(|head| head.forward(hidden.clone()));
        Decoded { hidden, scale, rate, dropout_logit }
    }
}
