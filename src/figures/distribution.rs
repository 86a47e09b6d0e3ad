//! Distributions: how values of one or several groups are spread.
//!
//! | drawn as | what it shows |
//! |---|---|
//! | violins | kernel density (Silverman's bandwidth), mirrored, with the quartile box and the median inside |
//! | boxes | quartiles, median, whiskers to the last value within 1.5 times the box, what lies beyond as points |
//! | histogram | counts in common bins (Freedman and Diaconis' width) |
//! | ridges | kernel densities one below the other |
//! | pairs | the same items before and after, joined by lines, with the medians |

use super::axis::{Axis, Tick};
use super::density::{curve, quantile, sorted};
use super::figure::{Figure, Panel, Shape};
use super::layer::{Dash, Layer, Marker, Paint, Stroke};
use super::palette::{GREY, INK, Rgb, category};
use super::same_length;
use crate::Result;
use crate::display::number;

/// Places at which a density is drawn.
const PLACES: usize = 96;
/// Half the width of a violin, in categories.
const HALF: f64 = 0.4;
/// Half the width of a box.
const BOX: f64 = 0.3;
/// How far a ridge reaches into the ones above it, in categories.
const REACH: f64 = 1.7;
/// Most pairs that are drawn.
const PAIRS: usize = 1_000;
/// Most points beyond the whiskers that are drawn for a group.
const OUTLIERS: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Violins,
    Boxes,
    Histogram(Option<usize>),
    Ridges,
    Pairs,
}

/// A figure of distributions under construction; NaN and infinities are left out and counted in the note.
///
/// ```
/// use perturbook::figures::Distribution;
///
/// let figure = Distribution::new("Replicates", "correlation")
///     .group("active", &[0.7, 0.8, 0.9])
///     .group("inactive", &[0.0, 0.1, 0.1, 0.2])
///     .boxes()
///     .figure()?;
/// assert!(figure.summary().contains("active: n 3, median 0.8, quartiles 0.75 to 0.85"));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Distribution {
    title: String,
    value: Axis,
    category: String,
    groups: Vec<(String, Vec<f64>)>,
    kind: Kind,
}

/// A group's values in order, and the numbers that are drawn of them.
struct Spread {
    sorted: Vec<f64>,
}

impl Spread {
    fn new(values: &[f64]) -> Self {
        Self { sorted: sorted(values.iter().copied()) }
    }

    /// Lower quartile, median, upper quartile.
    fn quartiles(&self) -> Option<[f64; 3]> {
        (!self.sorted.is_empty()).then(|| [0.25, 0.5, 0.75].map(|p| quantile(&self.sorted, p)))
    }

    fn said(&self) -> String {
        let Some([low, median, high]) = self.quartiles() else { return "no value".to_owned() };
        let (median, low, high) = (number(median), number(low), number(high));
        format!("n {}, median {median}, quartiles {low} to {high}", self.sorted.len())
    }
}

impl Distribution {
    /// A figure without groups, of violins until another kind is asked for; `value` labels the axis of the values.
    pub fn new(title: &str, value: impl Into<Axis>) -> Self {
        let (title, category) = (title.to_owned(), String::new());
        Self { title, value: value.into(), category, groups: Vec::new(), kind: Kind::Violins }
    }

    /// Adds a group of values.
    pub fn group(mut self, name: &str, values: &[f64]) -> Self {
        self.groups.push((name.to_owned(), values.to_vec()));
        self
    }

    /// Says what the groups are.
    pub fn category(mut self, label: &str) -> Self {
        label.clone_into(&mut self.category);
        self
    }

    /// Draws violins.
    pub fn violins(mut self) -> Self {
        self.kind = Kind::Violins;
        self
    }

    /// Draws boxes with whiskers.
    pub fn boxes(mut self) -> Self {
        self.kind = Kind::Boxes;
        self
    }

    /// Draws counts in bins that all groups share; `bins` of them, or as many as the values ask for.
    pub fn histogram(mut self, bins: impl Into<Option<usize>>) -> Self {
        self.kind = Kind::Histogram(bins.into());
        self
    }

    /// Draws densities one below the other.
    pub fn ridges(mut self) -> Self {
        self.kind = Kind::Ridges;
        self
    }

    /// Joins the values of each group to those of the next: the same items before and after, in the same order.
    pub fn pairs(mut self) -> Self {
        self.kind = Kind::Pairs;
        self
    }

    /// The finished figure.
    ///
    /// # Errors
    /// When paired groups differ in length, or limits are no range.
    pub fn figure(self) -> Result<Figure> {
        let spreads: Vec<Spread> = self.groups.iter().map(|(_, values)| Spread::new(values)).collect();
        let given: usize = self.groups.iter().map(|(_, values)| values.len()).sum();
        let left_out = given - spreads.iter().map(|s| s.sorted.len()).sum::<usize>();
        let mut panel = match self.kind {
            Kind::Violins => self.upright(self.each(&spreads, violin))?,
            Kind::Boxes => self.upright(self.each(&spreads, boxed))?,
            Kind::Pairs => self.upright(self.pair_layers(&spreads)?)?,
            Kind::Ridges => self.ridge_panel(&spreads)?,
            Kind::Histogram(bins) => self.histogram_panel(&spreads, bins)?,
        };
        let mut notes = Vec::new();
        if left_out > 0 {
            notes.push(format!("{left_out} of {given} values are not finite and left out"));
        }
        let items = self.groups.first().map_or(0, |(_, values)| values.len());
        if self.kind == Kind::Pairs && items > PAIRS {
            notes.push(format!("every {}th of {items} pairs is drawn", items.div_ceil(PAIRS)));
        }
        panel.note = notes.join("; ");
        Ok(panel.into())
    }

