//! A block of a transformer, forward and backward by hand.

use crate::nn::gelu::gelu_in_place;
use crate::nn::hand::{Affine, Attention, Norm, Standard, add};
use crate::nn::vit::Block;

/// The layers of a block, each with a weight and a bias.
pub(super) const NAMES: [&str; 6] = ["norm1", "qkv", "proj", "norm2", "fc1", "fc2"];

/// The numbers of a block.
pub(super) struct Numbers {
    norm1: Norm,
    qkv: Affine,
    proj: Affine,
    norm2: Norm,
    fc1: Affine,
    fc2: Affine,
}

/// What forward leaves for backward.
pub(super) struct Kept {
    first: (Vec<f32>, Standard),
    qkv: Vec<f32>,
    attention: Vec<f32>,
    mixed: Vec<f32>,
    second: (Vec<f32>, Standard),
    /// The slope of the GELU, and what it gives.
    lean: Vec<f32>,
    hidden: Vec<f32>,
}

impl Numbers {
    pub(super) fn of(block: &Block) -> Self {
        Self {
            norm1: Norm::of(&block.norm1),
            qkv: Affine::of(&block.qkv),
            proj: Affine::of(&block.proj),
            norm2: Norm::of(&block.norm2),
            fc1: Affine::of(&block.fc1),
            fc2: Affine::of(&block.fc2),
        }
    }

    /// Takes the tokens of some images through the block.
    pub(super) fn forward(&self, x: &mut [f32], attention: Attention, scales: [Option<&[f32]>; 2]) -> Kept {
        let image = attention.tokens * attention.width;
        let first = self.norm1.forward(x);
        let qkv = self.qkv.forward(&first.0);
        let (mixed, weights) = attention.forward(&qkv);
        add_scaled(x, &self.proj.forward(&mixed), scales[0], image);
        let second = self.norm2.forward(x);
        let mut hidden = self.fc1.forward(&second.0);
        let mut lean = vec![0.0; hidden.len()];
        gelu_in_place(&mut hidden, &mut lean);
        add_scaled(x, &self.fc2.forward(&hidden), scales[1], image);
        Kept { first, qkv, attention: weights, mixed, second, lean, hidden }
    }

    /// The gradients of its weights in the order of [`NAMES`]; that of what it gave becomes that of what it got.
    pub(super) fn backward(
        &self,
        kept: &Kept,
        slope: &mut [f32],
        attention: Attention,
        scales: [Option<&[f32]>; 2],
    ) -> Vec<Vec<f32>> {
        let image = attention.tokens * attention.width;
        let given = times(slope, scales[1], image);
        let [fc2, fc2_bias] = self.fc2.gradients(&kept.hidden, &given);
        let mut inner = self.fc2.onward(&given);
        inner.iter_mut().zip(&kept.lean).for_each(|(d, lean)| *d *= lean);
        let [fc1, fc1_bias] = self.fc1.gradients(&kept.second.0, &inner);
        let mut inner = self.fc1.onward(&inner);
        let [norm2, norm2_bias] = self.norm2.backward(&kept.second.1, &mut inner);
        add(slope, &inner);

        let given = times(slope, scales[0], image);
        let [proj, proj_bias] = self.proj.gradients(&kept.mixed, &given);
        let inner = attention.backward(&kept.qkv, &kept.attention, &self.proj.onward(&given));
        let [qkv, qkv_bias] = self.qkv.gradients(&kept.first.0, &inner);
        let mut inner = self.qkv.onward(&inner);
        let [norm1, norm1_bias] = self.norm1.backward(&kept.first.1, &mut inner);
        add(slope, &inner);
        vec![norm1, norm1_bias, qkv, qkv_bias, proj, proj_bias, norm2, norm2_bias, fc1, fc1_bias, fc2, fc2_bias]
    }
}

/// Adds, image by image multiplied.
fn add_scaled(x: &mut [f32], more: &[f32], scales: Option<&[f32]>, image: usize) {
    for (place, (x, more)) in x.chunks_exact_mut(image).zip(more.chunks_exact(image)).enumerate() {
        let scale = scales.map_or(1.0, |scales| scales[place]);
        x.iter_mut().zip(more).for_each(|(x, more)| *x += scale * more);
    }
}

/// Each image multiplied.
fn times(x: &[f32], scales: Option<&[f32]>, image: usize) -> Vec<f32> {
    let mut x = x.to_vec();
    if let Some(scales) = scales {
        for (x, scale) in x.chunks_exact_mut(image).zip(scales) {
            x.iter_mut().for_each(|x| *x *= scale);
        }
    }
    x
}
