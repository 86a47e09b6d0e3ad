//! The image encoder of Multi-ContrastiveVAE: five convolutions and two linear heads.
//!
//! ```text
//! n x c x side x side -> c b b 2b 2b 2b channels, 3 x 3, strides 2 1 2 1 2, GELU after each
//!                     -> flat, 2b (side/8)^2 -> mean and log variance, n x latent
//! ```

use burn::module::Module;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::NetConfig;
use super::by_hand::{size, unrecorded};
use crate::nn::loss::{kl_from_log_variance, wasserstein_to_origin};
use crate::nn::{Conv, ConvStack, Init, Layer, Linear, gelu};
use crate::tensor::{Backend, Device, Tensor, unrecorded_on_cpu};

/// Below this the log variance of a posterior does not count.
const FLOOR: f64 = -20.0;

/// A Gaussian posterior with independent dimensions, both `n x latent`.
#[derive(Clone, Debug)]
pub struct Posterior {
    /// Means: the embedding.
    pub mean: Tensor<2>,
    /// Log variances as the network gives them.
    pub log_variance: Tensor<2>,
}

impl Posterior {
    /// The log variances, at least -20.
    pub fn floored(&self) -> Tensor<2> {
        self.log_variance.clone().clamp_min(FLOOR)
    }

    /// Standard deviations.
    pub fn std(&self) -> Tensor<2> {
        (self.floored() * 0.5).exp()
    }

    /// The posteriors of `n` cells from `start` on.
    pub fn cells(&self, start: usize, n: usize) -> Self {
        let part = |all: &Tensor<2>| all.clone().narrow(0, start, n);
        Self { mean: part(&self.mean), log_variance: part(&self.log_variance) }
    }

    /// Divergence of each posterior from a prior of variance 1 with these means, or with mean 0; `n`, in nats.
    ///
    /// ```
    /// use perturbook::methods::mcvae::Posterior;
    /// use perturbook::tensor::{Tensor, cpu};
    ///
    /// let [mean, log_variance] = [[[1.0, 0.0]], [[0.0, 0.0]]].map(|v| Tensor::from_floats(v, &cpu()));
    /// let posterior = Posterior { mean, log_variance };
    /// assert_eq!(posterior.divergence(None).into_scalar(), 0.5);
    /// assert_eq!(posterior.distance_to_origin().into_scalar(), 3.0);
    /// ```
    pub fn divergence(&self, prior: Option<Tensor<2>>) -> Tensor<1> {
        kl_from_log_variance(self.mean.clone(), self.floored(), prior)
    }

    /// Squared 2-Wasserstein distance of each posterior to a point at 0.
    pub fn distance_to_origin(&self) -> Tensor<1> {
        wasserstein_to_origin(self.mean.clone(), self.floored().exp())
    }

    /// Means plus standard deviations times standard normal noise, `n x latent`.
    pub fn sample(&self, noise: Tensor<2>) -> Tensor<2> {
        self.mean.clone() + self.std() * noise
    }
}

/// The encoder.
#[derive(Module, Debug)]
pub struct Encoder<B: Burn = Backend> {
    conv1: Conv<B>,
    conv2: Conv<B>,
    conv3: Conv<B>,
    conv4: Conv<B>,
    conv5: Conv<B>,
    fc_mu: Linear<B>,
    fc_logvar: Linear<B>,
}

impl Encoder {
    /// With first numbers as the reference code has them: Kaiming normal, biases 0.
    pub fn new(config: &NetConfig, latent: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let b = config.base;
        let mut conv =
            |channels, stride| Conv::new(channels, 3, Init::KaimingOut, rng, device).strided(stride).padded(1);
        let convs = [
            conv([config.channels, b], 2),
            conv([b, b], 1),
            conv([b, 2 * b], 2),
            conv([2 * b, 2 * b], 1),
            conv([2 * b, 2 * b], 2),
        ];
        let [conv1, conv2, conv3, conv4, conv5] = convs;
        let flat = config.flat();
        let mut head = || Linear::new(flat, latent, Init::KaimingIn, rng, device);
        let (fc_mu, fc_logvar) = (head(), head());
        Self { conv1, conv2, conv3, conv4, conv5, fc_mu, fc_logvar }
    }

    /// The images after each convolution.
    pub fn activations(&self, images: Tensor<4>) -> [Tensor<4>; 5] {
        let first = gelu(self.conv1.forward(images));
        let second = gelu(self.conv2.forward(first.clone()));
        let third = gelu(self.conv3.forward(second.clone()));
        let fourth = gelu(self.conv4.forward(third.clone()));
        let fifth = gelu(self.conv5.forward(fourth.clone()));
        [first, second, third, fourth, fifth]
    }

    /// `n x c x side x side` to the posterior.
    pub fn forward(&self, images: Tensor<4>) -> Posterior {
        self.posterior(self.features(images))
    }

    /// The last convolution's images as rows.
    pub(super) fn features(&self, images: Tensor<4>) -> Tensor<2> {
        let last = if unrecorded_on_cpu(&images) {
            unrecorded(self.stack(size(&images)), &images)
        } else {
            let [.., last] = self.activations(images);
            last
        };
        last.flatten(1, 3)
    }

    /// The convolutions, for images of this height and width.
    pub(super) fn stack(&self, size: [usize; 2]) -> ConvStack {
        let convs = [&self.conv1, &self.conv2, &self.conv3, &self.conv4, &self.conv5];
        let names = ["conv1", "conv2", "conv3", "conv4", "conv5"];
        let layers = names.into_iter().zip(convs).map(|(name, conv)| Layer::of(name, conv).then_gelu());
        ConvStack::new(layers.collect(), size)
    }

    /// The posterior of such rows.
    pub(super) fn posterior(&self, flat: Tensor<2>) -> Posterior {
        Posterior { mean: self.fc_mu.forward(flat.clone()), log_variance: self.fc_logvar.forward(flat) }
    }
}
