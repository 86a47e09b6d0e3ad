//! What the networks see of a crop: resized, and its intensities compressed.
//!
//! ```text
//! resize to side x side -> asinh(factor x) -> (. - centre) / scale         the reference's main branch
//! resize to side x side -> median and MAD of the well, asinh, constants    its other branch, for its four stains
//! ```
//!
//! With the constants of the paper (1, 7, 7) raw 16-bit intensities lie between -1 and 0.68. Images of numbers from 0 to 1
//! need the factor 65535.

use ndarray::{Array4, ArrayView4, s};
use serde::{Deserialize, Serialize};

use crate::preprocess::images::{AsinhScale, Resize, asinh_of_well_scaled, asinh_scaled_by, resize};
use crate::{Error, Result};

/// How images become larger or smaller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResizeRule {
    /// [`Resize::GaussianAligned`], the reference's.
    #[default]
    GaussianAligned,
    /// [`Resize::TriangleAntialias`].
    TriangleAntialias,
    /// [`Resize::HalfPixelBilinear`].
    HalfPixelBilinear,
}

impl From<ResizeRule> for Resize {
    fn from(rule: ResizeRule) -> Self {
        match rule {
            ResizeRule::GaussianAligned => Self::GaussianAligned,
            ResizeRule::TriangleAntialias => Self::TriangleAntialias,
            ResizeRule::HalfPixelBilinear => Self::HalfPixelBilinear,
        }
    }
}

/// The numbers of `(asinh(factor x) - centre) / scale`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Asinh {
    /// What an intensity is multiplied by: 1 for 16-bit numbers, 65535 for numbers from 0 to 1.
    pub factor: f64,
    /// What is subtracted.
    pub centre: f64,
    /// What the difference is divided by.
    pub scale: f64,
}

impl Asinh {
    /// Of images of numbers from 0 to 1, which become numbers from -1 to 1: linear up to about `1 / factor`, logarithmic
    /// above. The larger the factor, the more the networks see of dim places, noise included, and the less of bright ones.
    ///
    /// ```
    /// use perturbook::methods::mcvae::Asinh;
    ///
    /// let Asinh { factor, centre, scale } = Asinh::spanning(10.0);
    /// assert_eq!(((0.0 - centre) / scale, (factor.asinh() - centre) / scale), (-1.0, 1.0));
    /// ```
    pub fn spanning(factor: f64) -> Self {
        let half = factor.asinh() / 2.0;
        Self { factor, centre: half, scale: half }
    }
}

impl Default for Asinh {
    /// The reference's: 1, 7, 7.
    fn default() -> Self {
        let AsinhScale { factor, centre, scale } = AsinhScale::default();
        Self { factor, centre, scale }
    }
}

/// How intensities are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Intensity {
    /// By the same numbers everywhere.
    Asinh(Asinh),
    /// By median and MAD of the control cells of the batch, and the reference's constants for its four stains.
    OfWell,
}

impl Default for Intensity {
    /// The reference's main branch.
    fn default() -> Self {
        Self::Asinh(Asinh::default())
    }
}

impl Intensity {
    /// Of images of numbers from 0 to 1, with the reference's constants.
    pub fn of_unit_range() -> Self {
        Self::Asinh(Asinh { factor: 65_535.0, ..Asinh::default() })
    }

    /// The intensity that became this number, where that does not depend on the well; else the number.
    ///
    /// ```
    /// use perturbook::methods::mcvae::Intensity;
    ///
    /// let full = (65_535f64.asinh() - 7.0) / 7.0;
    /// assert!((Intensity::of_unit_range().undone(full as f32) - 1.0).abs() < 1e-4);
    /// ```
    pub fn undone(&self, value: f32) -> f32 {
        match *self {
            Self::Asinh(Asinh { factor, centre, scale }) => {
                ((f64::from(value) * scale + centre).sinh() / factor) as f32
            }
            Self::OfWell => value,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let Self::Asinh(Asinh { factor, centre, scale }) = *self else { return Ok(()) };
        if factor.is_finite() && factor > 0.0 && centre.is_finite() && scale.is_finite() && scale > 0.0 {
            return Ok(());
        }
        Err(Error::new(format!("factor {factor}, centre {centre} and scale {scale} cannot compress intensities"))
            .at("setting intensity")
            .fix("give a positive factor and scale, such as 1, 7 and 7"))
    }

    /// The intensities that networks' numbers stand for, `x = sinh(scale y + centre) / factor`; none where wells differ.
    ///
    /// ```
    /// use ndarray::Array4;
    /// use perturbook::methods::mcvae::Intensity;
    ///
    /// let seen = Array4::<f32>::from_elem((1, 1, 1, 1), -1.0);
    /// assert_eq!(Intensity::default().inverse(seen.view()), Some(Array4::zeros((1, 1, 1, 1))));
    /// ```
    pub fn inverse(&self, images: ArrayView4<'_, f32>) -> Option<Array4<f32>> {
        let Self::Asinh(Asinh { factor, centre, scale }) = *self else { return None };
        Some(images.mapv(|y| ((f64::from(y) * scale + centre).sinh() / factor) as f32))
    }
}

/// Median and MAD of each channel in a well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct WellNumbers {
    pub(super) median: Vec<f64>,
    pub(super) mad: Vec<f64>,
}

/// Raw crops, `n x c x h x w`, as the networks see them; `wells` has an entry for each crop where intensities go by well.
pub(super) fn prepared(
    raw: Array4<f32>,
    side: usize,
    rule: ResizeRule,
    intensity: &Intensity,
    wells: &[&WellNumbers],
) -> Result<Array4<f32>> {
    let (.., height, width) = raw.dim();
    let mut images = if (height, width) == (side, side) { raw } else { resize(raw.view(), (side, side), rule.into())? };
    match *intensity {
        Intensity::Asinh(Asinh { factor, centre, scale }) => {
            asinh_scaled_by(images.view_mut(), AsinhScale { factor, centre, scale });
        }
        Intensity::OfWell => {
            for (i, of) in wells.iter().enumerate() {
                asinh_of_well_scaled(images.slice_mut(s![i..i + 1, .., .., ..]), &of.median, &of.mad)?;
            }
        }
    }
    Ok(images)
}
