//! The plain variational autoencoder: one latent space, no labels, no batch.
//!
//! ```text
//! loss = mean over images of NLL + w KL
//! ```

use burn::module::{Module, Param};
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::by_hand::{ByHand, Convolutions, OnTape};
use super::{Decoder, Encoder, NetConfig, Posterior};
use crate::nn::loss::gaussian_nll;
use crate::tensor::{Backend, Device, Tensor, cpu};
use crate::train::NamedGradients;

/// The network.
#[derive(Module, Debug)]
pub struct Vae<B: Burn = Backend> {
    encoder: Encoder<B>,
    decoder: Decoder<B>,
    log_scale: Param<burn::Tensor<B, 1>>,
}

/// What one pass over a batch gives.
#[derive(Clone, Debug)]
pub struct VaePass {
    /// The posterior of each image.
    pub posterior: Posterior,
    /// Its sample, `n x latent`.
    pub latent: Tensor<2>,
    /// The images that the decoder makes of it, `n x c x side x side`.
    pub reconstruction: Tensor<4>,
    /// Negative log likelihood of each image.
    pub nll: Tensor<1>,
    /// Divergence of each posterior from a standard normal prior.
    pub kl: Tensor<1>,
}

impl Vae {
    /// A network of `latent` dimensions; 64 in the paper.
    pub fn new(config: &NetConfig, latent: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        Self {
            encoder: Encoder::new(config, latent, rng, device),
            decoder: Decoder::new(config, latent, rng, device),
            log_scale: Param::from_tensor(Tensor::zeros([1], device)),
        }
    }

    /// The posterior of each image; its mean is the embedding.
    pub fn embed(&self, images: Tensor<4>) -> Posterior {
        self.encoder.forward(images)
    }

    /// Images of codes, `n x latent`.
    pub fn decode(&self, latent: Tensor<2>) -> Tensor<4> {
        self.decoder.forward(latent)
    }

    /// The logarithm of the standard deviation of pixels, one number.
    pub fn log_scale(&self) -> Tensor<1> {
        self.log_scale.val()
    }

    /// Images `n x c x side x side` through both halves, with standard normal noise `n x latent`.
    pub fn pass(&self, images: Tensor<4>, noise: Tensor<2>) -> VaePass {
        self.pass_by(&mut OnTape, images, noise)
    }

    /// The loss of a batch with this weight of the divergence, and its gradients; on a CPU through the convolutions by hand.
    ///
    /// ```
    /// use perturbook::methods::mcvae::{NetConfig, Vae};
    /// use perturbook::nn::normal;
    /// use perturbook::tensor::{Device, cpu};
    /// use perturbook::train::NamedGradients;
    /// use rand::SeedableRng;
    ///
    /// let (mut rng, device) = (rand_chacha::ChaCha8Rng::seed_from_u64(0), Device::autodiff(cpu()));
    /// let net = Vae::new(&NetConfig { side: 8, channels: 2, base: 2 }, 3, &mut rng, &device);
    /// let (images, noise) = (normal([4, 2, 8, 8], 0.5, &mut rng, &device), normal([4, 3], 1.0, &mut rng, &device));
    /// let (loss, gradients) = net.gradients(images.clone(), noise.clone(), 0.5);
    /// let expected = net.pass(images, noise).loss(0.5);
    /// assert!((loss - expected.clone()).abs().into_scalar() < 1e-3);
    /// let expected = NamedGradients::of(&net, &expected.backward());
    /// assert!(gradients.plus(expected.clone().times(-1.0)).norm() < 1e-4 * expected.norm());
    /// ```
    pub fn gradients(&self, images: Tensor<4>, noise: Tensor<2>, weight: f64) -> (Tensor<1>, NamedGradients) {
        if images.device() != cpu() {
            let loss = self.pass(images, noise).loss(weight);
            let gradients = NamedGradients::of(self, &loss.backward());
            return (loss, gradients);
        }
        let mut by = ByHand::default();
        let pass = self.pass_by(&mut by, images, noise);
        let gradients = by.gradients(self, pass.nll.clone().mean(), pass.kl.clone().mean() * weight);
        (pass.loss(weight).detach(), gradients)
    }

    pub(super) fn pass_by(&self, by: &mut impl Convolutions, images: Tensor<4>, noise: Tensor<2>) -> VaePass {
        let posterior = self.encoder.posterior(by.encode("encoder", &self.encoder, images.clone()));
        let latent = posterior.sample(noise);
        let grown = by.decode(&self.decoder, self.decoder.start(latent.clone()));
        let reconstruction = self.decoder.squashed(grown);
        let nll = gaussian_nll(images, reconstruction.clone(), self.log_scale.val());
        let kl = posterior.divergence(None);
        VaePass { posterior, latent, reconstruction, nll, kl }
    }
}

impl VaePass {
    /// The loss with this weight of the divergence.
    pub fn loss(&self, weight: f64) -> Tensor<1> {
        (self.nll.clone() + self.kl.clone() * weight).mean()
    }
}
