//! The queries of a mean average precision: who is relevant to whom, block by block, and the summary by label.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::average_precision::expected;
use super::keys::Keys;
use super::labels::RowLabels;
use super::permuted::{Permuted, from_units, units};
use super::precision::{LabelPrecision, LeftOut, MeanAveragePrecision, PermutationNull, PrecisionConfig};
use super::ranks::Scratch;
use crate::live::Bar;
use crate::reduce::Points;
use crate::{Error, Result};

/// Operations that take long enough for a bar.
const LONG: f64 = 1e11;

/// Mean average precision with this many queries at once.
pub(super) fn in_blocks(
    points: &dyn Points,
    labels: &RowLabels,
    config: &PrecisionConfig,
    block: usize,
) -> Result<MeanAveragePrecision> {
    let keys = Keys::new(points, config.metric)?;
    let setting = Setting::new(labels, config);
    let n = keys.n();
    let queries: Vec<u32> = (0..n as u32).filter(|&row| setting.is_query(row as usize)).collect();
    if queries.is_empty() {
        return Err(Error::new("no row has another one with its label")
            .at("mean_average_precision")
            .fix("give labels that are shared: across batches by rows of two batches, and not by controls only"));
    }
    let batches = setting.batches.map(RowLabels::codes);
    let permuted = (config.permutations > 0).then(|| Permuted::new(labels, batches, config.permutations, config.seed));
    let mut found = vec![0.0; queries.len()];
    let long = 2.0 * (n * queries.len()) as f64 * points.shape().1 as f64 > LONG;
    let bar = Mutex::new(long.then(|| Bar::new("average precision", Some(queries.len() as u64))));
    let blocks = found.par_chunks_mut(block).zip(queries.par_chunks(block));
    blocks.try_for_each_init(
        || (Vec::new(), Vec::new(), Scratch::default()),
        |(gathered, products, scratch), (found, queries)| {
            keys.products(queries, 0, gathered, products);
            for ((found, &query), products) in found.iter_mut().zip(queries).zip(products.chunks(n)) {
                *found = setting.query(&keys, query as usize, products, scratch, permuted.as_ref());
            }
            let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(bar) = bar.as_mut() {
                bar.advance(queries.len() as u64);
                if bar.stopped() {
                    return Err(Error::new("the ranking of rows was stopped").fix("run the cell again"));
                }
            }
            Ok(())
        },
    )?;
    Ok(setting.summary(&queries, &found, permuted.as_ref(), config))
}

/// Who is relevant to whom.
struct Setting<'a> {
    labels: &'a RowLabels,
    members: Vec<Vec<u32>>,
    batches: Option<&'a RowLabels>,
    batch_sizes: Vec<usize>,
    left: Option<LeftOut>,
}

impl<'a> Setting<'a> {
    fn new(labels: &'a RowLabels, config: &'a PrecisionConfig) -> Self {
        let batches = config.across.as_ref().map(|(batches, _)| batches);
        let mut batch_sizes = vec![0; batches.map_or(0, |batches| batches.names().len())];
        batches.into_iter().flat_map(RowLabels::codes).for_each(|&batch| batch_sizes[batch as usize] += 1);
        let left = config.across.as_ref().map(|&(_, left)| left);
        Self { labels, members: labels.members(), batches, batch_sizes, left }
    }

    fn same_batch(&self, a: usize, b: usize) -> bool {
        self.batches.is_some_and(|batches| batches.codes()[a] == batches.codes()[b])
    }

    fn relevant(&self, query: usize) -> impl Iterator<Item = usize> {
        let members = self.members[self.labels.codes()[query] as usize].iter().map(|&row| row as usize);
        members.filter(move |&row| row != query && !self.same_batch(row, query))
    }

    fn is_query(&self, row: usize) -> bool {
        !self.labels.is_control(row) && self.relevant(row).next().is_some()
    }

