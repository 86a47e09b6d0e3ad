//! Methods that learn or correct a map of perturbations.

pub mod contrastive_vi;
pub mod grape;
pub mod impa;
pub mod mcvae;
mod method;
pub mod pixels;
pub mod proximity;
mod saved;
pub mod sc_vae;
pub mod sc_vi;
pub mod set_dino;
mod unit;

pub use method::{Method, Plan};
pub use unit::Unit;
