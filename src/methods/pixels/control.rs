//! Mean and standard deviation of each channel over all pixels of a batch's control cells.
//!
//! ```text
//! x -> (x - mean of the batch's controls) / (factor std of the batch's controls + 1e-6)
//! ```
//!
//! The std is that of the population. Batches are those of the screen, wells of plates where nothing else is said.

use std::collections::BTreeMap;

use ndarray::{ArrayViewMut4, Axis};
use serde::{Deserialize, Serialize};

use super::Pixels;
use crate::live::Bar;
use crate::preprocess::images::{ChannelMoments, control_zscore};
use crate::screen::{Label, Role, Screen};
use crate::{Error, Result};

/// Cells that are in memory at once.
const BLOCK: usize = 256;
/// What is added to a std, as [`control_zscore`] does.
const EPSILON: f64 = 1e-6;

/// The statistics of the controls of each batch.
///
/// ```
/// use perturbook::methods::pixels::{ControlStatistics, Intensity, Pixels};
/// use perturbook::screen::Label;
/// use perturbook::simulate::{OpsConfig, ops_screen};
///
/// let screen = ops_screen(&OpsConfig::quick())?.screen()?;
/// let pixels = Pixels { channels: 4, side: 48, intensity: Intensity::AsIs, unit: true };
/// let statistics = ControlStatistics::of(&screen, &pixels)?;
/// assert_eq!(statistics.len(), 6); // two plates of three wells
/// let controls = screen.controls()?;
/// let first = controls.labels(Label::Batch)?.of(0).to_owned();
/// let mut images = pixels.read(&controls, &[0])?;
/// statistics.zscore(images.view_mut(), &first, 1.0)?;
/// assert!(images.mean().unwrap().abs() < 1.0);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ControlStatistics {
    batches: BTreeMap<String, Moments>,
}

/// Of one batch, a number for each channel. As text, so that every bit survives a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Moments {
    #[serde(with = "exact")]
    mean: Vec<f64>,
    #[serde(with = "exact")]
    std: Vec<f64>,
}

impl ControlStatistics {
    /// Of the control cells of every batch of a screen that has any, read in blocks.
    ///
    /// # Errors
    /// When the screen has no batches or no controls, an image cannot be read, or it was stopped.
    pub fn of(screen: &Screen, pixels: &Pixels) -> Result<Self> {
        let labels = screen.labels(Label::Batch)?;
        let mut rows: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for row in (0..screen.len()).filter(|&row| screen.role(row) == Role::Control) {
            rows.entry(labels.of(row)).or_default().push(row);
        }
        if rows.is_empty() {
            return Err(Error::new("there is no control cell to take statistics of")
                .at("screen")
                .fix("name the controls with Screen::with_controls, or normalise each image by itself"));
        }
        let mut bar = Bar::new("controls of batches", Some(rows.values().map(|rows| rows.len() as u64).sum()));
        let mut batches = BTreeMap::new();
        for (batch, rows) in rows {
            let mut moments = ChannelMoments::new(pixels.channels);
            for rows in rows.chunks(BLOCK) {
                if bar.stopped() {
                    return Err(
                        Error::new("stopped while taking statistics of controls").at(format!("batch {batch:?}"))
                    );
                }
                moments.add(pixels.read(screen, rows)?.view())?;
                bar.advance(rows.len() as u64);
            }
            batches.insert(batch.to_owned(), Moments { mean: moments.mean(), std: moments.std() });
        }
        bar.finish();
        Ok(Self { batches })
    }

