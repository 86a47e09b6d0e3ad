//! Every row once an epoch, in an order that differs from epoch to epoch.

use super::{Order, Sampler};
use crate::{Error, Result};

/// Batches of rows; a last one that is not full is left out, unless it is the only one.
#[derive(Debug)]
pub struct Uniform {
    rows: Vec<usize>,
    batch: usize,
    seed: u64,
    order: Order,
}

impl Uniform {
    /// Batches of `batch` of these rows.
    ///
    /// ```
    /// use perturbook::train::{Sampler, Uniform};
    ///
    /// let sampler = Uniform::new((10..20).collect(), 4, 1)?;
    /// assert_eq!(sampler.steps(), 2);
    /// let mut seen = [sampler.rows(0, 0), sampler.rows(0, 1)].concat();
    /// seen.sort();
    /// seen.dedup();
    /// assert_eq!(seen.len(), 8);
    /// assert_ne!(sampler.rows(0, 0), sampler.rows(1, 0));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no row or the batch is empty.
    pub fn new(rows: Vec<usize>, batch: usize, seed: u64) -> Result<Self> {
        if rows.is_empty() || batch == 0 {
            return Err(Error::new(format!("batches of {batch} of {} rows hold nothing", rows.len()))
                .fix("give at least one row and a batch of at least one"));
        }
        Ok(Self { rows, batch, seed, order: Order::default() })
    }
}

impl Sampler for Uniform {
    type Rows = Vec<usize>;

    fn steps(&self) -> u64 {
        (self.rows.len() / self.batch).max(1) as u64
    }

    fn rows(&self, epoch: u64, step: u64) -> Vec<usize> {
        let order = self.order.of(self.seed, epoch, self.rows.len());
        let start = step as usize * self.batch;
        let end = (start + self.batch).min(order.len());
        order[start..end].iter().map(|&at| self.rows[at as usize]).collect()
    }
}
