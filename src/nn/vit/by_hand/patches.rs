//! Images to tokens by hand: patches through a linear layer, a class token before them, and positions.

use crate::nn::hand::Affine;
use crate::nn::numbers;
use crate::nn::vit::Vit;

/// The numbers that make tokens.
pub(super) struct Patches {
    affine: Affine,
    class: Vec<f32>,
    channels: usize,
    side: usize,
}

/// A grid of patches, and the positional table for it.
pub(crate) struct Grid {
    sides: [usize; 2],
    /// `(1 + rows columns) x width`.
    table: Vec<f32>,
}

impl Grid {
    /// So many rows and columns of patches.
    pub(crate) fn of(vit: &Vit, sides: [usize; 2]) -> Self {
        Self { sides, table: numbers(vit.positions(sides)) }
    }

    /// Class token and patches.
    pub(super) fn tokens(&self) -> usize {
        1 + self.sides[0] * self.sides[1]
    }
}

impl Patches {
    pub(super) fn of(vit: &Vit) -> Self {
        let (config, embed) = (vit.config(), &vit.patch_embed);
        let (weight, bias) = (numbers(embed.weight.val()), numbers(embed.bias.val()));
        let class = numbers(vit.cls_token.val());
        Self { affine: Affine::new(weight, bias), class, channels: config.channels, side: config.patch }
    }

    /// Numbers of an image.
    pub(super) fn pixels(&self, grid: &Grid) -> usize {
        (grid.tokens() - 1) * self.affine.inputs()
    }

    /// Images to their patches, `rows x pixels of a patch`, and their tokens.
    pub(super) fn forward(&self, images: &[f32], grid: &Grid) -> (Vec<f32>, Vec<f32>) {
        let cut = self.cut(images, grid.sides);
        let patches = self.affine.forward(&cut);
        let width = self.class.len();
        let mut tokens = Vec::with_capacity(patches.len() / (grid.tokens() - 1) * grid.tokens());
        let (first, places) = grid.table.split_at(width);
        for patches in patches.chunks_exact(places.len()) {
            tokens.extend(self.class.iter().zip(first).map(|(token, place)| token + place));
            tokens.extend(patches.iter().zip(places).map(|(token, place)| token + place));
        }
        (cut, tokens)
    }

    /// The gradients of the weight, the bias and the positional table, whose first row is the class token's too.
    pub(super) fn gradients(&self, cut: &[f32], slope: &[f32], grid: &Grid) -> [Vec<f32>; 3] {
        let width = self.class.len();
        let mut table = vec![0.0; grid.table.len()];
        let mut of_patches = Vec::with_capacity(slope.len());
        for image in slope.chunks_exact(table.len()) {
            table.iter_mut().zip(image).for_each(|(sum, slope)| *sum += slope);
            of_patches.extend_from_slice(&image[width..]);
        }
        let [weight, bias] = self.affine.gradients(cut, &of_patches);
        [weight, bias, table]
    }

    /// The patches of images, row by row of the grid, each channel by channel and row by row.
    fn cut(&self, images: &[f32], [rows, columns]: [usize; 2]) -> Vec<f32> {
        let Self { channels, side, .. } = *self;
        let plane = rows * columns * side * side;
        let mut cut = Vec::with_capacity(images.len());
        for image in images.chunks_exact(channels * plane) {
            for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                for plane in image.chunks_exact(plane) {
                    for line in plane.chunks_exact(columns * side).skip(row * side).take(side) {
                        cut.extend_from_slice(&line[column * side..][..side]);
                    }
                }
            }
        }
        cut
    }
}
