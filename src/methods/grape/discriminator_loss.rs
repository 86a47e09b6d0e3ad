//! The loss of the discriminator, non-saturating, with the R1 penalty on real images (section 3.3 of the specification).
//!
//! ```text
//! real    softplus(-D_y(x))                        x a real image of class y
//! fake    softplus(D_z(G(x, F(M_z))))              made without gradient, z another class
//! r1      |dD_y(x)/dx|^2 / 2                       summed over channels and pixels
//! total   mean of  real + fake + gamma r1
//! ```
//!
//! The gradient of r1 for the weights needs a derivative of a derivative. With `v = dD_y(x)/dx` held constant, `D_y`
//! changes by `J v = |v|^2` for a change `v` of the image, and `J v` is an ordinary function of the weights:
//! `d(|J|^2 / 2) = dJ J = d(J v)`. So r1 is computed as `J v - |v|^2 / 2`, with the second term held constant: its value
//! and its gradient are those of r1, exactly.

use burn::module::Module;
use burn::tensor::Int;
use burn::tensor::activation::log_sigmoid;
use burn::tensor::backend::Backend as Burn;

use super::{Batch, Discriminator, LossConfig, Translator, of_class};
use crate::tensor::{Backend, Tensor};
use crate::{Error, Result};

/// The terms of the discriminator's loss, one number for each image.
#[derive(Clone, Debug)]
pub struct DiscriminatorLoss {
    /// Logit of each real image for its class.
    pub real_logit: Tensor<1>,
    /// Logit of each translated image for its target.
    pub fake_logit: Tensor<1>,
    /// That real images are real.
    pub real: Tensor<1>,
    /// That translated ones are not.
    pub fake: Tensor<1>,
    /// Half the squared length of the image gradient; 0 where its weight is 0.
    pub r1: Tensor<1>,
}

impl DiscriminatorLoss {
    /// The mean over images of all terms, weighted.
    pub fn total(&self, config: &LossConfig) -> Tensor<1> {
        (self.real.clone() + self.fake.clone() + self.r1.clone() * config.r1).mean()
    }
}

/// The terms for a batch; only the discriminator gets gradients.
///
/// # Errors
/// When the images' device does not record gradients and r1 has a weight.
pub fn discriminator_loss(
    discriminator: &Discriminator,
    translator: &Translator,
    batch: &Batch,
    config: &LossConfig,
) -> Result<DiscriminatorLoss> {
    let frozen = translator.clone().no_grad();
    let fake = frozen.generator.forward(batch.images.clone(), frozen.style(batch.targets.clone()));
    let fake_logit = of_class(discriminator.forward(fake), batch.targets.clone());
    let (real_logit, r1) = if config.r1 == 0.0 {
        let logit = of_class(discriminator.forward(batch.images.clone()), batch.labels.clone());
        let none = logit.zeros_like();
        (logit, none)
    } else {
        logit_and_r1(discriminator, batch)?
    };
    let real = -log_sigmoid(real_logit.clone());
    let fake = -log_sigmoid(-fake_logit.clone());
    Ok(DiscriminatorLoss { real_logit, fake_logit, real, fake, r1 })
}

fn logit_and_r1(discriminator: &Discriminator, batch: &Batch) -> Result<(Tensor<1>, Tensor<1>)> {
    let Batch { images, labels, .. } = batch;
    let v = image_gradient(discriminator, images.clone(), labels.clone())?;
    let (logits, changes) = discriminator.tangent(images.clone(), v);
    let change = of_class(changes, labels.clone());
    let half = change.clone().detach() * 0.5;
    Ok((of_class(logits, labels.clone()), change - half))
}

/// How each pixel moves the logit of the image's class, `n x channels x side x side`; a constant for gradients.
///
/// # Errors
/// When the images' device does not record gradients.
pub fn image_gradient(
    discriminator: &Discriminator,
    images: Tensor<4>,
    labels: burn::Tensor<Backend, 1, Int>,
) -> Result<Tensor<4>> {
    let unrecorded = || {
        Error::new("the gradient of images needs a device that records gradients")
            .fix("put images and networks on `Device::autodiff(device)`")
    };
    if !Backend::ad_enabled(&images.device()) {
        return Err(unrecorded());
    }
    let images = images.detach().require_grad();
    let logits = discriminator.clone().no_grad().forward(images.clone());
    let gradients = of_class(logits, labels).sum().backward();
    images.grad(&gradients).map(Tensor::from_inner).ok_or_else(unrecorded)
}
