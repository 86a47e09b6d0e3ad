//! How Set-DINO is trained: rates, decay, momentum and temperatures, by step or by epoch (methods 4.7).
//!
//! ```text
//! learning rate         from 0 in equal steps to the peak, then a cosine to the last rate     by step
//!                       peak = 0.0005 units / 256: more cells to a set, fewer units, a lower rate
//! weight decay          a cosine from 0.04 to 0.4                                             by step
//! teacher's momentum    a cosine from 0.998 to 1                                              by step
//! teacher's temperature in equal steps from the first to the last, then constant              by epoch
//! ```
//!
//! A warm-up includes both ends: the peak stands twice. The paper's "base learning rate of 0.04" is the weight decay.

use serde::{Deserialize, Serialize};

use super::{Optimisation, SetLossConfig};
use crate::train::{AdamConfig, Clip, Decay, Schedule};

/// Sets, epochs and how they are learned from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SetDinoTraining {
    /// Perturbations in a batch: 512 images of a kind, divided by the cells of a set.
    pub units: usize,
    /// Cells in a set.
    pub cells: usize,
    /// Epochs in all.
    pub epochs: u64,
    /// Batches in an epoch.
    pub steps_per_epoch: u64,
    /// Rates, decay, momenta and temperatures.
    pub optimisation: Optimisation,
}

impl Default for SetDinoTraining {
    /// The published run with 16 cells to a set, in gene mode.
    ///
    /// ```
    /// use perturbook::methods::set_dino::SetDinoTraining;
    ///
    /// assert_eq!(SetDinoTraining::default().peak_rate(), 6.25e-5);
    /// assert_eq!(SetDinoTraining { cells: 1, units: 512, ..SetDinoTraining::default() }.peak_rate(), 1e-3);
    /// ```
    fn default() -> Self {
        Self { units: 32, cells: 16, epochs: 300, steps_per_epoch: 6340, optimisation: Optimisation::default() }
    }
}

impl SetDinoTraining {
    /// The learning rate after the warm-up.
    pub fn peak_rate(&self) -> f64 {
        self.optimisation.rate * self.units as f64 / 256.0
    }

    /// The learning rate at each step.
    pub fn rates(&self) -> Schedule {
        let (peak, warm_up) = (self.peak_rate(), self.optimisation.warm_up_epochs * self.steps_per_epoch);
        let rest = self.steps().saturating_sub(warm_up);
        Schedule::cosine(peak, self.optimisation.last_rate, rest).after_warm_up(0.0, peak, warm_up)
    }

    /// Weight decay at each step.
    pub fn decays(&self) -> Schedule {
        Schedule::cosine(self.optimisation.decay[0], self.optimisation.decay[1], self.steps())
    }

    /// How much of the teacher stays, at each step.
    pub fn momenta(&self) -> Schedule {
        Schedule::cosine(self.optimisation.momentum[0], self.optimisation.momentum[1], self.steps())
    }

    /// The teacher's temperature in each epoch.
    pub fn teacher_temperatures(&self) -> Schedule {
        let [first, last] = self.optimisation.teacher_temperature;
        Schedule::Constant(last).after_warm_up(first, last, self.optimisation.temperature_epochs)
    }

    /// Steps in all.
    pub fn steps(&self) -> u64 {
        self.epochs * self.steps_per_epoch
    }

    /// The epoch of a step, both counted from 0.
    pub fn epoch(&self, step: u64) -> u64 {
        step / self.steps_per_epoch.max(1)
    }

    /// Settings of the loss at a step.
    pub fn loss(&self, step: u64) -> SetLossConfig {
        SetLossConfig {
            student_temperature: self.optimisation.student_temperature,
            teacher_temperature: self.teacher_temperatures().at(self.epoch(step)),
            pairs: self.optimisation.pairs,
        }
    }

    /// Settings of the optimiser (AdamW) at a step.
    pub fn adam(&self, step: u64) -> AdamConfig {
        let (rate, decay) = (self.rates().at(step), self.decays().at(step));
        AdamConfig { rate, decay, decays: Decay::Decoupled, ..AdamConfig::default() }
    }

    /// What gradients are cut to.
    pub fn clipping(&self) -> Clip {
        Clip::TensorNorm(self.optimisation.clip)
    }
}
