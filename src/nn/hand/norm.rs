//! Layer normalisation of rows.
//!
//! ```text
//! u = (x - mean) / sqrt(var + eps),  y = u gain + offset
//! d gain = sum dy u,  d offset = sum dy,  g = dy gain,  dx = (g - mean(g) - u mean(g u)) / sqrt(var + eps)
//! ```
//!
//! Mean and variance are those of a row, sums go over rows.

use pulp::Arch;

use super::{dot, sum};
use crate::nn::LayerNorm;
use crate::nn::state::numbers;

/// The numbers of a layer normalisation.
pub(crate) struct Norm {
    gain: Vec<f32>,
    offset: Vec<f32>,
    epsilon: f32,
}

/// What forward leaves for backward.
pub(crate) struct Standard {
    /// `u`.
    rows: Vec<f32>,
    /// `1 / sqrt(var + eps)` of each row.
    inverse: Vec<f32>,
}

impl Norm {
    pub(crate) fn of(norm: &LayerNorm) -> Self {
        let epsilon = norm.epsilon() as f32;
        Self { gain: numbers(norm.weight.val()), offset: numbers(norm.bias.val()), epsilon }
    }

    /// `y` of rows.
    pub(crate) fn forward(&self, x: &[f32]) -> (Vec<f32>, Standard) {
        let width = self.gain.len();
        let (mut rows, mut out) = (x.to_vec(), vec![0.0; x.len()]);
        let mut inverse = vec![0.0; x.len() / width];
        let each = rows.chunks_exact_mut(width).zip(out.chunks_exact_mut(width)).zip(&mut inverse);
        Arch::new().dispatch(|| {
            for ((u, out), inverse) in each {
                *inverse = standardise(u, self.epsilon);
                let scaled = u.iter().zip(self.gain.iter().zip(&self.offset));
                out.iter_mut().zip(scaled).for_each(|(out, (u, (gain, offset)))| *out = u * gain + offset);
            }
        });
        (out, Standard { rows, inverse })
    }

    /// The gradients of gain and offset; that of `y`, `slope`, becomes that of `x`.
    pub(crate) fn backward(&self, kept: &Standard, slope: &mut [f32]) -> [Vec<f32>; 2] {
        let width = self.gain.len();
        let [mut gain, mut offset] = [(); 2].map(|()| vec![0.0; width]);
        let rows = slope.chunks_exact_mut(width).zip(kept.rows.chunks_exact(width).zip(&kept.inverse));
        Arch::new().dispatch(|| {
            for (d, (u, &inverse)) in rows {
                gain.iter_mut().zip(d.iter().zip(u)).for_each(|(gain, (d, u))| *gain += d * u);
                offset.iter_mut().zip(d.iter()).for_each(|(offset, d)| *offset += d);
                d.iter_mut().zip(&self.gain).for_each(|(d, gain)| *d *= gain);
                unstandardise(d, u, inverse);
            }
        });
        [gain, offset]
    }
}

/// A row to mean 0 and variance 1, in place; returns `1 / sqrt(var + eps)`.
#[inline(always)]
pub(crate) fn standardise(row: &mut [f32], epsilon: f32) -> f32 {
    let width = row.len() as f32;
    let mean = sum(row) / width;
    row.iter_mut().for_each(|u| *u -= mean);
    let inverse = (dot(row, row) / width + epsilon).sqrt().recip();
    row.iter_mut().for_each(|u| *u *= inverse);
    inverse
}

/// The gradient of a row from that of `u`, in place.
#[inline(always)]
pub(crate) fn unstandardise(slope: &mut [f32], u: &[f32], inverse: f32) {
    let width = u.len() as f32;
    let (mean, along) = (sum(slope) / width, dot(slope, u) / width);
    slope.iter_mut().zip(u).for_each(|(d, u)| *d = (*d - mean - u * along) * inverse);
}
