//! SC-VAE, a supervised contrastive autoencoder of perturbed cells' counts (Tu et al., "A Supervised Contrastive Framework
//! for Learning Disentangled Representations of Cell Perturbation Data").
//!
//! ```text
//! z, s ~ N(0, I),   x_g ~ NB(mean = l f_g(z, s), inverse dispersion exp(r_g)),   y ~ Cat(softmax h(s))
//! perturbed   ln p(x | z, s)  + ln p(y | s)       - KL_z - KL_s
//! control     ln p(x | z, s') + ln p(control | s) - KL_z - KL_s,    s' ~ N(0, I) drawn afresh
//! loss = -mean over cells + lambda n HSIC(z, s)
//! ```
//!
//! Control is one of the classifier's classes. What the controls' own `s` says must not help to decode them, so their
//! counts are decoded with a draw of the prior. HSIC keeps `z` and `s` independent, over all cells of the batch.

#[cfg(feature = "screens")]
mod ablation;
#[cfg(feature = "screens")]
mod balance;
#[cfg(feature = "screens")]
mod calls;
mod loss;
#[cfg(feature = "screens")]
mod model;
mod network;
#[cfg(feature = "screens")]
mod settings;
#[cfg(feature = "screens")]
mod trade_off;

#[cfg(feature = "screens")]
pub use ablation::{Ablation, ablations};
#[cfg(feature = "screens")]
pub use balance::Balance;
#[cfg(feature = "screens")]
pub use calls::{Call, CellCall, CellCalls};
pub use loss::{HsicOf, ScVaeLoss, ScVaeWeights};
#[cfg(feature = "screens")]
pub use model::Model;
pub use network::{ScVae, ScVaeConfig, ScVaeDraws, ScVaeOutput};
#[cfg(feature = "screens")]
pub use settings::{ControlSalient, HsicWeight, Settings};
#[cfg(feature = "screens")]
pub use trade_off::{TradeOff, TradeOffPoint, trade_off};
