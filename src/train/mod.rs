//! What every method's training shares: which cells a step sees, optimiser steps, clipped gradients, schedules, averages
//! of weights, and the loop around them.

mod adam;
mod average;
#[cfg(feature = "screens")]
mod fit;
mod gradients;
mod random;
mod sample;
mod schedule;

pub use adam::{Adam, AdamConfig, Decay};
pub use average::average;
#[cfg(feature = "screens")]
pub use fit::{
    Data, Ended, FitConfig, History, Learner, Lines, Load, Observer, Phase, Row, Settings, Silent, Step, Terms, Watch,
    fit,
};
pub use gradients::{Clip, NamedGradients};
pub use random::{Purpose, stream};
pub use sample::{Balanced, Between, Paired, PairedRows, Sampler, SetPair, Sets, Uniform};
pub use schedule::Schedule;
