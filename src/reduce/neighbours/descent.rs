//! Neighbours of neighbours are likely to be neighbours.
//!
//! In each round every point compares those that it knows with each other: the points on its list and the points on whose
//! list it is, at least one of each pair not looked at before. What is nearer than what the two have is taken.
//!
//! Source: Dong, Moses and Li 2011, NN-descent. Here all points of a block look at the lists as they were when the block
//! began, and ties are broken by the row, so that the result does not depend on the number of threads.

use rayon::prelude::*;

use super::coordinates::Coordinates;
use super::lists::{Entry, Lists, NOBODY, Offers};

/// Points that compare what they know before the lists change.
const BLOCK: usize = 4096;
/// Points that one thread does in a row.
const TASK: usize = 128;

/// A number that depends on all bits of both (SplitMix64).
pub(super) fn mixed(seed: u64, value: u64) -> u64 {
    let mut z = seed.wrapping_add(value.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One round; how many entries of the lists are new after it, or `None` when `go_on` said no.
pub(super) fn round(
    points: &Coordinates,
    lists: &mut Lists,
    seed: u64,
    go_on: &mut dyn FnMut() -> bool,
) -> Option<usize> {
    let backwards = Backwards::of(lists);
    let (size, (part, parts)) = (lists.size, lists.parts());
    let mut taken = 0;
    for first in (0..points.n).step_by(BLOCK) {
        let last = (first + BLOCK).min(points.n);
        let worst = &lists.worst;
        let block = &mut lists.entries[first * size..last * size];
        let tasks = block.par_chunks_mut(TASK * size).enumerate().map(|(task, entries)| {
            let mut offers = Offers::new(parts);
            let mut known = Known::default();
            for (k, list) in entries.chunks_exact_mut(size).enumerate() {
                let i = first + task * TASK + k;
                known.gather(i as u32, list, backwards.of_point(i), seed);
                known.pairs(i as u32, |a, b| offers.pair(worst, part, a, b, points.apart(a, b)));
            }
            offers
        });
        let offers: Vec<Offers> = tasks.collect();
        taken += lists.take(&offers);
        if !go_on() {
            return None;
        }
    }
    Some(taken)
}

/// On whose lists each point is.
struct Backwards {
    starts: Vec<usize>,
    /// Rows times two, plus one when the entry is new.
    rows: Vec<u32>,
}

impl Backwards {
    fn of(lists: &Lists) -> Self {
        let n = lists.worst.len();
        let mut starts = vec![0; n + 1];
        let known = |entry: &&Entry| entry.row != NOBODY;
        lists.entries.iter().filter(known).for_each(|entry| starts[entry.row as usize + 1] += 1);
        (0..n).for_each(|i| starts[i + 1] += starts[i]);
        let mut next = starts.clone();
        let mut rows = vec![0; starts[n]];
        for (i, list) in lists.entries.chunks_exact(lists.size).enumerate() {
            for entry in list.iter().filter(known) {
                let at = &mut next[entry.row as usize];
                rows[*at] = (i as u32) << 1 | u32::from(entry.new);
                *at += 1;
            }
        }
        Self { starts, rows }
    }

    fn of_point(&self, i: usize) -> &[u32] {
        &self.rows[self.starts[i]..self.starts[i + 1]]
    }
}

/// The points that one point knows: those not looked at yet, and the others.
#[derive(Default)]
struct Known {
    new: Vec<(u64, u32)>,
    old: Vec<(u64, u32)>,
}

impl Known {
    /// As many of each kind as the list is long, drawn at random where there are more; those of the list that were drawn
    /// count as looked at from now on.
    fn gather(&mut self, i: u32, list: &mut [Entry], backwards: &[u32], seed: u64) {
        let most = list.len();
        let drawn = |row: u32| (mixed(seed ^ u64::from(i), u64::from(row)), row);
        self.new.clear();
        self.old.clear();
        for entry in list.iter().filter(|entry| entry.row != NOBODY) {
            if entry.new { self.new.push(drawn(entry.row)) } else { self.old.push(drawn(entry.row)) }
        }
        for &row in backwards {
            if row & 1 == 1 { self.new.push(drawn(row >> 1)) } else { self.old.push(drawn(row >> 1)) }
        }
        for kind in [&mut self.new, &mut self.old] {
            kind.sort_unstable();
            kind.dedup();
            kind.truncate(most);
        }
        for entry in list.iter_mut().filter(|entry| entry.new) {
            entry.new = self.new.binary_search(&drawn(entry.row)).is_err();
        }
    }

    /// All pairs of which one at least is new, and point `i` with all that are new to it.
    fn pairs(&self, i: u32, mut compare: impl FnMut(u32, u32)) {
        for (k, &(_, a)) in self.new.iter().enumerate() {
            compare(a, i);
            self.new[..k].iter().for_each(|&(_, b)| compare(a, b));
            self.old.iter().filter(|(_, b)| *b != a).for_each(|&(_, b)| compare(a, b));
        }
    }
}