    /// Number of batches.
    pub fn len(&self) -> usize {
        self.batches.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Whether a batch has statistics.
    pub fn has(&self, batch: &str) -> bool {
        self.batches.contains_key(batch)
    }

    /// Both; where both know a batch, that of `self` stays.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        for (batch, moments) in &other.batches {
            self.batches.entry(batch.clone()).or_insert_with(|| moments.clone());
        }
        self
    }

    /// The z-score of images (`n x c x h x w`) of one batch, in place; the std is multiplied by `factor` first, see
    /// [`control_zscore`].
    ///
    /// # Errors
    /// When the batch has no statistics, channels differ, or the factor is not above 0.
    pub fn zscore(&self, images: ArrayViewMut4<'_, f32>, batch: &str, factor: f64) -> Result<()> {
        let Moments { mean, std } = self.moments(batch)?;
        control_zscore(images, mean, std, factor)
    }

    /// The way back: from z-scores of one batch to intensities, in place.
    ///
    /// # Errors
    /// As [`ControlStatistics::zscore`].
    pub fn restore(&self, mut images: ArrayViewMut4<'_, f32>, batch: &str, factor: f64) -> Result<()> {
        let Moments { mean, std } = self.moments(batch)?;
        if images.len_of(Axis(1)) != mean.len() {
            return Err(Error::new(format!("{} channels for statistics of {}", images.len_of(Axis(1)), mean.len()))
                .fix("pass images of the same screen"));
        }
        for (channel, mut planes) in images.axis_iter_mut(Axis(1)).enumerate() {
            let (mean, scale) = (mean[channel], factor * std[channel] + EPSILON);
            planes.mapv_inplace(|v| (f64::from(v) * scale + mean) as f32);
        }
        Ok(())
    }

    fn moments(&self, batch: &str) -> Result<&Moments> {
        self.batches.get(batch).ok_or_else(|| {
            Error::new("there are no control cells in a batch")
                .at(format!("batch {batch:?}"))
                .fix("leave this batch out, or normalise each image by itself")
        })
    }

    /// Refuses a screen with cells of batches that have no statistics; the first batches are named.
    ///
    /// # Errors
    /// When there are such cells, or the screen has no batches.
    pub fn covers(&self, screen: &Screen) -> Result<()> {
        let batches = screen.labels(Label::Batch)?;
        let counts = batches.counts();
        let lacking: Vec<String> = batches
            .names()
            .iter()
            .zip(&counts)
            .filter(|(name, n)| **n > 0 && !self.has(name))
            .map(|(name, _)| format!("{name:?}"))
            .collect();
        if lacking.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!("{} of {} batches have no control cell", lacking.len(), batches.distinct()))
            .at(lacking[..lacking.len().min(5)].join(", "))
            .fix("leave these batches out, or choose a normalisation without controls"))
    }

    /// The statistics for a screen whose cells are to be embedded: those of its own controls, and for batches that have
    /// none here those of `trained`.
    ///
    /// # Errors
    /// As [`ControlStatistics::of`] and [`ControlStatistics::covers`].
    pub fn for_screen(screen: &Screen, pixels: &Pixels, trained: &Self) -> Result<Self> {
        let own = if screen.controls().is_ok() { Self::of(screen, pixels)? } else { Self::default() };
        let all = own.or(trained);
        all.covers(screen)?;
        Ok(all)
    }

    /// The same for images of the batches named, one name for each image.
    ///
    /// # Errors
    /// As [`ControlStatistics::zscore`]; and when there is not one name for each image.
    pub fn zscore_each<S: AsRef<str>>(
        &self,
        mut images: ArrayViewMut4<'_, f32>,
        batches: &[S],
        factor: f64,
    ) -> Result<()> {
        if images.len_of(Axis(0)) != batches.len() {
            return Err(Error::new(format!("{} images and {} batches", images.len_of(Axis(0)), batches.len()))
                .fix("name the batch of every image"));
        }
        images
            .axis_chunks_iter_mut(Axis(0), 1)
            .zip(batches)
            .try_for_each(|(image, batch)| self.zscore(image, batch.as_ref(), factor))
    }
}

/// Floats as their shortest text, which names every bit.
mod exact {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(values: &[f64], to: S) -> Result<S::Ok, S::Error> {
        values.iter().map(f64::to_string).collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
        let texts: Vec<String> = Vec::deserialize(from)?;
        texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
    }
}
