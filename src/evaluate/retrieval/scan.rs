//! All pairs of rows, each once, in blocks of matrix products.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::keys::Keys;
use crate::live::Bar;
use crate::{Error, Result};

/// Rows of a block: fixed, so that products round alike on any number of threads.
const BLOCK: usize = 64;
/// Operations that take long enough for a bar.
const LONG: f64 = 1e11;

/// Calls `add` for every row `i` but the last with the keys of the rows `i + 1, i + 2, ...`, within the slack of the
/// exact ones, and merges what it gathered. `add` takes the gathered value, `i` and these keys.
///
/// # Errors
/// When a stop was requested.
pub(super) fn scan_pairs<T: Send>(
    keys: &Keys,
    empty: impl Fn() -> T + Sync + Send,
    add: impl Fn(&mut T, usize, &[f64]) + Sync + Send,
    merge: impl Fn(T, T) -> T + Sync + Send,
) -> Result<T> {
    let (n, d) = (keys.n(), keys.row(0).len());
    let long = (n as f64).powi(2) * d as f64 > LONG;
    let bar = Mutex::new(long.then(|| Bar::new("similarity of pairs", Some(n as u64))));
    (0..n.div_ceil(BLOCK))
        .into_par_iter()
        .try_fold(
            || (empty(), Vec::new(), Vec::new()),
            |(mut found, mut gathered, mut products), block| {
                let first = block * BLOCK;
                let queries: Vec<u32> = (first..(first + BLOCK).min(n)).map(|row| row as u32).collect();
                keys.products(&queries, first, &mut gathered, &mut products);
                for (at, products) in products.chunks(n - first).enumerate() {
                    add(&mut found, first + at, &products[at + 1..]);
                }
                let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(bar) = bar.as_mut() {
                    bar.advance(queries.len() as u64);
                    if bar.stopped() {
                        return Err(Error::new("the comparison of pairs was stopped").fix("run the cell again"));
                    }
                }
                Ok((found, gathered, products))
            },
        )
        .map(|part| part.map(|(found, ..)| found))
        .try_reduce(&empty, |a, b| Ok(merge(a, b)))
}
