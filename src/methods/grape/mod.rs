//! GRAPE: gene-level representation learning by style transfer.
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
//!
//! | part | |
//! |---|---|
//! | [`Model`], [`Settings`] | the whole method: fit to a screen, vectors of perturbations, styles of cells, save, load |
//! | [`StyleTransfer`] | one cell under many perturbations, many cells under one |
//! | [`Stability`] | how far the vectors depend on when training is ended |
//! | [`Monitor`] | warns when the discriminator knows all, or all styles are the same |
//! | [`complex_panel`] | which genes to train on, in place of the paper's unusable list |
//! | [`Trainer`] | GRAPE in the training loop, with the running average of the weights |

mod attention;
mod batch;
mod by_hand;
#[cfg(feature = "screens")]
mod classes;
mod config;
#[cfg(feature = "screens")]
mod copies;
mod discriminator;
mod discriminator_loss;
mod generator;
mod generator_loss;
#[cfg(feature = "screens")]
mod loader;
mod loss_config;
mod mapping;
#[cfg(feature = "screens")]
mod model;
#[cfg(feature = "screens")]
mod monitor;
#[cfg(feature = "screens")]
mod panel;
#[cfg(feature = "screens")]
mod reading;
#[cfg(feature = "screens")]
mod samples;
#[cfg(feature = "screens")]
mod settings;
#[cfg(feature = "screens")]
mod sizes;
#[cfg(feature = "screens")]
mod stability;
mod style_encoder;
#[cfg(feature = "screens")]
mod trainer;
mod training;
#[cfg(feature = "screens")]
mod training_run;
#[cfg(feature = "screens")]
mod transfer;
mod translator;
mod trunk;

pub use attention::GeneAttention;
pub use batch::{Batch, draw_targets};
#[cfg(feature = "screens")]
pub use classes::Classes;
pub use config::NetworkConfig;
pub use discriminator::{Discriminator, of_class};
pub use discriminator_loss::{DiscriminatorLoss, discriminator_loss, image_gradient};
pub use generator::Generator;
pub use generator_loss::{GeneratorLoss, generator_loss};
#[cfg(feature = "screens")]
pub use loader::Images;
pub use loss_config::LossConfig;
pub use mapping::Mapping;
#[cfg(feature = "screens")]
pub use model::Model;
#[cfg(feature = "screens")]
pub use monitor::Monitor;
#[cfg(feature = "screens")]
pub use panel::{PanelConfig, complex_panel};
#[cfg(feature = "screens")]
pub use settings::{Normalisation, Position, Settings, Weights};
#[cfg(feature = "screens")]
pub use sizes::Sizes;
#[cfg(feature = "screens")]
pub use stability::{Agreement, Stability};
pub use style_encoder::StyleEncoder;
#[cfg(feature = "screens")]
pub use trainer::Trainer;
pub use training::{GrapeTraining, Iteration};
#[cfg(feature = "screens")]
pub use transfer::StyleTransfer;
pub use translator::Translator;

use crate::nn::Init;

/// The method's name.
const NAME: &str = "grape";
/// How all layers start.
const INIT: Init = Init::KaimingIn;
