//! The nearest points found so far, for every point.
//!
//! A list holds the best of all that was ever offered to it, in the order of distance and then of row. So it does not
//! depend on the order of the offers, nor on how many threads made them.

use rayon::prelude::*;

/// Parts into which the lists are cut so that threads can change them at the same time.
const PARTS: usize = 64;
/// Stands where no point was found yet.
pub(super) const NOBODY: u32 = u32::MAX;

/// A point that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    /// Squared distance.
    pub(super) apart: f32,
    pub(super) row: u32,
    /// Whether its neighbours have not been looked at yet.
    pub(super) new: bool,
}

/// Says to the list of `of` that `row` is so far away.
#[derive(Clone, Copy)]
pub(super) struct Offer {
    pub(super) of: u32,
    pub(super) row: u32,
    pub(super) apart: f32,
}

/// Offers, sorted by the part of the lists they go to.
pub(super) struct Offers(Vec<Vec<Offer>>);

impl Offers {
    /// None yet, for so many parts.
    pub(super) fn new(parts: usize) -> Self {
        Self(vec![Vec::new(); parts])
    }

    /// Offers two points to each other, unless their lists (whose worst entries are given, and how many of them make a
    /// part) would not take them.
    pub(super) fn pair(&mut self, worst: &[f32], part: usize, i: u32, j: u32, apart: f32) {
        for (of, row) in [(i, j), (j, i)] {
            if apart <= worst[of as usize] {
                self.0[of as usize / part].push(Offer { of, row, apart });
            }
        }
    }
}

/// A list for each point.
pub(super) struct Lists {
    pub(super) entries: Vec<Entry>,
    /// The largest distance in each list, infinite while it has room.
    pub(super) worst: Vec<f32>,
    /// Length of a list.
    pub(super) size: usize,
    /// Points in a part.
    part: usize,
}

impl Lists {
    pub(super) fn new(n: usize, size: usize) -> Self {
        let nobody = Entry { apart: f32::INFINITY, row: NOBODY, new: false };
        let entries = vec![nobody; n * size];
        Self { entries, worst: vec![f32::INFINITY; n], size, part: n.div_ceil(PARTS).max(1) }
    }

    /// The same with longer lists; the neighbours of all points are to be looked at again.
    pub(super) fn widened(&self, size: usize) -> Self {
        let mut wider = Self::new(self.worst.len(), size);
        for (to, from) in wider.entries.chunks_exact_mut(size).zip(self.entries.chunks_exact(self.size)) {
            to[..self.size].copy_from_slice(from);
            to.iter_mut().for_each(|entry| entry.new = entry.row != NOBODY);
        }
        wider
    }

    /// Points in a part, and the number of parts.
    pub(super) fn parts(&self) -> (usize, usize) {
        (self.part, self.worst.len().div_ceil(self.part))
    }

    /// Takes what is better than what is there; how many offers were taken.
    pub(super) fn take(&mut self, offers: &[Offers]) -> usize {
        let (size, part) = (self.size, self.part);
        let parts = self.entries.par_chunks_mut(part * size).zip(self.worst.par_chunks_mut(part)).enumerate();
        let taken = parts.map(|(number, (entries, worst))| {
            let first = number * part;
            let mut taken = 0;
            for offer in offers.iter().flat_map(|offers| &offers.0[number]) {
                let i = offer.of as usize - first;
                let list = &mut entries[i * size..(i + 1) * size];
                if insert(list, offer.row, offer.apart) {
                    worst[i] = list[size - 1].apart;
                    taken += 1;
                }
            }
            taken
        });
        taken.sum()
    }
}

/// Puts a point into a sorted list unless it is there or comes after the last.
fn insert(list: &mut [Entry], row: u32, apart: f32) -> bool {
    let at = list.partition_point(|entry| (entry.apart, entry.row) < (apart, row));
    if at == list.len() || list[at].row == row {
        return false;
    }
    list[at..].rotate_right(1);
    list[at] = Entry { apart, row, new: true };
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_the_best_whatever_their_order() {
        let offers = [(3, 0.5), (4, 0.25), (5, 0.5), (3, 0.5), (6, 1.0), (7, 0.25)];
        for turn in 0..offers.len() {
            let mut lists = Lists::new(1, 3);
            for &(row, apart) in offers.iter().cycle().skip(turn).take(offers.len()) {
                let mut made = Offers::new(1);
                made.0[0].push(Offer { of: 0, row, apart });
                lists.take(&[made]);
            }
            let rows: Vec<u32> = lists.entries.iter().map(|entry| entry.row).collect();
            assert_eq!((rows, lists.worst[0]), (vec![4, 7, 3], 0.5));
        }
    }
}
