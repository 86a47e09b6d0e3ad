//! Multi-ContrastiveVAE and its ablations: background and salient space, with or without learned priors.
//!
//! ```text
//! z, s    posterior samples of two encoders; s of control cells is replaced by 0
//! x'      decoder of [z, s, vector of the batch]
//! loss    mean over pairs of  NLL(b) + NLL(t) + w (KL_z(b) + KL_z(t) + KL_s(t) + lambda_W W_s(b))
//! ```
//!
//! A pair is a control cell (b, background) and a perturbed one (t, target). Priors have variance 1 and the mean that a
//! table holds for the cell's label, or 0 without a table.

use burn::module::{Module, Param};
use burn::tensor::backend::Backend as Burn;
use burn::tensor::{Int, Tensor as BurnTensor};
use rand_chacha::ChaCha8Rng;

use super::by_hand::{Convolutions, OnTape};
use super::{ContrastiveConfig, Decoder, Encoder, Posterior};
use crate::nn::Table;
use crate::nn::loss::gaussian_nll;
use crate::tensor::{Backend, Device, Tensor, cat};

/// The network.
#[derive(Module, Debug)]
pub struct ContrastiveVae<B: Burn = Backend> {
    encoder_z: Encoder<B>,
    encoder_s: Encoder<B>,
    decoder: Decoder<B>,
    batch_embedding: Option<Table<B>>,
    prior_z: Option<Table<B>>,
    prior_s: Option<Table<B>>,
    log_scale: Param<burn::Tensor<B, 1>>,
}

/// Whole numbers, one for each cell.
type Indices = BurnTensor<Backend, 1, Int>;

/// Pairs of cells, as many background cells as targets.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// Images of control cells, `n x c x side x side`.
    pub background: Tensor<4>,
    /// Images of perturbed cells, of the same shape.
    pub target: Tensor<4>,
    /// Row of each control cell in the tables of priors.
    pub background_label: Indices,
    /// Row of each perturbed cell.
    pub target_label: Indices,
    /// Batch of each control cell.
    pub background_batch: Indices,
    /// Batch of each perturbed cell.
    pub target_batch: Indices,
}

/// What one pass over pairs gives; background cells come first where both are in one tensor.
#[derive(Clone, Debug)]
pub struct ContrastivePass {
    /// Posteriors of the background space, `2n x latent`.
    pub z: Posterior,
    /// Posteriors of the salient space, `2n x latent`.
    pub s: Posterior,
    /// What the decoder saw, `2n x (2 latent + batch)`.
    pub decoder_input: Tensor<2>,
    /// What it made of it, `2n x c x side x side`.
    pub reconstruction: Tensor<4>,
    /// Negative log likelihood of each control cell.
    pub nll_background: Tensor<1>,
    /// Negative log likelihood of each perturbed cell.
    pub nll_target: Tensor<1>,
    /// Divergence in the background space of each control cell.
    pub kl_z_background: Tensor<1>,
    /// Divergence in the background space of each perturbed cell.
    pub kl_z_target: Tensor<1>,
    /// Divergence in the salient space of each perturbed cell.
    pub kl_s_target: Tensor<1>,
    /// Distance of each control cell's salient posterior to a point at 0.
    pub wasserstein_background: Tensor<1>,
}

impl ContrastiveVae {
    /// A network with first numbers as the reference code has them.
    pub fn new(config: &ContrastiveConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let latent = config.latent;
        let encoder_z = Encoder::new(&config.net, latent, rng, device);
        let encoder_s = Encoder::new(&config.net, latent, rng, device);
        let decoder = Decoder::new(&config.net, 2 * latent + config.batch_width, rng, device);
        let mut table = |wanted: bool, rows, width| wanted.then(|| Table::new(rows, width, rng, device));
        Self {
            encoder_z,
            encoder_s,
            decoder,
            batch_embedding: table(config.batch_width > 0, config.batches, config.batch_width),
            prior_z: table(config.priors.background, config.labels, latent),
            prior_s: table(config.priors.salient, config.labels, latent),
            log_scale: Param::from_tensor(Tensor::zeros([1], device)),
        }
    }

    /// The posteriors of each image, salient and background.
    pub fn embed(&self, images: Tensor<4>) -> (Posterior, Posterior) {
        self.embed_by(&mut OnTape, images)
    }

    fn embed_by(&self, by: &mut impl Convolutions, images: Tensor<4>) -> (Posterior, Posterior) {
        let s = by.encode("encoder_s", &self.encoder_s, images.clone());
        let z = by.encode("encoder_z", &self.encoder_z, images);
        (self.encoder_s.posterior(s), self.encoder_z.posterior(z))
    }

