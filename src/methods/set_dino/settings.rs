//! The settings of Set-DINO; the default is that of the published run with 16 cells of a gene to a set.

use serde::{Deserialize, Serialize};

use super::{Aggregation, Optimisation, SetDinoTraining};
use crate::display::{Bundle, Show, fields};
use crate::methods::Unit;
use crate::methods::pixels::{Intensity, Pixels};
use crate::nn::dino_head::DinoHeadConfig;
use crate::nn::vit::VitConfig;
use crate::preprocess::images::augment::{Release, ViewSampler};
use crate::train::Between;
use crate::{Error, Result};

/// Where the two sets of a perturbation come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Two batches: what is common to them is the perturbation.
    #[default]
    CrossBatch,
    /// One batch, drawn twice: what is common is the perturbation and the batch.
    WithinBatch,
    /// One draw for both: with sets of one cell this is DINO.
    SameCell,
}

impl Strategy {
    /// What the sampler calls it.
    pub fn between(self) -> Between {
        match self {
            Self::CrossBatch => Between::Batches,
            Self::WithinBatch => Between::OneBatch,
            Self::SameCell => Between::SameCells,
        }
    }
}

/// Which of the two released versions of the augmentations, see [`Release`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Augmentation {
    /// The published runs: offsets up to 0.5, zoom always on the lower right corner.
    #[serde(rename = "2024")]
    Published2024,
    /// As corrected in October 2025.
    #[default]
    #[serde(rename = "2025")]
    Corrected2025,
}

impl Augmentation {
    /// What the augmentations call it.
    pub fn release(self) -> Release {
        match self {
            Self::Published2024 => Release::Published2024,
            Self::Corrected2025 => Release::Corrected2025,
        }
    }
}

/// The last step before the network, after augmentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalisation {
    /// Each channel of each image by its own mean and standard deviation.
    ZScore,
    /// By those of the non-targeting controls of the image's batch.
    #[default]
    Ntc,
}

/// How the weights of linear layers start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// With a standard deviation of 0.02, whatever their size.
    #[default]
    Published,
    /// With one of `1 / sqrt(inputs)`, so that signals keep their size. For networks much narrower than the published one, in
    /// which 0.02 all but silences the image beside the class token.
    ByInputs,
}

/// The settings of Set-DINO (methods 4 and rows 18-26 of its register).
///
/// ```
/// use perturbook::methods::set_dino::Settings;
///
/// let paper = Settings::default();
/// assert_eq!((paper.units(), paper.repeated()), (32, 40)); // 512 / 16 genes a step, each 40 times an epoch
/// let dino: Settings = serde_json::from_str(r#"{"strategy": "same_cell", "cells": 1}"#).unwrap();
/// assert_eq!((dino.units(), dino.repeated()), (512, 640));
/// assert!(serde_json::from_str::<Settings>(r#"{"cell": 1}"#).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What counts as one perturbation.
    pub unit: Unit,
    /// Where the two sets of a perturbation come from.
    pub strategy: Strategy,
    /// Cells of a set, n.
    pub cells: usize,
    /// Cells of a step on each side; divided by `cells` they are its perturbations, and the learning rate follows.
    pub images: usize,
    /// Cells that a perturbation must have in a batch to be drawn from it, in two batches at least.
    pub fewest: usize,
    /// How often a perturbation comes in an epoch; none: as published, 10 (16 / cells), four times that for genes.
    pub repeats: Option<usize>,
    /// Side of the images in pixels: the middle of larger ones is taken. Local views have half of it.
    pub side: usize,
    /// Local views of a cell in each of the two sets.
    pub locals: usize,
    /// Which version of the augmentations.
    pub augmentation: Augmentation,
    /// How far exponents and offsets of views go, from 0 (intensities stay) to 1 (as published). A small network that learns
    /// for minutes finds nothing in common to views that differ by as much as the published ones.
    pub strength: f64,
    /// The last step before the network.
    pub normalisation: Normalisation,
    /// What the controls' standard deviation is multiplied by: 1, or 2 for the published checkpoint.
    pub ntc_std_factor: f64,
    /// How the cells of a set become one vector.
    pub aggregation: Aggregation,
    /// Batches (labels of the screen) that are held out of training and looked at for validation; may be empty.
    pub validation: Vec<String>,
    /// Steps between two looks at the eigenvalues of the teacher's features, see [`collapse`](super::collapse()).
    pub monitor_every: u64,
    /// The share of eigenvalues above 0.0001, of those that there can be, below which a warning says that the network
    /// has collapsed.
    pub collapse_below: f64,
    /// What is done to stored intensities; they must lie in 0..1 afterwards.
    pub intensity: Intensity,
    /// Rates, decay, momenta and temperatures.
    pub optimisation: Optimisation,
    /// Sizes of the transformer; its channels are those of the images.
    pub vit: VitConfig,
    /// Sizes of the projection head.
    pub head: DinoHeadConfig,
    /// How linear layers start.
    pub start: Start,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            unit: Unit::Gene,
            strategy: Strategy::CrossBatch,
            cells: 16,
            images: 512,
            fewest: 20,
            repeats: None,
            side: 96,
            locals: 4,
            augmentation: Augmentation::Corrected2025,
            strength: 1.0,
            normalisation: Normalisation::Ntc,
            ntc_std_factor: 1.0,
            aggregation: Aggregation::Mean,
            validation: Vec::new(),
            monitor_every: 100,
            collapse_below: 0.05,
            intensity: Intensity::AsIs,
            optimisation: Optimisation::default(),
            vit: VitConfig::default(),
            head: DinoHeadConfig::default(),
            start: Start::Published,
        }
    }
}

