//! A vision transformer forward and backward by hand on a CPU.
//!
//! Each core takes some images through all layers. Gradients are summed within parts of fixed size, and these in their order: the
//! same numbers from run to run.

mod block;
mod patches;

use ndarray::Array1;
use rayon::prelude::*;

use super::Vit;
use crate::nn::State;
use crate::nn::hand::{Attention, Norm, Standard, add};
use block::{Kept, NAMES, Numbers};
pub(crate) use patches::Grid;
use patches::Patches;

/// Tokens that a core does at most at a time, unless an image has more.
const ROWS: usize = 1024;

/// What each addition of each block is multiplied by, two numbers for each image; none: by 1.
pub(crate) type Scales = Vec<Option<[Vec<f32>; 2]>>;

/// The numbers of a transformer.
pub(crate) struct ByHand {
    patches: Patches,
    blocks: Vec<Numbers>,
    norm: Norm,
    heads: usize,
    width: usize,
}

/// What forward leaves for backward.
pub(crate) struct Passed {
    parts: Vec<Part>,
    grid: Grid,
    scales: Scales,
}

/// Of some images.
struct Part {
    cut: Vec<f32>,
    blocks: Vec<Kept>,
    /// The class tokens, and what their norm leaves.
    class: Vec<f32>,
    norm: Standard,
}

/// The gradients of all weights and biases but the positional table, flat, in the order of [`ByHand::named`].
#[derive(Default)]
pub(crate) struct Slopes(Vec<Vec<f32>>);

impl Slopes {
    /// Adds others.
    pub(crate) fn add(&mut self, more: Self) {
        if self.0.is_empty() {
            self.0 = more.0;
            return;
        }
        self.0.par_iter_mut().zip(&more.0).for_each(|(sum, more)| add(sum, more));
    }
}

impl Passed {
    /// The class token of each image, `n x width`.
    pub(crate) fn class(&self) -> Vec<f32> {
        self.parts.iter().flat_map(|part| part.class.iter().copied()).collect()
    }
}

impl ByHand {
    /// That of a transformer.
    pub(crate) fn of(vit: &Vit) -> Self {
        let config = vit.config();
        Self {
            patches: Patches::of(vit),
            blocks: vit.blocks.iter().map(Numbers::of).collect(),
            norm: Norm::of(&vit.norm),
            heads: config.heads,
            width: config.width,
        }
    }

    fn attention(&self, grid: &Grid) -> Attention {
        Attention { heads: self.heads, tokens: grid.tokens(), width: self.width }
    }

    /// The class tokens after the last blocks, each through the norm, `n x (last width)`, of images `n x channels x height x
    /// width`.
    pub(crate) fn class_tokens(&self, images: &[f32], grid: &Grid, last: usize) -> Vec<f32> {
        let (width, tokens) = (self.width, grid.tokens());
        let skip = self.blocks.len().saturating_sub(last);
        let of_part = |images: &[f32]| {
            let (_, mut x) = self.patches.forward(images, grid);
            let mut found = vec![0.0; x.len() / tokens * last];
            for (number, block) in self.blocks.iter().enumerate() {
                block.forward(&mut x, self.attention(grid), [None; 2]);
                let Some(place) = number.checked_sub(skip) else { continue };
                let (class, _) = self.norm.forward(&firsts(&x, tokens * width, width));
                for (to, class) in found.chunks_exact_mut(last * width).zip(class.chunks_exact(width)) {
                    to[place * width..][..width].copy_from_slice(class);
                }
            }
            found
        };
        let pixels = self.patches.pixels(grid);
        let count = images_of_part(images.len() / pixels, grid);
        images.par_chunks(count * pixels).map(of_part).collect::<Vec<_>>().concat()
    }

