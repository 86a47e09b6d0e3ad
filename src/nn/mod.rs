//! The pieces of which the methods' networks consist, and the terms of their losses.
//!
//! Every layer keeps its numbers in the layout and under the names in which checkpoints are published (`weight`, `bias`,
//! `running_mean`; linear `out x in`, convolution `out x in x k x k`, transposed convolution `in x out x k x k`), so that
//! [`State`] reads and writes them as they are. Layers are burn modules: `burn::module::Module` visits, counts and maps
//! their parameters.
//!
//! A network in which layers behave differently while they learn has two functions, `forward_training(&mut self, ...)` and
//! `forward(&self, ...)`; nothing depends on a hidden mode. Random numbers that a network needs are arguments.

mod adain;
mod batch_norm;
mod columns;
mod conv;
mod conv_products;
mod conv_stack;
pub mod counts;
pub mod dino_head;
mod dropout;
mod dual;
mod gelu;
pub(crate) mod hand;
mod init;
mod instance_norm;
mod l2_normalise;
mod layer_norm;
mod leaky;
mod lgamma;
mod linear;
pub mod loss;
pub(crate) mod planes;
mod resample;
mod residual;
mod rows;
mod state;
mod table;
mod top_q;
pub mod vit;

pub use adain::{AdaIn, AdaInBlock};
pub use batch_norm::BatchNorm;
pub use conv::{Conv, ConvTranspose};
pub(crate) use conv_stack::{ConvStack, Forward, Layer};
pub use dropout::dropout_mask;
pub use dual::Dual;
pub use gelu::gelu;
pub(crate) use gelu::gelu_in_place;
pub(crate) use init::STARTING_STD;
pub use init::{Init, normal, uniform};
pub use instance_norm::{InstanceNorm, instance_norm};
pub use l2_normalise::l2_normalise;
pub use layer_norm::LayerNorm;
pub use leaky::leaky_relu;
pub use lgamma::{digamma, ln_gamma};
pub use linear::Linear;
pub use resample::{doubled, halved};
pub use residual::ResidualBlock;
pub use state::State;
pub(crate) use state::{Fields, array, flat_tensors, numbers, replaced};
pub use table::Table;
pub use top_q::SoftChoice;