impl Settings {
    /// A small network for simulated images of 48 pixels or more: sets of 4 cells, 8 perturbations a step. It shows how
    /// the method works; its features are little better than those of a network that has not learned.
    pub fn quick() -> Self {
        Self {
            cells: 4,
            images: 32,
            fewest: 4,
            repeats: Some(8),
            side: 48,
            monitor_every: 10,
            optimisation: Optimisation {
                rate: 5e-2,
                warm_up_epochs: 2,
                momentum: [0.98, 1.0],
                teacher_temperature: [0.06, 0.06],
                ..Optimisation::default()
            },
            vit: VitConfig {
                patch: 8,
                width: 48,
                blocks: 4,
                heads: 3,
                grid: 6,
                drop_path: 0.0,
                ..VitConfig::default()
            },
            head: DinoHeadConfig { hidden: 96, bottleneck: 32, outputs: 128 },
            ..Self::default()
        }
    }

    /// A small network for the plate of BBBC013, with drug and dose as perturbation and rows of wells as batches: sets of 8
    /// cells, 64 cells a view.
    pub fn plate() -> Self {
        Self {
            cells: 8,
            images: 64,
            fewest: 8,
            repeats: Some(27),
            side: 48,
            monitor_every: 50,
            intensity: Intensity::Between { low: 5.0, high: 100.0 },
            optimisation: Optimisation {
                rate: 1.6e-2,
                warm_up_epochs: 1,
                momentum: [0.99, 1.0],
                teacher_temperature: [0.04, 0.04],
                ..Optimisation::default()
            },
            vit: VitConfig {
                channels: 2,
                patch: 8,
                width: 96,
                blocks: 4,
                heads: 3,
                grid: 6,
                drop_path: 0.0,
                ..VitConfig::default()
            },
            head: DinoHeadConfig { hidden: 256, bottleneck: 64, outputs: 256 },
            ..Self::default()
        }
    }

    /// A small network for simulated screens of 32 pixels with some twenty genes: sets of 8 cells, 128 cells a view.
    pub fn simulated() -> Self {
        let plate = Self::plate();
        Self {
            images: 128,
            repeats: Some(31),
            side: 32,
            strength: 0.3,
            intensity: Intensity::Between { low: 0.02, high: 0.5 },
            optimisation: Optimisation {
                momentum: [0.98, 1.0],
                teacher_temperature: [0.02, 0.02],
                ..plate.optimisation
            },
            vit: VitConfig { channels: 4, width: 48, grid: 4, ..plate.vit },
            head: DinoHeadConfig { outputs: 64, ..plate.head },
            start: Start::ByInputs,
            ..plate
        }
    }

    /// The same with sets of another kind and size, of as many cells and steps, at the same learning rate: for comparing
    /// strategies. (By the published rule the rate follows the number of sets.)
    ///
    /// ```
    /// use perturbook::methods::set_dino::{Settings, Strategy};
    ///
    /// let (sets, dino) = (Settings::plate(), Settings::plate().with_sets(Strategy::SameCell, 1));
    /// assert_eq!((dino.cells, dino.units(), dino.repeated()), (1, 64, 216)); // 8 times as many perturbations a step
    /// let rate = |of: &Settings| of.optimisation.rate * of.units() as f64;
    /// assert_eq!(rate(&dino), rate(&sets));
    /// ```
    pub fn with_sets(&self, strategy: Strategy, cells: usize) -> Self {
        let mut other = Self { strategy, cells, ..self.clone() };
        let change = other.units() as f64 / self.units().max(1) as f64;
        other.repeats = Some((self.repeated() as f64 * change).round() as usize);
        other.optimisation.rate = self.optimisation.rate / change;
        other
    }

