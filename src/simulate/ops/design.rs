//! Which gene does what, which cell is in which well, and what becomes of it.

use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::body::{PLAN, State};
use super::config::OpsConfig;
use super::optics;
use super::phase::{Phase, mix, phase_at, stage_at};
use super::phenotype::{Effects, Phenotype};
use super::truth::{OpsCell, OpsGene, OpsTruth};
use crate::simulate::planted::{Stream, stream};
use crate::simulate::streams::{Draw, cell_stream};

/// Fields of a well.
const TILES: usize = 16;

pub(super) fn plan(config: &OpsConfig) -> OpsTruth {
    let (genes, complexes) = plan_genes(config);
    let n = config.cells();
    let targeted = config.genes * config.guides * config.cells_per_guide;
    let per_gene = config.guides * config.cells_per_guide;
    let all_effects: Vec<Effects> = genes.iter().map(|gene| Effects::new(&gene.effects)).collect();
    let cells = (0..n)
        .into_par_iter()
        .map(|cell| {
            let (gene, within) =
                if cell < targeted { (Some(cell / per_gene), cell % per_gene) } else { (None, cell - targeted) };
            let mut draw = Draw(cell_stream(config.seed, cell, PLAN));
            let (place, progress, luck) = (draw.within(0.0, 1.0), draw.within(0.0, 1.0), draw.within(0.0, 1.0));
            let mut place_in_field = || draw.within(optics::EDGE, optics::FIELD - optics::EDGE);
            let position = (place_in_field(), place_in_field());
            let tile = draw.count(0, TILES - 1);
            let escaped = gene.is_some() && f64::from(luck) < config.escaping;
            let shown = gene.filter(|_| !escaped);
            let strength =
                shown.map_or(0.0, |gene| genes[gene].effects.iter().map(|effect| effect.1).fold(0.0, f64::max));
            let effects = shown.map_or(Effects::default(), |gene| all_effects[gene]);
            let phase = phase_at(mix(&effects), place);
            OpsCell {
                gene,
                guide: within / config.cells_per_guide,
                batch: within % config.batches(),
                tile,
                position,
                escaped,
                strength,
                phase,
                progress,
                stage: (phase == Phase::M).then(|| stage_at(progress)),
            }
        })
        .collect();
    OpsTruth { genes, complexes, cells, batches: optics::batches(config) }
}

/// What decides how a cell looks, apart from chance.
pub(super) fn state_of(truth: &OpsTruth, cell: usize) -> State {
    let cell = &truth.cells[cell];
    let gene = cell.gene.filter(|_| !cell.escaped);
    let effects = gene.map_or(Effects::default(), |gene| Effects::new(&truth.genes[gene].effects));
    State { phase: cell.phase, progress: cell.progress, stage: cell.stage, effects }
}

type Complexes = Vec<(String, Vec<usize>)>;

fn plan_genes(config: &OpsConfig) -> (Vec<OpsGene>, Complexes) {
    let gene = |number: usize| OpsGene { symbol: format!("SIM{number:04}"), complex: None, effects: Vec::new() };
    let mut genes: Vec<OpsGene> = (1..=config.genes).map(gene).collect();
    let mut order: Vec<usize> = (0..config.genes).collect();
    order.shuffle(&mut stream(config.seed, Stream::OpsDesign));

    let mut draw = Draw(stream(config.seed, Stream::OpsStrengths));
    let spread = config.effect_spread;
    let strengths: Vec<f64> =
        (0..config.genes).map(|_| config.effect * (1.0 + spread * f64::from(draw.within(-1.0, 1.0)))).collect();

    let (members, rest) = order.split_at(config.complexes * config.complex_size);
    let mut complexes = Vec::with_capacity(config.complexes);
    for (complex, rows) in members.chunks(config.complex_size.max(1)).enumerate() {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        for &row in &rows {
            genes[row].complex = Some(complex);
            genes[row].effects = blend(&config.phenotypes, complex, strengths[row]);
        }
        complexes.push((format!("complex {:02}", complex + 1), rows));
    }
    for (number, &row) in rest[config.null_genes..].iter().enumerate() {
        let phenotype = config.phenotypes[number % config.phenotypes.len()];
        genes[row].effects = vec![(phenotype, strengths[row])];
    }
    (genes, complexes)
}

/// The phenotypes of a complex: one for each of the first complexes, then blends of two of unequal strength.
fn blend(phenotypes: &[Phenotype], complex: usize, strength: f64) -> Vec<(Phenotype, f64)> {
    let (round, kinds) = (complex / phenotypes.len(), phenotypes.len());
    let first = phenotypes[complex % kinds];
    if round == 0 {
        return vec![(first, strength)];
    }
    vec![(first, strength), (phenotypes[(complex + round) % kinds], 0.6 * strength)]
}
