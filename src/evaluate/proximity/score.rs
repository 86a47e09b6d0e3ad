//! One number for a map: the chance that a random pair on one arm is more alike than a random pair across arms
//! (Lazar et al. 2024, as in proxbias `genome_proximity_bias_score`).
//!
//! Genes on arms with more than 5 genes are kept, in the order of the profiles. In each trial, 500 times: *intra*, a
//! random gene and element `j mod size` of its arm (the next one, cyclically, when that is the gene itself); *inter*, a
//! random gene and element `j mod count` of the kept genes on other arms. A Brunner-Munzel test compares the two sets of
//! cosines. The score is the mean of `prob` over 200 trials, 1/2 without bias; the two-sided p-values are combined by
//! Fisher's method (the trials share genes, so that p-value says "some trial differs", not how strong the bias is).

use std::collections::BTreeMap;

use ndarray::{Array2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::evaluate::cosine::unit_rows;
use crate::evaluate::counts::require_count;
use crate::evaluate::{BrunnerMunzel, FisherCombination, brunner_munzel, fisher_combination};
use crate::genome::{Arm, Genome};
use crate::screen::Profiles;
use crate::{Error, Result};

/// How many pairs to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreConfig {
    /// Number of trials (200).
    pub trials: usize,
    /// Pairs of either kind in one trial (500).
    pub samples: usize,
    /// Seed of the draws (0).
    pub seed: u64,
}

impl Default for ScoreConfig {
    fn default() -> Self {
        Self { trials: 200, samples: 500, seed: 0 }
    }
}

/// Explicit draws, `trials x samples` each: genes as positions among the kept genes, partners as numbers whose
/// remainder picks the partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreDraws {
    /// First gene of each pair on one arm.
    pub intra_gene: Array2<usize>,
    /// Its partner: `j mod size` of the arm.
    pub intra_partner: Array2<usize>,
    /// First gene of each pair across arms.
    pub inter_gene: Array2<usize>,
    /// Its partner: `j mod count` of the kept genes on other arms.
    pub inter_partner: Array2<usize>,
}

/// The score and its trials.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProximityScore {
    /// Mean of `prob` over the trials; 1/2 without bias.
    pub mean_prob: f64,
    /// Combined two-sided p-values.
    pub fisher: FisherCombination,
    /// Each trial: pairs on one arm against pairs across arms.
    pub trials: Vec<BrunnerMunzel>,
    /// Genes on arms with more than 5 genes.
    pub n_genes: usize,
}

/// Arms need more genes than this.
const MIN_GENES: usize = 5;

/// Draws pairs and scores them.
///
/// # Errors
/// When fewer than two arms have more than 5 genes, there is no trial or fewer than two samples, or a trial's samples do
/// not overlap at all (no p-value exists then).
pub fn proximity_score(profiles: &Profiles, genome: &Genome, config: ScoreConfig) -> Result<ProximityScore> {
    require_count(config.trials.saturating_mul(config.samples.max(1)), "pairs", "proximity_score")?;
    let kept = Kept::new(profiles, genome)?;
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let shape = (config.trials, config.samples);
    let n = kept.rows.len();
    let mut genes = || Array2::from_shape_simple_fn(shape, || rng.random_range(0..n));
    let (intra_gene, inter_gene) = (genes(), genes());
    let mut partners = || Array2::from_shape_simple_fn(shape, || rng.random_range(0..u32::MAX) as usize);
    let (intra_partner, inter_partner) = (partners(), partners());
    kept.score(profiles, &ScoreDraws { intra_gene, intra_partner, inter_gene, inter_partner })
}

/// Scores the given draws.
///
/// # Errors
/// As [`proximity_score`], or when the draws differ in shape or name a gene that does not exist.
pub fn proximity_score_of_draws(profiles: &Profiles, genome: &Genome, draws: &ScoreDraws) -> Result<ProximityScore> {
    Kept::new(profiles, genome)?.score(profiles, draws)
}

/// The genes that take part.
struct Kept {
    /// Their rows, ascending.
    rows: Vec<usize>,
    /// The arm of each.
    arm: Vec<Arm>,
    /// The members of each arm, as positions in `rows`, ascending.
    members: BTreeMap<Arm, Vec<usize>>,
    /// The same for all other arms together.
    others: BTreeMap<Arm, Vec<usize>>,
}

