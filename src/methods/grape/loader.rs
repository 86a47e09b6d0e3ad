//! Images of a step as the networks see them, and back as the screen has them.

use ndarray::{Array4, ArrayViewMut3, ArrayViewMut4, Axis};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Normalisation, Settings, draw_targets};
use crate::Result;
use crate::methods::pixels::{ControlStatistics, Pixels};
use crate::screen::{Label, Labels, Screen};

/// Images, their classes, and the classes they are to be translated to.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// `n x channels x side x side`, normalised.
    pub images: Array4<f32>,
    /// The class of each.
    pub labels: Vec<usize>,
    /// Another class for each.
    pub targets: Vec<usize>,
}

/// Reads a screen's cells for the networks.
#[derive(Debug)]
pub(super) struct Loader<'a> {
    screen: &'a Screen,
    settings: &'a Settings,
    pixels: Pixels,
    batches: Option<Labels>,
    statistics: Option<&'a ControlStatistics>,
}

impl<'a> Loader<'a> {
    /// Of a screen; `statistics` are needed where the normalisation is by controls.
    pub(super) fn new(
        screen: &'a Screen,
        settings: &'a Settings,
        statistics: Option<&'a ControlStatistics>,
    ) -> Result<Self> {
        let batches = match settings.normalisation {
            Normalisation::Ntc => Some(screen.labels(Label::Batch)?),
            Normalisation::Symmetric => None,
        };
        Ok(Self { screen, settings, pixels: settings.pixels(), batches, statistics })
    }

    /// Cells as the networks see them.
    pub(super) fn read(&self, rows: &[usize]) -> Result<Array4<f32>> {
        let mut images = self.pixels.read(self.screen, rows)?;
        match (&self.batches, self.statistics) {
            (Some(batches), Some(statistics)) => {
                let names: Vec<&str> = rows.iter().map(|&row| batches.of(row)).collect();
                statistics.zscore_each(images.view_mut(), &names, 1.0)?;
            }
            _ => images.mapv_inplace(|v| 2.0 * v - 1.0),
        }
        Ok(images)
    }

    /// Images of the networks as intensities again, as of the batch of `row`.
    pub(super) fn restore(&self, mut images: ArrayViewMut4<'_, f32>, row: usize) -> Result<()> {
        match (&self.batches, self.statistics) {
            (Some(batches), Some(statistics)) => statistics.restore(images, batches.of(row), 1.0),
            _ => {
                images.mapv_inplace(|v| (v + 1.0) / 2.0);
                Ok(())
            }
        }
    }

    /// A step: the cells of these rows with their classes, flipped at random, and a target for each.
    pub(super) fn images(
        &self,
        rows: &[usize],
        labels: Vec<usize>,
        classes: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<Images> {
        let mut images = self.read(rows)?;
        let targets = draw_targets(&labels, classes, rng);
        if self.settings.flips > 0.0 {
            for image in images.axis_iter_mut(Axis(0)) {
                flip(image, [rng.random_bool(self.settings.flips), rng.random_bool(self.settings.flips)]);
            }
        }
        Ok(Images { images, labels, targets })
    }
}

/// Turns an image (`c x h x w`) over, up-down and left-right.
fn flip(mut image: ArrayViewMut3<'_, f32>, which: [bool; 2]) {
    let mut turned = image.to_owned();
    for (axis, _) in which.iter().enumerate().filter(|(_, flipped)| **flipped) {
        turned.invert_axis(Axis(1 + axis));
    }
    image.assign(&turned);
}
