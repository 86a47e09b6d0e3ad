//! Outlier pixels: percentile clip, and a rescale to `[0, 1]` between two percentiles.
//!
//! Funk et al. (2022) images are clipped at the lowest and highest 0.1 % of every raw tile, and brought to `[0, 1]`
//! for Set-DINO. A percentile lies at position `p/100 * (n - 1)` of the sorted pixels, between two of them by linear
//! interpolation.

use ndarray::{ArrayView2, ArrayViewMut4};

use super::for_each_plane;
use crate::{Error, Result};

/// Pixels below the percentile `low` become that percentile, and those above `high` become that one, in place; each
/// channel of each image has its own.
///
/// Only finite pixels count; infinite ones are clipped too, and NaN stays.
///
/// ```
/// use ndarray::Array;
/// use perturbook::preprocess::images::clip_percentiles;
///
/// let mut image = Array::from_iter((0..=100u8).map(f32::from)).into_shape_with_order((1, 1, 1, 101)).unwrap();
/// clip_percentiles(image.view_mut(), 1.0, 98.0)?;
/// assert_eq!((image[[0, 0, 0, 0]], image[[0, 0, 0, 50]], image[[0, 0, 0, 100]]), (1.0, 50.0, 98.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// Unless `0 <= low < high <= 100`.
pub fn clip_percentiles(images: ArrayViewMut4<'_, f32>, low: f64, high: f64) -> Result<()> {
    require_order(low, high)?;
    for_each_plane(images, |_, _, mut plane| {
        if let Some((low, high)) = percentiles(plane.view(), low, high) {
            plane.mapv_inplace(|v| v.clamp(low as f32, high as f32));
        }
    });
    Ok(())
}

/// The same, and then `(x - q(low)) / (q(high) - q(low))`: every channel of every image fills `[0, 1]`. A channel whose
/// two percentiles are equal becomes 0.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::images::rescale_percentiles;
///
/// let mut image = array![[[[2.0f32, 4.0, 3.0]]]];
/// rescale_percentiles(image.view_mut(), 0.0, 100.0)?;
/// assert_eq!(image, array![[[[0.0, 1.0, 0.5]]]]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// Unless `0 <= low < high <= 100`.
pub fn rescale_percentiles(images: ArrayViewMut4<'_, f32>, low: f64, high: f64) -> Result<()> {
    require_order(low, high)?;
    for_each_plane(images, |_, _, mut plane| {
        if let Some((low, high)) = percentiles(plane.view(), low, high) {
            let range = if high > low { high - low } else { 1.0 };
            plane.mapv_inplace(|v| ((f64::from(v).clamp(low, high) - low) / range) as f32);
        }
    });
    Ok(())
}

fn require_order(low: f64, high: f64) -> Result<()> {
    if 0.0 <= low && low < high && high <= 100.0 {
        return Ok(());
    }
    Err(Error::new(format!("percentiles {low} and {high} do not bound a range"))
        .fix("choose 0 <= low < high <= 100, such as 0.1 and 99.9"))
}

/// Two percentiles of the finite pixels; `None` when there are none.
fn percentiles(plane: ArrayView2<'_, f32>, low: f64, high: f64) -> Option<(f64, f64)> {
    let mut values: Vec<f32> = plane.iter().copied().filter(|v| v.is_finite()).collect();
    if values.is_empty() {
        return None;
    }
    Some((percentile(&mut values, low), percentile(&mut values, high)))
}

fn percentile(values: &mut [f32], p: f64) -> f64 {
    let position = p / 100.0 * (values.len() - 1) as f64;
    let below = position.floor() as usize;
    let (_, &mut at, above) = values.select_nth_unstable_by(below, f32::total_cmp);
    let (at, share) = (f64::from(at), position - below as f64);
    if share == 0.0 {
        return at;
    }
    let next = above.iter().copied().min_by(f32::total_cmp).map_or(at, f64::from);
    at + share * (next - at)
}
