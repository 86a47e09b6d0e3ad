//! GRAPE (gene-level representation learning by style transfer): networks and losses.
//!
//! Images of one perturbation are translated into images of another. The style of a perturbation comes from its row in a
//! table that is learned with the networks; these rows are what GRAPE says of genes.
//!
//! | network | from | to |
//! |---|---|---|
//! | [`Mapping`] F | row of the table M | style |
//! | [`Generator`] G | image and style | image |
//! | [`StyleEncoder`] E | image | style |
//! | [`Discriminator`] D | image | for each class, whether it is a real image of it |
//!
//! [`Translator`] holds all but the discriminator; [`GrapeTraining`] makes both learn. Layers start Kaiming normal (fan in),
//! biases at 0, the table standard normal.

mod attention;
mod batch;
mod config;
mod discriminator;
mod discriminator_loss;
mod generator;
mod generator_loss;
mod loss_config;
mod mapping;
mod style_encoder;
mod training;
mod translator;
mod trunk;

pub use attention::GeneAttention;
pub use batch::{Batch, draw_targets};
pub use config::NetworkConfig;
pub use discriminator::{Discriminator, of_class};
pub use discriminator_loss::{DiscriminatorLoss, discriminator_loss, image_gradient};
pub use generator::Generator;
pub use generator_loss::{GeneratorLoss, generator_loss};
pub use loss_config::LossConfig;
pub use mapping::Mapping;
pub use style_encoder::StyleEncoder;
pub use training::{GrapeTraining, Iteration};
pub use translator::Translator;

use crate::nn::Init;

/// How all layers start.
const INIT: Init = Init::KaimingIn;
