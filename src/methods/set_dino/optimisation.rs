//! What of [`SetDinoTraining`] can be chosen freely; the rest follows from the screen and from sets and epochs.

use serde::{Deserialize, Serialize};

use super::{Pairs, SetDinoTraining, TeacherHead};
use crate::{Error, Result};

/// Rates, decay, momenta and temperatures; see the fields of [`SetDinoTraining`].
///
/// ```
/// use perturbook::methods::set_dino::{Optimisation, SetDinoTraining};
///
/// let paper = SetDinoTraining::default();
/// assert_eq!(Optimisation::default().training([32, 16], 300, 6340), paper);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Optimisation {
    /// The peak of the learning rate for 256 perturbations a step.
    pub rate: f64,
    /// Where the learning rate ends.
    pub last_rate: f64,
    /// Epochs in which it rises.
    pub warm_up_epochs: u64,
    /// Weight decay at the start and at the end.
    pub decay: [f64; 2],
    /// How much of the teacher stays in a step, at the start and at the end.
    pub momentum: [f64; 2],
    /// The teacher's temperature in the first epoch and after its warm-up.
    pub teacher_temperature: [f64; 2],
    /// Epochs of that warm-up.
    pub temperature_epochs: u64,
    /// The student's temperature.
    pub student_temperature: f64,
    /// How much of the centre stays in a step.
    pub centre_momentum: f64,
    /// What the gradient of each parameter tensor is cut to.
    pub clip: f64,
    /// Epochs in which the head's last layer stays as it is.
    pub frozen_epochs: u64,
    /// Which views are compared.
    pub pairs: Pairs,
    /// How the teacher's head starts.
    pub teacher_head: TeacherHead,
}

impl Default for Optimisation {
    fn default() -> Self {
        let SetDinoTraining {
            rate,
            last_rate,
            warm_up_epochs,
            decay,
            momentum,
            teacher_temperature,
            temperature_epochs,
            student_temperature,
            centre_momentum,
            clip,
            frozen_epochs,
            pairs,
            teacher_head,
            ..
        } = SetDinoTraining::default();
        Self {
            rate,
            last_rate,
            warm_up_epochs,
            decay,
            momentum,
            teacher_temperature,
            temperature_epochs,
            student_temperature,
            centre_momentum,
            clip,
            frozen_epochs,
            pairs,
            teacher_head,
        }
    }
}

impl Optimisation {
    /// The training of steps of `[units, cells]`, perturbations and cells of each set.
    pub fn training(&self, [units, cells]: [usize; 2], epochs: u64, steps_per_epoch: u64) -> SetDinoTraining {
        let Self {
            rate,
            last_rate,
            warm_up_epochs,
            decay,
            momentum,
            teacher_temperature,
            temperature_epochs,
            student_temperature,
            centre_momentum,
            clip,
            frozen_epochs,
            pairs,
            teacher_head,
        } = *self;
        SetDinoTraining {
            units,
            cells,
            epochs,
            steps_per_epoch,
            warm_up_epochs,
            rate,
            last_rate,
            decay,
            momentum,
            teacher_temperature,
            temperature_epochs,
            student_temperature,
            centre_momentum,
            clip,
            frozen_epochs,
            pairs,
            teacher_head,
        }
    }

    /// Whether training by these numbers is possible.
    ///
    /// # Errors
    /// When a temperature or the clipping is not above 0, a momentum not from 0 to 1, or a rate or decay negative.
    pub fn check(&self) -> Result<()> {
        let above = |value: f64| value.is_finite() && value > 0.0;
        let [first, last] = self.teacher_temperature;
        let wrong = [
            ("temperatures and `clip` above 0", [first, last, self.student_temperature, self.clip].map(above).to_vec()),
            ("momenta from 0 to 1", {
                let [first, last] = self.momentum;
                [first, last, self.centre_momentum].map(|value| (0.0..=1.0).contains(&value)).to_vec()
            }),
            ("rates and decay of at least 0", {
                let [first, last] = self.decay;
                [self.rate, self.last_rate, first, last].map(|value| value.is_finite() && value >= 0.0).to_vec()
            }),
        ];
        match wrong.into_iter().find(|(_, fine)| fine.contains(&false)) {
            None => Ok(()),
            Some((need, _)) => Err(Error::new(format!("training needs {need}"))
                .at(format!("settings, optimisation: {self:?}"))
                .fix("start from the defaults")),
        }
    }
}