    /// The settings with which the released checkpoint was trained: the augmentations of 2024, the controls' standard
    /// deviation doubled, the teacher's head drawn for itself.
    pub fn released() -> Self {
        let optimisation = Optimisation { teacher_head: super::TeacherHead::Independent, ..Optimisation::default() };
        Self { augmentation: Augmentation::Published2024, ntc_std_factor: 2.0, optimisation, ..Self::default() }
    }

    /// DINO: one cell at a time, two views of the same one, and what it is a cell of does not count.
    pub fn dino() -> Self {
        Self { unit: Unit::Guide, strategy: Strategy::SameCell, cells: 1, ..Self::default() }
    }

    /// Perturbations of a step.
    pub fn units(&self) -> usize {
        self.images / self.cells.max(1)
    }

    /// How often a perturbation comes in an epoch.
    pub fn repeated(&self) -> usize {
        let of_unit = match self.unit {
            Unit::Gene => 4,
            Unit::Guide => 1,
        };
        self.repeats.unwrap_or(10 * of_unit * (16 / self.cells.max(1)).max(1)).max(1)
    }

    /// The training that these settings make, of so many epochs and steps in each.
    pub fn training(&self, epochs: u64, steps_per_epoch: u64) -> SetDinoTraining {
        let (units, cells, optimisation) = (self.units(), self.cells, self.optimisation);
        SetDinoTraining { units, cells, epochs, steps_per_epoch, optimisation }
    }

    /// What draws the views of a set; `worker` tells streams of one seed apart.
    ///
    /// # Errors
    /// When the strength is not from 0 to 1.
    pub(super) fn sampler(&self, seed: u64, worker: u32) -> Result<ViewSampler> {
        ViewSampler::new(seed, worker, self.augmentation.release()).with_strength(self.strength)
    }

    /// How images are read.
    pub fn pixels(&self) -> Pixels {
        Pixels { channels: self.vit.channels, side: self.side, intensity: self.intensity, unit: true }
    }

    /// Whether training by these settings is possible.
    ///
    /// # Errors
    /// When a number is 0 that must not be, patches do not fill global and local views, a factor is not positive, or a
    /// strength not from 0 to 1.
    pub fn check(&self) -> Result<()> {
        self.vit.check()?;
        self.intensity.check()?;
        let refuse = |what: String, at: &str, fix: &str| Err(Error::new(what).at(format!("settings, {at}")).fix(fix));
        if self.cells == 0 || self.images < self.cells {
            let what = format!("{} cells of a step make no set of {}", self.images, self.cells);
            return refuse(what, "cells, images", "give sets of at least one cell, and a step of at least one set");
        }
        if self.locals == 0 {
            return refuse("there must be local views".to_owned(), "locals", "take 1 or more; the paper has 4");
        }
        let patch = self.vit.patch;
        if self.side < 10 || !self.side.is_multiple_of(2 * patch) {
            let what = format!("patches of {patch} do not fill views of {} and {} pixels", self.side, self.side / 2);
            return refuse(what, "side, vit.patch", "take a side of 10 or more that is a multiple of twice the patch");
        }
        if [self.head.hidden, self.head.bottleneck, self.head.outputs].contains(&0) {
            return refuse(format!("{:?}", self.head), "head", "take sizes above 0");
        }
        if !(self.ntc_std_factor.is_finite() && self.ntc_std_factor > 0.0) {
            return refuse(format!("a factor of {}", self.ntc_std_factor), "ntc_std_factor", "take 1, or 2");
        }
        if !(0.0..=1.0).contains(&self.strength) {
            return refuse(format!("a strength of {}", self.strength), "strength", "take a number from 0 to 1");
        }
        if self.monitor_every == 0 || !(0.0..=1.0).contains(&self.collapse_below) {
            let what = format!("a look every {} steps for a share of {}", self.monitor_every, self.collapse_below);
            return refuse(what, "monitor_every, collapse_below", "take 1 or more steps, and a share from 0 to 1");
        }
        self.optimisation.check()
    }
}

impl Show for Settings {
    fn bundle(&self) -> Bundle {
        fields(self).titled("Set-DINO").bundle()
    }
}
