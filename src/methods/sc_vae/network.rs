//! The network of SC-VAE: an encoder for each latent space, one decoder, and a classifier of the salient code.

use burn::module::Param;
use burn::tensor::Int;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::nn::counts::{
    Cells, Classifier, CountDecoder, CountEncoder, Decoded, Likelihood, Posterior, encode, encode_training,
    expect_shape,
};
use crate::nn::{dropout_mask, normal};
use crate::tensor::{Backend, Device, Tensor, cat};
use crate::{Error, Result};

/// The sizes of the network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScVaeConfig {
    /// Genes.
    pub genes: usize,
    /// Perturbations and the control.
    pub classes: usize,
    /// The class of control cells.
    pub control: usize,
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
    /// The share of hidden units that a training step leaves out of encoders and classifier.
    pub dropout: f64,
}

impl ScVaeConfig {
    /// 128 hidden units, 10 + 10 latent dimensions, no batches, negative binomial counts, dropout 0.1.
    pub fn new(genes: usize, classes: usize, control: usize) -> Self {
        let (hidden, background, salient, likelihood) = (128, 10, 10, Likelihood::default());
        Self { genes, classes, control, hidden, background, salient, batches: 0, likelihood, dropout: 0.1 }
    }
}

/// The network.
#[derive(burn::module::Module, Debug)]
pub struct ScVae<B: Burn = Backend> {
    /// `q(z | x)`.
    pub encoder_z: CountEncoder<B>,
    /// `q(s | x)`.
    pub encoder_s: CountEncoder<B>,
    /// `f(z, s)`.
    pub decoder: CountDecoder<B>,
    /// `h(s)`.
    pub classifier: Classifier<B>,
    /// Logarithms of the genes' inverse dispersions.
    pub px_r: Param<burn::Tensor<B, 1>>,
    genes: usize,
    batches: usize,
    background: usize,
    salient: usize,
    control: usize,
}

/// The random numbers of a step with `n` cells.
#[derive(Clone, Debug)]
pub struct ScVaeDraws {
    /// Standard normal, for `z`, `n x background`.
    pub z: Tensor<2>,
    /// Standard normal, for `s`, `n x salient`.
    pub s: Tensor<2>,
    /// Draws of the prior that controls are decoded with, `n x salient`; the rows of other cells have no effect.
    pub prior: Tensor<2>,
    /// Dropout masks of the hidden layers of the encoders of `z` and `s` and of the classifier, `n x hidden`.
    pub dropout: Option<[Tensor<2>; 3]>,
}

impl ScVaeDraws {
    /// Draws for `n` cells.
    pub fn new(config: &ScVaeConfig, n: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let widths = [config.background, config.salient, config.salient];
        let [z, s, prior] = widths.map(|width| normal([n, width], 1.0, rng, device));
        let mut mask = |_| dropout_mask([n, config.hidden], config.dropout, rng, device);
        Self { z, s, prior, dropout: (config.dropout > 0.0).then(|| [0, 1, 2].map(&mut mask)) }
    }
}

/// What a step with `n` cells computes.
#[derive(Clone, Debug)]
pub struct ScVaeOutput {
    /// The cells it was given.
    pub cells: Cells,
    /// Their classes, `n`.
    pub labels: burn::Tensor<Backend, 1, Int>,
    /// `q(z | x)`.
    pub z: Posterior,
    /// `q(s | x)`.
    pub s: Posterior,
    /// The draw of `z`, `n x background`.
    pub z_sample: Tensor<2>,
    /// The draw of `s`, which the classifier reads, `n x salient`.
    pub s_sample: Tensor<2>,
    /// What the decoder reads: a draw of the prior for controls, `s_sample` for others.
    pub s_decoder: Tensor<2>,
    /// What the decoder expects.
    pub decoded: Decoded,
    /// What the classifier says, `n x classes`.
    pub logits: Tensor<2>,
}

impl ScVaeOutput {
    /// Everything behind the encoders: controls are decoded with the prior's draws, others with the encoder's.
    fn of(
        cells: &Cells,
        labels: burn::Tensor<Backend, 1, Int>,
        draws: &ScVaeDraws,
        control: usize,
        [z, s]: [Posterior; 2],
        decode: impl FnOnce(Tensor<2>) -> Decoded,
        classify: impl FnOnce(Tensor<2>) -> Tensor<2>,
    ) -> Self {
        let (z_sample, s_sample) = (z.sample(draws.z.clone()), s.sample(draws.s.clone()));
        let is_control = labels.clone().equal_elem(control as i64).unsqueeze_dim::<2>(1).expand(s_sample.dims());
        let s_decoder = s_sample.clone().mask_where(is_control, draws.prior.clone());
        let decoded = decode(cat(vec![z_sample.clone(), s_decoder.clone()], 1));
        let logits = classify(s_sample.clone());
        Self { cells: cells.clone(), labels, z, s, z_sample, s_sample, s_decoder, decoded, logits }
    }
}