    /// Images from both latent spaces and the batch of each.
    pub fn decode(&self, z: Tensor<2>, s: Tensor<2>, batch: Indices) -> (Tensor<2>, Tensor<4>) {
        self.decode_by(&mut OnTape, z, s, batch)
    }

    fn decode_by(
        &self,
        by: &mut impl Convolutions,
        z: Tensor<2>,
        s: Tensor<2>,
        batch: Indices,
    ) -> (Tensor<2>, Tensor<4>) {
        let mut parts = vec![z, s];
        parts.extend(self.batch_embedding.as_ref().map(|table| table.rows(batch)));
        let input = cat(parts, 1);
        let grown = by.decode(&self.decoder, self.decoder.start(input.clone()));
        (input, self.decoder.squashed(grown))
    }

    /// The logarithm of the standard deviation of pixels, one number.
    pub fn log_scale(&self) -> Tensor<1> {
        self.log_scale.val()
    }

    /// Divergence in the salient space of cells with these labels.
    pub fn kl_s(&self, posterior: &Posterior, label: Indices) -> Tensor<1> {
        posterior.divergence(self.prior_s.as_ref().map(|table| table.rows(label)))
    }

    /// Pairs through all networks, with standard normal noise for z and s, `2n x latent` each, background first.
    pub fn pass(&self, pairs: &Pairs, noise_z: Tensor<2>, noise_s: Tensor<2>) -> ContrastivePass {
        self.pass_by(&mut OnTape, pairs, noise_z, noise_s)
    }

    pub(super) fn pass_by(
        &self,
        by: &mut impl Convolutions,
        pairs: &Pairs,
        noise_z: Tensor<2>,
        noise_s: Tensor<2>,
    ) -> ContrastivePass {
        let n = pairs.background.dims()[0];
        let images = cat(vec![pairs.background.clone(), pairs.target.clone()], 0);
        let label = Indices::cat(vec![pairs.background_label.clone(), pairs.target_label.clone()], 0);
        let batch = Indices::cat(vec![pairs.background_batch.clone(), pairs.target_batch.clone()], 0);
        let (s, z) = self.embed_by(by, images.clone());
        let salient = s.sample(noise_s).narrow(0, n, n);
        let salient = cat(vec![salient.zeros_like(), salient], 0);
        let (decoder_input, reconstruction) = self.decode_by(by, z.sample(noise_z), salient, batch);
        let nll = gaussian_nll(images, reconstruction.clone(), self.log_scale.val());
        let kl_z = z.divergence(self.prior_z.as_ref().map(|table| table.rows(label)));
        let wasserstein_background = s.cells(0, n).distance_to_origin();
        let kl_s_target = self.kl_s(&s.cells(n, n), pairs.target_label.clone());
        let (nll_background, nll_target) = halves(nll);
        let (kl_z_background, kl_z_target) = halves(kl_z);
        ContrastivePass {
            z,
            s,
            decoder_input,
            reconstruction,
            nll_background,
            nll_target,
            kl_z_background,
            kl_z_target,
            kl_s_target,
            wasserstein_background,
        }
    }
}

impl ContrastivePass {
    /// The loss of each pair with the weights of the divergences and, within them, of the distance.
    pub fn of_pairs(&self, weight: f64, wasserstein: f64) -> Tensor<1> {
        self.nll() + self.divergences(wasserstein) * weight
    }

    /// Minus the log-likelihood of each pair.
    pub(super) fn nll(&self) -> Tensor<1> {
        self.nll_background.clone() + self.nll_target.clone()
    }

    /// The divergences of each pair, and the distance with its weight.
    pub(super) fn divergences(&self, wasserstein: f64) -> Tensor<1> {
        self.kl_z_background.clone()
            + self.kl_z_target.clone()
            + self.kl_s_target.clone()
            + self.wasserstein_background.clone() * wasserstein
    }

    /// Their mean.
    pub fn loss(&self, weight: f64, wasserstein: f64) -> Tensor<1> {
        self.of_pairs(weight, wasserstein).mean()
    }

    /// The embedding of the cells, salient first: `2n x 2 latent`.
    pub fn embedding(&self) -> Tensor<2> {
        cat(vec![self.s.mean.clone(), self.z.mean.clone()], 1)
    }
}

/// Of the control cells and of the perturbed ones.
fn halves(both: Tensor<1>) -> (Tensor<1>, Tensor<1>) {
    let n = both.dims()[0] / 2;
    (both.clone().narrow(0, 0, n), both.narrow(0, n, n))
}
