//! The network of scVI: one encoder, one decoder.

use burn::module::Param;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::nn::counts::{Cells, CountDecoder, CountEncoder, Decoded, Likelihood, Posterior, expect_shape};
use crate::nn::{dropout_mask, normal};
use crate::tensor::{Backend, Device, Tensor};

/// The sizes of the network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScViConfig {
    /// Genes.
    pub genes: usize,
    /// Width of the hidden layers.
    pub hidden: usize,
    /// Dimensions of the latent space.
    pub latent: usize,
    /// Batches of the covariate that the decoder reads; 0 for none.
    pub batches: usize,
    /// The distribution of counts.
    pub likelihood: Likelihood,
    /// The share of hidden units that a training step leaves out of the encoder.
    pub dropout: f64,
}

impl ScViConfig {
    /// 128 hidden units, 10 latent dimensions, no batches, negative binomial counts, dropout 0.1.
    pub fn new(genes: usize) -> Self {
        Self { genes, hidden: 128, latent: 10, batches: 0, likelihood: Likelihood::default(), dropout: 0.1 }
    }
}

/// The network.
#[derive(burn::module::Module, Debug)]
pub struct ScVi<B: Burn = Backend> {
    /// `q(z | x)`.
    pub encoder: CountEncoder<B>,
    /// `f(z)`.
    pub decoder: CountDecoder<B>,
    /// Logarithms of the genes' inverse dispersions.
    pub px_r: Param<burn::Tensor<B, 1>>,
    genes: usize,
    batches: usize,
    latent: usize,
}

/// The random numbers of a step.
#[derive(Clone, Debug)]
pub struct ScViDraws {
    /// Standard normal, `n x latent`.
    pub z: Tensor<2>,
    /// A dropout mask of the encoder's hidden layer, `n x hidden`.
    pub dropout: Option<Tensor<2>>,
}

impl ScViDraws {
    /// Draws for `n` cells.
    pub fn new(config: &ScViConfig, n: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let z = normal([n, config.latent], 1.0, rng, device);
        let dropout = (config.dropout > 0.0).then(|| dropout_mask([n, config.hidden], config.dropout, rng, device));
        Self { z, dropout }
    }
}

/// What a step computes.
#[derive(Clone, Debug)]
pub struct ScViOutput {
    /// The cells it was given.
    pub cells: Cells,
    /// `q(z | x)`.
    pub posterior: Posterior,
    /// Its draw, `n x latent`.
    pub z: Tensor<2>,
    /// What the decoder expects of `z`.
    pub decoded: Decoded,
}

impl ScViOutput {
    /// Everything behind the encoder.
    fn of(cells: &Cells, draws: &ScViDraws, posterior: Posterior, decode: impl FnOnce(Tensor<2>) -> Decoded) -> Self {
        let z = posterior.sample(draws.z.clone());
        let decoded = decode(z.clone());
        Self { cells: cells.clone(), posterior, z, decoded }
    }
}

impl ScVi {
    /// A network with first numbers as in the reference code: layers uniform in `+-1/sqrt(inputs)`, `px_r` standard normal.
    ///
    /// ```
    /// use perturbook::methods::sc_vi::{ScVi, ScViConfig, ScViDraws};
    /// use perturbook::nn::counts::Cells;
    /// use perturbook::tensor::{Device, Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let (config, device) = (ScViConfig::new(20), Device::autodiff(cpu()));
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let mut network = ScVi::new(&config, &mut rng, &device);
    /// let cells = Cells::new(Tensor::ones([8, 20], &device));
    /// let output = network.forward_training(&cells, &ScViDraws::new(&config, 8, &mut rng, &device))?;
    /// let loss = network.loss(&output, 1.0);
    /// assert_eq!(loss.recon.dims(), [8]);
    /// assert!(loss.total.into_scalar() > 0.0);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn new(config: &ScViConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let ScViConfig { genes, hidden, latent, batches, likelihood, .. } = *config;
        Self {
            encoder: CountEncoder::new(genes, 0, hidden, latent, rng, device),
            decoder: CountDecoder::new(latent, batches, hidden, genes, likelihood, rng, device),
            px_r: Param::from_tensor(normal([genes], 1.0, rng, device)),
            genes,
            batches,
            latent,
        }
    }

    /// A training step's forward pass: batch statistics, which move the running averages, and dropout.
    ///
    /// # Errors
    /// When cells or draws do not have the network's sizes.
    pub fn forward_training(&mut self, cells: &Cells, draws: &ScViDraws) -> Result<ScViOutput> {
        self.expect(cells, draws)?;
        let posterior = self.encoder.forward_training(self.encoder.input(cells), draws.dropout.clone());
        Ok(ScViOutput::of(cells, draws, posterior, |z| self.decoder.forward_training(z, cells)))
    }

    /// The same after training: running averages, no dropout.
    ///
    /// # Errors
    /// As [`ScVi::forward_training`].
    pub fn forward(&self, cells: &Cells, draws: &ScViDraws) -> Result<ScViOutput> {
        self.expect(cells, draws)?;
        let posterior = self.encoder.forward(self.encoder.input(cells));
        Ok(ScViOutput::of(cells, draws, posterior, |z| self.decoder.forward(z, cells)))
    }

    /// The embedding of cells, their posterior means after training, `n x latent`.
    ///
    /// # Errors
    /// When the cells have another number of genes.
    pub fn embed(&self, cells: &Cells) -> Result<Tensor<2>> {
        expect_shape("counts", &cells.counts, [cells.len(), self.genes])?;
        Ok(self.encoder.forward(self.encoder.input(cells)).mean)
    }

    fn expect(&self, cells: &Cells, draws: &ScViDraws) -> Result<()> {
        cells.expect(self.genes, self.batches)?;
        expect_shape("draws of z", &draws.z, [cells.len(), self.latent])
    }
}