impl ScVae {
    /// A network with first numbers as in the reference code of scVI: layers uniform in `+-1/sqrt(inputs)`, `px_r`
    /// standard normal.
    ///
    /// ```
    /// use perturbook::methods::sc_vae::{ScVae, ScVaeConfig, ScVaeDraws, ScVaeWeights};
    /// use perturbook::nn::counts::Cells;
    /// use perturbook::tensor::{Device, Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let (config, device) = (ScVaeConfig::new(20, 3, 0), Device::autodiff(cpu()));
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let mut network = ScVae::new(&config, &mut rng, &device);
    /// let cells = Cells::new(Tensor::ones([4, 20], &device));
    /// let labels = burn::Tensor::from_ints([0, 1, 2, 0], &device);
    /// let output = network.forward_training(&cells, labels, &ScVaeDraws::new(&config, 4, &mut rng, &device))?;
    /// let loss = network.loss(&output, &ScVaeWeights::default());
    /// assert_eq!(loss.cross_entropy.dims(), [4]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn new(config: &ScVaeConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let ScVaeConfig { genes, classes, control, hidden, background, salient, batches, likelihood, .. } = *config;
        Self {
            encoder_z: CountEncoder::new(genes, batches, hidden, background, rng, device),
            encoder_s: CountEncoder::new(genes, batches, hidden, salient, rng, device),
            decoder: CountDecoder::new(background + salient, batches, hidden, genes, likelihood, rng, device),
            classifier: Classifier::new(salient, hidden, classes, rng, device),
            px_r: Param::from_tensor(normal([genes], 1.0, rng, device)),
            genes,
            batches,
            background,
            salient,
            control,
        }
    }

    /// A training step's forward pass: batch statistics, which move the running averages, and dropout. Labels are classes
    /// from 0, below `classes`, `n`.
    ///
    /// # Errors
    /// When cells, labels or draws do not have the network's sizes.
    pub fn forward_training(
        &mut self,
        cells: &Cells,
        labels: burn::Tensor<Backend, 1, Int>,
        draws: &ScVaeDraws,
    ) -> Result<ScVaeOutput> {
        self.expect(cells, &labels, draws)?;
        let [mask_z, mask_s, mask_y] = draws.dropout.clone().map_or([None, None, None], |masks| masks.map(Some));
        let Self { encoder_z, encoder_s, decoder, classifier, control, .. } = self;
        let posteriors = encode_training([encoder_z, encoder_s], cells, [mask_z, mask_s]);
        let decode = |code| decoder.forward_training(code, cells);
        let classify = |s| classifier.forward_training(s, mask_y);
        Ok(ScVaeOutput::of(cells, labels, draws, *control, posteriors, decode, classify))
    }

    /// The same after training: running averages, no dropout.
    ///
    /// # Errors
    /// As [`ScVae::forward_training`].
    pub fn forward(
        &self,
        cells: &Cells,
        labels: burn::Tensor<Backend, 1, Int>,
        draws: &ScVaeDraws,
    ) -> Result<ScVaeOutput> {
        self.expect(cells, &labels, draws)?;
        let posteriors = encode([&self.encoder_z, &self.encoder_s], cells);
        let decode = |code| self.decoder.forward(code, cells);
        let classify = |s| self.classifier.forward(s);
        Ok(ScVaeOutput::of(cells, labels, draws, self.control, posteriors, decode, classify))
    }

    /// The embeddings of cells, their posterior means after training: `n x background` and `n x salient`.
    ///
    /// # Errors
    /// When the cells do not have the network's sizes.
    pub fn embed(&self, cells: &Cells) -> Result<[Tensor<2>; 2]> {
        cells.expect(self.genes, self.batches)?;
        Ok(encode([&self.encoder_z, &self.encoder_s], cells).map(|posterior| posterior.mean))
    }

    fn expect(&self, cells: &Cells, labels: &burn::Tensor<Backend, 1, Int>, draws: &ScVaeDraws) -> Result<()> {
        let n = cells.len();
        cells.expect(self.genes, self.batches)?;
        if labels.dims() != [n] {
            return Err(Error::new(format!("{n} cells have {} labels", labels.dims()[0])).fix("label every cell"));
        }
        expect_shape("draws of z", &draws.z, [n, self.background])?;
        expect_shape("draws of s", &draws.s, [n, self.salient])?;
        expect_shape("draws of the prior", &draws.prior, [n, self.salient])
    }
}
