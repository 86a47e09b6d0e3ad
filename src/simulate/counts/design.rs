//! Draws what is planted: where perturbations push cells, which genes respond and cycle, and each cell's state.

use std::f64::consts::TAU;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::config::PerturbSeqConfig;
use super::truth::{CountCell, CountGene, PerturbSeqTruth, PlantedPerturbation};
use crate::simulate::planted::{Stream, stream};
use crate::simulate::streams::cell_stream;

/// Part of a cell's random streams from which its state is drawn.
const STATE: u8 = 0;
/// The weakest member of a complex has this part of the effect of the strongest.
const WEAKEST: f64 = 0.6;

pub(super) fn plan(config: &PerturbSeqConfig) -> PerturbSeqTruth {
    let (perturbations, complexes) = plan_perturbations(config);
    let cells = (0..config.cells()).map(|cell| plan_cell(config, &perturbations, cell)).collect();
    PerturbSeqTruth { perturbations, complexes, genes: plan_genes(config), cells }
}

type Complexes = Vec<(String, Vec<usize>)>;

fn plan_perturbations(config: &PerturbSeqConfig) -> (Vec<PlantedPerturbation>, Complexes) {
    let mut rng = stream(config.seed, Stream::CountDesign);
    let n = config.perturbations + config.null_perturbations;
    let mut perturbations: Vec<PlantedPerturbation> = (1..=n)
        .map(|number| PlantedPerturbation {
            symbol: format!("SIMP{number:03}"),
            complex: None,
            offset: vec![0.0; config.offset_dims],
        })
        .collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut rng);

    let (members, rest) = order.split_at(config.complexes * config.complex_size);
    let singles = &rest[..config.perturbations - members.len()];
    let directions = directions(config.complexes + singles.len(), config.offset_dims, &mut rng);
    let (shared, own) = directions.split_at(config.complexes);
    let mut complexes = Vec::with_capacity(config.complexes);
    for (complex, rows) in members.chunks(config.complex_size.max(1)).enumerate() {
        for (member, &row) in rows.iter().enumerate() {
            let strength = 1.0 - (1.0 - WEAKEST) * member as f64 / (rows.len() - 1).max(1) as f64;
            let turned = blend(&shared[complex], &unit(config.offset_dims, &mut rng), config.complex_spread);
            perturbations[row].complex = Some(complex);
            perturbations[row].offset = scaled(&turned, config.effect * strength);
        }
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        complexes.push((format!("complex {:02}", complex + 1), rows));
    }
    for (&row, direction) in singles.iter().zip(own) {
        perturbations[row].offset = scaled(direction, config.effect);
    }
    (perturbations, complexes)
}

/// Directions of offsets: evenly spaced in the plane, at random in more dimensions.
fn directions(n: usize, dims: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    if dims > 2 {
        return (0..n).map(|_| unit(dims, rng)).collect();
    }
    let start = TAU * rng.random::<f64>();
    let mut angles: Vec<f64> = (0..n).map(|k| start + TAU * k as f64 / n as f64).collect();
    angles.shuffle(rng);
    angles.into_iter().map(|angle| vec![angle.cos(), angle.sin()]).collect()
}

fn unit(dims: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let direction: Vec<f64> = (0..dims).map(|_| rng.sample(StandardNormal)).collect();
    normalised(&direction)
}

fn blend(a: &[f64], b: &[f64], share: f64) -> Vec<f64> {
    let mixed: Vec<f64> = a.iter().zip(b).map(|(a, b)| (1.0 - share) * a + share * b).collect();
    normalised(&mixed)
}

fn normalised(v: &[f64]) -> Vec<f64> {
    let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
    scaled(v, 1.0 / length.max(f64::MIN_POSITIVE))
}

fn scaled(v: &[f64], by: f64) -> Vec<f64> {
    v.iter().map(|x| x * by).collect()
}

fn plan_genes(config: &PerturbSeqConfig) -> Vec<CountGene> {
    let mut genes = stream(config.seed, Stream::CountGenes);
    let mut cycle = stream(config.seed, Stream::CountCycle);
    let mut response = stream(config.seed, Stream::CountResponse);
    let mut batches = stream(config.seed, Stream::CountBatches);
    (1..=config.genes)
        .map(|number| {
            let abundance = config.abundance_spread * normal(&mut genes);
            let theta = config.theta * (config.theta_spread * normal(&mut genes)).exp();
            let cycles = cycle.random::<f64>() < config.cycling;
            let amplitude = config.cycle * (0.5 + cycle.random::<f64>());
            let peak = TAU * cycle.random::<f64>();
            let responds = response.random::<f64>() < config.responding;
            let slopes: Vec<f64> = (0..config.offset_dims).map(|_| config.response * normal(&mut response)).collect();
            CountGene {
                symbol: format!("SIM{number:04}"),
                abundance,
                cycle: if cycles { (amplitude * peak.cos(), amplitude * peak.sin()) } else { (0.0, 0.0) },
                response: if responds { slopes } else { vec![0.0; config.offset_dims] },
                theta,
                batches: (0..config.batches).map(|_| config.batch_effect * normal(&mut batches)).collect(),
            }
        })
        .collect()
}

fn plan_cell(config: &PerturbSeqConfig, perturbations: &[PlantedPerturbation], cell: usize) -> CountCell {
    let targeted = config.targeted();
    let each = config.guides * config.cells_per_guide;
    let (perturbation, within) =
        if cell < targeted { (Some(cell / each), cell % each) } else { (None, cell - targeted) };
    let mut rng = cell_stream(config.seed, cell, STATE);
    let (phase, luck) = (TAU * rng.random::<f64>(), rng.random::<f64>());
    let library = config.library * (config.library_spread * normal(&mut rng)).exp();
    let escaped = perturbation.is_some() && luck < config.escaping;
    let mut s: Vec<f64> = (0..config.offset_dims).map(|_| config.offset_noise * normal(&mut rng)).collect();
    if let Some(perturbation) = perturbation.filter(|_| !escaped) {
        s.iter_mut().zip(&perturbations[perturbation].offset).for_each(|(s, offset)| *s += offset);
    }
    let (guide, batch) = (within / config.cells_per_guide, within % config.batches);
    CountCell { perturbation, guide, batch, escaped, phase, s, library }
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    rng.sample(StandardNormal)
}
