//! How far a chromosome is filtered: the smallest share of cells that brings its arms down to a level.

use super::{FilterConfig, FilterInput, Stop, Wells};
use crate::Result;
use crate::evaluate::{arm_cosines, mean_between, unit_rows};
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
    let level = match config.stop {
        Stop::Share => return Ok(config.share),
        Stop::Level(level) => Some(level),
        Stop::LikeOtherArms => {
            let arms = genome.place(wells.profiles(input.corrected(), &|_| true)?.keys()).arms();
            mean(arms.into_keys().map(|arm| with_others(before, genome, arm)))
        }
    };
    // Without other arms there is nothing to be like.
    let Some(level) = level else { return Ok(config.share) };
    for step in 0..STEPS {
        let share = config.share * step as f64 / STEPS as f64;
        let kept = kept(wells, scores, share)?;
        let after = wells.profiles(input.corrected(), &|row| kept[row])?;
        let arms = arm_cosines(&after, genome)?.arms;
        if mean(arms.into_iter().map(|arm| arm.within)).is_none_or(|cosine| cosine <= level) {
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

/// The mean cosine of an arm's genes with those of other arms; none where there are no others.
fn with_others(profiles: &Profiles, genome: &Genome, arm: Arm) -> Option<f64> {
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for (of, rows) in genome.place(profiles.keys()).arms() {
        if of == arm { &mut own } else { &mut others }.extend(rows);
    }
    let [own, others] = [own, others].map(|rows: Vec<usize>| unit_rows(profiles.select(&rows).values()));
    mean_between(own.view(), others.view())
}
