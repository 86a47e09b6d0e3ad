//! Recall curves with their intervals, and beside those of maps without information.

use super::figure_or_reason;
use crate::Result;
use crate::display::{Bundle, Show, fields};
use crate::evaluate::{BootstrapConfig, RecallBootstrap, RecallPermutation, Resample};
use crate::figures::{Axis, Curves, Figure};

/// Recall at each percentile, with bootstrap intervals, and what a random map recalls.
///
/// # Errors
/// When there is no percentile.
pub fn recall_bootstrap_curves(maps: &[(&str, &RecallBootstrap)]) -> Result<Figure> {
    let first = maps.first().map(|(_, map)| *map);
    let title = first.map_or_else(
        || "Recall with intervals".to_owned(),
        |map| format!("{} relations recalled, {}", map.curve.relations, map.curve.convention.name()),
    );
    let mut figure = Curves::new(&title, Axis::new("percentile"), Axis::new("recall"));
    for (name, map) in maps {
        let percentiles: Vec<f64> = map.intervals.iter().map(|interval| interval.percentile).collect();
        let (low, high): (Vec<f64>, Vec<f64>) = map.intervals.iter().map(|interval| interval.recall).unzip();
        let recall: Vec<f64> = map.curve.points.iter().map(|point| point.recall).collect();
        figure = figure.points(name, &percentiles, &recall).band(name, &percentiles, &low, &high);
    }
    let mut caption = String::new();
    if let Some(map) = first {
        let percentiles: Vec<f64> = map.intervals.iter().map(|interval| interval.percentile).collect();
        let random: Vec<f64> = percentiles.iter().map(|&p| map.curve.convention.random_expectation(p)).collect();
        figure = figure.line("random map, expected", &percentiles, &random);
        let what = if map.resample == Resample::Genes { "genes" } else { "relations" };
        caption = format!(
            "{} genes, {} relations; shaded: {:.0} % percentile intervals of {} bootstrap replicates over {what}.",
            map.curve.n_nodes,
            map.curve.n_edges,
            100.0 * map.level,
            map.replicates
        );
    }
    Ok(figure.figure()?.caption(&caption))
}

/// Recall at each percentile beside that of maps under shuffled names.
///
/// # Errors
/// When there is no percentile.
pub fn recall_permutation_curves(name: &str, map: &RecallPermutation) -> Result<Figure> {
    let of = |value: fn(&crate::evaluate::PermutedRecall) -> f64| map.points.iter().map(value).collect::<Vec<f64>>();
    let percentiles = of(|point| point.percentile);
    let recall: Vec<f64> = map.curve.points.iter().map(|point| point.recall).collect();
    let title = format!("{} relations recalled, {}", map.curve.relations, map.curve.convention.name());
    let figure = Curves::new(&title, Axis::new("percentile"), Axis::new("recall"))
        .points(name, &percentiles, &recall)
        .line("shuffled names", &percentiles, &of(|point| point.mean))
        .band("shuffled names", &percentiles, &of(|point| point.low), &of(|point| point.high))
        .figure()?;
    Ok(figure.caption(&format!(
        "{} genes, {} relations, {} maps under shuffled names (mean, and 2.5 to 97.5 %); mean recall of the curve {:.4}, \
         p = {:.4} of (1 + hits) / (1 + permutations).",
        map.curve.n_nodes, map.curve.n_edges, map.permutations, map.overall.observed, map.overall.p_plus_one
    )))
}

impl Show for RecallBootstrap {
    fn bundle(&self) -> Bundle {
        figure_or_reason(recall_bootstrap_curves(&[("map", self)]))
    }
}

impl Show for RecallPermutation {
    fn bundle(&self) -> Bundle {
        figure_or_reason(recall_permutation_curves("map", self))
    }
}

impl Show for BootstrapConfig {
    fn bundle(&self) -> Bundle {
        fields(self).titled("Bootstrap of recall").bundle()
    }
}
