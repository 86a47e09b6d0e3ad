//! Image networks of residual blocks, forward and backward by hand on a CPU.
//!
//! A tape passes over all images once for every operation, and through new memory each time. Here a core takes a few images
//! through a whole network while they lie in its cache. Images are independent of each other in all layers, so each core goes
//! forward and backward on its own and sums gradients; these sums are added up in their order, the same from run to run.
//!
//! | | |
//! |---|---|
//! | [`Planes`] | some images, channel by channel |
//! | [`Convolution`], [`LinearLayer`], [`Residual`], [`Styled`] | layers, with numbers of the same ones on the tape |
//! | [`Places`], [`Slopes`] | where the gradient of each weight lies, and the gradients |
//! | [`Sink`] | what becomes of what a backward pass finds |

mod convolution;
mod linear;
mod norm;
mod resample;
mod residual;
mod slopes;
mod styled;

use std::ops::Range;

use faer::{MatMut, MatRef};
use pulp::Arch;
use rayon::prelude::*;

pub(crate) use convolution::Convolution;
pub(crate) use linear::LinearLayer;
pub(crate) use norm::{ChannelNorm, Normed};
pub(crate) use residual::{Residual, ResidualPass, backward_through, through};
pub(crate) use slopes::{Places, Sink, Slopes};
pub(crate) use styled::{Styled, StyledPass};

use super::hand::{rows, rows_mut};
use super::leaky::KEPT;

/// Pixels of a channel that a core takes through a network at a time, unless an image has more.
const PIXELS: usize = 4096;
/// Sums of gradients that exist at a time, at most.
const SUMS: usize = 16;

/// Images, channel by channel: of each channel all images, of each image its pixels row by row.
#[derive(Clone, Debug)]
pub(crate) struct Planes {
    pub(crate) values: Vec<f32>,
    pub(crate) channels: usize,
    pub(crate) images: usize,
    /// Height and width.
    pub(crate) size: [usize; 2],
}

impl Planes {
    /// Of `n x channels x height x width`.
    pub(crate) fn of_images(images: &[f32], channels: usize, size: [usize; 2]) -> Self {
        let pixels = size[0] * size[1];
        let count = images.len() / (channels * pixels);
        let mut planes = Self::zeros(channels, count, size);
        for (place, plane) in planes.values.chunks_exact_mut(pixels).enumerate() {
            let (channel, image) = (place / count, place % count);
            plane.copy_from_slice(&images[(image * channels + channel) * pixels..][..pixels]);
        }
        planes
    }

    /// Black images.
    pub(crate) fn zeros(channels: usize, images: usize, size: [usize; 2]) -> Self {
        Self { values: vec![0.0; channels * images * size[0] * size[1]], channels, images, size }
    }

    /// Pixels of an image.
    pub(crate) fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// A row for each channel.
    fn matrix(&self) -> MatRef<'_, f32> {
        rows(&self.values, self.images * self.pixels())
    }

    fn matrix_mut(&mut self) -> MatMut<'_, f32> {
        let columns = self.images * self.pixels();
        rows_mut(&mut self.values, columns)
    }

    /// Every number by a function of it.
    pub(crate) fn map(mut self, of: impl Fn(f32) -> f32) -> Self {
        Arch::new().dispatch(|| self.values.iter_mut().for_each(|value| *value = of(*value)));
        self
    }

    /// Every number by a function of it and of that in its place in images of the same shape.
    pub(crate) fn with(mut self, other: &Self, of: impl Fn(f32, f32) -> f32) -> Self {
        let both = self.values.iter_mut().zip(&other.values);
        Arch::new().dispatch(|| both.for_each(|(value, &other)| *value = of(*value, other)));
        self
    }

    /// Each image by its own number.
    pub(crate) fn scaled(mut self, factors: &[f32]) -> Self {
        let pixels = self.pixels();
        Arch::new().dispatch(|| {
            for (plane, factor) in self.values.chunks_exact_mut(pixels).zip(factors.iter().cycle()) {
                plane.iter_mut().for_each(|value| *value *= factor);
            }
        });
        self
    }

    /// Through a leaky rectifier.
    pub(crate) fn leaky(self) -> Self {
        self.map(|x| if x > 0.0 { x } else { KEPT * x })
    }

    /// The gradient before a leaky rectifier of one after it, or a change after it of one before; `after` is what the rectifier
    /// gave.
    pub(crate) fn by_slope(self, after: &Self) -> Self {
        self.with(after, |d, a| if a > 0.0 { d } else { KEPT * d })
    }

    /// The sum of `of` over channels and pixels, of each image.
    pub(crate) fn sums(&self, of: impl Fn(f32) -> f32) -> Vec<f32> {
        let mut sums = vec![0.0; self.images];
        for (place, plane) in self.values.chunks_exact(self.pixels()).enumerate() {
            sums[place % self.images] += plane.iter().map(|&value| of(value)).sum::<f32>();
        }
        sums
    }

    /// The mean over pixels, `images x channels`.
    pub(crate) fn means(&self) -> Vec<f32> {
        let mut means = vec![0.0; self.channels * self.images];
        let pixels = self.pixels();
        for (place, plane) in self.values.chunks_exact(pixels).enumerate() {
            let (channel, image) = (place / self.images, place % self.images);
            means[image * self.channels + channel] = plane.iter().sum::<f32>() / pixels as f32;
        }
        means
    }

    /// Images of one number per channel, a share of `values` (`images x channels`) in each pixel: the gradient of
    /// [`Planes::means`].
    pub(crate) fn of_means(values: &[f32], channels: usize, images: usize, size: [usize; 2]) -> Self {
        let mut planes = Self::zeros(channels, images, size);
        let pixels = planes.pixels();
        for (place, plane) in planes.values.chunks_exact_mut(pixels).enumerate() {
            let (channel, image) = (place / images, place % images);
            plane.fill(values[image * channels + channel] / pixels as f32);
        }
        planes
    }
}

/// What each group of a batch's images gives, in their order, and the sum of their gradients.
///
/// Groups are as large as a core's cache likes. Some of them share a sum, by the number of images alone: with `n` images of
/// `pixels` pixels there are the same sums on any number of cores.
pub(crate) fn by_groups<T: Send>(
    n: usize,
    pixels: usize,
    places: &Places,
    work: impl Fn(Range<usize>, &mut Slopes) -> T + Sync,
) -> (Vec<T>, Slopes) {
    let group = (PIXELS / pixels).clamp(1, n.max(1));
    let part = n.div_ceil(SUMS).next_multiple_of(group);
    let of_part = |first: usize| {
        let mut slopes = places.zeros();
        let last = (first + part).min(n);
        let groups = (first..last).step_by(group).map(|start| work(start..(start + group).min(last), &mut slopes));
        (groups.collect::<Vec<T>>(), slopes)
    };
    let starts: Vec<usize> = (0..n).step_by(part).collect();
    let parts: Vec<(Vec<T>, Slopes)> = starts.into_par_iter().map(of_part).collect();
    let (mut all, mut sum) = (Vec::new(), places.zeros());
    for (given, slopes) in parts {
        all.extend(given);
        sum.add(&slopes);
    }
    (all, sum)
}
