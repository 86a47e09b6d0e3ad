//! The whole genome against itself: similarity of perturbations ordered by chromosome and position.

use std::ops::Range;

use ndarray::Array2;

use super::figure_or_reason;
use crate::display::{Bundle, Show};
use crate::evaluate::{QuantileHeatmap, unit_rows};
use crate::figures::{Axis, Figure, Group, Heatmap};
use crate::genome::{Arm, Chromosome, Genome};
use crate::screen::Profiles;
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

/// The cosines of the genes of one chromosome as they are, by position: the first map above the diagonal, the second below
/// (Figures 2 and 4 of the proximity-bias paper). Both maps need the same genes in the same order.
///
/// # Errors
/// When the maps are not of the same genes, or fewer than two of them lie on the chromosome.
pub fn chromosome_heatmap(
    upper: (&str, &Profiles),
    lower: (&str, &Profiles),
    genome: &Genome,
    chromosome: Chromosome,
) -> Result<Figure> {
    if upper.1.keys() != lower.1.keys() {
        return Err(Error::new("the two maps are not of the same genes").fix("use profiles with the same rows"));
    }
    let place = genome.place(upper.1.keys());
    let on = |row: &usize| place.arm_of(*row).is_some_and(|arm| arm.chromosome == chromosome);
    let rows: Vec<usize> = place.order().into_iter().filter(on).collect();
    if rows.len() < 2 {
        return Err(Error::new(format!("{} genes of the map lie on {chromosome}", rows.len()))
            .fix("choose a chromosome with two genes or more"));
    }
    let cosines = |profiles: &Profiles| -> Array2<f64> {
        let units = unit_rows(profiles.select(&rows).values());
        units.dot(&units.t())
    };
    let (above, below) = (cosines(upper.1), cosines(lower.1));
    let mut sizes: Vec<f64> = above.indexed_iter().filter(|((i, j), _)| i != j).map(|(_, v)| v.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let limit = sizes[(sizes.len() - 1) * 98 / 100].max(1e-6);
    let mut arms: Vec<(Arm, Range<usize>)> = Vec::new();
    for (position, arm) in rows.iter().filter_map(|&row| place.arm_of(row)).enumerate() {
        match arms.last_mut() {
            Some((last, range)) if *last == arm => range.end = position + 1,
            _ => arms.push((arm, position..position + 1)),
        }
    }
    let arms: Vec<Group> = arms.into_iter().map(|(arm, range)| Group::new(&arm.to_string(), range)).collect();
    let title = format!("Similarity of knock-outs on {chromosome} (as Figure 2)");
    let figure = Heatmap::diverging(&title, above.view(), Axis::new("cosine").limits(-limit, limit))
        .axes("gene, by position", "gene, by position")
        .groups(&arms)
        .over(upper.0, below.view(), lower.0)
        .figure()?;
    Ok(figure.caption(&format!("{} genes; the colours end at the 98th percentile of {}.", rows.len(), upper.0)))
}

impl Show for QuantileHeatmap {
    fn bundle(&self) -> Bundle {
        figure_or_reason(genome_heatmap(self))
    }
}
