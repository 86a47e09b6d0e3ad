//! How sure is a recall curve? Bootstrap intervals of its points, and what maps without information give.
//!
//! [`recall_bootstrap`] draws genes or relations anew; [`recall_permutation`] shuffles the names of the genes, which
//! keeps the map and the shape of the graph and breaks what joins them. Both take the curve of
//! [`recall_at`](super::recall_at) and follow their seed on any number of threads.

mod bootstrap;
mod known;
mod permutation;

pub use bootstrap::{BootstrapConfig, RecallBootstrap, RecallInterval, Resample, recall_bootstrap};
pub use permutation::{PermutedRecall, RecallPermutation, recall_permutation};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The random numbers of one draw, whichever thread makes it.
fn draw(seed: u64, number: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number as u64);
    rng
}

/// Quantile of sorted values, linear between order statistics at `(n - 1) p`; NaN without values.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = last as f64 * p;
    let below = (at.floor() as usize).min(last);
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    low + (high - low) * (at - below as f64)
}
