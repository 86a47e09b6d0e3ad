//! Set-DINO in the training loop: a step of [`Distillation`] on the views of a batch, and what is said of it.
//!
//! | term | |
//! |---|---|
//! | `loss` | the mean over the pairs of views that are compared |
//! | `global`, `local` | its parts with global and with local views of the student |
//! | `teacher entropy` | of what the teacher says, mean over sets, in nats: ln(outputs) where it says nothing, 0 where it always says one thing |
//! | `eigenvalue share`, `log eigenvalue` | of the teacher's features, see [`collapse`](super::collapse()) |
//! | `matched` | in validation only: the share of perturbations whose nearest set in the other batch, by the cosine of the student's set vectors, is their own |

use burn::tensor::activation::log_softmax;
use ndarray::{Array1, Array2, arr1};
use serde_json::json;

use super::{Distillation, Monitor, SetLoss, Settings, Views, set_loss};
use crate::methods::pixels::{both_devices, tensor_matrix};
use crate::nn::State;
use crate::tensor::{Device, Tensor, cat};
use crate::train::{Learner, Step, Terms};
use crate::{Error, Result};

/// All that changes in a run.
#[derive(Clone, Debug)]
pub struct Trainer {
    /// Student, teacher, centre and optimiser.
    pub distillation: Distillation,
    /// What was seen of a collapse.
    pub monitor: Monitor,
    settings: Settings,
    device: Device,
}

impl Trainer {
    /// A run from here; `device` records gradients and is that of the networks.
    pub fn new(distillation: Distillation, settings: &Settings, device: &Device) -> Self {
        let monitor = Monitor::new(settings.monitor_every, settings.collapse_below);
        Self { distillation, monitor, settings: settings.clone(), device: device.clone() }
    }

    /// Looks at the teacher's features of global views.
    fn look(&mut self, globals: &Tensor<4>) -> Result<()> {
        let features = tensor_matrix(self.distillation.teacher.backbone.forward_unrecorded(globals.clone())?)?;
        // What is not finite is the loss's to say, with the step.
        if features.iter().all(|value| value.is_finite())
            && let Some(warning) = self.monitor.look(features.view())?
        {
            eprintln!("perturbook: {warning}");
        }
        Ok(())
    }
}

impl Learner for Trainer {
    type Batch = Views;

    fn learn(&mut self, batch: Views, at: &Step) -> Result<Terms> {
        let [globals, locals] = batch.tensors(&self.device);
        if self.monitor.due(at.done) {
            self.look(&globals)?;
        }
        let images = [globals.dims()[0], locals.dims()[0]];
        let draws = self.distillation.student.draws(images, &mut at.noise());
        let Distillation { centre, training, step, .. } = &self.distillation;
        let (centre, temperature) = (centre.clone(), training.loss(*step).teacher_temperature);
        let (mut said, monitor) = (Terms::default(), &self.monitor);
        self.distillation.step_checked([globals, locals], Some(draws), |loss, teacher| {
            let mut all = terms(loss, teacher, &centre, temperature);
            all.extend([("eigenvalue share", monitor.share()), ("log eigenvalue", monitor.median_log())]);
            said = Terms(all).finite(at)?;
            Ok(())
        })?;
        Ok(said)
    }

    fn judge(&mut self, batch: Views, _: &Step) -> Result<Terms> {
        let Distillation { student, teacher, centre, training, step, .. } = &self.distillation;
        let (cells, views) = (training.cells, batch.tensors(&self.device));
        let said = teacher.forward_unrecorded(views[0].clone(), cells)?.detach();
        let [globals, locals] = views.map(|images| student.backbone.forward_unrecorded(images));
        let globals = globals?;
        let matched = matched(&tensor_matrix(student.sets(globals.clone(), cells)?)?);
        let config = training.loss(*step);
        let heard = student.of_sets(cat(vec![globals, locals?], 0), cells)?;
        let loss = set_loss(heard, said.clone(), centre, &config)?;
        let mut all = terms(&loss, &said, centre, config.teacher_temperature);
        all.push(("matched", matched));
        Ok(Terms(all))
    }

