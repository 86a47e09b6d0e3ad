//! Crops of a screen's cells: the middle of each image, in the range that a method needs.

use ndarray::{Array4, ArrayView3, s};

use super::Intensity;
use crate::screen::{Payload, Screen};
use crate::{Error, Result};

/// Which part of the images is read, and what is done to its intensities.
///
/// ```
/// use perturbook::methods::pixels::{Intensity, Pixels};
/// use perturbook::simulate::{OpsConfig, ops_screen};
///
/// let screen = ops_screen(&OpsConfig::quick())?.screen()?; // 48 pixels a side
/// let pixels = Pixels { channels: 4, side: 32, intensity: Intensity::AsIs, unit: true };
/// pixels.check(&screen)?;
/// assert_eq!(pixels.read(&screen, &[5, 7])?.dim(), (2, 4, 32, 32));
/// assert!(Pixels { channels: 3, ..pixels }.check(&screen).is_err());
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pixels {
    /// Channels that the images must have.
    pub channels: usize,
    /// Side of the part that is read; it lies in the middle, of 100 pixels those from 2 to 97 for a side of 96.
    pub side: usize,
    /// What is done to intensities.
    pub intensity: Intensity,
    /// Whether they must lie in 0..1 afterwards.
    pub unit: bool,
}

impl Pixels {
    /// Whether a screen's images can be read so.
    ///
    /// # Errors
    /// When it holds no images, or they have other channels or are too small.
    pub fn check(&self, screen: &Screen) -> Result<()> {
        self.intensity.check()?;
        let Payload::Images(images) = screen.payload() else {
            return Err(Error::new("this screen holds no images")
                .at("screen")
                .fix(format!("it holds {}: open a screen of cell images", screen.payload().describe())));
        };
        let (channels, height, width) = images.shape();
        if channels != self.channels {
            return Err(Error::new(format!(
                "the screen's images have {channels} channels ({}) and the method takes {}",
                images.channels().join(", "),
                self.channels
            ))
            .at("screen")
            .fix(format!("set `channels` to {channels}, or choose a screen with {} channels", self.channels)));
        }
        if self.side == 0 || height.min(width) < self.side {
            return Err(Error::new(format!(
                "images of {height} x {width} pixels hold no part of {0} x {0}",
                self.side
            ))
            .at("screen")
            .fix(format!("set `side` to at most {}, or cut larger crops", height.min(width))));
        }
        Ok(())
    }

    /// The images of these rows, `rows x channels x side x side`.
    ///
    /// # Errors
    /// As [`Screen::read_images`]; and when a pixel is not finite, or outside of 0..1 where it must not be (the first
    /// such row is named).
    pub fn read(&self, screen: &Screen, rows: &[usize]) -> Result<Array4<f32>> {
        let images = screen.read_images(rows)?;
        let (_, _, height, width) = images.dim();
        let mut images = if (height, width) == (self.side, self.side) {
            images
        } else {
            let (Some(top), Some(left)) = (height.checked_sub(self.side), width.checked_sub(self.side)) else {
                return Err(Error::new(format!("images of {height} x {width} pixels are smaller than {}", self.side))
                    .fix("set a smaller `side`"));
            };
            let (top, left) = (top / 2, left / 2);
            images.slice(s![.., .., top..top + self.side, left..left + self.side]).to_owned()
        };
        self.intensity.apply(images.view_mut())?;
        match images.outer_iter().zip(rows).find_map(|(image, &row)| self.fault(image).map(|fault| (row, fault))) {
            None => Ok(images),
            Some((row, fault)) => Err(Error::new(fault).at(format!("row {row} of the screen")).fix(
                "set `intensity`: divide by 65535 for a camera of 16 bits, or rescale between percentiles; \
                 drop cells with missing pixels",
            )),
        }
    }

    fn fault(&self, image: ArrayView3<'_, f32>) -> Option<String> {
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for &value in image {
            if !value.is_finite() {
                return Some(format!("a pixel is {value}"));
            }
            (low, high) = (low.min(value), high.max(value));
        }
        (self.unit && (low < 0.0 || high > 1.0)).then(|| format!("pixels from {low} to {high}, where 0 to 1 is needed"))
    }
}
