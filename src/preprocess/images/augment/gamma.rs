//! Brightness and contrast: a gamma curve and an offset for each channel.

use ndarray::ArrayViewMut3;

use crate::preprocess::images::require_channels;
use crate::{Error, Result};

/// `clip(x^gamma_c + offset_c, 0, 1)` of every pixel of channel `c`, in place (`c x h x w`).
///
/// Set-DINO calls the two scale and offset; its scale is an exponent. A pixel below 0 counts as 0.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::images::augment::gamma_offset;
///
/// let mut image = array![[[0.25f32, 1.0]], [[0.25, 0.0]]];
/// gamma_offset(image.view_mut(), &[0.5, 1.0], &[0.1, -0.5])?;
/// assert_eq!(image, array![[[0.6, 1.0]], [[0.0, 0.0]]]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one finite exponent above 0 and one finite offset for each channel.
pub fn gamma_offset(mut image: ArrayViewMut3<'_, f32>, gamma: &[f32], offset: &[f32]) -> Result<()> {
    let channels = image.dim().0;
    require_channels("gamma", gamma.len(), channels)?;
    require_channels("offset", offset.len(), channels)?;
    if let Some(c) = (0..channels).find(|&c| !(gamma[c] > 0.0 && gamma[c].is_finite() && offset[c].is_finite())) {
        return Err(Error::new(format!("gamma {} and offset {} change no intensity", gamma[c], offset[c]))
            .at(format!("channel {c}"))
            .fix("draw gamma from (0.5, 1.5) and the offset from (-0.3, 0.3)"));
    }
    for ((mut plane, &gamma), &offset) in image.outer_iter_mut().zip(gamma).zip(offset) {
        plane.mapv_inplace(|v| (v.clamp(0.0, f32::INFINITY).powf(gamma) + offset).clamp(0.0, 1.0));
    }
    Ok(())
}
