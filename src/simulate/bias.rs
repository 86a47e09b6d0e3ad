//! The planted proximity bias, on its own: cells of a few chromosome arms, one perturbation to a well.
//!
//! For methods that remove cells which lost the arm of their gene. Cell i of gene g in well w, d dimensions:
//!
//! ```text
//! x_i = m_i + shift_w + noise N(0, I),   m_i = mu_g with probability 1 - biased, else delta_arm(g)
//! mu_g ~ gene_effect N(0, I_d),   delta_a ~ arm_effect N(0, I_10) in a random subspace,   shift_w ~ well_effect N(0, I_d)
//! ```
//!
//! (Appendix A of the proximity-bias paper: a biased cell shows the lost arm instead of the knock-out.) Unlike in
//! [`cell_embedding`](super::cell_embedding), genes lie on as few arms as asked for, each well holds one gene, and every
//! effect acts in all dimensions.

use ndarray::Array2;
use polars::prelude::{Column, DataFrame};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::SimulatedCells;
use super::karyotype;
use super::planted::{CONTROL, GeneTruth, PlantedGene, Stream, normal, orthonormal, stream};
use crate::genome::Locus;
use crate::screen::Embedding;
use crate::{Error, Result};

/// How many arms, genes, wells and cells, how strong each effect, in units in which noise is 1.
///
/// `arm_effect` 1.5 is glaring, 1.0 plain, 0.6 faint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlantedBiasConfig {
    /// Number of chromosome arms, in genome order from 1p and 1q.
    pub arms: usize,
    /// Genes of each arm.
    pub genes_per_arm: usize,
    /// Wells of each gene; each holds one guide.
    pub wells_per_gene: usize,
    /// Wells of the non-targeting control.
    pub control_wells: usize,
    /// Cells of each well.
    pub cells_per_well: usize,
    /// Dimensions.
    pub dims: usize,
    /// Each gene's own effect.
    pub gene_effect: f64,
    /// The effect of a lost arm. 0 plants no bias.
    pub arm_effect: f64,
    /// Dimension of the random subspace in which arm effects lie.
    pub arm_rank: usize,
    /// Probability that a cell of a targeted gene has lost the arm.
    pub biased: f64,
    /// Shift of each well.
    pub well_effect: f64,
    /// Noise of a single cell.
    pub noise: f64,
    /// Seed; the same seed gives the same bits.
    pub seed: u64,
}

impl Default for PlantedBiasConfig {
    fn default() -> Self {
        Self {
            arms: 2,
            genes_per_arm: 40,
            wells_per_gene: 6,
            control_wells: 24,
            cells_per_well: 60,
            dims: 64,
            gene_effect: 0.15,
            arm_effect: 1.5,
            arm_rank: 10,
            biased: 0.10,
            well_effect: 0.3,
            noise: 1.0,
            seed: 0,
        }
    }
}

impl PlantedBiasConfig {
    fn check(&self, arms: usize) -> Result<()> {
        let refuse = |key: &str, what: String, fix: &str| Err(Error::new(what).at(format!("setting {key}")).fix(fix));
        for (key, value, most) in [
            ("arms", self.arms, arms),
            ("genes_per_arm", self.genes_per_arm, 100_000),
            ("wells_per_gene", self.wells_per_gene, 100_000),
            ("control_wells", self.control_wells, 1_000_000),
            ("cells_per_well", self.cells_per_well, 1_000_000),
            ("dims", self.dims, 100_000),
            ("arm_rank", self.arm_rank, self.dims),
        ] {
            if value == 0 || value > most {
                return refuse(key, format!("{value} is not between 1 and {most}"), "give a number in this range");
            }
        }
        for (key, value) in [
            ("gene_effect", self.gene_effect),
            ("arm_effect", self.arm_effect),
            ("well_effect", self.well_effect),
            ("noise", self.noise),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return refuse(key, format!("{value} is no strength"), "give a finite number, 0 or more");
            }
        }
        if !(0.0..=1.0).contains(&self.biased) {
            return refuse("biased", format!("{} is not between 0 and 1", self.biased), "give a fraction");
        }
        if self.cells().and_then(|cells| cells.checked_mul(self.dims)).is_none_or(|values| values > 1 << 33) {
            let keys = "genes_per_arm, wells_per_gene, control_wells, cells_per_well, dims";
            return refuse(keys, "the embedding would not fit into memory".into(), "ask for fewer cells");
        }
        Ok(())
    }

    fn cells(&self) -> Option<usize> {
        let wells = self.arms.checked_mul(self.genes_per_arm)?.checked_mul(self.wells_per_gene)?;
        wells.checked_add(self.control_wells)?.checked_mul(self.cells_per_well)
    }
}

