//! Pairs of sets as the views of a step: read, augmented and normalised by the threads that make batches.
//!
//! ```text
//! globals   view of set 0, view of set 1                          (2 units cells) x channels x side x side
//! locals    those of set 0 one after another, those of set 1      (2 locals units cells) x channels x side/2 x side/2
//! ```
//!
//! In each view the cells of the first perturbation come first.

use ndarray::{Array4, ArrayViewMut4, Axis, s};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Normalisation, Settings};
use crate::methods::pixels::{ControlStatistics, Pixels, image_tensor};
use crate::preprocess::images::augment::set_views;
use crate::preprocess::images::zscore;
use crate::screen::{Label, Labels, Screen};
use crate::tensor::{Device, Tensor};
use crate::train::SetPair;
use crate::{Error, Result};

/// The views of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Views {
    /// Global views, of both sets.
    pub globals: Array4<f32>,
    /// Local views, of both sets.
    pub locals: Array4<f32>,
}

impl Views {
    /// Both as tensors on a device.
    pub fn tensors(self, device: &Device) -> [Tensor<4>; 2] {
        [self.globals, self.locals].map(|images| image_tensor(images, device))
    }
}

/// Makes views of a screen's cells.
#[derive(Debug)]
pub struct Viewer<'a> {
    screen: &'a Screen,
    settings: &'a Settings,
    pixels: Pixels,
    batches: Labels,
    statistics: Option<&'a ControlStatistics>,
}

impl<'a> Viewer<'a> {
    /// Views of the cells of `screen`; `statistics` are needed where the normalisation is by controls.
    ///
    /// # Errors
    /// When cells have no batch, or statistics are needed and not given.
    pub fn new(screen: &'a Screen, settings: &'a Settings, statistics: Option<&'a ControlStatistics>) -> Result<Self> {
        if settings.normalisation == Normalisation::Ntc && statistics.is_none() {
            return Err(Error::new("the normalisation by controls needs their statistics")
                .fix("pass ControlStatistics::of(screen), or set `normalisation` to z_score"));
        }
        Ok(Self { screen, settings, pixels: settings.pixels(), batches: screen.labels(Label::Batch)?, statistics })
    }

    /// The views of the sets of a step. Draws come from `rng` alone.
    ///
    /// # Errors
    /// When an image cannot be read or its pixels are out of range, sets differ in size, or a batch has no controls.
    pub fn views(&self, pairs: &[SetPair], rng: &mut ChaCha8Rng) -> Result<Views> {
        let (side, channels, locals) = (self.settings.side, self.pixels.channels, self.settings.locals);
        let cells = pairs.first().map_or(0, |pair| pair.rows[0].len());
        if cells == 0 || pairs.iter().any(|pair| pair.rows.iter().any(|rows| rows.len() != cells)) {
            return Err(Error::new("the sets of a step are of different sizes, or empty").fix("draw them with Sets"));
        }
        let n = pairs.len() * cells;
        let mut views = Views {
            globals: Array4::zeros((2 * n, channels, side, side)),
            locals: Array4::zeros((2 * locals * n, channels, side / 2, side / 2)),
        };
        let seed: u64 = rng.random();
        for set in 0..2 {
            let rows: Vec<usize> = pairs.iter().flat_map(|pair| &pair.rows[set]).copied().collect();
            let images = self.pixels.read(self.screen, &rows)?;
            let mut sampler = self.settings.sampler(seed, set as u32)?;
            let made = set_views(images.view(), &mut sampler, locals)?;
            put(&mut views.globals, set, &made.global);
            for (local, view) in made.locals.iter().enumerate() {
                put(&mut views.locals, set * locals + local, view);
            }
            let batches: Vec<&str> = rows.iter().map(|&row| self.batches.of(row)).collect();
            self.normalise(views.globals.slice_mut(s![set * n..(set + 1) * n, .., .., ..]), &batches)?;
            let locals_of_set = views.locals.slice_mut(s![set * locals * n..(set + 1) * locals * n, .., .., ..]);
            self.normalise(locals_of_set, &batches.repeat(locals))?;
        }
        Ok(views)
    }

    /// Cells as they are, normalised: what the teacher sees after training.
    ///
    /// # Errors
    /// As [`Viewer::views`].
    pub fn plain(&self, rows: &[usize]) -> Result<Array4<f32>> {
        let mut images = self.pixels.read(self.screen, rows)?;
        let batches: Vec<&str> = rows.iter().map(|&row| self.batches.of(row)).collect();
        self.normalise(images.view_mut(), &batches)?;
        Ok(images)
    }

    fn normalise(&self, images: ArrayViewMut4<'_, f32>, batches: &[&str]) -> Result<()> {
        match (self.settings.normalisation, self.statistics) {
            (Normalisation::Ntc, Some(statistics)) => {
                statistics.zscore_each(images, batches, self.settings.ntc_std_factor)
            }
            _ => {
                zscore(images);
                Ok(())
            }
        }
    }
}

/// Puts a view of `n` images in the place of the view of this number.
fn put(all: &mut Array4<f32>, number: usize, view: &Array4<f32>) {
    let n = view.len_of(Axis(0));
    all.slice_mut(s![number * n..(number + 1) * n, .., .., ..]).assign(view);
}
