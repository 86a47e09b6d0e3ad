//! One seed, many independent streams of random numbers: each step has its own, for each purpose, so that a run that was
//! interrupted goes on as if it had not been, with any number of workers.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What random numbers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// First numbers of networks.
    Weights = 0,
    /// Which cells a step sees.
    Order = 1,
    /// How images are changed before a network sees them.
    Augmentation = 2,
    /// Noise inside the networks: samples of posteriors, dropout.
    Noise = 3,
}

/// The stream of a purpose at a step; steps up to 2^61 differ.
///
/// ```
/// use perturbook::train::{Purpose, stream};
/// use rand::RngExt;
///
/// let draw = |purpose, step| stream(7, purpose, step).random::<u64>();
/// assert_eq!(draw(Purpose::Noise, 3), draw(Purpose::Noise, 3));
/// assert_ne!(draw(Purpose::Noise, 3), draw(Purpose::Noise, 4));
/// assert_ne!(draw(Purpose::Noise, 3), draw(Purpose::Order, 3));
/// ```
pub fn stream(seed: u64, purpose: Purpose, step: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(step << 3 | purpose as u64);
    rng
}
