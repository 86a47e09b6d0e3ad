//! Permutations of the labels among the rows, for what a metric gives when labels mean nothing.
//!
//! Controls keep their label. With batches a label moves only among the rows of its batch, so that every permuted label
//! has as many rows in each batch as before, and every query as many relevant rows.
//!
//! Memory: `8 n` bytes for each permutation.

use std::sync::atomic::{AtomicU64, Ordering};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::labels::RowLabels;

/// Average precisions are added as multiples of this: integers, whose sum does not depend on their order.
const UNIT: f64 = (1u64 << 40) as f64;

/// An average precision in units.
pub(super) fn units(precision: f64) -> u64 {
    (precision * UNIT).round() as u64
}

/// A sum of units as a number.
pub(super) fn from_units(sum: u64) -> f64 {
    sum as f64 / UNIT
}

/// Permuted labels and the sums of their average precisions.
pub(super) struct Permuted {
    /// Label of each place; the places of a label follow each other.
    label_of: Vec<u32>,
    /// First place of each label, and the end.
    first: Vec<usize>,
    /// For each permutation the row at each place.
    rows: Vec<Vec<u32>>,
    /// For each permutation the place of each row.
    places: Vec<Vec<u32>>,
    /// Sum over the queries of each label, one list of labels after the other.
    sums: Vec<AtomicU64>,
}

impl Permuted {
    /// `count` permutations; `batches` is the batch of each row.
    pub fn new(labels: &RowLabels, batches: Option<&[u32]>, count: usize, seed: u64) -> Self {
        let (mut label_of, mut own, mut first) = (Vec::new(), Vec::new(), vec![0]);
        for (label, members) in labels.members().into_iter().enumerate() {
            if !labels.is_control_code(label) {
                label_of.extend(members.iter().map(|_| label as u32));
                own.extend(members);
            }
            first.push(own.len());
        }
        let mut strata: Vec<Vec<u32>> = Vec::new();
        for (place, &row) in own.iter().enumerate() {
            let stratum = batches.map_or(0, |batches| batches[row as usize]) as usize;
            if strata.len() <= stratum {
                strata.resize(stratum + 1, Vec::new());
            }
            strata[stratum].push(place as u32);
        }
        let rows: Vec<Vec<u32>> = (0..count)
            .into_par_iter()
            .map(|permutation| {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                rng.set_stream(permutation as u64);
                let mut rows = own.clone();
                for places in &strata {
                    let mut shuffled = places.clone();
                    shuffled.shuffle(&mut rng);
                    places.iter().zip(shuffled).for_each(|(&to, from)| rows[to as usize] = own[from as usize]);
                }
                rows
            })
            .collect();
        let places = rows.par_iter().map(|rows| {
            let mut places = vec![u32::MAX; labels.len()];
            rows.iter().enumerate().for_each(|(place, &row)| places[row as usize] = place as u32);
            places
        });
        let places = places.collect();
        let sums = (0..count * labels.names().len()).map(|_| AtomicU64::new(0)).collect();
        Self { label_of, first, rows, places, sums }
    }

    /// Number of permutations.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// The label of `row` in a permutation, and the rows that share it, `row` among them.
    pub fn group(&self, permutation: usize, row: usize) -> (u32, &[u32]) {
        let label = self.label_of[self.places[permutation][row] as usize];
        let places = self.first[label as usize]..self.first[label as usize + 1];
        (label, &self.rows[permutation][places])
    }

    fn labels(&self) -> usize {
        self.first.len() - 1
    }

    /// Adds the average precision of one query.
    pub fn add(&self, permutation: usize, label: u32, precision: f64) {
        self.sums[permutation * self.labels() + label as usize].fetch_add(units(precision), Ordering::Relaxed);
    }

    /// The sums of one label, one for each permutation.
    pub fn sums_of(&self, label: usize) -> Vec<u64> {
        self.sums.iter().skip(label).step_by(self.labels()).map(|sum| sum.load(Ordering::Relaxed)).collect()
    }

    /// The sums over all labels, one for each permutation.
    pub fn totals(&self) -> Vec<u64> {
        let total = |sums: &[AtomicU64]| sums.iter().map(|sum| sum.load(Ordering::Relaxed)).sum();
        self.sums.chunks(self.labels().max(1)).map(total).collect()
    }
}
