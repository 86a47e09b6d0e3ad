//! Methods that learn or correct a map of perturbations.

pub mod grape;
pub mod mcvae;
pub mod proximity;
pub mod set_dino;
pub mod contrastive_vi;
pub mod sc_vae;
pub mod sc_vi;
