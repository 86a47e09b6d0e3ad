//! The scorer forward and backward on a CPU, without a tape.
//!
//! ```text
//! hidden layer    h = x W^T + b,  u = (h - mean) / sqrt(var + eps),  z = u gain + offset,  a = z Phi(z)
//! scores          s = sigmoid(a W^T + b)
//! backward        dz = da (Phi(z) + z phi(z)),  g = dz gain,  dh = (g - mean(g) - u mean(g u)) / sqrt(var + eps)
//!                 dW = dh^T x,  db = sum dh,  d gain = sum dz u,  d offset = sum dz,  dx = dh W
//! ```
//!
//! Mean and variance are those of a row, sums go over rows. A tape passes over all numbers once for every operation and
//! through new memory each time; here each core takes a part of the cells through all layers.

use ndarray::Array1;
use rayon::prelude::*;

use super::scorer::Scorer;
use crate::nn::hand::{Affine, Norm, Standard, add};
use crate::nn::{LayerNorm, Linear, State, gelu_in_place};

/// Cells that a core does at a time.
const CELLS: usize = 2_048;

/// The parameters in the order in which gradients are listed.
const NAMES: [&str; 10] = [
    "fc1.weight",
    "fc1.bias",
    "ln1.weight",
    "ln1.bias",
    "fc2.weight",
    "fc2.bias",
    "ln2.weight",
    "ln2.bias",
    "fc3.weight",
    "fc3.bias",
];

/// The numbers of a scorer.
pub(super) struct ByHand {
    first: Hidden,
    second: Hidden,
    last: Affine,
}

/// What forward leaves for backward, of [`CELLS`] cells.
pub(super) struct Part {
    first: Kept,
    second: Kept,
    /// `cells x q`.
    pub scores: Vec<f32>,
}

impl ByHand {
    /// Those of a scorer.
    pub fn of(scorer: &Scorer) -> Self {
        Self {
            first: Hidden::of(&scorer.fc1, &scorer.ln1),
            second: Hidden::of(&scorer.fc2, &scorer.ln2),
            last: Affine::of(&scorer.fc3),
        }
    }

    /// Scores `cells x d`.
    pub fn forward(&self, cells: &[f32]) -> Vec<Part> {
        let part = |x: &[f32]| {
            let first = self.first.forward(x);
            let second = self.second.forward(&first.out);
            let mut scores = self.last.forward(&second.out);
            scores.iter_mut().for_each(|score| *score = 1.0 / (1.0 + (-*score).exp()));
            Part { first, second, scores }
        };
        cells.par_chunks(CELLS * self.first.affine.inputs()).map(part).collect()
    }

    /// The gradient of every weight by its name, flat, from that of the scores, `cells x q`.
    pub fn backward(&self, cells: &[f32], parts: Vec<Part>, slope: &[f32]) -> State {
        let cells = cells.par_chunks(CELLS * self.first.affine.inputs());
        let slope = slope.par_chunks(CELLS * self.last.outputs());
        let of_part = |((part, x), slope): ((Part, &[f32]), &[f32])| {
            let Part { first, second, scores } = part;
            let slope: Vec<f32> = slope.iter().zip(&scores).map(|(slope, s)| slope * s * (1.0 - s)).collect();
            let of_last = self.last.gradients(&second.out, &slope);
            let (slope, of_second) = self.second.gradients(&first.out, second, self.last.onward(&slope));
            let (_, of_first) = self.first.gradients(x, first, self.second.affine.onward(&slope));
            of_first.into_iter().chain(of_second).chain(of_last).collect::<Vec<_>>()
        };
        let of_parts: Vec<_> = parts.into_par_iter().zip(cells).zip(slope).map(of_part).collect();
        let added = |mut sums: Vec<Vec<f32>>, more: Vec<Vec<f32>>| {
            sums.iter_mut().zip(&more).for_each(|(sum, more)| add(sum, more));
            sums
        };
        let mut state = State::default();
        for (name, sum) in NAMES.into_iter().zip(of_parts.into_iter().reduce(added).unwrap_or_default()) {
            state.insert(name, Array1::from(sum).into_dyn());
        }
        state
    }
}

/// An affine map, a layer normalisation and a GELU.
struct Hidden {
    affine: Affine,
    norm: Norm,
}

/// What a hidden layer leaves for backward.
struct Kept {
    /// `u` and `1 / sqrt(var + eps)`.
    standard: Standard,
    /// That of GELU at `z`.
    slope: Vec<f32>,
    /// `a`.
    out: Vec<f32>,
}

impl Hidden {
    fn of(linear: &Linear, norm: &LayerNorm) -> Self {
        Self { affine: Affine::of(linear), norm: Norm::of(norm) }
    }

    fn forward(&self, x: &[f32]) -> Kept {
        let (mut out, standard) = self.norm.forward(&self.affine.forward(x));
        let mut slope = vec![0.0; out.len()];
        gelu_in_place(&mut out, &mut slope);
        Kept { standard, slope, out }
    }

    /// The gradient of `h`, and those of weight, bias, gain and offset, from that of `a`.
    fn gradients(&self, x: &[f32], kept: Kept, mut slope: Vec<f32>) -> (Vec<f32>, [Vec<f32>; 4]) {
        slope.iter_mut().zip(&kept.slope).for_each(|(d, lean)| *d *= lean);
        let [gain, offset] = self.norm.backward(&kept.standard, &mut slope);
        let [weight, bias] = self.affine.gradients(x, &slope);
        (slope, [weight, bias, gain, offset])
    }
}
