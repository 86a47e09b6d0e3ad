//! Replicates in the definitions of cytominer-eval: pairs against a quantile of other pairs, enrichment among the most
//! similar pairs, and positions of hits.

use super::figure_or_reason;
use super::replicates::density_curves;
use crate::Result;
use crate::display::{Bundle, Show, fields};
use crate::evaluate::{
    EnrichmentConfig, EnrichmentPoint, HitPositions, PairCounting, PairEnrichment, ReplicateReproducibility,
    ReproducibilityConfig,
};
use crate::figures::{Axis, Curves, Figure};

/// Percentages of the list that the caption of a figure of hits names, those of cytominer-eval.
const NAMED: [f64; 3] = [2.0, 5.0, 10.0];

fn left_out(rows: usize) -> String {
    if rows == 0 { String::new() } else { format!(" Rows without direction, left out: {rows}.") }
}

/// Densities of the similarities with the threshold.
fn reproducibility(found: &ReplicateReproducibility) -> Result<Figure> {
    let (pairs, q) = (&found.pairs, found.config.quantile);
    let title = format!("Replicate reproducibility by pairs: {:.1} %", 100.0 * found.share);
    let figure =
        density_curves(&title, pairs).mark(&format!("quantile {q} of different labels"), found.threshold).figure()?;
    Ok(figure.caption(&format!(
        "{} of {} pairs with the same label are above {:.4}, the quantile {q} of {} pairs with different ones; each pair \
         counts once, as in cytominer-eval's replicate reproducibility.{}",
        found.n_above,
        pairs.n_same(),
        found.threshold,
        pairs.n_different(),
        left_out(found.n_left_out)
    )))
}

/// Odds ratios by quantile.
fn enrichment(found: &PairEnrichment) -> Result<Figure> {
    let mut points: Vec<&EnrichmentPoint> = found.points.iter().collect();
    points.sort_by(|a, b| a.quantile.total_cmp(&b.quantile));
    let of = |what: fn(&EnrichmentPoint) -> f64| points.iter().map(|point| what(point)).collect::<Vec<f64>>();
    // An infinite odds ratio has no place on the axis; the caption says how many there are.
    let odds = of(|point| if point.odds_ratio.is_finite() { point.odds_ratio } else { f64::NAN });
    let infinite = points.iter().filter(|point| point.odds_ratio == f64::INFINITY).count();
    let x = Axis::new("quantile of the similarity of all pairs");
    let figure = Curves::new("Enrichment of pairs with the same label", x, "odds ratio")
        .points("odds ratio", &of(|point| point.quantile), &odds)
        .level("no enrichment", 1.0)
        .figure()?;
    let counted = match found.config.counting {
        PairCounting::Ordered => {
            "pairs in both orders, as in cytominer-eval's enrichment: the p-value takes each pair for two observations"
        }
        PairCounting::Unordered => "each pair once",
    };
    let mut caption = format!(
        "Similarity: {}. {} pairs with the same label, {} with different ones ({counted}).",
        found.config.similarity.name(),
        found.n_same,
        found.n_different
    );
    if let Some(point) = found.points.iter().find(|point| !point.odds_ratio.is_nan()) {
        caption += &format!(
            " Above quantile {} (similarity {:.4}): {} with the same label and {} others, odds ratio {:.4}, Fisher's exact \
             test ln p = {:.4}.",
            point.quantile, point.threshold, point.same_above, point.different_above, point.odds_ratio, point.ln_p
        );
    }
    if infinite > 0 {
        caption += &format!(" Infinite odds ratios, not drawn: {infinite}.");
    }
    Ok(figure.caption(&(caption + &left_out(found.n_left_out))))
}

/// Hits above those of random orders, along the list.
fn positions(found: &HitPositions) -> Result<Figure> {
    let cumulative = found.cumulative_above_random();
    let percent: Vec<f64> = (1..=found.n).map(|k| 100.0 * k as f64 / found.n as f64).collect();
    let x = Axis::new("nearest rows").unit("% of all").limits(0.0, 100.0);
    let figure = Curves::new("Positions of hits", x, "hits above those of random orders")
        .line("hits", &percent, &cumulative)
        .level("random order", 0.0)
        .figure()?;
    let mut caption = format!(
        "{} hits of {} queries among {} rows, by {}; every row of the query's label is a hit, as in cytominer-eval's hit \
         at k. Above random:",
        found.n_hits,
        found.n_queries,
        found.n,
        found.similarity.name()
    );
    for (at, percent) in NAMED.iter().enumerate() {
        caption += &format!("{} {} at {percent} %", if at > 0 { "," } else { "" }, found.above_random(*percent));
    }
    Ok(figure.caption(&(caption + "." + &left_out(found.n_left_out))))
}

impl Show for ReplicateReproducibility {
    fn bundle(&self) -> Bundle {
        figure_or_reason(reproducibility(self))
    }
}

impl Show for PairEnrichment {
    fn bundle(&self) -> Bundle {
        figure_or_reason(enrichment(self))
    }
}

impl Show for HitPositions {
    fn bundle(&self) -> Bundle {
        figure_or_reason(positions(self))
    }
}

impl Show for EnrichmentPoint {
    fn bundle(&self) -> Bundle {
        fields(self).titled("Enrichment of pairs with the same label").bundle()
    }
}

impl Show for ReproducibilityConfig {
    fn bundle(&self) -> Bundle {
        fields(self).titled("Replicate reproducibility by pairs").bundle()
    }
}

impl Show for EnrichmentConfig {
    fn bundle(&self) -> Bundle {
        fields(self).titled("Enrichment of pairs").bundle()
    }
}
