//! Multi-ContrastiveVAE (Wang et al. 2023) and the autoencoders it is compared with: networks, losses, and the method
//! [`McVae`].
//!
//! | variant | spaces | priors | Wasserstein term | batch vector |
//! |---|---|---|---|---|
//! | VAE ([`Vae`]) | one, 64 | N(0, I) | no | no |
//! | cVAE | two, 32 each | N(0, I) | yes | yes |
//! | prior-s, prior-z | two | learned for one of them | yes | yes |
//! | mcVAE | two | learned for both | yes | yes |
//!
//! All but the first are [`ContrastiveVae`] with other [`Priors`]; [`Variant`] names them in [`McVaeSettings`].

mod by_hand;
mod contrastive;
#[cfg(feature = "screens")]
mod counterfactual;
mod decoder;
mod encoder;
#[cfg(feature = "screens")]
mod facts;
#[cfg(feature = "screens")]
mod file;
#[cfg(feature = "screens")]
mod intensity;
#[cfg(feature = "screens")]
mod model;
#[cfg(feature = "screens")]
mod net;
#[cfg(feature = "screens")]
mod order;
#[cfg(feature = "screens")]
mod pictures;
#[cfg(feature = "screens")]
mod reconstruction;
#[cfg(feature = "screens")]
mod settings;
#[cfg(feature = "screens")]
mod training;
#[cfg(feature = "screens")]
mod traversal;
mod vae;
mod variant;

pub use contrastive::{ContrastivePass, ContrastiveVae, Pairs};
pub use decoder::Decoder;
pub use encoder::{Encoder, Posterior};
#[cfg(feature = "screens")]
pub use intensity::{Asinh, Intensity, ResizeRule};
#[cfg(feature = "screens")]
pub use model::McVae;
#[cfg(feature = "screens")]
pub use pictures::CellPictures;
use serde::{Deserialize, Serialize};
#[cfg(feature = "screens")]
pub use settings::{Independence, Keep, KlWeight, McVaeSettings};
#[cfg(feature = "screens")]
pub use traversal::{Along, Space, Traversal};
pub use vae::{Vae, VaePass};
pub use variant::Variant;

/// The sizes of encoders and decoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetConfig {
    /// Pixels of a side of an image, at least 8; the reference has multiples of 8.
    pub side: usize,
    /// Channels of an image.
    pub channels: usize,
    /// Channels after the first convolution.
    pub base: usize,
}

impl Default for NetConfig {
    /// 64 pixels, four channels, base 32.
    fn default() -> Self {
        Self { side: 64, channels: 4, base: 32 }
    }
}

impl NetConfig {
    /// Numbers of an image after the last convolution of an encoder.
    fn flat(&self) -> usize {
        2 * self.base * self.last_side().pow(2)
    }

    /// Pixels of its side: three convolutions halve it, and round up.
    fn last_side(&self) -> usize {
        self.side.div_ceil(8)
    }
}

/// The spaces whose priors have learned means, one for each label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Priors {
    /// The background space.
    pub background: bool,
    /// The salient space.
    pub salient: bool,
}

/// What a [`ContrastiveVae`] consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContrastiveConfig {
    /// The sizes of its networks.
    pub net: NetConfig,
    /// Dimensions of each space.
    pub latent: usize,
    /// Dimensions of the vector of a batch; 0: the decoder does not see the batch.
    pub batch_width: usize,
    /// How many batches there are.
    pub batches: usize,
    /// How many labels there are, that of the controls among them.
    pub labels: usize,
    /// The learned priors.
    pub priors: Priors,
}

impl Default for ContrastiveConfig {
    /// The paper's: 32 dimensions each, batch vectors of 32, 34 batches, 5,050 labels, both priors learned.
    fn default() -> Self {
        Self {
            net: NetConfig::default(),
            latent: 32,
            batch_width: 32,
            batches: 34,
            labels: 5_050,
            priors: Priors { background: true, salient: true },
        }
    }
}
