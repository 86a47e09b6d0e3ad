//! Positions of hits: where the rows of a query's label stand in its list of all others (cytominer-eval's "hit at k").
//!
//! For every query the other rows are listed by descending similarity, numbered from 0. Each row of the query's label is
//! a hit; the positions of all hits of all queries are pooled. With `H` hits and `n` rows
//!
//! ```text
//! above random at p %  =  #{hits at positions <= p n / 100}  -  floor(p H / 100)
//! cumulative, at k     =  #{hits at positions <= k}  -  (k + 1) H / n
//! ```
//!
//! Random orders give about 0, and 100 % gives exactly 0. The unit is hits, not queries: a label of `m` rows gives
//! `m (m - 1)` of them. [`hits_at_k`](super::hits_at_k) counts queries with at least one hit among the first `k`, as
//! retrieval usually does; the two are not comparable.
//!
//! Controls are listed but not queried; cytominer-eval queries all rows, which is what labels without marked controls do.
//! Rows that are equally similar share the last of their positions, so that the order of the rows does not matter (copies
//! of a row are; similarities that agree up to rounding only are told apart). Rows without direction are neither queried
//! nor listed.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::labels::RowLabels;
use super::likeness::{Compared, Similarity};
use super::ranks::Scratch;
use crate::live::Bar;
use crate::reduce::Points;
use crate::{Error, Result};

/// Queries of a block.
const BLOCK: usize = 64;
/// Operations that take long enough for a bar.
const LONG: f64 = 1e11;

/// Positions of all hits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HitPositions {
    /// Hits at each position, from 0 to `n - 2`.
    pub counts: Vec<u64>,
    /// Hits of all queries together.
    pub n_hits: u64,
    /// Rows that were queried: those that share their label and are no control.
    pub n_queries: usize,
    /// Rows that are listed, the query included.
    pub n: usize,
    /// Rows without direction, left out.
    pub n_left_out: usize,
    /// What the lists are sorted by.
    pub similarity: Similarity,
}

/// Finds the positions of all hits.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{RowLabels, Similarity, hit_positions};
///
/// let wells = array![[1.0, 0.0], [1.0, 0.2], [1.0, 0.3], [0.0, 1.0]];
/// let labels = RowLabels::new(&["A", "B", "A", "B"]);
/// let hits = hit_positions(&wells, &labels, Similarity::Cosine)?;
/// assert_eq!(hits.counts, [0, 3, 1]); // of the second row the fourth is the last of the list
/// assert_eq!((hits.first(), hits.last()), (Some(1), Some(2)));
/// assert_eq!(hits.above_random(25.0), 2); // positions 0 and 1 hold 3 of 4 hits, 1 by chance
/// assert_eq!(hits.cumulative_above_random(), [-1.0, 1.0, 1.0, 0.0]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not as many labels as rows, a value is not finite, no label but controls is shared (rows without
/// direction apart), or the work was stopped.
pub fn hit_positions(points: &dyn Points, labels: &RowLabels, similarity: Similarity) -> Result<HitPositions> {
    let place = "hit_positions";
    labels.require_rows(points.shape().0, place)?;
    let Compared { keys, rows, left_out } = Compared::new(points, (0..labels.len()).collect(), similarity, place)?;
    let codes: Vec<u32> = rows.iter().map(|&row| labels.codes()[row]).collect();
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); labels.names().len()];
    codes.iter().enumerate().for_each(|(row, &code)| members[code as usize].push(row as u32));
    let is_query = |row: &u32| {
        let code = codes[*row as usize] as usize;
        !labels.is_control_code(code) && members[code].len() > 1
    };
    let n = keys.n();
    let queries: Vec<u32> = (0..n as u32).filter(is_query).collect();
    if queries.is_empty() {
        return Err(Error::new("no row has another one with its label")
            .at(place)
            .fix("give labels that are shared, and not by controls only"));
    }
    let long = 2.0 * (n * queries.len()) as f64 * points.shape().1 as f64 > LONG;
    let bar = Mutex::new(long.then(|| Bar::new("positions of hits", Some(queries.len() as u64))));
    let counts = queries
        .par_chunks(BLOCK)
        .try_fold(
            || (vec![0u64; n - 1], Vec::new(), Vec::new(), Scratch::default()),
            |(mut counts, mut gathered, mut products, mut scratch), queries| {
                keys.products(queries, 0, &mut gathered, &mut products);
                for (&query, products) in queries.iter().zip(products.chunks(n)) {
                    let code = codes[query as usize];
                    let relevant = members[code as usize].iter().filter(|&&row| row != query).map(|&row| row as usize);
                    scratch.ranks_of(
                        &keys,
                        query as usize,
                        products,
                        relevant,
                        |row| codes[row] != code,
                        |rank, tied| counts[rank as usize - 1] += u64::from(tied),
                    );
                }
                let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(bar) = bar.as_mut() {
                    bar.advance(queries.len() as u64);
                    if bar.stopped() {
                        return Err(Error::new("the ranking of rows was stopped").fix("run the cell again"));
                    }
                }
                Ok((counts, gathered, products, scratch))
            },
        )
        .map(|part| part.map(|(counts, ..)| counts))
        .try_reduce(
            || vec![0u64; n - 1],
            |mut a, b| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                Ok(a)
            },
        )?;
    let n_hits = counts.iter().sum();
    Ok(HitPositions { counts, n_hits, n_queries: queries.len(), n, n_left_out: left_out, similarity })
}

impl HitPositions {
    /// The first position that holds a hit.
    pub fn first(&self) -> Option<usize> {
        self.counts.iter().position(|&count| count > 0)
    }

    /// The last position that holds a hit.
    pub fn last(&self) -> Option<usize> {
        self.counts.iter().rposition(|&count| count > 0)
    }

    /// Hits within the first `percent` per cent of the list, less those that random orders give; in whole hits, rounded
    /// as cytominer-eval does. A percentage below 0 counts as 0, one above 100 as 100; NaN gives 0.
    pub fn above_random(&self, percent: f64) -> i64 {
        let percent = if percent.is_nan() { 0.0 } else { percent.clamp(0.0, 100.0) };
        let last = percent * self.n as f64 / 100.0;
        let hits: u64 = self.counts.iter().enumerate().take_while(|&(at, _)| at as f64 <= last).map(|(_, n)| n).sum();
        hits as i64 - (percent * self.n_hits as f64 / 100.0) as i64
    }

    /// For each `k` from 0 to `n - 1`: hits at positions up to `k`, less `(k + 1) H / n`.
    pub fn cumulative_above_random(&self) -> Vec<f64> {
        let mut hits = 0;
        (0..self.n)
            .map(|k| {
                hits += self.counts.get(k).copied().unwrap_or_default();
                hits as f64 - (k + 1) as f64 * self.n_hits as f64 / self.n as f64
            })
            .collect()
    }
}
