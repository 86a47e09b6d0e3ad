//! The settings of GRAPE; the default is the paper's.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{GrapeTraining, LossConfig, Sizes};
use crate::display::{Bundle, Show, fields};
use crate::methods::Unit;
use crate::methods::pixels::{Intensity, Pixels};
use crate::train::AdamConfig;
use crate::{Error, Result};

/// What is done to images in 0..1 before the networks see them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalisation {
    /// Each channel by mean and standard deviation of the non-targeting controls of the image's batch, as in the paper.
    #[default]
    Ntc,
    /// `2 x - 1`, as IMPA does.
    Symmetric,
}

/// Where a perturbation's vector is taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Its row of the table: position 1 of the paper.
    #[default]
    Table,
    /// What the mapping network makes of it, its style: position 2.
    Mapping,
    /// The mean over its cells of what the style encoder makes of their images: position 3.
    StyleEncoder,
}

/// Which state of the networks speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// The last one.
    #[default]
    Last,
    /// The running average of the weights.
    Ema,
}

/// The settings of GRAPE (methods 3 and rows 14-17 of its register).
///
/// ```
/// use perturbook::methods::grape::Settings;
///
/// let paper = Settings::default();
/// assert_eq!((paper.batch, paper.sizes.blocks, paper.ema_every), (256, 5, 2_500));
/// assert_eq!(Settings::without_cycle().loss.cycle, 0.0);
/// assert!(serde_json::from_str::<Settings>(r#"{"batches": 1}"#).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What counts as one perturbation.
    pub unit: Unit,
    /// The perturbations that are learned; empty: all of the screen. Controls are always among them.
    pub perturbations: Vec<String>,
    /// Cells that a perturbation must have.
    pub fewest: usize,
    /// Side of the images in pixels: the middle of larger ones is taken.
    pub side: usize,
    /// What is done to images before the networks see them.
    pub normalisation: Normalisation,
    /// How often an image is flipped, up-down and left-right each.
    pub flips: f64,
    /// Images of a step.
    pub batch: usize,
    /// Steps of an epoch; none: as many as batches fill the cells.
    pub steps_per_epoch: Option<u64>,
    /// Learning rate, of all networks and the table.
    pub rate: f64,
    /// How slowly Adam's means of gradients and of their squares move.
    pub betas: [f64; 2],
    /// Weight decay, added to gradients.
    pub decay: f64,
    /// Standard deviation of the table's first numbers.
    pub table_start: f64,
    /// How many times as fast as the networks the table learns.
    pub table_rate: f64,
    /// How many times as much it decays.
    pub table_decay: f64,
    /// Steps between two moves of the running average of the weights, between two copies of the table, and between two looks at
    /// the followed cells.
    pub ema_every: u64,
    /// How much of the running average stays in a move.
    pub ema_keep: f64,
    /// How many of the last copies of the table have their mean reported beside the last state.
    pub copies: usize,
    /// Where vectors are taken from.
    pub position: Position,
    /// Which state of the networks gives them.
    pub weights: Weights,
    /// Cells of each perturbation for the mean of position 3, at most.
    pub style_cells: usize,
    /// A file with a vector for each perturbation (parquet or CSV: a column of names, and numbers); they take the place
    /// of the table and stay as they are. A control without one gets zeros.
    pub vectors: Option<PathBuf>,
    /// What is done to stored intensities; they must lie in 0..1 afterwards.
    pub intensity: Intensity,
    /// Weights of the losses, and where the gradient of the style term goes.
    pub loss: LossConfig,
    /// Sizes of the networks.
    pub sizes: Sizes,
}

impl Default for Settings {
    fn default() -> Self {
        let AdamConfig { rate, betas, decay, .. } = GrapeTraining::adam();
        Self {
            unit: Unit::Gene,
            perturbations: Vec::new(),
            fewest: 1,
            side: 96,
            normalisation: Normalisation::Ntc,
            flips: 0.0,
            batch: 256,
            steps_per_epoch: None,
            rate,
            betas,
            decay,
            table_start: 1.0,
            table_rate: 1.0,
            table_decay: 1.0,
            ema_every: 2_500,
            ema_keep: 0.5,
            copies: 10,
            position: Position::Table,
            weights: Weights::Last,
            style_cells: 500,
            vectors: None,
            intensity: Intensity::AsIs,
            loss: LossConfig::default(),
            sizes: Sizes::default(),
        }
    }
}

impl Settings {
    /// Small networks for simulated images of 48 pixels or more, of which the middle 32 are taken.
    pub fn quick() -> Self {
        Self {
            side: 32,
            batch: 16,
            rate: 1e-3,
            ema_every: 20,
            style_cells: 100,
            sizes: Sizes {
                code: 16,
                hidden: 32,
                style: 16,
                base: 8,
                widest: 32,
                levels: 2,
                blocks: 3,
                ..Sizes::default()
            },
            ..Self::default()
        }
    }

