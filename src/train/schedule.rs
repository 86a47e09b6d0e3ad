//! Numbers that change from step to step: learning rates, weight decay, momentum, temperatures, weights of loss terms.
//!
//! ```text
//! Constant     v
//! Cosine       final + (base - final) (1 + cos(pi i / n)) / 2,  i steps since the warm-up, n steps in all without it
//! WarmUp       from 0 (or another start) in equal steps to the base, both ends included, and then another schedule
//! Ramp         min(i / n, 1)
//! Cycle        min((i mod period) / n, 1)
//! Geometric    first (last / first)^(i / (n - 1)), then last
//! ```
//!
//! A warm-up includes both ends, as the reference of Set-DINO has it: the base stands twice, at the last step of the
//! warm-up and at the first after it, and a cosine never quite reaches its final value. A warm-up of one step has its start.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// A number for each step.
///
/// ```
/// use perturbook::train::Schedule;
///
/// // Ten steps of warm-up to 0.1, then a cosine down to 0 over 90.
/// let rate = Schedule::cosine(0.1, 0.0, 90).after_warm_up(0.0, 0.1, 10);
/// assert_eq!([0, 9, 10, 55].map(|step| rate.at(step)), [0.0, 0.1, 0.1, 0.05]);
/// // The weight of Multi-ContrastiveVAE's KL terms: up in 4,500 calls, and back to 0 at 9,000.
/// let weight = Schedule::Cycle { steps: 4_500, period: 9_000 };
/// assert_eq!([0, 2_250, 4_500, 8_999, 9_000].map(|call| weight.at(call)), [0.0, 0.5, 1.0, 1.0, 0.0]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Always the same.
    Constant(f64),
    /// Half a cosine from `base` to `last` over `steps` steps, then `last`.
    Cosine {
        /// At the first step.
        base: f64,
        /// Where it would be after the last step.
        last: f64,
        /// Steps of the descent.
        steps: u64,
    },
    /// Equal steps from `from` to `to` over `steps` steps, then another schedule.
    WarmUp {
        /// At the first step.
        from: f64,
        /// At the last step of the warm-up.
        to: f64,
        /// Steps of the warm-up.
        steps: u64,
        /// What follows, counted from its own first step.
        then: Box<Schedule>,
    },
    /// From 0 to 1 over `steps` steps, then 1.
    Ramp {
        /// Steps of the rise.
        steps: u64,
    },
    /// From 0 to 1 over `steps` steps, 1 until `period`, and again from 0.
    Cycle {
        /// Steps of the rise.
        steps: u64,
        /// Steps of rise and rest together.
        period: u64,
    },
    /// By one factor a step from `first` to `last`, reached at the last of `steps` steps.
    Geometric {
        /// At the first step.
        first: f64,
        /// At the last step and afterwards.
        last: f64,
        /// Steps of the change.
        steps: u64,
    },
}

impl Schedule {
    /// Half a cosine from `base` to `last`.
    pub fn cosine(base: f64, last: f64, steps: u64) -> Self {
        Self::Cosine { base, last, steps }
    }

    /// The same after a warm-up of `steps` steps.
    pub fn after_warm_up(self, from: f64, to: f64, steps: u64) -> Self {
        Self::WarmUp { from, to, steps, then: Box::new(self) }
    }

    /// The number at a step, counted from 0.
    pub fn at(&self, step: u64) -> f64 {
        match *self {
            Self::Constant(value) => value,
            Self::Cosine { last, steps, .. } if step >= steps => last,
            Self::Cosine { base, last, steps } => {
                last + 0.5 * (base - last) * (1.0 + (PI * step as f64 / steps as f64).cos())
            }
            Self::WarmUp { steps, ref then, .. } if step >= steps => then.at(step - steps),
            Self::WarmUp { from, steps: 1, .. } => from,
            Self::WarmUp { from, to, steps, .. } => from + (to - from) * step as f64 / (steps - 1) as f64,
            Self::Ramp { steps } if step >= steps => 1.0,
            Self::Ramp { steps } => step as f64 / steps as f64,
            Self::Cycle { steps, period } => Self::Ramp { steps }.at(step.checked_rem(period).unwrap_or(step)),
            Self::Geometric { last, steps, .. } if step + 1 >= steps => last,
            Self::Geometric { first, last, steps } => first * (last / first).powf(step as f64 / (steps - 1) as f64),
        }
    }
}
