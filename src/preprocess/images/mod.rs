//! Single-cell crops before they reach a network: `n x c x h x w`, `f32`.
//!
//! Steps that keep the shape change the images in place; steps that change it return new ones. Work is spread over
//! the images, and no step needs more memory than its result and one image per thread. A pixel that is NaN stays
//! NaN and spoils at most its own channel of its own image.
//!
//! ```
//! use ndarray::Array4;
//! use perturbook::preprocess::images::{Resize, asinh_scaled, resize};
//!
//! let crops = Array4::from_elem((2, 4, 100, 100), 65535.0f32);
//! let mut small = resize(crops.view(), (64, 64), Resize::GaussianAligned)?;
//! asinh_scaled(small.view_mut());
//! assert_eq!(small.dim(), (2, 4, 64, 64));
//! assert!((small[[0, 0, 0, 0]] - 0.6834).abs() < 1e-4); // (asinh(65535) - 7) / 7
//! # Ok::<(), perturbook::Error>(())
//! ```

pub mod augment;

mod asinh;
mod channel_statistics;
mod clip;
mod nearest;
mod resize;
mod well_file;
mod well_statistics;
mod zscore;

pub use asinh::{AsinhScale, asinh_of_well_scaled, asinh_scaled, asinh_scaled_by};
pub use channel_statistics::{ChannelMoments, ChannelStatistics};
pub use clip::{clip_percentiles, rescale_percentiles};
pub use nearest::resize_nearest;
pub use resize::{Resize, antialias_blur, resize};
pub use well_statistics::WellStatistics;
pub use zscore::{PUBLISHED_STD_FACTOR, control_zscore, zscore};

use std::borrow::Cow;

use ndarray::parallel::prelude::*;
use ndarray::{ArrayView2, ArrayViewMut2, ArrayViewMut4, Axis};

use crate::{Error, Result};

/// Runs `change` on each channel of each image; the numbers are those of the image and of the channel.
fn for_each_plane(mut images: ArrayViewMut4<'_, f32>, change: impl Fn(usize, usize, ArrayViewMut2<'_, f32>) + Sync) {
    images.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(image, mut planes)| {
        for (channel, plane) in planes.outer_iter_mut().enumerate() {
            change(image, channel, plane);
        }
    });
}

/// Mean and population standard deviation of the pixels, in `f64`.
fn mean_and_std(plane: ArrayView2<'_, f32>) -> (f64, f64) {
    let n = plane.len() as f64;
    let mean = sum_of(plane, |v| v) / n;
    (mean, (sum_of(plane, |v| (v - mean) * (v - mean)) / n).sqrt())
}

/// The sum of `f` over the pixels; eight sums at a time, so that none has to wait for the one before.
fn sum_of(plane: ArrayView2<'_, f32>, f: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0; 8];
    for row in plane.rows() {
        let values = row.as_slice().map_or_else(|| Cow::Owned(row.to_vec()), Cow::Borrowed);
        let (eights, rest) = values.as_chunks::<8>();
        for eight in eights {
            sums.iter_mut().zip(eight).for_each(|(sum, &v)| *sum += f(f64::from(v)));
        }
        sums.iter_mut().zip(rest).for_each(|(sum, &v)| *sum += f(f64::from(v)));
    }
    sums.iter().sum()
}

/// One number for each channel, or an error that says how many there are.
fn require_channels(what: &str, numbers: usize, channels: usize) -> Result<()> {
    if numbers == channels {
        return Ok(());
    }
    Err(Error::new(format!("{numbers} numbers for images of {channels} channels"))
        .at(what)
        .fix("give one number for each channel, in the order of the channels"))
}