    fn each(&self, spreads: &[Spread], draw: fn(&str, &Spread, f64, Rgb) -> Vec<Layer>) -> Vec<Layer> {
        let groups = self.groups.iter().zip(spreads).enumerate();
        groups.flat_map(|(i, ((name, _), spread))| draw(name, spread, i as f64, category(i))).collect()
    }

    /// A panel with the groups along x; their names stand there and need no legend.
    fn upright(&self, layers: Vec<Layer>) -> Result<Panel> {
        let x = Axis::new(&self.category).named(self.ticks()).limits(-0.6, self.groups.len().max(1) as f64 - 0.4);
        let mut panel = Panel::new(&self.title, x, self.value.clone(), layers, (0.0, 0.05))?;
        panel.named_along = true;
        Ok(panel)
    }

    fn ticks(&self) -> Vec<Tick> {
        Tick::along(self.groups.iter().map(|(name, _)| name), |i| i)
    }

    fn pair_layers(&self, spreads: &[Spread]) -> Result<Vec<Layer>> {
        let Some((first, values)) = self.groups.first() else { return Ok(Vec::new()) };
        let what = format!("pairs of {:?}", self.title);
        for (name, others) in &self.groups {
            same_length(
                &what,
                (&format!("values of {first:?}"), values.len()),
                (&format!("of {name:?}"), others.len()),
            )?;
        }
        let (mut x, mut y) = (Vec::new(), Vec::new());
        let shown = (0..values.len()).step_by(values.len().div_ceil(PAIRS).max(1));
        for item in shown.clone() {
            for (i, (_, values)) in self.groups.iter().enumerate() {
                x.push(i as f64);
                y.push(values[item]);
            }
            x.push(f64::NAN);
            y.push(f64::NAN);
        }
        let mut layers =
            vec![Layer::stroke(x, y, Stroke { colour: Rgb(170, 170, 170), width: 0.7, dash: Dash::Solid })];
        for (i, ((name, values), spread)) in self.groups.iter().zip(spreads).enumerate() {
            layers.push(Layer::Points {
                name: Some(name.clone()),
                x: vec![i as f64; shown.len()],
                y: shown.clone().map(|item| values[item]).collect(),
                paint: Paint::One(category(i)),
                marker: Marker::Circle,
                size: 5.0,
                labels: Vec::new(),
            });
            layers.extend(spread.quartiles().map(|[_, median, _]| {
                let at = i as f64;
                Layer::stroke(
                    vec![at - 0.15, at + 0.15],
                    vec![median; 2],
                    Stroke { colour: INK, width: 2.5, dash: Dash::Solid },
                )
            }));
        }
        Ok(layers)
    }

    fn ridge_panel(&self, spreads: &[Spread]) -> Result<Panel> {
        let curves: Vec<_> = spreads.iter().map(|spread| curve(&spread.sorted, PLACES)).collect();
        let highest = curves.iter().flatten().map(|(_, d)| *d).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        let mut layers = Vec::new();
        for (i, ((name, _), curve)) in self.groups.iter().zip(&curves).enumerate() {
            // y runs downwards
            let base = i as f64;
            let ground = [(curve.last(), base), (curve.first(), base)];
            let (mut x, mut y): (Vec<f64>, Vec<f64>) =
                curve.iter().map(|(at, d)| (*at, base - REACH * d / highest)).unzip();
            for (end, base) in ground {
                x.extend(end.map(|(at, _)| *at));
                y.extend(end.map(|_| base));
            }
            layers.push(area(name, x, y, category(i), 0.75, spreads[i].said()));
        }
        let y = Axis::new(&self.category).named(self.ticks()).reversed();
        let y = y.limits(-REACH - 0.1, self.groups.len().max(1) as f64 - 0.6);
        let mut panel = Panel::new(&self.title, self.value.clone(), y, layers, (0.02, 0.0))?;
        panel.shape = Shape::High((self.groups.len() as f64 * 42.0 + 60.0).clamp(180.0, 900.0));
        panel.named_along = true;
        Ok(panel)
    }

