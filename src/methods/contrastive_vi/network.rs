//! The network of ContrastiveVI: an encoder for each latent space, one decoder.

use burn::module::Param;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::nn::counts::{
    Cells, CountDecoder, CountEncoder, Decoded, Likelihood, Posterior, encode, encode_training, expect_shape,
};
use crate::nn::{dropout_mask, normal};
use crate::tensor::{Backend, Device, Tensor, cat};
use crate::{Error, Result};

/// The sizes of the network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContrastiveViConfig {
    /// Genes.
    pub genes: usize,
    /// Width of the hidden layers.
    pub hidden: usize,
    /// Dimensions of the background space `z`.
    pub background: usize,
    /// Dimensions of the salient space `s`.
    pub salient: usize,
    /// Batches of the covariate that encoders and decoder read; 0 for none.
    pub batches: usize,
    /// The distribution of counts.
    pub likelihood: Likelihood,
    /// The share of hidden units that a training step leaves out of the encoders.
    pub dropout: f64,
}

impl ContrastiveViConfig {
    /// 128 hidden units, 10 + 10 latent dimensions, no batches, negative binomial counts, dropout 0.1.
    pub fn new(genes: usize) -> Self {
        let likelihood = Likelihood::default();
        Self { genes, hidden: 128, background: 10, salient: 10, batches: 0, likelihood, dropout: 0.1 }
    }
}

/// The network.
#[derive(burn::module::Module, Debug)]
pub struct ContrastiveVi<B: Burn = Backend> {
    /// `q(z | x)`.
    pub encoder_z: CountEncoder<B>,
    /// `q(s | x)`.
    pub encoder_s: CountEncoder<B>,
    /// `f(z, s)`.
    pub decoder: CountDecoder<B>,
    /// Logarithms of the genes' inverse dispersions.
    pub px_r: Param<burn::Tensor<B, 1>>,
    genes: usize,
    batches: usize,
    background: usize,
    salient: usize,
}

/// The random numbers of a step with `n` pairs; rows of control cells come first.
#[derive(Clone, Debug)]
pub struct ContrastiveViDraws {
    /// Standard normal, `2 n x background`.
    pub z: Tensor<2>,
    /// Standard normal, `2 n x salient`; those of controls have no effect.
    pub s: Tensor<2>,
    /// Dropout masks of the hidden layers of both encoders, `2 n x hidden`.
    pub dropout: Option<[Tensor<2>; 2]>,
}

impl ContrastiveViDraws {
    /// Draws for `n` pairs.
    pub fn new(config: &ContrastiveViConfig, n: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let [z, s] = [config.background, config.salient].map(|width| normal([2 * n, width], 1.0, rng, device));
        let mut mask = |_| dropout_mask([2 * n, config.hidden], config.dropout, rng, device);
        Self { z, s, dropout: (config.dropout > 0.0).then(|| [0, 1].map(&mut mask)) }
    }
}

/// What a step with `n` pairs computes; rows of control cells come first.
#[derive(Clone, Debug)]
pub struct ContrastiveViOutput {
    /// Control cells and then perturbed ones, `2 n`.
    pub cells: Cells,
    /// `q(z | x)`.
    pub z: Posterior,
    /// `q(s | x)`.
    pub s: Posterior,
    /// The draw of `z`, `2 n x background`.
    pub z_sample: Tensor<2>,
    /// What the decoder was given for `s`: 0 for controls, the draw for others, `2 n x salient`.
    pub s_decoder: Tensor<2>,
    /// What the decoder expects.
    pub decoded: Decoded,
}

impl ContrastiveViOutput {
    /// Everything behind the encoders.
    fn of(
        cells: Cells,
        draws: &ContrastiveViDraws,
        [z, s]: [Posterior; 2],
        decode: impl FnOnce(Tensor<2>, &Cells) -> Decoded,
    ) -> Self {
        let (z_sample, s_decoder) = (z.sample(draws.z.clone()), without_controls(s.sample(draws.s.clone())));
        let decoded = decode(cat(vec![z_sample.clone(), s_decoder.clone()], 1), &cells);
        Self { cells, z, s, z_sample, s_decoder, decoded }
    }
}

