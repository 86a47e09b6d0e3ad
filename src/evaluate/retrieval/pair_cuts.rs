//! Exact order statistics of the similarities of all pairs, and what lies above them, in two passes over the pairs.
//!
//! The first pass counts similarities in bins ([`PairSimilarities`]); it says in which bin the wanted order statistic
//! is. The second keeps the pairs whose product is in that bin or within the rounding of it, by their exact
//! similarities. So no list of all pairs is held, and a threshold is that of the sorted list to the last bit.
//!
//! A quantile `q` of `N` values is interpolated linearly between the order statistics around `(N - 1) q`.

use std::collections::BTreeMap;

use super::keys::Keys;
use super::pairs::{BINS, PairSimilarities};
use super::scan::scan_pairs;
use crate::Result;

/// Pairs whose order statistics are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Among {
    /// Those of different labels.
    Different,
    /// All.
    All,
}

impl Among {
    fn of(self, [same, different]: [u64; 2]) -> u64 {
        match self {
            Self::Different => different,
            Self::All => same + different,
        }
    }
}

/// Where a quantile lies: between two order statistics, numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    below: u64,
    above: u64,
    part: f64,
}

impl Place {
    /// Quantile `q`, from 0 to 1, of `n` values of which each is listed `copies` times.
    pub fn of(n: u64, q: f64, copies: u64) -> Self {
        let last = (n * copies).saturating_sub(1);
        let position = last as f64 * q;
        let below = (position.floor() as u64).min(last);
        Self { below: below / copies, above: (below + 1).min(last) / copies, part: position.fract() }
    }

    fn between(self, low: f64, high: f64) -> f64 {
        let step = high - low;
        let value = if self.part < 0.5 { low + step * self.part } else { high - step * (1.0 - self.part) };
        value.clamp(low, high)
    }
}

/// A threshold and the pairs above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    pub threshold: f64,
    /// Pairs of one label that are more alike than the threshold.
    pub same: u64,
    /// Pairs of different labels that are.
    pub different: u64,
}

/// Products from `low` to `high`, and the exact similarities of the pairs there, with how many pairs of one label and
/// of different ones have each.
#[derive(Clone, Debug)]
struct Window {
    low: f64,
    high: f64,
}

/// What the second pass gathers.
struct Found {
    /// Pairs before the first window, between windows, and after the last one.
    gaps: Vec<[u64; 2]>,
    near: Vec<BTreeMap<i64, [u64; 2]>>,
}

/// The thresholds at `places`, which must lie among the pairs there are.
///
/// # Errors
/// When a stop was requested.
pub(super) fn cuts(
    keys: &Keys,
    codes: &[u32],
    pairs: &PairSimilarities,
    among: Among,
    places: &[Place],
) -> Result<Vec<Cut>> {
    let (window_of, windows) = windows(keys, pairs, among, places);
    let found = gather(keys, codes, &windows)?;
    let totals = [pairs.n_same(), pairs.n_different()];
    let cut = |(place, &window): (&Place, &usize)| {
        let before = (0..=window).map(|at| found.gaps[at]).fold([0; 2], add);
        let before = found.near[..window].iter().flat_map(BTreeMap::values).copied().fold(before, add);
        let value_at = |position: u64| {
            let mut passed = among.of(before);
            for (&value, &counts) in &found.near[window] {
                passed += among.of(counts);
                if passed > position {
                    return from_ordered(value);
                }
            }
            f64::NAN
        };
        let threshold = place.between(value_at(place.below), value_at(place.above));
        let most = ordered(threshold);
        let not_above = found.near[window].range(..=most).map(|(_, &counts)| counts).fold(before, add);
        Cut { threshold, same: totals[0] - not_above[0], different: totals[1] - not_above[1] }
    };
    Ok(places.iter().zip(&window_of).map(cut).collect())
}

fn add(a: [u64; 2], b: [u64; 2]) -> [u64; 2] {
    [a[0] + b[0], a[1] + b[1]]
}

/// The window of each place, and the windows in ascending order; those that touch are one.
fn windows(keys: &Keys, pairs: &PairSimilarities, among: Among, places: &[Place]) -> (Vec<usize>, Vec<Window>) {
    let mut reached = Vec::with_capacity(BINS);
    let mut sum = 0;
    for (&same, &different) in pairs.same.iter().zip(&pairs.different) {
        sum += among.of([same, different]);
        reached.push(sum);
    }
    let bin_of = |position: u64| reached.partition_point(|&count| count <= position).min(BINS - 1);
    // Products are within the slack of the exact values, and the exact values wanted within it of the bin.
    let margin = 3.0 * keys.slack;
    let of = |place: &Place| {
        let (first, last) = (bin_of(place.below), bin_of(place.above));
        let low = if first == 0 { f64::NEG_INFINITY } else { PairSimilarities::edge(first) - margin };
        let high = if last + 1 == BINS { f64::INFINITY } else { PairSimilarities::edge(last + 1) + margin };
        Window { low, high }
    };
    let wanted: Vec<Window> = places.iter().map(of).collect();
    let mut sorted = wanted.clone();
    sorted.sort_by(|a, b| a.low.total_cmp(&b.low));
    let mut windows: Vec<Window> = Vec::new();
    for window in sorted {
        match windows.last_mut() {
            Some(last) if window.low <= last.high => last.high = last.high.max(window.high),
            _ => windows.push(window),
        }
    }
    let window_of = wanted.iter().map(|wanted| windows.partition_point(|w| w.low <= wanted.low) - 1).collect();
    (window_of, windows)
}

