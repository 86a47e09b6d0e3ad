//! Gene sets and relations by rank: recall as in the EFAAR benchmarks, and the coherence of complexes.

use super::by_label::{ByLabel, Series};
use super::figure_or_reason;
use crate::Result;
use crate::display::{Bundle, Show, fields};
use crate::evaluate::{ClusterKs, FactorRanking, FisherCombination, RankRecall, SetCoherence};
use crate::figures::{Axis, Bars, Curves, Distribution, Figure};

/// Bonferroni-corrected p below which a set is marked.
const ALPHA: f64 = 0.05;

/// Recall at each pair of thresholds, beside that of a map without information (EFAAR benchmarks, Celik et al. 2024).
///
/// ```
/// use perturbook::evaluate::rank_recall;
/// use perturbook::figures::rank_recall_bars;
///
/// let found = rank_recall(&[1.0, 2.0, 3.0, 4.0, 5.0], &[1.0, 5.0], &[(0.2, 0.8)])?;
/// assert!(rank_recall_bars(&found)?.summary().contains("0.2 / 0.8 1"));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// Never in practice: there is one bar for each pair of thresholds.
pub fn rank_recall_bars(recall: &RankRecall) -> Result<Figure> {
    let names: Vec<String> = recall.thresholds.iter().map(|t| format!("{} / {}", t.low, t.high)).collect();
    let of = |part: fn(&crate::evaluate::ThresholdRecall) -> f64| -> Vec<f64> {
        recall.thresholds.iter().map(part).collect()
    };
    let figure = Bars::new("Known relations recalled by rank", "thresholds", Axis::new("recall").limits(0.0, 1.0))
        .categories(&names)
        .series("both sides", &of(|t| t.recall))
        .series("upper side", &of(|t| t.recall_upper))
        .series("random map, both sides", &of(|t| t.random_expectation))
        .figure()?;
    Ok(figure.caption(&format!(
        "{} known relations among the cosines of {} pairs. The recall of the EFAAR benchmarks (Celik et al. 2024).",
        recall.rank_left.len(),
        recall.null_size
    )))
}

/// Mean cosines inside gene sets and inside random draws (Multi-ContrastiveVAE; EFAAR benchmarks).
///
/// # Errors
/// When there is no set.
pub fn set_coherence_figure(coherence: &SetCoherence) -> Result<Figure> {
    let figure = Distribution::new("Coherence of gene sets", Axis::new("mean cosine of a set"))
        .category("sets of genes")
        .group("random draws", &coherence.drawn)
        .group("gene sets", &coherence.inside)
        .figure()?;
    Ok(figure.caption(&format!(
        "{} gene sets against as many draws of equal size, with replacement; Kolmogorov-Smirnov statistic {:.4}, p = {:.2e}. \
         After Wang et al. 2023.",
        coherence.inside.len(),
        coherence.ks.statistic,
        coherence.ks.p
    )))
}

/// The Kolmogorov-Smirnov statistic of each gene set against all other genes (EFAAR benchmarks, Celik et al. 2024).
///
/// # Errors
/// When there is no set.
pub fn cluster_ks_bars(tests: &[ClusterKs]) -> Result<Figure> {
    let significant = |test: &ClusterKs| test.ks.p * (tests.len() as f64) < ALPHA;
    let series = Series {
        name: "gene sets",
        values: tests.iter().map(|test| (test.name.as_str(), test.ks.statistic)).collect(),
        marked: tests.iter().map(significant).collect(),
    };
    let figure = ByLabel {
        title: "Gene sets against all other genes",
        category: "gene set",
        value: "Kolmogorov-Smirnov statistic",
        mark: "* p < 0.05, Bonferroni over the sets",
        references: Vec::new(),
    };
    Ok(figure.figure(&[series])?.caption(&format!(
        "Cosines inside each of {} sets against those to all other genes; {} differ after correction. The test of the EFAAR \
         benchmarks (Celik et al. 2024).",
        tests.len(),
        tests.iter().filter(|test| significant(test)).count()
    )))
}

/// The characteristic of one ranking of factors.
fn roc(ranking: &FactorRanking) -> Result<Figure> {
    Curves::roc("Known factors ranked first")
        .line(&format!("ranking, AUC {:.3}", ranking.auc), &ranking.fpr, &ranking.tpr)
        .figure()
}

impl Show for RankRecall {
    fn bundle(&self) -> Bundle {
        figure_or_reason(rank_recall_bars(self))
    }
}

impl Show for SetCoherence {
    fn bundle(&self) -> Bundle {
        figure_or_reason(set_coherence_figure(self))
    }
}

impl Show for ClusterKs {
    fn bundle(&self) -> Bundle {
        figure_or_reason(cluster_ks_bars(std::slice::from_ref(self)))
    }
}

impl Show for Vec<ClusterKs> {
    fn bundle(&self) -> Bundle {
        figure_or_reason(cluster_ks_bars(self))
    }
}

impl Show for FactorRanking {
    fn bundle(&self) -> Bundle {
        figure_or_reason(roc(self))
    }
}

impl Show for FisherCombination {
    fn bundle(&self) -> Bundle {
        fields(self).titled("Fisher's combination of p-values").bundle()
    }
}
