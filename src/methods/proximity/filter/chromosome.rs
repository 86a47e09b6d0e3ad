//! The filter of one chromosome: trained on its arms, and able to score any cells.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::TensorData;
use rand_chacha::ChaCha8Rng;

use super::sampler::{StepWells, WellSampler};
use super::scale::Scale;
use super::training::{Training, WellBatch};
use super::{CellVectors, FilterConfig, FilterInput, Wells};
use crate::genome::{Arm, Chromosome, Genome};
use crate::methods::proximity::Scorer;
use crate::tensor::{Device, Tensor};
use crate::train::{Data, Ended, FitConfig, History, Observer, fit};
use crate::{Error, Result};

/// Cells that are scored at a time.
const BLOCK: usize = 8_192;

/// A trained scorer of one chromosome.
#[derive(Clone, Debug)]
pub struct ChromosomeFilter {
    /// The chromosome.
    pub chromosome: Chromosome,
    /// Its arms with the number of genes each was trained on.
    pub arms: Vec<(Arm, usize)>,
    /// How training went.
    pub history: History,
    scorer: Scorer,
    scale: Scale,
    reads_corrected: bool,
    device: Device,
}

impl ChromosomeFilter {
    /// Trains a scorer on the genes of one chromosome; `device` need not record gradients.
    ///
    /// # Errors
    /// When settings cannot be used, no arm has enough genes, vectors cannot be read, or a loss is not finite.
    pub fn fit(
        input: &FilterInput,
        chromosome: Chromosome,
        genome: &Genome,
        config: &FilterConfig,
        device: &Device,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        config.check()?;
        let wells = input.wells();
        let mut arms = arms_on(wells, chromosome, genome, config.cells);
        arms.retain(|_, genes| genes.len() >= config.min_genes);
        if arms.is_empty() {
            return Err(Error::new(format!(
                "no arm of {chromosome} has {} genes with a well of {} cells",
                config.min_genes, config.cells
            ))
            .fix("leave this chromosome out, or lower min_genes or cells"));
        }
        let read = input.read(config.reads_corrected);
        let scale = Scale::of(read, &reference(wells))?;
        let seed = config.seed ^ u64::from(chromosome.index()) << 40;
        let sides = arms.keys().map(|arm| arm.side).collect();
        let mut training =
            Training::new(chromosome, config, seed, [read.dims(), input.corrected().dims()], sides, device);
        let genes = arms.values().cloned().collect();
        let sampler = WellSampler { wells, arms: genes, config, seed };
        let load = |step: &StepWells, _: &mut ChaCha8Rng| batch(step, read, input.corrected(), &scale);
        let data = Data {
            sampler: &sampler,
            load: &load,
            validation: Vec::new(),
            fingerprint: format!("{chromosome}, {} cells", wells.cells()),
        };
        let run = FitConfig { epochs: 1, seed, workers: 1, ..FitConfig::default() };
        let history = fit(&mut training, &data, &run, observer)?;
        let arms = arms.into_iter().map(|(arm, genes)| (arm, genes.len())).collect();
        let scorer = training.scorer.no_grad();
        let reads_corrected = config.reads_corrected;
        Ok(Self { chromosome, arms, history, scorer, scale, reads_corrected, device: device.clone() })
    }

    /// Whether training was stopped before its end.
    pub fn stopped(&self) -> bool {
        self.history.ended == Some(Ended::Stopped)
    }

    /// How likely each of these cells carries the bias, `max_j Z_j`, within 0 and 1.
    ///
    /// # Errors
    /// When the vectors cannot be read or have other dimensions than those it was trained on.
    pub fn score(&self, input: &FilterInput, rows: &[usize]) -> Result<Vec<f64>> {
        let vectors = input.read(self.reads_corrected);
        let dims = vectors.dims();
        let recording = Device::autodiff(self.device.clone());
        let mut scores = Vec::with_capacity(rows.len());
        for rows in rows.chunks(BLOCK) {
            let mut cells = vec![0.0; rows.len() * dims];
            vectors.read(rows, &mut cells)?;
            self.scale.apply(&mut cells);
            let cells = Tensor::<3>::from_data(TensorData::new(cells, [1, rows.len(), dims]), &recording);
            let best = self.scorer.forward(cells).max_dim(2);
            let best = best.into_data().to_vec::<f32>().map_err(|e| {
                Error::new(format!("scores cannot be read: {e:?}")).fix("use a device that computes in single floats")
            })?;
            scores.extend(best.into_iter().map(f64::from));
        }
        Ok(scores)
    }
}

/// The genes of each arm of a chromosome, each as the numbers of its wells of at least `cells` cells; genes without such a
/// well are left out.
pub(super) fn arms_on(
    wells: &Wells,
    chromosome: Chromosome,
    genome: &Genome,
    cells: usize,
) -> BTreeMap<Arm, Vec<Vec<usize>>> {
    let mut of_gene = vec![Vec::new(); wells.genes().len()];
    for (number, well) in wells.wells().iter().enumerate().filter(|(_, well)| well.cells.len() >= cells) {
        of_gene[well.gene].push(number);
    }
    let mut arms = BTreeMap::<Arm, Vec<Vec<usize>>>::new();
    for (gene, wells) in wells.genes().iter().zip(of_gene).filter(|(_, wells)| !wells.is_empty()) {
        if let Some(arm) = genome.arm_of(gene).filter(|arm| arm.chromosome == chromosome) {
            arms.entry(arm).or_default().push(wells);
        }
    }
    arms
}

/// The cells whose mean and spread count: controls, or all cells where there are none.
fn reference(wells: &Wells) -> Vec<usize> {
    match wells.controls() {
        [] => (0..wells.cells()).collect(),
        controls => controls.to_vec(),
    }
}

fn batch(step: &StepWells, read: &dyn CellVectors, averaged: &dyn CellVectors, scale: &Scale) -> Result<WellBatch> {
    let cells = |vectors: &dyn CellVectors| -> Result<Vec<f32>> {
        let mut values = vec![0.0; step.rows.len() * vectors.dims()];
        vectors.read(&step.rows, &mut values)?;
        Ok(values)
    };
    let (mut read, averaged) = (cells(read)?, cells(averaged)?);
    scale.apply(&mut read);
    Ok(WellBatch { wells: step.clone(), read, averaged })
}
