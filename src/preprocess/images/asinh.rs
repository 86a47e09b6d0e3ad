//! Intensities compressed by the inverse hyperbolic sine, as Multi-ContrastiveVAE feeds them to its encoder
//! (Wang et al. 2023; transform of the reference code `contrastive-ops`).
//!
//! ```text
//! main branch:   y = (asinh(x) - 7) / 7
//! well branch:   y = ((asinh((x - median_w) / mad_w) - m_c) / s_c - 0.5) / 0.5
//! ```
//!
//! `x` is a raw 16-bit intensity: 0 becomes -1 and 65535 becomes 0.683, inside the range of the decoder's `tanh`.
//! `median_w` and `mad_w` are those of the well and channel; `m_c` and `s_c` are constants of the four channels.

use ndarray::ArrayViewMut4;

use super::{for_each_plane, require_channels};
use crate::{Error, Result};

/// Centres of the well branch for DNA damage, F-actin, DNA and microtubules.
const WELL_CENTRES: [f64; 4] = [-2.5, -3.1, -1.2, -2.9];
/// Scales of the well branch, in the same order.
const WELL_SCALES: [f64; 4] = [9.0, 8.0, 7.0, 8.0];

/// The numbers of `(asinh(factor * x) - centre) / scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AsinhScale {
    /// What an intensity is multiplied by.
    pub factor: f64,
    /// What is subtracted.
    pub centre: f64,
    /// What the difference is divided by.
    pub scale: f64,
}

impl Default for AsinhScale {
    /// Factor 1, centre 7 and scale 7, those of Multi-ContrastiveVAE.
    fn default() -> Self {
        Self { factor: 1.0, centre: 7.0, scale: 7.0 }
    }
}

/// `(asinh(x) - 7) / 7` of every pixel, in place (Multi-ContrastiveVAE).
///
/// ```
/// use ndarray::Array4;
/// let mut images = Array4::<f32>::zeros((1, 4, 2, 2));
/// perturbook::preprocess::images::asinh_scaled(images.view_mut());
/// assert!(images.iter().all(|&v| v == -1.0));
/// ```
pub fn asinh_scaled(images: ArrayViewMut4<'_, f32>) {
    asinh_scaled_by(images, AsinhScale::default());
}

/// The same with numbers of your own, for instance a smaller factor where small intensities are noise.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::images::{AsinhScale, asinh_scaled_by};
///
/// let mut image = array![[[[3.0f32]]]];
/// asinh_scaled_by(image.view_mut(), AsinhScale { factor: 0.25, centre: 0.0, scale: 1.0 });
/// assert!((image[[0, 0, 0, 0]] - 2f32.ln()).abs() < 1e-6); // asinh(3/4) = ln 2
/// ```
pub fn asinh_scaled_by(images: ArrayViewMut4<'_, f32>, numbers: AsinhScale) {
    let AsinhScale { factor, centre, scale } = numbers;
    for_each_plane(images, |_, _, mut plane| {
        plane.mapv_inplace(|v| ((asinh(factor * f64::from(v)) - centre) / scale) as f32);
    });
}

/// The well branch: intensities centred and scaled by median and MAD of their well, then asinh, then the constants of
/// the four channels, in place (`contrastive-ops`, option `batch_correction`).
///
/// All images come from one well; `median` and `mad` have one number per channel, and a MAD of 0 counts as 1. The
/// reference divides by the plain median absolute deviation, not by 1.48 times it.
///
/// ```
/// use ndarray::Array4;
/// use perturbook::preprocess::images::asinh_of_well_scaled;
///
/// let mut images = Array4::from_elem((1, 4, 1, 1), 300.0f32);
/// asinh_of_well_scaled(images.view_mut(), &[300.0; 4], &[20.0; 4])?;
/// assert!((images[[0, 0, 0, 0]] - (2.5 / 9.0 - 0.5) / 0.5).abs() < 1e-6);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the images do not have four channels, or the numbers are not four each, finite, and the MAD not negative.
pub fn asinh_of_well_scaled(images: ArrayViewMut4<'_, f32>, median: &[f64], mad: &[f64]) -> Result<()> {
    let channels = images.dim().1;
    require_channels("median and MAD of the well", WELL_CENTRES.len(), channels)?;
    require_channels("median of the well", median.len(), channels)?;
    require_channels("MAD of the well", mad.len(), channels)?;
    if let Some(channel) = (0..channels).find(|&c| !(median[c].is_finite() && mad[c].is_finite() && mad[c] >= 0.0)) {
        return Err(Error::new(format!("median {} and MAD {} cannot scale a channel", median[channel], mad[channel]))
            .at(format!("channel {channel}")));
    }
    for_each_plane(images, |_, channel, mut plane| {
        let divisor = if mad[channel] == 0.0 { 1.0 } else { mad[channel] };
        let (centre, scale) = (WELL_CENTRES[channel], WELL_SCALES[channel]);
        plane.mapv_inplace(|v| {
            let of_well = (f64::from(v) - median[channel]) / divisor;
            (((asinh(of_well) - centre) / scale - 0.5) / 0.5) as f32
        });
    });
    Ok(())
}

/// `ln(x + sqrt(x^2 + 1))`, odd in `x`. Close to 0 its error is that of 1 in `f64`, which the constants subtracted
/// afterwards hide; it takes a third of the time of [`f64::asinh`].
fn asinh(x: f64) -> f64 {
    let size = x.abs();
    (size + (size * size + 1.0).sqrt()).ln().copysign(x)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_short_formula_is_the_inverse_hyperbolic_sine() {
        for exponent in -60..=40 {
            for x in [1.7f64.powi(exponent), -1.7f64.powi(exponent)] {
                assert!((super::asinh(x) - x.asinh()).abs() < 1e-14, "at {x}");
            }
        }
        assert!(super::asinh(f64::NAN).is_nan() && super::asinh(f64::NEG_INFINITY) == f64::NEG_INFINITY);
    }
}
