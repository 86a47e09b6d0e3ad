//! What every method's training shares: optimiser steps, clipped gradients, schedules, averages of weights.

mod adam;
mod average;
mod gradients;
mod schedule;

pub use adam::{Adam, AdamConfig, Decay};
pub use average::average;
pub use gradients::{Clip, NamedGradients};
pub use schedule::Schedule;
