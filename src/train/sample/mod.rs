//! Which cells each step learns from.
//!
//! A sampler is a function of its seed, the epoch and the step: nothing has to be remembered to go on after a stop.
//!
//! | sampler | a step sees | used by |
//! |---|---|---|
//! | [`Uniform`] | every row once an epoch, in random order | SC-VAE, scVI |
//! | [`Paired`] | as many controls as perturbed cells, the shorter list again and again | Multi-ContrastiveVAE, ContrastiveVI |
//! | [`Balanced`] | rows of every class equally often, with replacement | GRAPE |
//! | [`Sets`] | two sets of cells of each of some perturbations | Set-DINO |

mod balanced;
mod paired;
mod sets;
mod uniform;

pub use balanced::Balanced;
pub use paired::{Paired, PairedRows};
pub use sets::{Between, SetPair, Sets};
pub use uniform::Uniform;

/// The rows that a step sees.
pub trait Sampler: Send + Sync {
    /// One step's rows.
    type Rows: Send + 'static;

    /// Steps of an epoch, at least 1.
    fn steps(&self) -> u64;

    /// The rows of a step, counted from 0 in its epoch.
    fn rows(&self, epoch: u64, step: u64) -> Self::Rows;
}

/// The order of an epoch, kept until another epoch is asked for.
#[derive(Debug, Default)]
struct Order(std::sync::Mutex<Option<(u64, std::sync::Arc<Vec<u32>>)>>);

impl Order {
    /// `0..n` in the random order of an epoch.
    fn of(&self, seed: u64, epoch: u64, n: usize) -> std::sync::Arc<Vec<u32>> {
        use rand::seq::SliceRandom;
        let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((of, order)) = &*kept
            && *of == epoch
        {
            return order.clone();
        }
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.shuffle(&mut super::stream(seed, super::Purpose::Order, epoch));
        let order = std::sync::Arc::new(order);
        *kept = Some((epoch, order.clone()));
        order
    }
}
