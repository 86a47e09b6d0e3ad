//! The plain variational autoencoder: one latent space, no labels, no batch.
//!
//! ```text
//! loss = mean over images of NLL + w KL
//! ```

use burn::module::{Module, Param};
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::{Decoder, Encoder, NetConfig, Posterior};
use crate::nn::loss::gaussian_nll;
use crate::tensor::{Backend, Device, Tensor};

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
        let posterior = self.encoder.forward(images.clone());
        let latent = posterior.sample(noise);
        let reconstruction = self.decoder.forward(latent.clone());
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
