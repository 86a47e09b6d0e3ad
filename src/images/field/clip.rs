//! Percentile clip of a field, and its rescaling to `[0, 1]`: that of crops, for all pixels of a field.
//!
//! The screen of Funk et al. is clipped at 0.1 and 99.9 % per channel and tile before Set-DINO, GRAPE and
//! Multi-ContrastiveVAE see it.

use ndarray::{Array3, Axis};

use crate::preprocess::images::rescale_percentiles;
use crate::{Error, Result};

/// Clips each channel of a field (`channels x height x width`) at its own percentiles and rescales it to `[0, 1]`, as
/// [`rescale_percentiles`] does with crops; a channel without contrast becomes 0.
///
/// ```
/// use ndarray::array;
/// use perturbook::images::field::clip_percentiles;
///
/// let mut field = array![[[2.0f32, 4.0, 3.0]]];
/// clip_percentiles(&mut field, 0.0, 100.0)?;
/// assert_eq!(field, array![[[0.0, 1.0, 0.5]]]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a pixel is NaN, or unless `0 <= low < high <= 100`.
pub fn clip_percentiles(field: &mut Array3<f32>, low: f64, high: f64) -> Result<()> {
    for (channel, plane) in field.outer_iter().enumerate() {
        if plane.iter().any(|pixel| pixel.is_nan()) {
            return Err(Error::new("a pixel is NaN").at(format!("channel {channel}")).fix("replace such pixels first"));
        }
    }
    rescale_percentiles(field.view_mut().insert_axis(Axis(0)), low, high)
}
