//! Proximity bias gene by gene, and whether it grows towards the telomere (Lazar et al. 2024).
//!
//! For a gene on an arm with at least 20 genes: `prob` of the Brunner-Munzel comparison of its cosines to the other
//! genes of its arm with its cosines to all genes on **other** arms. (The reference code selects all genes, the own arm
//! included, for the second sample: a quoting slip.) On each such arm, Spearman's correlation of `prob` with the order
//! of the genes from centromere to telomere: descending positions on a p arm, ascending on a q arm.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::evaluate::{CosinePairs, brunner_munzel, spearman};
use crate::genome::{Arm, Genome, Side};
use crate::screen::Profiles;
use crate::{Error, Result};

/// One arm's correlation of bias with distance from the centromere.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmSpearman {
    /// The arm.
    pub arm: Arm,
    /// Its genes in the map.
    pub n_genes: usize,
    /// Spearman's correlation; `None` when all genes have the same `prob` or position.
    pub rho: Option<f64>,
    /// Its two-sided p-value by Student's t.
    pub p: Option<f64>,
}

/// Bias of each gene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeneProximity {
    /// For each profile `P(own arm > other arms)`; `None` for genes without a position or on small arms.
    pub prob: Vec<Option<f64>>,
    /// The arms with at least 20 genes, in genome order.
    pub arms: Vec<ArmSpearman>,
}

/// Genes that an arm needs.
const MIN_GENES: usize = 20;

/// Bias of each gene on an arm with at least 20 genes. A zero vector is as similar to its arm as to the others, 1/2.
///
/// # Errors
/// When no arm has 20 genes, or there are fewer than two genes on other arms.
pub fn gene_proximity(profiles: &Profiles, genome: &Genome) -> Result<GeneProximity> {
    let placement = genome.place(profiles.keys());
    let arms = placement.some_arms()?;
    if !arms.values().any(|rows| rows.len() >= MIN_GENES) {
        let largest = arms.values().map(Vec::len).max().unwrap_or(0);
        return Err(Error::new(format!("no arm has {MIN_GENES} genes; the largest has {largest}"))
            .at("gene_proximity")
            .fix("use a map with more genes, or proximity_bias, which tests whole arms"));
    }
    let pairs = CosinePairs::new(profiles.values());
    let mut prob = vec![None; profiles.len()];
    let mut summaries = Vec::new();
    for (arm, rows) in arms.iter().filter(|(_, rows)| rows.len() >= MIN_GENES) {
        let others: Vec<usize> = arms.iter().filter(|(a, _)| *a != arm).flat_map(|(_, r)| r).copied().collect();
        let probs = rows
            .par_iter()
            .map(|&row| {
                let own: Vec<f64> = pairs.row(row, rows.iter().filter(|&&other| other != row)).collect();
                let other: Vec<f64> = pairs.row(row, &others).collect();
                Ok(brunner_munzel(&own, &other)?.prob)
            })
            .collect::<Result<Vec<f64>>>()?;
        let outward: Vec<f64> = rows
            .iter()
            .filter_map(|&row| placement.loci()[row])
            .map(|locus| if arm.side == Side::P { -(locus.start as f64) } else { locus.start as f64 })
            .collect();
        let correlation = spearman(&probs, &outward)?;
        summaries.push(ArmSpearman {
            arm: *arm,
            n_genes: rows.len(),
            rho: correlation.map(|(rho, _)| rho),
            p: correlation.map(|(_, p)| p),
        });
        for (&row, &value) in rows.iter().zip(&probs) {
            prob[row] = Some(value);
        }
    }
    Ok(GeneProximity { prob, arms: summaries })
}
