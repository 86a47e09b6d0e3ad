//! What the pixels of a set of crops look like, channel by channel: mean, standard deviation, median and MAD.
//!
//! ```text
//! mean, std   over all pixels of all crops, population std (ddof 0)
//! median      the middle value; of an even number the mean of the two in the middle
//! mads        1.48 * median |x - median|
//! ```
//!
//! These are the four entries of the statistics file of Set-DINO. Mean and standard deviation come from one pass over
//! blocks of any size ([`ChannelMoments`]); the medians need the pixels of one channel in memory, 8 bytes each.

use ndarray::{ArrayView4, Axis};
use serde::{Deserialize, Serialize};

use super::mean_and_std;
use crate::preprocess::features::median;
use crate::{Error, Result, finite};

/// The factor that Set-DINO's statistics put on the median absolute deviation.
const MAD_FACTOR: f64 = 1.48;

/// Mean and variance of each channel, gathered block by block.
///
/// Counts, means and squares of blocks are joined by the update of Chan et al. (1983), so that the sum never loses
/// precision and the crops are read once.
///
/// ```
/// use ndarray::Array4;
/// use perturbook::preprocess::images::ChannelMoments;
///
/// let mut moments = ChannelMoments::new(1);
/// moments.add(Array4::from_elem((3, 1, 2, 2), 1.0f32).view())?;
/// moments.add(Array4::from_elem((3, 1, 2, 2), 3.0f32).view())?;
/// assert_eq!((moments.mean(), moments.std()), (vec![2.0], vec![1.0]));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelMoments {
    pixels: f64,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl ChannelMoments {
    /// Of no pixel yet.
    pub fn new(channels: usize) -> Self {
        Self { pixels: 0.0, mean: vec![0.0; channels], square: vec![0.0; channels] }
    }

    /// Takes more crops in, `n x c x h x w`.
    ///
    /// # Errors
    /// When the number of channels differs or a pixel is NaN or infinite; the first one is named and nothing is added.
    pub fn add(&mut self, crops: ArrayView4<'_, f32>) -> Result<()> {
        super::require_channels("channel statistics", self.mean.len(), crops.dim().1)?;
        finite::require(crops, |(image, channel, row, column), value| {
            Error::new(format!("a pixel is {value}"))
                .at(format!("image {image}, channel {channel}, row {row}, column {column}"))
                .fix("leave this crop out of the statistics")
        })?;
        for planes in crops.outer_iter().filter(|planes| !planes.is_empty()) {
            let pixels = (planes.len() / self.mean.len()) as f64;
            for (channel, plane) in planes.outer_iter().enumerate() {
                let (mean, std) = mean_and_std(plane);
                self.join(channel, pixels, mean, std * std * pixels);
            }
            self.pixels += pixels;
        }
        Ok(())
    }

    /// Takes in what another pass gathered.
    ///
    /// # Errors
    /// When the number of channels differs.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        super::require_channels("channel statistics", self.mean.len(), other.mean.len())?;
        if other.pixels > 0.0 {
            for channel in 0..self.mean.len() {
                self.join(channel, other.pixels, other.mean[channel], other.square[channel]);
            }
            self.pixels += other.pixels;
        }
        Ok(())
    }

    fn join(&mut self, channel: usize, pixels: f64, mean: f64, square: f64) {
        let (all, apart) = (self.pixels + pixels, mean - self.mean[channel]);
        self.mean[channel] += apart * pixels / all;
        self.square[channel] += square + apart * apart * self.pixels * pixels / all;
    }

    /// Pixels of one channel so far.
    pub fn pixels(&self) -> u64 {
        self.pixels as u64
    }

    /// Mean of each channel; 0 before the first pixel.
    pub fn mean(&self) -> Vec<f64> {
        self.mean.clone()
    }

    /// Population standard deviation of each channel; 0 before the first pixel.
    pub fn std(&self) -> Vec<f64> {
        self.square.iter().map(|square| (square / self.pixels.max(1.0)).sqrt()).collect()
    }
}

/// Mean, standard deviation, median and 1.48 MAD of each channel.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::images::ChannelStatistics;
///
/// let statistics = ChannelStatistics::of(array![[[[1.0f32, 2.0], [3.0, 10.0]]]].view())?;
/// assert_eq!((statistics.mean[0], statistics.median[0]), (4.0, 2.5));
/// assert_eq!(statistics.mads[0], 1.48); // the distances from 2.5 are 1.5, 0.5, 0.5, 7.5
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelStatistics {
    /// Mean of all pixels.
    pub mean: Vec<f64>,
    /// Population standard deviation of all pixels.
    pub std: Vec<f64>,
    /// Median of all pixels.
    pub median: Vec<f64>,
    /// 1.48 times the median distance from the median.
    pub mads: Vec<f64>,
}

impl ChannelStatistics {
    /// Of all pixels of all crops, `n x c x h x w`; one channel at a time is copied.
    ///
    /// # Errors
    /// When there is no pixel, or one is NaN or infinite.
    pub fn of(crops: ArrayView4<'_, f32>) -> Result<Self> {
        if crops.is_empty() {
            return Err(Error::new(format!("crops of shape {:?} hold no pixel", crops.shape()))
                .at("channel statistics")
                .fix("give at least one crop, for instance the controls of the well"));
        }
        let mut moments = ChannelMoments::new(crops.dim().1);
        moments.add(crops)?;
        let (mut medians, mut mads) = (Vec::new(), Vec::new());
        for channel in crops.axis_iter(Axis(1)) {
            let mut values: Vec<f64> = channel.iter().map(|&v| f64::from(v)).collect();
            let middle = median(&mut values);
            values.iter_mut().for_each(|v| *v = (*v - middle).abs());
            mads.push(MAD_FACTOR * median(&mut values));
            medians.push(middle);
        }
        Ok(Self { mean: moments.mean(), std: moments.std(), median: medians, mads })
    }
}
