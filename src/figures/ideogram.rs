//! Ideogram: values along the genome, above a strip of the chromosomes and their arms.

use std::collections::BTreeMap;

use super::axis::{Axis, Tick};
use super::figure::{Figure, Panel};
use super::layer::{Dash, Layer, Marker, Paint, Stroke};
use super::palette::{Rgb, category};
use super::same_length;
use crate::Result;
use crate::genome::{Arm, Chromosome, Genome, Side};

/// Base pairs in a megabase.
const MB: f64 = 1e6;
/// Height of the strip as a share of the values' extent, and the gap above it.
const STRIP: (f64, f64) = (0.07, 0.06);

/// A strip of chromosomes with values of genes above it, under construction.
///
/// The chromosomes stand end to end, as long as the genome's genes reach; short arms are pale, long arms dark, and they
/// meet at the centromere, between the last gene of one and the first of the other. Genes without a position are left
/// out, which the note says.
///
/// ```
/// use perturbook::figures::Ideogram;
/// use perturbook::genome::{Genome, Locus};
///
/// let genome = Genome::from_genes([
///     ("TP53", Locus { arm: "chr17p".parse()?, start: 7_668_421 }),
///     ("BRCA1", Locus { arm: "chr17q".parse()?, start: 43_044_295 }),
/// ]);
/// let genes = ["TP53", "BRCA1", "control"].map(String::from);
/// let figure = Ideogram::new("Similarity to chr17", "cosine", &genome).genes("cosine", &genes, &[0.4, 0.2, 0.0]).figure()?;
/// assert!(figure.summary().contains("1 of 3 genes have no position"));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Ideogram<'a> {
    title: String,
    value: Axis,
    genome: &'a Genome,
    series: Vec<(String, Vec<String>, Vec<f64>)>,
    arms: Vec<(String, BTreeMap<Arm, f64>)>,
}

/// Where an arm lies along the strip, in megabases from its start.
struct Stretch {
    arm: Arm,
    from: f64,
    to: f64,
}

impl<'a> Ideogram<'a> {
    /// A strip without values; `value` labels the axis above it.
    pub fn new(title: &str, value: impl Into<Axis>, genome: &'a Genome) -> Self {
        Self { title: title.to_owned(), value: value.into(), genome, series: Vec::new(), arms: Vec::new() }
    }

    /// Adds a value for each of these genes, drawn at the gene's position.
    pub fn genes<S: AsRef<str>>(mut self, name: &str, genes: &[S], values: &[f64]) -> Self {
        let genes = genes.iter().map(|gene| gene.as_ref().to_owned()).collect();
        self.series.push((name.to_owned(), genes, values.to_vec()));
        self
    }

    /// Adds a value for each of these arms, drawn as a line as long as the arm.
    pub fn arms(mut self, name: &str, values: impl IntoIterator<Item = (Arm, f64)>) -> Self {
        self.arms.push((name.to_owned(), values.into_iter().collect()));
        self
    }

    /// The finished figure.
    ///
    /// # Errors
    /// When a series has not one value for each gene, or limits are no range.
    pub fn figure(self) -> Result<Figure> {
        let stretches = stretches(self.genome);
        let start_of = |chromosome: Chromosome| {
            stretches.iter().find(|s| s.arm.chromosome == chromosome).map_or(f64::NAN, |s| s.from)
        };
        let (mut layers, mut lost, mut given) = (Vec::new(), 0, 0);
        for (i, (name, genes, values)) in self.series.iter().enumerate() {
            let what = format!("ideogram {:?}, {name:?}", self.title);
            same_length(&what, ("genes", genes.len()), ("values", values.len()))?;
            let placed: Vec<(f64, f64, String)> = genes
                .iter()
                .zip(values)
                .filter_map(|(gene, &value)| {
                    let locus = self.genome.locus_of(gene)?;
                    let at = start_of(locus.arm.chromosome) + locus.start as f64 / MB;
                    Some((at, value, format!("{gene} ({})", locus.arm)))
                })
                .collect();
            (lost, given) = (lost + genes.len() - placed.len(), given + genes.len());
            layers.push(Layer::Points {
                name: Some(name.clone()),
                x: placed.iter().map(|p| p.0).collect(),
                y: placed.iter().map(|p| p.1).collect(),
                paint: Paint::One(category(i)),
                marker: Marker::of(i),
                size: if placed.len() > 500 { 3.0 } else { 5.0 },
                labels: placed.into_iter().map(|p| p.2).collect(),
            });
        }
        for (i, (name, values)) in self.arms.iter().enumerate() {
            let (mut x, mut y) = (Vec::new(), Vec::new());
            for stretch in &stretches {
                if let Some(&value) = values.get(&stretch.arm) {
                    x.extend([stretch.from, stretch.to, f64::NAN]);
                    y.extend([value, value, f64::NAN]);
                }
            }
            let stroke = Stroke { colour: category(self.series.len() + i), width: 2.5, dash: Dash::Solid };
            let name = Some(name.clone());
            layers.push(Layer::Line { name, x, y, stroke, markers: false, data: true, right: false });
        }
        let end = stretches.last().map_or(1.0, |s| s.to);
        let mut panel = Panel::new(&self.title, ticked(&stretches).limits(0.0, end), self.value, layers, (0.0, 0.05))?;
        let (low, high) = panel.y.range();
        let height = high - low;
        let top = low - STRIP.1 * height;
        panel.y.limits = Some((top - STRIP.0 * height - 0.01 * height, high));
        panel.layers.extend(strip(&stretches, top - STRIP.0 * height, top));
        if lost > 0 {
            panel.note = format!("{lost} of {given} genes have no position");
        }
        Ok(panel.into())
    }
}

