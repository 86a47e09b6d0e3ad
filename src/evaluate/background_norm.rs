//! Does a perturbation show in the background space? Multi-ContrastiveVAE's Figure 5: factors of mitosis do, since
//! controls divide too.
//!
//! ```text
//! S_g = |s_g|^2 / mean over genes of |s|^2,   B_g = |z_g|^2 / mean over genes of |z|^2
//! relative background norm = B / (B + S)
//! mitotic index            = |p_g - p_control| / p_control * 100,   p: fraction of mitotic cells
//! ```
//!
//! with gene profiles less the control's, `s` of the salient and `z` of the background block. The norms are squared,
//! which the paper's text leaves out and its code does. Genes whose mitotic index is above a limit (76.537, the 99.9 %
//! quantile over non-targeting guides) are ranked by either number, and known mitotic factors should come first.
//!
//! A gene without any norm in both blocks has the relative norm 1/2.

use std::collections::HashSet;

use ndarray::{ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::evaluate::{MannWhitneyLaw, mann_whitney_with};
use crate::screen::Profiles;
use crate::{Error, Result};

/// The 99.9 % quantile of the mitotic index over the non-targeting guides of the Funk 2022 screen.
pub const FUNK_MITOTIC_LIMIT: f64 = 76.537_134_981_413_17;

/// Squared norms of the salient and background parts of genes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackgroundNorms {
    /// The genes, without the control.
    pub genes: Vec<String>,
    /// `S`: squared salient norm over its mean.
    pub salient: Vec<f64>,
    /// `B`: squared background norm over its mean.
    pub background: Vec<f64>,
    /// `B / (B + S)`, 0 to 1.
    pub relative: Vec<f64>,
}

/// The norms of all genes of profiles with the blocks `salient` and `background`; `control` is the row that is
/// subtracted first and left out.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::background_norms;
/// use perturbook::screen::Profiles;
///
/// let keys = ["A", "B", "nt"].map(String::from).to_vec();
/// let p = Profiles::new(keys, array![[3.0, 1.0], [1.0, 1.0], [0.0, 0.0]])?;
/// let p = p.with_block("salient", 0..1)?.with_block("background", 1..2)?;
/// let norms = background_norms(&p, "nt")?;
/// assert_eq!(norms.salient, [1.8, 0.2]); // 9 and 1 over their mean 5
/// assert!((norms.relative[0] - 1.0 / 2.8).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a block or the control is missing, there is no gene, or all of them are 0 in a block.
pub fn background_norms(profiles: &Profiles, control: &str) -> Result<BackgroundNorms> {
    let genes = profiles.without(&[control]);
    let part = |block: &str| -> Result<Vec<f64>> {
        let own = profiles.block(block)?;
        let (origin, of_genes) = (own.row(control)?.to_owned(), genes.block(block)?);
        relative_squares(of_genes.values(), origin.view()).ok_or_else(|| {
            Error::new(format!("no gene differs from {control:?} in the block {block:?}"))
                .at("background_norms")
                .fix("give profiles with genes beside the control, before any scaling to unit length")
        })
    };
    let (salient, background) = (part("salient")?, part("background")?);
    let share = |(s, b): (&f64, &f64)| if s + b > 0.0 { b / (s + b) } else { 0.5 };
    let relative = salient.iter().zip(&background).map(share).collect();
    Ok(BackgroundNorms { genes: genes.keys().to_vec(), salient, background, relative })
}

/// Squared distances from the origin over their mean; `None` where that is 0.
fn relative_squares(rows: ArrayView2<'_, f64>, origin: ArrayView1<'_, f64>) -> Option<Vec<f64>> {
    let squares: Vec<f64> = rows.rows().into_iter().map(|row| (&row - &origin).mapv(|v| v * v).sum()).collect();
    let mean = squares.iter().sum::<f64>() / squares.len() as f64;
    (mean > 0.0).then(|| squares.iter().map(|square| square / mean).collect())
}

/// How far the fraction of mitotic cells is from that of the control, in percent of it; infinite where the control has
/// none, and NaN where neither has.
///
/// ```
/// assert_eq!(perturbook::evaluate::mitotic_index(0.25, 0.5), 50.0);
/// ```
pub fn mitotic_index(fraction: f64, control: f64) -> f64 {
    ((fraction - control) / control).abs() * 100.0
}

/// How well a number ranks the known factors first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactorRanking {
    /// Area under the receiver operating characteristic: how often a factor is ranked before another gene, ties half.
    pub auc: f64,
    /// False positive rate at each threshold, from 0 to 1.
    pub fpr: Vec<f64>,
    /// True positive rate at each threshold.
    pub tpr: Vec<f64>,
}

/// Known mitotic factors ranked by relative background norm and by mitotic index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MitoticFactors {
    /// Mitotic index that genes had to exceed.
    pub limit: f64,
    /// Genes above it.
    pub n_kept: usize,
    /// Known factors among them.
    pub n_positive: usize,
    /// Other genes among them.
    pub n_negative: usize,
    /// Known factors among all genes.
    pub n_known: usize,
    /// By relative background norm.
    pub by_background: FactorRanking,
    /// By mitotic index.
    pub by_index: FactorRanking,
}