impl Kept {
    fn new(profiles: &Profiles, genome: &Genome) -> Result<Self> {
        let mut arms = genome.place(profiles.keys()).some_arms()?;
        arms.retain(|_, rows| rows.len() > MIN_GENES);
        if arms.len() < 2 {
            return Err(Error::new(format!("{} arms have more than {MIN_GENES} genes", arms.len()))
                .at("proximity_score")
                .fix("the score compares pairs across arms and needs two such arms"));
        }
        let mut placed: Vec<(usize, Arm)> =
            arms.iter().flat_map(|(&arm, rows)| rows.iter().map(move |&row| (row, arm))).collect();
        placed.sort_unstable();
        let (rows, arm): (Vec<usize>, Vec<Arm>) = placed.into_iter().unzip();
        let where_arm = |keep: &dyn Fn(Arm) -> bool| (0..arm.len()).filter(|&k| keep(arm[k])).collect::<Vec<usize>>();
        let members = arms.keys().map(|&here| (here, where_arm(&|a| a == here))).collect();
        let others = arms.keys().map(|&here| (here, where_arm(&|a| a != here))).collect();
        Ok(Self { rows, arm, members, others })
    }

    fn score(&self, profiles: &Profiles, draws: &ScoreDraws) -> Result<ProximityScore> {
        let shape = draws.intra_gene.dim();
        let all = [&draws.intra_gene, &draws.intra_partner, &draws.inter_gene, &draws.inter_partner];
        if all.iter().any(|d| d.dim() != shape) || shape.0 == 0 {
            let shapes: Vec<_> = all.iter().map(|d| d.dim()).collect();
            return Err(Error::new(format!("draws of shapes {shapes:?} make no trials"))
                .at("proximity_score")
                .fix("give four arrays of equal shape with at least one trial"));
        }
        if let Some(gene) = draws.intra_gene.iter().chain(&draws.inter_gene).find(|&&g| g >= self.rows.len()) {
            return Err(Error::new(format!("a draw names gene {gene} of {}", self.rows.len()))
                .at("proximity_score")
                .fix("genes are positions among the genes on arms with more than 5 genes"));
        }
        let units = unit_rows(profiles.values().select(Axis(0), &self.rows).view());
        let cosine = |a: usize, b: usize| units.row(a).dot(&units.row(b));
        let trials = (0..shape.0)
            .into_par_iter()
            .map(|trial| {
                let pairs = |genes: &Array2<usize>, partners: &Array2<usize>, pick: &dyn Fn(usize, usize) -> usize| {
                    let pairs = genes.row(trial).into_iter().zip(partners.row(trial).to_vec());
                    pairs.map(|(&gene, j)| cosine(gene, pick(gene, j))).collect::<Vec<f64>>()
                };
                let intra = pairs(&draws.intra_gene, &draws.intra_partner, &|gene, j| {
                    let arm = &self.members[&self.arm[gene]];
                    let at = j % arm.len();
                    if arm[at] == gene { arm[(at + 1) % arm.len()] } else { arm[at] }
                });
                let inter = pairs(&draws.inter_gene, &draws.inter_partner, &|gene, j| {
                    let others = &self.others[&self.arm[gene]];
                    others[j % others.len()]
                });
                brunner_munzel(&intra, &inter)
            })
            .collect::<Result<Vec<_>>>()?;
        if let Some(trial) = trials.iter().position(BrunnerMunzel::is_degenerate) {
            return Err(Error::new("the two samples do not overlap, so the trial has no p-value")
                .at(format!("proximity_score, trial {trial}"))
                .fix("draw more samples in each trial"));
        }
        let p_values: Vec<f64> = trials.iter().map(|t| t.p_two_sided.min(1.0)).collect();
        Ok(ProximityScore {
            mean_prob: trials.iter().map(|t| t.prob).sum::<f64>() / trials.len() as f64,
            fisher: fisher_combination(&p_values)?,
            trials,
            n_genes: self.rows.len(),
        })
    }
}
