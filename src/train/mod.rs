//! What every method's training shares: optimiser steps, clipped gradients, schedules, averages of weights.

mod adam;
mod average;
mod clip;
mod schedule;

pub use adam::{Adam, AdamConfig, Decay};
pub use average::average;
pub use clip::Clip;
pub use schedule::Schedule;