/// Simulates cells on a few arms. The table has the columns `gene`, `guide` and `well`; genes come in order, the
/// control last. No complexes are planted.
///
/// ```
/// use perturbook::simulate::{PlantedBiasConfig, planted_bias};
///
/// let screen = planted_bias(&PlantedBiasConfig { genes_per_arm: 5, ..PlantedBiasConfig::default() })?;
/// assert_eq!(screen.embedding.len(), (2 * 5 * 6 + 24) * 60);
/// assert_eq!(screen.truth.genome().arm_of("SIM0001").unwrap().to_string(), "chr1p");
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a setting cannot be used; the message names it.
pub fn planted_bias(config: &PlantedBiasConfig) -> Result<SimulatedCells> {
    let outlines = karyotype::arms()?;
    config.check(outlines.len())?;
    let d = config.dims;
    let mut rng = stream(config.seed, Stream::Genes);
    let genes: Vec<PlantedGene> = (0..config.arms * config.genes_per_arm)
        .map(|gene| {
            let outline = outlines[gene / config.genes_per_arm];
            let locus = Locus { arm: outline.arm, start: rng.random_range(outline.start..outline.end) };
            PlantedGene { symbol: format!("SIM{:04}", gene + 1), locus, complex: None }
        })
        .collect();
    let effects = normal(genes.len(), d, &mut stream(config.seed, Stream::GeneEffects)) * config.gene_effect;
    let mut rng = stream(config.seed, Stream::ArmEffects);
    let basis = orthonormal(config.arm_rank, d, &mut rng);
    let lost = normal(config.arms, config.arm_rank, &mut rng).dot(&basis) * config.arm_effect;
    let wells = genes.len() * config.wells_per_gene + config.control_wells;
    let shifts = normal(wells, d, &mut stream(config.seed, Stream::Wells)) * config.well_effect;

    let n = wells * config.cells_per_well;
    let (mut bias, mut noise) = (stream(config.seed, Stream::Bias), stream(config.seed, Stream::Noise));
    let mut values = Array2::<f32>::zeros((n, d));
    let mut biased = Vec::with_capacity(n);
    let (mut of_gene, mut of_guide, mut of_well) = (Vec::new(), Vec::new(), Vec::new());
    for (well, shift) in shifts.rows().into_iter().enumerate() {
        let gene = Some(well / config.wells_per_gene).filter(|&gene| gene < genes.len());
        let symbol = gene.map_or(CONTROL, |gene| genes[gene].symbol.as_str());
        let guide = gene.map_or(well - genes.len() * config.wells_per_gene, |_| well % config.wells_per_gene) + 1;
        for _ in 0..config.cells_per_well {
            let is_biased = gene.is_some() && bias.random_bool(config.biased);
            let mean = gene.map(|g| if is_biased { lost.row(g / config.genes_per_arm) } else { effects.row(g) });
            for (k, to) in values.row_mut(biased.len()).iter_mut().enumerate() {
                let mean = mean.map_or(0.0, |mean| mean[k]);
                *to = (mean + shift[k] + config.noise * noise.sample::<f64, _>(StandardNormal)) as f32;
            }
            biased.push(is_biased);
            of_gene.push(symbol.to_owned());
            of_guide.push(format!("{symbol}_{guide}"));
            of_well.push(format!("W{:04}", well + 1));
        }
    }
    let columns = [("gene", of_gene), ("guide", of_guide), ("well", of_well)];
    let columns = columns.into_iter().map(|(name, values)| Column::new(name.into(), values)).collect();
    let table = DataFrame::new(n, columns)
        .map_err(|e| Error::new(format!("cannot build the table of cells: {e}")).caused_by(e))?;
    let truth = GeneTruth { genes, complexes: Vec::new() };
    Ok(SimulatedCells { embedding: Embedding::new(values, table)?, truth, biased })
}