    /// For the plate [`bbbc013`](crate::datasets::bbbc013()) with drugs and doses as perturbations and rows as batches: crops of 32
    /// pixels in two channels.
    pub fn plate() -> Self {
        Self {
            batch: 16,
            intensity: Intensity::Between { low: 0.0, high: 255.0 },
            sizes: Sizes { channels: 2, base: 16, widest: 64, ..Self::minutes().sizes },
            ..Self::minutes()
        }
    }

    /// For simulated images of 32 pixels ([`OpsConfig::with_complexes`](crate::simulate::OpsConfig::with_complexes)). A cycle
    /// weight of 1 is too little here: cells lose their place.
    pub fn simulated() -> Self {
        Self {
            loss: LossConfig { cycle: 10.0, ..LossConfig::default() },
            rate: 1e-3,
            table_rate: 10.0,
            sizes: Sizes { base: 8, widest: 32, levels: 2, style: 16, ..Self::minutes().sizes },
            ..Self::minutes()
        }
    }

    /// For minutes of training. At the paper's rate the table does not move in some hundred steps: here its rows start near 0 and
    /// learn faster than the networks. The running average speaks, because the last state of networks that learn against each
    /// other depends on when it is taken.
    fn minutes() -> Self {
        Self {
            side: 32,
            batch: 32,
            steps_per_epoch: Some(50),
            rate: 5e-4,
            table_start: 0.1,
            table_rate: 20.0,
            table_decay: 0.0,
            ema_every: 50,
            weights: Weights::Ema,
            style_cells: 100,
            sizes: Sizes { code: 16, hidden: 64, blocks: 3, ..Sizes::default() },
            ..Self::default()
        }
    }

    /// The ablation in which the style term teaches all networks.
    pub fn without_detach() -> Self {
        Self { loss: LossConfig::without_detach(), ..Self::default() }
    }

    /// The ablation without the cycle term.
    pub fn without_cycle() -> Self {
        Self { loss: LossConfig::without_cycle(), ..Self::default() }
    }

    /// The variant with self-attention among the rows of the table.
    pub fn with_attention() -> Self {
        Self { sizes: Sizes { attention: true, ..Sizes::default() }, ..Self::default() }
    }

    /// The variant whose running average of the weights speaks.
    pub fn with_ema() -> Self {
        Self { weights: Weights::Ema, ..Self::default() }
    }

    /// The three blocks of the paper's text in discriminator and style encoder, with a mean over what is left.
    pub fn with_three_blocks() -> Self {
        Self { sizes: Sizes { blocks: 3, ..Sizes::default() }, ..Self::default() }
    }

    /// The optimiser of all networks, on both sides.
    pub fn adam(&self) -> AdamConfig {
        AdamConfig { rate: self.rate, betas: self.betas, decay: self.decay, ..AdamConfig::default() }
    }

    /// The optimiser of the table.
    pub fn table_adam(&self) -> AdamConfig {
        let (rate, decay) = (self.rate * self.table_rate, self.decay * self.table_decay);
        AdamConfig { rate, decay, ..self.adam() }
    }

    /// How images are read.
    pub fn pixels(&self) -> Pixels {
        Pixels { channels: self.sizes.channels, side: self.side, intensity: self.intensity, unit: true }
    }

    /// Whether training by these settings is possible.
    ///
    /// # Errors
    /// When a number is 0 or out of its range, or the networks do not fit the images.
    pub fn check(&self) -> Result<()> {
        self.intensity.check()?;
        self.sizes.of_classes(2).check(self.side)?;
        let counts = [
            ("batch", self.batch),
            ("fewest", self.fewest),
            ("style_cells", self.style_cells),
            ("copies", self.copies),
            ("ema_every", self.ema_every as usize),
            ("steps_per_epoch", self.steps_per_epoch.map_or(1, |steps| steps as usize)),
        ];
        if let Some((name, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(Error::new(format!("{name} cannot be 0")).at("settings").fix("take 1 or more"));
        }
        let share = |value: f64| (0.0..=1.0).contains(&value);
        if !share(self.flips) || !share(self.ema_keep) || !self.betas.iter().all(|beta| (0.0..1.0).contains(beta)) {
            return Err(Error::new(format!(
                "flips {}, ema_keep {} and betas {:?} are no shares",
                self.flips, self.ema_keep, self.betas
            ))
            .at("settings")
            .fix("take numbers from 0 to 1, betas below 1"));
        }
        let LossConfig { r1, cycle, style, .. } = self.loss;
        let least = |value: f64| value.is_finite() && value >= 0.0;
        let of_table = [self.table_start, self.table_rate, self.table_decay];
        if ![self.rate, self.decay, r1, cycle, style].into_iter().chain(of_table).all(least) {
            return Err(Error::new("rates, decay and weights of losses must be 0 or more")
                .at(format!("settings: rate {}, decay {}, table {of_table:?}, {:?}", self.rate, self.decay, self.loss))
                .fix("start from the defaults"));
        }
        Ok(())
    }
}

impl Show for Settings {
    fn bundle(&self) -> Bundle {
        fields(self).titled("GRAPE").bundle()
    }
}
