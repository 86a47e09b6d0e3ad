//! One Brunner-Munzel test for each arm, and one for the whole genome (Lazar et al. 2024, as in proxbias `bm_metrics`).
//!
//! Within: the cosines of all pairs on the arm. Between: those of each gene of the arm with each gene on any other arm.
//! An arm is tested when both have more than 20 values; its one-sided p-value ("within tends to be larger") is
//! multiplied by the number of tested arms (Bonferroni). The genome-wide test pools all arms, tested or not: each pair
//! across arms then enters twice, once from either side.

use rayon::prelude::*;
use serde::Serialize;

use crate::Result;
use crate::evaluate::{BrunnerMunzel, CosinePairs, brunner_munzel};
use crate::genome::{Arm, Genome};
use crate::screen::Profiles;

/// One tested arm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ArmProximity {
    /// The arm.
    pub arm: Arm,
    /// Its genes in the map.
    pub n_genes: usize,
    /// Within against between: `n_x` pairs within, `n_y` between; `prob` above 1/2 is bias.
    pub test: BrunnerMunzel,
    /// `min(1, p_greater * tested arms)`; NaN where the test has no p-value.
    pub p_bonferroni: f64,
}

/// All tested arms and the whole genome.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProximityBias {
    /// All arms pooled.
    pub genome_wide: BrunnerMunzel,
    /// The tested arms, in genome order.
    pub arms: Vec<ArmProximity>,
    /// Arms with too few pairs for a test.
    pub untested: Vec<Arm>,
    /// Genes with a position.
    pub n_genes: usize,
    /// Profiles left out because they have no position.
    pub n_unplaced: usize,
}

/// Values that an arm needs more of, within and between.
const MIN_VALUES: usize = 20;

/// Tests each arm and the genome. Profiles without a position are left out. Where all pairs are equally similar, as those of
/// zero vectors are, `prob` is 1/2 and no p-value is defined: see [`BrunnerMunzel::is_degenerate`].
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::proximity_bias;
/// use perturbook::genome::{Genome, Locus};
/// use perturbook::screen::Profiles;
///
/// // Eight genes on each of two arms; those of chr1p share a direction.
/// let keys: Vec<String> = (0..16).map(|i| format!("G{i}")).collect();
/// let values = Array2::from_shape_fn((16, 16), |(i, j)| if i == j { 1.0 } else if i < 8 && j == 15 { 2.0 } else { 0.0 });
/// let mut genes = Vec::new();
/// for (i, key) in keys.iter().enumerate() {
///     genes.push((key.clone(), Locus { arm: if i < 8 { "chr1p" } else { "chr1q" }.parse()?, start: i as i64 }));
/// }
/// let bias = proximity_bias(&Profiles::new(keys, values)?, &Genome::from_genes(genes))?;
/// assert_eq!(bias.arms.len(), 2);
/// assert!(bias.arms[0].test.prob > 0.8 && bias.arms[1].test.prob < 0.5);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When no profile has a position, or the map has fewer than two pairs within arms or between them.
pub fn proximity_bias(profiles: &Profiles, genome: &Genome) -> Result<ProximityBias> {
    proximity_bias_above(profiles, genome, MIN_VALUES)
}

/// The same with another number of values that an arm needs **more** of.
///
/// # Errors
/// As [`proximity_bias`].
pub fn proximity_bias_above(profiles: &Profiles, genome: &Genome, min_values: usize) -> Result<ProximityBias> {
    let placement = genome.place(profiles.keys());
    let arms: Vec<(Arm, Vec<usize>)> = placement.some_arms()?.into_iter().collect();
    let pairs = CosinePairs::new(profiles.values());
    let samples: Vec<(Vec<f64>, Vec<f64>)> = arms
        .par_iter()
        .map(|(arm, rows)| {
            let others: Vec<usize> = arms.iter().filter(|(a, _)| a != arm).flat_map(|(_, r)| r).copied().collect();
            let within = rows.iter().enumerate().flat_map(|(k, &row)| pairs.row(row, &rows[k + 1..])).collect();
            let between = rows.iter().flat_map(|&row| pairs.row(row, &others)).collect();
            (within, between)
        })
        .collect();
    let (tested, untested): (Vec<usize>, Vec<usize>) =
        (0..arms.len()).partition(|&k| samples[k].0.len() > min_values && samples[k].1.len() > min_values.max(1));
    let n_tested = tested.len() as f64;
    let tests = tested
        .par_iter()
        .map(|&k| {
            let test = brunner_munzel(&samples[k].0, &samples[k].1)?;
            let corrected = test.p_greater * n_tested;
            let p_bonferroni = if corrected > 1.0 { 1.0 } else { corrected };
            Ok(ArmProximity { arm: arms[k].0, n_genes: arms[k].1.len(), test, p_bonferroni })
        })
        .collect::<Result<Vec<_>>>()?;
    let within: Vec<f64> = samples.iter().flat_map(|(within, _)| within).copied().collect();
    let between: Vec<f64> = samples.iter().flat_map(|(_, between)| between).copied().collect();
    let genome_wide = brunner_munzel(&within, &between).map_err(|e| {
        e.at(format!("{} pairs within arms and {} between, genome-wide", within.len(), between.len()))
            .fix("the map needs genes on at least two arms, two of them on one arm")
    })?;
    let n_genes = placement.n_placed();
    Ok(ProximityBias {
        genome_wide,
        arms: tests,
        untested: untested.into_iter().map(|k| arms[k].0).collect(),
        n_genes,
        n_unplaced: profiles.len() - n_genes,
    })
}
