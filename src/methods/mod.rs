//! Methods that learn or correct a map of perturbations.

pub mod command;
pub mod contrastive_vi;
#[cfg(feature = "screens")]
pub mod counts;
#[cfg(feature = "screens")]
pub mod engineered;
pub mod grape;
pub mod impa;
pub mod mcvae;
#[cfg(feature = "screens")]
mod method;
pub mod pixels;
pub mod proximity;
mod saved;
pub mod sc_vae;
pub mod sc_vi;
pub mod set_dino;
mod unit;

#[cfg(feature = "screens")]
pub use method::{Method, Plan};
pub use unit::Unit;
