//! Controls beside perturbed cells, as many of each; the shorter list starts again when it is at its end.
//!
//! ```text
//! pair i = (control[i mod controls], perturbed[i mod perturbed]),   i < max(controls, perturbed)
//! ```
//!
//! The reference of Multi-ContrastiveVAE keeps the order of the lists and leaves out a last batch that is not full; rows
//! in random order are an option, for lists that are not mixed already.

use super::{Order, Sampler};
use crate::{Error, Result};

/// The rows of some pairs, as many of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairedRows {
    /// Rows of control cells.
    pub controls: Vec<usize>,
    /// Rows of perturbed cells.
    pub perturbed: Vec<usize>,
}

/// Batches of pairs.
#[derive(Debug)]
pub struct Paired {
    controls: Vec<usize>,
    perturbed: Vec<usize>,
    batch: usize,
    /// The seed of random orders; none: the lists' own order.
    seed: Option<u64>,
    orders: [Order; 2],
}

impl Paired {
    /// Batches of `batch` pairs, in the order of the lists.
    ///
    /// ```
    /// use perturbook::train::{Paired, Sampler};
    ///
    /// let sampler = Paired::new(vec![0, 1, 2], vec![10, 11, 12, 13, 14], 2)?;
    /// assert_eq!(sampler.steps(), 2); // the fifth pair does not fill a batch
    /// assert_eq!(sampler.rows(0, 1).controls, [2, 0]);
    /// assert_eq!(sampler.rows(0, 1).perturbed, [12, 13]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a list or the batch is empty.
    pub fn new(controls: Vec<usize>, perturbed: Vec<usize>, batch: usize) -> Result<Self> {
        if controls.is_empty() || perturbed.is_empty() || batch == 0 {
            let (controls, perturbed) = (controls.len(), perturbed.len());
            return Err(Error::new(format!(
                "{controls} controls and {perturbed} perturbed cells make no pairs in batches of {batch}"
            ))
            .fix("check the labels of the controls, and give a batch of at least one"));
        }
        Ok(Self { controls, perturbed, batch, seed: None, orders: [Order::default(), Order::default()] })
    }

    /// The same with both lists in a random order that differs from epoch to epoch.
    pub fn shuffled(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    fn pick(&self, which: usize, epoch: u64, pairs: std::ops::Range<usize>) -> Vec<usize> {
        let list = if which == 0 { &self.controls } else { &self.perturbed };
        match self.seed {
            None => pairs.map(|pair| list[pair % list.len()]).collect(),
            Some(seed) => {
                // Seeds of the two lists must differ, or lists of one length would be paired alike in every epoch.
                let order = self.orders[which].of(seed.wrapping_add(which as u64), epoch, list.len());
                pairs.map(|pair| list[order[pair % list.len()] as usize]).collect()
            }
        }
    }
}

impl Sampler for Paired {
    type Rows = PairedRows;

    fn steps(&self) -> u64 {
        (self.controls.len().max(self.perturbed.len()) / self.batch).max(1) as u64
    }

    fn rows(&self, epoch: u64, step: u64) -> PairedRows {
        let start = step as usize * self.batch;
        let end = (start + self.batch).min(self.controls.len().max(self.perturbed.len()));
        PairedRows { controls: self.pick(0, epoch, start..end), perturbed: self.pick(1, epoch, start..end) }
    }
}