/// The arms of a genome end to end.
fn stretches(genome: &Genome) -> Vec<Stretch> {
    let mut reach: BTreeMap<Chromosome, BTreeMap<Side, (i64, i64)>> = BTreeMap::new();
    for locus in genome.loci() {
        let sides = reach.entry(locus.arm.chromosome).or_default();
        let span = sides.entry(locus.arm.side).or_insert((locus.start, locus.start));
        *span = (span.0.min(locus.start), span.1.max(locus.start));
    }
    let mut from = 0.0;
    let mut found = Vec::new();
    for (chromosome, sides) in reach {
        let end = sides.values().map(|span| span.1).max().unwrap_or_default() as f64 / MB;
        let (p, q) = (sides.get(&Side::P), sides.get(&Side::Q));
        let centre = match (p, q) {
            (Some(p), Some(q)) => (p.1 + q.0) as f64 / 2.0 / MB,
            (Some(_), None) => end,
            _ => 0.0,
        };
        for (side, start, stop) in [(Side::P, 0.0, centre), (Side::Q, centre, end)] {
            if stop > start {
                found.push(Stretch { arm: Arm { chromosome, side }, from: from + start, to: from + stop });
            }
        }
        from += end.max(1.0);
    }
    found
}

/// The chromosomes' names in their middles; where they collide, the longest keep theirs.
fn ticked(stretches: &[Stretch]) -> Axis {
    let chromosomes = stretches.chunk_by(|a, b| a.arm.chromosome == b.arm.chromosome);
    let ticks = chromosomes.filter_map(|arms| {
        let (first, last) = (arms.first()?, arms.last()?);
        let label = first.arm.chromosome.to_string().trim_start_matches("chr").to_owned();
        Some(Tick { at: (first.from + last.to) / 2.0, label, span: last.to - first.from })
    });
    Axis::new("chromosome").named(ticks.collect())
}

/// The strip: short arms pale, long arms dark, narrowed where they meet.
fn strip(stretches: &[Stretch], low: f64, high: f64) -> Vec<Layer> {
    let (middle, waist) = ((low + high) / 2.0, (high - low) * 0.15);
    let draw = |side: Side, colour: Rgb| {
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for s in stretches.iter().filter(|s| s.arm.side == side) {
            let taper = (s.to - s.from).min(6.0) / 2.0;
            let (outer, inner) = if side == Side::P { (s.from, s.to) } else { (s.to, s.from) };
            let shoulder = if side == Side::P { inner - taper } else { inner + taper };
            x.extend([outer, shoulder, inner, inner, shoulder, outer, f64::NAN]);
            y.extend([high, high, middle + waist, middle - waist, low, low, f64::NAN]);
        }
        let said = String::new();
        Layer::Area { name: None, x, y, colour, opacity: 1.0, edge: 0.0, said, right: false }
    };
    vec![draw(Side::P, Rgb(176, 180, 186)), draw(Side::Q, Rgb(100, 104, 110))]
}
