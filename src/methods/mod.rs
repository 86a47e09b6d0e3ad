//! Methods that learn or correct a map of perturbations.

pub mod grape;
pub mod mcvae;
pub mod proximity;
pub mod set_dino;
