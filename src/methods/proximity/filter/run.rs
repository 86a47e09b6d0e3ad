//! All chromosomes in one call: scores, the cells that go, and what it did to the arms.

use std::collections::BTreeSet;

use polars::prelude::{Column, DataFrame};

use super::FilterConfig;
use super::chromosome::{ChromosomeFilter, arms_on};
use super::sampler::chance;
use super::stop::{kept, share};
use super::{FilterInput, Wells};
use crate::evaluate::classification::{RocCurve, roc_curve};
use crate::evaluate::{ArmCosines, arm_cosines};
use crate::genome::{Chromosome, Genome};
use crate::screen::Profiles;
use crate::tensor::Device;
use crate::train::Observer;
use crate::{Error, Result};

/// A filtered screen.
#[derive(Clone, Debug)]
pub struct Filtered {
    /// How likely each cell of the table carries the bias; NaN where no filter scored it: controls, genes without a
    /// position or on a chromosome that was left out.
    pub scores: Vec<f64>,
    /// Whether each cell stays.
    pub kept: Vec<bool>,
    /// The share of the cells of each well that goes, by chromosome; see [`Stop`](super::Stop).
    pub shares: Vec<(Chromosome, f64)>,
    /// The filters, one for each chromosome.
    pub filters: Vec<ChromosomeFilter>,
    /// Chromosomes that were left out, and why.
    pub left_out: Vec<(Chromosome, String)>,
    /// Profiles of genes from all cells.
    pub before: Profiles,
    /// Profiles of genes from the cells that stay.
    pub after: Profiles,
}

impl Filtered {
    /// Trains a filter for each chromosome of the genome that has genes in the screen, and removes from every well the
    /// highest-scoring share of its cells. A stop asked for in between keeps the filters that are done.
    ///
    /// # Errors
    /// When settings cannot be used, no chromosome can be filtered, vectors cannot be read, or training fails.
    pub fn fit(
        input: &FilterInput,
        genome: &Genome,
        config: &FilterConfig,
        device: &Device,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        config.check()?;
        let wells = input.wells();
        let before = input.profiles(|_| true)?;
        let chromosomes: BTreeSet<Chromosome> =
            wells.genes().iter().filter_map(|gene| Some(genome.arm_of(gene)?.chromosome)).collect();
        let (mut filters, mut left_out) = (Vec::new(), Vec::new());
        for chromosome in chromosomes {
            if filters.last().is_some_and(ChromosomeFilter::stopped) {
                left_out.push((chromosome, "the run was stopped before".to_owned()));
                continue;
            }
            if let Some(why) = too_small(wells, chromosome, genome, config) {
                left_out.push((chromosome, why));
                continue;
            }
            filters.push(ChromosomeFilter::fit(input, chromosome, genome, config, device, observer)?);
        }
        if filters.is_empty() {
            let why: Vec<String> = left_out.iter().map(|(chromosome, why)| format!("{chromosome}: {why}")).collect();
            return Err(Error::new(format!("no chromosome can be filtered: {}", why.join("; ")))
                .fix("check that genes have positions and wells enough cells, or lower min_genes or cells"));
        }
        let (mut scores, mut stays) = (vec![f64::NAN; wells.cells()], vec![true; wells.cells()]);
        let mut shares = Vec::with_capacity(filters.len());
        for filter in &filters {
            let of = wells.on(genome, filter.chromosome);
            let rows = of.rows();
            rows.iter().zip(filter.score(input, &rows)?).for_each(|(&row, score)| scores[row] = score);
            let share = share(input, &of, &scores, &before, genome, config)?;
            let kept = kept(&of, &scores, share)?;
            rows.iter().for_each(|&row| stays[row] = kept[row]);
            shares.push((filter.chromosome, share));
        }
        let kept = stays;
        let after = input.profiles(|row| kept[row])?;
        Ok(Self { scores, kept, shares, filters, left_out, before, after })
    }

    /// The same wells with as many cells removed by chance, where this filter removed some: its control.
    ///
    /// # Errors
    /// When vectors cannot be read.
    pub fn by_chance(&self, input: &FilterInput, share: f64, seed: u64) -> Result<Profiles> {
        let mut scores = chance(self.scores.len(), seed);
        for (score, _) in scores.iter_mut().zip(&self.scores).filter(|(_, own)| own.is_nan()) {
            *score = f64::NAN;
        }
        let kept = kept(input.wells(), &scores, share)?;
        input.profiles(|row| kept[row])
    }