    fn histogram_panel(&self, spreads: &[Spread], bins: Option<usize>) -> Result<Panel> {
        let edges = edges(&sorted(spreads.iter().flat_map(|s| s.sorted.iter().copied())), bins);
        let mut layers = Vec::new();
        for (i, ((name, _), spread)) in self.groups.iter().zip(spreads).enumerate() {
            let (mut x, mut y) = (Vec::new(), Vec::new());
            for (k, bin) in edges.windows(2).enumerate() {
                let last = k + 2 == edges.len();
                let below = |edge: f64| spread.sorted.partition_point(|v| *v < edge);
                let to = if last { spread.sorted.len() } else { below(bin[1]) };
                let count = (to - below(bin[0])) as f64;
                x.extend([bin[0], bin[1]]);
                y.extend([count, count]);
            }
            if let (Some(&first), Some(&last)) = (edges.first(), edges.last()) {
                x.extend([last, first]);
                y.extend([0.0, 0.0]);
            }
            let opacity = if self.groups.len() > 1 { 0.45 } else { 0.8 };
            layers.push(area(name, x, y, category(i), opacity, spread.said()));
        }
        let count = Axis::new("count").anchored(0.0);
        Panel::new(&self.title, self.value.clone(), count, layers, (0.02, 0.05))
    }
}

/// Bounds of bins of equal width over sorted values: `bins`, or as many as Freedman and Diaconis' rule gives, 5 to 100.
fn edges(sorted: &[f64], bins: Option<usize>) -> Vec<f64> {
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { return Vec::new() };
    if low == high {
        return vec![low - 0.5, low + 0.5];
    }
    let spread = quantile(sorted, 0.75) - quantile(sorted, 0.25);
    let width = 2.0 * spread / (sorted.len() as f64).cbrt();
    let wanted = if width > 0.0 { ((high - low) / width).ceil().clamp(5.0, 100.0) as usize } else { 20 };
    let n = bins.unwrap_or(wanted).max(1);
    (0..=n).map(|i| low + (high - low) * i as f64 / n as f64).collect()
}

fn violin(name: &str, spread: &Spread, at: f64, colour: Rgb) -> Vec<Layer> {
    let curve = curve(&spread.sorted, PLACES);
    let highest = curve.iter().map(|(_, d)| *d).fold(0.0, f64::max);
    // cut at the extremes: there are no values beyond
    let (low, high) = (spread.sorted.first().copied(), spread.sorted.last().copied());
    let inside: Vec<_> = curve.into_iter().filter(|(y, _)| Some(*y) >= low && Some(*y) <= high).collect();
    let right = inside.iter().map(|(y, d)| (at + HALF * d / highest, *y));
    let left = inside.iter().rev().map(|(y, d)| (at - HALF * d / highest, *y));
    let (x, y) = right.chain(left).unzip();
    let mut layers = vec![area(name, x, y, colour, 0.35, spread.said())];
    if let Some([lower, median, upper]) = spread.quartiles() {
        layers.push(Layer::stroke(
            vec![at; 2],
            vec![lower, upper],
            Stroke { colour: INK, width: 4.0, dash: Dash::Solid },
        ));
        layers.push(median_line(at, 0.12, median));
    }
    layers
}

fn boxed(name: &str, spread: &Spread, at: f64, colour: Rgb) -> Vec<Layer> {
    let Some([lower, median, upper]) = spread.quartiles() else {
        return vec![area(name, Vec::new(), Vec::new(), colour, 0.5, spread.said())];
    };
    let reach = 1.5 * (upper - lower);
    let within = |v: &&f64| (lower - reach..=upper + reach).contains(*v);
    let low = spread.sorted.iter().find(within).copied().unwrap_or(lower);
    let high = spread.sorted.iter().rev().find(within).copied().unwrap_or(upper);
    let thin = Stroke { colour: INK, width: 1.0, dash: Dash::Solid };
    let cap = BOX * 0.4;
    let (x, y) = (
        vec![at, at, f64::NAN, at, at, f64::NAN, at - cap, at + cap, f64::NAN, at - cap, at + cap],
        vec![low, lower, f64::NAN, upper, high, f64::NAN, low, low, f64::NAN, high, high],
    );
    let corners = (vec![at - BOX, at + BOX, at + BOX, at - BOX], vec![lower, lower, upper, upper]);
    let beyond: Vec<f64> = spread.sorted.iter().filter(|v| !within(v)).copied().collect();
    let step = beyond.len().div_ceil(OUTLIERS).max(1);
    let beyond: Vec<f64> = beyond.into_iter().step_by(step).collect();
    vec![
        Layer::stroke(x, y, thin),
        area(name, corners.0, corners.1, colour, 0.5, spread.said()),
        median_line(at, BOX, median),
        Layer::Points {
            name: None,
            x: vec![at; beyond.len()],
            y: beyond,
            paint: Paint::One(GREY),
            marker: Marker::Circle,
            size: 3.0,
            labels: Vec::new(),
        },
    ]
}

fn median_line(at: f64, half: f64, median: f64) -> Layer {
    Layer::stroke(vec![at - half, at + half], vec![median; 2], Stroke { colour: INK, width: 2.0, dash: Dash::Solid })
}

fn area(name: &str, x: Vec<f64>, y: Vec<f64>, colour: Rgb, opacity: f64, said: String) -> Layer {
    Layer::Area { name: Some(name.to_owned()), x, y, colour, opacity, edge: 1.2, said, right: false }
}
