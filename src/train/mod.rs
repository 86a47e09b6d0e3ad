//! What every method's training shares: which cells a step sees, optimiser steps, clipped gradients, schedules, averages
//! of weights, gradients of several batches or devices, and the loop around them.

mod accumulate;
mod adam;
mod average;
#[cfg(feature = "screens")]
mod fit;
mod gradients;
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
    Data, Ended, Feed, FitConfig, History, Learner, Lines, Load, Observer, OwnedData, Phase, Row, Settings, Silent,
    Snapshot, Step, Terms, Watch, fit,
};
pub use gradients::{Clip, NamedGradients};
pub use precision::Precision;
pub use random::{Purpose, stream};
pub use sample::{Balanced, Between, Paired, PairedRows, Sampler, SetPair, Sets, Uniform};
pub use schedule::Schedule;
