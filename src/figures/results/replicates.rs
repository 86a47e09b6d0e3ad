//! Similarity of replicates: distributions against random pairs and groups, and hits among the nearest rows.

use super::figure_or_reason;
use crate::Result;
use crate::display::{Bundle, Show, fields};
use crate::evaluate::retrieval::{BINS, HitsPoint};
use crate::evaluate::{Enrichment, HitsAtK, PairSimilarities, PercentStrong};
use crate::figures::{Axis, Curves, Distribution, Figure};

/// Bins of a drawn density.
const DRAWN: usize = 128;

/// Densities of the similarities of pairs with the same label and with different ones.
pub(super) fn density_curves(title: &str, pairs: &PairSimilarities) -> Curves {
    let width = BINS / DRAWN;
    let at: Vec<f64> = (0..DRAWN).map(|bin| PairSimilarities::edge(bin * width + width / 2)).collect();
    let density = |counts: &[u64], n: u64| -> Vec<f64> {
        let scale = DRAWN as f64 / (2.0 * n as f64);
        counts.chunks(width).map(|bins| bins.iter().sum::<u64>() as f64 * scale).collect()
    };
    let (n_same, n_different) = (pairs.n_same(), pairs.n_different());
    let mut figure = Curves::new(title, Axis::new(pairs.similarity.name()).limits(-1.0, 1.0), Axis::new("density"));
    for (name, counts, n) in [("same label", &pairs.same, n_same), ("different labels", &pairs.different, n_different)]
    {
        if n > 0 {
            let heights = density(counts, n);
            figure = figure.line(name, &at, &heights).band(name, &at, &vec![0.0; DRAWN], &heights);
        }
    }
    figure
}

/// The densities with the numbers that go with them.
fn densities(pairs: &PairSimilarities) -> Result<Figure> {
    let (n_same, n_different) = (pairs.n_same(), pairs.n_different());
    Ok(density_curves("Similarity of pairs", pairs).figure()?.caption(&format!(
        "{n_same} pairs with the same label (mean {:.4}), {n_different} with different ones (mean {:.4}); \
         Kolmogorov-Smirnov distance {:.4}. The kind of Figure 2b of the Set-DINO paper.",
        pairs.mean_same,
        pairs.mean_different,
        pairs.ks()
    )))
}

/// Medians of replicate groups and of random ones.
fn medians(strong: &PercentStrong) -> Result<Figure> {
    let groups: Vec<f64> = strong.groups.iter().map(|group| group.median).collect();
    let title = format!("Replicates: {:.1} % strong", strong.percent);
    let figure = Distribution::new(&title, "median cosine of a group")
        .category("groups")
        .group("random groups", &strong.null)
        .group("replicates", &groups)
        .figure()?;
    let mut caption = format!(
        "{} groups of replicates against {} random groups of each size from different labels; strong: above their 95th \
         percentile.",
        strong.groups.len(),
        strong.draws
    );
    if strong.n_single > 0 {
        caption += &format!(" Labels of one row, left out: {}.", strong.n_single);
    }
    Ok(figure.caption(&caption))
}

/// Hits for growing k, with what random orders give.
fn hits(result: &HitsAtK) -> Result<Figure> {
    let k: Vec<f64> = result.points.iter().map(|point| point.k as f64).collect();
    let of = |what: fn(&HitsPoint) -> f64| result.points.iter().map(what).collect::<Vec<f64>>();
    let figure =
        Curves::new("Replicates among the nearest rows", "k", Axis::new("share of the queries").limits(0.0, 1.0))
            .points("with a hit", &k, &of(|point| point.hits))
            .line("with a hit, random order", &k, &of(|point| point.random))
            .points("recall", &k, &of(|point| point.recall))
            .points("precision", &k, &of(|point| point.precision))
            .figure()?;
    Ok(figure.caption(&format!("{} queries; recall and precision are means over them.", result.n_queries)))
}

impl Show for PairSimilarities {
    fn bundle(&self) -> Bundle {
        figure_or_reason(densities(self))
    }
}

impl Show for PercentStrong {
    fn bundle(&self) -> Bundle {
        figure_or_reason(medians(self))
    }
}

impl Show for HitsAtK {
    fn bundle(&self) -> Bundle {
        figure_or_reason(hits(self))
    }
}

impl Show for Enrichment {
    fn bundle(&self) -> Bundle {
        fields(self).titled("Enrichment of pairs with the same label").bundle()
    }
}
