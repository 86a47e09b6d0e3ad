//! Chromosome arms (Lazar et al. 2024): cosines within and between them, the score of a map, its genes, and the recall of
//! relations within and across arms.

use super::figure_or_reason;
use crate::display::{Bundle, Show};
use crate::evaluate::{ArmCosines, ArmRecall, ChromosomeCosines, GeneProximity, ProximityScore};
use crate::figures::{Axis, Bars, Distribution, Figure};
use crate::{Error, Result};

/// p-value below which an arm is marked.
const ALPHA: f64 = 0.05;

/// Mean cosines within the p arm, within the q arm and between the two, chromosome by chromosome (Figure 3 of Lazar et
/// al. 2024): of those with at least 10 genes on both arms, or of all where there is none.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::arm_cosines;
/// use perturbook::figures::chromosome_cosine_bars;
/// use perturbook::genome::{Genome, Locus};
/// use perturbook::screen::Profiles;
///
/// let map = Profiles::new(vec!["A".into(), "B".into()], array![[1.0, 0.0], [2.0, 0.0]])?;
/// let arm = "chr1p".parse()?;
/// let genome = Genome::from_genes([("A", Locus { arm, start: 10 }), ("B", Locus { arm, start: 20 })]);
/// let figure = chromosome_cosine_bars(&arm_cosines(&map, &genome)?)?;
/// assert!(figure.summary().contains("within the p arm"));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no chromosome.
pub fn chromosome_cosine_bars(cosines: &ArmCosines) -> Result<Figure> {
    let large: Vec<&ChromosomeCosines> = cosines.chromosomes.iter().filter(|c| c.both_arms_large).collect();
    let all_are_small = large.is_empty();
    let shown = if all_are_small { cosines.chromosomes.iter().collect() } else { large };
    if shown.is_empty() {
        return Err(Error::new("no chromosome has a gene").at("chromosome_cosine_bars").fix("use a map of more genes"));
    }
    let names: Vec<String> =
        shown.iter().map(|c| c.chromosome.to_string().trim_start_matches("chr").to_owned()).collect();
    let of = |part: fn(&ChromosomeCosines) -> Option<f64>| -> Vec<f64> {
        shown.iter().map(|c| part(c).unwrap_or(f64::NAN)).collect()
    };
    let figure = Bars::new("Similarity within and between chromosome arms", "chromosome", Axis::new("mean cosine"))
        .categories(&names)
        .series("within the p arm", &of(|c| c.within_p))
        .series("within the q arm", &of(|c| c.within_q))
        .series("between the arms", &of(|c| c.between))
        .figure()?;
    let which = if all_are_small {
        "No chromosome has 10 genes on both arms: all are shown."
    } else {
        "Chromosomes with at least 10 genes on both arms."
    };
    Ok(figure.caption(&format!(
        "{which} {} genes with a position, {} without. The kind of Figure 3 of Lazar et al. 2024.",
        cosines.n_genes, cosines.n_unplaced
    )))
}

/// The trials of a score, as a distribution around their mean.
fn trials(score: &ProximityScore) -> Result<Figure> {
    let probs: Vec<f64> = score.trials.iter().map(|trial| trial.prob).collect();
    let title = format!("Proximity bias of the map: {:.3}", score.mean_prob);
    let figure = Distribution::new(&title, Axis::new("P(same arm > other arms)"))
        .category("draws of pairs")
        .group("trials", &probs)
        .figure()?;
    Ok(figure.caption(&format!(
        "{} trials of {} pairs on one arm against {} across arms, of {} genes; mean {:.4}, 0.5 without bias; p-values of \
         the trials combined by Fisher's method: ln p = {:.4}. The genome-wide score of Lazar et al. 2024.",
        probs.len(),
        score.trials.first().map_or(0, |trial| trial.n_x),
        score.trials.first().map_or(0, |trial| trial.n_y),
        score.n_genes,
        score.mean_prob,
        score.fisher.ln_p
    )))
}

/// Spearman's correlation of bias with the distance from the centromere, arm by arm.
fn towards_the_telomere(genes: &GeneProximity) -> Result<Figure> {
    if genes.arms.is_empty() {
        return Err(Error::new("no arm has enough genes").at("gene_proximity").fix("use a map of more genes"));
    }
    let names: Vec<String> =
        genes.arms.iter().map(|arm| arm.arm.to_string().trim_start_matches("chr").to_owned()).collect();
    let rho: Vec<f64> = genes.arms.iter().map(|arm| arm.rho.unwrap_or(f64::NAN)).collect();
    let marks: Vec<&str> =
        genes.arms.iter().map(|arm| if arm.p.is_some_and(|p| p < ALPHA) { "*" } else { "" }).collect();
    let figure = Bars::new(
        "Proximity bias of genes from centromere to telomere",
        "chromosome arm",
        Axis::new("Spearman's correlation"),
    )
    .categories(&names)
    .series("genes", &rho)
    .marks(&marks, "* p < 0.05, two-sided, each arm on its own")
    .reference("no trend", 0.0)
    .figure()?;
    let known: Vec<f64> = genes.prob.iter().flatten().copied().collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    Ok(figure.caption(&format!(
        "{} genes on arms with at least 20; mean P(own arm > other arms) {mean:.3}, 0.5 without bias. After Lazar et al. \
         2024.",
        known.len()
    )))
}

/// Recall within and across arms.
fn recall_bars(recall: &ArmRecall) -> Result<Figure> {
    let values = [recall.within, recall.across].map(|share| share.unwrap_or(f64::NAN));
    let figure = Bars::new("Known relations recalled", "genes of a relation", Axis::new("recall").limits(0.0, 1.0))
        .categories(&["on one arm", "on different arms"])
        .series("map", &values)
        .figure()?;
    Ok(figure.caption(&format!(
        "{} relations on one arm, {} across arms, by rank among the cosines of all pairs; equal without proximity bias. \
         After Lazar et al. 2024.",
        recall.n_within, recall.n_across
    )))
}

impl Show for ArmCosines {
    fn bundle(&self) -> Bundle {
        figure_or_reason(chromosome_cosine_bars(self))
    }
}

impl Show for ProximityScore {
    fn bundle(&self) -> Bundle {
        figure_or_reason(trials(self))
    }
}

impl Show for GeneProximity {
    fn bundle(&self) -> Bundle {
        figure_or_reason(towards_the_telomere(self))
    }
}

impl Show for ArmRecall {
    fn bundle(&self) -> Bundle {
        figure_or_reason(recall_bars(self))
    }
}