    /// Images `n x channels x height x width` through all layers.
    pub(crate) fn forward(&self, images: &[f32], grid: Grid, scales: Scales) -> Passed {
        let (width, tokens, pixels) = (self.width, grid.tokens(), self.patches.pixels(&grid));
        let count = images_of_part(images.len() / pixels, &grid);
        let of_part = |(place, images): (usize, &[f32])| {
            let (cut, mut x) = self.patches.forward(images, &grid);
            let step = |(block, scales): (&Numbers, &Option<_>)| {
                block.forward(&mut x, self.attention(&grid), of_images(scales, place * count))
            };
            let blocks = self.blocks.iter().zip(&scales).map(step).collect();
            let (class, norm) = self.norm.forward(&firsts(&x, tokens * width, width));
            Part { cut, blocks, class, norm }
        };
        let parts = images.par_chunks(count * pixels).enumerate().map(of_part).collect();
        Passed { parts, grid, scales }
    }

    /// The gradients of all weights and of the positional table, from that of the class tokens.
    pub(crate) fn backward(&self, passed: Passed, slope: &[f32]) -> (Slopes, Vec<f32>) {
        let Passed { parts, grid, scales } = passed;
        let (width, tokens) = (self.width, grid.tokens());
        let count = images_of_part(slope.len() / width, &grid);
        let of_part = |((place, part), slope): ((usize, Part), &[f32])| {
            let mut class = slope.to_vec();
            let [gain, offset] = self.norm.backward(&part.norm, &mut class);
            let mut inner = vec![0.0; class.len() * tokens];
            for (to, class) in inner.chunks_exact_mut(tokens * width).zip(class.chunks_exact(width)) {
                to[..width].copy_from_slice(class);
            }
            let mut found = vec![offset, gain];
            for ((block, kept), scales) in self.blocks.iter().zip(&part.blocks).zip(&scales).rev() {
                let of_block =
                    block.backward(kept, &mut inner, self.attention(&grid), of_images(scales, place * count));
                found.extend(of_block.into_iter().rev());
            }
            let [weight, bias, table] = self.patches.gradients(&part.cut, &inner, &grid);
            found.extend([bias, weight, table[..width].to_vec(), table]);
            Slopes(found)
        };
        let parts = parts.into_par_iter().enumerate().zip(slope.par_chunks(count * width));
        let mut sums = Slopes::default();
        parts.map(of_part).collect::<Vec<_>>().into_iter().for_each(|part| sums.add(part));
        let table = sums.0.pop().unwrap_or_default();
        (sums, table)
    }

    /// Gradients by the names of a transformer's parameters.
    pub(crate) fn named(&self, slopes: Slopes) -> State {
        let blocks = (0..self.blocks.len()).flat_map(|block| NAMES.map(|name| format!("blocks.{block}.{name}")));
        let layers = ["patch_embed".to_owned()].into_iter().chain(blocks).chain(["norm".to_owned()]);
        let weights = layers.flat_map(|name| ["weight", "bias"].map(|what| format!("{name}.{what}")));
        let names = ["cls_token".to_owned()].into_iter().chain(weights);
        let mut state = State::default();
        for (name, sum) in names.zip(slopes.0.into_iter().rev()) {
            state.insert(name, Array1::from(sum).into_dyn());
        }
        state
    }
}

/// Images that a core does at a time, of `n` in all: a power of two of parts, so that cores get as much as each other.
fn images_of_part(n: usize, grid: &Grid) -> usize {
    let parts = (n * grid.tokens()).div_ceil(ROWS).next_power_of_two();
    n.div_ceil(parts).max(1)
}

/// The first numbers of each image.
fn firsts(x: &[f32], image: usize, width: usize) -> Vec<f32> {
    x.chunks_exact(image).flat_map(|image| image[..width].iter().copied()).collect()
}

/// The scales of a part's images.
fn of_images(scales: &Option<[Vec<f32>; 2]>, first: usize) -> [Option<&[f32]>; 2] {
    [0, 1].map(|which| scales.as_ref().map(|scales| &scales[which][first..]))
}
