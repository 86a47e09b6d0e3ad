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
//! | [`SetDino`] | backbone and head |
//! | [`set_loss`], [`Pairs`], [`moved_centre`] | the loss and the centre of the teacher's logits |
//! | [`SetDinoTraining`] | rates, decay, momentum and temperatures, step by step |
//! | [`Distillation`] | student, teacher, centre and optimiser, one step at a time |
//! | [`collapse`] | how many directions the features still use |

mod centre;
mod collapse;
mod learner;
mod loss;
mod network;
mod training;

pub use centre::moved_centre;
pub use collapse::{Collapse, collapse};
pub use learner::{Distillation, updated_student};
pub use loss::{Pairs, SetLoss, SetLossConfig, set_loss, teacher_probabilities};
pub use network::SetDino;
pub use training::{SetDinoTraining, TeacherHead};
