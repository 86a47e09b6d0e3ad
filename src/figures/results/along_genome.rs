//! The whole genome against itself: similarity of perturbations ordered by chromosome and position.

use super::figure_or_reason;
use crate::display::{Bundle, Show};
use crate::evaluate::QuantileHeatmap;
use crate::figures::{Axis, Figure, Group, Heatmap};
use crate::{Error, Result};

const TITLE: &str = "Similarity of knock-outs along the genome";
const COLOUR: &str = "cosine, quantile-normalised to N(0, 0.2²)";
/// Two standard deviations of the quantile-normalised values: averaged over blocks, few cells go beyond.
const LIMIT: f64 = 0.4;

/// Chromosomes, divided at their centromeres.
fn chromosomes(map: &QuantileHeatmap) -> Vec<Group> {
    let groups = map.chromosomes.iter().map(|(chromosome, range)| {
        let group = Group::new(chromosome.to_string().trim_start_matches("chr"), range.clone());
        let inside = |start: &usize| *start > range.start && *start < range.end;
        match map.arms.iter().map(|(_, arm)| arm.start).find(inside) {
            Some(centromere) => group.split_at(centromere),
            None => group,
        }
    });
    groups.collect()
}

/// The square, with its chromosomes and colours.
fn square(map: &QuantileHeatmap) -> Heatmap<'_> {
    Heatmap::diverging(TITLE, map.matrix.view(), Axis::new(COLOUR).limits(-LIMIT, LIMIT))
        .axes("chromosome", "chromosome")
        .groups(&chromosomes(map))
}

fn captioned(map: &QuantileHeatmap, square: Heatmap<'_>) -> Result<Figure> {
    let genes = map.keys.len();
    Ok(square.figure()?.caption(&format!(
        "{genes} genes by chromosome and position; dotted: centromeres. The kind of Figures 2 and 4 of the proximity-bias \
         paper, which show one chromosome.",
    )))
}

/// One map in genome order; lines are chromosomes, dotted lines centromeres.
///
/// # Errors
/// When the matrix is empty.
pub fn genome_heatmap(map: &QuantileHeatmap) -> Result<Figure> {
    captioned(map, square(map))
}

/// Two maps of the same genes in one square: the first above the diagonal, the second below.
///
/// # Errors
/// When the maps are not of the same genes.
pub fn genome_heatmaps(upper: (&str, &QuantileHeatmap), lower: (&str, &QuantileHeatmap)) -> Result<Figure> {
    if upper.1.keys != lower.1.keys {
        return Err(Error::new("the two maps are not of the same genes")
            .at(format!("{:?} ({} genes) and {:?} ({})", upper.0, upper.1.keys.len(), lower.0, lower.1.keys.len()))
            .fix("compute both from profiles with the same rows"));
    }
    captioned(upper.1, square(upper.1).over(upper.0, lower.1.matrix.view(), lower.0))
}

impl Show for QuantileHeatmap {
    fn bundle(&self) -> Bundle {
        figure_or_reason(genome_heatmap(self))
    }
}
