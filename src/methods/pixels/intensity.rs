//! How stored intensities become the numbers that a method takes.

use ndarray::ArrayViewMut4;
use serde::{Deserialize, Serialize};

use crate::preprocess::images::rescale_percentiles;
use crate::{Error, Result};

/// What is done to the intensities of a crop before anything else.
///
/// The papers clip and rescale whole tiles, before cells are cut out; then crops are taken as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Intensity {
    /// Nothing.
    #[default]
    AsIs,
    /// They are divided by this number, 65,535 for a camera of 16 bits.
    DividedBy(f64),
    /// They are clipped to a range, the same for all crops, and brought to 0..1 in it: brightness still tells cells apart.
    Between {
        /// What becomes 0.
        low: f64,
        /// What becomes 1.
        high: f64,
    },
    /// Each channel of each crop is clipped at two percentiles and brought to 0..1 between them, see
    /// [`rescale_percentiles`].
    Percentiles {
        /// The lower one, from 0.
        low: f64,
        /// The upper one, to 100.
        high: f64,
    },
}

impl Intensity {
    /// Whether it can be done.
    ///
    /// # Errors
    /// When the divisor is not above 0, or the bounds or percentiles bound no range.
    pub fn check(self) -> Result<()> {
        match self {
            Self::DividedBy(by) if !(by.is_finite() && by > 0.0) => {
                Err(Error::new(format!("intensities cannot be divided by {by}")).at("intensity").fix("take 65535"))
            }
            Self::Between { low, high } if !(low.is_finite() && high.is_finite() && low < high) => {
                Err(Error::new(format!("{low} and {high} bound no range")).at("intensity").fix("take low < high"))
            }
            Self::Percentiles { low, high } if !(0.0 <= low && low < high && high <= 100.0) => {
                Err(Error::new(format!("percentiles {low} and {high} bound no range"))
                    .at("intensity")
                    .fix("take 0 <= low < high <= 100, such as 0.1 and 99.9"))
            }
            _ => Ok(()),
        }
    }

    /// Does it to images (`n x c x h x w`), in place.
    ///
    /// ```
    /// use perturbook::methods::pixels::Intensity;
    ///
    /// let mut images = ndarray::Array4::from_elem((1, 1, 1, 2), 32767.5f32);
    /// Intensity::DividedBy(65535.0).apply(images.view_mut())?;
    /// assert_eq!(images[[0, 0, 0, 1]], 0.5);
    /// Intensity::Between { low: 0.1, high: 0.3 }.apply(images.view_mut())?;
    /// assert_eq!(images[[0, 0, 0, 1]], 1.0);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Intensity::check`].
    pub fn apply(self, mut images: ArrayViewMut4<'_, f32>) -> Result<()> {
        self.check()?;
        match self {
            Self::AsIs => Ok(()),
            Self::DividedBy(by) => {
                images.mapv_inplace(|v| (f64::from(v) / by) as f32);
                Ok(())
            }
            Self::Between { low, high } => {
                images.mapv_inplace(|v| ((f64::from(v).clamp(low, high) - low) / (high - low)) as f32);
                Ok(())
            }
            Self::Percentiles { low, high } => rescale_percentiles(images, low, high),
        }
    }
}
