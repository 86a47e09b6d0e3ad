//! Average precision of a query from the keys of all rows, without an order of all of them.
//!
//! Only the ranks of the relevant rows matter. Each other row is counted at the nearest relevant row that it is not
//! nearer than: rows are counted in bins of equal width from the farthest relevant key to the nearest, without a branch,
//! and only those in the bin of a relevant row are looked at one by one; where a product is too close to a relevant key
//! to tell, by their exact keys. With permutations of the labels every row can be relevant: then all rows are sorted.

use super::keys::Keys;

/// Bins of keys, a power of two; few enough to stay in a core's nearest cache.
const BINS: usize = 1024;
/// Rows whose bins are found side by side.
const CHUNK: usize = 64;

/// Buffers of one thread.
#[derive(Default)]
pub(super) struct Scratch {
    exact: Vec<f64>,
    levels: Vec<f64>,
    hits: Vec<u32>,
    ahead: Vec<u32>,
    close: Vec<u32>,
    order: Vec<(f64, u32)>,
    /// For each row the number of candidates that are at least as near; `u32::MAX` for those that are no candidate.
    pub ranks: Vec<u32>,
    /// Rank of each row of a group, and whether the row is left out of the ranking.
    pub group: Vec<(u32, bool)>,
}

impl Scratch {
    /// Average precision of `query` with these relevant rows among the `distractor` rows; NaN without a relevant row.
    ///
    /// `products` are the keys of all rows, within the slack.
    pub fn precision(
        &mut self,
        keys: &Keys,
        query: usize,
        products: &[f64],
        relevant: impl Iterator<Item = usize>,
        distractor: impl Fn(usize) -> bool,
    ) -> f64 {
        self.levels_of(keys, query, products, relevant, distractor);
        let (mut hits, mut ahead, mut sum) = (0u32, 0u32, 0.0);
        for (&tied, &passed) in self.hits.iter().zip(&self.ahead) {
            hits += tied;
            ahead += passed;
            sum += f64::from(tied) * f64::from(hits) / f64::from(hits + ahead);
        }
        sum / f64::from(hits)
    }

    /// Calls `each` with the rank, from 1, and the number of the relevant rows of `query` that have it, in ascending
    /// order; rows that are equally near share the last rank.
    pub fn ranks_of(
        &mut self,
        keys: &Keys,
        query: usize,
        products: &[f64],
        relevant: impl Iterator<Item = usize>,
        distractor: impl Fn(usize) -> bool,
        mut each: impl FnMut(u32, u32),
    ) {
        self.levels_of(keys, query, products, relevant, distractor);
        let mut rank = 0;
        for (&tied, &passed) in self.hits.iter().zip(&self.ahead) {
            rank += tied + passed;
            each(rank, tied);
        }
    }

    /// The distinct keys of the relevant rows in descending order, how many rows have each, and how many distractors
    /// come between it and the one before it.
    fn levels_of(
        &mut self,
        keys: &Keys,
        query: usize,
        products: &[f64],
        relevant: impl Iterator<Item = usize>,
        distractor: impl Fn(usize) -> bool,
    ) {
        self.exact.clear();
        self.exact.extend(relevant.map(|row| keys.exact(query, row)));
        self.exact.sort_unstable_by(|a, b| b.total_cmp(a));
        self.levels.clear();
        self.hits.clear();
        for tied in self.exact.chunk_by(|a, b| a == b) {
            self.levels.push(tied[0]);
            self.hits.push(tied.len() as u32);
        }
        self.ahead.clear();
        let Some(&last) = self.levels.last() else { return };
        self.ahead.resize(self.levels.len(), 0);
        let slack = keys.slack;
        let (low, high) = (last - slack, self.levels[0] + slack);
        let scale = (BINS - 2) as f64 / (high - low);
        // Never falls where the key grows: a bin between those of two keys holds what lies between them. Bin 0 is below
        // all. Rounded by a sum with 2^52, whose last bits are the integer: several at once, unlike a conversion.
        let bin = |key: f64| {
            let place = ((key - low) * scale + 1.0).clamp(0.0, (BINS - 1) as f64);
            (place + 4_503_599_627_370_496.0).to_bits() as usize % BINS
        };
        let (mut counts, mut relevant) = ([0u32; BINS], [false; BINS]);
        for level in &self.levels {
            relevant[bin(level - slack)..=bin(level + slack)].fill(true);
        }
        self.close.clear();
        let mut places = [0u16; CHUNK];
        for (chunk, products) in products.chunks(CHUNK).enumerate() {
            places.iter_mut().zip(products).for_each(|(place, &product)| *place = bin(product) as u16);
            for (i, &place) in places[..products.len()].iter().enumerate() {
                let (row, place) = (chunk * CHUNK + i, usize::from(place) % BINS);
                counts[place] += u32::from(distractor(row));
                if relevant[place] {
                    self.close.push(row as u32);
                }
            }
        }
        let mut level = 0;
        for at in (1..BINS).rev() {
            while self.levels.get(level).is_some_and(|&v| bin(v) > at) {
                level += 1;
            }
            if let Some(ahead) = self.ahead.get_mut(level).filter(|_| !relevant[at]) {
                *ahead += counts[at];
            }
        }
        for row in self.close.iter().map(|&row| row as usize).filter(|&row| distractor(row)) {
            let product = products[row];
            let mut level = self.levels.partition_point(|&v| v > product - slack);
            if level > 0 && self.levels[level - 1] <= product + slack {
                let exact = keys.exact(query, row);
                level = self.levels.partition_point(|&v| v > exact);
            }
            if let Some(ahead) = self.ahead.get_mut(level) {
                *ahead += 1;
            }
        }
    }

    /// Ranks all candidates of `query` by their exact keys; rows that are equally near share the last rank.
    pub fn rank_all(&mut self, keys: &Keys, query: usize, products: &[f64], candidate: impl Fn(usize) -> bool) {
        self.order.clear();
        let rows = products.iter().enumerate().filter(|&(row, _)| candidate(row));
        self.order.extend(rows.map(|(row, &product)| (product, row as u32)));
        self.order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        self.ranks.clear();
        self.ranks.resize(products.len(), u32::MAX);
        let mut done = 0;
        for close in self.order.chunk_by_mut(|a, b| a.0 - b.0 <= 2.0 * keys.slack) {
            if close.len() > 1 {
                close.iter_mut().for_each(|(key, row)| *key = keys.exact(query, *row as usize));
                close.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
            }
            for tied in close.chunk_by(|a, b| a.0 == b.0) {
                done += tied.len() as u32;
                tied.iter().for_each(|&(_, row)| self.ranks[row as usize] = done);
            }
        }
    }

    /// Average precision of the group that was filled in: each relevant row by its rank, not counting the rows left
    /// out.
    pub fn precision_of_group(&mut self) -> f64 {
        self.group.sort_unstable();
        let (mut hits, mut left_out, mut sum) = (0u32, 0u32, 0.0);
        for tied in self.group.chunk_by(|a, b| a.0 == b.0) {
            let out = tied.iter().filter(|(_, out)| *out).count() as u32;
            let relevant = tied.len() as u32 - out;
            left_out += out;
            hits += relevant;
            if relevant > 0 {
                sum += f64::from(relevant) * f64::from(hits) / f64::from(tied[0].0 - left_out);
            }
        }
        sum / f64::from(hits)
    }
}
