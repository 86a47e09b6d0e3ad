//! What every method's training shares: which cells a step sees, optimiser steps, clipped gradients, schedules, averages
//! of weights.

mod adam;
mod average;
mod gradients;
mod random;
mod sample;
mod schedule;

pub use adam::{Adam, AdamConfig, Decay};
pub use average::average;
pub use gradients::{Clip, NamedGradients};
pub use random::{Purpose, stream};
pub use sample::{Balanced, Between, Paired, PairedRows, Sampler, SetPair, Sets, Uniform};
pub use schedule::Schedule;
