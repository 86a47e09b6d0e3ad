//! What of the training can be chosen freely; the rest of [`SetDinoTraining`](super::SetDinoTraining) follows from the screen
//! and from sets and epochs.

use serde::{Deserialize, Serialize};

use super::Pairs;
use crate::{Error, Result};

/// How the teacher's head starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeacherHead {
    /// As a copy of the student's, as DINO has it.
    #[default]
    Copy,
    /// With numbers of its own, as the published runs of Set-DINO had it.
    Independent,
}

/// Rates, decay, momenta and temperatures.
///
/// ```
/// use perturbook::methods::set_dino::Optimisation;
///
/// let paper = Optimisation::default();
/// assert_eq!((paper.rate, paper.decay, paper.clip), (5e-4, [0.04, 0.4], 3.0));
/// assert!(Optimisation { clip: 0.0, ..paper }.check().is_err());
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
    /// Weight decay at the start and at the end. Biases and other parameters of one dimension have none.
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
    /// Epochs in which the head's last layer stays as it is, without decay as well.
    pub frozen_epochs: u64,
    /// Which views are compared.
    pub pairs: Pairs,
    /// How the teacher's head starts.
    pub teacher_head: TeacherHead,
}

impl Default for Optimisation {
    /// The published ones.
    fn default() -> Self {
        Self {
            rate: 5e-4,
            last_rate: 1e-6,
            warm_up_epochs: 10,
            decay: [0.04, 0.4],
            momentum: [0.998, 1.0],
            teacher_temperature: [0.01, 0.01],
            temperature_epochs: 20,
            student_temperature: 0.1,
            centre_momentum: 0.9,
            clip: 3.0,
            frozen_epochs: 1,
            pairs: Pairs::All,
            teacher_head: TeacherHead::Copy,
        }
    }
}

impl Optimisation {
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
