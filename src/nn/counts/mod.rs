//! The pieces that the three variational autoencoders of counts share: scVI (Lopez et al. 2018), ContrastiveVI (Weinberger
//! et al. 2023) and SC-VAE (Tu et al.). All have one hidden layer, 128 wide by default:
//!
//! ```text
//! encoder      ln(1 + x) -> linear -> batch norm -> ReLU -> dropout -> mean | variance = exp(linear) + 1e-4
//! decoder      latent    -> linear -> batch norm -> ReLU            -> share of each gene = softmax(linear)
//!                                                                      rate = counts of the cell * share
//! classifier   latent    -> linear -> batch norm -> ReLU -> dropout -> logits
//! ```
//!
//! A batch covariate is a one-hot row that stands behind the input of a hidden layer. Dropout masks and normal draws are
//! arguments.

mod cells;
mod classifier;
mod decoder;
mod encoder;
mod likelihood;

pub use cells::{Cells, one_hot};
pub use classifier::Classifier;
pub use decoder::{CountDecoder, Decoded};
pub use encoder::{CountEncoder, Posterior};
pub use likelihood::Likelihood;

pub(crate) use cells::expect_shape;
pub(crate) use encoder::{encode, encode_training};
pub(crate) use likelihood::reconstruction;

use crate::nn::BatchNorm;
use crate::tensor::{Device, Tensor};

/// What batch normalisation adds to variances in scvi-tools.
const BATCH_NORM_EPSILON: f64 = 1e-3;
/// How fast its running averages move.
const BATCH_NORM_MOMENTUM: f64 = 0.01;

fn batch_norm(width: usize, device: &Device) -> BatchNorm {
    BatchNorm::new(width, BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM, device)
}

/// `x` with dropout, if there is any.
fn masked(x: Tensor<2>, mask: Option<Tensor<2>>) -> Tensor<2> {
    match mask {
        Some(mask) => x * mask,
        None => x,
    }
}
