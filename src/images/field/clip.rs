//! Percentile clip of a plane, and its rescaling to `[0, 1]`.
//!
//! ```text
//! low, high = percentiles of the plane's pixels (linear between order statistics),  out = (min(max(x, low), high) - low) / (high - low)
//! ```
//!
//! The screen of Funk et al. is clipped at 0.1 and 99.9 % per channel and tile before Set-DINO, GRAPE and
//! Multi-ContrastiveVAE see it.

use ndarray::{Array3, ArrayViewMut2};

use crate::{Error, Result};

/// The percentiles of some pixels, linear between order statistics as `numpy.percentile` has it.
///
/// ```
/// use perturbook::images::field::percentiles;
///
/// assert_eq!(percentiles(&[4.0, 1.0, 3.0, 2.0], [25.0, 100.0])?, [1.75, 4.0]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no pixel, one is NaN, or a percentile is not within 0 and 100.
pub fn percentiles<const N: usize>(pixels: &[f32], percents: [f64; N]) -> Result<[f32; N]> {
    if pixels.is_empty() || pixels.iter().any(|pixel| pixel.is_nan()) {
        return Err(Error::new("percentiles need pixels, and none of them NaN"));
    }
    if let Some(bad) = percents.iter().find(|percent| !(0.0..=100.0).contains(*percent)) {
        return Err(Error::new(format!("{bad} is no percentile")).fix("percentiles lie within 0 and 100"));
    }
    let mut sorted = pixels.to_vec();
    Ok(percents.map(|percent| {
        let place = percent / 100.0 * (sorted.len() - 1) as f64;
        let (_, &mut low, above) = sorted.select_nth_unstable_by(place as usize, f32::total_cmp);
        let high = above.iter().copied().min_by(f32::total_cmp).unwrap_or(low);
        (f64::from(low) + place.fract() * (f64::from(high) - f64::from(low))) as f32
    }))
}

/// Clips a plane to `low..=high` and rescales it to `[0, 1]`; a plane without contrast becomes 0.
pub fn rescale(mut plane: ArrayViewMut2<'_, f32>, low: f32, high: f32) {
    let scale = if high > low { 1.0 / (high - low) } else { 0.0 };
    plane.mapv_inplace(|x| (x.clamp(low, high.max(low)) - low) * scale);
}

/// Clips each channel of a field (`channels x height x width`) at its own percentiles and rescales it to `[0, 1]`.
///
/// # Errors
/// As [`percentiles`].
pub fn clip_percentiles(field: &mut Array3<f32>, low: f64, high: f64) -> Result<()> {
    for (channel, plane) in field.outer_iter_mut().enumerate() {
        let pixels: Vec<f32> = plane.iter().copied().collect();
        let [low, high] = percentiles(&pixels, [low, high]).map_err(|e| e.at(format!("channel {channel}")))?;
        rescale(plane, low, high);
    }
    Ok(())
}
