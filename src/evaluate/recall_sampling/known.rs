//! All pairs of a map's nodes in the order of their distances, and where the known relations stand among them.

use ndarray::Axis;
use rayon::prelude::*;

use crate::Result;
use crate::evaluate::recall::{check_not_empty, check_percentiles, percentile_of_square};
use crate::evaluate::{Convention, CosinePairs, Relations};
use crate::screen::Profiles;

/// The pairs of the genes with a known relation.
pub(super) struct Known {
    /// How many genes.
    pub n: usize,
    /// Distance `1 - cos` of every pair, ascending.
    pub distances: Vec<f64>,
    /// The genes of every pair, in the same order.
    pub pairs: Vec<(u32, u32)>,
    /// The place of every pair in that order, by its number above the diagonal.
    pub place: Vec<u32>,
    /// The known relations, as genes.
    pub edges: Vec<(usize, usize)>,
}

/// Pairs up to and from which a percentile predicts: places below `low` and at least `high`.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub low: usize,
    pub high: usize,
}

impl Cut {
    /// From the thresholds of a percentile.
    pub fn new(distances: &[f64], q_low: f64, q_high: f64, convention: Convention) -> Self {
        let low = distances.partition_point(|&d| d <= q_low);
        let high = match convention {
            Convention::TwoSided => distances.partition_point(|&d| d < q_high).max(low),
            Convention::OneSided => distances.len(),
        };
        Self { low, high }
    }

    /// Whether the pair in this place is predicted.
    pub fn predicts(self, place: usize) -> bool {
        place < self.low || place >= self.high
    }
}

impl Known {
    pub fn new(profiles: &Profiles, relations: &Relations, percentiles: &[f64]) -> Result<Self> {
        let graph = relations.among(profiles.keys());
        check_not_empty(&graph, relations, profiles)?;
        check_percentiles(percentiles)?;
        let n = graph.nodes().len();
        let cosines = CosinePairs::new(profiles.values().select(Axis(0), graph.nodes()).view()).into_values();
        let above: Vec<(u32, u32)> = (0..n as u32).flat_map(|i| (i + 1..n as u32).map(move |j| (i, j))).collect();
        let mut order: Vec<u32> = (0..above.len() as u32).collect();
        let distance = |pair: u32| 1.0 - cosines[pair as usize];
        order.par_sort_unstable_by(|&a, &b| distance(a).total_cmp(&distance(b)).then(a.cmp(&b)));
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, &pair)| place[pair as usize] = at as u32);
        Ok(Self {
            n,
            distances: order.iter().map(|&pair| distance(pair)).collect(),
            pairs: order.iter().map(|&pair| above[pair as usize]).collect(),
            place,
            edges: graph.edges_between_nodes(),
        })
    }

    /// The place of two different genes, in either order.
    pub fn place_of(&self, i: usize, j: usize) -> usize {
        let (i, j) = (i.min(j), i.max(j));
        self.place[i * (2 * self.n - i - 1) / 2 + (j - i - 1)] as usize
    }

    /// What each percentile predicts on the map as it is.
    pub fn cuts(&self, convention: Convention, percentiles: &[f64]) -> Vec<Cut> {
        let cut = |&percentile: &f64| {
            let q = |p: f64| percentile_of_square(&self.distances, self.n, p);
            Cut::new(&self.distances, q(100.0 - percentile), q(percentile), convention)
        };
        percentiles.iter().map(cut).collect()
    }
}
