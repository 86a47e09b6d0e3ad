//! scVI, a variational autoencoder of counts (Lopez et al. 2018): the baseline with one latent space.
//!
//! ```text
//! z ~ N(0, I),   x_g ~ NB(mean = l f_g(z), inverse dispersion exp(r_g)),   l = sum of x
//! loss = mean over cells of -ln p(x | z) + w KL(q(z | x) || N(0, I))
//! ```

mod loss;
#[cfg(feature = "screens")]
mod model;
mod network;
#[cfg(feature = "screens")]
mod settings;

pub use loss::ScViLoss;
#[cfg(feature = "screens")]
pub use model::Model;
pub use network::{ScVi, ScViConfig, ScViDraws, ScViOutput};
#[cfg(feature = "screens")]
pub use settings::Settings;
