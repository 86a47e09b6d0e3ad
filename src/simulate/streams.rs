//! Random streams of single cells: each cell, and each kind of thing drawn for it, has its own.
//!
//! The stream of part p of cell i is number `(i + 1) * 256 + p` of the seed's ChaCha generator, so a cell is the same
//! whichever others are simulated, in whichever order and by however many threads, and drawing more of one part leaves
//! the other parts as they were. Numbers below 256 are the streams of the whole screen.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// Part `part` (below 256) of cell number `cell`.
pub(crate) fn cell_stream(seed: u64, cell: usize, part: u8) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((cell as u64 + 1) << 8) | u64::from(part));
    rng
}

/// A generator with the three draws that pictures need, in `f32`.
pub(crate) struct Draw<R = ChaCha8Rng>(pub(crate) R);

impl<R: Rng> Draw<R> {
    /// Uniform between `low` and `high`.
    pub(crate) fn within(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.0.random::<f32>()
    }

    /// Normal with mean 0 and standard deviation `sd`.
    pub(crate) fn normal(&mut self, sd: f32) -> f32 {
        sd * self.0.sample::<f32, _>(StandardNormal)
    }

    /// A direction, in radians.
    pub(crate) fn angle(&mut self) -> f32 {
        self.within(0.0, std::f32::consts::TAU)
    }

    /// A whole number from `low` up to and including `high`.
    pub(crate) fn count(&mut self, low: usize, high: usize) -> usize {
        self.0.random_range(low..=high)
    }
}
