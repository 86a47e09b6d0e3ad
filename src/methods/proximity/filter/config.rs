//! Settings of the proximity-bias filter.

use serde::{Deserialize, Serialize};

use crate::train::Schedule;
use crate::{Error, Result};

/// How many of the cells that score highest go.
///
/// The paper removes the same share everywhere. The mean cosine within an arm may then end below what its genes would share
/// without the bias: the filter overshoots. A level at which it stops avoids that.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The whole share, as the paper has it.
    Share,
    /// On each chromosome the smallest share that brings the mean cosine within arms down to that between its genes and
    /// those of all other arms before filtering: the bias acts within arms only. At most the whole share.
    LikeOtherArms,
    /// The same with this mean cosine.
    Level(f64),
}

/// Settings of the filter (section 1.5 of the specification); those that the paper gives are 30 cells of a well, q of
/// them removed, 100 to 300 genes a step.
///
/// ```
/// use perturbook::methods::proximity::FilterConfig;
///
/// assert_eq!((FilterConfig::weak().slots(), FilterConfig::strong().slots()), (3, 6));
/// assert!(FilterConfig { share: 0.01, ..FilterConfig::weak() }.check().is_err()); // no cell of 30
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FilterConfig {
    /// The share of each well's cells that goes, p.
    pub share: f64,
    /// Cells of a well that a step sees, m; smaller wells are scored, but not learned from.
    pub cells: usize,
    /// Widths of the scorer's hidden layers.
    pub hidden: [usize; 2],
    /// Steps of each chromosome.
    pub steps: u64,
    /// Genes that a step sees, in equal parts of the chromosome's arms.
    pub genes: usize,
    /// Wells of a gene that a step sees.
    pub wells: usize,
    /// Genes that an arm needs.
    pub min_genes: usize,
    /// Learning rate.
    pub rate: f64,
    /// Learning rate at the end of its cosine.
    pub last_rate: f64,
    /// The temperature factor T at the first and at the last step; it grows by one factor from step to step.
    pub temperature: [f64; 2],
    /// The weight of the penalty on slots that choose the same cell.
    pub overlap: f64,
    /// Where removal stops.
    pub stop: Stop,
    /// Whether the scorer reads the corrected embedding instead of the raw one.
    pub reads_corrected: bool,
    /// The seed.
    pub seed: u64,
}

impl FilterConfig {
    /// A tenth of the cells goes.
    pub fn weak() -> Self {
        Self {
            share: 0.1,
            cells: 30,
            hidden: [256, 64],
            steps: 2_000,
            genes: 200,
            wells: 100,
            min_genes: 10,
            rate: 1e-3,
            last_rate: 1e-5,
            temperature: [10.0, 200.0],
            overlap: 0.0,
            stop: Stop::Share,
            reads_corrected: false,
            seed: 0,
        }
    }

    /// A fifth of the cells goes.
    pub fn strong() -> Self {
        Self { share: 0.2, ..Self::weak() }
    }

    /// The weak filter for the simulated screen of [`planted_bias`](crate::simulate::planted_bias): a smaller scorer, 500
    /// steps.
    pub fn quick() -> Self {
        Self { hidden: [128, 32], steps: 500, ..Self::weak() }
    }

    /// Scores that each cell gets, `q = floor(m p)`; `m p` is rounded at 1e-9 first.
    pub fn slots(&self) -> usize {
        (self.cells as f64 * self.share + 1e-9).floor().max(0.0) as usize
    }

    /// The learning rate, step by step.
    pub(super) fn rates(&self) -> Schedule {
        Schedule::cosine(self.rate, self.last_rate, self.steps)
    }

    /// The temperature factor, step by step.
    pub(super) fn temperatures(&self) -> Schedule {
        let [first, last] = self.temperature;
        Schedule::Geometric { first, last, steps: self.steps }
    }

    /// Whether a filter can be trained by these settings.
    ///
    /// # Errors
    /// When a setting cannot be used; it is named.
    pub fn check(&self) -> Result<()> {
        let refuse = |key: &str, what: String, fix: &str| Err(Error::new(what).at(format!("setting {key}")).fix(fix));
        for (key, value) in [
            ("hidden", self.hidden[0].min(self.hidden[1])),
            ("steps", self.steps as usize),
            ("wells", self.wells),
            ("genes", self.genes),
        ] {
            if value == 0 {
                return refuse(key, "0 is too few".into(), "give 1 or more");
            }
        }
        if !(self.share > 0.0 && self.share < 1.0) || self.slots() == 0 {
            let what = format!("a share of {} of {} cells removes none, or all", self.share, self.cells);
            return refuse("share", what, "give a share that is at least one of the cells of a step, and below 1");
        }
        if self.min_genes < 2 {
            return refuse("min_genes", format!("{} genes have no pair", self.min_genes), "give 2 or more");
        }
        for (key, value) in [
            ("rate", self.rate),
            ("last_rate", self.last_rate),
            ("temperature", self.temperature[0]),
            ("temperature", self.temperature[1]),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return refuse(key, format!("{value} is not above 0"), "give a positive number");
            }
        }
        Ok(())
    }
}

impl Default for FilterConfig {
    fn default() -> Self {
        Self::weak()
    }
}
