//! Set-DINO: a network that learns to see the same in sets of cells with the same perturbation, from wells that differ.
//!
//! Two sets of a unit (a gene or a guide) are drawn from two wells. A student sees ten views of them, a global view and
//! four local ones of each set; a teacher, the running average of the student, sees the two global ones. The student
//! learns to say of a view what the teacher says of another: self-distillation (DINO) over sets.
//!
//! ```text
//! images -> Vit -> class token of each cell -> mean over the cells of a set -> DinoHead -> logits
//! loss = mean over pairs (teacher's view q, student's view v != q) of cross-entropy, see set_loss
//! ```
//!
//! What counts afterwards is the teacher's [`features`](SetDino::features) of single cells.
//!
//! | part | |
//! |---|---|
//! | [`Model`], [`Settings`] | the whole method: fit to a screen, embed its cells, save, load |
//! | [`BatchProfiles`] | profiles of perturbations in each batch, and over batches |
//! | [`SetDino`], [`SetPool`] | backbone, aggregation of a set's cells, and head |
//! | [`set_loss`], [`Pairs`], [`moved_centre`] | the loss and the centre of the teacher's logits |
//! | [`SetDinoTraining`], [`Optimisation`] | rates, decay, momentum and temperatures, step by step |
//! | [`Distillation`], [`Trainer`] | student, teacher, centre and optimiser, one step at a time; the same in the training loop |
//! | [`Viewer`] | pairs of sets to augmented, normalised views |
//! | [`views_figure`], [`Attention`] | the views of some cells, and where the class token looks |
//! | [`collapse`], [`Monitor`] | how many directions the features still use |
//! | [`from_published`], [`to_published`] | names of published checkpoints |

mod centre;
mod collapse;
mod learner;
mod loss;
#[cfg(feature = "screens")]
mod model;
mod monitor;
mod names;
mod network;
mod optimisation;
#[cfg(feature = "screens")]
mod pictures;
mod pool;
#[cfg(feature = "screens")]
mod profiles;
#[cfg(feature = "screens")]
mod settings;
#[cfg(feature = "screens")]
mod trainer;
mod training;
#[cfg(feature = "screens")]
mod training_run;
#[cfg(feature = "screens")]
mod views;

pub use centre::moved_centre;
pub use collapse::{Collapse, collapse};
pub use learner::{Distillation, updated_student};
pub use loss::{Pairs, SetLoss, SetLossConfig, set_loss, teacher_probabilities};
#[cfg(feature = "screens")]
pub use model::Model;
pub use monitor::Monitor;
pub use names::{from_published, to_published};
pub use network::SetDino;
pub use optimisation::{Optimisation, TeacherHead};
#[cfg(feature = "screens")]
pub use pictures::{Attention, views_figure};
pub use pool::{Aggregation, Pair, SetPool};
#[cfg(feature = "screens")]
pub use profiles::BatchProfiles;
#[cfg(feature = "screens")]
pub use settings::{Augmentation, Normalisation, Settings, Start, Strategy};
#[cfg(feature = "screens")]
pub use trainer::Trainer;
pub use training::SetDinoTraining;
#[cfg(feature = "screens")]
pub use views::{Viewer, Views};

/// The method's name.
const NAME: &str = "set_dino";
/// Blocks whose class tokens are features (methods 4.8).
const FEATURE_BLOCKS: usize = 4;
