//! Dot products of a block of points with another.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::nearest::{Candidate, Exactly, Nearest};
use super::scaled::Scaled;

/// Products that are looked through at once.
const CHUNK: usize = 32;

/// A block of points and one of reference points.
pub(super) struct Tile<'a> {
    pub(super) from: &'a Scaled,
    pub(super) to: &'a Scaled,
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

impl Tile<'_> {
    /// The products, `rows x columns`.
    pub(super) fn products(&self, to: &mut Vec<f32>) {
        let (size, width) = (self.rows.len(), self.columns.len());
        to.resize(size * width, 0.0);
        matmul(
            MatMut::from_row_major_slice_mut(to.as_mut_slice(), size, width),
            Accum::Replace,
            MatRef::from_row_major_slice(self.from.rows(&self.rows), size, self.from.d),
            MatRef::from_row_major_slice(self.to.rows(&self.columns), width, self.to.d).transpose(),
            1.0,
            Par::Seq,
        );
    }

    /// Offers the columns to the rows, and the rows to the columns where those want neighbours as well; a point is not
    /// offered to itself where both are the `same` points.
    pub(super) fn offer(
        &self,
        products: &[f32],
        rows: &mut Nearest,
        mut columns: Option<&mut Nearest>,
        same: bool,
        exactly: &Exactly<'_>,
    ) {
        let nobody = vec![f32::NEG_INFINITY; self.columns.len()];
        let (lows, spreads) = (&self.to.lows[self.columns.clone()], &self.to.spreads[self.columns.clone()]);
        let mut near = Vec::with_capacity(self.columns.len());
        for (at, products) in products.chunks(self.columns.len()).enumerate() {
            let row = self.rows.start + at;
            let (low, length, limit) = (self.from.lows[row], self.from.norms[row], rows.limits[at]);
            let limits = columns.as_ref().map_or(&nobody[..], |columns| &columns.limits[..]);
            near.clear();
            for first in (0..products.len()).step_by(CHUNK) {
                let part = first..(first + CHUNK).min(products.len());
                let each = products[part.clone()].iter().zip(&lows[part.clone()]);
                let each = each.zip(spreads[part.clone()].iter().zip(&limits[part.clone()]));
                // Without a branch in it, so that several are compared at once.
                let some = each.fold(false, |some, ((product, other), (spread, other_limit))| {
                    let most = product + length * spread;
                    some | (most >= other - limit) | (most >= low - other_limit)
                });
                if some {
                    near.extend(part);
                }
            }
            for &place in &near {
                let column = self.columns.start + place;
                if same && row == column {
                    continue;
                }
                let (product, spread) = (products[place], length * spreads[place]);
                let candidate = |points: &Scaled, row: usize| Candidate {
                    row: row as u32,
                    lower: points.lows[row] - product - spread,
                    upper: points.highs[row] - product + spread,
                };
                rows.offer(at, candidate(self.to, column), exactly);
                if let Some(columns) = columns.as_deref_mut() {
                    columns.offer(place, candidate(self.from, row), exactly);
                }
            }
        }
    }
}