fn gather(keys: &Keys, codes: &[u32], windows: &[Window]) -> Result<Found> {
    scan_pairs(
        keys,
        || Found { gaps: vec![[0; 2]; windows.len() + 1], near: vec![BTreeMap::new(); windows.len()] },
        |found, row, products| {
            for (other, &product) in (row + 1..).zip(products) {
                let kind = usize::from(codes[row] != codes[other]);
                let at = windows.partition_point(|window| window.low <= product);
                if at > 0 && product <= windows[at - 1].high {
                    let exact = keys.exact(row, other).clamp(-1.0, 1.0);
                    found.near[at - 1].entry(ordered(exact)).or_default()[kind] += 1;
                } else {
                    found.gaps[at][kind] += 1;
                }
            }
        },
        |mut a, b| {
            a.gaps.iter_mut().zip(b.gaps).for_each(|(a, b)| *a = add(*a, b));
            for (a, b) in a.near.iter_mut().zip(b.near) {
                for (value, counts) in b {
                    let sum = a.entry(value).or_default();
                    *sum = add(*sum, counts);
                }
            }
            a
        },
    )
}

/// The bits of a number as an integer of the same order; both zeros are one.
fn ordered(value: f64) -> i64 {
    let bits = (value + 0.0).to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

fn from_ordered(bits: i64) -> f64 {
    f64::from_bits((bits ^ (((bits >> 63) as u64) >> 1) as i64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::retrieval::likeness::{Compared, Similarity};
    use crate::evaluate::retrieval::pairs::count_pairs;
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn numbers_and_integers_have_one_order() {
        let values = [f64::NEG_INFINITY, -1.0, -1e-300, 0.0, 5e-324, 0.3, 1.0];
        assert!(values.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
        assert!(values.iter().all(|&v| from_ordered(ordered(v)) == v));
        assert_eq!(ordered(-0.0), ordered(0.0));
    }

    /// Against the sorted list, with many ties: few features of few values, twins, and two features alone.
    #[test]
    fn thresholds_are_those_of_the_sorted_list() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for (n, d, levels) in [(150, 2, 5), (97, 3, 3), (210, 40, 1000), (5, 7, 9)] {
            let x = Array2::from_shape_simple_fn((n, d), || f64::from(rng.random_range(0..levels)));
            let codes: Vec<u32> = (0..n).map(|row| (row * row % 7) as u32).collect();
            let compared = Compared::new(&x, (0..n).collect(), Similarity::Pearson, "test").unwrap();
            let codes: Vec<u32> = compared.rows.iter().map(|&row| codes[row]).collect();
            let keys = &compared.keys;
            let pairs = count_pairs(keys, &codes, 7, Similarity::Pearson).unwrap();
            let mut all: Vec<(f64, bool)> = (0..keys.n())
                .flat_map(|i| (0..i).map(move |j| (i, j)))
                .map(|(i, j)| (keys.exact(j, i).clamp(-1.0, 1.0), codes[i] == codes[j]))
                .collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            for among in [Among::Different, Among::All] {
                let listed: Vec<f64> =
                    all.iter().filter(|pair| among == Among::All || !pair.1).map(|pair| pair.0).collect();
                for copies in [1, 2] {
                    let twice: Vec<f64> = listed.iter().flat_map(|&v| vec![v; copies as usize]).collect();
                    let quantiles = [0.0, 1.0, 0.95, 0.5, 0.951, 0.2, 0.99];
                    let places: Vec<Place> =
                        quantiles.iter().map(|&q| Place::of(listed.len() as u64, q, copies)).collect();
                    for (q, cut) in quantiles.iter().zip(cuts(keys, &codes, &pairs, among, &places).unwrap()) {
                        let position = (twice.len() - 1) as f64 * q;
                        let (low, high) = (twice[position.floor() as usize], twice[position.ceil() as usize]);
                        let want = low + position.fract() * (high - low);
                        assert!((cut.threshold - want).abs() < 1e-15, "{n} {d} {q}: {cut:?} {want}");
                        let above = |same: bool| {
                            all.iter().filter(|pair| pair.1 == same && pair.0 > cut.threshold).count() as u64
                        };
                        assert_eq!((cut.same, cut.different), (above(true), above(false)), "{n} {d} {q}");
                    }
                }
            }
        }
    }
}
