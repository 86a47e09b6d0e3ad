//! Methods that learn or correct a map of perturbations.

pub mod command;
pub mod contrastive_vi;
#[cfg(feature = "screens")]
pub mod counts;
#[cfg(feature = "screens")]
pub mod engineered;
pub mod grape;
pub mod mcvae;
#[cfg(feature = "screens")]
mod method;
pub mod proximity;
pub mod sc_vae;
pub mod sc_vi;
pub mod set_dino;

#[cfg(feature = "screens")]
pub use method::{Method, Plan};
