//! Layers forward and backward by hand on a CPU, on rows that lie in the cache.
//!
//! A tape passes over all numbers once for every operation and through new memory each time. Here the caller gives each core a
//! part of the rows, takes them through all layers, and adds up the gradients of its parts.

mod affine;
mod attention;
mod matrices;
mod norm;

pub(crate) use affine::Affine;
pub(crate) use attention::Attention;
use matrices::{multiply, product};
pub(crate) use matrices::{rows, rows_mut};
pub(crate) use norm::{Norm, Standard, standardise, unstandardise};

/// Numbers that are added side by side.
const LANES: usize = 16;

/// Adds numbers to others, in place.
pub(crate) fn add(sum: &mut [f32], more: &[f32]) {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

/// Their sum.
#[inline(always)]
pub(crate) fn sum(x: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let chunks = x.chunks_exact(LANES);
    let rest: f32 = chunks.remainder().iter().sum();
    chunks.for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane += x));
    lanes.iter().sum::<f32>() + rest
}

/// The sum of their products.
#[inline(always)]
pub(crate) fn dot(x: &[f32], y: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (left, right) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest: f32 = left.remainder().iter().zip(right.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in left.zip(right) {
        lanes.iter_mut().zip(x.iter().zip(y)).for_each(|(lane, (x, y))| *lane += x * y);
    }
    lanes.iter().sum::<f32>() + rest
}
