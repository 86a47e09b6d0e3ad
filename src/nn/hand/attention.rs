//! Attention between the tokens of an image, head by head.
//!
//! ```text
//! P = softmax(Q K^T / sqrt(d)),  O = P V
//! dV = P^T dO,  dP = dO V^T,  dS = P (dP - sum over keys P dP),  dQ = dS K / sqrt(d),  dK = dS^T Q / sqrt(d)
//! ```

use faer::{MatMut, MatRef};
use pulp::Arch;

use super::{dot, multiply, rows, rows_mut, sum};
use crate::nn::gelu::exp_minus;

/// Sizes of an attention; `width` is that of all heads together.
#[derive(Clone, Copy)]
pub(crate) struct Attention {
    pub(crate) heads: usize,
    pub(crate) tokens: usize,
    pub(crate) width: usize,
}

/// Which of the three that lie side by side for each token.
#[derive(Clone, Copy)]
enum Part {
    Query,
    Key,
    Value,
}

impl Attention {
    /// What tokens get, `rows x width`, and how much each attends to each, `images x heads x tokens x tokens`; `qkv` holds
    /// queries, keys and values of each token side by side, `rows x 3 width`.
    pub(crate) fn forward(self, qkv: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let Self { heads, tokens, width } = self;
        let images = qkv.len() / (3 * width * tokens);
        let mut mixed = vec![0.0; images * tokens * width];
        let mut weights = vec![0.0; images * heads * tokens * tokens];
        let each = mixed.chunks_exact_mut(tokens * width).zip(weights.chunks_exact_mut(heads * tokens * tokens));
        for ((mixed, weights), qkv) in each.zip(qkv.chunks_exact(3 * width * tokens)) {
            for (head, weights) in weights.chunks_exact_mut(tokens * tokens).enumerate() {
                let [query, key, value] = self.parts(qkv, head);
                multiply(rows_mut(weights, tokens), query, key.transpose(), self.scale());
                softmax(weights, tokens);
                let into = rows_mut(mixed, width).subcols_mut(head * self.depth(), self.depth());
                multiply(into, rows(weights, tokens), value, 1.0);
            }
        }
        (mixed, weights)
    }

    /// The gradient of `qkv` from that of what tokens get.
    pub(crate) fn backward(self, qkv: &[f32], weights: &[f32], slope: &[f32]) -> Vec<f32> {
        let Self { heads, tokens, width } = self;
        let mut gradient = vec![0.0; qkv.len()];
        let mut scores = vec![0.0; tokens * tokens];
        let each = gradient.chunks_exact_mut(3 * width * tokens).zip(qkv.chunks_exact(3 * width * tokens));
        let each = each.zip(weights.chunks_exact(heads * tokens * tokens)).zip(slope.chunks_exact(tokens * width));
        for (((gradient, qkv), weights), slope) in each {
            for (head, weights) in weights.chunks_exact(tokens * tokens).enumerate() {
                let [query, key, value] = self.parts(qkv, head);
                let slope = rows(slope, width).subcols(head * self.depth(), self.depth());
                multiply(self.part_mut(gradient, Part::Value, head), rows(weights, tokens).transpose(), slope, 1.0);
                multiply(rows_mut(&mut scores, tokens), slope, value.transpose(), 1.0);
                unsoftmax(&mut scores, weights, tokens);
                let scores = rows(&scores, tokens);
                multiply(self.part_mut(gradient, Part::Query, head), scores, key, self.scale());
                multiply(self.part_mut(gradient, Part::Key, head), scores.transpose(), query, self.scale());
            }
        }
        gradient
    }

    /// Numbers of a query.
    fn depth(self) -> usize {
        self.width / self.heads
    }

    fn scale(self) -> f32 {
        (self.depth() as f32).sqrt().recip()
    }

    /// The first column of a part of a head.
    fn column(self, part: Part, head: usize) -> usize {
        part as usize * self.width + head * self.depth()
    }

    /// Queries, keys and values of an image's tokens, `tokens x depth` each.
    fn parts(self, qkv: &[f32], head: usize) -> [MatRef<'_, f32>; 3] {
        let all = rows(qkv, 3 * self.width);
        [Part::Query, Part::Key, Part::Value].map(|part| all.subcols(self.column(part, head), self.depth()))
    }

    fn part_mut(self, qkv: &mut [f32], part: Part, head: usize) -> MatMut<'_, f32> {
        rows_mut(qkv, 3 * self.width).subcols_mut(self.column(part, head), self.depth())
    }
}

/// Rows to their softmax.
fn softmax(scores: &mut [f32], width: usize) {
    Arch::new().dispatch(|| {
        for row in scores.chunks_exact_mut(width) {
            let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            row.iter_mut().for_each(|score| *score = exp_minus(most - *score));
            let share = sum(row).recip();
            row.iter_mut().for_each(|weight| *weight *= share);
        }
    });
}

/// The gradient of scores, in the place of that of their softmax.
fn unsoftmax(slope: &mut [f32], weights: &[f32], width: usize) {
    Arch::new().dispatch(|| {
        for (slope, weights) in slope.chunks_exact_mut(width).zip(weights.chunks_exact(width)) {
            let common = dot(slope, weights);
            slope.iter_mut().zip(weights).for_each(|(d, weight)| *d = weight * (*d - common));
        }
    });
}
