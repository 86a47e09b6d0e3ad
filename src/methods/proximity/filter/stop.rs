//! How far a chromosome is filtered: the smallest share of cells that brings its arms down to a level.

use super::{FilterConfig, FilterInput, Stop, Wells};
use crate::Result;
use crate::evaluate::{mean_between, mean_off_diagonal, unit_rows};
use crate::genome::{Arm, Genome};
use crate::methods::proximity::remove_highest;
use crate::screen::Profiles;

/// Shares that are tried: tenths of the whole one.
const STEPS: usize = 10;

/// The share to remove from the wells of one chromosome, of which `scores` has the cells' scores by row.
pub(super) fn share(
    input: &FilterInput,
    wells: &Wells,
    scores: &[f64],
    before: &Profiles,
    genome: &Genome,
    config: &FilterConfig,
) -> Result<f64> {
    let of_chromosome = wells.profiles(input.corrected(), &|_| true)?;
    let arms: Vec<Arm> = genome.place(of_chromosome.keys()).arms().into_keys().collect();
    let level = match config.stop {
        Stop::Share => return Ok(config.share),
        Stop::Level(level) => Some(level),
        Stop::LikeOtherArms => mean(arms.iter().map(|&arm| with_others(before, genome, arm))),
    };
    // Without other arms there is nothing to be like.
    let Some(level) = level else { return Ok(config.share) };
    for step in 0..STEPS {
        let share = config.share * step as f64 / STEPS as f64;
        let kept = kept(wells, scores, share)?;
        let after = wells.profiles(input.corrected(), &|row| kept[row])?;
        if mean(arms.iter().map(|&arm| within(&after, genome, arm))).is_none_or(|cosine| cosine <= level) {
            return Ok(share);
        }
    }
    Ok(config.share)
}

/// Whether each cell stays: of each well the highest-scoring share of the cells with a score goes.
pub(super) fn kept(wells: &Wells, scores: &[f64], share: f64) -> Result<Vec<bool>> {
    let (mut score, mut well, mut cell) = (Vec::new(), Vec::new(), Vec::new());
    for (number, of) in wells.wells().iter().enumerate() {
        for &row in of.cells.iter().filter(|&&row| !scores[row].is_nan()) {
            score.push(scores[row]);
            well.push(number);
            cell.push(row as u64);
        }
    }
    let mut kept = vec![true; scores.len()];
    for (removed, row) in remove_highest(&score, &well, &cell, share)?.into_iter().zip(cell) {
        kept[row as usize] = !removed;
    }
    Ok(kept)
}

fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let known: Vec<f64> = values.flatten().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// The rows of an arm's genes, and those of genes on other arms.
fn rows(profiles: &Profiles, genome: &Genome, arm: Arm) -> [Vec<usize>; 2] {
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for (row, gene) in profiles.keys().iter().enumerate() {
        match genome.arm_of(gene) {
            Some(of) if of == arm => own.push(row),
            Some(_) => others.push(row),
            None => {}
        }
    }
    [own, others]
}

fn within(profiles: &Profiles, genome: &Genome, arm: Arm) -> Option<f64> {
    let [own, _] = rows(profiles, genome, arm);
    mean_off_diagonal(unit_rows(profiles.select(&own).values()).view())
}

/// The mean cosine of an arm's genes with those of other arms; none where there are no others.
fn with_others(profiles: &Profiles, genome: &Genome, arm: Arm) -> Option<f64> {
    let [own, others] = rows(profiles, genome, arm).map(|rows| unit_rows(profiles.select(&rows).values()));
    mean_between(own.view(), others.view())
}
