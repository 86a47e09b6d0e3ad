//! Methods that learn or correct a map of perturbations.

#[cfg(feature = "screens")]
pub mod command;
pub mod contrastive_vi;
#[cfg(feature = "screens")]
pub mod counts;
#[cfg(feature = "screens")]
pub mod engineered;
pub mod grape;
#[cfg(feature = "screens")]
mod held_out;
#[cfg(feature = "screens")]
pub mod impa;
pub mod mcvae;
#[cfg(feature = "screens")]
mod method;
#[cfg(feature = "screens")]
pub mod pixels;
pub mod proximity;
#[cfg(feature = "screens")]
mod saved;
pub mod sc_vae;
pub mod sc_vi;
pub mod set_dino;
#[cfg(feature = "screens")]
mod unit;

#[cfg(feature = "screens")]
pub use held_out::held_out_signals;
#[cfg(feature = "screens")]
pub use method::{Method, Plan};
#[cfg(feature = "screens")]
pub use unit::Unit;