    fn state(&self) -> State {
        let Distillation { student, teacher, centre, adam, step, .. } = &self.distillation;
        let mut state = State::default()
            .with("student.", &State::of(student))
            .with("teacher.", &State::of(teacher))
            .with("adam.", &adam.state())
            .with("monitor.", &self.monitor.state());
        state.insert("centre", tensor_matrix(centre.clone()).unwrap_or_default().into_dyn());
        // A count is exact up to 2^24 in `f32`: it is kept in parts of 16 bits.
        let parts: Array1<f32> = (0..4u32).map(|part| (step >> (16 * part) & 0xffff) as f32).collect();
        state.insert("step", parts.into_dyn());
        state
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        let lacks = |what: &str| {
            Error::new(format!("the state of Set-DINO lacks its {what}")).fix("resume from another checkpoint")
        };
        let centre = state.get("centre").ok_or_else(|| lacks("centre"))?;
        let outputs = self.distillation.centre.dims()[1];
        if centre.shape() != [1, outputs] {
            return Err(Error::new(format!("the centre is {:?} and not [1, {outputs}]", centre.shape()))
                .fix("resume with the settings of that run"));
        }
        let parts = state.get("step").filter(|parts| parts.len() == 4).ok_or_else(|| lacks("step"))?;
        let step: u64 = parts.iter().enumerate().map(|(part, &value)| (value as u64) << (16 * part)).sum();
        let values: Vec<f32> = centre.iter().copied().collect();
        let centre = Tensor::from_data(burn::tensor::TensorData::new(values, [1, outputs]), &self.device);
        let Distillation { student, teacher, adam, .. } = &mut self.distillation;
        let (new_student, new_teacher) =
            (state.part("student.").load_into(student.clone())?, state.part("teacher.").load_into(teacher.clone())?);
        adam.load(&state.part("adam."), &both_devices(&self.device).0)?;
        self.monitor.restore(&state.part("monitor."))?;
        (*student, *teacher) = (new_student, new_teacher);
        (self.distillation.centre, self.distillation.step) = (centre, step);
        Ok(())
    }

    fn method(&self) -> &str {
        super::NAME
    }

    fn settings(&self) -> serde_json::Value {
        // Schedules depend on the number of epochs.
        json!({"settings": self.settings, "epochs": self.distillation.training.epochs})
    }
}

/// What a loss and the teacher's logits say.
fn terms(loss: &SetLoss, teacher: &Tensor<2>, centre: &Tensor<2>, temperature: f64) -> Vec<(&'static str, f64)> {
    let logs = log_softmax((teacher.clone().detach() - centre.clone()) / temperature, 1);
    let entropy = -(logs.clone().exp() * logs).sum_dim(1).mean();
    vec![
        ("loss", number(loss.total.clone())),
        ("global", number(loss.global())),
        ("local", number(loss.local())),
        ("teacher entropy", number(entropy)),
    ]
}

fn number(tensor: Tensor<1>) -> f64 {
    f64::from(tensor.into_scalar())
}

/// The share of rows of the first half whose most similar row of the second half, by cosine, is their own.
///
/// Rows of one half that equal each other exactly cannot be told apart: a row counts when no other is more similar than
/// its own, divided by how many are as similar.
fn matched(sets: &Array2<f32>) -> f64 {
    let units = sets.nrows() / 2;
    let unit = |row: usize| {
        let values = sets.row(row).mapv(f64::from);
        let length = values.dot(&values).sqrt();
        if length > 0.0 { values / length } else { values }
    };
    let all: Vec<Array1<f64>> = (0..2 * units).map(unit).collect();
    let (first, second) = all.split_at(units);
    let share = |i: usize| {
        let similar: Vec<f64> = second.iter().map(|other| first[i].dot(other)).collect();
        if similar.iter().any(|&s| s > similar[i]) {
            return 0.0;
        }
        1.0 / similar.iter().filter(|&&s| s == similar[i]).count().max(1) as f64
    };
    arr1(&(0..units).map(share).collect::<Vec<f64>>()).mean().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_set_is_matched_when_its_own_fellow_is_nearest() {
        assert_eq!(matched(&array![[1.0, 0.0], [0.0, 1.0], [0.9, 0.1], [0.1, 0.9]]), 1.0);
        assert_eq!(matched(&array![[1.0, 0.0], [0.0, 1.0], [0.1, 0.9], [0.9, 0.1]]), 0.0);
        assert_eq!(matched(&array![[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]), 0.5); // chance
    }
}