impl ContrastiveVi {
    /// A network with first numbers as in the reference code: layers uniform in `+-1/sqrt(inputs)`, `px_r` standard normal.
    ///
    /// ```
    /// use perturbook::methods::contrastive_vi::{
    ///     ContrastiveVi, ContrastiveViConfig, ContrastiveViDraws, ContrastiveViWeights,
    /// };
    /// use perturbook::nn::counts::Cells;
    /// use perturbook::tensor::{Device, Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let (config, device) = (ContrastiveViConfig::new(20), Device::autodiff(cpu()));
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let mut network = ContrastiveVi::new(&config, &mut rng, &device);
    /// let [control, perturbed] = [1.0, 2.0].map(|v| Cells::new(Tensor::full([8, 20], v, &device)));
    /// let draws = ContrastiveViDraws::new(&config, 8, &mut rng, &device);
    /// let output = network.forward_training(&control, &perturbed, &draws)?;
    /// let loss = network.loss(&output, &ContrastiveViWeights::default());
    /// assert_eq!(loss.wasserstein_background.dims(), [8]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn new(config: &ContrastiveViConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let ContrastiveViConfig { genes, hidden, background, salient, batches, likelihood, .. } = *config;
        Self {
            encoder_z: CountEncoder::new(genes, batches, hidden, background, rng, device),
            encoder_s: CountEncoder::new(genes, batches, hidden, salient, rng, device),
            decoder: CountDecoder::new(background + salient, batches, hidden, genes, likelihood, rng, device),
            px_r: Param::from_tensor(normal([genes], 1.0, rng, device)),
            genes,
            batches,
            background,
            salient,
        }
    }

    /// A training step's forward pass with as many control cells as perturbed ones: batch statistics over all of them,
    /// which move the running averages, and dropout.
    ///
    /// # Errors
    /// When there are more of one kind, or cells or draws do not have the network's sizes.
    pub fn forward_training(
        &mut self,
        control: &Cells,
        perturbed: &Cells,
        draws: &ContrastiveViDraws,
    ) -> Result<ContrastiveViOutput> {
        let cells = self.together(control, perturbed, draws)?;
        let masks = draws.dropout.clone().map_or([None, None], |masks| masks.map(Some));
        let Self { encoder_z, encoder_s, decoder, .. } = self;
        let posteriors = encode_training([encoder_z, encoder_s], &cells, masks);
        Ok(ContrastiveViOutput::of(cells, draws, posteriors, |code, cells| decoder.forward_training(code, cells)))
    }

    /// The same after training: running averages, no dropout.
    ///
    /// # Errors
    /// As [`ContrastiveVi::forward_training`].
    pub fn forward(
        &self,
        control: &Cells,
        perturbed: &Cells,
        draws: &ContrastiveViDraws,
    ) -> Result<ContrastiveViOutput> {
        let cells = self.together(control, perturbed, draws)?;
        let posteriors = encode([&self.encoder_z, &self.encoder_s], &cells);
        Ok(ContrastiveViOutput::of(cells, draws, posteriors, |code, cells| self.decoder.forward(code, cells)))
    }

    /// The embeddings of cells, their posterior means after training: `n x background` and `n x salient`.
    ///
    /// # Errors
    /// When the cells do not have the network's sizes.
    pub fn embed(&self, cells: &Cells) -> Result<[Tensor<2>; 2]> {
        cells.expect(self.genes, self.batches)?;
        Ok(encode([&self.encoder_z, &self.encoder_s], cells).map(|posterior| posterior.mean))
    }

    fn together(&self, control: &Cells, perturbed: &Cells, draws: &ContrastiveViDraws) -> Result<Cells> {
        let (n, others) = (control.len(), perturbed.len());
        if n != others {
            return Err(Error::new(format!("{n} control cells and {others} perturbed ones make no pairs"))
                .fix("give a step as many of both"));
        }
        control.expect(self.genes, self.batches)?;
        perturbed.expect(self.genes, self.batches)?;
        expect_shape("draws of z", &draws.z, [2 * n, self.background])?;
        expect_shape("draws of s", &draws.s, [2 * n, self.salient])?;
        Ok(control.and(perturbed))
    }
}

/// The salient codes of control cells, the first half of the rows, become 0.
fn without_controls(s: Tensor<2>) -> Tensor<2> {
    let [rows, width] = s.dims();
    cat(vec![Tensor::zeros([rows / 2, width], &s.device()), s.slice([rows / 2..rows, 0..width])], 0)
}
