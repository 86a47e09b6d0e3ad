//! Z-scores of images, the last step of Set-DINO's preprocessing after the augmentation.
//!
//! ```text
//! zscore:          (x - mean) / (std + 1e-6)                     of the image's own channel
//! control z-score: (x - mean_w) / (factor * std_w + 1e-6)        of the controls of the image's well
//! ```
//!
//! Standard deviations are those of the population (ddof 0). The released code of Set-DINO doubles `std_w`, and so
//! does the published checkpoint expect: that is `factor` 2.

use ndarray::ArrayViewMut4;

use super::{for_each_plane, mean_and_std, require_channels};
use crate::{Error, Result};

/// The factor on the controls' standard deviation in the published runs of Set-DINO; 1 is what the paper describes.
pub const PUBLISHED_STD_FACTOR: f64 = 2.0;

const EPSILON: f64 = 1e-6;

/// Every channel of every image minus its mean, divided by its standard deviation plus 1e-6, in place.
///
/// A constant channel becomes 0.
///
/// ```
/// use ndarray::array;
/// let mut image = array![[[[0.0f32, 2.0], [0.0, 2.0]]]];
/// perturbook::preprocess::images::zscore(image.view_mut());
/// assert!((image[[0, 0, 0, 1]] - 1.0).abs() < 1e-5);
/// ```
pub fn zscore(images: ArrayViewMut4<'_, f32>) {
    for_each_plane(images, |_, _, mut plane| {
        let (mean, std) = mean_and_std(plane.view());
        let factor = 1.0 / (std + EPSILON);
        plane.mapv_inplace(|v| ((f64::from(v) - mean) * factor) as f32);
    });
}

/// Every channel minus the controls' `mean`, divided by `factor` times their `std` plus 1e-6, in place.
///
/// All images belong to one well; `mean` and `std` have one number per channel
/// ([`ChannelStatistics`](super::ChannelStatistics) computes them, [`WellStatistics`](super::WellStatistics) keeps
/// those of many wells). `factor` is 1, or [`PUBLISHED_STD_FACTOR`] for images that go into the published checkpoint.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::images::control_zscore;
///
/// let mut image = array![[[[0.5f32, 0.7]]]];
/// control_zscore(image.view_mut(), &[0.5], &[0.1], 1.0)?;
/// assert!((image[[0, 0, 0, 1]] - 2.0).abs() < 1e-4);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the numbers are not one for each channel, not finite, a standard deviation is negative, or the factor is not
/// positive.
pub fn control_zscore(images: ArrayViewMut4<'_, f32>, mean: &[f64], std: &[f64], factor: f64) -> Result<()> {
    let channels = images.dim().1;
    require_channels("mean of the controls", mean.len(), channels)?;
    require_channels("standard deviation of the controls", std.len(), channels)?;
    if !(factor.is_finite() && factor > 0.0) {
        return Err(Error::new(format!("the factor {factor} cannot scale a standard deviation")).fix("use 1 or 2"));
    }
    if let Some(c) = (0..channels).find(|&c| !(mean[c].is_finite() && std[c].is_finite() && std[c] >= 0.0)) {
        return Err(Error::new(format!("mean {} and standard deviation {} cannot scale a channel", mean[c], std[c]))
            .at(format!("channel {c}")));
    }
    for_each_plane(images, |_, channel, mut plane| {
        let (mean, factor) = (mean[channel], 1.0 / (factor * std[channel] + EPSILON));
        plane.mapv_inplace(|v| ((f64::from(v) - mean) * factor) as f32);
    });
    Ok(())
}
