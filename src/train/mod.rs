//! What every method's training shares: which cells a step sees, optimiser steps, clipped gradients, schedules, averages
//! of weights, gradients of several batches or devices, and the loop around them.

mod accumulate;
mod adam;
mod average;
#[cfg(feature = "screens")]
mod fit;
mod gradients;
mod learner;
pub mod parallel;
mod precision;
mod random;
mod sample;
mod schedule;

pub use accumulate::Accumulate;
pub use adam::{Adam, AdamConfig, Decay};
pub use average::{Average, average};
#[cfg(feature = "screens")]
pub use fit::{
    Data, Ended, Feed, FitConfig, History, Lines, Load, Observer, OwnedData, Phase, Row, Silent, Snapshot, Watch, fit,
};
pub use gradients::{Clip, NamedGradients};
pub use learner::{Learner, Settings, Step, Terms};
pub use precision::Precision;
pub use random::{Purpose, stream};
pub use sample::{Balanced, Between, Paired, PairedRows, Sampler, SetPair, Sets, Uniform};
pub use schedule::Schedule;