    /// Average precision of one query, and of the same under each permutation.
    fn query(
        &self,
        keys: &Keys,
        query: usize,
        products: &[f64],
        scratch: &mut Scratch,
        permuted: Option<&Permuted>,
    ) -> f64 {
        let codes = self.labels.codes();
        let ranked = |row: usize| self.left != Some(LeftOut::SameBatch) || !self.same_batch(row, query);
        let Some(permuted) = permuted else {
            let distractor = |row: usize| codes[row] != codes[query] && ranked(row);
            return scratch.precision(keys, query, products, self.relevant(query), distractor);
        };
        scratch.rank_all(keys, query, products, |row| row != query && ranked(row));
        let mut of_group = |group: &[u32]| {
            scratch.group.clear();
            for row in group.iter().map(|&row| row as usize).filter(|&row| row != query && ranked(row)) {
                scratch.group.push((scratch.ranks[row], self.same_batch(row, query)));
            }
            scratch.precision_of_group()
        };
        for permutation in 0..permuted.count() {
            let (label, group) = permuted.group(permutation, query);
            let precision = of_group(group);
            if !precision.is_nan() {
                permuted.add(permutation, label, precision);
            }
        }
        of_group(&self.members[codes[query] as usize])
    }

    /// Rows that are ranked for a query with so many relevant ones.
    fn candidates(&self, query: usize, relevant: usize) -> usize {
        let n = self.labels.len();
        match (self.left, self.batches) {
            (Some(LeftOut::SameBatch), Some(batches)) => n - self.batch_sizes[batches.codes()[query] as usize],
            (Some(LeftOut::SameLabel), _) => n - (self.members[self.labels.codes()[query] as usize].len() - relevant),
            _ => n - 1,
        }
    }

    fn summary(
        &self,
        queries: &[u32],
        found: &[f64],
        permuted: Option<&Permuted>,
        config: &PrecisionConfig,
    ) -> MeanAveragePrecision {
        let (n, names) = (self.labels.len(), self.labels.names());
        let mut harmonic = vec![0.0; n + 1];
        (1..=n).for_each(|k| harmonic[k] = harmonic[k - 1] + 1.0 / k as f64);
        let mut average_precision = vec![f64::NAN; n];
        // For each label: queries, sum of their average precisions, the same in units, sum of the random expectations.
        let mut sums = vec![(0usize, 0.0, 0u64, 0.0); names.len()];
        for (&query, &precision) in queries.iter().zip(found) {
            let query = query as usize;
            average_precision[query] = precision;
            let relevant = self.relevant(query).count();
            let n_ranked = self.candidates(query, relevant);
            let sum = &mut sums[self.labels.codes()[query] as usize];
            sum.0 += 1;
            sum.1 += precision;
            sum.2 += units(precision);
            sum.3 += expected(relevant, n_ranked, harmonic[n_ranked]);
        }
        let queried = |label: &usize| sums[*label].0 > 0;
        let labels: Vec<LabelPrecision> = (0..names.len())
            .filter(queried)
            .map(|label| {
                let (n_queries, sum, observed, random) = sums[label];
                let null = permuted.map(|permuted| null(permuted.sums_of(label), observed, n_queries));
                let size = n_queries as f64;
                LabelPrecision { label: names[label].clone(), n_queries, map: sum / size, random: random / size, null }
            })
            .collect();
        let (n_queries, size) = (queries.len(), queries.len() as f64);
        let observed = sums.iter().map(|sum| sum.2).sum();
        MeanAveragePrecision {
            mean_over_queries: found.iter().sum::<f64>() / size,
            mean_over_labels: labels.iter().map(|label| label.map).sum::<f64>() / labels.len() as f64,
            random: sums.iter().map(|sum| sum.3).sum::<f64>() / size,
            null: permuted.map(|permuted| null(permuted.totals(), observed, n_queries)),
            labels,
            average_precision,
            n_queries,
            metric: config.metric,
            across: self.left,
            permutations: config.permutations,
        }
    }
}

