//! What is planted in a simulated gene screen: genes on arms, complexes, and the vector of every effect.
//!
//! Each kind of effect draws from its own random stream, so that changing the strength of one leaves the others as
//! they were: a screen with `arm_effect` 0 has the same genes, complexes and noise as one with bias.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, ArrayView1, Axis, s};
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::GeneEmbeddingConfig;
use super::karyotype::{self, ArmOutline};
use crate::evaluate::GeneSets;
use crate::genome::{Arm, Genome, Locus};
use crate::{Error, Result};

/// Label of the non-targeting control.
pub const CONTROL: &str = "nontargeting";

/// Random streams of one seed.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Genes = 1,
    Complexes,
    GeneEffects,
    ComplexEffects,
    ArmEffects,
    Wells,
    Bias,
    Noise,
    Table,
    Cell,
    OpsDesign,
    OpsStrengths,
    OpsBatches,
    CountDesign,
    CountGenes,
    CountCycle,
    CountResponse,
    CountBatches,
    OpsField,
}

pub(crate) fn stream(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream as u64);
    rng
}

/// One simulated gene.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantedGene {
    /// Its made-up symbol.
    pub symbol: String,
    /// Its arm and position.
    pub locus: Locus,
    /// The complex it belongs to, as an index into [`GeneTruth::complexes`].
    pub complex: Option<usize>,
}

/// The ground truth of a simulated gene screen.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneTruth {
    /// The genes, in the order of the profiles.
    pub genes: Vec<PlantedGene>,
    /// For each complex its name and the rows of its members, ascending.
    pub complexes: Vec<(String, Vec<usize>)>,
}

impl GeneTruth {
    /// The loci of the genes.
    pub fn genome(&self) -> Genome {
        Genome::from_genes(self.genes.iter().map(|gene| (gene.symbol.clone(), gene.locus)))
    }

    /// The complexes as gene sets.
    pub fn gene_sets(&self) -> GeneSets {
        let symbols = |rows: &[usize]| rows.iter().map(|&row| self.genes[row].symbol.clone()).collect();
        GeneSets::new("simulated complexes", self.complexes.iter().map(|(name, rows)| (name.clone(), symbols(rows))))
            .with_terms("simulated: these genes and complexes do not exist")
    }

    /// Every pair of rows that share a complex, `i < j`.
    pub fn pairs(&self) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for (_, rows) in &self.complexes {
            for (k, &i) in rows.iter().enumerate() {
                pairs.extend(rows[k + 1..].iter().map(|&j| (i, j)));
            }
        }
        pairs
    }
}

/// Truth and effect vectors.
pub(crate) struct Planted {
    pub(crate) truth: GeneTruth,
    /// `genes x d`: the gene's own effect and that of its complex.
    pub(crate) effects: Array2<f64>,
    /// The effect of losing each arm, `d`.
    arms: BTreeMap<Arm, Array1<f64>>,
    /// `wells x d`.
    pub(crate) wells: Array2<f64>,
}

impl Planted {
    pub(crate) fn new(config: &GeneEmbeddingConfig) -> Result<Self> {
        config.check()?;
        let outlines = karyotype::arms()?;
        let truth = plant_genes(config, &outlines)?;
        let (n, d, salient) = (config.genes, config.dims(), config.salient_dims);

        let mut effects = normal(n, d, &mut stream(config.seed, Stream::GeneEffects)) * config.gene_effect;
        let mut shared = normal(config.complexes, d, &mut stream(config.seed, Stream::ComplexEffects));
        shared *= config.complex_effect;
        shared.slice_mut(s![.., salient..]).mapv_inplace(|v| v * config.complex_in_background);
        for (mut effect, gene) in effects.rows_mut().into_iter().zip(&truth.genes) {
            if let Some(complex) = gene.complex {
                effect += &shared.row(complex);
            }
        }

        let mut rng = stream(config.seed, Stream::ArmEffects);
        let basis = orthonormal(config.arm_rank, d, &mut rng);
        let arms = outlines
            .iter()
            .map(|outline| {
                let weights = normal(1, config.arm_rank, &mut rng) * config.arm_effect;
                let mut effect = weights.dot(&basis).remove_axis(Axis(0));
                effect.slice_mut(s![..salient]).mapv_inplace(|v| v * config.arm_in_salient);
                (outline.arm, effect)
            })
            .collect();

        let mut wells = normal(config.wells, d, &mut stream(config.seed, Stream::Wells)) * config.well_effect;
        wells.slice_mut(s![.., ..salient]).fill(0.0);
        Ok(Self { truth, effects, arms, wells })
    }

    /// The effect of losing the arm of a gene.
    pub(crate) fn arm_effect(&self, gene: usize) -> ArrayView1<'_, f64> {
        self.arms[&self.truth.genes[gene].locus.arm].view()
    }
}

fn plant_genes(config: &GeneEmbeddingConfig, outlines: &[ArmOutline]) -> Result<GeneTruth> {
    let by_size = WeightedIndex::new(outlines.iter().map(|outline| outline.genes))
        .map_err(|e| Error::new(format!("cannot place genes on arms: {e}")).caused_by(e))?;
    let mut rng = stream(config.seed, Stream::Genes);
    let mut genes: Vec<PlantedGene> = (1..=config.genes)
        .map(|number| {
            let outline = outlines[by_size.sample(&mut rng)];
            let locus = Locus { arm: outline.arm, start: rng.random_range(outline.start..outline.end) };
            PlantedGene { symbol: format!("SIM{number:04}"), locus, complex: None }
        })
        .collect();

    let mut rng = stream(config.seed, Stream::Complexes);
    let mut free: Vec<usize> = (0..config.genes).collect();
    free.shuffle(&mut rng);
    let mut complexes = Vec::with_capacity(config.complexes);
    for complex in 0..config.complexes {
        let size = rng.random_range(config.complex_size_min..=config.complex_size_max);
        let mut rows = free.split_off(free.len() - size);
        rows.sort_unstable();
        for &row in &rows {
            genes[row].complex = Some(complex);
        }
        complexes.push((format!("complex {:02}", complex + 1), rows));
    }
    Ok(GeneTruth { genes, complexes })
}

/// Standard normal values.
pub(crate) fn normal(rows: usize, columns: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
    Array2::from_shape_simple_fn((rows, columns), || rng.sample(StandardNormal))
}

/// `rank` orthonormal rows in `d` dimensions, by the Gram-Schmidt process on random directions.
pub(crate) fn orthonormal(rank: usize, d: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
    let mut basis = normal(rank, d, rng);
    for k in 0..rank {
        let mut row = basis.row(k).to_owned();
        for earlier in 0..k {
            let along = row.dot(&basis.row(earlier));
            row.scaled_add(-along, &basis.row(earlier));
        }
        let length = row.dot(&row).sqrt();
        basis.row_mut(k).assign(&(row / length));
    }
    basis
}
