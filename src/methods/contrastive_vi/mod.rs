//! ContrastiveVI (Weinberger et al. 2023): what perturbed cells have and controls lack gets a latent space of its own.
//!
//! ```text
//! z, s ~ N(0, I),   x_g ~ NB(mean = l f_g(z, s), inverse dispersion exp(r_g)),   s = 0 for control cells
//! loss = mean over pairs of a control cell b and a perturbed cell t of
//!        -ln p(b) - ln p(t) + w [KL_z(b) + KL_z(t) + KL_s(t) + v W(b)]
//! ```
//!
//! `W(b)` is the squared 2-Wasserstein distance of the control's salient posterior from 0. Its weight `v` is 0 in the
//! reference code's default. Control and perturbed cells go through the network together, so that batch normalisation
//! sees both.

mod loss;
#[cfg(feature = "screens")]
mod model;
mod network;
#[cfg(feature = "screens")]
mod settings;

pub use loss::{ContrastiveViLoss, ContrastiveViWeights};
#[cfg(feature = "screens")]
pub use model::Model;
pub use network::{ContrastiveVi, ContrastiveViConfig, ContrastiveViDraws, ContrastiveViOutput};
#[cfg(feature = "screens")]
pub use settings::Settings;