/// Where the observed sum lies among those of the permutations; all are sums over `n_queries`.
fn null(mut sums: Vec<u64>, observed: u64, n_queries: usize) -> PermutationNull {
    sums.sort_unstable();
    let count = sums.len();
    let above = count - sums.partition_point(|&sum| sum < observed);
    let position = 0.95 * (count - 1) as f64;
    let (below, part) = (position.floor() as usize, position.fract());
    let [low, high] = [below, (below + 1).min(count - 1)].map(|at| from_units(sums[at]));
    let mean = sums.iter().map(|&sum| from_units(sum)).sum::<f64>() / count as f64;
    let size = n_queries as f64;
    PermutationNull {
        mean: mean / size,
        percentile_95: (low + part * (high - low)) / size,
        p: (1 + above) as f64 / (1 + count) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reduce::Metric;
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Rows with duplicates, multiples and zero vectors, in `d` dimensions.
    fn points(n: usize, d: usize, seed: u64) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut x = Array2::from_shape_simple_fn((n, d), || rng.random_range(-1.0..1.0));
        for row in (3..n).step_by(7) {
            let twin = x.row(row - 3).to_owned() * f64::from(1 + (row % 2) as u8);
            x.row_mut(row).assign(&twin);
        }
        x.row_mut(n / 2).fill(0.0);
        x.row_mut(n - 1).fill(0.0);
        x
    }

    fn bits(found: &MeanAveragePrecision) -> Vec<u64> {
        let nulls = found.labels.iter().filter_map(|label| label.null).flat_map(|null| [null.mean, null.p]);
        let all = found.average_precision.iter().copied().chain(nulls).chain([found.mean_over_queries]);
        all.map(f64::to_bits).collect()
    }

    /// Straight from the definition, `O(n^2)` for each query.
    fn plain(keys: &Keys, setting: &Setting<'_>, query: usize) -> f64 {
        let relevant: Vec<usize> = setting.relevant(query).collect();
        let label = setting.labels.codes()[query];
        let ranked = |row: &usize| match setting.left {
            _ if *row == query => false,
            None => true,
            Some(LeftOut::SameLabel) => !(setting.same_batch(*row, query) && setting.labels.codes()[*row] == label),
            Some(LeftOut::SameBatch) => !setting.same_batch(*row, query),
        };
        let key = |row: usize| keys.exact(query, row);
        let at_least = |row: usize, other: usize| key(other) >= key(row);
        let sum: f64 = relevant
            .iter()
            .map(|&row| {
                let rank = (0..keys.n()).filter(ranked).filter(|&other| at_least(row, other)).count();
                let hits = relevant.iter().filter(|&&other| at_least(row, other)).count();
                hits as f64 / rank as f64
            })
            .sum();
        sum / relevant.len() as f64
    }

    #[test]
    fn blocks_threads_and_permutations_do_not_change_a_bit() {
        let x = points(97, 19, 1);
        let labels: Vec<u32> = (0..97).map(|row| (row * row + row / 5) % 11).collect();
        let labels = RowLabels::new(&labels).with_controls(&["0"]).unwrap();
        let batches = RowLabels::new(&(0..97).map(|row| row % 4).collect::<Vec<u32>>());
        for metric in [Metric::Cosine, Metric::Euclidean] {
            let keys = Keys::new(&x, metric).unwrap();
            for across in
                [None, Some((batches.clone(), LeftOut::SameLabel)), Some((batches.clone(), LeftOut::SameBatch))]
            {
                let config = PrecisionConfig { metric, across, ..PrecisionConfig::default() };
                let whole = in_blocks(&x, &labels, &config, 97).unwrap();
                let setting = Setting::new(&labels, &config);
                for (query, &got) in whole.average_precision.iter().enumerate().filter(|(_, got)| !got.is_nan()) {
                    assert!((got - plain(&keys, &setting, query)).abs() < 1e-12, "{metric:?} {query}");
                }
                let permuting = PrecisionConfig { permutations: 20, ..config.clone() };
                let permuted = in_blocks(&x, &labels, &permuting, 97).unwrap();
                assert_eq!(bits(&whole)[..97], bits(&permuted)[..97]);
                for (threads, block) in [(1, 1), (2, 13), (3, 40)] {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                    let again = pool.install(|| in_blocks(&x, &labels, &permuting, block).unwrap());
                    assert_eq!(bits(&again), bits(&permuted), "{threads} threads, blocks of {block}");
                }
            }
        }
    }

    #[test]
    fn the_random_expectation_is_the_mean_under_permuted_labels() {
        let x = points(60, 5, 2);
        let labels = RowLabels::new(&(0..60).map(|row| row % 6).collect::<Vec<u32>>());
        let config = PrecisionConfig { permutations: 400, ..PrecisionConfig::default() };
        let found = in_blocks(&x, &labels, &config, 16).unwrap();
        // Ties share the last rank, which costs a little; the rest is the spread of 400 permutations.
        assert!((found.null.unwrap().mean - found.random).abs() < 0.01, "{:?} {}", found.null, found.random);
        assert_eq!(found.p_values().len(), 6);
    }
}