/// Ranks the genes whose mitotic index is above `limit`; `index[i]` is that of gene i of the norms, and a gene whose
/// index is NaN is left out. `factors` are the known ones.
///
/// ```
/// use perturbook::evaluate::{BackgroundNorms, mitotic_factors};
///
/// let norms = BackgroundNorms {
///     genes: ["A", "B", "C"].map(String::from).to_vec(),
///     salient: vec![1.0; 3],
///     background: vec![3.0, 1.0, 2.0],
///     relative: vec![0.75, 0.5, 0.66],
/// };
/// let ranking = mitotic_factors(&norms, &[80.0, 90.0, 10.0], &["A"], 50.0)?;
/// assert_eq!((ranking.n_kept, ranking.by_background.auc, ranking.by_index.auc), (2, 1.0, 0.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// Genes of equal rank count half, so that equal norms give an area of 1/2.
///
/// # Errors
/// When there is not one index and one norm for each gene, no factor or no other gene is above the limit (a limit of NaN
/// leaves none), or the norm of a gene above it is NaN.
pub fn mitotic_factors<S: AsRef<str>>(
    norms: &BackgroundNorms,
    index: &[f64],
    factors: &[S],
    limit: f64,
) -> Result<MitoticFactors> {
    if index.len() != norms.genes.len() || norms.relative.len() != norms.genes.len() {
        return Err(Error::new(format!(
            "{} genes, {} norms and {} mitotic indices",
            norms.genes.len(),
            norms.relative.len(),
            index.len()
        ))
        .at("mitotic_factors")
        .fix("give one index for each gene, in the order of the norms"));
    }
    let known: HashSet<&str> = factors.iter().map(AsRef::as_ref).collect();
    let is_factor = |&gene: &usize| known.contains(norms.genes[gene].as_str());
    let kept = (0..index.len()).filter(|&gene| index[gene] > limit);
    let (positive, negative): (Vec<usize>, Vec<usize>) = kept.partition(is_factor);
    if positive.is_empty() || negative.is_empty() {
        let (p, n) = (positive.len(), negative.len());
        return Err(Error::new(format!("{p} factors and {n} other genes have a mitotic index above {limit}"))
            .at("mitotic_factors")
            .fix("lower the limit, or name the genes as the list of factors does"));
    }
    let ranked = |scores: &[f64]| ranking(&positive, &negative, scores);
    Ok(MitoticFactors {
        limit,
        n_kept: positive.len() + negative.len(),
        n_positive: positive.len(),
        n_negative: negative.len(),
        n_known: (0..index.len()).filter(is_factor).count(),
        by_background: ranked(&norms.relative)?,
        by_index: ranked(index)?,
    })
}

/// The curve and its area; high scores first.
fn ranking(positive: &[usize], negative: &[usize], scores: &[f64]) -> Result<FactorRanking> {
    let of = |genes: &[usize]| -> Vec<f64> { genes.iter().map(|&gene| scores[gene]).collect() };
    let (mut yes, mut no) = (of(positive), of(negative));
    let auc = mann_whitney_with(&yes, &no, MannWhitneyLaw::Normal)?.prob;
    yes.sort_unstable_by(|a, b| b.total_cmp(a));
    no.sort_unstable_by(|a, b| b.total_cmp(a));
    let mut thresholds: Vec<f64> = yes.iter().chain(&no).copied().collect();
    thresholds.sort_unstable_by(|a, b| b.total_cmp(a));
    thresholds.dedup();
    let rate = |sorted: &[f64], least: f64| sorted.partition_point(|&v| v >= least) as f64 / sorted.len() as f64;
    let curve = |sorted: &[f64]| -> Vec<f64> {
        std::iter::once(0.0).chain(thresholds.iter().map(|&least| rate(sorted, least))).collect()
    };
    Ok(FactorRanking { auc, fpr: curve(&no), tpr: curve(&yes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_encloses_its_area() {
        let scores = [0.9, 0.8, 0.8, 0.3, 0.2, 0.8];
        let ranked = ranking(&[0, 1, 4], &[2, 3, 5], &scores).unwrap();
        let steps = ranked.fpr.windows(2).zip(ranked.tpr.windows(2));
        let area: f64 = steps.map(|(x, y)| (x[1] - x[0]) * (y[0] + y[1]) / 2.0).sum();
        assert!((area - ranked.auc).abs() < 1e-12, "{area}, {}", ranked.auc);
        assert_eq!((ranked.fpr.last(), ranked.tpr.last()), (Some(&1.0), Some(&1.0)));
    }

    #[test]
    fn genes_without_any_norm_and_screens_without_factors() {
        let keys = ["A", "B", "nt"].map(String::from).to_vec();
        let same = ndarray::array![[1.0, 1.0], [2.0, 3.0], [1.0, 1.0]];
        let p = Profiles::new(keys, same).unwrap();
        assert!(background_norms(&p, "nt").is_err(), "no blocks");
        let p = p.with_block("salient", 0..1).unwrap().with_block("background", 1..2).unwrap();
        let norms = background_norms(&p, "nt").unwrap();
        assert_eq!((norms.relative[0], norms.salient[0], norms.salient[1]), (0.5, 0.0, 2.0));
        assert!(background_norms(&p, "control").is_err());
        assert!(background_norms(&p.select(&[0, 2]), "nt").unwrap_err().to_string().contains("no gene differs"));
        assert!(mitotic_factors(&norms, &[90.0, f64::NAN], &["A"], 50.0).is_err());
        assert!(mitotic_factors(&norms, &[90.0], &["A"], 50.0).is_err());
    }
}
