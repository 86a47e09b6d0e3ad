//! Instance normalisation followed by a leaky rectifier, for which each plane is a row.
//!
//! ```text
//! u = (x - mean) / sqrt(var + eps),  y = leaky(u gain + offset)              gain and offset of each plane
//! d gain = sum of dz u,  d offset = sum of dz,  dz = dy slope
//! ```

use pulp::Arch;

use super::{KEPT, Places, Planes, Slopes};
use crate::nn::hand::{dot, standardise, sum, unstandardise};
use crate::nn::instance_norm::EPSILON;
use crate::nn::{InstanceNorm, numbers};

/// What forward leaves for backward.
pub(crate) struct Normed {
    /// `u`.
    unit: Vec<f32>,
    /// `1 / sqrt(var + eps)` of each plane.
    inverse: Vec<f32>,
}

impl Planes {
    /// Through normalisation, each plane's gain and offset, and a leaky rectifier.
    pub(super) fn normed(mut self, gains: &[f32], offsets: &[f32]) -> (Self, Normed) {
        let pixels = self.pixels();
        let mut unit = std::mem::take(&mut self.values);
        let (mut values, mut inverse) = (vec![0.0; unit.len()], vec![0.0; gains.len()]);
        let planes = unit.chunks_exact_mut(pixels).zip(values.chunks_exact_mut(pixels)).zip(&mut inverse);
        Arch::new().dispatch(|| {
            for (((u, y), inverse), (gain, offset)) in planes.zip(gains.iter().zip(offsets)) {
                *inverse = standardise(u, EPSILON as f32);
                for (y, u) in y.iter_mut().zip(u) {
                    let z = *u * gain + offset;
                    *y = if z > 0.0 { z } else { KEPT * z };
                }
            }
        });
        self.values = values;
        (self, Normed { unit, inverse })
    }

    /// The gradient of what was normed from that of what came of it, `after`; and of each plane's gain and offset.
    pub(super) fn unnormed(self, after: &Self, kept: &Normed, gains: &[f32]) -> (Self, [Vec<f32>; 2]) {
        let pixels = self.pixels();
        let mut d = self.by_slope(after);
        let mut found = [(); 2].map(|()| vec![0.0; gains.len()]);
        let [d_gain, d_offset] = &mut found;
        let planes = d.values.chunks_exact_mut(pixels).zip(kept.unit.chunks_exact(pixels)).zip(&kept.inverse);
        let numbers = gains.iter().zip(d_gain.iter_mut().zip(d_offset.iter_mut()));
        Arch::new().dispatch(|| {
            for (((d, u), &inverse), (gain, (d_gain, d_offset))) in planes.zip(numbers) {
                (*d_gain, *d_offset) = (dot(d, u), sum(d));
                d.iter_mut().for_each(|d| *d *= gain);
                unstandardise(d, u, inverse);
            }
        });
        (d, found)
    }
}

/// An instance normalisation with a gain and an offset for each channel, and a leaky rectifier after it.
pub(crate) struct ChannelNorm {
    gains: Vec<f32>,
    offsets: Vec<f32>,
    places: [usize; 2],
}

impl ChannelNorm {
    /// `name` is its path in the network.
    pub(crate) fn of(name: &str, norm: &InstanceNorm, places: &mut Places) -> Self {
        let (gains, offsets) = (numbers(norm.weight.val()), numbers(norm.bias.val()));
        let places = ["weight", "bias"].map(|what| places.plain(format!("{name}.{what}"), gains.len()));
        Self { gains, offsets, places }
    }

    pub(crate) fn forward(&self, x: Planes) -> (Planes, Normed) {
        let [gains, offsets] = [&self.gains, &self.offsets].map(|values| of_planes(values, x.images));
        x.normed(&gains, &offsets)
    }

    pub(crate) fn backward(&self, d: Planes, after: &Planes, kept: &Normed, slopes: Option<&mut Slopes>) -> Planes {
        let images = d.images;
        let (d, found) = d.unnormed(after, kept, &of_planes(&self.gains, images));
        if let Some(slopes) = slopes {
            for (place, found) in self.places.into_iter().zip(found) {
                let channels = slopes.at(place).iter_mut().zip(found.chunks_exact(images));
                channels.for_each(|(slope, images)| *slope += images.iter().sum::<f32>());
            }
        }
        d
    }
}

/// A channel's number for each of its planes.
fn of_planes(channels: &[f32], images: usize) -> Vec<f32> {
    channels.iter().flat_map(|&value| std::iter::repeat_n(value, images)).collect()
}