    /// The same chromosome filtered by the scorer of another one (Figure 5): profiles of genes, and the scores of the
    /// chromosome's cells with their rows. Nothing should change.
    ///
    /// # Errors
    /// When one of the two has no filter, or vectors cannot be read.
    pub fn swapped(
        &self,
        input: &FilterInput,
        genome: &Genome,
        model: Chromosome,
        cells: Chromosome,
        share: f64,
    ) -> Result<(Profiles, Vec<(usize, f64)>)> {
        let filter = self.filters.iter().find(|filter| filter.chromosome == model).ok_or_else(|| {
            Error::new(format!("no filter was trained on {model}")).fix("choose one of those that were")
        })?;
        let rows = input.wells().on(genome, cells).rows();
        let mut scores = vec![f64::NAN; input.wells().cells()];
        let of = filter.score(input, &rows)?;
        rows.iter().zip(&of).for_each(|(&row, &score)| scores[row] = score);
        let kept = kept(input.wells(), &scores, share)?;
        let profiles = input.profiles(|row| kept[row])?;
        Ok((profiles, rows.into_iter().zip(of).collect()))
    }

    /// Mean cosines within and between arms, before and after (Figure 3).
    ///
    /// # Errors
    /// As [`arm_cosines`].
    pub fn arm_cosines(&self, genome: &Genome) -> Result<[ArmCosines; 2]> {
        Ok([arm_cosines(&self.before, genome)?, arm_cosines(&self.after, genome)?])
    }

    /// How well the scores tell biased cells from others, where it is known which they are; cells without a score are left
    /// out. `biased` is one word for each cell of the table.
    ///
    /// # Errors
    /// When there are more or fewer, or none of the cells is biased, or all are.
    pub fn roc(&self, biased: &[bool]) -> Result<RocCurve> {
        if biased.len() != self.scores.len() {
            return Err(Error::new(format!("{} words for {} cells", biased.len(), self.scores.len()))
                .at("the filter's ROC curve")
                .fix("say of each cell of the table whether it is biased"));
        }
        let scored = self.scores.iter().zip(biased).filter(|(score, _)| !score.is_nan());
        let (scores, truth): (Vec<f64>, Vec<bool>) = scored.map(|(&score, &truth)| (score, truth)).unzip();
        roc_curve(&truth, &scores)
    }

    /// The table of cells with two more columns: `bias_score`, empty where no filter scored, and `kept`.
    ///
    /// # Errors
    /// When the table has another number of rows, or such columns already.
    pub fn table(&self, cells: &DataFrame) -> Result<DataFrame> {
        let scores: Vec<Option<f64>> = self.scores.iter().map(|&score| Some(score).filter(|s| !s.is_nan())).collect();
        let columns = [Column::new("bias_score".into(), scores), Column::new("kept".into(), self.kept.clone())];
        cells.hstack(&columns).map_err(|e| {
            Error::new(format!("the filter's columns do not fit the table: {e}"))
                .fix("give the table that the wells were made from, without columns bias_score and kept")
                .caused_by(e)
        })
    }
}

/// How much the removed cells of two runs agree: those that both removed over those that one of them did; 1 where none
/// did.
///
/// ```
/// use perturbook::methods::proximity::agreement;
///
/// assert_eq!(agreement(&[true, false, false], &[false, false, true]), 1.0 / 3.0);
/// ```
pub fn agreement(kept: &[bool], other: &[bool]) -> f64 {
    let (mut both, mut either) = (0u64, 0u64);
    for (&a, &b) in kept.iter().zip(other) {
        both += u64::from(!a && !b);
        either += u64::from(!a || !b);
    }
    if either == 0 { 1.0 } else { both as f64 / either as f64 }
}

/// Why a chromosome cannot be filtered, if it cannot.
fn too_small(wells: &Wells, chromosome: Chromosome, genome: &Genome, config: &FilterConfig) -> Option<String> {
    let most = arms_on(wells, chromosome, genome, config.cells).values().map(Vec::len).max().unwrap_or(0);
    (most < config.min_genes).then(|| format!("{most} genes on its larger arm, {} needed", config.min_genes))
}
