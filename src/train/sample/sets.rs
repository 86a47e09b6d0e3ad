//! Two sets of n cells of each of some perturbations: what Set-DINO compares.
//!
//! ```text
//! groups   cells of one perturbation in one batch; those of fewer than `fewest` cells are left out, and then
//!          perturbations with fewer than two groups
//! across batches   n cells from each of two different batches
//! within a batch   n cells twice from one batch; the two sets may share cells
//! same cells       n cells once, for both sets
//! epoch    every perturbation `repeats` times, in random order, cut into steps; a last one that is not full is left out
//! ```
//!
//! Cells of one set are drawn without replacement.

use std::collections::BTreeMap;

use rand::RngExt;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Order, Sampler};
use crate::train::{Purpose, stream};
use crate::{Error, Result};

/// Where the two sets of a perturbation come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Between {
    /// Two different batches.
    #[default]
    Batches,
    /// Two draws from one batch.
    OneBatch,
    /// One draw, for both sets.
    SameCells,
}

/// Two sets of cells of one perturbation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPair {
    /// The perturbation's number.
    pub perturbation: usize,
    /// The batch of each set.
    pub batches: [usize; 2],
    /// The rows of each set, n.
    pub rows: [Vec<usize>; 2],
}

/// A batch, and the rows of one perturbation in it.
type InBatch = (usize, Vec<usize>);

/// Steps of pairs of sets.
#[derive(Debug)]
pub struct Sets {
    /// Perturbations with their batches.
    groups: Vec<(usize, Vec<InBatch>)>,
    between: Between,
    cells: usize,
    perturbations: usize,
    repeats: usize,
    seed: u64,
    order: Order,
}

impl Sets {
    /// Sets of `cells` cells, where `perturbation[i]` and `batch[i]` belong to row i; `step` perturbations a step, each
    /// once an epoch.
    ///
    /// ```
    /// use perturbook::train::{Between, Sampler, Sets};
    ///
    /// // Two perturbations in two batches, three cells each.
    /// let perturbation = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
    /// let batch = [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1];
    /// let sets = Sets::new(&perturbation, &batch, Between::Batches, 2, 2, 1)?.groups_of_at_least(3)?;
    /// let pairs = sets.rows(0, 0);
    /// assert_eq!((sets.steps(), pairs.len()), (1, 2));
    /// assert!(pairs.iter().all(|pair| pair.batches[0] != pair.batches[1]));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the lists differ in length, a number of cells or perturbations is 0, or too few perturbations have two
    /// batches with enough cells to fill a step.
    pub fn new(
        perturbation: &[usize],
        batch: &[usize],
        between: Between,
        cells: usize,
        step: usize,
        seed: u64,
    ) -> Result<Self> {
        Self::repeating(perturbation, batch, between, cells, (step, 1), seed)
    }

    /// The same with `step` perturbations a step, each `repeats` times an epoch: a step may then be of more perturbations than
    /// there are, and have some of them twice, with other cells.
    ///
    /// # Errors
    /// As [`Sets::new`], where an epoch does not fill a step.
    pub fn repeating(
        perturbation: &[usize],
        batch: &[usize],
        between: Between,
        cells: usize,
        (step, repeats): (usize, usize),
        seed: u64,
    ) -> Result<Self> {
        if perturbation.len() != batch.len() {
            let (rows, batches) = (perturbation.len(), batch.len());
            return Err(Error::new(format!("{rows} perturbations and {batches} batches do not belong together"))
                .fix("give both for every cell"));
        }
        let mut groups: BTreeMap<usize, BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
        for (row, (&perturbation, &batch)) in perturbation.iter().zip(batch).enumerate() {
            groups.entry(perturbation).or_default().entry(batch).or_default().push(row);
        }
        let groups = groups.into_iter().map(|(p, batches)| (p, batches.into_iter().collect())).collect();
        let sets = Self {
            groups,
            between,
            cells,
            perturbations: step,
            repeats: repeats.max(1),
            seed,
            order: Order::default(),
        };
        sets.groups_of_at_least(cells)
    }

    /// The same without groups of fewer than `fewest` cells and perturbations that then have fewer than two batches;
    /// Set-DINO asks for 20 cells.
    ///
    /// # Errors
    /// When too few perturbations are left to fill a step, or groups are smaller than a set.
    pub fn groups_of_at_least(mut self, fewest: usize) -> Result<Self> {
        let all = self.groups.len();
        for (_, batches) in &mut self.groups {
            batches.retain(|(_, rows)| rows.len() >= fewest);
        }
        self.groups.retain(|(_, batches)| batches.len() >= 2);
        if fewest < self.cells || self.cells == 0 {
            return Err(Error::new(format!("sets of {} cells do not fit groups of {fewest}", self.cells))
                .fix("ask for groups that are at least as large as a set, and for sets of at least one cell"));
        }
        let (left, repeats, step) = (self.groups.len(), self.repeats, self.perturbations);
        if step == 0 || left * repeats < step {
            return Err(Error::new(format!(
                "{left} of {all} perturbations have two batches of at least {fewest} cells, {repeats} times an epoch; a step \
                 needs {step}"
            ))
            .fix("ask for fewer cells, for fewer perturbations a step, or for each more often"));
        }
        Ok(self)
    }

    /// The perturbations that are left, by number.
    pub fn perturbations(&self) -> Vec<usize> {
        self.groups.iter().map(|(perturbation, _)| *perturbation).collect()
    }

    fn pair(&self, group: usize, rng: &mut ChaCha8Rng) -> SetPair {
        let (perturbation, batches) = &self.groups[group];
        let set = |rows: &[usize], rng: &mut ChaCha8Rng| -> Vec<usize> {
            sample(rng, rows.len(), self.cells).iter().map(|at| rows[at]).collect()
        };
        let first = rng.random_range(0..batches.len());
        let second = match self.between {
            Between::Batches => (first + rng.random_range(1..batches.len())) % batches.len(),
            Between::OneBatch | Between::SameCells => first,
        };
        let one = set(&batches[first].1, rng);
        let two = if self.between == Between::SameCells { one.clone() } else { set(&batches[second].1, rng) };
        SetPair { perturbation: *perturbation, batches: [batches[first].0, batches[second].0], rows: [one, two] }
    }
}

impl Sampler for Sets {
    type Rows = Vec<SetPair>;

    fn steps(&self) -> u64 {
        (self.groups.len() * self.repeats / self.perturbations) as u64
    }

    fn rows(&self, epoch: u64, step: u64) -> Vec<SetPair> {
        let order = self.order.of(self.seed, epoch, self.groups.len() * self.repeats);
        // The order has a stream of its own seed, the draws of a step another.
        let mut rng = stream(self.seed.wrapping_add(1), Purpose::Order, epoch * self.steps() + step);
        let start = step as usize * self.perturbations;
        let items = &order[start..start + self.perturbations];
        items.iter().map(|&item| self.pair(item as usize % self.groups.len(), &mut rng)).collect()
    }
}
