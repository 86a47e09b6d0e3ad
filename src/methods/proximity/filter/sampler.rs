//! Which wells and cells a step of the filter sees.

use rand::RngExt;
use rand::seq::{SliceRandom, index};
use rand_chacha::ChaCha8Rng;

use super::{FilterConfig, Wells};
use crate::methods::proximity::WellOf;
use crate::train::{Purpose, Sampler, stream};

/// The wells of a step: of each of them m cells, and what it belongs to.
#[derive(Clone, Debug, Default)]
pub(super) struct StepWells {
    /// Rows of cells, `wells x m`.
    pub rows: Vec<usize>,
    /// Of each well its gene, numbered in the step, its experiment and its plate.
    pub wells: Vec<WellOf>,
    /// Of each gene in the step the arm, numbered in the chromosome.
    pub arm_of_gene: Vec<usize>,
}

/// Draws steps: genes of all arms in equal parts, some wells of each, m cells of each well without replacement.
pub(super) struct WellSampler<'a> {
    pub wells: &'a Wells,
    /// Of each arm its genes, each with the numbers of its wells of at least m cells.
    pub arms: Vec<Vec<Vec<usize>>>,
    pub config: &'a FilterConfig,
    pub seed: u64,
}

impl WellSampler<'_> {
    fn well(&self, number: usize, step: &mut StepWells, rng: &mut ChaCha8Rng) {
        let well = &self.wells.wells()[number];
        let cells = index::sample(rng, well.cells.len(), self.config.cells);
        step.rows.extend(cells.into_iter().map(|cell| well.cells[cell]));
        let gene = step.arm_of_gene.len() - 1;
        step.wells.push(WellOf { gene, experiment: well.experiment, plate: well.plate });
    }
}

impl Sampler for WellSampler<'_> {
    type Rows = StepWells;

    fn steps(&self) -> u64 {
        self.config.steps
    }

    fn rows(&self, epoch: u64, step: u64) -> StepWells {
        let mut rng = stream(self.seed, Purpose::Order, epoch * self.config.steps + step);
        let part = (self.config.genes / self.arms.len()).max(2);
        let mut drawn = StepWells::default();
        for (arm, genes) in self.arms.iter().enumerate() {
            let mut chosen: Vec<usize> = index::sample(&mut rng, genes.len(), part.min(genes.len())).into_vec();
            chosen.sort_unstable();
            for gene in chosen {
                let mut wells = genes[gene].clone();
                if wells.len() > self.config.wells {
                    let (some, _) = wells.partial_shuffle(&mut rng, self.config.wells);
                    wells = some.to_vec();
                }
                drawn.arm_of_gene.push(arm);
                for well in wells {
                    self.well(well, &mut drawn, &mut rng);
                }
            }
        }
        drawn
    }
}

/// Scores by chance: what a filter of the same size does that knows nothing.
pub(super) fn chance(cells: usize, seed: u64) -> Vec<f64> {
    let mut rng = stream(seed, Purpose::Noise, 0);
    (0..cells).map(|_| rng.random::<f64>()).collect()
}
