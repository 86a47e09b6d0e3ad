//! A rival of the filter: the cells go by which a classifier tells the chromosome arm (Lazar et al. 2024, Appendix B).
//!
//! ```text
//! P(arm | cell): multinomial logistic regression on the cells' vectors, as the scorer reads them
//! score of a cell = P(its own gene's arm) -> the highest-scoring share of each well goes, as in the filter
//! ```
//!
//! Wells are dealt to two halves; each half is scored by the classifier of the other, so that no cell is told by what was
//! learned from its own well. The paper gives no threshold and finds that the bias is not reduced; the same share as the
//! filter's makes the two comparable.

use std::collections::BTreeMap;

use ndarray::Array2;
use rand::seq::{SliceRandom, index};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::stop::kept;
use super::{FilterInput, Wells};
use crate::evaluate::classification::{Classes, LogisticConfig, LogisticRegression};
use crate::genome::{Arm, Genome};
use crate::screen::Profiles;
use crate::train::{Purpose, stream};
use crate::{Error, Result};

/// Cells that are scored at a time.
const BLOCK: usize = 8_192;

/// Settings of the rival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ArmClassifierConfig {
    /// The share of each well's cells that goes.
    pub share: f64,
    /// Cells of each arm that each of the two classifiers learns from, at most.
    pub cells: usize,
    /// How they are fitted.
    pub logistic: LogisticConfig,
    /// Reads the corrected embedding instead of the raw one.
    pub reads_corrected: bool,
    /// The seed.
    pub seed: u64,
}

impl Default for ArmClassifierConfig {
    /// A tenth of the cells; a fit to three digits is enough to rank them.
    fn default() -> Self {
        let logistic = LogisticConfig {
            standardise: true,
            max_steps: 200,
            newton_steps: 0,
            tolerance: 1e-3,
            ..LogisticConfig::default()
        };
        Self { share: 0.1, cells: 1_000, logistic, reads_corrected: false, seed: 0 }
    }
}

/// A screen without the cells that show their arm.
#[derive(Clone, Debug)]
pub struct ArmClassified {
    /// The probability of its own arm for each cell of the table; NaN for controls and genes without a position.
    pub scores: Vec<f64>,
    /// Whether each cell stays.
    pub kept: Vec<bool>,
    /// The arms that were told apart.
    pub arms: Vec<Arm>,
    /// The share of cells whose arm was told, mean over arms; by chance it is one over their number.
    pub balanced_accuracy: f64,
    /// Profiles of genes from the cells that stay.
    pub after: Profiles,
}

impl ArmClassified {
    /// Fits the two classifiers and removes the cells.
    ///
    /// # Errors
    /// When fewer than two arms have two wells, the share is not within 0 and 1, or vectors cannot be read.
    pub fn fit(input: &FilterInput, genome: &Genome, config: &ArmClassifierConfig) -> Result<Self> {
        if !(0.0..1.0).contains(&config.share) || config.cells == 0 {
            return Err(Error::new(format!("a share of {} by {} cells of an arm", config.share, config.cells))
                .at("the arm classifier's settings")
                .fix("give a share of at least 0 and below 1, and 1 cell or more"));
        }
        let wells = input.wells();
        let mut rng = stream(config.seed, Purpose::Order, 0);
        let of_arm = wells_of_arms(wells, genome);
        let arms: Vec<Arm> = of_arm.keys().copied().collect();
        if of_arm.values().filter(|wells| wells.len() > 1).count() < 2 {
            return Err(Error::new(format!(
                "{} arms with genes, and fewer than two of them have two wells",
                arms.len()
            ))
            .at("the arm classifier")
            .fix("give a screen with positions of genes on two arms or more, each in several wells"));
        }
        // Of each half, the wells of each arm.
        let mut halves = [Vec::new(), Vec::new()];
        for mut wells in of_arm.into_values() {
            wells.shuffle(&mut rng);
            let (first, second) = wells.split_at(wells.len().div_ceil(2));
            halves[0].push(first.to_vec());
            halves[1].push(second.to_vec());
        }
        let mut scores = vec![f64::NAN; wells.cells()];
        let mut told = vec![[0u64; 2]; arms.len()];
        for (learned, scored) in [(0, 1), (1, 0)] {
            let model = classifier(input, &halves[learned], &arms, config, &mut rng)?;
            for (arm, wells_of_arm) in halves[scored].iter().enumerate() {
                for rows in wells.rows_of(wells_of_arm).chunks(BLOCK) {
                    let of = model.probabilities(&read(input, rows, config)?)?;
                    for (&row, of) in rows.iter().zip(of.rows()) {
                        scores[row] = of[arm];
                        told[arm][0] += 1;
                        told[arm][1] += u64::from(of.iter().all(|&p| p <= of[arm]));
                    }
                }
            }
        }
        let shares = told.iter().map(|&[all, right]| right as f64 / all as f64);
        let balanced_accuracy = shares.sum::<f64>() / arms.len() as f64;
        let kept = kept(wells, &scores, config.share)?;
        let after = input.profiles(|row| kept[row])?;
        Ok(Self { scores, kept, arms, balanced_accuracy, after })
    }
}

/// The numbers of the wells of each arm.
fn wells_of_arms(wells: &Wells, genome: &Genome) -> BTreeMap<Arm, Vec<usize>> {
    let arms: Vec<Option<Arm>> = wells.genes().iter().map(|gene| genome.arm_of(gene)).collect();
    let mut of_arm = BTreeMap::<Arm, Vec<usize>>::new();
    for (number, well) in wells.wells().iter().enumerate() {
        if let Some(arm) = arms[well.gene] {
            of_arm.entry(arm).or_default().push(number);
        }
    }
    of_arm
}

/// Fits a classifier on cells of these wells, given by arm.
fn classifier(
    input: &FilterInput,
    wells: &[Vec<usize>],
    arms: &[Arm],
    config: &ArmClassifierConfig,
    rng: &mut ChaCha8Rng,
) -> Result<LogisticRegression> {
    let (mut rows, mut codes) = (Vec::new(), Vec::new());
    for (arm, wells) in wells.iter().enumerate() {
        let all = input.wells().rows_of(wells);
        let mut drawn: Vec<usize> =
            index::sample(rng, all.len(), config.cells.min(all.len())).into_iter().map(|cell| all[cell]).collect();
        drawn.sort_unstable();
        codes.extend(drawn.iter().map(|_| arm));
        rows.extend(drawn);
    }
    let classes = Classes::from_codes(codes, arms.iter().map(ToString::to_string).collect())?;
    LogisticRegression::fit(&read(input, &rows, config)?, &classes, &config.logistic)
}

fn read(input: &FilterInput, rows: &[usize], config: &ArmClassifierConfig) -> Result<Array2<f64>> {
    let vectors = input.read(config.reads_corrected);
    let mut values = vec![0.0f32; rows.len() * vectors.dims()];
    vectors.read(rows, &mut values)?;
    Array2::from_shape_vec((rows.len(), vectors.dims()), values.into_iter().map(f64::from).collect())
        .map_err(|e| Error::new(e.to_string()))
}
